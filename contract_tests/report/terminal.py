"""What a run found out, on a terminal: the findings, a table by clause, and a line of totals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from contract_tests.report.model import Report
from contract_tests.verdicts import Finding, Outcome, Row

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 140
"""Columns where the output is no terminal."""
MOST = 3
"""Findings of one clause that are told in full."""
STYLES = {
    Outcome.HOLDS: "green",
    Outcome.BROKEN: "bold red",
    Outcome.REFUTED: "yellow",
    Outcome.INCONCLUSIVE: "magenta",
    Outcome.UNAFFORDABLE: "yellow",
    Outcome.UNCHECKED: "dim",
    Outcome.ERROR: "bold magenta",
}


def write_terminal(out: TextIO, report: Report, *, findings: bool = True) -> None:
    """Writes the report for a reader at a terminal, or for a log; without findings where those were told already."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, and needed at the end alone

    console = Console(
        file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False, emoji=False, soft_wrap=False
    )
    if report.stopped:
        console.print(report.stopped, soft_wrap=True)
    if not report.rows:
        return
    if findings:
        _write_findings(console, report.rows, strict=report.strict)
    _write_table(console, report.rows)
    console.print(_totals(report), soft_wrap=True)


def _write_findings(console: Console, rows: Iterable[Row], *, strict: bool) -> None:
    """What is broken in full; a refuted assumption, which is a finding and no defect, in two lines."""
    for row in sorted(rows, key=lambda row: row.outcome is Outcome.REFUTED):
        for finding in row.findings[:MOST]:
            console.print(row.outcome.upper(), style=STYLES[row.outcome], end=" ")
            console.print(f"{finding}\n" if finding.binding or strict else _in_short(finding), soft_wrap=True)
        if len(row.findings) > MOST:
            console.print(f"  and {len(row.findings) - MOST} more of {row.clause.id}\n")


def _in_short(finding: Finding) -> str:
    where = f"{finding.where}: " if finding.where else ""
    head = f"{finding.clause.id} ({finding.clause.grade}): {where}{finding.found}; expected {finding.expected}"
    return f"{head}\n  {finding.call}\n"


def _write_table(console: Console, rows: Iterable[Row]) -> None:
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415

    table = Table("clause", "grade", "verdict", "seen", "note", box=None, pad_edge=False)
    for row in rows:
        verdict = Text(row.outcome, STYLES[row.outcome])
        table.add_row(row.clause.id, row.clause.grade, verdict, Text(row.seen), Text(row.note))
    console.print(table)


def _totals(report: Report) -> str:
    told = " · ".join(f"{n} {outcome}" for outcome, n in report.totals.items())
    spent = report.spent
    units = f" · {spent.units} units" if spent.counts else ""
    if spent.counts and spent.budget is not None and spent.units > spent.budget:
        units += f", {spent.units - spent.budget} above the budget, as tasks cost more than any before"
    return f"{report.target}: {told} · {spent.calls} calls{units}"
