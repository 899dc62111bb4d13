"""Texts that a server writes in place of an answer: a fault of its own program, a page for browsers."""

from __future__ import annotations

import re

_PHP = (
    r"(?:(?:Recoverable |Catchable )?[Ff]atal|Parse|Compile|Core) error"
    r"|(?:Core |Compile |User )?(?:[Ww]arning|[Nn]otice|[Dd]eprecated)|Strict Standards"
)
_LINE = re.compile(
    rf"^[ \t]*+(?:<br ?/?>[ \t]*+)*+(?:(?P<php>(?:PHP )?(?:<b>)?(?:{_PHP})(?:</b>)?: )"
    r"|Traceback \(most recent call last\):|Exception in thread \"|SQLSTATE\[)",
    re.MULTILINE,
)
_PLACE = re.compile(r" on line (?:<b>)?\d| in \S{1,500}:\d")  # which PHP names after each of its messages
_NEAR = 1000  # characters of a message
_PAGE = re.compile(r"\s*+(?:<!--[^>]*-->\s*+)*+<(?:!doctype\s+html|html|head|body|center|h1)\b", re.IGNORECASE)
PAGE_NAMES = frozenset(["html", "head", "body", "h1", "h2", "p", "pre", "div", "span", "center", "b", "br", "font"])
"""Names of elements in pages for browsers, which no answer has."""


def fault_in(text: str) -> str:
    """What a server's program or a page wrote in place of an answer, by a line of the text; empty for neither."""
    if _PAGE.match(text):
        return "an HTML page"
    for line in _LINE.finditer(text):
        if line["php"] is None:
            return "a fault of the server's program"
        if _PLACE.search(text, line.end(), line.end() + _NEAR):
            return "a fault of PHP"
    return ""
