"""The commands on machines whose environment is odd."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.command import ifind
from support.processes import COMMAND, environment

ODD: Mapping[str, Mapping[str, str | None]] = {
    "no home": {"HOME": None, "USER": None, "LOGNAME": None},
    "a home that is not there": {"HOME": "/nonexistent"},
    "an unknown zone": {"TZ": "Nowhere/City"},
    "a zone of the form of POSIX": {"TZ": "XXX-13:45"},
    "warnings are errors": {"PYTHONWARNINGS": "error"},
    "no assertions": {"PYTHONOPTIMIZE": "1"},
    "no docstrings": {"PYTHONOPTIMIZE": "2"},
    "development mode": {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "error"},
    "a terminal of one column": {"COLUMNS": "1", "LINES": "1", "TERM": "dumb", "FORCE_COLOR": "1"},
    "a terminal of no size": {"COLUMNS": "9" * 5000, "LINES": "²", "FORCE_COLOR": "1"},
    "an encoding without escapes": {"PYTHONIOENCODING": "idna"},
    "proxies": {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"},
    "a temporary directory that is not there": {"TMPDIR": "/nonexistent"},
}


def odd(name: str) -> dict[str, str]:
    changed = {**environment(), **ODD[name]}
    return {key: value for key, value in changed.items() if value is not None}


def run(command: str, variables: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *command.split()], cwd=cwd, env=variables, capture_output=True, text=True, timeout=100, check=False
    )


def served(line: str, variables: Mapping[str, str], cwd: Path) -> tuple[str, str]:
    """A call to the mock of a shell's line, and to its control API, and what it wrote to standard error at its end."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with subprocess.Popen(
        ["bash", "-c", line], cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            api = process.stdout.readline().split()[1]
            info = json.loads(opener.open(f"{api}/info?login=demo@example.com&token=demo-token", timeout=10).read())
            health = json.loads(opener.open(f"{api.removesuffix('/api')}/_mock/health", timeout=10).read())
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == 0, err
    return f"{info['status']} {health['status']}", err


@pytest.mark.few(5)
@pytest.mark.parametrize("name", ODD)
def test_the_mock_serves(name: str, tmp_path: Path) -> None:
    said, err = served(f"exec {shlex.join(COMMAND)} serve --port 0 --state s.db", odd(name), tmp_path)

    assert said == "ok ok"
    assert "Traceback" not in err
    assert "Warning" not in err


@pytest.mark.few(4)
@pytest.mark.parametrize("name", ODD)
def test_the_suite_runs_and_a_sample_is_the_same_everywhere(name: str, tmp_path: Path) -> None:
    checked = run("check mock --only info.answers", odd(name), tmp_path)
    sample = run("sample 70001234567 --format xml", odd(name), tmp_path)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert sample.stdout == ifind("sample", "70001234567", "--format", "xml", cwd=tmp_path).stdout


def test_a_check_leaves_no_file_that_nobody_asked_for(tmp_path: Path) -> None:
    variables = {**environment(), "HYPOTHESIS_STORAGE_DIRECTORY": ""}
    done = run("check mock --only server.never-breaks", variables, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [*tmp_path.iterdir()] == []


def test_files_are_the_users_own_under_a_narrow_mask(tmp_path: Path) -> None:
    line = f"umask 077; exec {shlex.join(COMMAND)} serve --port 0 --state s.db"
    said, _ = served(line, environment(), tmp_path)

    assert said == "ok ok"
    assert (tmp_path / "s.db").stat().st_mode & 0o777 == 0o600


def as_another_user(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command by a user without privileges, whom the system does not know by name, in a directory of others."""
    program = f"import sys; sys.argv[1:] = {command.split()!r}; from mockserver.cli.main import main; main()"
    if os.geteuid() == 0:
        # Imported first: what the interpreter is made of may be root's alone.
        late = "encodings.idna, mockserver.people.made_up, mockserver.stores.sqlite, contract_tests.report.visible"
        modules = f"mockserver.cli.main, mockserver.cli.serve, {late}, os, uvloop"
        program = f"import {modules}; os.setgroups([]); os.setuid(54321); {program}"
    cwd.chmod(0o555)
    return subprocess.run(
        [COMMAND[0], "-c", program], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("config show", 0, ""),
        ("sample 70001234567", 0, ""),
        ("config init", 2, "ifind-mock.toml: can't be written: Permission denied; name another file"),
        ("serve --port 0 --state s.db", 2, "--state: "),
        ("serve --port 1", 2, "can't listen on 127.0.0.1 port 1: no permission; ports below 1024 are often reserved"),
    ],
)
def test_a_user_without_a_name_and_without_rights_gets_messages(
    command: str, code: int, told: str, tmp_path: Path
) -> None:
    cwd = tmp_path / "others"
    cwd.mkdir()
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(0o755) if str(above).count("/") > 1 else None
    done = as_another_user(command, cwd)

    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0.0.0.0"])
def test_a_port_in_use_is_named_with_the_remedy(host: str, tmp_path: Path) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        done = ifind("serve", "--host", host, "--port", str(port), "--admin-token", "t", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"port {port}: the port is in use; stop what listens there, or choose another port (0: any" in done.stderr
