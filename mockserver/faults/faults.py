"""Faults: what breaks the contract on purpose, with a match and a count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.core.errors import Problem, Refusal
from mockserver.core.written import in_quotes, shown
from mockserver.faults.actions import ACTION, IN_VAIN, Action, read_action
from mockserver.faults.matching import MATCH, Facts, Match, read_match
from mockserver.inputs import fields

ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as its document describes it."""

    match: Match
    action: Action
    times: int | None = 1  # how often it strikes; None is without end
    after: int = 0  # how many matching calls pass before it strikes
    probability: float = 1.0

    @property
    def document(self) -> dict[str, Any]:
        """Its document, with every key: `read_fault` reads the same fault."""
        return {
            "match": dict(self.match.entries),
            "action": self.action.shown,
            "times": ALWAYS if self.times is None else self.times,
            "after": self.after,
            "probability": self.probability,
        }

    @property
    def key(self) -> str:
        """The same for the same fault, so that it draws the same chances in every run."""
        return repr((sorted(self.match.entries.items()), self.action.kind, self.times, self.after, self.probability))

    def fits(self, facts: Facts) -> bool:
        """Whether the call is one that this fault is meant for, `nth` aside."""
        return self.action.fits(facts) and self.match.fits(facts)


def read_fault(document: Any) -> Fault:
    """The fault of a document with the keys of _TOP. Raises Refusal with every problem, each naming its key."""
    problems: list[Problem] = []
    top = fields.table(document, "", _TOP, problems)
    match = read_match(top.get("match", {}), "match", problems)
    action = read_action(top.get("action"), "action", match, problems)
    nth = match.entries.get("nth")
    if isinstance(nth, int) and top.get("after", 0):
        problems.append(Problem("match.nth", "picks one call, so that `after` has no say", "leave one of them out"))
    if problems or action is None:
        raise Refusal(*problems)
    return Fault(match, action, **{key: top[key] for key in ("times", "after", "probability") if key in top})


def _times(where: str, value: Any) -> int | None:
    if value is None or value == ALWAYS:
        return None
    try:
        return fields.whole(1)(where, value)
    except Refusal:
        if (problem := in_quotes(where, value, lambda bare: type(bare) is int)) is not None:
            raise Refusal(problem) from None
        raise Refusal(Problem(where, f"{shown(value)} is not allowed", f"allowed: 1 and more, or {ALWAYS!r}")) from None


TIMES: fields.Field[int | None] = fields.Field(
    _times, {"anyOf": [fields.whole(1).shape, {"enum": [ALWAYS, None]}]}, f"1 and more, or {ALWAYS!r}"
)
"""How often; None is without end."""
OFTEN: Mapping[str, fields.Field[Any]] = {
    "times": TIMES.described("How often it happens.", 1),
    "after": fields.whole(0).described("How many calls it lets pass first.", 0),
    "probability": fields.number(0, 1).described("Its chance at each call.", 1.0),
}
_TOP: Mapping[str, fields.Field[Any]] = {
    "match": replace(fields.as_is, shape=MATCH.shape).described(
        "The calls that it happens to: those that fit every key.", {"method": "result", "nth": 2}
    ),
    "action": ACTION,
    **OFTEN,
}


def _document(where: str, value: Any) -> Any:
    try:
        read_fault(value)
    except Refusal as refusal:
        raise refusal.at(where) from None
    return value


_NTH_AND_AFTER = {
    "properties": {"match": {"required": ["nth"]}, "after": {"minimum": 1}},
    "required": ["match", "after"],
}
FAULT = replace(
    fields.bounded(fields.table_of(_TOP, required=["action"]), {"not": {"anyOf": [_NTH_AND_AFTER, *IN_VAIN]}}),
    read=_document,
).described("A fault.", {key: field.example for key, field in _TOP.items()})
"""A fault's document, which is checked and kept as it is."""
