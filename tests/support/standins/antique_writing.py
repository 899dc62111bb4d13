"""How `antique` writes: JSON with escaped slashes, XML with Cyrillic names and CDATA, tabs in windows-1251."""

from __future__ import annotations

import json
from collections.abc import Iterator

from support.standins.people import FIELDS
from support.standins.shell import Answer


def write(answer: Answer) -> tuple[str, bytes]:
    """Content type and body."""
    if answer.format == "xml":
        return "text/plain; charset=utf-8", f"<ответ>{_xml(answer.body)}</ответ>".encode()
    if answer.format == "csv":
        return "application/vnd.ms-excel; charset=windows-1251", _csv(answer).encode("cp1251", "xmlcharrefreplace")
    return "text/html", json.dumps(answer.body, ensure_ascii=False).replace("/", "\\/").encode()


def _xml(value: object) -> str:
    if isinstance(value, dict):
        return "".join(_members(name, member) for name, member in value.items())
    return _text("" if value is None else str(value))


def _members(name: str, value: object) -> str:
    """An element, or one for each entry of a list."""
    entries = value if isinstance(value, list) else [value]
    return "".join(_element(name, entry) for entry in entries)


def _element(name: str, value: object) -> str:
    inner = _xml(value)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _text(text: str) -> str:
    """All goes into CDATA, of which a parser would turn a carriage return into a line feed."""
    if not text:
        return ""
    shielded = text.replace("]]>", "]]]]><![CDATA[>").replace("\r", "]]>&#13;<![CDATA[")
    return f"<![CDATA[{shielded}]]>"


def _csv(answer: Answer) -> str:
    return "".join("\t".join(map(_cell, line)) + "\n" for line in _lines(answer))


def _lines(answer: Answer) -> Iterator[list[object]]:
    section = answer.body.get(answer.rows or "")
    if isinstance(section, list):
        for entry in section:
            yield [entry[name] for name in FIELDS if name in entry] if isinstance(entry, dict) else [entry]
        return
    yield from _pairs(answer.body)


def _pairs(value: dict[str, object]) -> Iterator[list[object]]:
    for name, member in value.items():
        if isinstance(member, dict):
            yield from _pairs(member)
        elif isinstance(member, list):
            for entry in member:
                yield from _pairs(entry if isinstance(entry, dict) else {name: entry})
        else:
            yield [name, member]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in '\t"\r\n') else text
