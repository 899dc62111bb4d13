"""The spellings of a secret: how the kit, or a server that repeats a token, may write a text."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from markupsafe import escape as jinja_escape

from contract_tests.redact.unsafe import UNSAFE, json_safe
from contract_tests.redact.unsafe import spelled as spelled_out

_MARKS = re.compile(r"""[!"#$%&'*:<=>?\[\\\]^`{|}~]|(?<![^\W_])_|_(?![^\W_])|(?<=www)\.""", re.IGNORECASE)


def is_marked(secret: str) -> bool:
    """Whether an output spells parts of it out, which makes hundreds of spellings."""
    return any(map(UNSAFE.search, (f"#{secret}[", f":{secret} "))) or "\t" in secret or "\n" in secret


@lru_cache(maxsize=512)  # every answer is searched for the same tokens
def spellings(secret: str, *, whole: bool = True) -> frozenset[str]:
    """Every text in which the secret is searched for; each also as Markdown, or a string of JSON or Python, has it.
    whole: also with what an output spells out.
    """
    marked = whole and is_marked(secret)
    shown = {secret, *_spelled_out(secret)} if marked else {secret}
    spelled = {text for spell in SPELLINGS.values() for one in shown for text in spell(one)}
    if marked:
        spelled |= {written for text in spelled.union(map(markdown, spelled)) for written in _spelled_out(text)}
    spelled |= {text.replace("\\", "\\\\").replace('"', '\\"') for text in spelled}
    return frozenset(spelled.union(map(markdown, spelled)))


def _spelled_out(text: str) -> Iterator[str]:
    """Without what an output must not relay, which what stands before and after may make of a text."""
    for before in ("", "#", ":"):
        for after in ("", "[", " "):
            whole = f"{before}{text}{after}"
            for written in (UNSAFE.sub(spelled_out, whole), json_safe(whole)):
                yield written[len(before) : len(written) - len(after)]
    yield UNSAFE.sub(spelled_out, text).replace("\t", "\\t").replace("\n", "\\n")


def markdown(text: str) -> str:
    """The text with numeric references for what Markdown or HTML could take for a mark."""
    return _MARKS.sub(lambda match: "".join(f"&#{ord(c)};" for c in match[0]), text)


def misread(secret: str) -> Iterator[str]:
    """The secret, and what servers make of it that read or store it wrongly: UTF-8 taken for another encoding, letters
    composed or taken apart, quotes with a backslash.
    """
    yield secret
    for encoding in ("latin-1", "cp1252", "cp1251"):
        with suppress(UnicodeError):
            yield _bytes(secret).decode(encoding)
    yield from (unicodedata.normalize(form, secret) for form in ("NFC", "NFD"))
    yield re.sub(r"""(["'\\])""", r"\\\1", secret)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _percent(text: str) -> Iterator[str]:
    """As part of a URL, with slashes escaped or not, and as a field of a form; digits in upper and in lower case."""
    data = _bytes(text)
    for quoted in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield quoted
        yield re.sub("%..", lambda match: match[0].lower(), quoted)


def _json(text: str) -> Iterator[str]:
    """In ASCII, with digits in lower and in upper case, and not; with slashes escaped, as PHP does, or not."""
    plain = json.dumps(text)[1:-1]
    upper = re.sub(r"(?<=\\u)....", lambda match: match[0].upper(), plain)
    for written in (plain, upper, json.dumps(text, ensure_ascii=False)[1:-1]):
        yield written
        yield written.replace("/", "\\/")


def _markup(text: str) -> Iterator[str]:
    """As text and as an attribute of XML, the same in ASCII; as Python, Jinja and PHP write HTML."""
    for written in (escape(text), escape(text, {'"': "&quot;"})):
        yield written
        for form in ("&#{};", "&#x{:x};", "&#x{:X};"):
            yield re.sub(r"[^\x00-\x7f]", lambda match, form=form: form.format(ord(match[0])), written)  # type: ignore[misc]
    yield from (html.escape(text), str(jinja_escape(text)), html.escape(text).replace("&#x27;", "&#039;"))


SPELLINGS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "raw": lambda text: iter([text]),
    "percent-encoded": _percent,
    "JSON": _json,
    "XML and HTML": _markup,
    "repr of Python": lambda text: iter([repr(text)[1:-1], repr(_bytes(text))[2:-1]]),
    "base64": lambda text: (by(_bytes(text)).decode().rstrip("=") for by in (b64encode, urlsafe_b64encode)),
}
