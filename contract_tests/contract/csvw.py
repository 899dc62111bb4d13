"""CSV on the Web table descriptions of the answers, made from their JSON Schemas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

from contract_tests.contract.editions import SECTION_NAMES
from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.resolve import END, Schema, for_profile, literal, members, merged, types, whole
from contract_tests.contract.values import CHARSETS

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
_DELIMITERS = {"tab": "\t"}
_LINE_ENDS = {"CRLF": "\r\n", "LF": "\n"}
_JOINED: Mapping[str, Callable[[str, str], str]] = {
    "dotted": lambda above, name: f"{above}.{name}",
    "leaf": lambda _, name: name,
    "underscore": lambda above, name: f"{above}_{name}",
    "slash": lambda above, name: f"{above}/{name}",
    "brackets": lambda above, name: f"{above}[{name}]",
}
"""The title of the column of a member within a member, by the choice of info.csv."""


def csvw(name: str, profile: Profile | None = None) -> dict[str, Any]:
    """The table description of an answer under the profile; the defaults stand for what it leaves out.
    `url` names the sample beside schemas/. Raises UsageError, and KeyError for a name that is not in TABLES.
    """
    chosen = with_defaults(profile)
    schema = for_profile(name, chosen)
    columns = list(_columns(merged(schema), name, chosen))
    pairs = TABLES[name] is None and chosen["csv.flat"] == "pairs"
    if pairs:
        known = {"base": "string", "format": _one_of(title for title, _ in columns)}
        columns = [("name", known), ("value", "string")]
    header = chosen["csv.header"] == "yes" and not pairs
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"../../fixtures/synthetic/csv/{_SAMPLES.get(name, name)}.csv",
        "dc:title": schema["title"],
        "dc:description": schema["description"],
        "dialect": {
            "encoding": CHARSETS[str(chosen["csv.encoding"])],
            "delimiter": _DELIMITERS.get(str(chosen["csv.delimiter"]), chosen["csv.delimiter"]),
            "lineTerminators": [_LINE_ENDS[str(chosen["csv.line-end"])]],
            "quoteChar": '"',
            "doubleQuote": True,
            "header": header,
            "headerRowCount": int(header),
            "commentPrefix": None,
            "skipBlankRows": False,
            "trim": False,
        },
        "tableSchema": {"columns": [_described(title, datatype) for title, datatype in columns]},
    }


def _described(title: str, datatype: Datatype) -> dict[str, Any]:
    """A column. The name of one is a variable's of URI templates."""
    return {"name": quote(title, safe=""), "titles": title, "datatype": datatype, "required": _is_required(datatype)}


def _is_required(datatype: Datatype) -> bool:
    """Whether a cell must hold something. An empty one is null in CSVW, so a text that may be empty is not required."""
    pattern = None if isinstance(datatype, str) else datatype.get("format")
    return datatype != "string" if pattern is None else re.search(pattern, "") is None


def _columns(node: Schema, name: str, profile: Profile) -> Iterator[tuple[str, Datatype]]:
    """The titles and datatypes of the columns of an answer under a whole profile; for pairs, those of each pair."""
    section, rows = TABLES[name], profile["csv.rows"]
    if section is None:
        yield from _flat(node, "", _JOINED.get(str(profile["info.csv"])))
        return
    every = members(node)
    if rows == "json":
        yield from ((title, "json" if _is_list(member) else _datatype(member)) for title, member in every.items())
        return
    if rows == "with-task":
        yield from ((title, _datatype(m)) for title, m in every.items() if title not in SECTION_NAMES)
    yield from ((title, _datatype(field)) for title, field in members(merged(every[section]["items"])).items())


def _is_list(node: Schema) -> bool:
    return "items" in node and "const" not in node


def _flat(node: Schema, title: str, join: Callable[[str, str], str] | None) -> Iterator[tuple[str, Datatype]]:
    """The single values below a node; without a way to join titles, the top members. A list's entries stand for the
    list, so an empty one leaves no column.
    """
    if "object" in types(node) and (join or not title):
        for name, member in members(node).items():
            yield from _flat(member, join(title, name) if join and title else name, join)
    elif _is_list(node) and "enum" in node:
        return
    elif _is_list(node) and join:
        yield from _flat(merged(node["items"]), title, join)
    else:
        yield title, "json" if {"object", "array"} & {*types(node)} else _datatype(node)


def _datatype(node: Schema) -> Datatype:
    """What a cell holds, in CSVW's words; null and false are empty cells."""
    if types(node) == ("integer",):
        return {"base": "integer", "minimum": node["minimum"]} if "minimum" in node else "integer"
    values = [node["const"]] if "const" in node else node.get("enum", [])
    if values:
        return {"base": "string", "format": _one_of(str(value or "") for value in values)}
    return {"base": "string", "format": whole(node["pattern"])} if "pattern" in node else "string"


def _one_of(texts: Iterable[str]) -> str:
    """A pattern for any of the texts."""
    return f"^(?:{'|'.join(map(literal, dict.fromkeys(texts)))}){END}"
