"""What XML 1.0 can carry."""

from __future__ import annotations

import re

ILLEGAL_IN_XML = re.compile(r"[\x00-\x08\x0B\x0C\x0E-\x1F\uD800-\uDFFF\uFFFE\uFFFF]")
"""The characters outside of XML 1.0 (fifth edition), production 2; a pattern that JSON Schema can hold, too."""


def illegal_in_xml(text: str) -> str | None:
    """The first character of the text that XML 1.0 can't carry."""
    found = ILLEGAL_IN_XML.search(text)
    return found[0] if found else None


# XML 1.0 (fifth edition), productions 4 and 4a, without the colon, which namespaces reserve: all but these characters.
# What generates texts from a pattern takes long for large ranges; those stand in a look ahead, which it only checks.
_NEVER = r"(?![\uD800-\uDFFF\uE000-\uF8FF\U000F0000-\U0010FFFF])"
_LATE = r"\u2190-\u2BFF\u2FF0-\u3000\uFDD0-\uFDEF\uFFFE\uFFFF"
_START = rf"{_NEVER}[^\x00-@\[-\^`{{-\xBF\xD7\xF7\u0300-\u036F\u037E\u2000-\u200B\u200E-\u206F{_LATE}]"
_NEXT = rf"{_NEVER}[^\x00-,/:-@\[-\^`{{-\xB6\xB8-\xBF\xD7\xF7\u037E\u2000-\u200B\u200E-\u203E\u2041-\u206F{_LATE}]"
XML_NAME = rf"{_START}(?:{_NEXT})*"
XML_ITEM = rf"{XML_NAME}(?:\{{n(?:\+1)?\}})?"  # a name that may end in a blank for the number of an entry
