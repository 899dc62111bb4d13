"""Matching: the facts of a call, and which calls are meant. Faults use it; it knows none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.core.errors import Problem
from mockserver.core.messages import METHODS
from mockserver.formats.writers import FORMATS
from mockserver.inputs import fields
from mockserver.profile.editions import ALL_SOURCES


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call. For result, phone and source are those of the task."""

    method: str
    http_method: str  # `GET` also for a `HEAD`
    login: str | None
    phone: str | None
    source: int | None
    format: str


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls are meant: those whose facts equal every entry; of these, `nth` picks one by its number."""

    entries: Mapping[str, str | int]

    @property
    def login(self) -> str | None:
        """The account that it names."""
        login = self.entries.get("login")
        return None if login is None else str(login)

    def fits(self, facts: Facts) -> bool:
        """Whether the call is meant, `nth` aside."""
        return all(getattr(facts, key) == wanted for key, wanted in self.entries.items() if key != "nth")

    def picks(self, number: int) -> bool:
        """Whether `nth` is this number of a fitting call; without `nth` it is every number."""
        return number == self.entries.get("nth", number)

    def is_past(self, number: int) -> bool:
        """Whether `nth` is no later fitting call than this number."""
        nth = self.entries.get("nth")
        return isinstance(nth, int) and nth <= number


def read_match(document: Any, where: str, problems: list[Problem], *, numbered: bool = True) -> Match:
    """The match of a document with any keys of Facts and, where calls are numbered, `nth`; adds every problem to
    problems.
    """
    match = fields.table(document, where, MATCH_FIELDS if numbered else _UNNUMBERED, problems)
    problems += impossible(match, where)
    return Match(match)


def impossible(match: Mapping[str, Any], where: str) -> list[Problem]:
    """The problems of a match that no call could fit."""
    never = [key for key in ("phone", "source") if key in match and match.get("method") == "info"]
    remedy = "leave it out"
    return [Problem(fields.inside(where, key), "info has none, so nothing could match", remedy) for key in never[:1]]


MATCH_FIELDS: Mapping[str, fields.Field[Any]] = {
    "method": fields.one_of(METHODS).described("The API's method that is called."),
    "http_method": fields.one_of(("GET", "POST")).described("How it is called; a HEAD counts as GET."),
    "login": fields.at_most(fields.SHORT, fields.text).described("The account that calls."),
    "phone": fields.phone.described("The phone that is searched; for result, the task's."),
    "source": fields.one_of(ALL_SOURCES).described("The source that is searched; for result, the task's."),
    "format": fields.one_of(FORMATS).described("The format of the answer."),
    "nth": fields.whole(1).described("Only this one of the calls that fit."),
}
_OF_INFO = {"properties": {"method": {"const": "info"}}, "required": ["method"]}
_OF_A_TASK = {"anyOf": [{"required": ["phone"]}, {"required": ["source"]}]}
_FITTING = {"not": {**_OF_INFO, **_OF_A_TASK}}
_UNNUMBERED = {key: field for key, field in MATCH_FIELDS.items() if key != "nth"}
MATCH = fields.bounded(fields.table_of(MATCH_FIELDS), _FITTING)  # what a match may name
NEXT_MATCH = fields.bounded(fields.table_of(_UNNUMBERED), _FITTING)
"""What the match of a rule may name that is for the next call."""
