"""A report as Markdown for the summary of a CI job, as GitHub renders it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC

from contract_tests.findings.exit_code import BUDGET
from contract_tests.findings.finding import Finding
from contract_tests.findings.outcome import Outcome
from contract_tests.redact.spellings import markdown
from contract_tests.report.report import JUDGED, Report
from contract_tests.report.visible import line
from contract_tests.report.wording import asides, figures, headline, in_short, last_proven, taken

MOST_BYTES = 600_000
"""Bytes of a summary: GitHub takes 1 MiB of a step, and drops all of it where there is more."""
MOST_CELL, MOST_TEXT = 300, 2_000
"""Characters of a cell, and of a line in a block."""


def render(report: Report) -> bytes:
    """The summary, in parts from the most to the least needed, each of which leaves a third of the room; what does
    not fit is counted, not told.
    """
    room = MOST_BYTES
    told: list[str] = []
    for title, parts in _SECTIONS:
        made = [part.encode() for part in parts(report)]
        if not made:
            continue
        kept = list(_fitting(made, room * 2 // 3))
        room -= sum(map(len, kept))
        left = len(made) - len(kept)
        told += [
            title,
            *(part.decode() for part in kept),
            *([f"\n… and {left} more, left out here.\n"] if left else []),
        ]
    return "".join(told).encode()


def _fitting(parts: Iterable[bytes], room: int) -> Iterator[bytes]:
    for part in parts:
        room -= len(part)
        if room < 0:
            return
        yield part


def text(told: str, most: int = MOST_CELL) -> str:
    """A value in a line of Markdown: as references, what Markdown or HTML could take for a mark is just a character."""
    return markdown(line(told, most))


def _head(report: Report) -> Iterator[str]:
    yield f"## {_mark(report)} {headline(report)}\n\n"
    started = report.started.astimezone(UTC)
    yield f"Contract of {text(report.target)}, checked {started:%Y-%m-%d %H:%M} UTC, kit {text(report.kit)}.\n\n"
    if report.stopped:
        yield f"**Stopped:** {text(report.stopped, MOST_TEXT)}\n\n"
    if report.rows:
        yield f"**{figures(report)}** · {' · '.join(taken(report.spent))}\n\n"
    for told in asides(report):
        yield f"- {told}\n"


def _mark(report: Report) -> str:
    return {0: "✅", BUDGET: "⚠️"}.get(report.exit_code, "❌")


def _counts(report: Report) -> Iterator[str]:
    there = list(report.totals)
    if not there:
        return
    yield _cells("grade", *there, "all") + _cells("---", *("---:" for _ in there), "---:")
    for grade, count in report.by_grade.items():
        yield _cells(grade, *(str(count[outcome] or "") for outcome in there), str(sum(count.values())))
    yield _cells("all", *(str(n) for n in report.totals.values()), str(len(report.rows)))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _findings(report: Report) -> Iterator[str]:
    rows = sorted(report.rows, key=lambda row: row.outcome is not Outcome.BROKEN)
    for row in rows:
        for finding in row.findings:
            yield _unfolding(f"{row.outcome}: {row.clause.id} ({row.clause.grade}): {in_short(finding)}", finding)


def _unfolding(summary: str, finding: Finding) -> str:
    told = {
        "promise": finding.clause.title,
        "call": finding.call,
        "answer": finding.answer,
        "where": finding.where or "the answer",
        "found": finding.found,
        "expected": finding.expected,
    }
    return f"<details><summary>{text(summary)}</summary>\n\n{_block(told)}\n</details>\n\n"


def _block(told: Mapping[str, str]) -> str:
    """Lines as they are. Each begins with its name, so that none can end the block."""
    lines = "\n".join(f"{name + ':':<9} {line(value, MOST_TEXT)}" for name, value in told.items())
    return f"```text\n{lines}\n```\n"


def _unproven(report: Report) -> Iterator[str]:
    for row in report.rows:
        if row.outcome not in JUDGED:
            known = report.remembered(row.clause.id)
            proven = "" if known is None else f" (last proven live: {last_proven(known)})"
            yield _cells(text(row.clause.id), row.clause.grade, row.outcome, text(row.note) + proven)


def _errors(report: Report) -> Iterator[str]:
    for error in report.errors:
        yield _block({"error": error})


def _retried(report: Report) -> Iterator[str]:
    for retried in report.retried:
        yield _cells(text(retried.call), text(retried.failure), str(retried.tries))


_SECTIONS: tuple[tuple[str, Callable[[Report], Iterator[str]]], ...] = (
    ("", _head),
    ("\n", _counts),
    ("\n### Findings\n\n", _findings),
    ("\n### Errors of the kit itself\n\n", _errors),
    ("\n### Not proven\n\n| clause | grade | verdict | why |\n| --- | --- | --- | --- |\n", _unproven),
    ("\n### Retried calls\n\n| call | failure | tries |\n| --- | --- | ---: |\n", _retried),
)
