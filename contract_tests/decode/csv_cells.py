"""What writers make of cells for the sake of other programs: the readings of a table beside the plain one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from contract_tests.decode.csv_dialect import Table
from contract_tests.decode.csv_lines import WIDE, Rows, is_total


@dataclass(frozen=True)
class _Custom:
    """A custom of writers."""

    told: str  # a word of csv.layout
    undo: Callable[[Rows], Rows]  # the rows as they were meant; the same rows where there is nothing of the custom
    sure: bool = False  # whether hardly any text is so by itself


def _each(pattern: re.Pattern[str], meant: str, *, mark: str) -> Callable[[Rows], Rows]:
    """Cells that match, as they were meant. mark: what each of them holds."""
    match = pattern.fullmatch

    def undo(rows: Rows) -> Rows:
        return [
            [found.expand(meant) if mark in cell and (found := match(cell)) else cell for cell in row] for row in rows
        ]

    return undo


def _nothing(rows: Rows) -> Rows:
    return [["" if cell in _NULLS else cell for cell in row] for row in rows]


_NULLS = frozenset(("NULL", "\\N", "null", "None", "nil", "nan", "NaN"))


def _without_totals(rows: Rows) -> Rows:
    """The rows without a last one that says that it is none."""
    last = rows[-1] if len(rows) > 1 else []
    few = len(last) == 1 or (len(last) >= WIDE and len([*filter(None, last)]) <= _MOST_TOTALS)
    return rows[:-1] if few and is_total(last) else rows


_MOST_TOTALS = 3
_CUSTOMS = (
    _Custom("formulas of texts", _each(re.compile(r'="(.*)"', re.DOTALL), r"\1", mark='="'), sure=True),
    _Custom("a word for nothing", _nothing),
    _Custom("an apostrophe before texts", _each(re.compile(r"['\t]([-=+@\t\r0-9].*)", re.DOTALL), r"\1", mark="")),
    _Custom("decimal commas", _each(re.compile(r"(-?\d{1,15}),(\d{1,4})"), r"\1.\2", mark=",")),
    _Custom("lines after the rows", _without_totals, sure=True),
)


def customary(table: Table, *, every: bool) -> Iterator[Table]:
    """The readings of a table: without the customs that are sure, else the plain one. every: also the plain one beside
    them, the one without every custom of which the table shows anything, and those without one.
    """
    changed = [(custom, custom.undo(table.rows)) for custom in _CUSTOMS if table.rows]
    changed = [(custom, rows) for custom, rows in changed if rows != table.rows]
    sure = [custom for custom, _ in changed if custom.sure]
    if sure:
        yield _undone(table, sure)
    if every or not sure:
        yield table
    if every and changed:
        yield _undone(table, [custom for custom, _ in changed])
        if len(changed) > 1:
            yield from (_undone(table, [custom]) for custom, _ in changed)


def _undone(table: Table, customs: list[_Custom]) -> Table:
    rows = table.rows
    for custom in customs:
        rows = custom.undo(rows)
    layout = table.layout_and(*(custom.told for custom in customs))
    return replace(table, rows=rows, choices={**table.choices, "csv.layout": layout})
