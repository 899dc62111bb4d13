"""How `courier` writes: JSON without a blank and in capitals, XML line by line, CSV that shields what a sheet runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

from support.standins.people import FIELDS
from support.standins.shell import Answer

SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def json_of(answer: Answer) -> bytes:
    """Escapes for all that is not ASCII, and for the slash."""
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
        inner = value.items() if isinstance(value, dict) else (("name", entry) for entry in value)
        for inside, member in inner:
            yield from _element(inside, member, f"{indent}  ")
        yield f"{indent}</{name}>\n"
        return
    text = "" if isinstance(value, dict | list) or value is None else escape(str(value), {"\r": "&#xD;"})
    yield f"{indent}<{name}>{text}</{name}>\n"


def csv_of(answer: Answer) -> bytes:
    """A line of names and then the rows, or the one row of what is flat."""
    section = answer.body.get(answer.rows) if answer.rows else None
    if not isinstance(section, list):
        flat = list(_flat(answer.body))
        return _lines([[name for name, _ in flat], [value for _, value in flat]])
    columns = FIELDS if answer.rows == "data" else ("name",)
    rows = [[entry[c] for c in columns if c in entry] if isinstance(entry, dict) else [entry] for entry in section]
    return _lines([columns, *rows])


def _flat(members: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in members.items():
        if isinstance(value, dict):
            yield from _flat(value)
        elif not isinstance(value, list):
            yield name, value


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in rows).encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    plain = text and text[0] not in "=+-@ " and not {*text} & {",", '"', "\r", "\n"}
    return text if plain else '"' + text.replace('"', '""') + '"'


WRITERS: Mapping[str, tuple[str, Callable[[Answer], bytes]]] = {
    "json": ('application/vnd.courier+json;charset="utf-8"', json_of),
    "xml": ("application/xhtml+xml", xml_of),
    "csv": ("application/octet-stream", csv_of),
}
