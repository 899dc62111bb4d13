"""What a run found out, on a terminal: the findings, a table by clause, the two figures and a line of totals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.findings.outcome import Outcome
from contract_tests.report.console import Cell, console_of, print_table
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import asides, figures, in_short, last_proven, totals

if TYPE_CHECKING:
    from rich.console import Console

MOST = 3
"""Findings of one clause that are told in full."""
MOST_TEXT = 2_000
"""Characters of a finding's line."""
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
    console = console_of(out)
    if report.stopped:
        console.print(visible(report.stopped, MOST_TEXT), soft_wrap=True)
    if not report.rows:
        return
    if findings:
        _write_findings(console, report.rows, strict=report.strict)
    _write_table(console, report)
    _write_retried(console, report)
    for text in (*asides(report), figures(report)):
        console.print(text, soft_wrap=True)
    console.print(line(totals(report), MOST_TEXT), soft_wrap=True)


def _write_findings(console: Console, rows: Iterable[ClauseResult], *, strict: bool) -> None:
    """What is broken in full; a refuted assumption, which is a finding and no defect, in two lines."""
    for row in sorted(rows, key=lambda row: row.outcome is Outcome.REFUTED):
        for finding in row.findings[:MOST]:
            console.print(row.outcome.upper(), style=STYLES[row.outcome], end=" ")
            told = _in_full(finding) if finding.binding or strict else _in_two_lines(finding)
            console.print(f"{told}\n", soft_wrap=True)
        if len(row.findings) > MOST:
            console.print(f"  and {len(row.findings) - MOST} more of {line(row.clause.id)}\n", soft_wrap=True)


def _in_full(finding: Finding) -> str:
    lines = {
        "call": finding.call,
        "answer": finding.answer,
        "where": finding.where or "the answer",
        "found": finding.found,
        "expected": finding.expected,
    }
    told = (f"  {name + ':':<9} {line(text, MOST_TEXT)}" for name, text in lines.items())
    return "\n".join([f"{_name(finding)}: {line(finding.clause.title, MOST_TEXT)}", *told])


def _in_two_lines(finding: Finding) -> str:
    return f"{_name(finding)}: {line(in_short(finding), MOST_TEXT)}\n  {line(finding.call, MOST_TEXT)}"


def _name(finding: Finding) -> str:
    return f"{line(finding.clause.id)} ({finding.clause.grade})"


def _write_table(console: Console, report: Report) -> None:
    names = ("clause", "grade", "verdict", "seen", "note", *(() if report.history is None else ("last proven live",)))
    rows: list[tuple[Cell, ...]] = []
    for row in report.rows:
        known = report.remembered(row.clause.id)
        proven: tuple[Cell, ...] = () if known is None else ((last_proven(known), "yellow" if known.stale else ""),)
        outcome = (row.outcome.value, STYLES[row.outcome])
        rows.append((row.clause.id, row.clause.grade, outcome, row.seen, row.note, *proven))
    print_table(console, names, rows, unbroken=names[:3])


def _write_retried(console: Console, report: Report) -> None:
    for retried in report.retried:
        failure, call = line(retried.failure, MOST_TEXT), line(retried.call, MOST_TEXT)
        console.print(f"HEALED {failure}; answered at try {retried.tries}\n  {call}\n", soft_wrap=True)
