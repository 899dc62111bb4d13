"""Faults: what breaks the contract on purpose, armed with a match and counted down.

A kind is one row of KINDS: a function from its settings to an Effect, whose keyword arguments are the settings' names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from mockserver.core.chance import fraction
from mockserver.core.errors import NotFound, Problem, Refusal, unknown
from mockserver.faults.kinds import KINDS, LATER, Effect
from mockserver.faults.matching import _MATCH, MATCH, Facts
from mockserver.inputs import fields

ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Fault:
    """An armed fault: match by the keys of Facts (and `nth`), a kind with its settings, and when it strikes: after so
    many matching calls, times often (None: always), with the probability.
    """

    id: str
    match: Mapping[str, str | int]
    kind: str
    settings: Mapping[str, Any]
    effect: Effect
    times: int | None = 1
    after: int = 0
    probability: float = 1.0

    @property
    def login(self) -> str | None:
        """The account that it belongs to; None is the server."""
        login = self.match.get("login")
        return None if login is None else str(login)

    @property
    def key(self) -> str:
        """What it is, whatever else is armed: the same fault draws the same chances in every run."""
        return repr((sorted(self.match.items()), self.kind, self.times, self.after, self.probability))

    def fits(self, facts: Facts) -> bool:
        """Whether the call is one that this fault is meant for, `nth` aside."""
        if facts.method not in KINDS[self.kind].operations:
            return False
        return all(getattr(facts, key) == want for key, want in self.match.items() if key != "nth")


@dataclass(slots=True)
class ArmedFault:
    """A fault with what has happened to it: matching calls seen, and how many of them were struck."""

    fault: Fault
    seen: int = 0
    struck: int = 0

    def strikes(self, seed: int) -> bool:
        """Counts a matching call, and tells whether the fault is due."""
        fault = self.fault
        self.seen += 1
        if self.seen <= fault.after or self.left == 0 or self.seen != fault.match.get("nth", self.seen):
            return False
        return fault.probability == 1 or fraction(seed, fault.key, self.seen) < fault.probability

    @property
    def left(self) -> int | None:
        """How often it will still strike; None is without end."""
        return None if self.fault.times is None else self.fault.times - self.struck

    @property
    def told(self) -> str:
        """For `X-Mock-Reason`."""
        left = "" if self.left is None else f" ({self.left} of {self.fault.times} left)"
        return f"fault {self.fault.id} {self.fault.kind}{left}"


@dataclass(slots=True)
class Faults:
    """The armed faults, in the order in which they were armed.

    Every fault that fits a call counts it, and the first that is due strikes. Kinds that happen to a task are looked at
    where a task is made or read, all others when the call comes in; so that a call may meet one of each.
    """

    armed: dict[str, ArmedFault] = field(default_factory=dict)
    last_id: int = 0

    def arm(self, document: Any) -> ArmedFault:
        """Arms a fault from its document (DESIGN 4). Raises Refusal with every problem."""
        fault = read_fault(document, f"f{self.last_id + 1}")
        self.last_id += 1
        self.armed[fault.id] = ArmedFault(fault)
        return self.armed[fault.id]

    def strike(self, facts: Facts, seed: int, *, of_task: bool) -> ArmedFault | None:
        """The fault that strikes: of those that happen to a task, or of the others."""
        fitting = [c for c in self.armed.values() if KINDS[c.fault.kind].of_task == of_task and c.fault.fits(facts)]
        struck = next((c for c in [c for c in fitting if c.strikes(seed)]), None)
        if struck is not None:
            struck.struck += 1
        return struck

    def disarm(self, fault_id: str) -> None:
        """Takes the fault away. Raises Refusal for an unknown id."""
        if fault_id not in self.armed:
            armed = ", ".join(self.armed) or "none"
            raise NotFound(Problem("", f"{fault_id!r} is no armed fault", f"armed: {armed}"))
        del self.armed[fault_id]

    def reset(self, login: str | None) -> None:
        """Takes away the faults of the login, with None all."""
        self.armed = {i: c for i, c in self.armed.items() if login is not None and c.fault.login != login}


def read_fault(document: Any, fault_id: str) -> Fault:
    """The fault of a document with the keys match, action, times, after, probability.

    Raises Refusal with every problem, each naming its key.
    """
    problems: list[Problem] = []
    top = fields.table(document, "", _TOP, problems)
    match = fields.table(top.get("match", {}), "match", _MATCH, problems)
    kind, settings = _action(top.get("action"), problems)
    if kind is not None and match.get("method", kind) not in (kind, *KINDS[kind].operations):
        where = ", ".join(KINDS[kind].operations)
        problems.append(Problem("match.method", f"{kind!r} can't happen to {match['method']!r}", f"allowed: {where}"))
    if match.get("method") == "info" and (never := [key for key in ("phone", "source") if key in match]):
        problems.append(Problem(f"match.{never[0]}", "info has none, so nothing could match", "leave it out"))
    if match.get("nth", math.inf) <= top.get("after", 0):
        problems.append(Problem("match.nth", "that call is past before `after` is over", "leave one of them out"))
    if problems or kind is None:
        raise Refusal(*problems)
    return Fault(
        id=fault_id,
        match=MappingProxyType(match),
        kind=kind,
        settings=MappingProxyType(settings),
        effect=KINDS[kind].make(**settings),
        times=top.get("times", 1),
        after=top.get("after", 0),
        probability=top.get("probability", 1.0),
    )


def _action(action: Any, problems: list[Problem]) -> tuple[str | None, dict[str, Any]]:
    if not isinstance(action, Mapping) or "kind" not in action:
        problems.append(Problem("action", "a table with a kind is missing", f"kinds: {', '.join(KINDS)}"))
        return None, {}
    kind = str(action["kind"])
    if kind in LATER:
        told = f"the fault {kind!r} is not available in this version"
        problems.append(Problem("action.kind", told, f"allowed: {', '.join(KINDS)}"))
        return None, {}
    if kind not in KINDS:
        problems.append(unknown("action.kind", kind, KINDS, noun="fault"))
        return None, {}
    row = KINDS[kind]
    given = {key: value for key, value in action.items() if key != "kind"}
    settings = fields.table(given, "action", row.settings, problems, required=row.required)
    return kind, settings


def _times(where: str, value: Any) -> int | None:
    if value is None or value == ALWAYS:
        return None
    try:
        return fields.whole(1)(where, value)
    except Refusal:
        raise Refusal(Problem(where, f"{value!r} is not allowed", f"allowed: 1 and more, or {ALWAYS!r}")) from None


_TOP: Mapping[str, fields.Field[Any]] = MappingProxyType(
    {
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
)


def _document(where: str, value: Any) -> Any:
    try:
        read_fault(value, "")
    except Refusal as refusal:
        raise refusal.at(where) from None
    return value


FAULT = replace(fields.table_of(_TOP, required=["action"]), read=_document).described(
    "A fault.", {key: field.example for key, field in _TOP.items()}
)
"""A fault's document, which is checked and kept as it is."""
