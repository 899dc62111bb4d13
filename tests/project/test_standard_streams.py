"""Every command with a standard stream that is closed, full, read by nobody or can't hold every character: never a
traceback or an abort.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import pytest

from support.processes import COMMAND, environment
from support.wire_server import wait_for

DOCUMENTED = Path(__file__).parents[2] / "fixtures" / "documented"
CLOSED = [" ".join(some) for n in (1, 2, 3) for some in combinations(("<&-", ">&-", "2>&-"), n)]
COMMANDS = {
    "serve": ("serve --port none", 2, 2),
    "config check": ("config check none.toml", 2, 2),
    "config init": ("config init --force x.toml", 0, 0),
    "config show": ("config show", 0, 2),
    "sample": ("sample 70001234567", 0, 2),
    "validate": (f"validate {shlex.quote(str(DOCUMENTED))}", 0, 0),
    "check": ("check mock --only info.answers", 0, 0),
    "check what is not there": ("check http://127.0.0.1:9/api", 3, 3),
    "learn into a file": ("learn http://127.0.0.1:9/api --out p.toml", 3, 3),
    "learn": ("learn http://127.0.0.1:9/api", 3, 2),
    "parity": ("parity http://127.0.0.1:9/api http://127.0.0.1:9/api", 3, 3),
    "mutants": ("mutants --list", 0, 0),
    "help": ("--help", 0, 0),
    "no command": ("serv", 2, 2),
}
"""By name: the command, its exit code, and that without standard output: 2 where all that it makes would be lost."""


def run(command: str, redirection: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    line = f"exec {shlex.join(COMMAND)} {command} {redirection}"
    variables = environment(IFIND_LOGIN="a@example.com", IFIND_TOKEN="t", IFIND_PHONE="70001234567", **more)
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=variables, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.few(14)
@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_closed_streams_ends_as_with_open_ones(command: str, closed: str, tmp_path: Path) -> None:
    line, code, code_without_output = COMMANDS[command]
    done = run(line, closed, tmp_path)
    output_is_closed = ">&-" in closed.split()

    assert done.returncode == (code_without_output if output_is_closed else code), done.stderr
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    if output_is_closed and code_without_output != code and "2>&-" not in closed:
        assert "standard output: is closed; leave it open" in done.stderr


def test_a_closed_input_is_no_empty_answer(tmp_path: Path) -> None:
    closed, empty = run("validate -", "<&-", tmp_path), run("validate -", "</dev/null", tmp_path)

    assert (closed.returncode, empty.returncode) == (2, 1)
    assert "ifind-mock: -: can't be read: standard input is closed" in closed.stderr


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("command", ["serve", "config init", "validate"])
def test_messages_that_nobody_gets_do_not_change_how_a_command_ends(command: str, unread: int, tmp_path: Path) -> None:
    line, code, _ = COMMANDS[command]
    arguments = [*COMMAND, *shlex.split(line)]

    assert run(line, "2>/dev/full", tmp_path).returncode == code
    assert subprocess.run(arguments, cwd=tmp_path, stdout=-3, stderr=unread, timeout=60, check=False).returncode == code


@pytest.mark.parametrize("command", ["validate --output json {}", "config show"])
def test_output_that_nobody_reads_is_an_error_and_no_verdict(command: str, unread: int, tmp_path: Path) -> None:
    arguments = [*COMMAND, *shlex.split(command.format(shlex.quote(str(DOCUMENTED))))]
    variables = environment(PYTHONUNBUFFERED="1")  # the output breaks while the command writes it, not at its end
    done = subprocess.run(
        arguments, cwd=tmp_path, env=variables, stdout=unread, stderr=-1, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (2, "ifind-mock: output: Broken pipe\n")


@pytest.mark.few(4)
@pytest.mark.parametrize("streams", [*CLOSED, "2>/dev/full", ">/dev/full", ">/dev/full 2>&-"])
def test_the_mock_serves_and_ends_without_its_streams(streams: str, tmp_path: Path) -> None:
    """Its port is known, so that nobody needs the line `ready`; without standard output, it goes to standard error."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = f"exec {shlex.join(COMMAND)} serve --port {port} --access-log --state s.db {streams}"
    closed = [one in streams.split() for one in ("<&-", ">&-", "2>&-")]
    with subprocess.Popen(
        ["bash", "-c", line], cwd=tmp_path, env=environment(), stdin=-1, stdout=-1, stderr=-1, text=True
    ) as process:
        try:
            wait_for(lambda: answers(port), 20)
            for _ in range(3):  # connections come and go: none may have the number of a standard stream
                url = f"http://127.0.0.1:{port}"
                urllib.request.urlopen(f"{url}/api/info?login=demo@example.com&token=demo-token", timeout=10).read()
                urllib.request.urlopen(f"{url}/_mock/health", timeout=10).read()
            if sys.platform == "linux":
                found = [Path(f"/proc/{process.pid}/fd/{n}").readlink() for n in range(3)]
                assert [one for one, is_closed in zip(found, closed, strict=True) if is_closed] == [
                    Path("/dev/null")
                ] * sum(closed)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()

    ready = f"ready http://127.0.0.1:{port}/api"
    why = "is closed" if closed[1] else "No space left on device"
    lost = ">" in streams.replace("2>", "")
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert out == ("" if lost else f"{ready}\n")
    if lost and not closed[2]:
        assert f"ifind-mock: {ready} (standard output: {why})" in err


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", ">/dev/full"])
def test_the_mock_does_not_start_where_nobody_would_learn_its_address(streams: str, tmp_path: Path) -> None:
    done = run("serve --port 0 --state s.db", streams, tmp_path)

    assert done.returncode == 2
    why = "output: No space left on device" if "full" in streams else "standard output: is closed; leave it open"
    assert "2>&-" in streams or why in done.stderr
    assert ">&-" not in streams.split() or not (tmp_path / "s.db").exists()


PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ENCODINGS = {"C": PLAIN, "POSIX": PLAIN | {"LC_ALL": "POSIX"}, "strict": {"PYTHONIOENCODING": "ascii:strict"}}


@pytest.mark.few(8)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("config show --config c.toml", 0),
        ("config init --force настройки.toml", 0),
        ("config check нет.toml", 2),
        ("serve --clause xml.root=а=б --port ж", 2),
        ("serve --state нет/состояние.db --port 0", 2),
        ("sample 70001234567 --source 1 --format csv", 0),
        ("check http://127.0.0.1:9/api --profile нет.toml", 2),
        ("validate нет.json", 2),
    ],
)
def test_what_the_terminal_cannot_show_does_not_end_a_command(
    command: str, code: int, encoding: str, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text('profile = { "xml.root" = "ответ" }', encoding="utf-8")
    done = run(command, "", tmp_path, **ENCODINGS[encoding])

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
