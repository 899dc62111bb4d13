"""The text of XML: its charset by the byte order mark and the declaration, and what the declaration says."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass

from contract_tests.decode.model import Unreadable


@dataclass(frozen=True, slots=True)
class XmlText:
    """A document as text."""

    text: str  # with blanks in place of the declaration, which parsers of text do not take
    start: int  # where the text goes on after the declaration; 0 where there is none
    encoding: str  # the choice of xml.encoding, or a word; empty where ASCII alone shows none
    declaration: str  # the choice of xml.declaration, or a word
    codec: str


_MARKS: Mapping[bytes, tuple[str, str]] = {
    codecs.BOM_UTF8: ("utf-8", "utf-8-sig"),
    codecs.BOM_UTF16_LE: ("utf-16-le", "utf-16le"),
    codecs.BOM_UTF16_BE: ("utf-16-be", "utf-16be"),
}
_UNMARKED: Mapping[bytes, tuple[str, str]] = {
    b"<\0": ("utf-16-le", "utf-16le without a mark"),
    b"\0<": ("utf-16-be", "utf-16be without a mark"),
}
_DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*["'](?P<version>1\.[0-9])["']"""
    r"""(?:\s+encoding\s*=\s*(?:"(?P<double>[A-Za-z][\w.-]*)"|'(?P<single>[A-Za-z][\w.-]*)'))?"""
    r"""(?P<standalone>\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>""",
    re.ASCII,
)
_NAMES = re.compile(r"utf-(?:8|16(?:le|be)?)|(?:us-)?ascii|(?:windows-|cp)125\d|koi8-[ru]|iso-8859-\d+|(?:ibm|cp)866")
"""Names of charsets as they are registered."""
_SPELLED: Mapping[str, str] = {
    "utf8": "utf-8",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "usascii": "ascii",
    "ascii": "ascii",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "ibm866": "cp866",
    "cp866": "cp866",
    "xmaccyrillic": "mac-cyrillic",
    "maccyrillic": "mac-cyrillic",
    "latin1": "latin-1",
    **{f"{family}125{n}": f"cp125{n}" for n in range(9) for family in ("windows", "cp", "win", "windowscp", "xcp")},
    **{f"iso8859{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17))},
}
"""Codecs by the common names of charsets, without what stands between letters and digits."""


def xml_text(body: bytes) -> XmlText:
    """The document's text. Raises Unreadable."""
    marked = next(((mark, *found) for mark, found in _MARKS.items() if body.startswith(mark)), None)
    by_bytes = marked[1:] if marked else next((c for start, c in _UNMARKED.items() if body.startswith(start)), None)
    content = body[len(marked[0]) :] if marked else body
    head = content[:400].decode(by_bytes[0] if by_bytes else "latin-1", "replace")
    if head.startswith("<?xml") and head[5:6].isspace():
        found = _DECLARATION.match(head)
        if found is None:
            raise Unreadable("no well-formed XML: its declaration")
        name = found["double"] or found["single"] or ""
    else:
        found, name = None, ""
    codec = _codec(name, by_bytes[0] if by_bytes else None)
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"XML that is not text in its charset at byte {error.start}") from None
    if found is not None:
        text = re.sub(r"[^\r\n]", " ", found[0]) + text[found.end() :]
    shown = bool(by_bytes or name) or not text.isascii()
    return XmlText(
        text,
        found.end() if found else 0,
        by_bytes[1] if by_bytes else codec if shown else "",
        _declared(found, name),
        codec,
    )


def _codec(name: str, by_bytes: str | None) -> str:
    """The codec of a document whose declaration names a charset. Raises Unreadable."""
    if not name:
        return by_bytes or "utf-8"
    codec = _SPELLED.get(re.sub(r"[-_.]", "", name).lower())
    if codec is None:
        raise Unreadable("XML in a charset that few programs read")
    fitting = {None: not codec.startswith("utf-16"), "utf-8": codec in ("utf-8", "ascii")}
    if not fitting.get(by_bytes, codec in ("utf-16", by_bytes)):
        raise Unreadable("XML in another charset than its declaration names")
    return by_bytes or codec


def _declared(found: re.Match[str] | None, name: str) -> str:
    if found is None:
        return "no"
    if found["standalone"]:
        return "with standalone"
    if found["version"] != "1.0":
        return "another version"
    if not name:
        return "no-encoding"
    return "yes" if _NAMES.fullmatch(name.lower()) else "a charset by another name"
