"""Values as people wrote them in TOML or JSON, in the words of a message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from mockserver.core.errors import LONG, Problem, cut

_KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
    **dict.fromkeys((date, datetime, time), "a date or a time"),
}


def kind_of(value: Any) -> str:
    """What a value is, without showing it: it may hold a credential."""
    return "null" if value is None else _KINDS.get(type(value), "a value of this kind")


def shown(value: Any) -> str:
    """A text, a number, true, false or null as it was written, a long text cut; of any other value its kind."""
    if isinstance(value, str):
        return repr(cut(value))
    return cut(json.dumps(value)) if isinstance(value, bool | int | float | None) else kind_of(value)


def in_quotes(where: str, value: Any, fits: Callable[[Any], bool]) -> Problem | None:
    """The problem of a number, true or false that was written as a text, where it fits without its quotes."""
    if not isinstance(value, str) or len(value) > LONG:
        return None
    try:
        bare = json.loads(value.strip().lower())
    except (ValueError, RecursionError):
        return None
    if not isinstance(bare, bool | int | float) or not fits(bare):
        return None
    return Problem(where, f'"{value}" is a text', f"write {json.dumps(bare)}, without quotes")


def without_quotes(where: str, value: Any) -> Problem:
    """The problem of a value that stands where a text has to."""
    remedy = "write a text, in quotes" if isinstance(value, list | dict) else "write it in quotes"
    return Problem(where, f"{shown(value)} is not a text", remedy)
