"""The fields of what people write: in a file, an option, a variable, or the control API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from mockserver.core.clock import parse_iso
from mockserver.core.delays import DELAY_PATTERN, FORMS, MOST, TIME_PATTERN, TIMES, Delay, parse_delay
from mockserver.core.errors import FEW, LONG, Problem, Refusal, all_unknown, cut, unknown
from mockserver.core.messages import Micros
from mockserver.core.written import in_quotes, kind_of, shown, without_quotes
from mockserver.core.xml_text import ILLEGAL_IN_XML, illegal_in_xml
from mockserver.profile.clauses import CONTENT_TYPE

T = TypeVar("T")
R = TypeVar("R")
SHORT = 254
"""Characters of a word, such as a login, and of all that has a pattern."""
LONGEST_TEXT = 100_000
LONGEST_PATH = 4096
Reader: TypeAlias = "Callable[[str, Any], Any]"
"""From a place and a value to the value as the mock keeps it. Raises Refusal naming the place and a remedy."""


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A value that people write: a Reader that knows what it accepts and what it is for."""

    read: Callable[[str, Any], T]
    shape: Mapping[str, Any]  # its JSON Schema, without the help
    allowed: str  # what is allowed, in words
    help: str = ""  # what it is for, in a sentence
    example: Any = None

    def __call__(self, where: str, value: Any) -> T:
        """The value as the mock keeps it. Raises Refusal naming the place and a remedy."""
        return self.read(where, value)

    def described(self, text: str, example: Any = None) -> Field[T]:
        """The field with its help and an example."""
        return replace(self, help=text, example=example)

    def then(self, convert: Callable[[str, T], R]) -> Field[R]:
        """The field of the value converted, from its place and the value; the conversion may refuse it, too."""
        return Field(lambda where, value: convert(where, self.read(where, value)), self.shape, self.allowed, self.help)

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        notes = {"description": self.help} if self.help else {}
        return {**self.shape, **notes, **({} if self.example is None else {"examples": [self.example]})}


def inside(where: str, key: str) -> str:
    """The place of a key within a place; a key that can't be shown as it is stands in quotes, cut."""
    shown_key = key if len(key) <= LONG and key.isprintable() else repr(cut(key))
    return f"{where}.{shown_key}" if where else shown_key


# Fields of fields.


def table(
    document: Any, where: str, readers: Mapping[str, Reader], problems: list[Problem], *, required: Iterable[str] = ()
) -> dict[str, Any]:
    """The entries of a table, each read by its key's reader; what is wrong is added to problems."""
    if not isinstance(document, Mapping):
        problems.append(Problem(where, f"{kind_of(document)} is not a table", f"keys: {', '.join(readers)}"))
        return {}
    problems += all_unknown(where, (str(key) for key in document if key not in readers), readers)
    known = ((key, inside(where, key), readers[key], value) for key, value in document.items() if key in readers)
    entries = _all(known, problems)
    problems += [
        Problem(inside(where, key), "is missing", "add it; it has no default")
        for key in required
        if key not in document
    ]
    return entries


def table_of(rows: Mapping[str, Field[Any]], required: Iterable[str] = ()) -> Field[dict[str, Any]]:
    """A table with these keys."""
    keys = tuple(required)

    def read(where: str, value: Any) -> dict[str, Any]:
        problems: list[Problem] = []
        return _unless(problems, table(value, where, rows, problems, required=keys))

    properties = {key: field.schema for key, field in rows.items()}
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return Field(read, {**shape, "required": [*keys]} if keys else shape, f"a table with the keys {', '.join(rows)}")


def bounded(field: Field[T], bounds: Mapping[str, Any]) -> Field[T]:
    """The field whose JSON Schema has these bounds, too: those that its reader keeps by itself."""
    return replace(field, shape={**field.shape, **bounds})


def table_by(key: Field[Any], entry: Field[Any], allowed: str) -> Field[dict[Any, Any]]:
    """A table with any number of keys of one kind."""

    def read(where: str, value: Any) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise Refusal(Problem(where, f"{kind_of(value)} is not a table", f"allowed: {allowed}"))
        problems: list[Problem] = []
        pairs = ((name, inside(where, name), _pair, (name, held)) for name, held in value.items())
        return _unless(problems, dict(_all(pairs, problems).values()))

    def _pair(where: str, pair: tuple[Any, Any]) -> tuple[Any, Any]:
        return key(where, pair[0]), entry(where, pair[1])

    return Field(read, {"type": "object", "propertyNames": key.shape, "additionalProperties": entry.schema}, allowed)


def list_of(item: Field[T], allowed: str) -> Field[list[T]]:
    """A list of items of one kind."""

    def read(where: str, value: Any) -> list[T]:
        if not isinstance(value, list):
            raise Refusal(Problem(where, f"{kind_of(value)} is not a list", f"allowed: {allowed}"))
        problems: list[Problem] = []
        items = ((n, f"{where}[{n}]", item, held) for n, held in enumerate(value))
        return _unless(problems, list(_all(items, problems).values()))

    return Field(read, {"type": "array", "items": item.schema}, allowed)


def _all(entries: Iterable[tuple[Any, str, Reader, Any]], problems: list[Problem]) -> dict[Any, Any]:
    """From entries of key, place, reader and value: what was read, by key."""
    values, wrong = {}, 0
    for key, where, reader, value in entries:
        try:
            values[key] = reader(where, value)
        except Refusal as refusal:
            wrong += 1
            if wrong <= FEW:
                problems.extend(refusal.problems)
    if wrong > FEW:
        problems.append(Problem("", f"{wrong - FEW} more entries are wrong", "set the first ones right, and try again"))
    return values


def _unless(problems: list[Problem], value: T) -> T:
    if problems:
        raise Refusal(*problems)
    return value


def or_none(field: Field[T]) -> Field[T | None]:
    """The field, or null."""
    shape = {"anyOf": [field.shape, {"type": "null"}]}
    return Field(lambda where, value: None if value is None else field(where, value), shape, field.allowed)


# Fields of single values.


def _checked(
    fits: Callable[[Any], bool], wrong: str, allowed: str, shape: Mapping[str, Any], *, secret: bool = False
) -> Field[Any]:
    """A field that takes the values that fit, as they are. The message shows no value that may be a credential."""

    def read(where: str, value: Any) -> Any:
        if fits(value):
            return value
        if (problem := in_quotes(where, value, fits)) is not None:
            raise Refusal(problem)
        what = f"{'this text' if isinstance(value, str) else kind_of(value)}" if secret else shown(value)
        bare = shape["type"] == "string" and not isinstance(value, str | list | Mapping)
        quoted = shape["type"] != "string" and isinstance(value, str)
        how = ", in quotes" if bare else ", without quotes" if quoted else ""
        raise Refusal(Problem(where, f"{what} {wrong}", f"allowed: {allowed}{how}"))

    return Field(read, shape, allowed)


def one_of(words: Iterable[str | int]) -> Field[Any]:
    """One of the words, with the nearest one suggested for a text."""
    known = tuple(words)
    allowed = ", ".join(map(str, known))

    def read(where: str, value: Any) -> Any:
        if _is_one(value):
            return value
        if (problem := in_quotes(where, value, _is_one)) is not None:
            raise Refusal(problem)
        if isinstance(value, str):
            raise Refusal(unknown(where, value, map(str, known), noun="a choice"))
        raise Refusal(Problem(where, f"{shown(value)} is not a choice", f"allowed: {allowed}"))

    def _is_one(value: Any) -> bool:
        return value in known and not isinstance(value, bool)

    return Field(read, {"enum": [*known]}, allowed)


def whole(low: int, high: int = 1_000_000_000) -> Field[int]:
    """A whole number in a range, ends included."""
    return _checked(
        lambda value: type(value) is int and low <= value <= high,
        "is not allowed",
        f"whole numbers from {low} to {high}",
        {"type": "integer", "minimum": low, "maximum": high},
    )


def digits(low: int, high: int) -> Field[int]:
    """A whole number in a range, ends included, as a text: a part of a URL. Its JSON Schema is that of the number, as
    OpenAPI has it.
    """
    number_of, allowed = whole(low, high), f"whole numbers from {low} to {high}"
    read = matching(f"[0-9]{{1,{len(str(high))}}}", "a whole number", allowed)
    return replace(number_of, read=lambda where, text: number_of(where, int(read(where, text))))


def number(low: float, high: float) -> Field[float]:
    """A number in a range, ends included."""
    return _checked(
        lambda value: type(value) in (int, float) and low <= value <= high,
        "is not allowed",
        f"numbers from {low:g} to {high:.0f}",
        {"type": "number", "minimum": low, "maximum": high},
    ).then(lambda _, value: float(value))


def matching(pattern: str, noun: str, allowed: str, *, secret: bool = False) -> Field[str]:
    """A short text that matches the pattern from end to end. noun is what it is, with its article."""
    return _checked(
        lambda value: isinstance(value, str) and len(value) <= SHORT and re.fullmatch(pattern, value) is not None,
        f"is not {noun}",
        allowed,
        {"type": "string", "pattern": whole_text(pattern), "maxLength": SHORT},
        secret=secret,
    )


def at_most(longest: int, field: Field[T]) -> Field[T]:
    """The field for texts of at most so many characters; a longer one is refused unread."""

    def read(where: str, value: Any) -> T:
        if isinstance(value, str) and len(value) > longest:
            raise Refusal(Problem(where, f"has {len(value)} characters", f"allowed: up to {longest}"))
        return field(where, value)

    return replace(field, read=read, shape={**field.shape, "maxLength": longest})


def whole_text(pattern: str) -> str:
    """The pattern for the whole text, also in Python, where `$` matches before a last line break."""
    return rf"^(?:{pattern})$(?!\n)"


def is_word(value: Any) -> bool:
    """Whether it is a text of 1 to 254 visible characters without a blank."""
    return isinstance(value, str) and re.fullmatch(_WORD, value) is not None


_INVISIBLE = (  # controls, formats and line separators of Unicode, and halves of surrogate pairs
    r"\x00-\x1F\x7F-\x9F\u00AD\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u180E\u200B-\u200F\u2028-\u202E"
    r"\u2060-\u206F\uFEFF\uFFF9-\uFFFB\uD800-\uDFFF\uFFFE\uFFFF\U000110BD\U000110CD\U00013430-\U0001343F"
    r"\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0001\U000E0020-\U000E007F"
)
_WORD = rf"[^\s{_INVISIBLE}]{{1,254}}"
_A_WORD = "a text of 1 to 254 characters without blanks"
NO_DOTS = r"(?!\.{1,2}$)"
"""What the pattern of a name begins with that is a part of a URL: clients take `.` and `..` out (RFC 3986, 5.2.4)."""


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(without_quotes(where, value))
    if (illegal := illegal_in_xml(value)) is not None:
        raise Refusal(Problem(where, f"the character {illegal!r} can't stand in XML", "leave it out"))
    return value


def _path(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(without_quotes(where, value))
    if (control := _CONTROL.search(value)) is not None:
        # The path itself is not shown: a state may hold a password.
        what = f"the path holds the control character {control[0]!r}"
        raise Refusal(
            Problem(where, what, "write \\ in single quotes, as in 'C:\\temp\\new.db', or write / in its place")
        )
    return value


def _delay(where: str, value: Any, allowed: str = FORMS) -> Delay:
    if not isinstance(value, str):
        raise Refusal(Problem(where, f"{shown(value)} is not a delay", f"allowed: {allowed}, in quotes"))
    return parse_delay(_text(where, value), where, allowed)


def _time(where: str, value: Any) -> Delay:
    return _delay(where, value, TIMES)


def _latency(where: str, delay: Delay) -> Delay:
    if delay.is_time:
        return delay
    what = "can't be delayed for ever" if delay.polls is None else "is not polled for"
    raise Refusal(Problem(where, f"an answer {what}", "use a duration such as '30s'"))


def _day(where: str, value: Any) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "seconds")  # strftime writes the year 1 as it is
    if isinstance(value, date):
        return value.isoformat()
    day = _DAY(where, value)
    try:
        datetime.fromisoformat(day)
    except ValueError:
        raise Refusal(Problem(where, f"{value!r} is not a date of the calendar", "write it as 2030-12-31")) from None
    return day


_DAY = matching(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?", "a date", "'2030-12-31' or '2030-12-31 23:59:59'"
)
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_LONG_MONTHS, _SHORT_MONTHS = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])", "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_DATE = rf"(?!0000)(?:[0-9]{{4}}-(?:{_LONG_MONTHS}|{_SHORT_MONTHS}|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
"""A date of the calendar, of the years 1 to 9999."""
_HOUR, _SIXTY = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"

as_is: Field[Any] = Field(lambda _, value: value, {}, "any value")  # any value; its own reader comes later
text: Field[str] = at_most(
    LONGEST_TEXT,
    Field(_text, {"type": "string", "not": {"pattern": ILLEGAL_IN_XML.pattern}}, "a text in quotes"),
)
"""A text that every format can carry."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
path: Field[str] = at_most(
    LONGEST_PATH, Field(_path, {"type": "string", "not": {"pattern": _CONTROL.pattern}}, "a path in quotes")
)
"""The path of a file. Without control characters: in TOML's double quotes, `\\t` in a path of Windows becomes one."""
flag: Field[bool] = _checked(
    lambda value: isinstance(value, bool), "is neither true nor false", "true, false", {"type": "boolean"}
)
content_type = matching(CONTENT_TYPE, "a content type", "a text such as 'text/html; charset=utf-8'")
token = matching(_WORD, "a token", _A_WORD, secret=True)
login = matching(NO_DOTS + _WORD, "a login", f"{_A_WORD}, and not . or ..", secret=True)
phone = matching("[0-9]{7,15}", "a phone", "7 to 15 digits from the country code")
delay: Field[Delay] = at_most(MOST, Field(_delay, {"type": "string", "pattern": DELAY_PATTERN}, FORMS))
"""How long a task is processed: a time, a number of polls, or for ever."""
time: Field[Delay] = at_most(MOST, Field(_time, {"type": "string", "pattern": TIME_PATTERN}, TIMES))
"""A delay that has to be a time. What is another delay is left to who says what to write in its place."""
latency: Field[Delay] = time.then(_latency)
"""A time before an answer, which has to come."""
day: Field[str] = replace(
    _DAY, read=_day, shape={**_DAY.shape, "pattern": whole_text(f"{_DATE}( {_HOUR}:{_SIXTY}:{_SIXTY})?")}
)
"""A date, with or without a time, as the text in which info shows it."""
_TIME = rf"{_HOUR}:{_SIXTY}(?::{_SIXTY}(?:\.[0-9]{{1,9}})?)?(?:Z|[+-]{_HOUR}:{_SIXTY})?"
_MOMENT = rf"(?!0|1[0-8]|19[0-6]|1970|[3-9]){_DATE}(?:[T ]{_TIME})?"
moment: Field[Micros] = matching(
    _MOMENT,
    "a time of the years 1971 to 2999",
    "a time such as 2030-01-01T00:00:00+03:00 (without an offset: Moscow's)",
).then(lambda where, text: parse_iso(text, where))
"""A time in ISO 8601."""
