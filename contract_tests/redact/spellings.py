"""The spellings of a secret: how the kit, or a server that repeats a token, may write a text."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from markupsafe import escape as jinja_escape

_MARKS = re.compile(r"""[!"#$%&'*:<=>?\[\\\]^`{|}~]|(?<![^\W_])_|_(?![^\W_])|(?<=www)\.""", re.IGNORECASE)
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_UNIT = re.compile(r"(?<=\\u)[0-9a-f]{4}")


def spellings(secret: str) -> set[str]:
    """Every text in which the secret is searched for; each also as Markdown, or a string of JSON or Python, has it."""
    spelled = {spell(secret) for spell in SPELLINGS.values()}
    spelled |= {text.replace("\\", "\\\\").replace('"', '\\"') for text in spelled}
    return spelled | set(map(markdown, spelled))


def markdown(text: str) -> str:
    """The text with numeric references for what Markdown or HTML could take for a mark."""
    return _MARKS.sub(lambda match: "".join(f"&#{ord(c)};" for c in match[0]), text)


def _percent(text: str, safe: str = "") -> str:
    return quote(text, safe=safe, errors="surrogatepass")


def _form(text: str) -> str:
    return quote_plus(text, errors="surrogatepass")


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_unescaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _lower(text: str) -> str:
    return _PERCENT.sub(lambda match: match[0].lower(), text)


def _references(text: str, form: str) -> str:
    """The text as XML in ASCII."""
    return re.sub(r"[^\x00-\x7f]", lambda match: form.format(ord(match[0])), escape(text))


SPELLINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "raw": lambda text: text,
        "percent": _percent,
        "percent, lower case": lambda text: _lower(_percent(text)),
        "percent, slashes kept": lambda text: _percent(text, "/"),
        "form": _form,
        "form, lower case": lambda text: _lower(_form(text)),
        "json": _json,
        "json, upper case": lambda text: _UNIT.sub(lambda match: match[0].upper(), _json(text)),
        "json, slashes escaped": lambda text: _json(text).replace("/", "\\/"),
        "json, not ASCII": _json_unescaped,
        "json, not ASCII, slashes escaped": lambda text: _json_unescaped(text).replace("/", "\\/"),
        "xml": escape,
        "xml attribute": lambda text: escape(text, {'"': "&quot;"}),
        "html": html.escape,
        "html by Jinja": lambda text: str(jinja_escape(text)),
        "html by PHP": lambda text: html.escape(text).replace("&#x27;", "&#039;"),
        "xml in ASCII, decimal": lambda text: _references(text, "&#{};"),
        "xml in ASCII, hexadecimal": lambda text: _references(text, "&#x{:x};"),
        "xml in ASCII, upper case": lambda text: _references(text, "&#x{:X};"),
        "repr": lambda text: repr(text)[1:-1],
        "repr of bytes": lambda text: repr(_bytes(text))[2:-1],
        "base64": lambda text: b64encode(_bytes(text)).decode().rstrip("="),
        "base64 for URLs": lambda text: urlsafe_b64encode(_bytes(text)).decode().rstrip("="),
    }
)
