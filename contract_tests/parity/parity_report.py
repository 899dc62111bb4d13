"""What parity found, by clause: as data, on a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from contract_tests.contract.clauses import all_clauses
from contract_tests.parity.comparison import Agreement, PlaceComparison
from contract_tests.parity.observe import NO_CLAUSE
from contract_tests.parity.script import COMPARABLE
from contract_tests.redact.secrets import Secrets
from contract_tests.report.as_json import json_bytes
from contract_tests.report.console import Cell, console_of, print_table
from contract_tests.report.visible import line

MOST = 3  # differences of one clause that a terminal shows


@dataclass(frozen=True, slots=True)
class ClauseComparison:
    clause: str
    grade: str
    agreement: Agreement
    differences: tuple[PlaceComparison, ...]  # each kind of difference once
    note: str  # why it was not compared, or that it need not be ignored any more


@dataclass(frozen=True, slots=True)
class ParityReport:
    a: str  # a URL, as is b
    b: str
    clauses: tuple[ClauseComparison, ...]
    calls: tuple[int, int]
    units: tuple[int, int]
    exit_code: int
    stopped: str = ""  # why it ended early; empty where it did not
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)  # what no output may show

    @property
    def totals(self) -> Mapping[Agreement, int]:
        count = Counter(clause.agreement for clause in self.clauses)
        return {agreement: count[agreement] for agreement in Agreement}


def by_clause(places: Iterable[PlaceComparison], ignored: Collection[str]) -> tuple[ClauseComparison, ...]:
    """The comparison of every clause, and of what belongs to no clause."""
    found: dict[str, list[PlaceComparison]] = {}
    for place in places:
        found.setdefault(place.clause, []).append(place)
    grades = {clause.id: clause.grade for clause in all_clauses().values()} | {NO_CLAUSE: ""}
    return tuple(_of_clause(name, grade, found.get(name, []), name in ignored) for name, grade in grades.items())


def _of_clause(name: str, grade: str, places: Sequence[PlaceComparison], ignored: bool) -> ClauseComparison:
    differ = [place for place in places if place.agreement in (Agreement.DIFFERS, Agreement.UNCOVERED)]
    if differ:
        once = tuple({(p.where, p.a, p.b, p.agreement): p for p in reversed(differ)}.values())[::-1]
        new = any(place.agreement is Agreement.DIFFERS for place in once)
        found = Agreement.UNCOVERED if not new else Agreement.IGNORED if ignored else Agreement.DIFFERS
        return ClauseComparison(name, grade, found, once, "")
    if any(place.agreement is Agreement.SAME for place in places):
        note = f"no longer differs: leave out --ignore {name}" if ignored else ""
        return ClauseComparison(name, grade, Agreement.SAME, (), note)
    return ClauseComparison(name, grade, Agreement.OPEN, (), next((p.why for p in places), "") or _why_open(name))


def _why_open(name: str) -> str:
    clause = all_clauses().get(name)
    if clause and clause.unseen:
        return clause.unseen
    return _WHY.get(name, "no answer showed it" if name in COMPARABLE else NOT_COMPARABLE)


NOT_COMPARABLE = "not comparable between two servers; run `check`"
_WHY: Mapping[str, str] = {
    "rate.limit": "the pace of calls is not the same on both sides",
    "quota.charged-at": "the clause has a single choice",
}


def write_terminal(out: TextIO, report: ParityReport) -> None:
    console = console_of(out)
    console.print(f"A  {line(report.a)}\nB  {line(report.b)}\n", soft_wrap=True)
    names = ("clause", "result", "A", "B", "where, and the call; or why not")
    rows = (cells for clause in report.clauses for cells in _cells(clause))
    print_table(console, names, rows, unbroken=names[:2])
    if report.stopped:
        console.print(line(report.stopped), soft_wrap=True)
    totals = " · ".join(f"{n} {agreement}" for agreement, n in report.totals.items() if n)
    spent = f"calls {report.calls[0]} and {report.calls[1]}, units {report.units[0]} and {report.units[1]}"
    console.print(f"{totals}; {spent}", soft_wrap=True)


def _cells(clause: ClauseComparison) -> Iterator[tuple[Cell, ...]]:
    first = sorted(clause.differences, key=lambda place: place.agreement is not Agreement.DIFFERS)[:MOST]
    shown = [(place.a, place.b, _where(place)) for place in first]
    more = len(clause.differences) - MOST
    shown += [("", "", f"and {more} more")] if more > 0 else []
    head: tuple[Cell, Cell] = (clause.clause, (clause.agreement.value, STYLES[clause.agreement]))
    for cells in shown or [("", "", clause.note)]:
        yield (*head, *cells)
        head = ("", "")


def _where(place: PlaceComparison) -> str:
    """Where a difference is, in which call, and how the profile states it."""
    call = f" ({place.call})" if place.call else ""
    return f"{place.where}{call}{STATED + place.why if place.agreement is Agreement.UNCOVERED else ''}"


STATED = "; the profile says: "
STYLES = {
    Agreement.DIFFERS: "bold red",
    Agreement.IGNORED: "yellow",
    Agreement.UNCOVERED: "yellow",
    Agreement.SAME: "green",
    Agreement.OPEN: "dim",
}


def render(report: ParityReport) -> bytes:
    document = {
        "a": report.a,
        "b": report.b,
        "exit_code": report.exit_code,
        "stopped": report.stopped,
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
