"""Reads the JSON text of a request: strictly, and no deeper than any document of the control API goes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from mockserver.core.errors import Problem, Refusal, cut
from mockserver.inputs.fields import inside

_EXACT = 2**53  # up to here a float holds every whole number
MAX_DEPTH = 32  # tables and lists inside each other; the deepest document has 2


class Malformed(Refusal):
    """A body that is no JSON text, or one that two programs could read differently."""


MAX_VALUES = 10_000
"""Commas and opening brackets outside of texts. No document has a hundred, and half a million take a second."""

MAX_DIGITS = 1000  # of a whole number: the time to read one grows with their square


def read_json(raw: bytes) -> Any:
    """The value of a JSON text; no bytes are {}. Raises Malformed for what is none (also for NaN, a name twice, a
    number or a depth beyond reason), Refusal for a character that no text can hold.
    """
    if not raw:
        return {}
    if b"\0" in raw:
        raise Malformed(Problem("body", "is not JSON: it holds a zero byte, as UTF-16 does", "send it in UTF-8"))
    if len(raw) > MAX_VALUES and _values(raw) > MAX_VALUES:
        what = f"is nested more than {MAX_DEPTH} deep, or holds more than {MAX_VALUES} values"
        raise Malformed(Problem("body", what, "send what the route describes"))
    try:
        value = json.loads(
            raw,
            parse_int=_whole,
            parse_float=_number,
            parse_constant=_no_number,
            object_pairs_hook=_without_repeats,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Malformed(Problem("body", f"is not JSON: {error}", "send an object, or nothing")) from None
    _check_depth(value)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        what = "holds half of a surrogate pair, which is no character"
        raise Refusal(Problem(_place_of_surrogate("", value) or "body", what, "leave it out")) from None
    return value


def _values(raw: bytes) -> int:
    """How many commas and opening brackets stand outside of texts, counted without reading them."""
    outside = b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    return sum(map(outside.count, (b",", b"[", b"{")))


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("it holds a number that is too long")
    return int(digits)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


def _number(text: str) -> float:
    """JSON knows one kind of number: 1.0 and 1e2 are whole."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{_plain(name)} is given twice")
    return table


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        if not inner:
            return
        level = [one for several in inner for one in several]
    raise _too_deep()


def _place_of_surrogate(where: str, value: Any) -> str | None:
    """The place of the first text or name that holds half of a pair."""
    if isinstance(value, str):
        return None if _is_text(value) else where
    if isinstance(value, dict):
        for name in value:
            if not _is_text(name):
                return inside(where, _plain(name))
        entries = [(inside(where, _plain(name)), one) for name, one in value.items()]
    else:
        entries = [(f"{where}[{n}]", one) for n, one in enumerate(value)] if isinstance(value, list) else []
    return next((place for entry in entries if (place := _place_of_surrogate(*entry)) is not None), None)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(name: str) -> str:
    """A name as a message can hold it."""
    return cut(name).encode("utf-8", "backslashreplace").decode()


def _too_deep() -> Malformed:
    return Malformed(Problem("body", f"is nested more than {MAX_DEPTH} deep", "send what the route describes"))
