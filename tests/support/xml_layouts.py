"""Answers in the layouts that XML may have, written independently of the suite's reader and of the mock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr


@dataclass(frozen=True)
class XmlLayout:
    """How an answer is written."""

    root: str = "response"
    item: str = "item"  # {n} and {n+1} stand for an entry's number
    repeated: bool = False  # lists are repeated elements
    names_as_values: bool = False  # names without an entry around each
    names_as_texts: bool = False  # entries of names are texts
    row_attributes: bool = False  # a row's fields are attributes
    top_attributes: bool = False  # members of the answer are attributes
    prefix: str = ""  # a namespace's
    namespace: bool = False  # a default one
    attributes: bool = False  # attributes that mean nothing
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>'
    encoding: str = "utf-8"
    doctype: bool = False
    cdata: bool = False
    indent: str | None = None
    padding: str = ""  # white space around every value
    opened: bool = False  # <x></x> for what is empty
    nil: bool = False
    escaped: bool = False  # numeric references for what is not ASCII
    wrapped: bool = False  # an element around the answer
    comments: bool = False


def written(model: Mapping[str, Any], layout: XmlLayout) -> bytes:
    """The answer in the layout."""
    head = layout.declaration
    space = "" if layout.indent is None else "\n"
    inner = _members(model, layout, 1)
    about = ' xmlns="urn:api"' if layout.namespace else f' xmlns:{layout.prefix}="urn:api"' if layout.prefix else ""
    about += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' if layout.nil else ""
    about += ' version="1.0"' if layout.attributes else ""
    flat = {k: v for k, v in model.items() if not isinstance(v, list | dict)} if layout.top_attributes else {}
    about += "".join(f" {name}={quoteattr(_plain(value))}" for name, value in flat.items())
    name = _name(layout.root, layout)
    end = "" if layout.indent is None else "\n"
    text = f"<{name}{about}>{inner}{end}</{name}>"
    if layout.wrapped:
        text = f"<xml>{text}</xml>"
    doctype = f"<!DOCTYPE {name}>{space}" if layout.doctype else ""
    text = f"{head}{space}{doctype}{text}{space}"
    if layout.escaped:
        text = re.sub(r"[^\x00-\x7f]", lambda match: f"&#{ord(match[0])};", text)
    return text.encode(layout.encoding, "xmlcharrefreplace")


def _members(members: Mapping[str, Any], layout: XmlLayout, depth: int) -> str:
    return "".join(
        _member(name, value, layout, depth)
        for name, value in members.items()
        if not (depth == 1 and layout.top_attributes and not isinstance(value, list | dict))
    )


def _member(name: str, value: Any, layout: XmlLayout, depth: int) -> str:
    if isinstance(value, list):
        entries = [_entry(name, i, entry, layout, depth) for i, entry in enumerate(value)]
        if layout.repeated:
            return "".join(entries)
        return _element(name, "".join(entries), layout, depth, parent=bool(entries), about=' type="array"')
    if isinstance(value, Mapping):
        return _element(name, _members(value, layout, depth + 1), layout, depth, parent=True)
    return _element(name, value, layout, depth)


def _entry(section: str, number: int, entry: Mapping[str, Any], layout: XmlLayout, depth: int) -> str:
    name = section if layout.repeated else layout.item.replace("{n}", str(number)).replace("{n+1}", str(number + 1))
    depth += 0 if layout.repeated else 1
    key = f' key="{number}"'
    if section == "names" and layout.names_as_values and not layout.repeated:
        return _element("name", entry["name"], layout, depth, about=key)
    if section == "names" and layout.names_as_texts:
        return _element(name, entry["name"], layout, depth, about=key)
    if layout.row_attributes and not any(isinstance(value, list | dict) for value in entry.values()):
        fields = "".join(f" {field}={quoteattr(_plain(value))}" for field, value in entry.items())
        return f"{_space(layout, depth)}<{_name(name, layout)}{fields}/>"
    return _element(name, _members(entry, layout, depth + 1), layout, depth, parent=True, about=key)


def _element(name: str, value: Any, layout: XmlLayout, depth: int, *, parent: bool = False, about: str = "") -> str:
    tag, about = _name(name, layout), about if layout.attributes else ""
    space = _space(layout, depth)
    comment = "<!-- x --><?x y?>" if layout.comments else ""
    if parent:
        return f"{space}{comment}<{tag}{about}>{value}{space}</{tag}>"
    if value is None and layout.nil:
        return f'{space}<{tag} xsi:nil="true"/>'
    text = _plain(value)
    if not text:
        return f"{space}<{tag}{about}></{tag}>" if layout.opened else f"{space}<{tag}{about}/>"
    if layout.cdata:
        parted = text.replace("]]>", "]]]]><![CDATA[>")
        content = f"<![CDATA[{parted}]]>"
    else:
        content = escape(text, {"\r": "&#13;"})
    return f"{space}<{tag}{about}>{layout.padding}{content}{layout.padding}</{tag}>"


def _space(layout: XmlLayout, depth: int) -> str:
    return "" if layout.indent is None else "\n" + layout.indent * depth


def _name(name: str, layout: XmlLayout) -> str:
    return f"{layout.prefix}:{name}" if layout.prefix else name


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
