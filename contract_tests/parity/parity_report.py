"""What parity found, by clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from contract_tests.contract.clauses import all_clauses
from contract_tests.parity.comparison import Agreement, PlaceComparison
from contract_tests.parity.observe import NO_CLAUSE
from contract_tests.parity.script import COMPARABLE
from contract_tests.redact.secrets import Secrets


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
    errors: tuple[str, ...] = ()  # of the kit itself
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0  # from the start to the last answer
    kit: str = field(default_factory=lambda: version("ifind-mock"))

    @property
    def totals(self) -> Mapping[Agreement, int]:
        count = Counter(clause.agreement for clause in self.clauses)
        return {agreement: count[agreement] for agreement in Agreement}

    def of(self, agreement: Agreement) -> tuple[ClauseComparison, ...]:
        """The clauses of which it holds."""
        return tuple(clause for clause in self.clauses if clause.agreement is agreement)

    def without_rows(self, why: str) -> ParityReport:
        """The report with an error in place of all that was found."""
        return replace(self, clauses=(), errors=(why,))

    def masked(self) -> tuple[ParityReport, int]:
        """The report without secrets, and the number of places that held one."""
        places = 0

        def mask(text: str) -> str:
            nonlocal places
            text, more = self.secrets.mask_counted(text)
            places += more
            return text

        def of_place(place: PlaceComparison) -> PlaceComparison:
            where, a, b, call, why = map(mask, (place.where, place.a, place.b, place.call, place.why))
            return replace(place, where=where, a=a, b=b, call=call, why=why)

        clauses = tuple(
            replace(clause, differences=tuple(map(of_place, clause.differences)), note=mask(clause.note))
            for clause in self.clauses
        )
        a, b, stopped = mask(self.a), mask(self.b), mask(self.stopped)
        return replace(self, a=a, b=b, clauses=clauses, stopped=stopped), places


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
