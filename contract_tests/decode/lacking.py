"""Texts in a charset that lacks some of their characters: what may stand in their place."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable, Mapping
from itertools import groupby

_SUBSTITUTES: Mapping[str, tuple[Callable[[str], str], ...]] = {
    "?": (
        lambda _: "?",
        lambda character: "?" * (1 + (ord(character) > 0xFFFF)),
        lambda character: "?" * len(character.encode()),
        lambda _: "\ufffd",
    ),
    "dropped": (lambda _: "", lambda _: " "),
}
"""What writers put in the place of a character, by the choice of csv.lacking: one mark for the character, or one for
each of its units in UTF-16 or in UTF-8.
"""
MOST = 4  # characters that a transliteration has for one, such as `No` and `(tm)`
TRANSLITERATED = "transliterated"
DIFFERENT = "different"


def codec_of(encoding: str | None) -> str | None:
    """The codec of a choice of csv.encoding or xml.encoding; None for one that lacks no character, or none."""
    if encoding is None or encoding.startswith("utf"):
        return None
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return None


def lacked(text: str, codec: str | None, *, xml: bool = False) -> set[str]:
    """The characters of a text that the codec lacks, or that XML 1.0 does."""
    return {c for c in set(text) if (xml and _not_in_xml(c)) or (codec is not None and not _has(codec, c))}


def _has(codec: str, character: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _not_in_xml(character: str) -> bool:
    """Production 2 of XML 1.0."""
    return (character < " " and character not in "\t\n\r") or character in "\ufffe\uffff"


def replacement(text: str, written: str, missing: set[str]) -> str:
    """How a text was written where some characters are missing: a choice of csv.lacking, TRANSLITERATED, DIFFERENT for
    another text, or empty where none of its characters is missing. Takes time that grows with the size.
    """
    if not missing.intersection(text):
        return "" if text == written else DIFFERENT
    for choice, substitutes in _SUBSTITUTES.items():
        for substitute in substitutes:
            if "".join([substitute(c) if c in missing else c for c in text]).strip() == written.strip():
                return choice
    if unescaped(written) == unescaped(text):
        return "reference"
    return TRANSLITERATED if _fits(text, written, missing) else DIFFERENT


def unescaped(text: str) -> str:
    """The text with characters in place of HTML's references. A number of thousands of digits is none of a character,
    and Python refuses to read it.
    """
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))


_NO_CHARACTER = re.compile(r"&#[0-9]{9,}+;?")


def _fits(text: str, written: str, missing: set[str]) -> bool:
    """Whether the characters that are not missing stand in their order, with little in the places of the others."""
    at, room = 0, 0
    for gone, run in groupby(text, key=missing.__contains__):
        part = "".join(run)
        if gone:
            room = MOST * len(part)
            continue
        found = written.find(part, at, at + room + len(part))
        if found < 0:
            return False
        at, room = found + len(part), 0
    return len(written) - at <= room
