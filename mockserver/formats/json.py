"""JSON in UTF-8, as the clauses `json.*` have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.core.messages import Answer, Value
from mockserver.profile.profile import Rendering

Encode = Callable[[Value], str]

_LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "none": {"separators": (",", ":")},
    "spaced": {},
    "2 spaces": {"indent": 2},
    "4 spaces": {"indent": 4},
}


def json_encoder(rendering: Rendering, layout: str = "none") -> Encode:
    """The encoder of values as JSON, in the white space of a choice of `json.indent`."""
    encode = json.JSONEncoder(ensure_ascii=rendering.json_ascii, check_circular=False, **_LAYOUTS[layout]).encode
    return (lambda value: encode(value).replace("/", "\\/")) if rendering.json_slashes else encode


def json_writer(rendering: Rendering) -> Callable[[Answer], bytes]:
    """The writer of answers as JSON."""
    encode = json_encoder(rendering, rendering.json_indent)
    return lambda answer: encode(answer.body).encode()
