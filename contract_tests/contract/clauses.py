"""The clauses as the suite reads them, and a problem: one way in which an answer breaks a clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

from mockserver import data

GRADES: Mapping[str, str] = {
    "documented": "the operator's page says so",
    "law": "expected of any API of this kind",
    "observed": "seen in clients of this API",
    "sister": "seen in clients of a sister API",
    "assumed": "nobody knows; the choice is the kit's",
}
"""Grades of clauses and what each is founded on, the best founded first."""
BINDING = ("documented", "law")
_WORDS: Mapping[object, tuple[str, ...]] = {True: ("yes", "true"), False: ("no", "false"), None: ("null",)}


class UsageError(Exception):
    """Wrong usage: the message says what, where and what would be right. Exit code 2."""


@dataclass(frozen=True)
class Clause:
    """One clause of schemas/clauses.toml; its head describes the fields. A clause without a default is not open."""

    id: str
    title: str
    grade: str
    evidence: str
    weak: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    meaning: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None
    samples: tuple[Any, ...] = ()
    unseen: str = ""

    @property
    def binding(self) -> bool:
        """Whether a target that breaks it fails the run."""
        return self.grade in BINDING and not self.weak

    def covers(self, seen: object) -> bool:
        """Whether what was seen is among the clause's choices."""
        return seen in self.choices or self.value is not None

    def read(self, choice: object) -> Any:
        """The choice in a profile; booleans stand for yes and no, or for choices of their names. Raises UsageError."""
        word = choice
        if choice is None or isinstance(choice, bool):
            word = next((w for w in _WORDS[choice] if w in self.choices), _WORDS[choice][0])
        if self.default is None:
            raise UsageError(f"{self.id}: this clause is not open, so it is not a setting; leave it out")
        if isinstance(self.default, Mapping):
            return self._read_table(word)
        if isinstance(word, str) and self.covers(word):
            return word
        like = f", or a value such as {' or '.join(map(repr, self.samples))}" if self.value else ""
        raise UsageError(
            f"{self.id}: {choice!r} is not a choice; allowed: {', '.join(map(repr, self.choices)) or 'a text'}{like}"
        )

    def _read_table(self, table: object) -> Mapping[str, Any]:
        if not isinstance(table, Mapping):
            raise UsageError(f"{self.id}: {table!r} is not a table; write it as kind = value, by kind of error")
        for kind in table:
            if kind not in self.default:
                raise UsageError(f"{self.id}: {suggest(str(kind), self.default, noun='kind of error')}")
        return {**self.default, **table}


@cache
def all_clauses() -> Mapping[str, Clause]:
    """Every clause by its id, in the order of the table."""
    rows = data.toml("schemas", "clauses.toml")["clause"]
    fields: list[dict[str, Any]] = [{k: tuple(v) if isinstance(v, list) else v for k, v in r.items()} for r in rows]
    return MappingProxyType({f["id"]: Clause(**f) for f in fields})


LONGEST_SHOWN = 100
"""Characters of a wrong word that a message shows."""


def suggest(word: str, known: Iterable[str], *, noun: str) -> str:
    """A message for an unknown word, with the nearest known one."""
    names, shown = list(known), word if len(word) <= LONGEST_SHOWN else f"{word[:LONGEST_SHOWN]}…"
    near = get_close_matches(shown, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(names)}"
    return f"{shown!r} is not a {noun}; {hint}"


def clause_of(name: str) -> Clause:
    """The clause of the id. Raises UsageError with the nearest one."""
    found = all_clauses().get(name)
    if found is None:
        raise UsageError(suggest(name, all_clauses(), noun="clause"))
    return found


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
