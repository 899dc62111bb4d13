"""XML: anything well-formed is read, whatever its elements and attributes are called. No entity is followed."""

from __future__ import annotations

import re

from lxml import etree

from contract_tests.decode.faults import fault_in
from contract_tests.decode.model import Context, Decoded, TooLarge, Unreadable, bound
from contract_tests.decode.xml_layouts import XmlReader
from contract_tests.decode.xml_text import xml_text
from contract_tests.decode.xml_writing import xml_choices

_MARKS = (b"<", b"&", *(mark.encode(encoding) for mark in ('="', "='") for encoding in ("ascii", "utf-16-le")))
"""What begins an element, a reference, and the value of an attribute."""


_NAME = re.compile(r"<[^\s/>]++|\s[^\s=\"'<>/]++=")
MAX_NAMES = 10_000
"""Names of elements and attributes that differ; the parser keeps each one."""


def read_xml(body: bytes, context: Context) -> Decoded:
    """The answer. Raises Unreadable, UnknownLayout, TooLarge."""
    bound(body, _MARKS, "XML")
    document = xml_text(body)
    root = _parsed(document.text)
    choices, others = xml_choices(document, context)
    reader = XmlReader(context, others)
    model, rows = reader.answer(root)
    return Decoded(model, "xml", {**choices, **reader.choices()}, rows)


def _parsed(text: str) -> etree._Element:
    if "<!DOCTYPE" in text and ("<!ENTITY" in text or "<!ATTLIST" in text):
        raise Unreadable("XML with a DTD of its own, which is not read")
    names: set[str] = set()
    for match in _NAME.finditer(text):
        names.add(match[0])
        if len(names) > MAX_NAMES:
            raise TooLarge(f"XML of more than {MAX_NAMES:,} different names")
    # No DTD is loaded and nothing is fetched. Without entities of its own, a document can't grow while it is parsed.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        if fault := fault_in(text):
            raise Unreadable(f"{fault}, where xml was asked for") from None
        line, column = error.position
        raise Unreadable(f"no well-formed XML at line {line}, column {column} ({_kind(error)})") from None
    except ValueError:
        raise Unreadable("no XML that could be read") from None


def _kind(error: etree.XMLSyntaxError) -> str:
    """The parser's code for what it found: its message may quote the answer."""
    entry = getattr(error.error_log, "last_error", None)
    return str(entry.type_name).removeprefix("ERR_").replace("_", " ").lower() if entry else "syntax"
