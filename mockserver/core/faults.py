"""Faults: what breaks the contract on purpose, armed with a match and counted down.

A kind is one row of KINDS: a function from its settings to an Effect, whose keyword arguments are the settings' names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mockserver.core import reading
from mockserver.core.chance import fraction
from mockserver.core.clauses import CODES
from mockserver.core.delays import Delay
from mockserver.core.errors import NotFound, Problem, Refusal, unknown
from mockserver.core.messages import FORMATS, METHODS, Page
from mockserver.core.sources import ALL_SOURCES

ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call or a task ends in an error: None stands for the profile's code or message."""

    code: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does to a call. error and page take the answer's place before anything happens; stuck and failure
    are the task's that the call creates, or the answer of the poll; latency is real time before the answer.
    """

    error: Ending | None = None
    page: Page | None = None
    latency: Delay | None = None
    stuck: bool = False
    failure: Ending | None = None


NO_EFFECT = Effect()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call when faults are looked at; for result, phone and source are the task's."""

    method: str
    login: str | None
    phone: str | None
    source: int | None
    format: str


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
class Countdown:
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

    armed: dict[str, Countdown] = field(default_factory=dict)
    last_id: int = 0

    def arm(self, document: Any) -> Countdown:
        """Arms a fault from its document (DESIGN 4). Raises Refusal with every problem."""
        fault = read_fault(document, f"f{self.last_id + 1}")
        self.last_id += 1
        self.armed[fault.id] = Countdown(fault)
        return self.armed[fault.id]

    def strike(self, facts: Facts, seed: int, *, of_task: bool) -> Countdown | None:
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


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: the function that makes its effect, what its settings may be, whether it happens to a task."""

    make: Callable[..., Effect]
    settings: Mapping[str, reading.Reader]
    required: tuple[str, ...] = ()
    of_task: bool = False

    @property
    def operations(self) -> tuple[str, ...]:
        """The API's methods that it can happen to."""
        return ("create", "result") if self.of_task else METHODS


def read_fault(document: Any, fault_id: str) -> Fault:
    """The fault of a document with the keys match, action, times, after, probability.

    Raises Refusal with every problem, each naming its key.
    """
    problems: list[Problem] = []
    top = reading.table(document, "", _TOP, problems)
    match = reading.table(top.get("match", {}), "match", _MATCH, problems)
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
    settings = reading.table(given, "action", row.settings, problems, required=row.required)
    return kind, settings


def _times(where: str, value: Any) -> int | None:
    if value is None or value == ALWAYS:
        return None
    try:
        return reading.whole(1)(where, value)
    except Refusal:
        raise Refusal(Problem(where, f"{value!r} is not allowed", f"allowed: 1 and more, or {ALWAYS!r}")) from None


_TOP: Mapping[str, reading.Reader] = MappingProxyType(
    {
        "match": reading.as_is,
        "action": reading.as_is,
        "times": _times,
        "after": reading.whole(0),
        "probability": reading.number(0, 1),
    }
)
_MATCH: Mapping[str, reading.Reader] = MappingProxyType(
    {
        "method": reading.one_of(METHODS),
        "login": reading.text,
        "phone": reading.phone,
        "source": reading.one_of(ALL_SOURCES),
        "format": reading.one_of(FORMATS),
        "nth": reading.whole(1),
    }
)


def error(*, code: int | None = None, message: str | None = None) -> Effect:
    """An error of the API, written as the profile writes errors; what is left out is as for a server error."""
    return Effect(error=Ending(code, message))


def http(*, status: int, body: str = "", content_type: str = "text/html; charset=utf-8") -> Effect:
    """An answer that is not the API's own, such as a proxy's HTML 502."""
    return Effect(page=Page(status, content_type, body.encode()))


def latency(*, delay: Delay) -> Effect:
    """The right answer, late by real time."""
    return Effect(latency=delay)


def stuck() -> Effect:
    """A created task is never ready; a poll is answered as processing."""
    return Effect(stuck=True)


def fail_task(*, code: int | None = None, message: str | None = None) -> Effect:
    """A created task ends in an error; a poll is answered with it."""
    return Effect(failure=Ending(code, message))


_CODE = reading.whole(CODES[0], CODES[-1])
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "error": Kind(error, {"code": _CODE, "message": reading.text}),
        "http": Kind(
            http,
            {"status": reading.whole(200, 599), "body": reading.text, "content_type": reading.content_type},
            ("status",),
        ),
        "latency": Kind(latency, {"delay": reading.latency}, ("delay",)),
        "stuck": Kind(stuck, {}, of_task=True),
        "fail-task": Kind(fail_task, {"code": _CODE, "message": reading.text}, of_task=True),
    }
)
LATER = ("reset", "empty", "truncate", "garbage", "dribble", "wrong-format")
"""Kinds that happen to the bytes on the socket; they are refused by name until the wire server can do them."""
