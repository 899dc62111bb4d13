"""Columns without known names, found by the values of an answer that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.decode.compare import MOSTLY, Writing

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
    """The columns that hold the known entries' fields: one below the other, else most of them in any order. None where
    fewer than half of the fields with values are found.
    """
    if not entries or not all(isinstance(entry, Mapping) for entry in entries) or len(rows[0]) > WIDEST:
        return None
    known = {field: [entry.get(field) for entry in entries] for field in fields}
    first = len(rows) - len(entries)
    if first not in (0, 1):
        texts = {str(value) for values in known.values() for value in values}
        first = int(2 * sum(cell in texts for cell in rows[0]) < len(rows[0]))
    columns = {number: [row[number] for row in rows[first:]] for number in range(len(rows[0]))}
    found: dict[int, str] = {}
    for alike in (_is_same, _is_mostly):
        for field in [field for field in fields if field not in found.values()]:
            free = (number for number in columns if number not in found)
            number = next((n for n in free if alike(field, known[field], columns[n], writing)), None)
            found |= {} if number is None else {number: field}
    telling = {field for field, values in known.items() if any(value not in (None, "") for value in values)}
    placed = telling.intersection(found.values())
    if not telling or 2 * len(placed) < len(telling):
        return None
    others, missing = [*columns.keys() - found.keys()], telling - placed
    if len(missing) == 1 and len(others) <= 1:  # the only column left holds it, or it is lost
        found |= dict(zip(others, missing, strict=False))
        placed |= missing
    return Columns(first, found, whole=telling == placed)


def _is_same(field: str, values: Sequence[Any], cells: Sequence[str], writing: Writing) -> bool:
    return len(values) == len(cells) and all(writing.same(field, a, b) for a, b in zip(values, cells, strict=True))


def _is_mostly(_: str, values: Sequence[Any], cells: Sequence[str], __: Writing) -> bool:
    due = Counter(str(value).strip() for value in values if value not in (None, ""))
    found = Counter(cell.strip() for cell in cells if cell.strip())
    return bool(due) and (due & found).total() >= MOSTLY * max(due.total(), found.total())
