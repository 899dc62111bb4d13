"""A report on a terminal: the findings, a table by clause, the two figures and a line of totals."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from contract_tests.findings.finding import Finding, Row
from contract_tests.findings.outcome import Outcome
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import (
    LOOKS,
    MAX_CELL,
    MAX_TEXT,
    asides,
    figures,
    in_full,
    in_short,
    last_proven,
    totals,
)

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 140
"""Columns where the output is no terminal."""
MAX_FINDINGS = 3
"""Findings of one clause that are shown in full."""


def write_terminal(out: TextIO, report: Report, *, findings: bool = True) -> None:
    """Writes the report for a reader at a terminal, or for a log; without findings where those were shown already."""
    from rich.console import Console

    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")  # a log in ASCII takes the report too
    width = None if out.isatty() else WIDTH
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)
    if report.stopped:
        console.print(visible(report.stopped, MAX_TEXT), soft_wrap=True)
    if not report.rows:
        return
    if findings:
        _write_findings(console, report.rows, strict=report.strict)
    _write_table(console, report)
    for retried in report.retried:
        failure, call = line(retried.failure, MAX_TEXT), line(retried.call, MAX_TEXT)
        console.print(f"RETRIED {failure}; answered at try {retried.tries}\n  {call}\n", soft_wrap=True)
    for text in (*asides(report), figures(report), line(totals(report), MAX_TEXT)):
        console.print(text, soft_wrap=True)


def _write_findings(console: Console, rows: Iterable[Row], *, strict: bool) -> None:
    """What is broken in full; a refuted assumption, which is a finding and no defect, in two lines."""
    for row in sorted(rows, key=lambda row: row.outcome is Outcome.REFUTED):
        for finding in row.findings[:MAX_FINDINGS]:
            console.print(row.outcome.upper(), style=LOOKS[row.outcome].style, end=" ")
            console.print(f"{_text(finding, full=finding.binding or strict)}\n", soft_wrap=True)
        if len(row.findings) > MAX_FINDINGS:
            console.print(f"  and {len(row.findings) - MAX_FINDINGS} more of {line(row.clause.id)}\n", soft_wrap=True)


def _text(finding: Finding, *, full: bool) -> str:
    clause = finding.clause
    title, *lines = (clause.title, *in_full(finding)) if full else (in_short(finding), line(finding.call, MAX_TEXT))
    return "\n  ".join([f"{line(clause.id)} ({clause.grade}): {line(title, MAX_TEXT)}", *lines])


def _write_table(console: Console, report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("clause", "grade", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("seen", "note", *(() if report.history is None else ("last proven live",))):
        table.add_column(name, overflow="fold")
    for row in report.rows:
        cells = [Text(line(text, MAX_CELL)) for text in (row.clause.id, row.clause.grade, row.seen, row.note)]
        cells.insert(2, Text(row.outcome, LOOKS[row.outcome].style))
        if (known := report.remembered(row.clause.id)) is not None:
            cells.append(Text(last_proven(known), "yellow" if known.stale else ""))
        table.add_row(*cells)
    console.print(table)
    console.print()
