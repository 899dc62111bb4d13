"""CSV on the Web table descriptions of the answers under a profile, made from their JSON Schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from contract_tests.contract.flatten import members, merged, types
from contract_tests.contract.http_head import CHARSETS
from contract_tests.contract.problem import Problem
from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.resolve import END, Schema, for_profile, literal

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
        return fits("", self.datatype) is not None

    def described(self) -> dict[str, Any]:
        """The column as CSVW has it."""
        return {"name": self.name, "titles": self.name, "datatype": self.datatype, "required": self.required}

    def problem(self, path: str, rule: str, expected: str, found: str) -> Problem:
        """A problem with a cell, with grade and clause of its schema."""
        return Problem(path, rule, expected, self.node["x-grade"], self.node["x-clause"], found)


def csvw(name: str, profile: Profile | None = None) -> dict[str, Any]:
    """The table description of an answer under the profile; the defaults stand for what it leaves out.

    `url` names the sample beside schemas/. Raises UsageError, and KeyError for a name that is not in TABLES.
    """
    chosen = with_defaults(profile)
    schema = for_profile(name, chosen)
    described = [column.described() for column in columns(name, chosen)]
    pairs = in_pairs(name, chosen)
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
        "tableSchema": {"columns": _pairs([column["name"] for column in described]) if pairs else described},
    }


def in_pairs(name: str, profile: Profile) -> bool:
    """Whether the answer is written as one line for each member, under a whole profile."""
    return TABLES[name] is None and profile["csv.flat"] == "pairs"


def columns(name: str, profile: Profile) -> list[Column]:
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


def _pairs(names: list[str]) -> list[dict[str, Any]]:
    known = {"base": "string", "format": f"^(?:{'|'.join(map(literal, names))}){END}"}
    return [
        {"name": "name", "titles": "name", "datatype": known, "required": True},
        {"name": "value", "titles": "value", "datatype": "string", "required": False},
    ]


def fits(cell: str, datatype: Datatype) -> str | None:
    """The rule of the datatype that the cell's text breaks (`datatype`, `format`, `minimum`), None where it fits."""
    facets: Mapping[str, Any] = {"base": datatype} if isinstance(datatype, str) else datatype
    if facets["base"] == "string":
        return "format" if "format" in facets and re.search(facets["format"], cell) is None else None
    if re.fullmatch("-?(?:0|[1-9][0-9]*)", cell) is None:
        return "datatype"
    return "minimum" if "minimum" in facets and int(cell) < facets["minimum"] else None
