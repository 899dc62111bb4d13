"""An answer and a call in short: types and documented names, without values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract_tests.api.calls import FORMATS
from contract_tests.api.reply import Reply
from contract_tests.contract.members import DOCUMENTED, STATUSES
from contract_tests.contract.values import kind

MOST = 3  # entries of a list that are shown, where their shapes differ
DEEPEST = 6


def shape_of_reply(reply: Reply) -> str:
    """The answer's format and shape, or what came instead."""
    if reply.response is None:
        return "no answer"
    if reply.decoded is None:
        return f"{len(reply.response.body)} bytes"
    return f"{reply.decoded.format}: {shape(reply.model)}"


def shape(value: Any, depth: int = 0) -> str:
    """The type of a value, and of what is in it."""
    if not isinstance(value, Mapping | list):
        return "empty text" if value == "" else kind(value).removeprefix("a ")
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        parts = [f"{name}: {shape(member, depth + 1)}" for name, member in value.items() if name in DOCUMENTED]
        others = len(value) - len(parts)
        return "{" + ", ".join([*parts, *([f"{others} of other names"] if others else [])]) + "}"
    shapes = list(dict.fromkeys(shape(entry, depth + 1) for entry in value))
    return "[" + " | ".join([*shapes[:MOST], *(["…"] if len(shapes) > MOST else [])]) + "]"


def call_line(reply: Reply) -> str:
    """The call and its answer, without values: `GET result, xml (login, token, id): HTTP 404, error`."""
    call = reply.call
    asked = call.param("format")
    fmt = "" if asked is None else f", {asked}" if asked in FORMATS else ", an unknown format"
    sent = [name for name, _ in (*call.query, *call.params) if name != "format"]
    status = f", {reply.status}" if reply.status in STATUSES else ""
    came = f"HTTP {reply.http}{status}" if reply.response else "no answer"
    return f"{call.way} {call.method}{fmt} ({', '.join(sent)}): {came}"
