from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.core.messages import Micros


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a server read it.

    path is percent-decoded bytes without the query, query the raw bytes after the question mark, headers by
    lower-case name (the last of a repeated one), peer the caller's address without the port. too_large says that the
    body passed MAX_BODY and was not kept.
    """

    http_method: str
    path: bytes
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    peer: str
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer travels. latency: real time to let pass before the first byte; login: whose answer it is, so that a
    reset can end its waiting. Transport faults will stand here.
    """

    latency: Micros = 0
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What a server sends. headers hold Content-Type and the mock's own, not Content-Length, Date, Server or
    Connection, which are the server's. The body is whole also for HEAD; a server leaves it out of what it sends.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    delivery: Delivery = field(default_factory=Delivery)
