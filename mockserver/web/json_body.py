"""Reads the JSON text of a request: strictly, and no deeper than any document of the control API goes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from mockserver.core.errors import Problem, Refusal
from mockserver.inputs.fields import inside

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
        value = json.loads(raw, parse_constant=_no_number, object_pairs_hook=_without_repeats)
    except RecursionError:
        raise _too_deep("body") from None
    except ValueError as error:
        text = "it holds a number that is too long" if "integer string conversion" in str(error) else str(error)
        raise Malformed(Problem("body", f"is not JSON: {text}", "send an object, or nothing")) from None
    for where, text in _texts(value):
        try:
            text.encode()
        except UnicodeEncodeError:
            what = "holds half of a surrogate pair, which is no character"
            raise Refusal(Problem(where or "body", what, "leave it out")) from None
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{_plain(name)} is given twice")
    return table


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text within the value, keys too, with its place. Raises Malformed below MAX_DEPTH."""
    level = [("", value)]
    for _ in range(MAX_DEPTH + 1):
        deeper: list[tuple[str, Any]] = []
        for where, held in level:
            if isinstance(held, str):
                yield where, held
            elif isinstance(held, dict):
                yield from ((inside(where, _plain(key)), key) for key in held)
                deeper += ((inside(where, _plain(key)), one) for key, one in held.items())
            elif isinstance(held, list):
                deeper += ((f"{where}[{n}]", one) for n, one in enumerate(held) if isinstance(one, str | dict | list))
        level = deeper
    if level:
        raise _too_deep("body")


def _plain(name: str) -> str:
    """A name as a message can hold it."""
    shown = name if len(name) <= 100 else f"{name[:100]}…"  # noqa: PLR2004 - long enough to be found
    return shown.encode("utf-8", "backslashreplace").decode()


def _too_deep(where: str) -> Malformed:
    return Malformed(Problem(where, f"is nested more than {MAX_DEPTH} deep", "send what the route describes"))
