"""What a reader takes and returns: the context of an answer, the decoded answer, the reason why there is none."""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any

from contract_tests.contract.members import DOCUMENTED, NUMBERS, TIMES


class Unreadable(Exception):
    """Bytes that are no answer in the format; says why and where, and holds nothing of the answer."""


class TooLarge(Unreadable):
    """Bytes that are not read further, as they are too many, too deep or too long to be compared. No page and no law
    forbids such an answer: it breaks no promise, and shows nothing.
    """


class UnknownLayout(Exception):
    """Well-formed bytes whose members can't be told apart. It refutes an assumed clause and breaks no promise. Holds
    nothing of the answer.
    """

    def __init__(self, clause: str, layout: str) -> None:
        super().__init__(f"a layout that no choice covers: {layout}")
        self.clause = clause  # the clause that the layout is a matter of, such as `csv.header`
        self.layout = layout  # a word for `Findings.saw`, such as `columns of unknown names`


class Misfit(Exception):
    """Why a table is no answer in a layout; holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the bytes."""

    method: str
    section: str | None = None  # the section that the task's source fills; None: unknown, or none
    known: Mapping[str, str] = field(default_factory=dict)  # choices that the run has seen, for ambiguous bytes
    reference: Mapping[str, Any] | None = field(
        default=None, repr=False
    )  # the answer about the same thing in JSON, for layouts without names


@dataclass(frozen=True, slots=True)
class Decoded:
    """An answer in the one model of all formats."""

    model: Mapping[str, Any] = field(repr=False)  # members by name, as JSON has them
    format: str
    choices: Mapping[str, str]  # clause to the choice that the writing shows, or to a word for what no choice covers
    rows: str | None = None  # the section whose rows are all that the answer carries; None for a whole answer
    doubt: str = ""  # why the members may be others than these, such as a table without a line of names; empty: sure

    def can_show(self, clause: str) -> bool:
        """Whether the format can show the choice of the clause."""
        return clause not in HIDDEN.get(self.format, ())

    def shown(self, profile: Mapping[str, Any]) -> dict[str, Any]:
        """The choices of a profile that the format can show."""
        return {clause: choice for clause, choice in profile.items() if self.can_show(clause)}


_TEXT_ONLY = ("row.phone", "result.photo-empty", "result.sections", "info.shape")
HIDDEN: Mapping[str, tuple[str, ...]] = {"json": (), "xml": _TEXT_ONLY, "csv": _TEXT_ONLY}
"""Clauses that a format can't show. Only JSON distinguishes numbers, null and false from text. In XML a section that is
empty, null or false is an empty element, and where lists are repeated elements, an empty one is left out, and a list of
one is that one.
"""


def named(name: str) -> str:
    """A member's name as it may be reported: an undocumented one may hold anything."""
    return f"the name {name!r}" if name in DOCUMENTED else "a name"


def typed(name: str, text: str) -> str | int:
    """A member's value from a format that has text only. White space around a number is layout."""
    if name not in (*NUMBERS, *TIMES):
        return text
    number = text.strip()
    return int(number) if _WHOLE.fullmatch(number) else text


_WHOLE = re.compile(r"-?[0-9]{1,20}")  # of at most the digits that anyone could store
MAX_DEPTH = 32  # objects and lists within one another; a documented answer has three
MAX_PARTS = 500_000  # values of an answer that are read; 20,000 rows have half of them


def weight(value: Any) -> int:
    """How many bytes a value of an answer takes while it is kept."""
    total, rest = 0, [value]
    while rest:
        node = rest.pop()
        total += getsizeof(node)
        if isinstance(node, Mapping):
            rest.extend(node.values())
            total += sum(map(getsizeof, node))
        elif isinstance(node, list):
            rest.extend(node)
    return total


def bound(body: bytes, marks: Iterable[bytes | int], kind: str) -> int:
    """The number of marks between values in a body. Raises TooLarge where they are more than are read."""
    if (count := sum(body.count(mark) for mark in marks)) > MAX_PARTS:
        raise TooLarge(f"{kind} of more than {MAX_PARTS:,} values")
    return count


MAX_TEXT = 40 * 2**20
"""Bytes that a text may take, which is copied some times: a picture beside a letter takes four bytes a character."""


def bound_text(text: str, kind: str) -> None:
    """Raises TooLarge for a text that takes more memory than is spent on one."""
    if getsizeof(text) > MAX_TEXT:
        raise TooLarge(f"{kind} that takes more than {MAX_TEXT // 2**20} MiB as text")


def sharing(model: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """The model, with lists of another one in place of the same lists, so that what is read again takes no memory."""
    return {
        name: known[name]
        if isinstance(value, list) and name in known and _as_bytes(value) == _as_bytes(known[name])
        else value
        for name, value in model.items()
    }


def _as_bytes(value: Any) -> bytes:
    """A value by which it can be compared fast, types and order included."""
    return marshal.dumps(value, 2)  # the version without references, which two equal values may have or not


def oddities(found: list[str]) -> str:
    """The words for what else stands in a layout, as one choice; `plain` for nothing."""
    return " and ".join(found) or "plain"
