"""A plugin of pytest that writes down all it can see, as reporters of many kinds do; and one that makes tests fail."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

DUMP = "DUMP"
"""The variable that names the file."""
FAIL = "FAIL"
"""The variable that names a phase (setup, call, teardown, collect) in which the suite itself fails."""


def dump(*things: object) -> None:
    with Path(os.environ[DUMP]).open("a", encoding="utf-8", errors="backslashreplace") as file:
        for thing in things:
            print(thing, file=file)


def of_error(error: BaseException | None) -> None:
    """All that a reporter may show of an exception: its chain, and the locals of its frames."""
    while error is not None:
        frames = traceback.StackSummary.extract(
            traceback.walk_tb(error.__traceback__), capture_locals=True, lookup_lines=False
        )
        dump("error", repr(error), str(error), error.args, vars(error), *(frame.locals for frame in frames))
        error = error.__cause__ or error.__context__


def of_report(report: Any) -> None:
    dump(
        "report", *(f"{name}: {value!r}" for name, value in vars(report).items()), report.longreprtext, report.sections
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    seen(item, call, report)
    return report


@pytest.hookimpl(wrapper=True, trylast=True, specname="pytest_runtest_makereport")
def pytest_makereport_inside(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """The same as close to the report's making as a plugin can be that is loaded before a conftest."""
    report = yield
    seen(item, call, report)
    return report


def seen(item: pytest.Item, call: pytest.CallInfo[None], report: Any) -> None:
    of_report(report)
    if call.excinfo is not None:
        of_error(call.excinfo.value)
        for style in ("long", "native"):
            dump(call.excinfo.getrepr(showlocals=True, funcargs=True, style=style))  # type: ignore[arg-type]
        dump(call.excinfo.exconly())
    dump(repr(call), repr(item), item.funcargs if isinstance(item, pytest.Function) else "")
    report.user_properties.append(("dumped", "yes"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    of_report(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    of_report(report)


def pytest_exception_interact(call: pytest.CallInfo[Any], report: pytest.TestReport) -> None:
    of_report(report)
    if call.excinfo is not None:
        of_error(call.excinfo.value)


def pytest_warning_recorded(warning_message: Any) -> None:
    dump("warning", str(warning_message.message), repr(warning_message.message))


def pytest_internalerror(excrepr: object) -> None:
    dump("internal error", str(excrepr))


def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> None:
    dump("fixture", fixturedef.argname, repr(request))


def pytest_fixture_post_finalizer(fixturedef: Any) -> None:
    dump("fixture value", repr(fixturedef.cached_result and fixturedef.cached_result[0]))


def pytest_unconfigure(config: pytest.Config) -> None:
    dump("options", repr(config.option), repr(config.known_args_namespace), repr(config.invocation_params))


# Errors of the suite itself.


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    phase = os.environ.get(FAIL)
    for item in items:
        if item.name == "test_info_is_answered_for_the_account" or phase == "all":
            assert isinstance(item, pytest.Function)
            if phase == "call":
                item.obj = _failing


def _failing(run: Any, checks: Any) -> None:
    token = run.me.token
    answer = {"token": token, "checks": checks, "login": run.me.login, "names": ["Дядя Прохор Самоваров"]}
    sys.stdout.write(f"sent with {token}\n")
    try:
        answer[f"no such key as {token}"]
    except KeyError as error:
        raise ValueError(f"wrong: {answer}") from error


@pytest.fixture(autouse=True)
def _phase(request: pytest.FixtureRequest) -> Generator[None]:
    phase, name = os.environ.get(FAIL), request.node.name
    token, login = os.environ["IFIND_TOKEN"], os.environ["IFIND_LOGIN"]
    chosen = name.startswith("test_info")
    if chosen:
        sys.stdout.write(f"{login} and {token} in what is captured\n")
    if phase == "setup" and chosen:
        raise RuntimeError(f"{token} of {login}")
    yield
    if phase == "teardown" and chosen:
        pytest.fail(f"{token} of {login}")
