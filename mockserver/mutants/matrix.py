"""The kill matrix: which tests catch which mutant, under which plan, and what that says about the suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract_tests.findings.exit_code import BROKEN, HOLDS
from mockserver.mutants.kit.mutant import Mutant


class Plan(StrEnum):
    """How much the suite crosses, the cheapest first."""

    ONLY = "only"  # what `check --only` runs for the clause
    COVERING = "covering"  # what a check of any URL runs
    CLAUSE = "full --only"  # what `check --full --only` runs for the clause
    FULL = "full"  # what `check --full` runs


class Fate(StrEnum):
    """What became of a mutant."""

    CAUGHT = "caught"  # its clause is reported as broken
    MISNAMED = "misnamed"  # only other clauses are
    SURVIVED = "survived"  # none is
    EQUIVALENT = "equivalent"  # none is, as was argued; an assumption may be refuted
    DISPROVED = "not equivalent"  # it was argued to be equivalent, and a promise or law is reported
    ERROR = "error"  # the suite itself failed

    @property
    def right(self) -> bool:
        """Whether it is as it should be."""
        return self in (Fate.CAUGHT, Fate.EQUIVALENT)


@dataclass(frozen=True, slots=True)
class Examination:
    """One run of the suite on one mock."""

    plan: Plan
    clause: str
    """The only clause that is run; empty where all are."""
    broken: tuple[str, ...]
    """The promises and laws that the report calls broken."""
    tests: Mapping[str, tuple[str, ...]]
    """Each test that ran, with the clauses that it names."""
    caught: Mapping[str, tuple[str, ...]]
    """The tests that found something broken, with the clauses."""
    refuted: tuple[str, ...] = ()
    """The assumptions that do not hold."""
    errors: tuple[str, ...] = ()
    """What went wrong in the suite itself."""

    @property
    def green(self) -> bool:
        """Whether there is nothing to report, as must be so on the unbroken mock."""
        return not (self.breaks or self.refuted or self.errors)

    @property
    def breaks(self) -> bool:
        """Whether a promise or law is reported."""
        return bool(self.broken or self.caught)


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant with every run of the suite on it, the last of which decides."""

    name: str
    mutant: Mutant
    runs: tuple[Examination, ...]
    seconds: float

    @property
    def broken(self) -> tuple[str, ...]:
        """The clauses that any run reports as broken, in the order of the first reports."""
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
            return Fate.DISPROVED if any(run.breaks for run in self.runs) else Fate.EQUIVALENT
        if self.mutant.breaks in self.broken:
            return Fate.CAUGHT
        return Fate.MISNAMED if self.broken else Fate.SURVIVED


@dataclass(frozen=True, slots=True)
class Matrix:
    """All trials, and the controls: the suite on the unbroken mock, under each plan that was used."""

    trials: tuple[Trial, ...]
    controls: tuple[Examination, ...]
    whole: bool = False
    """Whether every mutant was tried. Only then does a test that caught none mean anything."""
    untried: int = 0
    """Mutants that were not tried, since the run was interrupted."""
    interrupted: bool = False
    seconds: float = 0.0
    binding: frozenset[str] = field(default_factory=frozenset)
    """The promises and laws, by their clauses."""

    @property
    def red(self) -> tuple[Examination, ...]:
        """The controls that report something: where there is one, the matrix proves nothing."""
        return tuple(run for run in self.controls if not run.green)

    @property
    def wrong(self) -> tuple[Trial, ...]:
        """The trials that did not end as they should."""
        return tuple(trial for trial in self.trials if not trial.fate.right)

    @property
    def tests(self) -> Mapping[str, tuple[str, ...]]:
        """Every test with the clauses that it names, in the order of the run."""
        runs = self.controls if not self.interrupted else [run for trial in self.trials for run in trial.runs]
        return {test: clauses for run in runs for test, clauses in run.tests.items()}

    @property
    def idle(self) -> tuple[str, ...]:
        """The tests of a promise or law that caught nothing. Tests of assumptions, which no mutant breaks, are not."""
        busy = {test for trial in self.trials for test in trial.caught}
        idle = {test: clauses for test, clauses in self.tests.items() if test not in busy}
        return tuple(test for test, clauses in idle.items() if not self.binding.isdisjoint(clauses))

    @property
    def exit_code(self) -> int:
        """HOLDS where every mutant ended as it should and the controls are green, else BROKEN; BROKEN for a run that
        was interrupted.
        """
        return BROKEN if self.red or self.wrong or self.interrupted else HOLDS
