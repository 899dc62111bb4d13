"""The kill matrix: which tests catch which mutant, under which plan, and what that says of the suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mockserver.mutants.kit.mutant import Mutant


class Plan(StrEnum):
    """How much the suite crosses, the cheapest first: what a check of any URL does, all that `check --full --only`
    does for the clause, all that `check --full` does.
    """

    COVERING = "covering"
    CLAUSE = "full --only"
    FULL = "full"


class Fate(StrEnum):
    """What became of a mutant.

    CAUGHT: its clause is reported as broken. MISNAMED: others are, and not its own. SURVIVED: none is. EQUIVALENT: none
    is, as was argued. DISPROVED: it was argued to be equivalent, and something is reported. ERROR: the suite itself
    failed.
    """

    CAUGHT = "caught"
    MISNAMED = "misnamed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    DISPROVED = "not equivalent"
    ERROR = "error"

    @property
    def right(self) -> bool:
        """Whether it is as it should be."""
        return self in (Fate.CAUGHT, Fate.EQUIVALENT)


@dataclass(frozen=True, slots=True)
class Examination:
    """One run of the suite on one mock. broken: the promises and laws that its report calls broken; tests: each test
    that ran with the clauses that it names, caught: those that found something broken, with what; refuted:
    assumptions that do not hold; errors: what went wrong in the suite itself.
    """

    plan: Plan
    clause: str
    broken: tuple[str, ...]
    tests: Mapping[str, tuple[str, ...]]
    caught: Mapping[str, tuple[str, ...]]
    refuted: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def green(self) -> bool:
        """Whether there is nothing to report, as there must not be on the unbroken mock."""
        return not (self.broken or self.caught or self.refuted or self.errors)


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant with every run of the suite on it, the last of which decides; seconds of all of them."""

    name: str
    mutant: Mutant
    runs: tuple[Examination, ...]
    seconds: float

    @property
    def broken(self) -> tuple[str, ...]:
        """The clauses that any run reports as broken, in the order in which they were first told."""
        return tuple(dict.fromkeys(clause for run in self.runs for clause in run.broken))

    @property
    def caught(self) -> Mapping[str, tuple[str, ...]]:
        """The tests that found something broken, with the clauses, over all runs."""
        found: dict[str, dict[str, None]] = {}
        for run in self.runs:
            for test, clauses in run.caught.items():
                found.setdefault(test, {}).update(dict.fromkeys(clauses))
        return {test: tuple(clauses) for test, clauses in found.items()}

    @property
    def plan(self) -> Plan:
        """The plan that decided."""
        return self.runs[-1].plan

    @property
    def fate(self) -> Fate:
        """What became of the mutant."""
        if any(run.errors for run in self.runs):
            return Fate.ERROR
        if self.mutant.equivalent:
            return Fate.EQUIVALENT if all(run.green for run in self.runs) else Fate.DISPROVED
        if self.mutant.breaks in self.broken:
            return Fate.CAUGHT
        return Fate.MISNAMED if self.broken else Fate.SURVIVED


@dataclass(frozen=True, slots=True)
class Matrix:
    """All trials, and the controls: the suite on the unbroken mock, under each plan that was used. whole: whether every
    mutant was tried, so that something can be said of tests that caught none. binding: the promises and laws.
    """

    trials: tuple[Trial, ...]
    controls: tuple[Examination, ...]
    whole: bool = False
    seconds: float = 0.0
    binding: frozenset[str] = field(default_factory=frozenset)

    @property
    def red(self) -> tuple[Examination, ...]:
        """The controls that have something to report: where there is one, the matrix says nothing."""
        return tuple(run for run in self.controls if not run.green)

    @property
    def wrong(self) -> tuple[Trial, ...]:
        """The trials that did not end as they should."""
        return tuple(trial for trial in self.trials if not trial.fate.right)

    @property
    def tests(self) -> Mapping[str, tuple[str, ...]]:
        """Every test with the clauses that it names, in the order in which they run."""
        return {test: clauses for run in self.controls for test, clauses in run.tests.items()}

    @property
    def idle(self) -> tuple[str, ...]:
        """The tests that name a promise or law and caught nothing; others look at what is assumed, which no mutant
        breaks.
        """
        busy = {test for trial in self.trials for test in trial.caught}
        return tuple(
            test for test, clauses in self.tests.items() if test not in busy and not self.binding.isdisjoint(clauses)
        )

    @property
    def exit_code(self) -> int:
        """0 where every mutant ended as it should and the controls are green, else 1."""
        return 1 if self.red or self.wrong else 0
