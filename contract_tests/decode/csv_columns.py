"""Columns without known names, found by the values of an answer that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.decode.compare import Writing

WIDEST = 100  # columns that are looked through


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold which fields."""

    first: int  # the first row that is an entry: 1 under a line of names
    fields: Mapping[int, str]  # fields by the number of their column
    whole: bool  # every field was found


def columns_by_values(
    rows: Sequence[Sequence[str]], entries: Sequence[Any], fields: Sequence[str], writing: Writing
) -> Columns | None:
    """The columns that hold the known entries' fields, one below the other; None where fewer than half of the fields
    with values are found.
    """
    if not entries or not all(isinstance(entry, Mapping) for entry in entries) or len(rows[0]) > WIDEST:
        return None
    first = len(rows) - len(entries)
    if first not in (0, 1):
        return None
    found: dict[int, str] = {}
    for field in fields:
        values = [entry.get(field) for entry in entries]
        for number in range(len(rows[0])):
            cells = (row[number] for row in rows[first:])
            if number not in found and all(writing.same(field, *pair) for pair in zip(values, cells, strict=True)):
                found[number] = field
                break
    telling = {field for field in fields if any(entry.get(field) not in (None, "") for entry in entries)}
    placed = telling.intersection(found.values())
    if not telling or 2 * len(placed) < len(telling):
        return None
    others, missing = [*{*range(len(rows[0]))} - found.keys()], telling - placed
    if len(missing) == 1 and len(others) <= 1:  # the only column left holds it, or it is lost
        found |= dict(zip(others, missing, strict=False))
        placed |= missing
    return Columns(first, found, whole=telling == placed)
