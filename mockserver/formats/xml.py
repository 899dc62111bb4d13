"""XML 1.0: members as elements in the body's order, a list's entries as elements of one name."""

from __future__ import annotations

from mockserver.core.messages import Answer, Value
from mockserver.core.xml_text import ILLEGAL_IN_XML
from mockserver.profile.profile import Rendering

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def write_xml(answer: Answer, rendering: Rendering) -> bytes:
    """The body as XML in UTF-8.

    A carriage return is written as a reference, since parsers turn a bare one into a line feed. What XML 1.0 can't
    carry becomes U+FFFD: profiles, faults and made-up data hold no such character, so this is for what may yet come.
    """
    head = DECLARATION if rendering.xml_declaration else ""
    return (head + _element(rendering.xml_root, answer.body, rendering)).encode()


def _element(name: str, value: Value, rendering: Rendering) -> str:
    if isinstance(value, dict):
        inner = "".join([_element(key, member, rendering) for key, member in value.items()])
    elif isinstance(value, list):
        inner = "".join([_element(rendering.xml_item, entry, rendering) for entry in value])
    else:
        inner = "" if value is None else ILLEGAL_IN_XML.sub("\ufffd", str(value)).translate(_MARKUP)
    return f"<{name}>{inner}</{name}>" if inner or not rendering.xml_self_closed else f"<{name}/>"
