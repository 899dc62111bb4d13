"""CSV on the Web table descriptions of the answers, made from their JSON Schemas, and the lines that break them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from contract_tests.contract.clauses import Problem, in_order, problem
from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.resolve import END, Schema, for_profile, literal, members, merged, types
from contract_tests.contract.values import CHARSETS, shape

Datatype: TypeAlias = "str | Mapping[str, Any]"

TABLES: Mapping[str, str | None] = {
    "create": None,
    "processing": None,
    "ready-data": "data",
    "ready-names": "names",
    "ready-photo": None,
    "info": None,
    "error": None,
}
"""The answers that are described, each with the section whose entries are its rows; the others are flat."""

_SAMPLES = {"error": "error-missing"}
_DELIMITERS = {",": ",", ";": ";", "tab": "\t"}
_LINE_ENDS = {"CRLF": "\r\n", "LF": "\n"}


@dataclass(frozen=True)
class Column:
    """A column of rows, or a scalar member of a flat answer, with the merged schema of its cells."""

    name: str
    node: Schema

    @property
    def datatype(self) -> Datatype:
        """What a cell holds, in CSVW's words."""
        if types(self.node) == ("integer",):
            least = {"minimum": self.node["minimum"]} if "minimum" in self.node else {}
            return {"base": "integer", **least} if least else "integer"
        values = [self.node["const"]] if "const" in self.node else self.node.get("enum", [])
        if values:
            return {"base": "string", "format": f"^(?:{'|'.join(literal(str(v)) for v in values)}){END}"}
        return {"base": "string", "format": self.node["pattern"]} if "pattern" in self.node else "string"

    @property
    def required(self) -> bool:
        """Whether a cell must hold something. An empty one is null in CSVW, so a text that may be empty is not."""
        return _misfit("", self.datatype) is not None

    def problem(self, path: str, rule: str, expected: str, found: str) -> Problem:
        """A problem with a cell, with grade and clause of its schema."""
        return Problem(path, rule, expected, self.node["x-grade"], self.node["x-clause"], found)


def csvw(name: str, profile: Profile | None = None) -> dict[str, Any]:
    """The table description of an answer under the profile; the defaults stand for what it leaves out.
    `url` names the sample beside schemas/. Raises UsageError, and KeyError for a name that is not in TABLES.
    """
    chosen = with_defaults(profile)
    schema = for_profile(name, chosen)
    known, pairs = _columns(name, chosen), _in_pairs(name, chosen)
    if pairs:
        names = "|".join(literal(column.name) for column in known)
        known_names = {"base": "string", "format": f"^(?:{names}){END}"}
        described = [_described("name", known_names, required=True), _described("value", "string", required=False)]
    else:
        described = [_described(column.name, column.datatype, required=column.required) for column in known]
    header = chosen["csv.header"] == "yes" and not pairs
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"../../fixtures/synthetic/csv/{_SAMPLES.get(name, name)}.csv",
        "dc:title": schema["title"],
        "dc:description": schema["description"],
        "dialect": {
            "encoding": CHARSETS[str(chosen["csv.encoding"])],
            "delimiter": _DELIMITERS[str(chosen["csv.delimiter"])],
            "lineTerminators": [_LINE_ENDS[str(chosen["csv.line-end"])]],
            "quoteChar": '"',
            "doubleQuote": True,
            "header": header,
            "headerRowCount": int(header),
            "commentPrefix": None,
            "skipBlankRows": False,
            "trim": False,
        },
        "tableSchema": {"columns": described},
    }


def _described(name: str, datatype: Datatype, *, required: bool) -> dict[str, Any]:
    return {"name": name, "titles": name, "datatype": datatype, "required": required}


def _in_pairs(name: str, profile: Profile) -> bool:
    """Whether the answer is written as one line for each member, under a whole profile."""
    return TABLES[name] is None and profile["csv.flat"] == "pairs"


def _columns(name: str, profile: Profile) -> list[Column]:
    """The columns of the answer under a whole profile; for pairs, one for each pair."""
    node, section = merged(for_profile(name, profile)), TABLES[name]
    if section is None:
        return list(_flat(node, "", dotted=profile["info.csv"] == "dotted"))
    entry = merged(members(node)[section]["items"])
    return [Column(field, member) for field, member in members(entry).items()]


def _flat(node: Schema, name: str, *, dotted: bool) -> Iterator[Column]:
    """The scalars below a node; a list's entries stand for the list, so an empty one leaves no column."""
    if "object" in types(node):
        for member, inner in members(node).items():
            yield from _flat(inner, f"{name}.{member}" if dotted and name else member, dotted=dotted)
    elif "array" not in types(node):
        yield Column(name, node)
    elif node.get("maxItems") != 0:
        yield from _flat(merged(node["items"]), name, dotted=dotted)


def _misfit(cell: str, datatype: Datatype) -> str | None:
    """The rule of the datatype that the cell's text breaks (`datatype`, `format`, `minimum`), None where it fits."""
    facets: Mapping[str, Any] = {"base": datatype} if isinstance(datatype, str) else datatype
    if facets["base"] == "string":
        return "format" if "format" in facets and re.search(facets["format"], cell) is None else None
    if re.fullmatch("-?(?:0|[1-9][0-9]*)", cell) is None:
        return "datatype"
    return "minimum" if "minimum" in facets and int(cell) < facets["minimum"] else None


def csv_problems(table: Sequence[Sequence[str]], name: str, profile: Profile | None = None) -> list[Problem]:
    """Everything in which an answer's lines, read in the profile's dialect, break its description; errors as of `csvw`.

    path is as in JSON for rows (`data[0].price`), the column's or the pair's name for a flat answer, and `line[0]`
    (a header counts) for a whole line.
    """
    chosen = with_defaults(profile)
    lines = [list(line) for line in table]
    return in_order((_problems_of_pairs if _in_pairs(name, chosen) else _problems_of_rows)(lines, name, chosen))


def _problems_of_rows(lines: list[list[str]], name: str, chosen: Profile) -> Iterator[Problem]:
    known, section = _columns(name, chosen), TABLES[name]
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
            yield from _problems_of_cell(cell, column, place)


def _problems_of_pairs(lines: list[list[str]], name: str, chosen: Profile) -> Iterator[Problem]:
    known = {column.name: column for column in _columns(name, chosen)}
    absent = dict(known)
    for number, line in enumerate(lines):
        if len(line) != 2:
            yield _layout(f"line[{number}]", "cells", "2 cells", line)
        elif line[0] not in absent:
            yield _layout(f"line[{number}]", "name", f"each of {', '.join(known)} once", line[0])
        else:
            yield from _problems_of_cell(line[1], absent.pop(line[0]), "")
    for column in absent.values():
        yield column.problem(column.name, "required", "to be there", "nothing")


def _problems_of_cell(cell: str, column: Column, place: str) -> Iterator[Problem]:
    """An empty cell is null in CSVW, so that no datatype applies to it."""
    broken = ("required" if column.required else None) if cell == "" else _misfit(cell, column.datatype)
    if broken is not None:
        expected = column.node.get("title", "to fit its column")
        yield column.problem(f"{place}{column.name}", broken, expected, shape(cell))


def _layout(path: str, rule: str, expected: str, found: object) -> Problem:
    return problem("csv.flat", path, rule, expected, shape(found))
