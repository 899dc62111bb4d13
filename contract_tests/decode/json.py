"""JSON, strictly: no duplicate names, no NaN, no number beyond reason, no lone surrogate, nothing after the end."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from contract_tests.decode.model import MAX_DEPTH, Decoded, Unreadable, bound, named

MAX_NUMBER = 300
"""Characters of a number."""


def read_json(body: bytes) -> Decoded:
    """The answer, an object. Raises Unreadable."""
    bound(body, b",[{", "JSON")
    text = utf8_text(body)
    if text.startswith("\ufeff"):
        raise Unreadable("a byte order mark before the JSON")
    try:
        model = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"no JSON: {error.msg.partition(':')[0]} at character {error.pos}") from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    if not isinstance(model, dict):
        raise Unreadable(f"JSON, but no object: {type(model).__name__}")
    if _is_too_deep(model):
        raise Unreadable(TOO_DEEP)
    if (at := _lone_surrogate(text)) is not None:
        raise Unreadable(f"half of a surrogate pair in JSON at character {at}")
    return Decoded(model, "json", _choices(text))


TOO_DEEP = f"JSON that is nested more than {MAX_DEPTH} deep"


def _is_too_deep(model: dict[str, Any]) -> bool:
    level: list[Any] = [model]
    for _ in range(MAX_DEPTH):
        inner = (value for node in level for value in (node.values() if isinstance(node, dict) else node))
        level = [value for value in inner if isinstance(value, dict | list)]
    return bool(level)


def utf8_text(body: bytes) -> str:
    """The bytes as UTF-8. Raises Unreadable."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"no UTF-8 at byte {error.start}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise Unreadable(f"JSON with {named(twice)} twice in one object")
    return members


def _constant(word: str) -> NoReturn:
    raise Unreadable(f"{word} in JSON, which is no number")


def _whole(digits: str) -> int:
    if len(digits) > MAX_NUMBER:
        raise Unreadable(f"a number of {len(digits)} digits in JSON")
    return int(digits)


def _fraction(text: str) -> float:
    number = float(text)
    if len(text) > MAX_NUMBER or math.isinf(number):
        raise Unreadable("a number in JSON that is beyond reach")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole, parse_float=_fraction
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def _lone_surrogate(text: str) -> int | None:
    """The place of an escape for half a surrogate pair."""
    high: int | None = None
    for match in _ESCAPE.finditer(text):
        code = int(match[1], 16) if match[1] else 0
        if high is not None:
            if 0xDC00 <= code <= 0xDFFF and match.start() == high + 6:
                high = None
                continue
            return high
        if 0xD800 <= code <= 0xDBFF:
            high = match.start()
        elif 0xDC00 <= code <= 0xDFFF:
            return match.start()
    return high


def _choices(text: str) -> dict[str, str]:
    """Whether characters outside ASCII are escaped. Line separators do not count: some writers escape only them."""
    codes = (int(match[1], 16) for match in _ESCAPE.finditer(text) if match[1])
    escaped = any(code >= 0x80 and code not in (0x2028, 0x2029) for code in codes)
    words = {(True, True): "now raw, now escaped", (True, False): "escaped", (False, True): "raw"}
    choice = words.get((escaped, not text.isascii()))
    return {"json.escapes": choice} if choice else {}
