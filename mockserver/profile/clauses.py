"""The clauses: what the API is believed to do, and which choices are open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from mockserver.core import delays
from mockserver.core.errors import Problem, Refusal, all_unknown
from mockserver.core.messages import SECOND, Micros
from mockserver.core.written import in_quotes, shown, without_quotes
from mockserver.core.xml_text import ILLEGAL_IN_XML, XML_ITEM, XML_NAME, illegal_in_xml

Choice: TypeAlias = "str | Mapping[str, int] | Mapping[str, str]"


@dataclass(frozen=True)
class Clause:
    """One clause of schemas/clauses.toml, which describes the fields. A clause without a default is not open."""

    id: str
    title: str
    grade: str
    evidence: str
    weak: bool = False
    default: Choice | None = None
    choices: tuple[str, ...] = ()
    meaning: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None
    samples: tuple[Any, ...] = ()
    unseen: str = ""

    def read(self, written: Any) -> Choice:
        """The choice that a settings file, an option or the control API writes; true, false and null stand for yes, no
        and `null`, or for the choices of their own names.

        Raises Refusal naming the clause and what is allowed.
        """
        choice = written
        if isinstance(written, bool | None):
            words = _CONSTANTS[written]
            choice = next((word for word in words if word in self.choices), written)
        if isinstance(choice, str) and choice in self.choices:
            return choice
        if self.value is not None:
            return VALUES[self.value](self, choice)
        allowed = f"allowed: {', '.join(map(repr, self.choices))}"
        raise Refusal(Problem(self.id, f"{shown(written)} is not a choice of this clause", allowed))

    @property
    def shape(self) -> Mapping[str, Any]:
        """The JSON Schema of what `read` takes."""
        words = [
            *self.choices,
            *(word for word in _CONSTANTS if any(name in self.choices for name in _CONSTANTS[word])),
        ]
        listed = [{"enum": words}] if words else []
        open_ones = [] if self.value is None else [_SHAPES[self.value](self)]
        shapes = [*listed, *open_ones]
        return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}

    def every_choice(self) -> list[Any]:
        """All choices, with the samples of an open value: what a covering set of profiles must contain."""
        own = [] if self.default is None or self.default in self.choices else [self.default]
        return [*own, *self.choices, *(s for s in self.samples if s not in own)]


_CONSTANTS: Mapping[bool | None, tuple[str, ...]] = {True: ("yes", "true"), False: ("no", "false"), None: ("null",)}


def parse_clauses(document: Mapping[str, Any]) -> Mapping[str, Clause]:
    """The clauses of a document read from schemas/clauses.toml, by id.

    The file is the project's own and is not checked here: tests/mock/test_profile.py checks it.
    """
    rows: Iterator[dict[str, Any]] = (
        {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        for row in document["clause"]
    )
    return {row["id"]: Clause(**row) for row in rows}


# Readers of open values, from a clause and what stands for its choice.


def _text(pattern: str, clause: Clause, choice: Any) -> str:
    """A text that matches the pattern from end to end."""
    if not isinstance(choice, str) or re.fullmatch(pattern, choice) is None:
        samples = f"a value such as {' or '.join(map(repr, clause.samples[:2]))}"
        allowed = ", ".join([*map(repr, clause.choices), samples])
        raise Refusal(Problem(clause.id, f"{shown(choice)} does not fit", f"allowed: {allowed}"))
    return choice


def _duration(clause: Clause, choice: Any) -> str:
    text = _text(r"[\s\S]*", clause, choice)
    delays.duration(text, clause.id)
    return text


def _table(wrong: Callable[[str, str, Any], Problem | None], clause: Clause, choice: Any) -> Mapping[str, Any]:
    """The clause's default with the entries of the choice over it; `wrong` gives an entry's problem, by its place and
    kind.
    """
    if not isinstance(choice, Mapping):
        raise Refusal(
            Problem(clause.id, f"{shown(choice)} is not a table", "write it as kind = value, by kind of error")
        )
    known = clause.default
    assert isinstance(known, Mapping), f"the table {clause.id} needs a default"
    strange = (kind for kind in choice if kind not in known)
    problems = all_unknown(clause.id, strange, known, noun="a kind of error")
    found = (wrong(f"{clause.id}.{kind}", kind, entry) for kind, entry in choice.items() if kind in known)
    problems += [problem for problem in found if problem]
    if problems:
        raise Refusal(*problems)
    return {**known, **choice}


CODES = range(1_000_000)
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {"missing": ("names",), "invalid": ("names",), "limit": ("used", "of")}
"""What a message may have filled in, by the kind of its error."""


def _wrong_code(where: str, _kind: str, code: Any) -> Problem | None:
    if _is_code(code):
        return None
    wrong = Problem(where, f"{shown(code)} is not an error code", f"allowed: 0 to {CODES[-1]}")
    return in_quotes(where, code, _is_code) or wrong


def _is_code(code: Any) -> bool:
    return type(code) is int and code in CODES


def _wrong_message(where: str, kind: str, text: Any) -> Problem | None:
    if not isinstance(text, str):
        return without_quotes(where, text)
    if (illegal := illegal_in_xml(text)) is not None:
        return Problem(where, f"the character {illegal!r} can't stand in XML", "leave it out")
    known = PLACEHOLDERS.get(kind, ())
    strange = next((name for name in re.findall(r"\{([^{}]*)\}", text) if name not in known), None)
    allowed = ", ".join(f"{{{name}}}" for name in known) or "none"
    return None if strange is None else Problem(where, f"unknown placeholder {{{strange}}}", f"allowed here: {allowed}")


_RATE = r"([1-9][0-9]{0,6})/(s|min|h)"
_TIME_OF_DAY = r"([01][0-9]|2[0-3]):([0-5][0-9])([+-])(0[0-9]|1[0-4]):([0-5][0-9])"
_PERIODS = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND}

CONTENT_TYPE = r"[!-~][!-.0-~]*/[!-~](?:[ -~]*[!-~])?"

_ORIGIN = r"\*|https?://[!-~]+"
VALUES: Mapping[str, Callable[[Clause, Any], Choice]] = {
    "codes": partial(_table, _wrong_code),
    "content-type": partial(_text, CONTENT_TYPE),
    "duration": _duration,
    "messages": partial(_table, _wrong_message),
    "origin": partial(_text, _ORIGIN),
    "rate": partial(_text, _RATE),
    "time-of-day": partial(_text, _TIME_OF_DAY),
    "xml-item": partial(_text, XML_ITEM),
    "xml-name": partial(_text, XML_NAME),
}


def _text_shape(pattern: str, _clause: Clause) -> Mapping[str, Any]:
    return {"type": "string", "pattern": rf"^(?:{pattern})$(?!\n)"}


def _table_shape(shape_of: Callable[[str], Mapping[str, Any]], clause: Clause) -> Mapping[str, Any]:
    assert isinstance(clause.default, Mapping), f"the table {clause.id} needs a default"
    entries = {kind: shape_of(kind) for kind in clause.default}
    return {"type": "object", "properties": entries, "additionalProperties": False}


def _message_shape(kind: str) -> Mapping[str, Any]:
    known = "|".join(PLACEHOLDERS.get(kind, ()))
    blanks = rf"\{{(?!(?:{known})\}})[^{{}}]*\}}" if known else r"\{[^{}]*\}"
    return {"type": "string", "not": {"pattern": rf"{ILLEGAL_IN_XML.pattern}|{blanks}"}}


_SHAPES: Mapping[str, Callable[[Clause], Mapping[str, Any]]] = {
    "codes": partial(_table_shape, lambda _: {"type": "integer", "minimum": CODES[0], "maximum": CODES[-1]}),
    "content-type": partial(_text_shape, CONTENT_TYPE),
    "duration": lambda _: {"type": "string", "pattern": delays.DURATION_PATTERN},
    "messages": partial(_table_shape, _message_shape),
    "origin": partial(_text_shape, _ORIGIN),
    "rate": partial(_text_shape, _RATE),
    "time-of-day": partial(_text_shape, _TIME_OF_DAY),
    "xml-item": partial(_text_shape, XML_ITEM),
    "xml-name": partial(_text_shape, XML_NAME),
}
"""The JSON Schemas of VALUES."""


def rate_of(text: str) -> tuple[int, Micros]:
    """How many calls are allowed in which period, from a text such as `5/s`."""
    match = re.fullmatch(_RATE, text)
    assert match is not None, "checked by the clause"
    return int(match[1]), _PERIODS[match[2]]


def item_namer(text: str) -> Callable[[int], str]:
    """From the place of a list's entry to its name, by a text such as `item` or `item{n}`."""
    name, _, blank = text.partition("{")
    first = 1 if blank == "n+1}" else 0
    return (lambda place: f"{name}{place + first}") if blank else lambda _: name


def turn_of(text: str) -> Micros:
    """The moment of the day, in microseconds after 00:00 UTC, from a text such as `00:00+03:00`."""
    match = re.fullmatch(_TIME_OF_DAY, text)
    assert match is not None, "checked by the clause"
    sign = 1 if match[3] == "+" else -1
    local = int(match[1]) * 60 + int(match[2])
    offset = sign * (int(match[4]) * 60 + int(match[5]))
    return (local - offset) * 60 * SECOND
