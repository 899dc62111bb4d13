"""One way in which an answer breaks the contract."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contract_tests.contract.clauses import BINDING, all_clauses


@dataclass(frozen=True)
class Problem:
    """One way in which an answer breaks a clause. No field holds a value of the answer."""

    path: str  # where, such as `data[0].price`; where a missing member should be; empty: the whole answer
    rule: str  # the keyword of JSON Schema or of the table description that is broken, or the name of another rule
    expected: str
    grade: str
    clause: str | None
    found: str = ""  # type and size of what stands there

    @property
    def binding(self) -> bool:
        """Whether it breaks a promise or a law; else it refutes an assumption."""
        return all_clauses()[self.clause].binding if self.clause else self.grade in BINDING

    def __str__(self) -> str:
        """As `data[0].price: expected text, found null (result.row-fields, documented)`."""
        found = f", found {self.found}" if self.found else ""
        by = f"{self.clause}, {self.grade}" if self.clause else self.grade
        return f"{self.path or 'the answer'}: expected {self.expected}{found} ({by})"


def problem(clause: str, path: str, rule: str, expected: str, found: str) -> Problem:
    """A problem with the grade of its clause."""
    return Problem(path, rule, expected, all_clauses()[clause].grade, clause, found)


def in_order(found: Iterable[Problem]) -> list[Problem]:
    """Each problem once, sorted by place, with data[2] before data[10]."""
    return sorted(set(found), key=lambda p: (_natural(p.path), p.rule, p.expected, p.clause or ""))


def _natural(path: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", path))
