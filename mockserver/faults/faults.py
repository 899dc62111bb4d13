"""Faults: what breaks the contract on purpose, with a match and a count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.written import in_quotes, shown
from mockserver.faults.kinds import KINDS, Effect
from mockserver.faults.matching import MATCH, Facts, Match, read_match
from mockserver.inputs import fields

ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as its document describes it."""

    match: Match
    kind: str
    settings: Mapping[str, Any]
    effect: Effect
    times: int | None = 1  # how often it strikes; None is without end
    after: int = 0  # how many matching calls pass before it strikes
    probability: float = 1.0

    @property
    def key(self) -> str:
        """The same for the same fault, so that it draws the same chances in every run."""
        return repr((sorted(self.match.entries.items()), self.kind, self.times, self.after, self.probability))

    @property
    def aspect(self) -> str:
        """What of a call it changes, one of ASPECTS."""
        return KINDS[self.kind].aspect

    def fits(self, facts: Facts) -> bool:
        """Whether the call is one that this fault is meant for, `nth` aside."""
        if facts.method not in KINDS[self.kind].operations or facts.format == self.effect.spares:
            return False
        return self.match.fits(facts)


@dataclass(frozen=True, slots=True)
class Strike:
    """A rule that meets a call, such as a fault, with what it does to the call."""

    id: str
    aspect: str  # one of ASPECTS
    effect: Effect
    reason: str  # for `X-Mock-Reason`
    key: str  # the same for the same rule in every run, and number for the same call of it: they seed its chances
    number: int


def read_fault(document: Any) -> Fault:
    """The fault of a document with the keys of _TOP. Raises Refusal with every problem, each naming its key."""
    problems: list[Problem] = []
    top = fields.table(document, "", _TOP, problems)
    match = read_match(top.get("match", {}), "match", problems)
    kind, settings = _action(top.get("action"), problems)
    method = match.entries.get("method", kind)
    if kind is not None and method not in (kind, *KINDS[kind].operations):
        where = ", ".join(KINDS[kind].operations)
        problems.append(
            Problem("match.method", f"the fault {kind!r} does not apply to {method!r}", f"allowed: {where}")
        )
    nth = match.entries.get("nth")
    if isinstance(nth, int) and nth <= top.get("after", 0):
        problems.append(Problem("match.nth", "is among the calls that `after` lets pass", "leave one of them out"))
    if problems or kind is None:
        raise Refusal(*problems)
    effect = KINDS[kind].make(**settings)
    if effect.spares is not None and match.entries.get("format") == effect.spares:
        raise Refusal(Problem("match.format", "is that of the fault, which would change nothing", "name two formats"))
    return Fault(
        match,
        kind,
        settings,
        effect,
        **{key: top[key] for key in ("times", "after", "probability") if key in top},
    )


def _action(action: Any, problems: list[Problem]) -> tuple[str | None, dict[str, Any]]:
    if not isinstance(action, Mapping) or "kind" not in action:
        problems.append(Problem("action", "must be a table with a `kind`", f"kinds: {', '.join(KINDS)}"))
        return None, {}
    kind = str(action["kind"])
    if kind not in KINDS:
        problems.append(unknown("action.kind", kind, KINDS, noun="a fault"))
        return None, {}
    row = KINDS[kind]
    options = {key: value for key, value in action.items() if key != "kind"}
    settings = fields.table(options, "action", row.settings, problems, required=row.required)
    return kind, settings


def _times(where: str, value: Any) -> int | None:
    if value is None or value == ALWAYS:
        return None
    try:
        return fields.whole(1)(where, value)
    except Refusal:
        if (problem := in_quotes(where, value, lambda bare: type(bare) is int)) is not None:
            raise Refusal(problem) from None
        raise Refusal(Problem(where, f"{shown(value)} is not allowed", f"allowed: 1 and more, or {ALWAYS!r}")) from None


_TOP: Mapping[str, fields.Field[Any]] = {
    "match": replace(fields.as_is, shape=MATCH.shape).described(
        "The calls that it happens to: those that fit every key.", {"method": "result", "nth": 2}
    ),
    "action": replace(fields.as_is, shape={"oneOf": [kind.schema(name) for name, kind in KINDS.items()]}).described(
        f"What happens: {', '.join(KINDS)}.", {"kind": "error", "code": 500, "message": "try later"}
    ),
    "times": fields.Field(
        _times,
        {"anyOf": [fields.whole(1).shape, {"enum": [ALWAYS, None]}]},
        f"1 and more, or {ALWAYS!r}",
    ).described("How often it happens.", 1),
    "after": fields.whole(0).described("How many calls it lets pass first.", 0),
    "probability": fields.number(0, 1).described("Its chance at each call.", 1.0),
}


def _document(where: str, value: Any) -> Any:
    try:
        read_fault(value)
    except Refusal as refusal:
        raise refusal.at(where) from None
    return value


FAULT = replace(fields.table_of(_TOP, required=["action"]), read=_document).described(
    "A fault.", {key: field.example for key, field in _TOP.items()}
)
"""A fault's document, which is checked and kept as it is."""
