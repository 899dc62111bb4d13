"""What a reader is told, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

STATUSES = ("ok", "processing", "ready", "error")
COLUMNS = ("title", "price", "time", "phone", "name", "description", "location", "source", "category", "url")
"""The fields of a row, in the page's order."""
NUMBERS = ("id", "error_code", "used", "of")
"""Members that are numbers, where a format knows nothing but text."""
TIMES = ("create_time", "end_time")
"""Members that may be numbers or text."""


class Unreadable(Exception):
    """Bytes that are no answer in the format; says why, and where in them. Holds nothing of what they say."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the bytes: the method that was asked, the section that its source fills (None: not known,
    or none), and the choices seen earlier in the run, which decide where the bytes alone leave two readings.
    """

    method: str
    section: str | None = None
    known: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Decoded:
    """An answer in the one model of all formats."""

    model: Mapping[str, Any]
    """Members by name, as JSON has them."""
    format: str
    choices: Mapping[str, str]
    """Clause to the choice that the writing shows."""
    rows: str | None = None
    """The section whose rows are all that the answer carries (CSV); None for a whole answer."""

    def can_show(self, clause: str) -> bool:
        """Whether the format can show the choice of the clause."""
        return clause not in HIDDEN[self.format]

    def shown(self, profile: Mapping[str, Any]) -> dict[str, Any]:
        """The choices of a profile that the format can show."""
        return {clause: choice for clause, choice in profile.items() if self.can_show(clause)}


HIDDEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "json": (),
        "xml": ("row.phone", "result.photo-empty"),
        "csv": ("row.phone", "result.photo-empty", "info.shape", "result.sections"),
    }
)
"""Clauses that a format can't show: JSON alone tells a number from a text and null from an empty one, and CSV has no
lists beside rows.
"""

DOCUMENTED = frozenset(
    [
        "status",
        "id",
        "error_code",
        "message",
        "data",
        "names",
        "photo",
        "cost",
        "ip",
        "create_time",
        "end_time",
        "title",
        "price",
        "time",
        "phone",
        "name",
        "description",
        "location",
        "source",
        "category",
        "url",
        "api_limit",
        "used",
        "of",
        "api_time_limit",
        "demo",
    ]
)


def named(name: str) -> str:
    """A member's name as it may be told: one that is in no documentation may hold anything."""
    return f"the name {name!r}" if name in DOCUMENTED else "a name"


def typed(name: str, text: str) -> str | int:
    """A member's value from a format that knows nothing but text."""
    plain = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if plain and name in (*NUMBERS, *TIMES) else text


MAX_DIGITS = 20
"""Digits of a whole number that anyone could store."""
MAX_DEPTH = 32
"""Objects and lists within one another; a documented answer has three."""
MAX_PARTS = 1_000_000
"""Values of an answer: more take time and memory that no right answer needs."""


def bound(body: bytes, marks: bytes, kind: str) -> None:
    """Refuses a body with more of the marks that part values than any answer has. Raises Unreadable."""
    if sum(body.count(mark) for mark in marks) > MAX_PARTS:
        raise Unreadable(f"{kind} of more than {MAX_PARTS:,} values")
