"""The suite as a plugin of pytest: its hooks and fixtures. `contract_tests/conftest.py` loads it."""

from __future__ import annotations

import traceback
from collections.abc import Generator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from contract_tests.budget.budget import NotChecked
from contract_tests.contract.clauses import UsageError, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.api_client import TargetLost
from contract_tests.engine.options import CheckOptions, options_of, read_options
from contract_tests.engine.provision import UnreachableError, code_of
from contract_tests.engine.run import Run, open_run
from contract_tests.findings.checks import Checks
from contract_tests.findings.exit_code import BROKEN, USAGE
from contract_tests.report.terminal import write_terminal
from contract_tests.session.state import CHECKS, STATE, SessionState, clauses_of, exit_code, report_at_end

MARKERS = (
    "clause(*ids): the clauses of schemas/clauses.toml that the test checks",
    "first: runs before all others, since its calls are refused and cost nothing",
    "last: runs after all others, since it judges what they have seen",
)
PREFIX = "contract_"
"""Of the options' names inside pytest, where other plugins have theirs."""
RENAMED = {"strict": "strict-clauses"}
"""Options whose name pytest has for itself."""
SUITE = Path(__file__).resolve().parents[1] / "suite"
TRACED = 6
"""Frames of a traceback that are shown."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract suite of ifind-mock")
    for option, text in options_of("pytest"):
        name, dest = f"--{RENAMED.get(option.name, option.name)}", PREFIX + option.field
        if option.metavar:
            action = "append" if option.many else "store"
            group.addoption(name, dest=dest, action=action, default=None, metavar=option.metavar, help=text)
        else:
            group.addoption(name, dest=dest, action="store_true", default=None, help=text)


def pytest_configure(config: pytest.Config) -> None:
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    try:
        if STATE not in config.stash:
            values = {option.field: config.getoption(PREFIX + option.field) for option, _ in options_of("pytest")}
            config.stash[STATE] = SessionState(CheckOptions(**read_options("pytest", values)))
    except UsageError as error:
        pytest.exit(str(error), USAGE)
    if getattr(config.option, "numprocesses", None):
        pytest.exit("the contract suite keeps its findings in one process: run it without -n", USAGE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in filter(in_suite, items):
        if not clauses_of(item):
            pytest.exit(f"{item.nodeid} names no clause; mark it with @pytest.mark.clause(…)", BROKEN)
        for name in clauses_of(item):
            if name not in all_clauses():
                pytest.exit(f"{item.nodeid} names the clause {name!r}, which is not in clauses.toml", BROKEN)
    items.sort(key=_turn)
    options = config.stash[STATE].options
    if options.only:
        others = [item for item in items if _is_beside(item, options)]
        items[:] = [item for item in items if item not in others]
        if options.with_others:
            items += others
        else:
            config.hook.pytest_deselected(items=others)


def _is_beside(item: pytest.Item, options: CheckOptions) -> bool:
    """Whether the test shows none of the clauses that the options name."""
    return bool(options.only) and {*clauses_of(item)}.isdisjoint(options.only)


def _turn(item: pytest.Item) -> int:
    return 0 if item.get_closest_marker("first") else 2 if item.get_closest_marker("last") else 1


def in_suite(item: pytest.Item) -> bool:
    """Whether a test is one of the suite's."""
    return SUITE in item.path.parents


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Opens the run; it stays open until the session ends."""
    if session.config.option.collectonly or session.testsfailed or not any(map(in_suite, session.items)):
        return None
    state = session.config.stash[STATE]
    try:
        state.run = state.closing.enter_context(open_run(state.options))
    except (UsageError, UnreachableError) as error:
        state.stopped = code_of(error), str(error)
    return True if state.stopped else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    run = item.config.stash[STATE].run
    if run is not None and in_suite(item):
        if _is_beside(item, run.options):
            run.api.sender.budget.allow_no_creates("no task is made for it: only what the answers show is checked")
        item.stash[CHECKS] = run.api.checks = Checks(run.findings, clauses_of(item), strict=run.options.strict)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Turns what a test has found into its outcome. Any other exception is an error of the suite itself."""
    if CHECKS not in item.stash:
        return (yield)
    checks = item.stash[CHECKS]
    why: NotChecked | None = None
    try:
        yield
    except NotChecked as reason:
        why = reason
    except TargetLost as lost:
        item.session.shouldstop = f"the target is gone: {lost}"
    except Exception as error:
        checks.left_out(f"{item.name}: {type(error).__name__}", Outcome.ERROR)
        raise
    _raise_outcome(checks, why)


class BrokenPromise(Exception):
    """Findings that fail a test; as text, one below the other."""


def _raise_outcome(checks: Checks, why: NotChecked | None) -> None:
    """Raises unless the test passes: a broken promise fails it, a refuted assumption is an expected failure, and a test
    that could not check its clauses is skipped. why: the reason, which is noted.
    """
    if why is not None:
        checks.left_out(str(why), why.outcome)
    binding = [f for f in checks.own if f.binding or checks.strict]
    if binding:
        raise BrokenPromise("\n\n".join(map(str, binding)))
    if checks.own:
        raise pytest.xfail.Exception("; ".join(f"{f.clause.id}: {f.found}, assumed {f.expected}" for f in checks.own))
    if why is not None:
        raise pytest.skip.Exception(str(why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Reports a failure in the suite's own words. A traceback of pytest would show arguments, and with them credentials
    and what somebody's answers hold.
    """
    report = yield
    if call.excinfo is None or not report.failed or CHECKS not in item.stash:
        return report
    error = call.excinfo.value
    if isinstance(error, BrokenPromise):
        report.longrepr = str(error)
    else:
        lines = traceback.format_tb(error.__traceback__)
        mask = item.stash[CHECKS].findings.mask
        text = f": {mask.text(str(error))}" if mask.shows else ""
        report.longrepr = f"{item.name}\n{''.join(lines[-TRACED:])}{type(error).__name__}{text}"
        item.config.stash[STATE].errors.append(report.longrepr)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    state = session.config.stash[STATE]
    interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    if state.run is not None:
        state.run.complete = not interrupted and not session.shouldstop and not state.run.cut_short
    state.closing.close()
    if state.run is not None or state.stopped:
        session.exitstatus = exit_code(state, failed=bool(session.testsfailed) or interrupted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    text = StringIO()
    write_terminal(text, report_at_end(config.stash[STATE]), findings=False)
    terminalreporter.write(text.getvalue())


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """The run."""
    opened = request.config.stash[STATE].run
    assert opened is not None, "the session has opened it"
    return opened


@pytest.fixture
def checks(request: pytest.FixtureRequest) -> Checks:
    """The checks of this test."""
    node: pytest.Item = request.node
    return node.stash[CHECKS]
