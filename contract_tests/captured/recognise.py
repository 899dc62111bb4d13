"""The format, method and schema of an answer of unknown origin, and how it decodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contract_tests.captured.asked import Asked
from contract_tests.captured.capture import MAX_BYTES, Capture
from contract_tests.contract.validate import recognise
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, Unreadable

_TRIED = ("result", "create", "info")
"""Methods in whose layouts CSV is tried, where none is known: result's are the most."""
_VAGUE = "no known columns"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def format_of(body: bytes) -> str:
    """The format that the bytes are meant for, by their first character; CSV has none of its own."""
    start = next((body[len(mark) :] for mark in _MARKS if body.startswith(mark)), body)
    first = start[:1024].replace(b"\0", b"").lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(first, "csv")


def read(capture: Capture, asked: Asked) -> Decoded:
    """The answer. Raises Unreadable, which holds nothing of what the answer says."""
    _refuse_what_is_no_text(capture, asked)
    body = capture.body
    form = asked.format or format_of(body)
    if form != "csv":
        return read_answer(body, form, Context(asked.method or "result"))
    decoded = _read_csv(body, asked)
    # Any text is one column without a header: it must be known to be CSV to pass for names.
    if asked.format is None and decoded.rows == "names" and decoded.choices.get("csv.header") == "no":
        csv_by_name = (capture.content_type or "").lower().startswith("text/csv")
        if asked.known.get("csv.header") != "no" and not csv_by_name:
            raise Unreadable("no CSV with known columns; without a header it must be said to be CSV")
    return decoded


def _refuse_what_is_no_text(capture: Capture, asked: Asked) -> None:
    body = capture.body
    if len(body) > MAX_BYTES:
        raise Unreadable(f"more than {MAX_BYTES // 2**20} MiB, which is not looked at")
    if capture.lacking:
        raise Unreadable(f"{len(body)} bytes, {capture.lacking} fewer than its Content-Length says")
    if body.startswith(b"\x1f\x8b"):
        raise Unreadable("compressed bytes (gzip): capture what they unpack to, as curl --compressed does")
    if not body and asked.format != "csv":
        raise Unreadable("an empty body")
    if re.match(rb"\s*<(?:!doctype html|html)\b", body[:1024], re.IGNORECASE):
        raise Unreadable("an HTML page")


def _read_csv(body: bytes, asked: Asked) -> Decoded:
    misses: list[Unreadable] = []
    for method in [asked.method] if asked.method else _TRIED:
        try:
            return read_answer(body, "csv", Context(method, asked.section, asked.known))
        except Unreadable as miss:
            misses.append(miss)
    raise next((miss for miss in misses if _VAGUE not in str(miss)), misses[0])


def schema_of(model: Mapping[str, Any], asked: Asked) -> str | None:
    """The schema that the answer is held to; None where its status and members do not tell."""
    status = model.get("status")
    own = asked.method if asked.method in ("create", "info") else None
    if told := asked.schema or ("error" if status == "error" else own):
        return told
    if status == "ready" and asked.section:
        return f"ready-{asked.section}"
    if asked.method is None and "status" not in model and isinstance(model.get("data"), Mapping):
        return "info"
    unclear = status == "ok" and (asked.method == "result" or not model.keys() & {"id", "data"})
    return None if unclear else recognise(model)


def method_of(schema: str | None, asked: Asked) -> str | None:
    """The method that answered; None where only an error was seen."""
    if asked.method is not None or schema is None:
        return asked.method
    first = schema.partition("-")[0]
    return {"create": "create", "info": "info", "processing": "result", "ready": "result"}.get(first)
