"""Decodes an answer in the format that was asked for, or an error in JSON."""

from __future__ import annotations

from contract_tests.decode.csv import read_csv
from contract_tests.decode.json import read_json
from contract_tests.decode.model import Context, Decoded, Unreadable
from contract_tests.decode.xml import read_xml


def read_answer(body: bytes, asked: str, context: Context) -> Decoded:
    """The answer to a call that asked for the format. Raises Unreadable.

    Where another format was asked for, only an error may be in JSON.
    """
    if asked == "json":
        return read_json(body)
    if body.lstrip()[:1] == b"{":
        try:
            decoded = read_json(body)
        except Unreadable as in_json:
            if asked == "xml":
                raise
            return _csv_or(body, context, in_json)
        if decoded.model.get("status") != "error":
            raise Unreadable(f"JSON, where {asked} was asked for")
        return decoded
    return read_xml(body) if asked == "xml" else read_csv(body, context)


def _csv_or(body: bytes, context: Context, in_json: Unreadable) -> Decoded:
    try:
        return read_csv(body, context)
    except Unreadable:
        raise in_json from None
