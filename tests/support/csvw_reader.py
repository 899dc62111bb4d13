"""Applies a table description of CSV on the Web to a file, from the description alone."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Description = Mapping[str, Any]


def read(body: bytes, description: Description) -> list[list[str]]:
    """The lines of a file in the dialect of its description."""
    dialect = description["dialect"]
    text = body.decode(dialect["encoding"]).removeprefix("\ufeff")
    assert dialect["quoteChar"] == '"'
    assert dialect["doubleQuote"]
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect["delimiter"], strict=True))


def problems(lines: Sequence[Sequence[str]], description: Description, section: str | None) -> set[tuple[str, str]]:
    """Where lines break the description, and the rule. A place is `line[0]`, or that of the value in the answer: for
    rows of a section such as `data[1].price`, for a flat answer `cost`. `line[1]` is also that of a name in pairs.
    """
    columns = description["tableSchema"]["columns"]
    first = description["dialect"]["headerRowCount"]
    titles = [column["titles"] for column in columns]
    found: set[tuple[str, str]] = set()
    if first and [list(line) for line in lines[:1]] != [titles]:
        found.add(("line[0]", "titles"))
    found |= {(f"line[{n}]", "cells") for n, line in enumerate(lines) if len(line) != len(columns)}
    for number, line in enumerate(lines[first:]):
        for cell, column in zip(line, columns, strict=False):
            place = column["titles"] if section is None else f"{section}[{number}].{column['titles']}"
            if titles == ["name", "value"]:
                found |= {(f"line[{number}]", "name") for broken in [_broken(cell, column)] if broken}
            elif rule := _broken(cell, column):
                found.add((place, rule))
    return found


def _broken(cell: str, column: Description) -> str:
    """The rule that a cell breaks; empty where it fits. An empty cell is null, to which no datatype applies."""
    if cell == "":
        return "required" if column["required"] else ""
    datatype = column["datatype"]
    facets = {"base": datatype} if isinstance(datatype, str) else datatype
    if facets["base"] == "json":
        return "" if _is_json(cell) else "datatype"
    if facets["base"] == "integer":
        if re.fullmatch("[+-]?[0-9]+", cell) is None:
            return "datatype"
        return "minimum" if int(cell) < facets.get("minimum", int(cell)) else ""
    assert facets["base"] == "string"
    return "" if re.search(facets.get("format", ""), cell) else "format"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
