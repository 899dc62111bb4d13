"""A report on a terminal: the findings, a table by clause, the two figures and a line of totals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.report.console import Cell, console_of, print_table
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import LOOKS, MAX_TEXT, asides, figures, in_full, in_short, last_proven, totals

if TYPE_CHECKING:
    from rich.console import Console

MAX_FINDINGS = 3  # findings of one clause that are shown in full


def write_terminal(out: TextIO, report: Report, *, findings: bool = True) -> None:
    """Writes the report for a reader at a terminal, or for a log; without findings where those were shown already."""
    console = console_of(out)
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


def _write_findings(console: Console, rows: Iterable[ClauseResult], *, strict: bool) -> None:
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
    names = ("clause", "grade", "outcome", "seen", "note", *(() if report.history is None else ("last decided live",)))
    rows: list[tuple[Cell, ...]] = []
    for row in report.rows:
        known = report.remembered(row.clause.id)
        proven: tuple[Cell, ...] = () if known is None else ((last_proven(known), "yellow" if known.stale else ""),)
        outcome = (row.outcome.value, LOOKS[row.outcome].style)
        rows.append((row.clause.id, row.clause.grade, outcome, row.seen, row.note, *proven))
    print_table(console, names, rows, unbroken=names[:3])
