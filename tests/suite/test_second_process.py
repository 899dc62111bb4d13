"""The second process of a check of the private mock: the same report as with one, however the processes end."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.engine.options import CheckOptions, GivenTask
from contract_tests.report.interrupts import SIGNALS
from contract_tests.session import second_process as module
from contract_tests.session import workers
from contract_tests.session.second_process import ENDED, second_process
from contract_tests.session.session import Recorder, examine
from contract_tests.session.workers import cpus
from support.processes import COMMAND, environment

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it is forked on Linux alone, and /proc is read")

PROGRAM = """
import sys
from contextlib import contextmanager
from pathlib import Path

from contract_tests.check import command
from contract_tests.engine import provision
from contract_tests.engine.options import CheckOptions
from mockserver.mutants.run import _serving

name, *jobs = sys.argv[1:]

@contextmanager
def mutant(*_):
    with _serving(name or None) as url:
        yield url

provision.private_mock = mutant
for number in jobs:
    file = Path(f"{number}.json")
    command.run(CheckOptions(environ={}, poll_timeout=10.0, jobs=int(number), reports={"json": file}), sys.stdout)
"""
"""Checks a private mock that is a mutant, in processes of each number; none is named: the unbroken one."""


@pytest.mark.few(1)
@LINUX
@pytest.mark.parametrize(
    ("mutant", "broken"),
    [
        pytest.param("", set(), id="unbroken"),
        pytest.param("a-long-value-is-no-answer", {"server.never-breaks"}, id="what the second process sees alone"),
        pytest.param("polls-are-charged", {"quota.polling-free"}, id="what both see"),
        pytest.param("errors-in-csv-are-json", set(), id="a refuted assumption"),
        pytest.param(
            "a-bad-phone-is-500",
            {"server.never-breaks", "format.readable", "format.default"},
            id="several",
        ),
    ],
)
def test_two_processes_report_what_one_does(mutant: str, broken: set[str], tmp_path: Path) -> None:
    """But for times, for the calls that each process makes for itself, and for which of them show a defect."""
    subprocess.run([sys.executable, "-c", PROGRAM, mutant, "1", "2"], cwd=tmp_path, env=on_path(), check=True)
    one, two = (json.loads((tmp_path / f"{number}.json").read_bytes()) for number in (1, 2))

    assert shown(two) == shown(one)
    assert {clause["id"] for clause in two["clauses"] if clause["outcome"] == "broken"} == broken
    assert one["spent"]["calls"] < two["spent"]["calls"] < 1.2 * one["spent"]["calls"]
    called = [finding["call"] for clause in two["clauses"] for finding in clause["findings"]]
    assert all(two["target"] in call for call in called)
    assert "check-token-" not in json.dumps(two)


def shown(report: dict[str, Any]) -> dict[str, Any]:
    """What a report says, without what differs from run to run."""
    rows = {
        clause["id"]: (clause["outcome"], clause["seen"], {finding["expected"] for finding in clause["findings"]})
        for clause in report["clauses"]
    }
    return {**{key: report[key] for key in ("exit_code", "stopped", "errors", "retried", "totals")}, "rows": rows}


def on_path() -> dict[str, str]:
    return environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))


# How it ends.


@pytest.fixture
def checking(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A check in two processes, in a session of its own, whose second one has begun."""
    process = subprocess.Popen(
        [*COMMAND, "check", "--jobs", "2", "--json", "report.json"],
        env=environment(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        until(lambda: len(mocks(process)) == 2)
        yield process
    finally:
        for number in session_of(process):
            os.kill(number, signal.SIGKILL)
        process.communicate()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def session_of(process: subprocess.Popen[bytes]) -> dict[int, int]:
    """The living processes of its session, each with its parent."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, _, session = file.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has ended
            continue
        if int(session) == process.pid and state != "Z":
            found[int(file.parent.name)] = int(parent)
    return found


def mocks(process: subprocess.Popen[bytes]) -> list[int]:
    """The private mocks of a check, each by its parent: the check, or its second process."""
    found = session_of(process)
    return [parent for parent in found.values() if parent in found and parent != process.pid] + [
        parent for number, parent in found.items() if parent == process.pid and number not in found.values()
    ]


def second_of(process: subprocess.Popen[bytes]) -> int:
    return next(number for number in mocks(process) if number != process.pid)


def ended(process: subprocess.Popen[bytes], folder: Path) -> tuple[dict[str, Any], bytes]:
    """The report of a check that ends by itself, with what it has printed; no process of it is left."""
    output, errors = process.communicate(timeout=60)
    until(lambda: not session_of(process))
    report: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    assert process.returncode == report["exit_code"]
    return report, output + errors


@pytest.mark.few(3)
@LINUX
@pytest.mark.parametrize("number", [s for s in SIGNALS if s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
@pytest.mark.parametrize("whole", [True, False], ids=["the group, as by Ctrl-C", "the check alone"])
def test_a_signal_ends_both_processes_with_the_report(
    number: signal.Signals, whole: bool, checking: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    os.killpg(checking.pid, number) if whole else checking.send_signal(number)
    report, printed = ended(checking, tmp_path)

    assert report["exit_code"] == 1
    assert "interrupted" in report["stopped"]
    assert b"Traceback" not in printed


@LINUX
def test_a_second_process_that_is_killed_is_an_error_of_the_run(
    checking: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    os.kill(second_of(checking), signal.SIGKILL)
    report, _ = ended(checking, tmp_path)

    assert (report["exit_code"], report["errors"]) == (1, [ENDED])
    assert report["totals"]["holds"] > 50


@LINUX
def test_a_check_that_is_killed_leaves_no_process(checking: subprocess.Popen[bytes]) -> None:
    checking.kill()

    until(lambda: not session_of(checking))


# Where there is one process alone.


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine and a process where there may be two."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(module, "cpus", lambda: 2)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 1),
        ({"profile": Path("p.toml"), "strict": True}, 1),
        ({"jobs": 1}, 0),
        ({"only": ("create.ok",)}, 0),
        ({"target": "http://127.0.0.1:8080/api"}, 0),
        ({"target": "live"}, 0),
        ({"ledger": Path("l.jsonl")}, 0),
        ({"budget": 5}, 0),
        ({"rate": 1.0}, 0),
        ({"run_timeout": 60.0}, 0),
        ({"tasks": (GivenTask(1, 2),)}, 0),
    ],
    ids=str,
)
def test_a_whole_check_of_the_private_mock_alone_has_a_second_process(options: dict[str, Any], expected: int) -> None:
    assert len(second_process(CheckOptions(environ={}, **options))) == expected


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(
    ("where", "name", "value"),
    [(module, "cpus", lambda: 1), (threading, "active_count", lambda: 2), (sys, "platform", "darwin")],
    ids=["one processor", "a process with threads", "a system where a fork is not safe"],
)
def test_without_room_for_a_second_process_all_runs_in_one(
    where: Any, name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, value)

    assert second_process(CheckOptions(environ={})) == []


def test_where_no_process_can_be_started_this_one_runs_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Any:
        raise BlockingIOError(errno.EAGAIN, "no process can be had")

    monkeypatch.setattr(module, "_running", refused)
    tests = Recorder()
    report = examine(CheckOptions(environ={}, only=("server.never-breaks",)), module.SecondProcess(), tests).report

    assert (report.exit_code, report.errors) == (0, ())
    assert "test_laws.py::test_generated_calls_break_nothing" in {name.rpartition("/")[2] for name in tests.seen}


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000\n", 4), ("200000 100000\n", 2), ("50000 100000\n", 1), ("900000 100000\n", 4), (None, 4), ("", 4)],
)
def test_processors_are_those_that_the_process_may_use(
    quota: str | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2, 5, 7}, raising=False)
    monkeypatch.setattr(workers, "QUOTA", tmp_path / "cpu.max")
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)

    assert cpus() == expected
