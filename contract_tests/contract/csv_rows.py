"""What is wrong with the lines of a CSV answer, by its table description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contract_tests.contract.csvw import TABLES, Column, columns, csvw, fits, in_pairs
from contract_tests.contract.flatten import whole
from contract_tests.contract.resolve import Profile
from contract_tests.contract.validate import SchemaProblem, in_order, shape


def csv_problems(table: Sequence[Sequence[str]], name: str, profile: Profile | None = None) -> list[SchemaProblem]:
    """Everything in which an answer's lines, read in the profile's dialect, break its description; the defaults stand
    for what the profile leaves out.

    path is as in JSON for rows (`data[0].price`), the column's or the pair's name for a flat answer, and `line[0]`
    (a header counts) for a whole line. Raises UsageError, and KeyError for a name that is not in TABLES.
    """
    chosen = whole(profile)
    lines = [list(line) for line in table]
    found = _wrong_pairs(lines, name, chosen) if in_pairs(name, chosen) else _wrong_lines(lines, name, chosen)
    return in_order(found)


def _wrong_lines(lines: list[list[str]], name: str, chosen: Profile) -> Iterator[SchemaProblem]:
    described, known, section = csvw(name, chosen), columns(name, chosen), TABLES[name]
    told = described["tableSchema"]["columns"]
    titles = [column["titles"] for column in told]
    first = described["dialect"]["headerRowCount"]
    if first and lines[:1] != [titles]:
        yield _layout("line[0]", "titles", f"the line {', '.join(titles)}", lines[0] if lines else None)
    if section is None and len(lines) != first + 1:
        yield _layout(f"line[{first}]", "rows", "one row", lines[first:])
    for number, line in enumerate(lines[first:]):
        if len(line) != len(titles):
            yield _layout(f"line[{first + number}]", "cells", f"{len(titles)} cells", line)
        place = "" if section is None else f"{section}[{number}]."
        for cell, column, own in zip(line, told, known, strict=False):
            yield from _wrong_cell(cell, column, own, place)


def _wrong_pairs(lines: list[list[str]], name: str, chosen: Profile) -> Iterator[SchemaProblem]:
    (names, _), known = csvw(name, chosen)["tableSchema"]["columns"], {c.name: c for c in columns(name, chosen)}
    told: list[str] = []
    for number, line in enumerate(lines):
        if len(line) != 2:
            yield _layout(f"line[{number}]", "cells", "2 cells", line)
        elif fits(line[0], names["datatype"]) is not None or line[0] in told:
            yield _layout(f"line[{number}]", "name", f"each of {', '.join(known)} once", line[0])
        else:
            told.append(line[0])
            yield from _wrong_cell(line[1], known[line[0]].described(), known[line[0]], "")
    for absent in (column for column in known if column not in told):
        yield SchemaProblem(absent, "required", "to be there", *_marks(known[absent]), "nothing")


def _wrong_cell(cell: str, column: Mapping[str, Any], own: Column, place: str) -> Iterator[SchemaProblem]:
    """An empty cell is null in CSVW, so that no datatype applies to it."""
    broken = ("required" if column["required"] else None) if cell == "" else fits(cell, column["datatype"])
    if broken is not None:
        expected = own.node.get("title", "to fit its column")
        yield SchemaProblem(f"{place}{own.name}", broken, expected, *_marks(own), shape(cell))


def _marks(column: Column) -> tuple[str, str | None]:
    return column.node["x-grade"], column.node["x-clause"]


def _layout(path: str, rule: str, expected: str, found: object) -> SchemaProblem:
    """How a table is laid out is nowhere documented."""
    return SchemaProblem(path, rule, expected, "assumed", "csv.flat", shape(found))
