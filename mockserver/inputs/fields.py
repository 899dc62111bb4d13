"""Readers of what people write, in a file, an option or the admin API: each gives the value or a Refusal that names
the place and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, TypeAlias

from mockserver.core.delays import Delay, parse_delay
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.xml_text import illegal_in_xml
from mockserver.profile.clauses import CONTENT_TYPE

Reader: TypeAlias = "Callable[[str, Any], Any]"


def table(
    given: Any, where: str, readers: Mapping[str, Reader], problems: list[Problem], *, required: Iterable[str] = ()
) -> dict[str, Any]:
    """The entries of a table, each read by its key's reader; whatever is wrong goes to problems."""
    if not isinstance(given, Mapping):
        problems.append(Problem(where, f"{kind_of(given)} is no table", f"keys: {', '.join(readers)}"))
        return {}
    entries: dict[str, Any] = {}
    for key, value in given.items():
        if key not in readers:
            problems.append(unknown(where, str(key), readers))
            continue
        try:
            entries[key] = readers[key](inside(where, key), value)
        except Refusal as refusal:
            problems.extend(refusal.problems)
    problems.extend(
        Problem(inside(where, name), "is missing", "it has no default") for name in required if name not in given
    )
    return entries


def kind_of(value: Any) -> str:
    """What a value is, without showing it: it may hold a credential."""
    names = {
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        list: "a list",
        type(None): "null",
    }
    return names.get(type(value), "a value of this kind")


def inside(where: str, key: str) -> str:
    """The place of a key within a place."""
    return f"{where}.{key}" if where else key


def as_is(_where: str, value: Any) -> Any:
    """Whatever stands there; its own reader comes later."""
    return value


def one_of(words: Iterable[str | int]) -> Reader:
    """A reader of one of the words, with the nearest one suggested for a text."""
    allowed = tuple(words)

    def read(where: str, value: Any) -> Any:
        if value in allowed and not isinstance(value, bool):
            return value
        if isinstance(value, str):
            raise Refusal(unknown(where, value, map(str, allowed), noun="choice"))
        raise Refusal(Problem(where, f"{value!r} is not allowed", f"allowed: {', '.join(map(str, allowed))}"))

    return read


def whole(low: int, high: int = 1_000_000_000) -> Callable[[str, Any], int]:
    """A reader of whole numbers in a range, ends included."""

    def read(where: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refusal(Problem(where, f"{value!r} is not allowed", f"allowed: whole numbers from {low} to {high}"))
        return value

    return read


def text(where: str, value: Any) -> str:
    """A text that every format can carry."""
    if not isinstance(value, str):
        raise Refusal(Problem(where, f"{value!r} is no text", "write it in quotes"))
    if (illegal := illegal_in_xml(value)) is not None:
        raise Refusal(Problem(where, f"the character {illegal!r} can't stand in XML", "leave it out"))
    return value


def is_word(value: Any) -> bool:
    """Whether it is a text of 1 to 254 visible characters without a blank."""
    return isinstance(value, str) and value.isprintable() and re.fullmatch(r"\S{1,254}", value) is not None


def word(noun: str) -> Reader:
    """A reader of a word such as a login or a token, which no message shows."""

    def read(where: str, value: Any) -> str:
        if not is_word(value):
            raise Refusal(Problem(where, f"is no {noun}", "allowed: a text of 1 to 254 characters without blanks"))
        return str(value)

    return read


def or_none(read: Reader) -> Reader:
    """A reader that takes null too."""
    return lambda where, value: None if value is None else read(where, value)


def state(where: str, value: Any) -> str:
    """Where state is kept: `memory`, or the path of an SQLite file."""
    name = text(where, value)
    scheme, colon, _ = name.partition(":")
    if name == "memory" or name.endswith(SQLITE_ENDINGS):
        return name
    # What follows a scheme may hold a password.
    told = f"{scheme}:// is not available in this version" if colon else f"{name!r} is no state"
    near = "did you mean 'memory'? " if get_close_matches(name, ["memory"]) else ""
    raise Refusal(Problem(where, told, f"{near}allowed: memory, or a file ending in .db"))


SQLITE_ENDINGS = (".db", ".sqlite", ".sqlite3")


def flag(where: str, value: Any) -> bool:
    """Either true or false."""
    if not isinstance(value, bool):
        raise Refusal(Problem(where, f"{value!r} is neither true nor false", "allowed: true, false"))
    return value


def content_type(where: str, value: Any) -> str:
    """The value of a header Content-Type."""
    if not isinstance(value, str) or re.fullmatch(CONTENT_TYPE, value) is None:
        raise Refusal(Problem(where, f"{value!r} is no content type", "write it as 'text/html; charset=utf-8'"))
    return value


def phone(where: str, value: Any) -> str:
    """A phone: 7 to 15 digits from the country code, as text."""
    if not isinstance(value, str) or re.fullmatch(r"[0-9]{7,15}", value) is None:
        raise Refusal(
            Problem(where, f"{value!r} is no phone", "write it in quotes: 7 to 15 digits from the country code")
        )
    return value


def delay(where: str, value: Any) -> Delay:
    """A processing time, which may be never."""
    return parse_delay(text(where, value), where)


def latency(where: str, value: Any) -> Delay:
    """A time before an answer, which has to come."""
    read = delay(where, value)
    if read.kind == "never":
        raise Refusal(Problem(where, "an answer can't be delayed for ever", "use a duration such as '30s'"))
    return read


def number(low: float, high: float) -> Reader:
    """A reader of numbers in a range, ends included."""

    def read(where: str, value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise Refusal(Problem(where, f"{value!r} is not allowed", f"allowed: numbers from {low:g} to {high:.0f}"))
        return float(value)

    return read


def day(where: str, value: Any) -> str:
    """A date, with or without a time, as the text in which info tells it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?", value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise Refusal(Problem(where, f"{value!r} is no date of the calendar", "write it as 2030-12-31")) from None
        return value
    raise Refusal(Problem(where, f"{value!r} is no date", "write it as '2030-12-31' or '2030-12-31 23:59:59'"))
