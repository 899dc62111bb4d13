"""Keeps what is secret out of all that pytest and its plugins show, whatever the phase and the outcome of a test.

What pytest makes of an exception shows the locals of its frames, arguments of functions and what was compared. So an
exception of a test leaves its phase as another one, without those frames and in words that may be read
(`in_safe_words`), and every text of a report is masked (`scrub`). Objects that hold secrets leave them out of their
repr.
"""

from __future__ import annotations

import bdb
import os
import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.engine.stopped import in_own_words
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import Mask
from contract_tests.report.visible import visible
from contract_tests.session.state import SessionState, secrets_of

Hide = Callable[[str], str]
PASSED_ON = (KeyboardInterrupt, SystemExit, GeneratorExit, pytest.exit.Exception, bdb.BdbQuit)
"""Exceptions that end the session, or belong to a debugger."""
SUITE = f"{Path(__file__).resolve().parents[1] / 'suite'}{os.sep}"
PLAIN = frozenset(["nodeid", "location", "keywords", "outcome", "when"])
"""Attributes of a report by which plugins know it; they hold what stands in the sources of the suite."""


class SuiteError(Exception):
    """An error of the suite itself, in words that may be read."""


class BrokenPromise(Exception):
    """Findings that fail a test; as text, one below the other."""


def hider(state: SessionState) -> Hide:
    """A function that leaves the secrets of the session out of a text, and what a log could take for a command."""
    secrets = secrets_of(state)
    mask = state.opened.findings.mask if state.opened else Mask()
    short = Mask({**state.options.labels, **mask.labels})
    return lambda text: visible(short.text(secrets.mask(text)))


def in_safe_words(error: BaseException, name: str, checks: Checks | None, hide: Hide) -> BaseException:
    """An exception that means the same to pytest, without frames, whose text holds no secret."""
    for kind in (BrokenPromise, SuiteError, pytest.skip.Exception, pytest.xfail.Exception):
        if isinstance(error, kind):
            return kind(hide(str(error)))
    # Not all that answers hold is known: of an error's own text that of a made-up answer alone is shown.
    shown = in_own_words(error, text=checks is not None and checks.findings.mask.shows)
    return SuiteError(hide(f"{type(error).__name__} in {name}\n{shown}"))


class Masking:
    """A plugin of pytest that masks every report."""

    def __init__(self, state: SessionState) -> None:
        self._state = state

    def _hide(self, text: str) -> str:
        return hider(self._state)(text)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Before other plugins see the report. An exception stands there in its own words, whatever the outcome."""
        report = yield
        if call.excinfo is not None and in_suite(item) and not isinstance(report.longrepr, tuple):
            report.longrepr = str(in_safe_words(call.excinfo.value, item.name, None, self._hide))
        scrub_report(report, self._hide)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After other plugins have added to the report."""
        scrub_report(report, self._hide)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        scrub_report(report, self._hide)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        if isinstance(warning_message.message, Warning):
            warning_message.message.args = scrub(warning_message.message.args, self._hide)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        scrub(excrepr, self._hide)


def in_suite(item: pytest.Item) -> bool:
    """Whether a test is one of the suite's."""
    return str(item.path).startswith(SUITE)


def scrub_report(report: pytest.TestReport | pytest.CollectReport, hide: Hide) -> None:
    """Masks every text of a report, what other plugins have added to it included."""
    for name, value in vars(report).items():
        if name not in PLAIN:
            setattr(report, name, scrub(value, hide))


def scrub(node: Any, hide: Hide) -> Any:
    """The same with every text masked; lists, mappings and objects of pytest's own in place."""
    if isinstance(node, str):
        return hide(node)
    if isinstance(node, tuple):
        return tuple(scrub(each, hide) for each in node)
    if isinstance(node, list):
        node[:] = [scrub(each, hide) for each in node]
    elif isinstance(node, dict):
        node.update({key: scrub(value, hide) for key, value in node.items()})
    elif type(node).__module__.startswith(("_pytest._code", "_pytest.reports")):
        for name, value in vars(node).items():
            object.__setattr__(node, name, scrub(value, hide))
    return node
