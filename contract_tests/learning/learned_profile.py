"""What was learnt of a target: choices, what no choice covers, and what could not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contract_tests.contract.clauses import Clause
from contract_tests.findings.finding import Finding
from contract_tests.report.report import Spent

Choice = str | Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Learnt:
    """The choice of an open clause: a word, or a table by kind of error. shown of the answers that showed any choice of
    the clause showed this one; kinds tells the same for each kind of a table, as `shown, answers`; evidence is a line
    that holds nothing of the target's.
    """

    clause: Clause
    choice: Choice
    shown: int
    answers: int
    evidence: str
    kinds: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def once(self) -> bool:
        """Whether it rests on one answer alone, or some kind of its table does."""
        return self.shown == 1 or any(shown == 1 for shown, _ in self.kinds.values())


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Something that the target does and no choice of a clause covers. shape is that of an answer which shows it: types
    and documented names, no value; call what was asked, in short.
    """

    clause: str
    what: str
    shape: str
    call: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A clause, or a kind of error (`error.codes.limit`), that no answer showed, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """All of it. target is a URL; broken are the findings about documented promises and laws."""

    target: str
    at: datetime
    kit: str
    spent: Spent
    learnt: tuple[Learnt, ...]
    uncovered: tuple[Uncovered, ...]
    unseen: tuple[Unseen, ...]
    broken: tuple[Finding, ...]


def answers(shown: int, of: int) -> str:
    """`3 of 4 answers`: so many of those that showed any choice."""
    return f"{shown} of {of} answers"
