"""Makes the report of a run that has ended, or of one that could not begin."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from contract_tests.report.model import Report, Spent
from contract_tests.run import Run


def report_of(run: Run | None, *, target: str, exit_code: int, stopped: str = "") -> Report:
    """The report; run is None where the target was never reached."""
    if run is None:
        nothing = Spent(units=0, budget=None, unknown=0, calls=0, seconds=0.0)
        return Report(target, datetime.now(UTC), version("ifind-mock"), exit_code, False, (), nothing, stopped=stopped)
    rows = run.book.rows(run.options.only)
    if run.options.only:
        rows += [r for r in run.book.rows() if r.findings and r.clause.id not in run.options.only]
    spending = run.pool.spending
    return Report(
        target=run.target.base,
        started=datetime.now(UTC),
        kit=version("ifind-mock"),
        exit_code=exit_code,
        strict=run.options.strict,
        rows=tuple(rows),
        spent=Spent(
            units=spending.spent,
            budget=spending.budget,
            unknown=0,
            calls=run.api.wire.calls,
            seconds=0.0,
            counts=not run.target.provisioned,
        ),
        stopped=stopped,
    )
