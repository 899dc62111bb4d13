"""What servers and the gateway exchange: an HTTP request and the response to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from mockserver.core.messages import AT_ONCE, METHODS, Delivery


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a server read it."""

    http_method: str
    path: bytes  # percent-decoded, without the query
    query: bytes  # raw, without the question mark
    headers: Mapping[str, str]  # by lower-case name; of a repeated one, the last
    body: bytes
    peer: str  # the caller's address, without the port
    too_large: bool = False  # whether the body had more than MAX_BODY bytes; then it was not kept


class Later(Protocol):
    """An answer that waits. Called by one thread at a time, as the mock is."""

    def begin(self, wake: Callable[[], object]) -> None:
        """Has wake called as soon as the answer is due: at once, where it is now."""

    def leave(self) -> None:
        """Nobody waits for it any more."""

    def response(self) -> Response:
        """The answer, as it is now."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a server sends."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Content-Type and the mock's own; Content-Length, Date, Server and Connection are the server's."""
    body: bytes  # whole also for a HEAD: the server leaves it out
    delivery: Delivery = AT_ONCE
    reason: str = ""  # as in `X-Mock-Reason`, also where the header is left out
    later: Later | None = None
    """What an answer waits for that may come before its latency has passed. It is then sent in place of this one, which
    says that the mock was reset, or stopped, before.
    """


def refusal(status: int, message: str) -> Response:
    """An error of a server's own, in the shape of the API's errors, so that a client can read it."""
    body = json.dumps({"status": "error", "error_code": status, "message": message})
    return Response(status, (("Content-Type", "application/json; charset=utf-8"),), body.encode())


ENDED = refusal(503, "the mock was reset, or stopped, while this answer waited for its latency")
"""In place of an answer that waited too long."""
HAND_OVER = "ifind_mock.hand_over"
"""In the WSGI environment of a server that can wait for itself: takes a Response that has `later`, in place of the
application's answer.
"""
SOON = 0.05
"""Seconds for which something else may touch the mock before a caller that does not want to wait is told so."""
LOOPBACK = "127.0.0.1"
API_PATHS = frozenset({"", "/api", *(f"/api/{name}" for name in METHODS)})
"""The paths of the API, and those above them."""
LONGEST_ROUTE = 100  # characters of a path that a log looks at; no route has as many


def shown_path(path: str, routes: Collection[str]) -> str:
    """As much of a path as is a route's, since the rest may hold a credential. routes has the empty path, too."""
    route = path = path[:LONGEST_ROUTE]
    while route not in routes:
        route = route.rpartition("/")[0]
    return path if path in {route, f"{route}/"} else f"{route}/…"


def callable_host(host: str) -> str:
    """The bound host as a client can call it: this machine's own address in place of one that stands for all."""
    return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here


def url_of(host: str, port: int, scheme: str = "http") -> str:
    """The URL of an address, without a path."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
