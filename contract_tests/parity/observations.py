"""What an answer can show at a place, as words that two answers can be held to each other by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.contract.shapes import kind
from contract_tests.decode.model import DOCUMENTED

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Facet:
    """What an answer shows at a place: could holds all that it may be, one entry where it is plain. told and where are
    it and the place in words that hold nothing of the answer's values. parent: the object whose lack of this place is
    itself a showing.
    """

    clause: str
    could: frozenset[str]
    told: str
    where: str
    parent: str | None = None


@dataclass
class Shown:
    """All that an answer shows: facets by place, and the places of its objects."""

    facets: dict[str, Facet] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)

    def add(
        self, place: str, clause: str, *could: str, told: str = "", where: str = "", parent: str | None = None
    ) -> None:
        """Notes a facet; where tells a place whose name is not the suite's own."""
        told = told or " or ".join(sorted(could))
        self.facets[place] = Facet(clause, frozenset(could), told, where or place, parent)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an answer beside it: the phone that was asked for, the section that is filled, the encoding of
    the target's CSV.
    """

    phone: str = ""
    section: str = ""
    encoding: str = "utf-8"


def members(found: Shown, model: Mapping[str, Any], at: str, clauses: Mapping[str, str], others: str) -> None:
    """Notes the types of an object's members; clauses by name, others for those that are not documented there."""
    found.objects.add(at)
    for name, value in model.items():
        clause = clauses.get(name, others)
        found.add(inside(at, name), clause, kind(value), where=inside(at, public(name)), parent=at)


def inside(place: str, name: str) -> str:
    """The place of a member of the object at a place."""
    return f"{place}.{name}" if place else name


def public(name: str) -> str:
    """A member's name as it may be told: one that is in no documentation may hold anything."""
    return name if name in DOCUMENTED else "(a member of no documentation)"
