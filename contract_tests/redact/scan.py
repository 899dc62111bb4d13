"""Leaks: whether some bytes hold a secret, in whatever way it is written; and where in a text it stands.

Not the secret's spellings are counted up but the bytes are read in every way that they can be: as text of any
charset, with layers of escapes undone, as base64 of either alphabet at any offset and broken into lines, as hex.
"""

from __future__ import annotations

import binascii
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from contract_tests.redact.unescape import Traced, cp1251, fold, layers, traced_layers

MIN_SECRET = 6
"""Characters from which on a text is looked for: a shorter one would be found everywhere by chance."""
_FEW = 48
_KEPT = 64 * 1024
_CHARSETS = ("utf-8", "cp1251", "utf-16-le", "utf-16-be")


class SecretMatcher:
    """Secrets by their labels, made ready to be looked for. blobs are bytes that may stand within base64."""

    def __init__(self, labels: Mapping[str, str], blobs: Mapping[bytes, str] | None = None) -> None:
        self.folded: dict[str, str] = {}
        written: dict[bytes, str] = dict(blobs or {})
        for secret in sorted((s for s in labels if len(s) >= MIN_SECRET), key=len, reverse=True):
            for text in _said(secret):
                self.folded.setdefault(text, labels[secret])
            for data in _encoded(secret):
                written.setdefault(data, labels[secret])
        self._texts = _Index({t.encode("utf-8", "surrogatepass"): label for t, label in self.folded.items()})
        self._bytes = _Index(written)

    def found_in(self, content: bytes) -> str | None:
        """The label of a secret that the bytes hold; None where they hold none."""
        for view, is_text in _kept_views(content) if len(content) <= _KEPT else _views(content):
            if label := (self._texts if is_text else self._bytes).first_in(view):
                return label
        return None

    def masked(self, text: str) -> str:
        """The text with labels in place of secrets. Where a secret can't be cut out, all of the text gives way."""
        for _ in range(3):
            label = self.found_in(_utf8(text))
            if label is None:
                return text
            text = _replaced(text, self._spans(text))
        withheld = f"(withheld: {label})"
        return "…" if self.found_in(_utf8(withheld)) else withheld

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        for layer in traced_layers(text):
            folded = layer.folded()
            for secret, label in self.folded.items():
                at = folded.text.find(secret)
                while at >= 0:
                    yield *folded.span(at, at + len(secret)), label
                    at = folded.text.find(secret, at + 1)
            yield from self._encoded_spans(layer)

    def _encoded_spans(self, layer: Traced) -> Iterator[tuple[int, int, str]]:
        """Whole runs of base64 or hex that hold a secret; those on one line first."""
        for run in (*_RUN.finditer(layer.text), *_LINES.finditer(layer.text)):
            for view in _decodings(run[0]):
                if label := self._bytes.first_in(view):
                    yield *layer.span(*run.span()), label
                    break


_BREAK = re.compile(r"\\+[nr]")
"""A line break within a text of JSON, in which base64 may be written."""
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_LINES = re.compile(r"[A-Za-z0-9+/_-]{2,}(?:\s*\n\s*[A-Za-z0-9+/_-]+)+={0,2}")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _said(secret: str) -> Iterator[str]:
    """The secret in each layer that its own text may be read in, folded."""
    for layer in layers(secret):
        if len(folded := fold(layer)) >= MIN_SECRET:
            yield folded


def _encoded(secret: str) -> Iterator[bytes]:
    for text in dict.fromkeys((secret, secret.lower(), secret.upper())):
        for charset in _CHARSETS:
            try:
                yield text.encode(charset)
            except UnicodeEncodeError:
                continue


def _replaced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with each span replaced by its label; of spans that touch, the longest gives the label."""
    merged: list[tuple[int, int, str]] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and (start < merged[-1][1] or (start == merged[-1][1] and label == merged[-1][2])):
            before = merged[-1]
            merged[-1] = (before[0], max(end, before[1]), before[2])
        else:
            merged.append((start, end, label))
    for start, end, label in reversed(merged):
        text = text[:start] + label + text[end:]
    return text


def _views(content: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bytes in each way that they can be read; whether a view is text (UTF-8, folded) or bytes as they are."""
    yield content, False
    try:
        texts = [content.decode("utf-8")]
    except UnicodeDecodeError:
        texts = [content.decode("utf-8", "replace"), cp1251(content)]
    for text in texts:
        last = text
        for layer in layers(text):
            yield _utf8(fold(layer)), True
            last = layer
        for layer in dict.fromkeys((text, last)):
            for run in (layer, _BREAK.sub("", layer)) if _BREAK.search(layer) else (layer,):
                for view in _decodings(run):
                    yield view, False


@lru_cache(maxsize=8)
def _kept_views(content: bytes) -> tuple[tuple[bytes, bool], ...]:
    """The views of a small content: an answer is held against one secret after another."""
    return tuple(_views(content))


_ALL = bytes(range(256))
_STANDARD = bytes.maketrans(b"-_", b"+/")
_NO_BASE64 = bytes(set(_ALL) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"))
_NO_HEX = bytes(set(_ALL) - set(b"0123456789abcdefABCDEF"))


def _decodings(text: str) -> Iterator[bytes]:
    """What the text holds as base64 and as hex: all of it is read as one run from each offset, with what is of
    another alphabet left out, so that every run within it is read from its beginning once.
    """
    data = text.encode("ascii", "ignore")
    run = data.translate(_STANDARD, _NO_BASE64) + b"AAA"
    for offset in range(4):
        yield binascii.a2b_base64(run[offset : len(run) - (len(run) - offset) % 4])
    run = data.translate(None, _NO_HEX)
    for offset in range(2):
        yield binascii.a2b_hex(run[offset : len(run) - (len(run) - offset) % 2])


_Blocks = tuple[int, ...]


class _Index:
    """SecretMatcher that are found in time that does not grow with their number.

    The view is cut into blocks of four bytes at every second place; a needle of six bytes or more that stands in it
    covers some of them whole, from its first byte or from its second. Those of which no block is there are not sought.
    """

    def __init__(self, needles: Mapping[bytes, str]) -> None:
        self._needles = {n: label for n, label in needles.items() if len(n) >= MIN_SECRET}
        self._blocks: dict[bytes, tuple[_Blocks, _Blocks]] = {}
        if len(self._needles) > _FEW:
            self._blocks = {n: (_some_blocks(n, 0), _some_blocks(n, 1)) for n in self._needles}
        self._wanted = {block for both in self._blocks.values() for blocks in both for block in blocks}

    def first_in(self, view: bytes) -> str | None:
        """The label of a needle that the view holds."""
        return next((label for n, label in self._likely(view) if n in view), None)

    def _likely(self, view: bytes) -> Iterable[tuple[bytes, str]]:
        if not self._blocks:
            return self._needles.items()
        there = self._wanted.intersection(_blocks(view, 0)) | self._wanted.intersection(_blocks(view, 2))
        return (
            (needle, self._needles[needle])
            for needle, (even, odd) in self._blocks.items()
            if there.issuperset(even) or there.issuperset(odd)
        )


def _some_blocks(needle: bytes, first: int) -> _Blocks:
    """Up to four blocks of the needle, spread over it."""
    places = range(first, len(needle) - 3, 2)
    chosen = {places[(len(places) - 1) * n // 3] for n in range(4)}
    return tuple({int.from_bytes(needle[place : place + 4], sys.byteorder) for place in chosen})


def _blocks(view: bytes, first: int) -> Iterable[int]:
    size = max(0, (len(view) - first) // 4 * 4)
    return memoryview(view)[first : first + size].cast("I") if size else ()
