"""The delivery of answers: their bytes, their latency, and the transports that carry them out.

The server's limits on clients (time-outs, reading, closing) are in `connection`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol, TypeAlias

from mockserver.api.http import ENDED, LONGEST_ROUTE, Request, Response, refusal
from mockserver.core.messages import SECOND
from mockserver.wire.failures import report

BEGIN = b"HTTP/1.1 "  # what every answer begins with
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_OWN = 1024
"""Bytes that are counted for a request or an answer that waits beside its own: those of the objects around it."""
_EXPECTED = 128 * 1024
"""Bytes that are counted for an answer that is asked for ahead of its turn, until its size is known."""
_CONTROL = b"_mock"
_MAY_BE_CONTROL = (b"/_mock", b"//")  # Flask takes several slashes at the start for one
_BODILESS = frozenset({204, 304})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_UNSAFE = str.maketrans("\r\n\0", "   ")  # what would end a header's line and begin another header, or the body


class Client(Protocol):
    """The connection of a request, as delivery sees it: what cuts or resets it reaches its transport."""

    peer: str
    transport: asyncio.Transport

    def advance(self) -> None:
        """Writes every answer whose turn has come."""

    def finish(self) -> None:
        """Reads no more, and closes once the answers in flight are out."""


@dataclass(slots=True, eq=False)
class PendingRequest:
    """A request on its way through the server and, later, its response."""

    connection: Client
    request: Request | None  # None where what came could not be read, and once it is decided
    last: bool  # whether the connection closes after the answer
    old: bool  # whether the client speaks HTTP/1.0
    began: float  # when its first byte came, in monotonic time
    response: Response | None = None
    length: int | None = None
    """The Content-Length, where it is not the body's length: the WSGI application's answer to a HEAD."""
    held: int = 0  # bytes that it keeps in memory
    http_method: str = ""
    path: str = ""  # as much of it as the access log may need
    control: bool = False  # whether it is one of the control API

    def __post_init__(self) -> None:
        """Keeps what is needed of the request once it is decided."""
        self.held += _OWN
        if self.request is not None:
            path = self.request.path
            self.control = path.startswith(_MAY_BE_CONTROL) and path.lstrip(b"/").partition(b"/")[0] == _CONTROL
            self.http_method, self.path = self.request.http_method, self.request.path[:LONGEST_ROUTE].decode("latin-1")

    @property
    def head_only(self) -> bool:
        """Whether the answer goes without its body."""
        return self.http_method == "HEAD"

    def asked_ahead(self) -> int:
        """Counts its answer, before it is made. Gives the bytes that are added."""
        self.held += _EXPECTED
        return _EXPECTED

    def decided(self, response: Response) -> None:
        """Drops the request, whose answer may wait for long."""
        self.request = None
        self.held = _OWN + len(response.body)


Transport: TypeAlias = "Callable[[PendingRequest, Response, bool], tuple[bytes, bool]]"
"""The bytes to write, and whether the connection closes after them; the last argument: whether it closes anyway. Its
settings are in `response.delivery`.

A transport may send an answer in pieces: after each but the last it sets `pending.response` to None, so that the answer
keeps its turn, and has a timer set it again and call `pending.connection.advance()`, which asks the transport anew.
"""


class Outbox:
    """The answers that wait until their latency has passed. Used on the loop only."""

    def __init__(self) -> None:
        self._timers: dict[PendingRequest, tuple[asyncio.TimerHandle, str | None]] = {}

    def __len__(self) -> int:
        """How many answers wait."""
        return len(self._timers)

    def put(self, pending: PendingRequest, response: Response) -> None:
        """Sets the response of the request once its latency has passed, and then has its connection write it. Without a
        latency it is set at once, and the caller has the connection `advance`.
        """
        pending.decided(response)
        delivery = response.delivery
        if delivery.latency <= 0:
            pending.response = response
            return
        if pending.connection.transport.is_closing():
            return  # the client has gone in the meantime

        def due() -> None:
            del self._timers[pending]
            pending.response = response
            pending.connection.advance()

        timer = asyncio.get_running_loop().call_later(delivery.latency / SECOND, due)
        self._timers[pending] = (timer, delivery.login)

    def drop(self, queue: Iterable[PendingRequest]) -> None:
        """Forgets answers whose connection has closed."""
        for pending in queue:
            if waiting := self._timers.pop(pending, None):
                waiting[0].cancel()

    def end(self, login: str | None) -> int:
        """Answers with 503 in place of the answers of the login, with None of all, that wait, and closes their
        connections once all their answers are out. Gives the number of these answers.
        """
        waiting = [pending for pending, (_, whose) in self._timers.items() if login in {None, whose}]
        self.drop(waiting)
        for pending in waiting:
            pending.decided(ENDED)
            pending.response = ENDED
        for connection in {pending.connection for pending in waiting}:
            connection.finish()
            connection.advance()
        return len(waiting)


def _bytes(pending: PendingRequest, response: Response, last: bool) -> bytes:
    status, body = response.status, response.body
    lines = _lines(response.headers)
    if last:
        lines += "Connection: close\r\n"
    elif pending.old:
        lines += "Connection: keep-alive\r\n"
    if status in _BODILESS:
        body = b""
    else:
        lines += f"Content-Length: {len(body) if pending.length is None else pending.length}\r\n"
    start = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{_stamp(int(time.time()))}{lines}\r\n"
    return start.encode("latin-1", "replace") + (b"" if pending.head_only else body)


def _lines(headers: tuple[tuple[str, str], ...]) -> str:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\r") == lines.count("\n") == len(headers) and "\0" not in lines:
        return lines
    return "".join([f"{name.translate(_UNSAFE)}: {value.translate(_UNSAFE)}\r\n" for name, value in headers])


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    return f"Server: ifind-mock\r\nDate: {formatdate(second, usegmt=True)}\r\n"


def _whole(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bool]:
    """The whole answer, in one piece."""
    try:
        return _bytes(pending, response, last), last
    except Exception as error:  # noqa: BLE001 - a response that can't be written must not take others down with it
        report("writing an answer", error)
        pending.length = None
        return _bytes(pending, refusal(500, "the mock failed; see its standard error"), last), last


TRANSPORTS: Mapping[str, Transport] = {"whole": _whole}  # how an answer can travel, by `Delivery.transport`
