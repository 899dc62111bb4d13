"""Runs the suite in this process, without pytest's terminal, and returns what it found, if wanted test by test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from contract_tests.engine.options import CheckOptions
from contract_tests.engine.run import Run
from contract_tests.findings.exit_code import BROKEN
from contract_tests.redact.secrets import Secrets
from contract_tests.report.report import Report
from contract_tests.session.state import CHECKS, STATE, SessionState, clauses_of, report_at_end

PACKAGE = Path(__file__).resolve().parents[1]
INTERRUPTED = "interrupted: what was not checked by then is reported as not checked"


@dataclass(frozen=True, slots=True)
class Examined:
    """A run that has ended."""

    report: Report | None
    run: Run | None
    """None: the target was never reached."""
    errors: tuple[str, ...] = ()
    """Of the kit itself, masked."""
    interrupted: bool = False
    """By Ctrl-C or SIGTERM."""

    @property
    def secrets(self) -> Secrets:
        """What no file may hold."""
        return self.run.findings.secrets if self.run else Secrets()


def examine(options: CheckOptions, *plugins: object) -> Examined:
    """Runs the suite with the options, and with more plugins of pytest; asks nobody and writes no report. Wrong options
    and a target out of reach are in the report's `stopped`.
    """
    seen = _Seen(options)
    with _isolated():
        ended = pytest.main(_arguments(), plugins=[seen, *plugins])
    if seen.config is None:
        return Examined(None, None, (*seen.errors, f"pytest ended with {int(ended)}"), seen.interrupted)
    state = seen.config.stash[STATE]
    if seen.interrupted:
        state.stopped = state.stopped or (BROKEN, INTERRUPTED)
    code = int(ended) if state.stopped or state.run else BROKEN
    examined = Examined(report_at_end(state, code), state.run, (), seen.interrupted)
    return replace(examined, errors=tuple(map(examined.secrets.mask, (*seen.errors, *state.errors))))


class _Seen:
    """A plugin that passes the options, and keeps the errors that pytest would print."""

    def __init__(self, options: CheckOptions) -> None:
        self.options = options
        self.config: pytest.Config | None = None
        self.errors: list[str] = []
        self.interrupted = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self.config = config
        config.stash[STATE] = SessionState(self.options)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        # pytest's own text of a failure takes long to make, and the suite replaces it.
        session.config.option.tbstyle = "value"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(report.longreprtext)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # pytest calls this for a session that a test has stopped, too.
        self.interrupted = type(excinfo.value) is KeyboardInterrupt

    def pytest_internalerror(self, excrepr: object) -> None:
        self.errors.append(str(excrepr))


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """A test that was run."""

    clauses: tuple[str, ...]
    """The clauses that it names."""
    broken: tuple[str, ...]
    """The promises and laws that it found broken."""


class Recorder:
    """For `examine`. seen maps tests, by names such as `test_result.py::test_a_task_becomes_ready`, in their order."""

    def __init__(self) -> None:
        self.seen: dict[str, RecordedTest] = {}

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if CHECKS in item.stash:
            broken = {finding.clause.id: None for finding in item.stash[CHECKS].own if finding.binding}
            self.seen[item.nodeid] = RecordedTest(clauses_of(item), tuple(broken))


def _arguments() -> list[str]:
    """The command line of pytest: this package's tests, and no settings or plugins of the user's."""
    off = ("terminal", "cacheprovider", "legacypath", "faulthandler", "junitxml", "unraisableexception")
    plain = (f"--rootdir={PACKAGE}", f"-c{os.devnull}", "-s", "--assert=plain")
    return [str(PACKAGE), *plain, *(f"-pno:{name}" for name in off)]


_ENVIRONMENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


@contextmanager
def _isolated() -> Iterator[None]:
    """Without the environment's options and plugins of pytest. A SIGTERM ends the run as Ctrl-C does, so that a private
    mock is not left behind.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept = {name: os.environ.pop(name) for name in _ENVIRONMENT if name in os.environ}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)
