"""Secrets and personal values: found in every spelling they may appear in, and put out of sight."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

MIN_SECRET = 6
"""Characters from which on a text is looked for: a shorter one would be found everywhere by chance."""


@lru_cache(maxsize=256)
def spellings(secret: str) -> tuple[str, ...]:
    """The texts in which the secret may stand in an answer: plain, in URLs, JSON, XML, and base64 at any offset."""
    escaped = json.dumps(secret)[1:-1]
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    plain = [secret, escaped, escaped.replace("/", "\\/"), escape(secret), escape(secret, {'"': "&quot;"})]
    found = [*plain, *quoted, *(q.replace("%", "%25") for q in quoted)]
    lower = [_lower_escapes(text) for text in quoted]
    return tuple(dict.fromkeys([*found, *lower, *_base64(secret.encode())]))


def _lower_escapes(text: str) -> str:
    parts = text.split("%")
    return "%".join([parts[0], *(p[:2].lower() + p[2:] for p in parts[1:])])


def _base64(secret: bytes) -> Iterable[str]:
    """The part of the secret's base64 that does not depend on what stands before and after it."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret).decode()
        first = -(-before * 8 // 6)
        last = (before + len(secret)) * 8 // 6
        core = whole[first:last]
        if len(core) >= MIN_SECRET:
            yield core
            yield core.translate(str.maketrans("+/", "-_"))


def find(secret: str, where: bytes) -> bool:
    """Whether the bytes hold the secret in any spelling, in UTF-8."""
    return len(secret) >= MIN_SECRET and any(text.encode() in where for text in spellings(secret))


@dataclass(frozen=True)
class Mask:
    """Puts secrets out of sight: each is replaced by its label, longest first. shows: whether answers' values may be
    told, which they may for made-up data alone.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    shows: bool = False

    def text(self, text: str) -> str:
        """The text without the secrets; a short one is looked for as a word of its own, or it would garble the rest."""
        for secret in sorted(self.labels, key=len, reverse=True):
            for spelled in spellings(secret):
                if len(secret) >= MIN_SECRET:
                    text = text.replace(spelled, self.labels[secret])
                else:
                    text = re.sub(rf"(?<!\w){re.escape(spelled)}(?!\w)", lambda _, s=secret: self.labels[s], text)  # type: ignore[misc]
        return text

    def value(self, value: object) -> str:
        """A value of an answer as a finding may tell it: shortened, or its type and size alone."""
        if not self.shows or isinstance(value, Shape):
            return shape_of(value)
        told = self.text(repr(value) if not isinstance(value, Sequence) or len(value) < 500 else repr(value[:500]))
        return f"{told[:MAX_TOLD]}…" if len(told) > MAX_TOLD else told


MAX_TOLD = 200


class Shape(str):
    """A text about an answer that holds nothing of the answer: it may be told as it is."""

    __slots__ = ()


def shape_of(value: object) -> str:
    """Type and size of a value, in words that say nothing of what it is."""
    if isinstance(value, Shape):
        return str(value)
    return next((tell(value) for kind, tell in _SHAPES.items() if isinstance(value, kind)), type(value).__name__)


_SHAPES: Mapping[Any, Callable[[Any], str]] = {
    str: lambda text: f"text of {len(text)} characters" if text else "empty text",
    Mapping: lambda members: f"an object of {len(members)} members",
    Sequence: lambda entries: f"a list of {len(entries)}",
    bool: lambda _: "true or false",
    int: lambda _: "a whole number",
    float: lambda _: "a number",
    type(None): lambda _: "null",
}
