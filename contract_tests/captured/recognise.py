"""The format, method and schema of an answer of unknown origin, and how it decodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contract_tests.captured.capture import MAX_BYTES, Asked, Capture
from contract_tests.contract.editions import SECTION_NAMES
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, Unreadable

_TRIED = ("result", "create", "info")  # methods whose CSV layouts are tried for an unknown method; result has the most
_VAGUE = "no known columns"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def format_of(body: bytes) -> str:
    """The format that the first character indicates; CSV has no such character."""
    start = next((body[len(mark) :] for mark in _MARKS if body.startswith(mark)), body)
    first = start[:1024].replace(b"\0", b"").lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(first, "csv")


def read(capture: Capture, asked: Asked) -> Decoded:
    """The decoded answer. Raises Unreadable, which holds nothing of the answer."""
    _refuse_what_is_no_text(capture, asked)
    body = capture.body
    fmt = asked.format or format_of(body)
    if fmt != "csv":
        return read_answer(body, fmt, Context(asked.method or "result"))
    decoded = _read_csv(body, asked)
    # Any text decodes as one column without a header, so such a column must be known to be CSV.
    if asked.format is None and decoded.rows == "names" and decoded.choices.get("csv.header") == "no":
        csv_by_name = (capture.content_type or "").lower().startswith("text/csv")
        if asked.known.get("csv.header") != "no" and not csv_by_name:
            raise Unreadable("no CSV with known columns; for CSV without a header, name the format csv")
    return decoded


def _refuse_what_is_no_text(capture: Capture, asked: Asked) -> None:
    body = capture.body
    if len(body) > MAX_BYTES:
        raise Unreadable(f"more than {MAX_BYTES // 2**20} MiB, which is not looked at")
    if capture.lacking:
        raise Unreadable(f"{len(body)} bytes, {capture.lacking} fewer than its Content-Length says")
    if body.startswith(b"\x1f\x8b"):
        raise Unreadable("compressed bytes (gzip): capture the unpacked body, as curl --compressed does")
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
    """The schema that applies; None where status and members do not decide. Every error is an `error`; a ready answer
    with an unknown section is `ready`.
    """
    status = model.get("status")
    if asked.schema or status == "error":
        return asked.schema or "error"
    if asked.method in ("create", "info"):
        return asked.method
    if status == "processing":
        return "processing"
    if status == "ready":
        sections = [asked.section] if asked.section else _sections(model)
        return f"ready-{sections[0]}" if len(sections) == 1 else "ready"
    if asked.method is None and status == "ok" and "id" in model:
        return "create"
    is_info = "data" in model if status == "ok" else "status" not in model and isinstance(model.get("data"), Mapping)
    return "info" if asked.method is None and is_info else None


def _sections(model: Mapping[str, Any]) -> list[str]:
    """The sections that are filled, or else those that are there."""
    return [s for s in SECTION_NAMES if model.get(s)] or [s for s in SECTION_NAMES if s in model]


def method_of(schema: str | None, asked: Asked) -> str | None:
    """The method that answered; None for an error of unknown origin."""
    methods = {"create": "create", "info": "info", "processing": "result", "ready": "result"}
    return asked.method or methods.get((schema or "").partition("-")[0])
