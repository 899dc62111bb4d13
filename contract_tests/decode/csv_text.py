"""The text of CSV: no mark in it says its charset, so that it is read in the likely ones."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contract_tests.decode.faults import fault_in
from contract_tests.decode.model import Context, Unreadable, bound_text


@dataclass(frozen=True, slots=True)
class CsvText:
    """A body as text."""

    text: str
    encoding: str  # the choice of csv.encoding, or a word; empty where ASCII alone shows none


_MARKS: Mapping[bytes, tuple[str, str]] = {
    codecs.BOM_UTF8: ("utf-8", "utf-8-sig"),
    codecs.BOM_UTF16_LE: ("utf-16-le", "utf-16le"),
    codecs.BOM_UTF16_BE: ("utf-16-be", "utf-16be"),
}
_OTHERS = ("koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
"""Charsets of Russian beside the usual one. They read any bytes, so that only what is known tells them apart."""


def csv_texts(body: bytes, context: Context) -> Iterator[CsvText]:
    """The text, in each charset that it may be in. Raises Unreadable for what is no text, or no table."""
    for read in _decoded(body, context):
        bound_text(read.text, "CSV")
        if fault := fault_in(_QUOTED.sub('""', read.text)):
            raise Unreadable(f"{fault}, where csv was asked for")
        if _MARKUP.match(read.text) and read.text.rstrip().endswith(">"):
            raise Unreadable("markup, where csv was asked for")
        if (at := read.text.find("\0")) >= 0:  # in compressed bytes
            raise Unreadable(f"CSV with a NUL at character {at}")
        yield read


_MARKUP = re.compile(r"\s*<[a-zA-Z!?/]")
_QUOTED = re.compile(r'"[^"]*+(?:""[^"]*+)*+"')


def _decoded(body: bytes, context: Context) -> Iterator[CsvText]:
    for mark, (codec, encoding) in _MARKS.items():
        if body.startswith(mark):
            yield CsvText(_strictly(body[len(mark) :], codec), encoding)
            return
    if unmarked := _utf_16(body):
        yield CsvText(_strictly(body, unmarked), f"{unmarked.replace('16-', '16')} without a mark")
        return
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        yield from _single_bytes(body, context, error.start)
    else:
        yield CsvText(text, "" if text.isascii() else "utf-8")


def _strictly(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"CSV with a mark of its charset, and other bytes at byte {error.start}") from None


def _utf_16(body: bytes) -> str:
    """The codec of UTF-16 without a mark: a line break or an ASCII letter has a zero byte on one side."""
    if len(body) % 2 or b"\0" not in body[:200]:
        return ""
    zeros = [sum(byte == 0 for byte in body[first:200:2]) for first in (0, 1)]
    if min(zeros) or max(zeros) < len(body[:200]) // 8:
        return ""
    return "utf-16-be" if zeros[0] else "utf-16-le"


def _single_bytes(body: bytes, context: Context, at: int) -> Iterator[CsvText]:
    try:
        yield CsvText(body.decode("cp1251"), "cp1251")
    except UnicodeDecodeError as error:
        if context.reference is None:
            raise Unreadable(f"CSV that is neither UTF-8 (byte {at}) nor windows-1251 (byte {error.start})") from None
    if context.reference is not None:
        yield from (CsvText(body.decode(codec, "replace"), codec) for codec in _OTHERS)
