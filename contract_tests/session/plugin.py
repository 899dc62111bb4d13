"""The suite as a plugin of pytest: its hooks and fixtures. `contract_tests/conftest.py` loads it."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest

from contract_tests.budget.budget import NotChecked
from contract_tests.budget.ledger import LedgerError
from contract_tests.contract.clauses import UsageError, all_clauses, clause_of
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.api_client import TargetLost
from contract_tests.engine.options import CheckOptions, options_of, read_options
from contract_tests.engine.provision import UnreachableError, code_of
from contract_tests.engine.run import Run, open_run
from contract_tests.findings.checks import Checks
from contract_tests.findings.exit_code import BROKEN, HOLDS, USAGE
from contract_tests.report.terminal import write_terminal
from contract_tests.session.masking import (
    PASSED_ON,
    BrokenPromise,
    Masking,
    SuiteError,
    hider,
    in_safe_words,
    in_suite,
    scrub,
)
from contract_tests.session.state import (
    CHECKS,
    STATE,
    SessionState,
    all_unseen,
    clauses_of,
    exit_code,
    report_at_end,
    secrets_of,
)

MARKERS = (
    "clause(*ids): the clauses of schemas/clauses.toml that the test checks",
    "first: runs before all others, since its calls are refused and cost nothing",
    "apart: shares no task with others, so that a second process may run it on a mock of its own",
    "last: runs after all others, since it judges what they have seen",
)
PREFIX = "contract_"
"""Of the options' names inside pytest, where other plugins have theirs."""
RENAMED = {"strict": "strict-clauses"}
"""Options whose name pytest has for itself."""
OUTCOME = pytest.StashKey[BaseException | None]()
"""Of a test that has run: what it raised."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    config = pluginmanager.get_plugin("pytestconfig")
    if config is not None and (phone := _phone_in(config.invocation_params.args)):
        _hide_invocation(config, phone)  # before `--debug` writes it down
    group = parser.getgroup("contract suite of ifind-mock")
    for option, text in options_of("pytest"):
        name, dest = f"--{RENAMED.get(option.name, option.name)}", PREFIX + option.field
        if option.metavar:
            action = "append" if option.many else "store"
            group.addoption(name, dest=dest, action=action, default=None, metavar=option.metavar, help=text)
        else:
            group.addoption(name, dest=dest, action="store_true", default=None, help=text)
    if config is not None:
        words = [*_words_of_settings(config), *map(str, config.invocation_params.args)]
        if why := _secret_option_in(words, parser.parse_known_and_unknown_args(words)[1]):
            raise pytest.UsageError(why)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Refuses what runs tests in several processes, before a plugin starts the first of them."""
    if STATE in config.stash or not (why := _distributed(config)):
        return None
    sys.stderr.write(f"{why}\n")
    return USAGE


def pytest_configure(config: pytest.Config) -> None:
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if STATE not in config.stash:  # else `examine` has begun the session
        config.stash[STATE] = SessionState(_options_of(config))
    config.pluginmanager.register(Masking(config.stash[STATE]))


def _options_of(config: pytest.Config) -> CheckOptions:
    """The options of the command line, which ends here where the suite can't run under them."""
    if why := _distributed(config):
        pytest.exit(why, USAGE)
    try:
        values = {option.field: config.getoption(PREFIX + option.field) for option, _ in options_of("pytest")}
        options = CheckOptions(**read_options("pytest", values))
    except UsageError as error:
        pytest.exit(str(error), USAGE)
    _hide_arguments(config, options.phone)
    return options


DISTRIBUTING: Mapping[str, tuple[str, tuple[object, ...]]] = {
    "numprocesses": ("-n, or add -n 0", (None, 0)),
    "tx": ("--tx", (None, [])),
    "distload": ("-d", (None, False)),
    "dist": ("--dist", (None, "no")),
    "looponfail": ("-f (--looponfail)", (None, False)),
    "forked": ("--forked", (None, False)),
    "workers": ("--workers", (None, 1, "1")),
    "tests_per_worker": ("--tests-per-worker", (None, 1, "1")),
    "parallel_threads": ("--parallel-threads", (None, 1, "1")),
}
"""Options of other plugins that run tests in several processes or threads: as they are written, and the values with
which they do not. A plugin that is not listed is met by `Budget`, which sends from one process and thread.
"""


def _distributed(config: pytest.Config) -> str:
    """Why the suite is not run here: in which way its tests are run in several processes; empty where they are not."""
    found = [name for field, (name, off) in DISTRIBUTING.items() if getattr(config.option, field, None) not in off]
    if hasattr(config, "workerinput") or os.environ.get("PYTEST_XDIST_WORKER"):
        found = ["pytest-xdist (PYTEST_XDIST_WORKER is set: this process is one of its workers)"]
    if not found:
        return ""
    return f"the contract suite has one budget, so it runs in one process and thread: leave out {found[0]}"


def _hide_arguments(config: pytest.Config, phone: str | None) -> None:
    """Takes the phone out of the arguments that pytest keeps, since other plugins write them down."""
    if phone is None:
        return

    def hide(text: str) -> str:
        return text.replace(phone, "$IFIND_PHONE")

    for options in (config.option, config.known_args_namespace):
        scrub(vars(options), hide)
    _hide_invocation(config, phone)


def _hide_invocation(config: pytest.Config, phone: str) -> None:
    arguments = tuple(str(word).replace(phone, "$IFIND_PHONE") for word in config.invocation_params.args)
    config.invocation_params = replace(config.invocation_params, args=arguments)


_PHONE = "--phone"


def _phone_in(words: Iterable[object]) -> str | None:
    """The phone that a command line names."""
    return next((value for name, value in _named_in(words) if name == _PHONE), None)


def _words_of_settings(config: pytest.Config) -> list[str]:
    """The options of PYTEST_ADDOPTS and of the settings' file, which pytest puts before those of the command line."""
    in_file: list[str] = config.getini("addopts")
    return [*in_file, *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]


def _secret_option_in(words: Iterable[object], unknown: Iterable[str]) -> str:
    """Why a word is refused that was meant for a phone or a credential: pytest would show its value in its own message.
    Empty where there is none. unknown are the words that are no options of pytest or of the suite.
    """
    strange = {name for name, _ in _named_in(unknown)}
    for name, value in _named_in(words):
        if name not in strange:
            continue
        meant = get_close_matches(name.lower(), [_PHONE, *_CREDENTIALS], n=1)
        if meant == [_PHONE] and name != _PHONE and re.search("[0-9]{7}", value):
            return f"{name} is no option, and what follows it may be a phone; write --phone"
        if meant and meant[0] in _CREDENTIALS and value:
            return f"{name} is no option, and what follows it may be a credential; set {_CREDENTIALS[meant[0]]}"
    return ""


_CREDENTIALS = {"--login": "IFIND_LOGIN", "--token": "IFIND_TOKEN"}
"""Options that there are not, since a list of processes shows options; with the variables in their place."""


def _named_in(words: Iterable[object]) -> Iterator[tuple[str, str]]:
    """What may be options of a command line, each with what may be its value."""
    for word, following in pairwise([*map(str, words), ""]):
        name, joined, value = word.partition("=")
        if name.startswith("--"):
            yield name, value if joined else following


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Keeps the suite in its own order, whatever order other plugins give it, and leaves out what was not asked for."""
    order = {item: number for number, item in enumerate(items)}
    yield
    for item in filter(in_suite, items):
        if not clauses_of(item):
            pytest.exit(f"{item.nodeid} names no clause; mark it with @pytest.mark.clause(…)", BROKEN)
        for name in clauses_of(item):
            if name not in all_clauses():
                pytest.exit(f"{item.nodeid} names the clause {name!r}, which is not in clauses.toml", BROKEN)
    own = iter(sorted(filter(in_suite, items), key=lambda item: (_turn(item), order.get(item, len(order)))))
    items[:] = [next(own) if in_suite(item) else item for item in items]
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Opens the run; it stays open until the session ends."""
    if session.config.option.collectonly or session.testsfailed or not any(map(in_suite, session.items)):
        return None
    state = session.config.stash[STATE]

    def keep(run: Run) -> None:
        state.opened = run

    try:
        state.run = state.closing.enter_context(open_run(state.options, keep))
    except (UsageError, UnreachableError) as error:
        state.stopped = code_of(error), str(error)
    return True if state.stopped else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    run = item.config.stash[STATE].run
    if run is not None and in_suite(item) and CHECKS not in item.stash:
        if _is_beside(item, run.options):
            run.api.sender.budget.allow_no_creates("no task is made for it: only what the answers show is checked")
        item.stash[CHECKS] = run.api.checks = Checks(run.findings, clauses_of(item), strict=run.options.strict)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that another plugin runs again ends as it did, and sends nothing: a create would be paid for twice."""
    if OUTCOME not in pyfuncitem.stash:
        return None
    if (failure := pyfuncitem.stash[OUTCOME]) is not None:
        raise failure
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Turns what a test has found into its outcome. Any other exception is an error of the suite itself."""
    if CHECKS not in item.stash:
        return (yield)
    checks = item.stash[CHECKS]
    why: NotChecked | None = None
    began = time.monotonic()
    try:
        yield
    except NotChecked as reason:
        why = reason
    except (TargetLost, LedgerError) as error:
        gone = f"the target is gone: {error}" if isinstance(error, TargetLost) else str(error)
        item.session.shouldstop = gone
        item.config.stash[STATE].stopped = BROKEN, gone
    finally:
        item.config.stash[STATE].add_time(clauses_of(item), time.monotonic() - began)
    _raise_outcome(checks, why, may_xfail=not item.config.option.runxfail)


def _raise_outcome(checks: Checks, why: NotChecked | None, *, may_xfail: bool) -> None:
    """Raises unless the test passes: a broken promise fails it, a refuted assumption is an expected failure (skipped
    where pytest takes those for failures), and a test that could not check its clauses is skipped. why: the reason,
    which is noted.
    """
    if why is not None:
        checks.left_out(str(why), why.outcome)
    binding = [f for f in checks.own if f.binding or checks.strict]
    if binding:
        raise BrokenPromise("\n\n".join(map(str, binding)))
    if checks.own:
        text = "; ".join(f"{f.clause.id}: {f.found}, assumed {f.expected}" for f in checks.own)
        raise (pytest.xfail if may_xfail else pytest.skip).Exception(text)
    if why is not None:
        raise pytest.skip.Exception(str(why))


def _in_safe_words(item: pytest.Item) -> Generator[None, Any, BaseException | None]:
    """A phase of a test; its exception in words that show nothing, to be raised where it has no context, since
    reporters follow the chain of exceptions.
    """
    try:
        yield
    except PASSED_ON:
        raise
    except BaseException as error:  # noqa: BLE001 - pytest's own outcomes are no Exception
        state, checks = item.config.stash[STATE], item.stash.get(CHECKS, None)
        failure = in_safe_words(error, item.name, checks, hider(state))
        if isinstance(failure, SuiteError) and not isinstance(error, SuiteError):
            state.errors.append(str(failure))
            if checks is not None:
                checks.left_out(f"{item.name}: {type(error).__name__}", Outcome.ERROR)
        return failure
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_setup")
def pytest_setup_in_safe_words(item: pytest.Item) -> Generator[None]:
    if not in_suite(item):
        return (yield)
    failure = yield from _in_safe_words(item)
    if failure is not None:
        raise failure


@pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_call")
def pytest_call_in_safe_words(item: pytest.Item) -> Generator[None]:
    if not in_suite(item):
        return (yield)
    item.stash[OUTCOME] = failure = yield from _in_safe_words(item)
    if failure is not None:
        raise failure


@pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_teardown")
def pytest_teardown_in_safe_words(item: pytest.Item) -> Generator[None]:
    if not in_suite(item):
        return (yield)
    failure = yield from _in_safe_words(item)
    if failure is not None:
        raise failure


def _nothing_selected(options: CheckOptions) -> tuple[int, str]:
    """The exit code of a session without a test, and why there is none."""
    if all_unseen(options):
        return HOLDS, "\n".join(f"{name}: not checked: {clause_of(name).unseen}" for name in options.only)
    why = "look at -k, -m, --deselect, the paths, and python_files and python_functions in pytest's settings"
    return USAGE, f"nothing was checked: no test of the suite is selected; {why}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    state = session.config.stash[STATE]
    interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    if state.run is not None:
        state.run.complete = not interrupted and not session.shouldstop and not state.run.cut_short
    try:
        state.closing.close()
    except LedgerError as error:
        state.stopped = BROKEN, str(error)
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not session.config.option.collectonly:
        state.stopped = state.stopped or _nothing_selected(state.options)
    state.code = exit_code(state, failed=bool(session.testsfailed) or interrupted)
    if state.run is not None or state.stopped:
        session.exitstatus = state.code


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    state, text = config.stash[STATE], StringIO()
    write_terminal(text, report_at_end(state).masked(secrets_of(state).mask), findings=False)
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
