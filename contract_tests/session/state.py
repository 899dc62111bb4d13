"""The state of a session of pytest, and the exit code and the report that follow from it."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from contract_tests.api.curl import curl
from contract_tests.contract.clauses import clause_of
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.findings.exit_code import BROKEN, BUDGET, HOLDS
from contract_tests.redact.secrets import Secrets
from contract_tests.report.report import Report, Retried, Spent


@dataclass(repr=False)
class SessionState:
    """What a session of pytest knows of its run of the suite."""

    options: CheckOptions
    opened: Run | None = None
    """The run, from its first call on."""
    run: Run | None = None
    """None before it begins, or where it could not."""
    stopped: tuple[int, str] | None = None
    """The exit code of a run that could not begin or go on, and why."""
    code: int | None = None
    """The exit code of a session that has ended."""
    errors: list[str] = field(default_factory=list)
    """Errors of the suite itself."""
    closing: ExitStack = field(default_factory=ExitStack)
    seconds: dict[str, float] = field(default_factory=dict)
    """What the tests of each clause took."""

    def add_time(self, clauses: Collection[str], seconds: float) -> None:
        """Shares the time of a test among its clauses."""
        for clause in clauses:
            self.seconds[clause] = self.seconds.get(clause, 0.0) + seconds / len(clauses)


STATE = pytest.StashKey[SessionState]()
CHECKS = pytest.StashKey[Checks]()
"""Of a test: its checks."""


def clauses_of(item: pytest.Item) -> tuple[str, ...]:
    """The clauses that a test names."""
    return tuple(str(name) for mark in item.iter_markers("clause") for name in mark.args)


def exit_code(state: SessionState, *, failed: bool) -> int:
    """The exit code: a broken promise outranks a target out of reach and a budget that does not suffice. An answer that
    is too large to be read is one that can't be read: what it leaves undecided counts like a broken promise.
    """
    run = state.run
    if run is None:
        return state.stopped[0] if state.stopped else BROKEN if failed else HOLDS
    fatal = {Outcome.BROKEN, Outcome.ERROR} | ({Outcome.REFUTED} if run.options.strict else set())
    if failed or state.stopped or fatal.intersection(row.outcome for row in run.findings.rows()):
        return BROKEN
    rows = run.findings.rows(run.options.only)
    undecided = {row.clause.id for row in rows if row.outcome is Outcome.INCONCLUSIVE and row.clause.binding}
    if undecided & run.findings.too_large:
        return BROKEN
    asked = {row.outcome for row in rows}
    short = Outcome.UNAFFORDABLE in asked or (not run.options.only and run.cut_short)
    return BUDGET if short or run.overspent else HOLDS


def report_at_end(state: SessionState, code: int = 0) -> Report:
    """The report of the session's run, which has ended with the code; of one that could not begin, why."""
    run, options, kit = state.run, state.options, version("ifind-mock")
    stopped = state.stopped[1] if state.stopped else ""
    if run is None:
        begun = state.opened
        report = stopped_report(options, code, stopped)
        return report if begun is None else replace(report, target=begun.target.base, spent=_spent(begun))
    rows = run.findings.rows(options.only)
    if options.only:
        rows += [r for r in run.findings.rows() if r.findings and r.clause.id not in options.only]
    mask, base = run.findings.mask, run.target.base
    return Report(
        target=base,
        started=run.begun,
        kit=kit,
        exit_code=code,
        strict=options.strict,
        rows=tuple(rows),
        spent=_spent(run),
        stopped=stopped,
        seconds=dict(state.seconds),
        retried=tuple(
            Retried(curl(sent.call, base, mask), mask.text(sent.failure), sent.tries) for sent in run.api.sender.retried
        ),
    )


def all_unseen(options: CheckOptions) -> bool:
    """Whether no run can show any of the clauses that were asked for."""
    return bool(options.only) and all(clause_of(name).unseen for name in options.only)


def stopped_report(options: CheckOptions, code: int, why: str) -> Report:
    """The report of a run that did not begin, or of which no more is known."""
    nothing = Spent(units=0, budget=options.budget, unknown=0, calls=0, seconds=0.0)
    target, kit = options.named_target, version("ifind-mock")
    return Report(target, datetime.now(UTC), kit, code, options.strict, (), nothing, stopped=why)


def secrets_of(state: SessionState) -> Secrets:
    """What no output of the session may show."""
    secrets = state.opened.findings.secrets if state.opened else Secrets()
    secrets.hide({secret: label for secret, label in state.options.labels.items() if secret not in secrets.labels})
    return secrets


def _spent(run: Run) -> Spent:
    """Units include those that info shows beyond the costs that were read: those of tasks that were never polled, or,
    where polling was seen to take units, of polls.
    """
    sender, budget = run.api.sender, run.api.sender.budget
    return Spent(
        units=budget.spent,
        polling=budget.unstated if run.api.units.polling else 0,
        budget=budget.limits.units,
        unknown=budget.unknown,
        calls=len(sender.log),
        seconds=time.monotonic() - run.begun_at,
        counts=not run.target.provisioned,
    )
