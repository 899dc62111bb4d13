"""`serve --with-parent` ends with the process that started it, also where a shell stands between the two."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.processes import COMMAND, environment

STARTER = """
import json, subprocess, sys
command, stdin = json.loads(sys.argv[1])
started = subprocess.Popen(command, stdin=subprocess.DEVNULL if stdin == "none" else subprocess.PIPE)
print(started.pid, flush=True)
if stdin == "ended":
    started.stdin.close()
started.wait()
"""
SERVE = [*COMMAND, "serve", "--port", "0"]
SHELL = ["sh", "-c", '"$@"; true', "sh"]  # a shell that waits, and does not become the command


@contextmanager
def started(command: list[str], stdin: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has started a mock with the given kind of standard input, and the mock's port."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, json.dumps([command, stdin])],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        number, ready = int(starter.stdout.readline()), starter.stdout.readline()
        assert ready.startswith("ready ")
        try:
            yield starter, urlsplit(ready.split()[1]).port or 0
        finally:
            starter.kill()
            if not has_ended(starter, within=0.2):
                os.kill(number, signal.SIGKILL)


def has_ended(starter: subprocess.Popen[str], within: float = 5) -> bool:
    """Whether the mock, which alone holds the starter's standard output, closes it in time."""
    assert starter.stdout is not None
    return bool(select.select([starter.stdout], [], [], within)[0])


@pytest.mark.parametrize(
    ("before", "stdin"),
    [([], "none"), (SHELL, "pipe"), (["setsid"], "ended")],
    ids=["no input", "a shell between", "a session of its own"],
)
def test_it_ends_with_the_process_that_started_it(before: list[str], stdin: str, tmp_path: Path) -> None:
    with started([*before, *SERVE, "--with-parent"], stdin, tmp_path) as (starter, port):
        time.sleep(0.3)
        socket.create_connection(("127.0.0.1", port)).close()  # it goes on as long as the other does
        starter.kill()

        assert has_ended(starter)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_the_private_mock_of_a_check_ends_with_it(tmp_path: Path) -> None:
    program = """
from contract_tests.engine.provision import private_mock
with private_mock() as base:
    print(base, flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as check:
        assert check.stdout is not None
        port = urlsplit(check.stdout.readline().strip()).port or 0
        socket.create_connection(("127.0.0.1", port)).close()
        check.kill()
        end = time.monotonic() + 10
        while not refuses(port):
            assert time.monotonic() < end
            time.sleep(0.05)


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_without_the_option_it_goes_on(tmp_path: Path) -> None:
    with started(SERVE, "none", tmp_path) as (starter, port):
        starter.kill()

        assert not has_ended(starter, within=0.5)
        socket.create_connection(("127.0.0.1", port)).close()


def test_it_does_not_start_where_that_process_has_ended_before(tmp_path: Path) -> None:
    orphan = ["sh", "-c", '{ sleep 0.2; exec "$@"; } & exit', "sh", *SERVE, "--with-parent"]
    ended = subprocess.run(
        orphan,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        start_new_session=True,
    )

    assert ended.stdout == ""
    assert ended.stderr == "ifind-mock: --with-parent: the process that started this one has ended already\n"
