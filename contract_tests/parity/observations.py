"""What one answer shows, place by place, in words by which two answers can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.contract.shapes import kind
from contract_tests.decode.model import DOCUMENTED

ABSENT = "absent"
_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Observation:
    """What an answer shows at a place."""

    clause: str
    values: frozenset[str]
    """All values that the answer allows; a single one where it is unambiguous."""
    shown: str
    """The value in words that hold nothing of the answer."""
    where: str
    """The place in words that hold nothing of the answer."""
    parent: str | None = None
    """The object around the place: another answer that has the object and not the place differs."""


@dataclass
class Observations:
    """All that an answer shows."""

    by_place: dict[str, Observation] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    """The places of its objects."""

    def add(
        self, place: str, clause: str, *values: str, shown: str = "", where: str = "", parent: str | None = None
    ) -> None:
        """Adds an observation; `where` is for a place whose name is the server's own."""
        shown = shown or any_of(values)
        self.by_place[place] = Observation(clause, frozenset(values), shown, where or place, parent)

    def add_members(
        self, model: Mapping[str, Any], clause: str, at: str = "", clauses: Mapping[str, str] = _NO_NAMES
    ) -> None:
        """Adds the types of the members of an object at a place; `clauses` has those that are not `clause`, by name."""
        self.add_types(at, {name: {kind(value)} for name, value in model.items()}, clause, clauses)

    def add_types(
        self, at: str, types: Mapping[str, Iterable[str]], clause: str, clauses: Mapping[str, str] = _NO_NAMES
    ) -> None:
        """Adds the types of members by name. A name that is not documented is not shown: it may hold anything."""
        self.objects.add(at)
        prefix = f"{at}." if at else ""
        for name, found in types.items():
            where = prefix + (name if name in DOCUMENTED else "(a member of no documentation)")
            self.add(prefix + name, clauses.get(name, clause), any_of(found), where=where, parent=at)


def any_of(words: Iterable[str]) -> str:
    """The words as alternatives: `record or task`."""
    return " or ".join(sorted(words))
