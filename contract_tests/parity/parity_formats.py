"""The report of parity: on a terminal, as a page, Markdown, JSON, JUnit XML and SARIF, as annotations of GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO

from contract_tests.contract.clauses import all_clauses
from contract_tests.findings.exit_code import BUDGET
from contract_tests.parity.comparison import Agreement, PlaceComparison
from contract_tests.parity.parity_report import ClauseComparison, ParityReport
from contract_tests.redact.spellings import markdown
from contract_tests.report import junit, sarif
from contract_tests.report.annotations import MAX_ANNOTATIONS, annotation
from contract_tests.report.as_json import json_bytes
from contract_tests.report.console import console_of, print_table, print_text, print_verdict
from contract_tests.report.html import page
from contract_tests.report.renderers import Renderer
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import MAX_CELL, MAX_TEXT, Look, counted, listed

if TYPE_CHECKING:
    from rich.console import Console

MAX_PLACES = 3
"""Differences of one clause that a terminal shows."""
SCHEMA = "https://ifind-mock.invalid/schemas/reports/parity.schema.json"
LOOKS: Mapping[Agreement, Look] = MappingProxyType(
    {
        Agreement.DIFFERS: Look("≠", "bold red", "the two answer otherwise"),
        Agreement.IGNORED: Look("~", "yellow", "it differs, and --ignore names the clause"),
        Agreement.UNCOVERED: Look("≈", "yellow", "it differs as the profile says"),
        Agreement.SAME: Look("=", "green", "both do the same"),
        Agreement.OPEN: Look("–", "dim", "nothing of both showed it"),
    }
)
"""The most important first."""
_DIFFERENT = (Agreement.UNCOVERED, Agreement.IGNORED, Agreement.DIFFERS)
"""What a terminal always shows, the most important last."""


def headline(report: ParityReport) -> str:
    """What was found, in a sentence."""
    n, compared = report.totals[Agreement.DIFFERS], _compared(report)
    sentences = (
        (n, f"{counted(n, 'clause')} {'differs' if n == 1 else 'differ'}"),
        (report.errors, "The kit itself failed"),
        (not compared, "Nothing was compared"),
        (report.exit_code == BUDGET, "Nothing differs, but units, calls or time did not suffice"),
        (report.stopped, "The run ended before its time"),
        (report.exit_code, f"The run failed with exit code {report.exit_code}"),
    )
    return next((sentence for holds, sentence in sentences if holds), "Nothing differs")


def _compared(report: ParityReport) -> int:
    return sum(n for agreement, n in report.totals.items() if agreement is not Agreement.OPEN)


def verdict(report: ParityReport, code: int) -> tuple[str, str]:
    """How the run has ended: a word, and what it is about. code: of the process."""
    differ = [clause.clause for clause in report.of(Agreement.DIFFERS)]
    compared = f"{_compared(report)} of {counted(len(report.clauses), 'clause')} compared"
    cases = (
        (differ, "DIFFERS", f"{counted(len(differ), 'clause')}: {listed(differ)}"),
        (not report.clauses, "STOPPED", "nothing was compared"),
        (report.exit_code == BUDGET, "UNAFFORDABLE", "nothing differs, but units, calls or time did not suffice"),
        (report.stopped, "STOPPED", "the run ended before its time"),
        (True, "SAME", f"nothing differs; {compared}"),
    )
    word, what = next((word, what) for holds, word, what in cases if holds)
    return word, what if code == report.exit_code else f"{what}; an output is lost"


def totals(report: ParityReport) -> str:
    """Clauses by how they compare, and what the run took, in a line."""
    found = " · ".join(f"{n} {agreement}" for agreement, n in report.totals.items() if n)
    return "; ".join(filter(None, [found, taken(report)]))


def taken(report: ParityReport) -> str:
    """What the run took on each side."""
    (a, b), (units_a, units_b) = report.calls, report.units
    return f"calls {a} and {b}, units {units_a} and {units_b}"


def write_terminal(out: TextIO, report: ParityReport, *, whole: bool = False, code: int | None = None) -> None:
    """Writes the report for a reader. whole: with what is the same or was not compared; code: that of the process."""
    console = console_of(out)
    for name, url in (("A  ", report.a), ("B  ", report.b)):
        print_text(console, line(url, MAX_TEXT), name=name, hang=3)
    print_text(console, totals(report))
    if report.stopped:
        print_text(console, visible(report.stopped, MAX_TEXT))
    console.print()
    rest = [clause for clause in report.clauses if clause.agreement not in _DIFFERENT]
    if whole:
        names = ("clause", "result", "why not")
        cells = [(c.clause, (c.agreement.value, LOOKS[c.agreement].style), c.note) for c in rest]
        print_table(console, names, cells, unbroken=names[:2])
    elif rest:
        what = "what is the same, and what was not compared"
        print_text(console, f"--all lists {counted(len(rest), 'more clause')}: {what}.\n")
        for note in (clause.note for clause in rest if clause.agreement is Agreement.SAME and clause.note):
            print_text(console, f"{note}\n")
    for agreement in _DIFFERENT:
        for clause in report.of(agreement):
            _write_clause(console, clause)
    ended = report.exit_code if code is None else code
    word, what = verdict(report, ended)
    style = next((look.style for agreement, look in LOOKS.items() if agreement.upper() == word), "bold")
    print_verdict(console, word, what, ended, style)


def _write_clause(console: Console, clause: ClauseComparison) -> None:
    grade = f" ({clause.grade})" if clause.grade else ""
    head = f" {clause.clause}{grade}{title_of(clause)}"
    print_text(console, head, name=clause.agreement.upper(), style=LOOKS[clause.agreement].style)
    for place in _first(clause)[:MAX_PLACES]:
        print_text(console, where(place), name="where: ", indent=2, hang=7)
        for name, text in (("A:     ", place.a), ("B:     ", place.b)):
            print_text(console, line(text, MAX_TEXT), name=name, indent=2, hang=7)
    if (more := len(clause.differences) - MAX_PLACES) > 0:
        print_text(console, f"and {more} more", indent=2)
    console.print()


def title_of(clause: ClauseComparison) -> str:
    """What the clause says, behind its name."""
    known = all_clauses().get(clause.clause)
    return f": {known.title}" if known else ""


def _first(clause: ClauseComparison) -> list[PlaceComparison]:
    return sorted(clause.differences, key=lambda place: place.agreement is not Agreement.DIFFERS)


def where(place: PlaceComparison) -> str:
    """Where a difference is, in which call, and how the profile states it."""
    call = f" ({place.call})" if place.call else ""
    stated = f"; the profile says: {place.why}" if place.agreement is Agreement.UNCOVERED else ""
    return line(f"{place.where}{call}{stated}", MAX_TEXT)


def annotate(report: ParityReport) -> Iterator[str]:
    """Commands for GitHub: an error for each clause that differs, and one line for the run."""
    for text in filter(None, [report.stopped, *report.errors]):
        yield annotation("error", headline(report), text[:MAX_TEXT])
    rows = report.of(Agreement.DIFFERS)
    for clause in rows[: MAX_ANNOTATIONS - 1]:
        texts = "\n".join(_differences(clause)[:MAX_PLACES])
        yield annotation("error", f"DIFFERS {clause.clause}{title_of(clause)}", texts)
    if more := rows[MAX_ANNOTATIONS - 1 :]:
        yield annotation("error", f"DIFFERS {len(more)} more", ", ".join(clause.clause for clause in more))
    if report.clauses:
        yield annotation("notice", headline(report), f"{report.a} and {report.b}: {totals(report)}")


def as_json(report: ParityReport) -> bytes:
    """The report as schemas/reports/parity.schema.json describes it."""
    document = {
        "schema": SCHEMA,
        "kit": report.kit,
        "started": report.started.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "a": report.a,
        "b": report.b,
        "exit_code": report.exit_code,
        "stopped": report.stopped,
        "errors": list(report.errors),
        "calls": dict(zip("ab", report.calls, strict=True)),
        "units": dict(zip("ab", report.units, strict=True)),
        "totals": {agreement.value: n for agreement, n in report.totals.items()},
        "clauses": [
            {
                "id": clause.clause,
                "grade": clause.grade,
                "outcome": clause.agreement.value,
                "note": clause.note,
                "differences": [
                    {
                        "where": p.where,
                        "call": p.call,
                        "a": p.a,
                        "b": p.b,
                        "uncovered": p.why if p.agreement is Agreement.UNCOVERED else "",
                    }
                    for p in clause.differences
                ],
            }
            for clause in report.clauses
        ],
    }
    return json_bytes(document)


def as_page(report: ParityReport) -> bytes:
    """One HTML page that stands alone."""
    rows = sorted(report.clauses, key=lambda clause: list(LOOKS).index(clause.agreement))
    words = {"headline": headline(report), "taken": taken(report), "where": where, "title_of": title_of}
    return page("parity.html.jinja", report=report, rows=rows, LOOKS=LOOKS, Agreement=Agreement, **words)


def as_markdown(report: ParityReport) -> bytes:
    """What differs, for the summary of a CI job."""
    mark = {0: "✅", BUDGET: "⚠️"}.get(report.exit_code, "❌")
    lines = [f"## {mark} {headline(report)}", ""]
    lines += [f"A {_text(report.a)}, B {_text(report.b)}: {totals(report)}.", ""]
    lines += [f"**Stopped:** {_text(text)}\n" for text in filter(None, [report.stopped, *report.errors])]
    different = [clause for agreement in reversed(_DIFFERENT) for clause in report.of(agreement)]
    if different:
        lines += ["| clause | result | where | A | B |", "| --- | --- | --- | --- | --- |"]
    for clause in different:
        for place in _first(clause)[:MAX_PLACES]:
            cells = (clause.clause, clause.agreement, where(place), place.a, place.b)
            lines.append(f"| {' | '.join(_text(cell) for cell in cells)} |")
    return ("\n".join(lines) + "\n").encode()


def as_junit(report: ParityReport) -> bytes:
    """A test case a clause: what differs is a failure, what was not compared is skipped. What is known to differ passes
    and says so.
    """
    return junit.document(
        f"parity of {report.a} and {report.b}",
        [_case(clause) for clause in report.clauses],
        [*filter(None, [report.stopped]), *report.errors],
        [taken(report), totals(report)],
        started=report.started,
        seconds=report.seconds,
    )


def _case(clause: ClauseComparison) -> junit.JUnitCase:
    case = junit.JUnitCase(clause.grade or "parity", f"{clause.clause}{title_of(clause)}")
    texts = _differences(clause)
    if clause.agreement is Agreement.DIFFERS:
        return case._replace(fate="failure", message=texts[0], kind=clause.agreement, texts=texts)
    if clause.agreement is Agreement.OPEN:
        return case._replace(fate="skipped", message=f"{clause.agreement}: {clause.note}")
    if clause.agreement is Agreement.SAME:
        return case._replace(texts=tuple(filter(None, [visible(clause.note)])))
    return case._replace(texts=(LOOKS[clause.agreement].meaning, *texts))


def as_sarif(report: ParityReport) -> bytes:
    """A rule a clause, a result a difference: an error where it fails the run, a note where it is known."""
    results = [
        sarif.result(
            clause.clause,
            index,
            "error" if clause.agreement is Agreement.DIFFERS else "note",
            text,
            key=(clause.clause, place.where, place.a, place.b),
        )
        for index, clause in enumerate(report.clauses)
        for place, text in zip(_first(clause), _differences(clause), strict=True)
    ]
    return sarif.document(
        f"parity {report.a} {report.b}",
        [_rule(clause.clause) for clause in report.clauses],
        results,
        [*filter(None, [report.stopped]), *report.errors],
        kit=report.kit,
        exit_code=report.exit_code,
        started=report.started,
    )


def _rule(name: str) -> dict[str, Any]:
    known = all_clauses().get(name)
    if known is None:
        return sarif.rule(name, "Differences of no clause", "No clause is about what differs.", "error")
    return sarif.rule(name, known.title, sarif.help_of(known), "error")


def _differences(clause: ClauseComparison) -> tuple[str, ...]:
    """A line for each, those that count first."""
    return tuple(f"{where(p)}: A {line(p.a, MAX_TEXT)}; B {line(p.b, MAX_TEXT)}" for p in _first(clause))


def _text(text: str) -> str:
    return markdown(line(text, MAX_CELL))


RENDERERS: Mapping[str, Renderer[ParityReport]] = MappingProxyType(
    {
        "junit": Renderer("", as_junit),
        "html": Renderer("", as_page),
        "json": Renderer("", as_json),
        "sarif": Renderer("", as_sarif),
        "summary": Renderer("", as_markdown, appends=True),
    }
)
"""By the name of the option, whose help is the one of `check`."""
