"""XML, safely and strictly: no DTD, no entity, nothing fetched; any root, any name of a list's entries."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from contract_tests.contract.members import ACCOUNT, DOCUMENTED
from contract_tests.decode.model import MAX_DEPTH, Decoded, Unreadable, bound, named, typed

SECTIONS = ("data", "names")


def read_xml(body: bytes) -> Decoded:
    """The answer. Raises Unreadable."""
    bound(body, b"<&", "XML")
    root = _parsed(body)
    about = root.getroottree().docinfo
    if about.internalDTD is not None:
        raise Unreadable("XML with a DTD, which is not read")
    body = _as_utf8(body, about.encoding or "utf-8")
    walk = _Walk()
    model = walk.members(root, "")
    choices = {
        "xml.root": _name(root),
        "xml.declaration": "yes" if body.startswith(b"<?xml") else "no",
        "xml.item": " and ".join(sorted(walk.items)),
        "xml.empty": _empty_style(body),
    }
    return Decoded(model, "xml", {clause: choice for clause, choice in choices.items() if choice})


def _parsed(body: bytes) -> etree._Element:
    # The other options are off: no DTD is loaded, nothing is fetched, huge trees and errors are refused.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Unreadable(f"no well-formed XML at line {line}, column {column} ({_kind(error)})") from None
    except ValueError:
        raise Unreadable("no XML that could be read") from None


CHARSETS = frozenset(
    ["utf-8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "windows-1251", "cp1251"]
)
"""The charsets that most XML parsers read."""


def _as_utf8(body: bytes, charset: str) -> bytes:
    """The body in UTF-8, to see how it is written. Raises Unreadable for a rare charset."""
    if charset.lower() not in CHARSETS:
        raise Unreadable("XML in a charset that few programs read")
    is_utf8 = charset.lower() in ("utf-8", "us-ascii", "ascii")
    return body if is_utf8 else body.decode(charset, "replace").removeprefix("\ufeff").encode()


def _kind(error: etree.XMLSyntaxError) -> str:
    """The parser's code for what it found: its message may quote the answer."""
    entry = getattr(error.error_log, "last_error", None)
    return str(entry.type_name).removeprefix("ERR_").replace("_", " ").lower() if entry else "syntax"


class _Walk:
    """Turns elements into the model, and collects the names of list entries."""

    def __init__(self) -> None:
        self.items: set[str] = set()
        self.status = ""

    def members(self, element: etree._Element, path: str) -> dict[str, Any]:
        """An element's children as members by name."""
        if not path:
            self.status = next((_text(child, "status") for child in element if child.tag == "status"), "")
        if path.count(".") >= MAX_DEPTH:
            raise Unreadable(f"XML that is nested more than {MAX_DEPTH} deep")
        _no_text_between(element, path)
        found: dict[str, Any] = {}
        for child in element:
            name = _name(child)
            inside = f"{path}.{name}" if path else name
            if name in found:
                raise Unreadable(f"XML with {named(name)} twice in one element")
            found[name] = self.value(child, inside)
        _no_attribute(element, path)
        return found

    def value(self, element: etree._Element, path: str) -> Any:
        """A member's value: a list, an object, or a text (typed by the member's name)."""
        if path in SECTIONS and self.status == "ready":
            return self.entries(element, path)
        if len(element):
            first = _name(element[0])
            # The account may be an object or a list of one.
            wrapped = path == "data" and len(element) == 1 and first not in ACCOUNT
            return self.entries(element, path) if wrapped else self.members(element, path)
        return typed(_name(element), _text(element, path))

    def entries(self, element: etree._Element, path: str) -> list[Any]:
        """A list's entries, which all have one name, whichever it is."""
        _no_text_between(element, path)
        self.items.update(_name(child) for child in element)
        if len({child.tag for child in element}) > 1:
            raise Unreadable(f"XML with entries of several names in {_place(path)}")
        return [
            self.members(child, f"{path}[{i}]") if len(child) else _text(child, f"{path}[{i}]")
            for i, child in enumerate(element)
        ]


def _text(element: etree._Element, path: str) -> str:
    _no_attribute(element, path)
    if len(element):
        raise Unreadable(f"XML with elements within {_place(path)}, where a text should be")
    return element.text or ""


def _no_attribute(element: etree._Element, path: str) -> None:
    if element.attrib:
        raise Unreadable(f"XML with an attribute on {_place(path)}, which no answer is known to have")


def _no_text_between(element: etree._Element, path: str) -> None:
    texts = [element.text, *(child.tail for child in element)]
    if any(text and text.strip(" \t\r\n") for text in texts):
        raise Unreadable(f"XML with text between the elements of {_place(path)}")


def _place(path: str) -> str:
    """A path as it may be reported: an undocumented element's name may hold anything."""
    steps = re.sub(r"\[[0-9]+\]", "", path).split(".")
    return path if DOCUMENTED.issuperset(steps) else "an element" if path else "the root"


def _name(element: etree._Element) -> str:
    if not isinstance(element.tag, str):
        raise Unreadable("XML with an entity reference, which is not followed")
    if element.tag.startswith("{"):
        raise Unreadable("XML with a namespace, which no answer is known to have")
    if len(element.tag) > MAX_NAME:
        raise Unreadable(f"XML with a name of {len(element.tag)} characters")
    return element.tag


MAX_NAME = 100  # characters of an element's name

_NO_MARKUP = re.compile(rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_CLOSED = re.compile(rb"<[^\s<>/!?]+\s*/>")
_OPEN = re.compile(rb"<([^\s<>/!?]+)></\1\s*>")


def _empty_style(body: bytes) -> str:
    """How empty elements are written: from the bytes, since a parser does not say."""
    plain = _NO_MARKUP.sub(b" ", body)
    closed, opened = _CLOSED.search(plain), _OPEN.search(plain)
    if closed and opened:
        return "now <x/>, now <x></x>"
    return "<x/>" if closed else "<x></x>" if opened else ""
