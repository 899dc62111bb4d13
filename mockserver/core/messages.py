"""A call of the API, the answer to it, and how the answer is delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Value: TypeAlias = "str | int | list[Value] | dict[str, Value] | None"
Body: TypeAlias = "dict[str, Value]"
Micros: TypeAlias = int  # time in whole microseconds: sums stay exact, unlike those of floats

Headers: TypeAlias = "tuple[tuple[str, str], ...]"  # names and values
Write: TypeAlias = "Callable[[Answer], tuple[str, bytes]]"  # the Content-Type and the body of an answer in its format
Form: TypeAlias = "Callable[[Answer, Write], tuple[str, bytes]]"  # likewise, from the answer and how it is written else

SECOND: Micros = 1_000_000

METHODS = ("create", "result", "info")  # the API's methods: the names below /api/


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API, read off a request."""

    operation: str  # the name in the path, such as `create`; any text, known or not
    http_method: str  # `GET` also for a `HEAD`
    params: Mapping[str, str]  # the parameters; the clauses `param.*` have decided which value counts
    ip: str  # the address of the caller


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer travels. `wire/delivery.py` carries it out; under WSGI `Waiting` in `web/app.py`."""

    latency: Micros = 0  # real time to wait before the first byte
    login: str | None = None  # the account of the answer: a reset of it ends the wait
    transport: str = "whole"  # how the bytes are sent: a key of `TRANSPORTS` in `wire/delivery.py`
    settings: Mapping[str, Any] = field(default_factory=dict)  # what the transport reads, such as a size or a rate


AT_ONCE = Delivery()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as data; a format turns it into bytes."""

    body: Body  # ordered
    format: str = "json"
    http: int = 200
    rows: str | None = None
    """The member of body whose entries are the rows of a table (`data`, `names`); None for a flat answer."""
    task: int | None = None  # the id of the task that the answer is about
    reason: str = ""  # why the answer is what it is, in a few words
    delivery: Delivery = AT_ONCE
    faults: tuple[str, ...] = ()  # the ids of the faults that struck the call; kept for a journal of calls
    wrote: bool = False
    """Whether it reports a change of the store: then it must not be sent before the change is kept."""
    headers: Headers = ()  # of its own, beside the Content-Type
    form: Form | None = None  # how it is written, where a fault changes that
    bodies: Mapping[str, str | Body] = field(default_factory=dict)
    """By format, what is sent in place of the body: a text as it is, a table as the format writes one."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that is not the API's own, such as a proxy's HTML, in the same bytes for every format."""

    http: int
    content_type: str
    body: bytes
    reason: str = ""
    delivery: Delivery = AT_ONCE
    faults: tuple[str, ...] = ()
    headers: Headers = ()
