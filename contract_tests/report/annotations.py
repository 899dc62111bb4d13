"""Annotations of GitHub: lines of a log that a workflow shows beside the change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import Finding
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import MAX_TEXT, headline, in_short, totals

MAX_ANNOTATIONS = 10
"""Errors, and warnings, that GitHub shows of a step."""


def annotation(level: str, title: str, text: str) -> str:
    """A command for GitHub. level: error, warning or notice; the text may have several lines."""
    return f"::{level} title={_escaped(line(title), '%:,')}::{_escaped(visible(text), '%')}"


def _escaped(text: str, marks: str) -> str:
    return text.translate({ord(mark): f"%{ord(mark):02X}" for mark in f"{marks}\r\n"})


def write_annotations(commands: Iterable[str], out: TextIO) -> None:
    """Writes commands for GitHub, a line each."""
    out.writelines(f"{command}\n" for command in commands)
    out.flush()


def _text(finding: Finding) -> str:
    return f"{in_short(finding)}\n{finding.call}\n{finding.answer}"[:MAX_TEXT]


def annotate(report: Report) -> Iterator[str]:
    """The annotations of a report: an error for each broken promise, a warning for each refuted assumption, which is an
    error where it counts, and one for the run.
    """
    for text in [*filter(None, [report.stopped]), *report.errors]:
        yield annotation("error", headline(report), text[:MAX_TEXT])
    found = [row for row in report.rows if row.outcome in (Outcome.BROKEN, Outcome.REFUTED)]
    for outcome in (Outcome.BROKEN, Outcome.REFUTED):
        rows = [row for row in found if row.outcome is outcome]
        level = "error" if outcome is Outcome.BROKEN or report.strict else "warning"
        for row in rows[: MAX_ANNOTATIONS - 1]:
            title = f"{outcome.upper()} {row.clause.id} ({row.clause.grade}): {line(row.clause.title, MAX_TEXT)}"
            yield annotation(level, title, _text(row.findings[0]) if row.findings else row.note)
        if more := rows[MAX_ANNOTATIONS - 1 :]:
            names = ", ".join(row.clause.id for row in more)
            yield annotation(level, f"{outcome.upper()} {len(more)} more", names)
    if report.rows:
        yield annotation("notice", headline(report), totals(report)[:MAX_TEXT])
