"""Decodes an answer in the format that was asked for, or an error in JSON."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from contextlib import suppress

from contract_tests.contract.values import kind
from contract_tests.decode.csv import read_csv
from contract_tests.decode.json import json_value, read_json, utf8_text
from contract_tests.decode.model import Context, Decoded, TooLarge, UnknownLayout, Unreadable
from contract_tests.decode.xml import read_xml

READERS: Mapping[str, Callable[[bytes, Context], Decoded]] = {
    "json": lambda body, _: read_json(body),
    "xml": read_xml,
    "csv": read_csv,
}
"""The reader of each format, that of the default one first."""


def read_answer(body: bytes, asked: str, context: Context) -> Decoded:
    """The answer to a call that asked for the format, beside which only an error and info may be in JSON. Raises
    Unreadable, and UnknownLayout for XML, CSV, and an answer of info, whose body nobody documents.
    """
    try:
        return _read(body, asked, context)
    except TooLarge:
        raise
    except Unreadable:
        if context.method == "info" and (other := _other_kind(body)):
            raise UnknownLayout("info.shape", other) from None
        raise


def _other_kind(body: bytes) -> str:
    """What a whole body is that has no members: JSON of another type, or a text in one line; empty for any other."""
    if body.lstrip()[:1] == b"[":
        with suppress(Unreadable):
            return f"{kind(json_value(utf8_text(body)))} in place of an object"
    text = body.strip()
    plain = text[:1] not in (b"", b"{", b"[", b"<") and not re.search(rb'[\0-\x1f"{}<>\x7f]|\A\xef\xbb\xbf', text)
    return "a text in place of an object" if plain and len(text) <= LONGEST_TEXT else ""


LONGEST_TEXT = 200
"""Bytes of a text without members that may tell of an account."""


def _read(body: bytes, asked: str, context: Context) -> Decoded:
    if asked == "json" or body.removeprefix(BOM_UTF8).lstrip()[:1] != b"{":
        return READERS[asked](body, context)
    try:
        decoded = read_json(body)
    except Unreadable:
        if asked == "csv":
            with suppress(Unreadable, UnknownLayout):
                return read_csv(body, context)
        raise
    if decoded.model.get("status") != "error" and context.method != "info":
        raise Unreadable(f"JSON, where {asked} was asked for")
    return decoded
