"""The SQLite store: processes on one file whose settings have the same accounts, or others."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.processes import COMMAND, Serving, environment, serving

ONE = ("--account", "one@example.com:t")
TWO = ("--account", "two@example.com:t")


def knows(mock: Serving, login: str) -> bool:
    return bool(json.loads(mock.get("info", login=login, token="t"))["status"] == "ok")


def refused(*args: str, cwd: Path) -> str:
    """What a second mock says that does not start."""
    done = subprocess.run(
        [*COMMAND, "serve", "--port", "0", *args],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def other_accounts(theirs: int, ours: int, all_of_ours: int) -> str:
    return (
        f"with other accounts: {theirs} of its 1 are not in these settings,"
        f" and {ours} of the {all_of_ours} in these settings are not among its own"
    )


@pytest.mark.parametrize(
    ("accounts", "how"),
    [
        (TWO, other_accounts(1, 1, 1)),
        ((*ONE, *TWO), other_accounts(0, 1, 2)),
        ((), other_accounts(1, 1, 1)),
        (("--account", "one@example.com:other"), "with another token or other limits for 1 of its 1 accounts"),
        ((*ONE, "--daily-limit", "7"), "with another token or other limits for 1 of its 1 accounts"),
    ],
)
def test_a_mock_does_not_take_the_accounts_from_another_on_the_same_file(
    accounts: tuple[str, ...], how: str, tmp_path: Path
) -> None:
    with serving("--state", "s.db", *ONE, cwd=tmp_path) as first:
        told = refused("--state", "s.db", *accounts, cwd=tmp_path)

        assert f"--state: {tmp_path / 's.db'}: another process uses it {how}; end that process" in told
        assert "one@example.com" not in told
        assert knows(first, "one@example.com")
        assert not knows(first, "two@example.com")
        assert json.loads(first.get("info", login="one@example.com", token="t"))["data"]["api_limit"]["of"] == 100


def test_mocks_with_the_same_accounts_share_a_file(tmp_path: Path) -> None:
    state = ("--state", "s.db", "--delay", "0s", *ONE, *TWO)
    with serving(*state, cwd=tmp_path) as first, serving(*state[:4], *TWO, *ONE, cwd=tmp_path) as second:
        mine = {"login": "one@example.com", "token": "t"}
        first.control("POST", "/accounts", b'{"login": "three@example.com", "token": "t"}')
        number = json.loads(first.get("create", phone="70000000001", source=2, **mine))["id"]
        result = json.loads(second.get("result", id=number, **mine))
        used = json.loads(second.get("info", **mine))["data"]["api_limit"]["used"]

        assert (result["status"], used) == ("ready", 1)
        assert all(knows(mock, f"{name}@example.com") for mock in (first, second) for name in ("one", "two", "three"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_accounts_of_a_mock_that_has_ended_follow_the_settings(number: signal.Signals, tmp_path: Path) -> None:
    with serving("--state", "s.db", *ONE, cwd=tmp_path) as first:
        first.get("create", phone="70000000001", source=2, login="one@example.com", token="t")
        first.process.send_signal(number)
        # At once: a mock that was told to stop may take a second.
        with serving("--state", "s.db", *TWO, cwd=tmp_path) as second:
            assert knows(second, "two@example.com")
            assert not knows(second, "one@example.com")


@pytest.mark.parametrize("stale", [False, True])
def test_mocks_that_start_at_once_with_the_same_accounts_all_start(stale: bool, tmp_path: Path) -> None:
    if stale:
        with serving("--state", "s.db", *TWO, cwd=tmp_path):
            pass
    processes = [
        subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", "--state", "s.db", *ONE],
            cwd=tmp_path,
            env=environment(),
            stdout=-1,
            stderr=-1,
            text=True,
        )
        for _ in range(4)
    ]
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.communicate)
            stack.callback(process.kill)
        lines = [process.stdout.readline() for process in processes if process.stdout]
        mocks = [Serving(process, line.split()[1]) for process, line in zip(processes, lines, strict=True)]

        assert all(knows(mock, "one@example.com") and not knows(mock, "two@example.com") for mock in mocks)


def test_mocks_that_start_at_once_with_other_accounts_do_not_mix_them(tmp_path: Path) -> None:
    arguments = [*COMMAND, "serve", "--port", "0", "--state", "s.db"]
    processes = [
        subprocess.Popen([*arguments, *who], cwd=tmp_path, env=environment(), stdout=-1, stderr=-1, text=True)
        for who in (ONE, TWO, ONE, TWO)
    ]
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.communicate)
            stack.callback(process.kill)
        lines = [process.stdout.readline() for process in processes if process.stdout]
        up = [index for index, line in enumerate(lines) if line.startswith("ready")]
        known = {
            index: [
                knows(Serving(processes[index], lines[index].split()[1]), f"{n}@example.com") for n in ("one", "two")
            ]
            for index in up
        }

        assert up in ([0, 2], [1, 3])
        assert set(map(tuple, known.values())) == {(True, False) if up == [0, 2] else (False, True)}
        assert all(processes[index].wait(10) == 2 for index in range(4) if index not in up)


def test_a_refusal_does_not_take_long(tmp_path: Path) -> None:
    with serving("--state", "s.db", *ONE, cwd=tmp_path):
        began = time.monotonic()
        refused("--state", "s.db", *TWO, cwd=tmp_path)

    assert time.monotonic() - began < 10
