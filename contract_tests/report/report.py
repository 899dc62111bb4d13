"""A run as reports show it: every text in it is masked already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from contract_tests.contract.clauses import GRADES
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult, Finding

JUDGED = (Outcome.HOLDS, Outcome.BROKEN, Outcome.REFUTED)  # outcomes of clauses that were decided


@dataclass(frozen=True, slots=True)
class Spent:
    units: int  # of the daily limit
    budget: int | None  # in units; None: no limit
    unknown: int  # units of creates whose answer was lost or could not be read
    calls: int
    seconds: float  # from the first call to the last
    polling: int = 0  # units, of those above, that asking for results has taken
    counts: bool = True  # whether units cost anything here: accounts that the suite made itself have any number


@dataclass(frozen=True, slots=True)
class Retried:
    """A call that failed and was answered when sent again."""

    call: str  # as a curl line
    failure: str
    tries: int  # how often it was sent


@dataclass(frozen=True, slots=True)
class History:
    """When a clause was last decided live (None: never), and whether that is too long ago."""

    proven: date | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Report:
    target: str  # its URL
    started: datetime
    kit: str  # the version
    exit_code: int
    strict: bool
    rows: tuple[ClauseResult, ...]
    spent: Spent
    provable: int | None = None  # clauses that this budget can decide; None: not worked out
    stopped: str = ""  # why the run ended early or did not begin; empty where it is complete
    retried: tuple[Retried, ...] = ()
    errors: tuple[str, ...] = ()
    history: Mapping[str, History] | None = None  # by clause, what --history remembers; None without it
    seconds: Mapping[str, float] = field(default_factory=dict)  # by clause: of its tests, each shared by its clauses

    @property
    def proven(self) -> int:
        """The number of clauses of which the run has found out whether they hold."""
        return sum(row.outcome in JUDGED for row in self.rows)

    @property
    def totals(self) -> Mapping[Outcome, int]:
        """Clauses by outcome, in the order of outcomes, without those that no clause has."""
        count = Counter(row.outcome for row in self.rows)
        return {outcome: count[outcome] for outcome in Outcome if count[outcome]}

    @property
    def by_grade(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Clauses by outcome, for each grade that a clause has, in the order of GRADES."""
        count = Counter((row.clause.grade, row.outcome) for row in self.rows)
        there = {row.clause.grade for row in self.rows}
        return {grade: {o: count[grade, o] for o in Outcome} for grade in GRADES if grade in there}

    @property
    def due(self) -> tuple[str, ...]:
        """Clauses that, by --history, were not decided lately, though a run can do so."""
        known = self.history or {}
        return tuple(row.clause.id for row in self.rows if row.clause.id in known and known[row.clause.id].stale)

    def without_rows(self, why: str) -> Report:
        """The report with an error in place of all that was found."""
        return replace(self, rows=(), retried=(), errors=(why,), history=None)

    def masked(self, mask: Callable[[str], str]) -> Report:
        """The report with each text of the target masked before a table breaks it over lines."""

        def of_finding(finding: Finding) -> Finding:
            call, answer, where = mask(finding.call), mask(finding.answer), mask(finding.where)
            found, expected = mask(finding.found), mask(finding.expected)
            return replace(finding, call=call, answer=answer, where=where, found=found, expected=expected)

        def of_row(row: ClauseResult) -> ClauseResult:
            findings = tuple(map(of_finding, row.findings))
            return replace(row, seen=mask(row.seen), note=mask(row.note), findings=findings)

        retried = tuple(replace(one, call=mask(one.call), failure=mask(one.failure)) for one in self.retried)
        rows, errors = tuple(map(of_row, self.rows)), tuple(map(mask, self.errors))
        target, stopped = mask(self.target), mask(self.stopped)
        return replace(self, target=target, rows=rows, retried=retried, errors=errors, stopped=stopped)

    def remembered(self, clause: str) -> History | None:
        """What the history knows of a clause, which may be that it was never decided; None without a history."""
        return None if self.history is None else self.history.get(clause, History(proven=None, stale=True))
