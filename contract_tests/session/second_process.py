"""The second process of a check of the private mock. It runs the tests that share no task with others, on a private
mock of its own, while this process runs the rest; what it has found is added before the tests that judge the whole.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest

from contract_tests.api.calls import Call
from contract_tests.budget.budget import Charge, Limits
from contract_tests.budget.sender import RetriedCall
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.run import Run, open_run
from contract_tests.engine.stopped import in_own_words
from contract_tests.findings.findings import Findings
from contract_tests.session.progress import Progress
from contract_tests.session.state import STATE
from contract_tests.session.workers import begin_worker, cpus

ENDED = "the second process of the check ended before its tests did: it was killed, or the machine lacks memory"


def second_process(options: CheckOptions) -> list[SecondProcess]:
    """A plugin for `examine`; none where all is to run in this process: a target elsewhere is called by one client
    under one budget, a part of the suite is soon over, and a process with threads can't be forked safely.
    """
    whole = options.url is None and not (options.only or options.ledger) and options.limits == Limits()
    forks = sys.platform == "linux" and threading.active_count() == 1
    return [SecondProcess()] if whole and forks and (options.jobs or cpus()) > 1 else []


@dataclass(frozen=True)
class _Done:
    """What the second process has done and found."""

    seconds: Mapping[str, float]
    errors: list[str]
    stopped: tuple[int, str] | None
    failed: int
    """Tests that have failed."""
    findings: Findings | None = None
    """None where its run did not begin."""
    log: Sequence[tuple[Call, Charge | None]] = ()
    charges: Sequence[Charge] = ()
    retried: Sequence[RetriedCall] = ()


class SecondProcess:
    """A plugin of pytest that has a second process run the tests marked `apart`. That ends with the loop of tests,
    however the loop ends. A process that ends before its tests is an error of the run.
    """

    def __init__(self) -> None:
        self._end: Connection | None = None
        """The end of its pipe, until it has reported."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Starts the process; what it runs is left out here."""
        apart = [item for item in session.items if item.get_closest_marker("apart")]
        with ExitStack() as closing:
            if apart and len(apart) < len(session.items):
                try:
                    self._end = closing.enter_context(_running(session, apart))
                except OSError:  # no room for a process or a folder: all runs in this one
                    pass
                else:
                    session.items[:] = [item for item in session.items if item not in apart]
            done = yield
            self._add_findings(session)
            return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Waits for the process before a test that judges what all others have seen."""
        if item.get_closest_marker("last"):
            self._add_findings(item.session)

    def _add_findings(self, session: pytest.Session) -> None:
        """Waits for what the process has found, and adds it to what the run has."""
        end, self._end = self._end, None
        state = session.config.stash[STATE]
        if end is None or state.run is None:
            return
        try:
            done: _Done = end.recv()
        except (EOFError, OSError):
            state.errors.append(ENDED)
            return
        sender = state.run.api.sender
        if done.findings is not None:
            state.run.findings.add(done.findings)
        sender.log += done.log
        sender.budget.charges += done.charges
        sender.retried += done.retried
        for clause, seconds in done.seconds.items():
            state.add_time((clause,), seconds)
        state.errors += done.errors
        state.stopped = state.stopped or done.stopped
        session.testsfailed += done.failed


@contextmanager
def _running(session: pytest.Session, items: list[pytest.Item]) -> Iterator[Connection]:
    """A process that runs the tests; yields the end of the pipe by which it reports. Raises OSError."""
    context = get_context("fork")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(session, items, ours, theirs, folder), daemon=True)
        try:
            process.start()
            theirs.close()
            yield ours
        finally:
            ours.close()  # which ends the process
            if process.pid is not None:
                process.join()


def _work(session: pytest.Session, items: list[pytest.Item], ours: Connection, theirs: Connection, folder: str) -> None:
    ours.close()
    begin_worker(theirs, folder)
    plugins = session.config.pluginmanager
    for progress in [plugin for plugin in plugins.get_plugins() if isinstance(plugin, Progress)]:
        plugins.unregister(progress)
    state = session.config.stash[STATE]

    def keep(run: Run) -> None:
        state.opened = run

    try:
        with open_run(state.options, keep) as state.run:
            for item, following in zip_longest(items, items[1:]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.shouldstop:
                    break
    except Exception as error:  # noqa: BLE001 - whatever it is, the report says so
        state.errors.append(in_own_words(error))
    done = _Done(state.seconds, state.errors, state.stopped, session.testsfailed)
    if state.run is not None:
        sender, findings = state.run.api.sender, replace(state.run.findings, is_over=bool)  # a closure can't be sent
        done = replace(done, findings=findings, log=sender.log, charges=sender.budget.charges, retried=sender.retried)
    theirs.send(done)
