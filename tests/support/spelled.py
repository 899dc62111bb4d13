"""A text as the kit, or a server, may write it; made here without the kit's own table."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape


def _lower_percent(text: str) -> str:
    return re.sub("%..", lambda match: match[0].lower(), text)


def _units(text: str) -> str:
    return re.sub(r"\\u....", lambda match: f"\\u{match[0][2:].upper()}", json.dumps(text)[1:-1])


SPELLED: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "percent": lambda s: quote(s, safe=""),
    "percent, lower case": lambda s: _lower_percent(quote(s, safe="")),
    "percent, slashes kept": quote,
    "form": quote_plus,
    "form, lower case": lambda s: _lower_percent(quote_plus(s)),
    "json": lambda s: json.dumps(s)[1:-1],
    "json in json": lambda s: json.dumps(json.dumps(s)[1:-1])[1:-1],
    "json, not ASCII": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json, slashes escaped": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "json, upper case": _units,
    "html": html.escape,
    "html by PHP": lambda s: escape(s, {'"': "&quot;", "'": "&#039;"}),
    "xml": escape,
    "xml attribute": lambda s: escape(s, {'"': "&quot;"}),
    "xml, decimal": lambda s: escape(s).encode("ascii", "xmlcharrefreplace").decode(),
    "xml, hexadecimal": lambda s: "".join(c if c.isascii() else f"&#x{ord(c):X};" for c in escape(s)),
    "repr": lambda s: repr(s)[1:-1],
    "repr of bytes": lambda s: repr(s.encode())[2:-1],
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64, URL": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
}
