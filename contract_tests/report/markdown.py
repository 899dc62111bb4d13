"""A report as Markdown for the summary of a CI job, as GitHub renders it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import accumulate

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.exit_code import BUDGET
from contract_tests.redact.spellings import markdown
from contract_tests.report import wording
from contract_tests.report.report import JUDGED, Report
from contract_tests.report.visible import line

MAX_BYTES = 600_000  # bytes of a summary: GitHub takes 1 MiB of a step, and drops all of it where there is more


def render(report: Report) -> bytes:
    """The summary, in sections from the most to the least needed. Each takes up to two thirds of the room that is left;
    what does not fit is counted.
    """
    room = MAX_BYTES
    summary: list[str] = []
    for title, section in _SECTIONS:
        parts = list(section(report))
        sizes = list(accumulate(len(part.encode()) for part in parts))
        kept = sum(size <= room * 2 // 3 for size in sizes)
        if parts:
            summary += [title, *parts[:kept]]
        if kept:
            room -= sizes[kept - 1]
        if kept < len(parts):
            summary.append(f"\n… and {len(parts) - kept} more, left out here.\n")
    return "".join(summary).encode()


def _text(text: str, most: int = wording.MAX_CELL) -> str:
    return markdown(line(text, most))


def _head(report: Report) -> Iterator[str]:
    mark = {0: "✅", BUDGET: "⚠️"}.get(report.exit_code, "❌")
    yield f"## {mark} {wording.headline(report)}\n\n"
    started = report.started.astimezone(UTC)
    yield f"Contract of {_text(report.target)}, checked {started:%Y-%m-%d %H:%M} UTC, kit {_text(report.kit)}.\n\n"
    if report.stopped:
        yield f"**Stopped:** {_text(report.stopped, wording.MAX_TEXT)}\n\n"
    if report.rows:
        yield f"**{wording.figures(report)}** · {' · '.join(wording.taken(report.spent))}\n\n"
    for aside in wording.asides(report):
        yield f"- {aside}\n"


def _counts(report: Report) -> Iterator[str]:
    outcomes = list(report.totals)
    if not outcomes:
        return
    yield _cells("grade", *outcomes, "all") + _cells("---", *("---:" for _ in outcomes), "---:")
    for grade, count in report.by_grade.items():
        yield _cells(grade, *(str(count[outcome] or "") for outcome in outcomes), str(sum(count.values())))
    yield _cells("all", *(str(n) for n in report.totals.values()), str(len(report.rows)))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _findings(report: Report) -> Iterator[str]:
    for row in sorted(report.rows, key=lambda row: row.outcome is not Outcome.BROKEN):
        for finding in row.findings:
            summary = _text(f"{row.outcome}: {row.clause.id} ({row.clause.grade}): {wording.in_short(finding)}")
            block = _block(wording.named("promise", finding.clause.title), *wording.in_full(finding))
            yield f"<details><summary>{summary}</summary>\n\n{block}\n</details>\n\n"


def _block(*lines: str) -> str:
    """Lines as they are. Each begins with its name, so that none can end the block."""
    return "\n".join(["```text", *lines, "```\n"])


def _undecided(report: Report) -> Iterator[str]:
    for row in report.rows:
        if row.outcome not in JUDGED:
            known = report.remembered(row.clause.id)
            proven = "" if known is None else f" (last decided live: {wording.last_proven(known)})"
            yield _cells(_text(row.clause.id), row.clause.grade, row.outcome, _text(row.note) + proven)


def _errors(report: Report) -> Iterator[str]:
    return (_block(wording.named("error", error)) for error in report.errors)


def _retried(report: Report) -> Iterator[str]:
    return (_cells(_text(call.call), _text(call.failure), str(call.tries)) for call in report.retried)


_SECTIONS: tuple[tuple[str, Callable[[Report], Iterator[str]]], ...] = (
    ("", _head),
    ("\n", _counts),
    ("\n### Findings\n\n", _findings),
    ("\n### Errors of the kit itself\n\n", _errors),
    ("\n### Not decided\n\n| clause | grade | outcome | why |\n| --- | --- | --- | --- |\n", _undecided),
    ("\n### Retried calls\n\n| call | failure | tries |\n| --- | --- | ---: |\n", _retried),
)
