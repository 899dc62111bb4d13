"""Faults: what breaks the contract on purpose, with a match and a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.core.chance import fraction
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.written import in_quotes, shown
from mockserver.faults.kinds import KINDS, LATER, Effect
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

    def fits(self, facts: Facts) -> bool:
        """Whether the call is one that this fault is meant for, `nth` aside."""
        return facts.method in KINDS[self.kind].operations and self.match.fits(facts)


@dataclass(frozen=True, slots=True)
class ArmedFault:
    """A fault that a store keeps, with its counts."""

    id: str
    fault: Fault
    seen: int = 0  # matching calls so far
    struck: int = 0  # how many of them it struck

    def is_due(self, seed: int) -> bool:
        """Whether it strikes the call that was seen last."""
        fault = self.fault
        if self.seen <= fault.after or self.left == 0 or not fault.match.picks(self.seen):
            return False
        return fault.probability == 1 or fraction(seed, fault.key, self.seen) < fault.probability

    @property
    def left(self) -> int | None:
        """How often it will still strike; None is without end."""
        return None if self.fault.times is None else self.fault.times - self.struck

    @property
    def is_over(self) -> bool:
        """Whether it can't strike any more, whatever is called."""
        return self.left == 0 or self.fault.match.is_past(self.seen)

    @property
    def reason(self) -> str:
        """For `X-Mock-Reason`."""
        left = "" if self.left is None else f" ({self.left} of {self.fault.times} left)"
        return f"fault {self.id} {self.fault.kind}{left}"


def strike(
    armed: Iterable[ArmedFault], facts: Facts, seed: int, *, of_task: bool
) -> tuple[list[ArmedFault], ArmedFault | None]:
    """The faults that a call counts for, with their new counts, and the one of them that strikes.

    Every fault that fits the call counts it, and the first that is due strikes. A call may meet two faults: those that
    happen to a task are asked for where a task is made or read (of_task), the others when the call comes in.
    """
    counted: list[ArmedFault] = []
    struck: ArmedFault | None = None
    for one in armed:
        if KINDS[one.fault.kind].of_task == of_task and one.fault.fits(facts):
            seen = replace(one, seen=one.seen + 1)
            if struck is None and seen.is_due(seed):
                struck = seen = replace(seen, struck=seen.struck + 1)
            counted.append(seen)
    return counted, struck


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
    return Fault(
        match,
        kind,
        settings,
        KINDS[kind].make(**settings),
        **{key: top[key] for key in ("times", "after", "probability") if key in top},
    )


def _action(action: Any, problems: list[Problem]) -> tuple[str | None, dict[str, Any]]:
    if not isinstance(action, Mapping) or "kind" not in action:
        problems.append(Problem("action", "must be a table with a `kind`", f"kinds: {', '.join(KINDS)}"))
        return None, {}
    kind = str(action["kind"])
    if kind not in KINDS:
        what = f"the fault {kind!r} is not available in this version"
        later = Problem("action.kind", what, f"allowed: {', '.join(KINDS)}")
        problems.append(later if kind in LATER else unknown("action.kind", kind, KINDS, noun="a fault"))
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
