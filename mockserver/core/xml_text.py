"""What XML 1.0 can carry."""

from __future__ import annotations

import re

ILLEGAL_IN_XML = re.compile(r"[\x00-\x08\x0B\x0C\x0E-\x1F\uD800-\uDFFF\uFFFE\uFFFF]")
"""The characters outside of XML 1.0 (fifth edition), production 2; a pattern that JSON Schema can hold, too."""


def illegal_in_xml(text: str) -> str | None:
    """The first character of the text that XML 1.0 can't carry."""
    found = ILLEGAL_IN_XML.search(text)
    return found[0] if found else None


# XML 1.0 (fifth edition), productions 4 and 4a, without the colon, which namespaces reserve.
_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
XML_NAME = rf"[{_START}][{_START}\-.0-9\u00B7\u0300-\u036F\u203F-\u2040]*"
XML_ITEM = rf"{XML_NAME}(?:\{{n(?:\+1)?\}})?"  # a name that may end in a blank for the number of an entry
