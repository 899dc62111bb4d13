"""The suite as pytest runs it: its options, its fixtures, clauses as marks, outcomes as outcomes, and its exit code."""

from __future__ import annotations

import traceback
from collections.abc import Generator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from contract_tests.api.calls import Account
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.clauses import UsageError, all_clauses, clause_of
from contract_tests.engine import options as read
from contract_tests.engine.client import ApiClient, TargetLost
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.pool import TaskPool
from contract_tests.engine.provision import UnreachableError
from contract_tests.engine.report_of import report_of
from contract_tests.engine.run import Run, open_run
from contract_tests.findings.checks import Checks
from contract_tests.findings.exit_code import BROKEN, BUDGET, UNREACHABLE, USAGE
from contract_tests.findings.outcome import Outcome
from contract_tests.report.report import Report
from contract_tests.report.terminal import write_terminal

SUITE = Path(__file__).resolve().parents[1] / "suite"
RUN = pytest.StashKey[Run]()
OPTIONS = pytest.StashKey[CheckOptions]()
STOPPED = pytest.StashKey[tuple[int, str]]()
CHECKS = pytest.StashKey[Checks]()
CLOSING = pytest.StashKey[ExitStack]()
ERRORS = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract suite of ifind-mock")
    add = group.addoption
    add("--target", default="mock", metavar="TARGET", help="mock (starts a private one), live, or the API's URL")
    add("--phone", default=None, help="the number to look up; no default for what is not on this machine")
    add("--budget", default=None, metavar="UNITS", help="units that creates may take (default: 12)")
    add("--rate", default=None, metavar="N/s", help="calls in a time (default: 1/s; on this machine no limit)")
    add("--poll-timeout", default="60s", metavar="TIME", help="how long to wait for a task (default: 60s)")
    add("--profile", default=None, metavar="FILE", help="the choices that the target is to show")
    add("--full", action="store_true", default=None, help="cross HTTP method, format and source")
    add("--strict-clauses", action="store_true", help="a refuted assumption fails the run, too")
    add("--only", action="append", default=[], metavar="CLAUSE", help="the tests of this clause; may be repeated")
    add("--tasks", default=None, metavar="FILE", help="check these tasks, and make none")
    add("--ledger", default=None, metavar="FILE", help="write down each call before it is sent; take a stopped run up")
    add("--call-timeout", default="30s", metavar="TIME", help="how long a call may take (default: 30s)")
    add(
        "--run-timeout", default=None, metavar="TIME", help="how long the run may take (default: 15min on a stranger's)"
    )
    add("--yes", action="store_true", help="do not ask before calls that cost")


def _options(config: pytest.Config) -> CheckOptions:
    """The options of the command line. Raises UsageError."""
    given = config.option
    only = tuple(clause_of(name).id for names in given.only for name in names.split(","))
    return CheckOptions(
        target=given.target,
        phone=None if given.phone is None else read.read_phone(given.phone),
        budget=None if given.budget is None else read.read_units(given.budget),
        rate=None if given.rate is None else read.read_rate(given.rate),
        poll_timeout=read.read_seconds(given.poll_timeout),
        profile=None if given.profile is None else Path(given.profile),
        full=given.full,
        tasks=() if given.tasks is None else read.read_tasks(Path(given.tasks)),
        ledger=None if given.ledger is None else Path(given.ledger),
        call_timeout=read.read_seconds(given.call_timeout, "--call-timeout"),
        run_timeout=None if given.run_timeout is None else read.read_seconds(given.run_timeout, "--run-timeout"),
        strict=given.strict_clauses,
        only=only,
        yes=given.yes,
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clause(*ids): the clauses of schemas/clauses.toml that the test looks at")
    config.addinivalue_line(
        "markers", "first: runs before all others, since what it sends is refused and costs nothing"
    )
    config.addinivalue_line("markers", "last: runs after all others, since it judges what they have seen")
    config.stash[ERRORS] = []
    try:
        if OPTIONS not in config.stash:
            config.stash[OPTIONS] = _options(config)
    except UsageError as error:
        pytest.exit(str(error), USAGE)
    if getattr(config.option, "numprocesses", None):
        pytest.exit("the contract suite keeps its findings in one process: run it without -n", USAGE)


def _own(items: list[pytest.Item]) -> list[pytest.Item]:
    return [item for item in items if SUITE in item.path.parents]


def clauses_of(item: pytest.Item) -> tuple[str, ...]:
    """The clauses that a test names."""
    return tuple(str(name) for mark in item.iter_markers("clause") for name in mark.args)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in _own(items):
        if not clauses_of(item):
            pytest.exit(f"{item.nodeid} names no clause; mark it with @pytest.mark.clause(…)", BROKEN)
        for name in clauses_of(item):
            if name not in all_clauses():
                pytest.exit(f"{item.nodeid} names the clause {name!r}, which is not in clauses.toml", BROKEN)
    items.sort(key=_turn)
    only = config.stash[OPTIONS].only
    if only:
        wanted = [item for item in items if not {*clauses_of(item)}.isdisjoint(only)]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted


def _turn(item: pytest.Item) -> int:
    return 0 if item.get_closest_marker("first") else 2 if item.get_closest_marker("last") else 1


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Brings the target up; it stays so until the session ends."""
    config = session.config
    if config.option.collectonly or session.testsfailed or not _own(session.items):
        return None
    config.stash[CLOSING] = closing = ExitStack()
    try:
        config.stash[RUN] = closing.enter_context(open_run(config.stash[OPTIONS]))
    except UsageError as error:
        config.stash[STOPPED] = USAGE, str(error)
    except UnreachableError as error:
        config.stash[STOPPED] = UNREACHABLE, str(error)
    return True if STOPPED in config.stash else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if RUN in item.config.stash and SUITE in item.path.parents:
        run = item.config.stash[RUN]
        item.stash[CHECKS] = run.api.checks = Checks(run.findings, clauses_of(item), strict=run.options.strict)


class BrokenPromise(Exception):
    """Findings that fail a test; as text, one below the other."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Turns what a test has found out into its outcome: a broken promise fails it, a refuted assumption is expected
    to fail, what can't be looked at is skipped with the reason. Anything else that is raised is the suite's own error.
    """
    if CHECKS not in item.stash:
        return (yield)
    checks, findings = item.stash[CHECKS], item.config.stash[RUN].findings
    why: NotChecked | None = None
    try:
        yield
    except NotChecked as reason:
        why = reason
        kept = (
            findings.unaffordable
            if why.unaffordable
            else findings.inconclusive
            if why.inconclusive
            else findings.skipped
        )
        for clause in checks.clauses:
            kept.setdefault(clause, []).append(str(why))
    except TargetLost as lost:
        item.session.shouldstop = f"the target is gone: {lost}"
    except Exception as error:
        for clause in checks.clauses:
            findings.errors.setdefault(clause, []).append(f"{item.name}: {type(error).__name__}")
        raise
    _judge(checks, why)


def _judge(checks: Checks, why: NotChecked | None) -> None:
    binding = [f for f in checks.own if f.binding or checks.strict]
    if binding:
        raise BrokenPromise("\n\n".join(map(str, binding)))
    if checks.own:
        raise pytest.xfail.Exception("; ".join(f"{f.clause.id}: {f.found}, assumed {f.expected}" for f in checks.own))
    if why is not None:
        raise pytest.skip.Exception(str(why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """What fails is told in the suite's own words. A traceback of pytest would show arguments, and with them
    credentials and what somebody's answers say.
    """
    report = yield
    if call.excinfo is None or not report.failed or CHECKS not in item.stash:
        return report
    error = call.excinfo.value
    if isinstance(error, BrokenPromise):
        report.longrepr = str(error)
    else:
        lines = traceback.format_tb(error.__traceback__)
        mask = item.config.stash[RUN].findings.mask
        told = f": {mask.text(str(error))}" if mask.shows else ""
        report.longrepr = f"{item.name}\n{''.join(lines[-TRACED:])}{type(error).__name__}{told}"
        item.config.stash[ERRORS].append(report.longrepr)
    return report


TRACED = 6
"""Frames of a traceback that are told."""


def exit_code(config: pytest.Config, failed: bool) -> int:
    """The exit code of DESIGN: a broken promise outranks a target out of reach and a budget that does not suffice."""
    if RUN not in config.stash:
        code, _ = config.stash.get(STOPPED, (BROKEN if failed else 0, ""))
        return code
    run = config.stash[RUN]
    outcomes = {row.outcome for row in run.findings.rows()}
    fatal = {Outcome.BROKEN, Outcome.ERROR} | ({Outcome.REFUTED} if run.options.strict else set())
    if failed or outcomes & fatal:
        return BROKEN
    asked = {row.outcome for row in run.findings.rows(run.options.only)}
    return BUDGET if Outcome.UNAFFORDABLE in asked or (not run.options.only and cut_short(run)) else 0


def cut_short(run: Run) -> bool:
    """Whether the budget of units, calls or time has held something back."""
    return bool(run.api.sender.budget.left_out or run.api.sender.missed)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    if RUN in config.stash:
        run = config.stash[RUN]
        run.complete = not interrupted and not session.shouldstop and not cut_short(run)
    if CLOSING in config.stash:
        config.stash[CLOSING].close()
    if RUN in config.stash or STOPPED in config.stash:
        session.exitstatus = exit_code(config, bool(session.testsfailed) or interrupted)


def report_at_end(config: pytest.Config, code: int = 0) -> Report:
    """The report of the session's run, which has ended with the code."""
    _, why = config.stash.get(STOPPED, (0, ""))
    target = config.stash[OPTIONS].target
    return report_of(config.stash.get(RUN, None), target=target, exit_code=code, stopped=why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    text = StringIO()
    write_terminal(text, report_at_end(config), findings=False)
    terminalreporter.write(text.getvalue())


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """The run."""
    return request.config.stash[RUN]


@pytest.fixture
def checks(request: pytest.FixtureRequest) -> Checks:
    """What this test finds out."""
    node: pytest.Item = request.node
    return node.stash[CHECKS]


@pytest.fixture
def api(run: Run) -> ApiClient:
    """The door to the target."""
    return run.api


@pytest.fixture
def pool(run: Run) -> TaskPool:
    """The run's tasks."""
    return run.pool


@pytest.fixture
def me(run: Run) -> Account:
    """The main account."""
    return run.target.main
