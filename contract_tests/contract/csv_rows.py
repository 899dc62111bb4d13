"""The lines of a CSV answer against its table description."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contract_tests.contract.csvw import TABLES, Column, columns, csvw, fits, in_pairs
from contract_tests.contract.problem import Problem, in_order, problem
from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.shapes import shape


def csv_problems(table: Sequence[Sequence[str]], name: str, profile: Profile | None = None) -> list[Problem]:
    """Everything in which an answer's lines, read in the profile's dialect, break its description; the defaults stand
    for what the profile leaves out.

    path is as in JSON for rows (`data[0].price`), the column's or the pair's name for a flat answer, and `line[0]`
    (a header counts) for a whole line. Raises UsageError, and KeyError for a name that is not in TABLES.
    """
    chosen = with_defaults(profile)
    lines = [list(line) for line in table]
    return in_order((_in_pairs if in_pairs(name, chosen) else _in_rows)(lines, name, chosen))


def _in_rows(lines: list[list[str]], name: str, chosen: Profile) -> Iterator[Problem]:
    known, section = columns(name, chosen), TABLES[name]
    titles = [column.name for column in known]
    first = csvw(name, chosen)["dialect"]["headerRowCount"]
    if first and lines[:1] != [titles]:
        yield _layout("line[0]", "titles", f"the line {', '.join(titles)}", lines[0] if lines else None)
    if section is None and len(lines) != first + 1:
        yield _layout(f"line[{first}]", "rows", "one row", lines[first:])
    for number, line in enumerate(lines[first:]):
        if len(line) != len(titles):
            yield _layout(f"line[{first + number}]", "cells", f"{len(titles)} cells", line)
        place = "" if section is None else f"{section}[{number}]."
        for cell, column in zip(line, known, strict=False):
            yield from _in_cell(cell, column, place)


def _in_pairs(lines: list[list[str]], name: str, chosen: Profile) -> Iterator[Problem]:
    known = {column.name: column for column in columns(name, chosen)}
    absent = dict(known)
    for number, line in enumerate(lines):
        if len(line) != 2:
            yield _layout(f"line[{number}]", "cells", "2 cells", line)
        elif line[0] not in absent:
            yield _layout(f"line[{number}]", "name", f"each of {', '.join(known)} once", line[0])
        else:
            yield from _in_cell(line[1], absent.pop(line[0]), "")
    for column in absent.values():
        yield column.problem(column.name, "required", "to be there", "nothing")


def _in_cell(cell: str, column: Column, place: str) -> Iterator[Problem]:
    """An empty cell is null in CSVW, so that no datatype applies to it."""
    broken = ("required" if column.required else None) if cell == "" else fits(cell, column.datatype)
    if broken is not None:
        expected = column.node.get("title", "to fit its column")
        yield column.problem(f"{place}{column.name}", broken, expected, shape(cell))


def _layout(path: str, rule: str, expected: str, found: object) -> Problem:
    return problem("csv.flat", path, rule, expected, shape(found))
