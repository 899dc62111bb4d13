"""How `courier` writes: JSON without a blank and in capitals, XML line by line, bars in UTF-16."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from support.standins.people import FIELDS
from support.standins.shell import Answer

SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def json_of(answer: Answer) -> bytes:
    """Escapes for all that is not ASCII."""
    return _json(answer.body).encode("ascii")


def _json(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{_json(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return "null" if value is None else str(value)


def _quoted(text: str) -> str:
    return '"' + "".join(SHORT.get(c) or (c if " " <= c <= "~" else _units(c)) for c in text) + '"'


def _units(character: str) -> str:
    """The character's one or two units of UTF-16."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex().upper()}" for at in range(0, len(units), 2))


def xml_of(answer: Answer) -> bytes:
    """One element a line, two blanks for each step."""
    lines = _element("i-find.answer_1", answer.body, "")
    return ("<?xml version='1.0' encoding='utf-8' ?>\n" + "".join(lines)).encode()


def _element(name: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield f"{indent}<{name}>\n"
        inner = value.items() if isinstance(value, dict) else _entries(name, value)
        for inside, member in inner:
            yield from _element(inside, member, f"{indent}  ")
        yield f"{indent}</{name}>\n"
        return
    if isinstance(value, dict | list) or value is None:
        yield f"{indent}<{name}/>\n"
        return
    text = escape(str(value), {"\r": "&#xD;"})
    yield f"{indent}<{name}>{text}</{name}>\n"


def _entries(section: str, entries: list[Any]) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        yield "name", entry["name"] if section == "names" and isinstance(entry, dict) else entry


def csv_of(answer: Answer) -> bytes:
    """A line of names and then the rows, each after its task, or the one row of what is flat."""
    section = answer.body.get(answer.rows) if answer.rows else None
    if not isinstance(section, list):
        flat = list(_flat(answer.body))
        return _lines([[name for name, _ in flat], [value for _, value in flat]])
    columns = FIELDS if answer.rows == "data" else ("name",)
    rows = [[entry[c] for c in columns if c in entry] if isinstance(entry, dict) else [entry] for entry in section]
    task = {name: value for name, value in answer.body.items() if name not in ("data", "names", "photo")}
    return _lines([[*task, *columns], *([*task.values(), *row] for row in rows)])


def _flat(members: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in members.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}_")
        elif not isinstance(value, list):
            yield f"{above}{name}", value


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    return ("\ufeff" + "".join("|".join(map(_cell, row)) + "\r\n" for row in rows)).encode("utf-16-le")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if {*text}.isdisjoint('|" \t\r\n\\') else '"' + text.replace('"', '""') + '"'


WRITERS: Mapping[str, tuple[str, Callable[[Answer], bytes]]] = {
    "json": ('application/vnd.courier+json;charset="utf-8"', json_of),
    "xml": ("application/xhtml+xml", xml_of),
    "csv": ("application/octet-stream", csv_of),
}
