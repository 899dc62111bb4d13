"""XML 1.0: members as elements in the body's order, a list's entries as elements of one name."""

from __future__ import annotations

from collections.abc import Iterator

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
    return (head + "".join(_element(rendering.xml_root, answer.body, rendering))).encode()


def _element(name: str, value: Value, rendering: Rendering) -> Iterator[str]:
    inner = "".join(_content(value, rendering))
    if inner or not rendering.xml_self_closed:
        yield f"<{name}>{inner}</{name}>"
    else:
        yield f"<{name}/>"


def _content(value: Value, rendering: Rendering) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _element(name, member, rendering)
    elif isinstance(value, list):
        for entry in value:
            yield from _element(rendering.xml_item, entry, rendering)
    elif value is not None:
        yield ILLEGAL_IN_XML.sub("\ufffd", str(value)).translate(_MARKUP)
