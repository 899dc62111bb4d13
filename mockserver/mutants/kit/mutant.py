"""A mutant: a server with one promise broken by edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.when import CSV, GET, POST, XML, Condition, where


def unchanged(_: CallContext) -> None:
    """Changes nothing."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A server with one promise broken, by edits at the three steps of a call."""

    title: str
    """What the server does wrong."""
    answer: Edit = unchanged
    """The edit of the answer as data."""
    call: Edit = unchanged
    """The edit of the call before the server decides it."""
    response: Edit = unchanged
    """The edit of the response's status, headers and bytes."""
    also: str = ""
    """Keys of WAYS, separated by spaces: each makes another mutant, which does the same only in this way."""
    breaks: str = ""
    """The clause that is broken."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the suite that runs against it."""
    equivalent: str = ""
    """Why it breaks no promise and no law, though it looks like a breach of the clause. It may refute an assumption."""


WAYS: Mapping[str, tuple[str, Condition]] = MappingProxyType(
    {
        "in-xml": ("in XML", XML),
        "in-csv": ("in CSV", CSV),
        "over-get": ("over GET", GET),
        "over-post": ("over POST", POST),
    }
)
"""What a way adds to a mutant's name, and its words and condition."""

_Row = TypeVar("_Row", bound=Mutant)
Table: TypeAlias = "Mapping[str, Mapping[str, _Row]]"
"""Mutants by name, under the clause that they break."""


def by_name(*tables: Table[_Row]) -> dict[str, _Row]:
    """The mutants of the tables, each with its clause."""
    return {name: row for table in tables for clause, rows in table.items() for name, row in _rows(clause, rows)}


def _rows(clause: str, rows: Mapping[str, _Row]) -> Iterator[tuple[str, _Row]]:
    for name, row in rows.items():
        yield name, replace(row, breaks=clause)
        for way in row.also.split():
            words, condition = WAYS[way]
            answer, call, response = (where(edit, condition) for edit in (row.answer, row.call, row.response))
            title = f"{row.title} {words}"
            yield f"{name}-{way}", replace(row, breaks=clause, title=title, answer=answer, call=call, response=response)
