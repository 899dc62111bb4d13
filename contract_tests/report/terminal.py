"""A report on a terminal: what does not hold, and last how the run ended; all clauses where they are wanted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import Finding
from contract_tests.report.console import Cell, console_of, print_command, print_table, print_text, print_verdict
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import (
    LOOKS,
    MAX_TEXT,
    asides,
    counted,
    figures,
    in_short,
    last_proven,
    totals,
    verdict,
)

if TYPE_CHECKING:
    from rich.console import Console

MAX_REASONS = 3  # reasons for what could not be afforded that are shown
MAX_FINDINGS = 3  # findings of one clause that are shown
UNSHOWN = (Outcome.HOLDS, Outcome.UNCHECKED, Outcome.UNAFFORDABLE)  # outcomes that only --all lists


def write_terminal(
    out: TextIO, report: Report, *, whole: bool = False, findings: bool = True, code: int | None = None
) -> None:
    """Writes the report for a reader at a terminal, or for a log. whole: with the clauses that hold or were not
    checked; findings: what is broken or refuted, unless that was shown already; code: the exit code of the process.
    """
    console = console_of(out)
    if report.stopped:
        print_text(console, visible(report.stopped, MAX_TEXT))
    if report.rows:
        for text in (line(totals(report), MAX_TEXT), figures(report), *asides(report)):
            print_text(console, text)
        console.print()
        _write_table(console, report, whole=whole)
        for retried in report.retried:
            failure = f"{line(retried.failure, MAX_TEXT)}; answered at try {retried.tries}"
            print_text(console, failure, name="RETRIED ", style="yellow")
            print_command(console, line(retried.call, MAX_TEXT))
            console.print()
        if findings:
            _write_findings(console, report, whole=whole)
    if report.rows or report.stopped or report.errors:
        ended = report.exit_code if code is None else code
        word, what = verdict(report, ended)
        style = next((LOOKS[outcome].style for outcome in LOOKS if outcome.upper() == word), "bold")
        print_verdict(console, word, what, ended, style)


def _write_table(console: Console, report: Report, *, whole: bool) -> None:
    """The clauses, or those of which neither a finding nor the figures say enough."""
    hidden = {*UNSHOWN, Outcome.BROKEN, Outcome.REFUTED}
    shown = [row for row in report.rows if whole or row.outcome not in hidden]
    names = ("clause", "grade", "outcome", "seen", "note", *(() if report.history is None else ("last decided live",)))
    rows: list[tuple[Cell, ...]] = []
    for row in shown:
        known = report.remembered(row.clause.id)
        proven: tuple[Cell, ...] = () if known is None else ((last_proven(known), "yellow" if known.stale else ""),)
        outcome = (row.outcome.value, LOOKS[row.outcome].style)
        rows.append((row.clause.id, row.clause.grade, outcome, row.seen, row.note, *proven))
    print_table(console, names, rows, unbroken=names[:3])
    short = Counter(row.note for row in report.rows if row.outcome is Outcome.UNAFFORDABLE and not whole)
    for note, number in short.most_common(MAX_REASONS):
        print_text(console, f"{counted(number, 'clause')} unaffordable: {line(note, MAX_TEXT)}")
    if left := [row for row in report.rows if row.outcome in UNSHOWN and not whole]:
        print_text(console, f"--all lists {counted(len(left), 'more clause')}: what holds, and what was not checked.\n")


def _write_findings(console: Console, report: Report, *, whole: bool) -> None:
    """What is broken in full, at the end; before it, in short, refuted assumptions, which are no defects."""
    full = {row.clause.id for row in report.rows if row.outcome is Outcome.BROKEN or report.strict}
    for row in sorted((row for row in report.rows if row.findings), key=lambda row: row.clause.id in full):
        for place, finding in enumerate(row.findings[:MAX_FINDINGS]):
            if place and row.clause.id in full:
                console.print()
            _write_finding(console, row.outcome, finding, full=row.clause.id in full, call=whole)
        if len(row.findings) > MAX_FINDINGS:
            print_text(console, f"and {len(row.findings) - MAX_FINDINGS} more of {line(row.clause.id)}", indent=2)
        console.print()


def _write_finding(console: Console, outcome: Outcome, finding: Finding, *, full: bool, call: bool) -> None:
    clause = finding.clause
    title = line(clause.title if full else in_short(finding), MAX_TEXT)
    head = f" {line(clause.id)} ({clause.grade}): {title}"
    print_text(console, head, name=outcome.upper(), style=LOOKS[outcome].style)
    for name, text in finding.parts.items() if full else [("call", finding.call)] if call else []:
        shown, label = line(text, MAX_TEXT), f"{name + ':':<{LABEL}}"
        if name == "call":
            print_command(console, shown, name=label)
        else:
            print_text(console, shown, name=label, indent=2, hang=LABEL)


LABEL = 10  # columns of the name of a part of a finding
