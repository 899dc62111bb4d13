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


def read_json(raw: bytes) -> Any:
    """The value of a JSON text; an empty one is {}. Raises Malformed for what is none (also for NaN, a name twice, a
    number or a depth beyond reason), Refusal for a character that no text can hold.
    """
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw, parse_constant=_no_number, parse_float=_number, object_pairs_hook=_without_repeats)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        text = "it holds a number that is too long" if "integer string conversion" in str(error) else str(error)
        raise Malformed(Problem("body", f"is not JSON: {text}", "send an object, or nothing")) from None
    _check_depth(value)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        what = "holds half of a surrogate pair, which is no character"
        raise Refusal(Problem(_place_of_surrogate("", value) or "body", what, "leave it out")) from None
    return value


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
