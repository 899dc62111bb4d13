"""What the core takes and gives: a call, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | int | list[Value] | dict[str, Value] | None"
Body: TypeAlias = "dict[str, Value]"
Micros: TypeAlias = int
"""Time in whole microseconds: sums of steps stay exact, as they would not with floats."""

SECOND: Micros = 1_000_000

METHODS = ("create", "result", "info")
"""The API's methods: the names below /api/."""

FORMATS = ("json", "xml", "csv")
"""The formats of an answer, the default one first."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API as it was read off a request.

    operation is the name in the path (`create`; any text, known or not), http_method the HTTP method (`HEAD` is told as
    `GET`), params the parameters after the clauses `param.*` have decided which value counts, ip the address of the
    caller.
    """

    operation: str
    http_method: str
    params: Mapping[str, str]
    ip: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as data; a format turns it into bytes.

    body is ordered. rows names the member whose entries are what a table has for rows (`data`, `names`), None for a
    flat answer. format is `json`, `xml` or `csv`. task is the id that the answer is about. reason says in a few
    words why the answer is what it is. latency is real time to let pass before it is sent, login the account whose
    answer waits so. wrote: whether it tells of a change of the store, so that it must not be sent before that is kept.
    allow, where the HTTP method was wrong: the right ones.
    """

    body: Body
    format: str = "json"
    http: int = 200
    rows: str | None = None
    task: int | None = None
    reason: str = ""
    latency: Micros = 0
    login: str | None = None
    wrote: bool = False
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that is not the API's own, such as a proxy's HTML: told in bytes, whatever format was asked for."""

    http: int
    content_type: str
    body: bytes
    reason: str = ""
    latency: Micros = 0
    login: str | None = None
