"""Makes the report of a run that has ended, or of one that could not begin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

from contract_tests.api.curl import curl
from contract_tests.engine.run import Run
from contract_tests.report.report import Report, Retried, Spent


def report_of(run: Run | None, *, target: str, exit_code: int, stopped: str = "") -> Report:
    """The report; run is None where the target was never reached."""
    if run is None:
        nothing = Spent(units=0, budget=None, unknown=0, calls=0, seconds=0.0)
        return Report(target, datetime.now(UTC), version("ifind-mock"), exit_code, False, (), nothing, stopped=stopped)
    rows = run.findings.rows(run.options.only)
    if run.options.only:
        rows += [r for r in run.findings.rows() if r.findings and r.clause.id not in run.options.only]
    return Report(
        target=run.target.base,
        started=run.begun,
        kit=version("ifind-mock"),
        exit_code=exit_code,
        strict=run.options.strict,
        rows=tuple(rows),
        spent=_spent(run),
        stopped=stopped,
        retried=tuple(_retried(run)),
    )


def _spent(run: Run) -> Spent:
    sender, budget = run.api.sender, run.api.sender.budget
    return Spent(
        units=budget.spent + _unread(run),
        budget=budget.limits.units,
        unknown=budget.unknown,
        calls=len(sender.log),
        seconds=(datetime.now(UTC) - run.begun).total_seconds(),
        counts=not run.target.provisioned,
    )


def _unread(run: Run) -> int:
    """Units that info shows beyond those of tasks whose cost was read, such as tasks that were never polled."""
    watch, sender = run.api.units, run.api.sender
    if run.target.provisioned or not watch.used or watch.day_turned:
        return 0
    return max(0, watch.used[-1] - watch.used[0] - (sender.budget.spent - sender.spent_before))


def _retried(run: Run) -> Iterator[Retried]:
    mask = run.findings.mask
    for retried in run.api.sender.retried:
        yield Retried(curl(retried.call, run.target.base, mask), mask.text(retried.failure), retried.tries)
