"""Escapes undone, layer by layer: of URLs, JSON, XML, HTML, shells and program texts, in any order.

Where a backslash is undone depends on what stands before it, so `fold` drops them all instead.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import html5
from itertools import islice

LAYERS = 6
"""Escapes within escapes that are undone."""
_ESCAPE = re.compile(
    r"""(?=[%\\&])(?:  # looked at first, as it is quick
      (?P<percent>(?:%[0-9a-fA-F]{2})+)
    | (?P<bytes>(?:\\{1,16}x[0-9a-fA-F]{2})+)
    | (?P<units>(?:\\{1,16}u[0-9a-fA-F]{4})+)
    | \\U(?P<wide>[0-9a-fA-F]{8})
    | \\u\{0{0,20}(?P<braced>[0-9a-fA-F]{1,6})\}
    | &\#0{0,30}(?P<decimal>[0-9]{1,7});
    | &\#[xX]0{0,30}(?P<hex>[0-9a-fA-F]{1,6});
    | (?P<named>&[A-Za-z][A-Za-z0-9]{1,31};))""",
    re.VERBOSE,
)
_NO_DIGIT = re.compile(r"[%xu\\]")
_HIGH_BYTE = re.compile(r"(?:%|\\x)[89a-fA-F][0-9a-fA-F]")


def cp1251(data: bytes) -> str:
    """The bytes as windows-1251; the one that it lacks stands for itself."""
    return data.decode("latin-1").translate(_CP1251)


_CP1251 = {code: bytes([code]).decode("cp1251") for code in range(0x80, 0x100) if code != 0x98}


def _stray(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError), "the handler is asked for in decoding alone"
    return cp1251(error.object[error.start : error.end]), error.end


codecs.register_error("contract-tests-cp1251", _stray)
_CHARSETS: tuple[Callable[[bytes], str], ...] = (
    lambda data: data.decode("utf-8", "contract-tests-cp1251"),
    cp1251,
    lambda data: data.decode("latin-1"),
)
"""How escaped bytes may be meant: as UTF-8, as windows-1251, or as Python writes the characters up to U+00FF."""


def _meant(match: re.Match[str], charset: Callable[[bytes], str]) -> str:
    """What an escape stands for; what stands for nothing is left as it is."""
    kind, whole = str(match.lastgroup), match[0]
    told = match[kind]
    if kind in ("percent", "bytes"):
        return charset(bytes.fromhex(_NO_DIGIT.sub("", told)))
    if kind == "units":
        return bytes.fromhex(_NO_DIGIT.sub("", told)).decode("utf-16-be", "surrogatepass")
    if kind in ("wide", "braced", "hex", "decimal"):
        code = int(told, 10 if kind == "decimal" else 16)
        return chr(code) if code < 0x110000 else whole
    return html5.get(told[1:], whole)


@dataclass(frozen=True, slots=True)
class Traced:
    """A text, and for each of its characters the part of the original text that it stands for."""

    text: str
    spans: list[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> Traced:
        return cls(text, [(i, i + 1) for i in range(len(text))])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of this text stands for."""
        return self.spans[start][0], self.spans[end - 1][1]

    def unescaped(self, charset: Callable[[bytes], str]) -> Traced:
        parts: list[str] = []
        spans: list[tuple[int, int]] = []
        at = 0
        for match in _ESCAPE.finditer(self.text):
            meant = _meant(match, charset)
            parts += [self.text[at : match.start()], meant]
            spans += self.spans[at : match.start()]
            spans += [self.span(match.start(), match.end())] * len(meant)
            at = match.end()
        return Traced("".join([*parts, self.text[at:]]), spans + self.spans[at:])

    def folded(self) -> Traced:
        """The text as `fold` makes it."""
        parts = [fold(c) for c in self.text]
        return Traced("".join(parts), [s for s, part in zip(self.spans, parts, strict=True) for _ in part])


def layers(text: str) -> Iterator[str]:
    """The text, then what it says with ever more layers of escapes undone; by each charset where there are bytes."""
    for charset in _CHARSETS:
        escaped_bytes = False
        layer, told = text, charset is _CHARSETS[0]
        for _ in range(LAYERS + 1):
            if told:
                yield layer
            escaped_bytes = escaped_bytes or _HIGH_BYTE.search(layer) is not None
            inner = _ESCAPE.sub(lambda match, by=charset: _meant(match, by), layer)  # type: ignore[misc]
            if inner == layer:
                break
            layer, told = inner, True
        if not escaped_bytes:
            return


def traced_layers(text: str) -> Iterator[Traced]:
    """The layers with their places in the text; every charset is tried."""
    for charset in _CHARSETS:
        layer = Traced.of(text)
        for _ in range(LAYERS + 1):
            yield layer
            inner = layer.unescaped(charset)
            if inner.text == layer.text:
                break
            layer = inner


def plainest(text: str) -> str:
    """The text with all layers of escapes undone."""
    return list(islice(layers(text), LAYERS + 1))[-1]


def fold(text: str) -> str:
    """The text without what its spellings differ in: case, the plus that a form has for a blank, backslashes; a control
    character is the letter that is written behind a backslash for it.
    """
    text = text.casefold()
    for written, meant in _FOLDED:
        text = text.replace(written, meant)
    return text


_FOLDED = (("\\", ""), ("+", " "), *zip("\n\r\t\b\f\a\v\0", "nrtbfav0", strict=True))
