"""What a run found out, on a terminal: the findings, a table by clause, and a line of totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from contract_tests.run import Run
from contract_tests.verdicts import Finding, Outcome, Row

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 140
"""Columns where the output is no terminal."""
MOST = 3
"""Findings of one clause that are told in full."""
STYLES = {
    Outcome.HOLDS: "green",
    Outcome.UNCHECKED: "dim",
    Outcome.UNAFFORDABLE: "yellow",
    Outcome.REFUTED: "yellow",
    Outcome.BROKEN: "bold red",
    Outcome.ERROR: "bold magenta",
}


def write_report(out: TextIO, run: Run | None, stopped: tuple[int, str] | None, *, findings: bool = True) -> None:
    """Writes the report of a run, or why there was none."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, and needed at the end alone

    console = Console(
        file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False, emoji=False, soft_wrap=False
    )
    if stopped is not None:
        console.print(stopped[1], soft_wrap=True)
    if run is None:
        return
    rows = run.book.rows(run.options.only)
    if run.options.only:
        rows += [r for r in run.book.rows() if r.findings and r.clause.id not in run.options.only]
    if findings:
        _write_findings(console, rows, strict=run.options.strict)
    _write_table(console, rows)
    console.print(_totals(run, rows), soft_wrap=True)


def _write_findings(console: Console, rows: Iterable[Row], *, strict: bool) -> None:
    """What is broken in full; a refuted assumption, which is a finding and no defect, in two lines."""
    for row in sorted(rows, key=lambda row: row.outcome is Outcome.REFUTED):
        for finding in row.findings[:MOST]:
            console.print(row.outcome.word.upper(), style=STYLES[row.outcome], end=" ")
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
        verdict = Text(row.outcome.word, STYLES[row.outcome])
        table.add_row(row.clause.id, row.clause.grade, verdict, Text(row.seen), Text(row.note))
    console.print(table)


def _totals(run: Run, rows: Iterable[Row]) -> str:
    count = Counter(row.outcome for row in rows)
    told = " · ".join(f"{count[o]} {o.word}" for o in Outcome if count[o])
    spending = run.pool.spending
    spent = "" if run.target.provisioned else f" · {spending.spent} units"
    if spending.budget is not None and spending.spent > spending.budget:
        spent += f", {spending.spent - spending.budget} above the budget, as tasks cost more than any before"
    return f"{run.target.base}: {told} · {run.api.wire.calls} calls{spent}"
