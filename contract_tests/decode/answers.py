"""Decodes an answer in the format that was asked for, or an error in JSON."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from contextlib import suppress

from contract_tests.decode.csv import read_csv
from contract_tests.decode.json import read_json
from contract_tests.decode.model import Context, Decoded, UnknownLayout, Unreadable
from contract_tests.decode.xml import read_xml

READERS: Mapping[str, Callable[[bytes, Context], Decoded]] = {
    "json": lambda body, _: read_json(body),
    "xml": read_xml,
    "csv": read_csv,
}
"""The reader of each format, that of the default one first."""


def read_answer(body: bytes, asked: str, context: Context) -> Decoded:
    """The answer to a call that asked for the format, beside which only an error and info may be in JSON. Raises
    Unreadable, and UnknownLayout for XML and CSV.
    """
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
