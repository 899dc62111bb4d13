"""Secrets and personal values: found in every spelling they may appear in, and put out of sight."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from contract_tests.contract.shapes import shape
from contract_tests.redact.scan import MIN_SECRET, SecretMatcher

__all__ = ["MAX_TOLD", "MIN_SECRET", "Mask", "Shape", "find", "shape_of", "spellings"]


@lru_cache(maxsize=256)
def spellings(secret: str) -> tuple[str, ...]:
    """The texts in which the secret stands most often: plain, in URLs, JSON and XML. `find` knows many more."""
    escaped = json.dumps(secret)[1:-1]
    quoted = [by(secret, safe="", errors="surrogatepass") for by in (quote, quote_plus)]
    plain = [secret, escaped, escaped.replace("/", "\\/"), escape(secret), escape(secret, {'"': "&quot;"})]
    return tuple(dict.fromkeys([*plain, *quoted, *(q.replace("%", "%25") for q in quoted)]))


def find(secret: str, where: bytes) -> bool:
    """Whether the bytes hold the secret, in whatever way it is written there. A short one is not looked for."""
    return len(secret) >= MIN_SECRET and needles(((secret, secret),)).found_in(where) is not None


@lru_cache(maxsize=256)
def needles(labels: tuple[tuple[str, str], ...]) -> SecretMatcher:
    """Pairs of secret and label, ready to be looked for."""
    return SecretMatcher(dict(labels))


@lru_cache(maxsize=1024)
def _masked(labels: tuple[tuple[str, str], ...], text: str) -> str:
    """The text without the secrets; kept, since a defect is told of row after row in the same words."""
    return needles(labels).masked(text)


@dataclass(frozen=True)
class Mask:
    """Puts secrets out of sight: each is replaced by its label, longest first. shows: whether answers' values may be
    told, which they may for made-up data alone.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    shows: bool = False

    def text(self, text: str) -> str:
        """The text without the secrets, however they are written in it; a short one is looked for as a word of its
        own, or it would garble the rest.
        """
        text = _masked(tuple(self.labels.items()), text)
        for secret in sorted((s for s in self.labels if 0 < len(s) < MIN_SECRET), key=len, reverse=True):
            for spelled in spellings(secret):
                word = rf"(?<!\w){re.escape(spelled)}(?!\w)"
                text = re.sub(word, lambda _, s=secret: self.labels[s], text)  # type: ignore[misc]
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
    """The Shape itself, or type and size of any other value."""
    return str(value) if isinstance(value, Shape) else shape(value)
