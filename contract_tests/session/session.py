"""Runs the suite in this process, without pytest's terminal, and returns what it found, if wanted test by test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from contract_tests.engine.options import CheckOptions
from contract_tests.engine.run import Run
from contract_tests.findings.exit_code import BROKEN
from contract_tests.redact.secrets import Secrets
from contract_tests.report.interrupts import Interrupts
from contract_tests.report.report import Report
from contract_tests.session.state import CHECKS, STATE, SessionState, clauses_of, report_at_end, secrets_of

PACKAGE = Path(__file__).resolve().parents[1]
INTERRUPTED = "interrupted: what was not checked by then is reported as not checked"


@dataclass(frozen=True, slots=True)
class Examined:
    """A run that has ended."""

    report: Report
    run: Run | None
    """None: it did not begin."""
    secrets: Secrets = field(default_factory=Secrets, repr=False)
    """What no file may hold."""
    interrupted: bool = False
    """By a signal."""


def examine(options: CheckOptions, *plugins: object) -> Examined:
    """Runs the suite with the options, and with more plugins of pytest; asks nobody and writes no report. Wrong
    options, a target out of reach and a signal are in the report's `stopped`, errors of the kit itself in its `errors`.
    """
    state = SessionState(options)
    with Interrupts.held() as interrupts, _isolated():
        seen = _Observer(state, interrupts)
        try:
            with interrupts.open():
                pytest.main(_arguments(), plugins=[seen, *plugins])
        except KeyboardInterrupt:
            # pytest ends by itself at most moments, and not at all.
            seen.interrupted = state.code is None
        finally:
            state.closing.close()
    if seen.interrupted:
        state.stopped = BROKEN, INTERRUPTED
    errors = [*seen.errors, *state.errors]
    if state.code is None and not state.stopped and not errors:
        errors = ["pytest ended before the suite began"]
    code = BROKEN if errors or seen.interrupted or state.code is None else state.code
    secrets = secrets_of(state)
    report = replace(report_at_end(state, code), errors=tuple(map(secrets.mask, errors)))
    return Examined(report, state.run, secrets, seen.interrupted)


class _Observer:
    """A plugin that passes the state, and keeps the errors that pytest would print."""

    def __init__(self, state: SessionState, interrupts: Interrupts) -> None:
        self.errors: list[str] = []
        self.interrupted = False
        self._state = state
        self._interrupts = interrupts

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        early_config.stash[STATE] = self._state

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        # pytest's own text of a failure takes long to make, and the suite replaces it.
        session.config.option.tbstyle = "value"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Leaves a traceback its last frame: pytest looks at each one, and nobody sees them."""
        if call.excinfo is None:
            return
        error = call.excinfo.value
        while error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            error.__traceback__ = error.__traceback__.tb_next
        call.excinfo = pytest.ExceptionInfo.from_exception(error)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(report.longreprtext)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self._interrupts.check()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # pytest calls this for a session that a test has stopped, too.
        self.interrupted = type(excinfo.value) is KeyboardInterrupt

    def pytest_internalerror(self, excrepr: object) -> bool:
        self.errors.append(str(excrepr))
        return True  # pytest would print it, too


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
    plain = (f"--rootdir={PACKAGE}", f"--confcutdir={PACKAGE}", f"-c{os.devnull}", "-s", "--assert=plain")
    return [str(PACKAGE / "suite"), *plain, *(f"-pno:{name}" for name in off)]


_ENVIRONMENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


@contextmanager
def _isolated() -> Iterator[None]:
    """Without the environment's options and plugins of pytest."""
    kept = {name: os.environ.pop(name) for name in _ENVIRONMENT if name in os.environ}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)
