"""What a command says of a file that it can't use: the option, the file and the reason, whatever is wrong."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import ifind
from support.processes import COMMAND, environment

TARGET = "http://127.0.0.1:9/api"
READS = {
    "serve --config": ("serve", "--port", "0", "--config"),
    "serve --profile": ("serve", "--port", "0", "--profile"),
    "sample --config": ("sample", "70001234567", "--config"),
    "sample --profile": ("sample", "70001234567", "--profile"),
    "config show --config": ("config", "show", "--config"),
    "config show --profile": ("config", "show", "--profile"),
    "config check FILE": ("config", "check"),
    "check --profile": ("check", TARGET, "--profile"),
    "check --tasks": ("check", TARGET, "--tasks"),
    "validate --profile": ("validate", "-", "--profile"),
}
"""Commands that read the file named last, by the command and how it names the file."""


def utf_16(file: Path) -> None:
    file.write_text("[profile]\nedition = 'B'\n", encoding="utf-16")


WRONG: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing": ("none.toml", lambda _: None, "does not exist|No such file"),
    "in a missing directory": ("none/none.toml", lambda _: None, "does not exist|No such file"),
    "a directory": ("folder", Path.mkdir, "Is a directory"),
    "too long a name": ("x" * 300, lambda _: None, "File name too long"),
    "in UTF-16": ("wide.toml", utf_16, "UTF-16"),
    "another encoding": ("old.toml", lambda file: file.write_bytes(b"# \xe4\xff\n"), "line 1 is not in UTF-8"),
    "no text": ("picture.toml", lambda file: file.write_bytes(b"\x89PNG\0\0"), "UTF-16 or is not a text"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("reader", READS)
def test_a_file_that_cannot_be_read_is_named_with_option_and_reason(reader: str, wrong: str, tmp_path: Path) -> None:
    name, make, reasons = WRONG[wrong]
    make(tmp_path / name) if "/" not in name and len(name) < 255 else None
    done = ifind(*READS[reader], name, cwd=tmp_path)
    option = reader.rsplit(maxsplit=1)[-1]

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert name in done.stderr
    assert option == "FILE" or f"{option}: {name}" in done.stderr
    assert any(reason in done.stderr for reason in reasons.split("|")), done.stderr


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("command", [("sample", "70001234567"), ("config", "show"), ("validate", "info.json")])
def test_a_profile_of_windows_is_read_by_every_command(command: tuple[str, ...], mark: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_bytes(mark + b'[profile]\r\n"xml.root" = "r"\r\n')
    (tmp_path / "info.json").write_text('{"status": "ok", "id": 1}')
    done = ifind(*command, "--profile", "p.toml", cwd=tmp_path)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ("serve", "--port", "0", "--state", "none/s.db"),
            "--state: {cwd}/none/s.db: the directory {cwd}/none is missing; ",
        ),
        (
            ("serve", "--port", "0", "--state", "folder.db"),
            "--state: {cwd}/folder.db: is not an ordinary file; name another",
        ),
        (
            ("serve", "--port", "0", "--state", "/dev/null/s.db"),
            "--state: /dev/null/s.db: the directory /dev/null is missing",
        ),
        (
            ("config", "init", "none/x.toml"),
            "none/x.toml: can't be written: the directory none does not exist; make it",
        ),
        (("config", "init", "folder.db"), "folder.db: exists already; name another file, or use --force"),
        (("config", "init", "--force", "folder.db"), "folder.db: can't be written: Is a directory; name another file"),
        (
            ("mutants", "cost-is-0", "--json", "none/x.json"),
            "--json: none/x.json: the directory none does not exist; create",
        ),
        (
            ("mutants", "cost-is-0", "--csv", "none/x.csv"),
            "--csv: none/x.csv: the directory none does not exist; create",
        ),
    ],
)
def test_a_file_that_cannot_be_written_is_named_with_option_and_reason(
    command: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    (tmp_path / "folder.db").mkdir()
    done = ifind(*command, cwd=tmp_path)

    assert done.returncode == 2
    assert told.format(cwd=tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_the_place_of_a_state_that_cannot_be_used_is_named_as_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "ifind-mock.toml").write_text("state = 'none/s.db'\nport = 0\n")
    by_file = ifind("serve", cwd=tmp_path)
    by_variable = ifind("serve", cwd=tmp_path, IFIND_MOCK_STATE="none/v.db")

    assert f"ifind-mock.toml: state: {tmp_path}/none/s.db: the directory" in by_file.stderr
    assert f"IFIND_MOCK_STATE: {tmp_path}/none/v.db: the directory" in by_variable.stderr


STARTS = {"module": COMMAND, "script": [str(Path(sys.executable).parent / "ifind-mock")]}
IN_A_GONE_DIRECTORY = {
    "serve --port 0 --state s.db": (2, "--state: s.db: the working directory does not exist any more"),
    "serve --port 0 --config c.toml": (2, "--config: c.toml: does not exist"),
    "config init": (2, "ifind-mock.toml: the working directory does not exist any more; change to another"),
    "config check": (2, "ifind-mock.toml: does not exist"),
    "config show": (0, ""),
    "sample 70001234567": (0, ""),
    "validate x.json": (2, "x.json: can't be read"),
    "check mock --only info.answers": (2, "the working directory does not exist any more; change to another"),
    "check mock --json r.json": (2, "the command: the working directory does not exist any more; change to another"),
    "learn mock --out p.toml": (2, "the command: the working directory does not exist any more; change to another"),
    "learn mock": (2, "the working directory does not exist any more; change to another"),
}


@pytest.mark.few(6)
@pytest.mark.once
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("command", IN_A_GONE_DIRECTORY)
def test_a_working_directory_that_was_deleted_is_named(command: str, start: str, tmp_path: Path) -> None:
    code, told = IN_A_GONE_DIRECTORY[command]
    gone = tmp_path / "gone"
    gone.mkdir()
    line = (
        f"cd {shlex.quote(str(gone))} && rmdir {shlex.quote(str(gone))} && exec {shlex.join(STARTS[start])} {command}"
    )
    done = subprocess.run(
        ["bash", "-c", line], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_long_path_is_taken_as_far_as_the_system_takes_it(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 200] * 4)
    deep.mkdir(parents=True)
    short = os.path.relpath(deep / "s.db", tmp_path)
    told = ifind("serve", "--port", "none", "--state", short, cwd=tmp_path).stderr
    too_long = ifind("serve", "--port", "0", "--state", "/".join(["d" * 200] * 25) + "/s.db", cwd=tmp_path)

    assert "--state" not in told
    assert too_long.returncode == 2
    assert "--state: " in too_long.stderr
    assert "Traceback" not in too_long.stderr
