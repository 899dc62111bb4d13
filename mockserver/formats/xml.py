"""XML 1.0: members as elements in the body's order, laid out as the clauses `xml.*` have it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from mockserver.core.messages import Answer, Value
from mockserver.core.xml_text import ILLEGAL_IN_XML
from mockserver.formats.plain import CHARSETS, plain, with_charset
from mockserver.profile.profile import Rendering

_INDENTS: Mapping[str, str] = {"1 space": " ", "2 spaces": "  ", "4 spaces": "    ", "tab": "\t"}
_LABELS: Mapping[str, str] = {"utf-8": "UTF-8", "windows-1251": "windows-1251"}
_NIL = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'


def xml_type(rendering: Rendering) -> str:
    """The Content-Type, which may name the charset."""
    return with_charset(rendering.xml_type, rendering.xml_encoding)


def xml_writer(rendering: Rendering) -> Callable[[Answer], bytes]:
    """The writer of answers as XML. What the encoding lacks is written as a reference.

    What XML 1.0 can't carry becomes U+FFFD: profiles, faults and made-up data hold no such character, so this is for
    what may yet come.
    """
    element, root, encoding = _Elements(rendering).element, rendering.xml_root, rendering.xml_encoding
    above = "\n" if rendering.xml_indent in _INDENTS else ""
    end = "" if rendering.xml_indent == "none" else "\n"
    declaration = _declaration(rendering)
    head = declaration + end if declaration else ""

    def write(answer: Answer) -> bytes:
        text = element(root, answer.body, above).removeprefix(above)
        return f"{head}{text}{end}".encode(encoding, "xmlcharrefreplace")

    return write


def _declaration(rendering: Rendering) -> str:
    charset = CHARSETS[rendering.xml_encoding]
    # A document that does not name its encoding is in UTF-8.
    if rendering.xml_declaration == "yes" or charset != "utf-8":
        return f'<?xml version="1.0" encoding="{_LABELS[charset]}"?>'
    return '<?xml version="1.0"?>' if rendering.xml_declaration == "no-encoding" else ""


class _Elements:
    """Writes elements. above is the white space that stands before an element and before its end tag."""

    __slots__ = ("_bare_names", "_content", "_indent", "_item", "_null", "_open_other", "_open_text", "_repeated")

    def __init__(self, rendering: Rendering) -> None:
        self._content = _content(rendering)
        self._indent = _INDENTS.get(rendering.xml_indent, "")
        self._item = rendering.xml_item
        self._repeated = rendering.xml_repeated
        self._bare_names = rendering.xml_bare_names
        self._null = _NIL if rendering.xml_nil else ""
        self._open_text = rendering.xml_empty != "<x/>"
        self._open_other = rendering.xml_empty == "<x></x>"

    def element(self, name: str, value: Value, above: str) -> str:
        """The element of the name, with all that is in it."""
        if isinstance(value, dict):
            inner = "".join(self._members(value, above + self._indent))
        elif isinstance(value, list):
            inner = "".join(self._entries(name, value, above + self._indent))
        else:
            text = plain(value)
            return f"{above}<{name}>{self._content(text)}</{name}>" if text else self._empty(name, value, above)
        return f"{above}<{name}>{inner}{above}</{name}>" if inner else self._empty(name, value, above)

    def _members(self, body: Mapping[str, Value], above: str) -> Iterator[str]:
        for name, value in body.items():
            if type(value) is str and value:  # nearly every member of a row
                yield f"{above}<{name}>{self._content(value)}</{name}>"
            elif self._repeated and isinstance(value, list):
                for entry in self._values(name, value):
                    yield self.element(name, entry, above)
            else:
                yield self.element(name, value, above)

    def _entries(self, name: str, entries: list[Value], above: str) -> Iterator[str]:
        bare = self._bare_names and name == "names"
        for number, entry in enumerate(self._values(name, entries)):
            yield self.element("name" if bare else self._item(number), entry, above)

    def _values(self, name: str, entries: list[Value]) -> list[Value]:
        """The entries of a list; those of names may stand for the one text in each."""
        if not (self._bare_names and name == "names"):
            return entries
        return [entry["name"] for entry in entries if isinstance(entry, dict)]

    def _empty(self, name: str, value: Value, above: str) -> str:
        start = f"{above}<{name}{self._null}" if value is None else f"{above}<{name}"
        is_open = self._open_text if value == "" or value is False else self._open_other
        return f"{start}></{name}>" if is_open else f"{start}/>"


def _content(rendering: Rendering) -> Callable[[str], str]:
    """The function that writes a text within an element."""
    if rendering.xml_cdata:
        return _cdata(rendering.xml_encoding)
    return _ascii if rendering.xml_ascii else _escaped


def _legal(text: str) -> str:
    return text if text.isprintable() else ILLEGAL_IN_XML.sub("\ufffd", text)


def _escaped(text: str) -> str:
    """The text with references for markup, and for a carriage return: parsers turn a bare one into a line feed."""
    text = _legal(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _ascii(text: str) -> str:
    return _escaped(text).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _cdata(encoding: str) -> Callable[[str], str]:
    """Texts in CDATA sections. A section holds no references, so they stand between two."""
    repertoire = "" if CHARSETS[encoding] == "utf-8" else bytes(range(256)).decode(encoding, "ignore")
    outside = re.compile(rf"\r|[^{re.escape(repertoire)}]" if repertoire else r"\r")

    def write(text: str) -> str:
        inner = _legal(text).replace("]]>", "]]]]><![CDATA[>")
        inner = outside.sub(lambda found: f"]]>&#{ord(found[0])};<![CDATA[", inner)
        return f"<![CDATA[{inner}]]>"

    return write
