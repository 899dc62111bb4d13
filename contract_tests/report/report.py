"""A run as reports tell it: every text in it is masked already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from contract_tests.findings.finding import ClauseResult
from contract_tests.findings.outcome import Outcome

JUDGED = (Outcome.HOLDS, Outcome.BROKEN, Outcome.REFUTED)
"""Outcomes of clauses that were proven, the one way or the other."""
GRADES = ("documented", "law", "observed", "sister", "assumed")
"""Grades of clauses, the best founded first."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run took: units of the daily limit (budget None: no limit), of which `unknown` belong to creates whose
    answer was lost; calls that went out; seconds from the first to the last.
    """

    units: int
    budget: int | None
    unknown: int
    calls: int
    seconds: float
    counts: bool = True
    """Whether units cost anything here: accounts that the suite made itself have as many as it likes."""


@dataclass(frozen=True, slots=True)
class Retried:
    """A call that failed and was answered when sent again: a curl line, what went wrong, how often it was sent."""

    call: str
    failure: str
    tries: int


@dataclass(frozen=True, slots=True)
class History:
    """When a clause was last proven live; stale where that is too long ago, or never was."""

    proven: date | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A run. target is its URL; stopped says why it ended before its time, or did not begin (empty: it did neither);
    provable is the number of clauses that this budget can prove (None: nobody asked); history maps clauses to what
    --history remembers of them, and is empty without it.
    """

    target: str
    started: datetime
    kit: str
    exit_code: int
    strict: bool
    rows: tuple[ClauseResult, ...]
    spent: Spent
    provable: int | None = None
    stopped: str = ""
    retried: tuple[Retried, ...] = ()
    errors: tuple[str, ...] = ()
    history: Mapping[str, History] | None = None

    @property
    def proven(self) -> int:
        """The number of clauses of which the run has found out whether they hold."""
        return sum(row.outcome in JUDGED for row in self.rows)

    @property
    def totals(self) -> Mapping[Outcome, int]:
        """Clauses by outcome, in the order of outcomes; those that are there."""
        count = Counter(row.outcome for row in self.rows)
        return {outcome: count[outcome] for outcome in Outcome if count[outcome]}

    @property
    def by_grade(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Clauses by outcome, for each grade that is there, in the order of GRADES."""
        count = Counter((row.clause.grade, row.outcome) for row in self.rows)
        there = {row.clause.grade for row in self.rows}
        return {grade: {o: count[grade, o] for o in Outcome} for grade in GRADES if grade in there}

    @property
    def due(self) -> tuple[str, ...]:
        """Clauses that some run can show and that were not proven lately, by what --history remembers."""
        known = self.history or {}
        seen = (row.clause for row in self.rows if not row.clause.unseen)
        return tuple(clause.id for clause in seen if clause.id in known and known[clause.id].stale)

    def remembered(self, clause: str) -> History | None:
        """What the history knows of a clause, which may be that it was never proven; None without a history."""
        return None if self.history is None else self.history.get(clause, History(proven=None, stale=True))
