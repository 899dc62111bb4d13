"""The clauses: what the API is believed to do, and which settings are open."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from types import MappingProxyType
from typing import Any, TypeAlias

from mockserver.core import delays
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.messages import SECOND, Micros
from mockserver.core.xml_text import _NAME_PART, _NAME_START, illegal_in_xml

Choice: TypeAlias = "str | Mapping[str, int] | Mapping[str, str]"

GRADES = ("documented", "law", "observed", "sister", "assumed")


@dataclass(frozen=True)
class Clause:
    """One clause of schemas/clauses.toml; its head describes the fields. One without a default is no setting."""

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

    def read(self, given: Any) -> Choice:
        """The choice that a settings file, an option or the admin API gives.

        Booleans stand for yes and no, None for null. Raises Refusal naming the clause and what is allowed.
        """
        word = {True: "yes", False: "no", None: "null"}.get(given, given) if _plain(given) else given
        if isinstance(word, str) and word in self.choices:
            return word
        if self.value is not None:
            return VALUES[self.value](self, word)
        raise Refusal(
            Problem(
                self.id,
                f"{given!r} is no choice of this clause",
                f"allowed: {', '.join(map(repr, self.choices))}",
            )
        )

    def every_choice(self) -> list[Any]:
        """All choices, with samples of the open value: what a covering set of profiles must hold."""
        own = [] if self.default is None or self.default in self.choices else [self.default]
        return [*own, *self.choices, *(s for s in self.samples if s not in own)]


def _plain(given: Any) -> bool:
    return given is None or isinstance(given, bool)


def parse_clauses(document: Mapping[str, Any]) -> Mapping[str, Clause]:
    """The clauses of a document read from schemas/clauses.toml, by id.

    Raises Refusal where a clause has a key or a grade that is not known.
    """
    clauses: dict[str, Clause] = {}
    for row in document["clause"]:
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        if unheard := set(fields) - {f.name for f in dataclass_fields(Clause)}:
            raise Refusal(Problem(str(row.get("id")), f"unknown keys: {', '.join(sorted(unheard))}"))
        clause = Clause(**fields)
        if clause.grade not in GRADES:
            raise Refusal(unknown(clause.id, clause.grade, GRADES, noun="grade"))
        clauses[clause.id] = clause
    return MappingProxyType(clauses)


def _text(clause: Clause, given: Any) -> str:
    if not isinstance(given, str):
        words = ", ".join(map(repr, clause.choices))
        raise Refusal(
            Problem(
                clause.id,
                f"{given!r} is no text",
                f"allowed: {words or 'a text'} or {_like(clause)}",
            )
        )
    return given


def _like(clause: Clause) -> str:
    return f"a value such as {' or '.join(repr(s) for s in clause.samples[:2])}"


def _matching(pattern: str) -> Callable[[Clause, Any], str]:
    """A reader of texts that match the pattern from end to end."""
    compiled = re.compile(pattern)

    def read(clause: Clause, given: Any) -> str:
        text = _text(clause, given)
        if compiled.fullmatch(text) is None:
            words = "".join(f"{c!r}, " for c in clause.choices)
            raise Refusal(Problem(clause.id, f"{text!r} does not fit", f"allowed: {words}{_like(clause)}"))
        return text

    return read


def _duration(clause: Clause, given: Any) -> str:
    text = _text(clause, given)
    delays.duration(text, clause.id)
    return text


def _table(clause: Clause, given: Any, check: Callable[[str, Any], Problem | None]) -> Mapping[str, Any]:
    """The clause's default with the given entries laid over it."""
    if not isinstance(given, Mapping):
        raise Refusal(Problem(clause.id, f"{given!r} is no table", "write it as kind = value, by kind of error"))
    known = clause.default
    if not isinstance(known, Mapping):
        raise TypeError(f"clause {clause.id}: a table needs a default of every kind")
    problems = [
        problem
        for kind, entry in given.items()
        if (
            problem := check(f"{clause.id}.{kind}", entry)
            if kind in known
            else unknown(clause.id, kind, known, noun="kind of error")
        )
    ]
    if problems:
        raise Refusal(*problems)
    return MappingProxyType({**known, **given})


CODES = range(1_000_000)


def _codes(clause: Clause, given: Any) -> Mapping[str, int]:
    def check(where: str, code: Any) -> Problem | None:
        if isinstance(code, int) and not isinstance(code, bool) and code in CODES:
            return None
        return Problem(where, f"{code!r} is no error code", f"allowed: 0 to {CODES[-1]}")

    return _table(clause, given, check)


PLACEHOLDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"missing": ("names",), "invalid": ("names",), "limit": ("used", "of")}
)


def _messages(clause: Clause, given: Any) -> Mapping[str, str]:
    def check(where: str, text: Any) -> Problem | None:
        if not isinstance(text, str):
            return Problem(where, f"{text!r} is no text", "write it in quotes")
        if (illegal := illegal_in_xml(text)) is not None:
            return Problem(where, f"the character {illegal!r} can't stand in XML", "leave it out")
        kind = where.rsplit(".", 1)[1]
        known = PLACEHOLDERS.get(kind, ())
        for name in re.findall(r"\{([^{}]*)\}", text):
            if name not in known:
                allowed = ", ".join(f"{{{n}}}" for n in known) or "none"
                return Problem(where, f"unknown placeholder {{{name}}}", f"allowed here: {allowed}")
        return None

    return _table(clause, given, check)


_RATE = r"([1-9][0-9]{0,6})/(s|min|h)"
_TIME_OF_DAY = r"([01][0-9]|2[0-3]):([0-5][0-9])([+-])(0[0-9]|1[0-4]):([0-5][0-9])"
_PERIODS = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND}

CONTENT_TYPE = r"[!-~]+/[!-~]+(?:[ -~]*[!-~])?"

VALUES: Mapping[str, Callable[[Clause, Any], Choice]] = MappingProxyType(
    {
        "codes": _codes,
        "content-type": _matching(CONTENT_TYPE),
        "duration": _duration,
        "messages": _messages,
        "origin": _matching(r"\*|https?://[!-~]+"),
        "rate": _matching(_RATE),
        "time-of-day": _matching(_TIME_OF_DAY),
        "xml-name": _matching(f"[{_NAME_START}][{_NAME_PART}]*"),
    }
)


def rate_of(text: str) -> tuple[int, Micros]:
    """Calls and the period in which so many are allowed, from a text such as `5/s`."""
    match = re.fullmatch(_RATE, text)
    assert match is not None, "checked by the clause"
    return int(match[1]), _PERIODS[match[2]]


def turn_of(text: str) -> Micros:
    """The moment of the day, in microseconds after 00:00 UTC, from a text such as `00:00+03:00`."""
    match = re.fullmatch(_TIME_OF_DAY, text)
    assert match is not None, "checked by the clause"
    sign = 1 if match[3] == "+" else -1
    local = int(match[1]) * 60 + int(match[2])
    offset = sign * (int(match[4]) * 60 + int(match[5]))
    return (local - offset) * 60 * SECOND
