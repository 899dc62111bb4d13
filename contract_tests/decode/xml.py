"""XML: anything well-formed is read, whatever its elements and attributes are called. Nothing outside of it is fetched,
and entities of its own can't make it grow.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from contract_tests.decode.faults import fault_in
from contract_tests.decode.model import Context, Decoded, TooLarge, Unreadable, bound, bound_text
from contract_tests.decode.xml_layouts import XmlReader
from contract_tests.decode.xml_text import xml_text
from contract_tests.decode.xml_writing import xml_choices

_MARKS = (b"<", b"&", b"=")
"""What begins an element, a reference, and the value of an attribute."""


_NAME = re.compile(r"<[^\s/>]++|\s[^\s=\"'<>/]++=")
MAX_NAMES = 10_000
"""Names of elements and attributes that differ; the parser keeps each one."""


def read_xml(body: bytes, context: Context) -> Decoded:
    """The answer. Raises Unreadable, UnknownLayout, TooLarge."""
    bound(body, _MARKS, "XML")
    document = xml_text(body)
    bound_text(document.text, "XML")
    root = _parsed(document.text)
    choices, others = xml_choices(document, context)
    reader = XmlReader(context, others)
    model, rows = reader.answer(root)
    return Decoded(model, "xml", {**choices, **reader.choices()}, rows)


_OUTSIDE = re.compile(r"<!ENTITY\s++(?:%|\S++\s++(?:SYSTEM|PUBLIC))")
"""An entity that stands elsewhere, or one of the DTD itself."""
_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);|#)")
"""A reference to an entity of the document's own."""
MAX_GROWING = 2**18
"""Characters of XML with such references. Its parser lets them grow to 1 MB, or to five times the document."""


def _parsed(text: str) -> etree._Element:
    declares = "<!DOCTYPE" in text and ("<!ENTITY" in text or "<!ATTLIST" in text)
    if declares and not _is_harmless(text):
        raise TooLarge("XML with a DTD of its own that is not read")
    names: set[str] = set()
    for match in _NAME.finditer(text):
        names.add(match[0])
        if len(names) > MAX_NAMES:
            raise TooLarge(f"XML of more than {MAX_NAMES:,} different names")
    # No DTD is loaded and nothing is fetched. `huge_tree` would also lift the limits for entities.
    entities: Any = "internal" if declares else False
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=entities,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=not declares,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        if _kind(error) in ("entity loop", "resource limit"):
            raise TooLarge("XML whose entities make it grow") from None
        if fault := fault_in(text):
            raise Unreadable(f"{fault}, where xml was asked for") from None
        line, column = error.position
        raise Unreadable(f"no well-formed XML at line {line}, column {column} ({_kind(error)})") from None
    except ValueError:
        raise Unreadable("no XML that could be read") from None


def _is_harmless(text: str) -> bool:
    """Whether what the DTD of a document declares can neither lead outside nor make much of little."""
    attributes = (part.partition(">")[0] for part in text.split("<!ATTLIST")[1:])
    defaults = any('"' in part or "'" in part for part in attributes)
    grows = len(text) > MAX_GROWING and _REFERENCE.search(text)
    return not (defaults or grows or _OUTSIDE.search(text))


def _kind(error: etree.XMLSyntaxError) -> str:
    """The parser's code for what it found: its message may quote the answer."""
    entry = getattr(error.error_log, "last_error", None)
    return str(entry.type_name).removeprefix("ERR_").replace("_", " ").lower() if entry else "syntax"
