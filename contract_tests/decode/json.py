"""JSON, strictly: no duplicate names, no NaN, no number beyond reason, no lone surrogate, nothing after the end."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from contract_tests.decode.faults import fault_in
from contract_tests.decode.json_writing import json_choices
from contract_tests.decode.model import MAX_DEPTH, MAX_PARTS, Decoded, TooLarge, Unreadable, bound, bound_text, named

MAX_NUMBER = 300  # characters of a number
MAX_MEMBERS = 10_000  # of an object; what is compared and remembered of each takes many times its own size


def read_json(body: bytes) -> Decoded:
    """The answer, an object. Raises Unreadable."""
    bound(body, b",[{", "JSON")
    text = utf8_text(body)
    bound_text(text, "JSON")
    if text.startswith("\ufeff"):
        raise Unreadable("a byte order mark before the JSON")
    try:
        model = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = fault_in(text) or f"{error.msg.partition(':')[0]} at character {error.pos}"
        raise Unreadable(f"no JSON: {reason}") from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    if not isinstance(model, dict):
        raise Unreadable(f"JSON, but no object: {type(model).__name__}")
    if _is_too_deep(model):
        raise TooLarge(TOO_DEEP)
    halves = _HALF.finditer(text) if _MAY_BE_HALF.search(text) else ()
    if half := next((match for match in halves if match["half"]), None):
        raise Unreadable(f"half of a surrogate pair in JSON at character {half.start()}")
    return Decoded(model, "json", json_choices(text))


def json_value(text: str) -> Any:
    """The value of a text that is JSON by itself, such as a cell of CSV. Raises Unreadable, TooLarge."""
    if sum(map(text.count, ",[{")) > MAX_PARTS:
        raise TooLarge(f"JSON of more than {MAX_PARTS:,} values")
    try:
        value = _DECODER.decode(text)
    except (json.JSONDecodeError, RecursionError):
        raise Unreadable("no JSON") from None
    if _is_too_deep([value]):
        raise Unreadable(TOO_DEEP)
    return value


TOO_DEEP = f"JSON that is nested more than {MAX_DEPTH} deep"


def _is_too_deep(model: Any) -> bool:
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
    if len(pairs) > MAX_MEMBERS:
        raise TooLarge(f"JSON with an object of more than {MAX_MEMBERS:,} members")
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise Unreadable(f"JSON with {named(twice)} twice in one object")
    return members


def _constant(word: str) -> NoReturn:
    raise Unreadable(f"{word} in JSON, which is not a number")


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
_MAY_BE_HALF = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_HALF = re.compile(r"\\(?:ud[89ab]..\\ud[c-f]..|(?P<half>ud[89a-f]..)|.)", re.DOTALL | re.IGNORECASE)
"""An escape in a text that has been parsed: a pair of surrogates, half of one, or another."""
