"""JSON, compact, as the clause `json.escapes` has it."""

from __future__ import annotations

import json

from mockserver.core.messages import Answer
from mockserver.profile.profile import Rendering

_raw = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_escaped = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode


def write_json(answer: Answer, rendering: Rendering) -> bytes:
    """The body as JSON in UTF-8."""
    if rendering.json_escapes:
        return _escaped(answer.body).replace("/", "\\/").encode("ascii")
    return _raw(answer.body).encode()
