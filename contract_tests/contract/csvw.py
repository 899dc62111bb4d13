"""CSV on the Web table descriptions of the answers under a profile, made from their JSON Schemas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from contract_tests.contract.flatten import members, merged, types, whole
from contract_tests.contract.resolve import END, Profile, Schema, for_profile, literal

Datatype: TypeAlias = "str | Mapping[str, Any]"

TABLES: Mapping[str, str | None] = MappingProxyType(
    {
        "create": None,
        "processing": None,
        "ready-data": "data",
        "ready-names": "names",
        "ready-photo": None,
        "info": None,
        "error": None,
    }
)
"""The answers that are described, each with the section whose entries are its rows; the others are flat."""

_SAMPLES = MappingProxyType({"error": "error-missing"})
_ENCODINGS = MappingProxyType({"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1251": "windows-1251"})
_DELIMITERS = MappingProxyType({",": ",", ";": ";", "tab": "\t"})
_LINE_ENDS = MappingProxyType({"CRLF": "\r\n", "LF": "\n"})


@dataclass(frozen=True)
class Column:
    """A column of an answer's rows, or a scalar member of a flat answer, with the merged schema of its cells."""

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

    def described(self) -> dict[str, Any]:
        """The column as CSVW has it. An empty cell is null there, so a text that may be empty is not required."""
        required = fits("", self.datatype) is not None
        return {"name": self.name, "titles": self.name, "datatype": self.datatype, "required": required}


def csvw(name: str, profile: Profile | None = None) -> dict[str, Any]:
    """The table description of an answer under the profile; the defaults stand for what it leaves out.

    `url` names the sample beside schemas/. Raises UsageError, and KeyError for a name that is not in TABLES.
    """
    chosen = whole(profile)
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
            "encoding": _ENCODINGS[str(chosen["csv.encoding"])],
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
    """The columns of the answer under a whole profile; where it is written in pairs, these are the pairs."""
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
    told = {"base": datatype} if isinstance(datatype, str) else datatype
    return _BASES[told["base"]](cell, told)


def _string(cell: str, told: Mapping[str, Any]) -> str | None:
    return "format" if "format" in told and re.search(told["format"], cell) is None else None


def _integer(cell: str, told: Mapping[str, Any]) -> str | None:
    if re.fullmatch("-?(?:0|[1-9][0-9]*)", cell) is None:
        return "datatype"
    return "minimum" if "minimum" in told and int(cell) < told["minimum"] else None


_BASES: Mapping[str, Callable[[str, Mapping[str, Any]], str | None]] = MappingProxyType(
    {"string": _string, "integer": _integer}
)
