"""CSV on the Web table descriptions of the answers under a profile, made from their JSON Schemas, and their use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contract_tests.documents import Profile, Schema, for_profile
from contract_tests.merged import members, merged, types, whole
from contract_tests.schemas import SchemaProblem, in_order, shape

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

_ENCODINGS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1251": "windows-1251"}
_DELIMITERS = {"tab": "\t"}
_LINE_ENDS = {"CRLF": "\r\n", "LF": "\n"}


@dataclass(frozen=True)
class Column:
    """A column of an answer, or a member of a flat one written as a pair, with what its cells hold."""

    name: str
    node: Schema

    def described(self) -> dict[str, Any]:
        """The column as CSVW has it. An empty cell is null there, so a text that may be empty is not required."""
        datatype = _datatype(self.node)
        return {"name": self.name, "titles": self.name, "datatype": datatype, "required": not _may_be_empty(self.node)}


def csvw(name: str, profile: Profile | None = None) -> dict[str, Any]:
    """The table description of an answer under the profile; the defaults stand for what it leaves out.

    `url` names the sample beside schemas/. Raises ProfileError, and KeyError for a name that is not in TABLES.
    """
    chosen = whole(profile)
    node = merged(for_profile(name, chosen))
    described = [column.described() for column in _columns(name, node, chosen)]
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"../../fixtures/synthetic/csv/{name}.csv",
        "dc:title": node["title"],
        "dc:description": node["description"],
        "dialect": _dialect(chosen, header=_has_header(name, chosen)),
        "tableSchema": {"columns": _pairs(described) if _is_pairs(name, chosen) else described},
    }


def csv_problems(table: Sequence[Sequence[str]], name: str, profile: Profile | None = None) -> list[SchemaProblem]:
    """Everything in which the lines of an answer, read in the profile's dialect, break its description.

    path is as in JSON for rows (`data[0].price`), the column's or the pair's name for a flat answer, and `line[0]`
    (the header counts) for a line. Raises as `csvw`.
    """
    chosen = whole(profile)
    columns = list(_columns(name, merged(for_profile(name, chosen)), chosen))
    lines = [list(line) for line in table]
    if _is_pairs(name, chosen):
        wrong = list(_wrong_pairs(lines))
        header, rows = [line[0] for line in lines if line], [[line[-1] for line in lines if line]]
    else:
        wrong = []
        header, rows = (lines[:1] or [[]])[0], lines[1:]
        if not _has_header(name, chosen):
            header, rows = [column.name for column in columns], lines
    return in_order([*wrong, *_wrong_header(header, columns), *_wrong_rows(rows, columns, TABLES[name])])


def _columns(name: str, node: Schema, chosen: Profile) -> Iterator[Column]:
    section = TABLES[name]
    if section is None:
        yield from _flat(node, "", dotted=chosen["info.csv"] == "dotted")
    else:
        entry = merged(members(node)[section]["items"])
        yield from (Column(field, member) for field, member in members(entry).items())


def _flat(node: Schema, name: str, *, dotted: bool) -> Iterator[Column]:
    """The scalars below; a list's entries stand for the list, so one that is empty leaves no column."""
    if "object" in types(node):
        for member, inner in members(node).items():
            yield from _flat(inner, f"{name}.{member}" if dotted and name else member, dotted=dotted)
    elif "array" in types(node) or node.get("maxItems") == 0:
        if node.get("maxItems") != 0:
            yield from _flat(merged(node["items"]), name, dotted=dotted)
    else:
        yield Column(name, node)


def _dialect(chosen: Profile, *, header: bool) -> dict[str, Any]:
    delimiter = str(chosen["csv.delimiter"])
    return {
        "encoding": _ENCODINGS[str(chosen["csv.encoding"])],
        "delimiter": _DELIMITERS.get(delimiter, delimiter),
        "lineTerminators": [_LINE_ENDS[str(chosen["csv.line-end"])]],
        "quoteChar": '"',
        "doubleQuote": True,
        "header": header,
        "headerRowCount": int(header),
        "commentPrefix": None,
        "skipBlankRows": False,
        "trim": False,
    }


def _is_pairs(name: str, chosen: Profile) -> bool:
    return TABLES[name] is None and chosen["csv.flat"] == "pairs"


def _has_header(name: str, chosen: Profile) -> bool:
    return chosen["csv.header"] == "yes" and not _is_pairs(name, chosen)


def _pairs(described: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = "|".join(re.escape(column["name"]) for column in described)
    return [
        {"name": "name", "titles": "name", "datatype": {"base": "string", "format": f"^(?:{known})$"}, "required": True},
        {"name": "value", "titles": "value", "datatype": "string", "required": False},
    ]


def _values(node: Schema) -> list[str]:
    return [str(v) for v in ([node["const"]] if "const" in node else node.get("enum", ())) if v is not None]


def _datatype(node: Schema) -> Any:
    if types(node) == ("integer",):
        return {"base": "integer", "minimum": node["minimum"]} if "minimum" in node else "integer"
    if values := _values(node):
        return {"base": "string", "format": f"^(?:{'|'.join(map(re.escape, values))})(?![\\s\\S])"}
    return {"base": "string", "format": node["pattern"]} if "pattern" in node else "string"


def _may_be_empty(node: Schema) -> bool:
    datatype = _datatype(node)
    return not _BASES["integer" if "integer" in types(node) else "string"](datatype, "")
