"""Escapes control and bidirectional characters of a server's texts."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, among them the terminal's escape
    "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"  # direction of text, separators, byte order
    "\ud800-\udfff\ufffe\uffff]"  # lone surrogates and what is no character, which neither UTF-8 nor XML 1.0 can hold
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str, most: int | None = None) -> str:
    r"""The text, cut after `most` characters; those unseen, but for tab and line feed, stand as `\x1b` or `\u202e`."""
    shown = _UNSEEN.sub(_spelled, text if most is None else text[:most])
    return shown if most is None or len(text) <= most else f"{shown}… ({len(text)} characters)"


def line(text: str, most: int | None = None) -> str:
    """The text in one line: as visible, with tab and line feed spelled out too."""
    return visible(text, most).replace("\t", "\\t").replace("\n", "\\n")


def encodable(text: str) -> str:
    """The text as it is, save for lone surrogates, which no Unicode encoding can hold: they are spelled out."""
    return _SURROGATE.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
