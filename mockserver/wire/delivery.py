"""The delivery of answers: their bytes, their latency, and the transports that carry them out.

The server's limits on clients (time-outs, reading, closing) are in `connection`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from http import HTTPStatus
from time import gmtime
from typing import Protocol, TypeAlias

from mockserver.api.http import ENDED, LONGEST_ROUTE, Later, Request, Response, refusal
from mockserver.core.messages import SECOND
from mockserver.machine_time import monotonic, wall
from mockserver.standard_error import write_failure
from mockserver.wire.guards import StateGuard

BEGIN = b"HTTP/1.1 "  # what every answer begins with
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_OWN = 1024
"""Bytes that are counted for a request or an answer that waits beside its own: those of the objects around it."""
_EXPECTED = 128 * 1024
"""Bytes that are counted for an answer that is asked for ahead of its turn, until its size is known."""
_PIECE = 0.05  # seconds between two pieces of a dribbled answer, where a byte does not take longer
_LEAST = 0.002  # seconds until it is asked again whether earlier answers have arrived
_PATIENCE = 10.0  # seconds for which a reset waits for a client that takes none of them
_CONTROL = b"_mock"
_MAY_BE_CONTROL = (b"/_mock", b"//")  # Flask takes several slashes at the start for one
_BODILESS = frozenset({204, 304})
_WORDLESS = frozenset({"empty", "reset"})
"""Transports that send no byte of an answer."""
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
    outbox: Outbox | None = None  # where its response waits, once it has one
    paced: Paced | None = None  # what its transport remembers between two pieces of the answer
    wordless: bool = False  # whether it is decided that no byte of an answer goes out
    forgotten: bool = False  # whether its connection answers nothing any more
    hurried: bool = False  # whether its transport must not wait any more: the login was reset, or the server stops

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
        self.wordless = response.delivery.transport in _WORDLESS


Transport: TypeAlias = "Callable[[PendingRequest, Response, bool], tuple[bytes, bool]]"
"""The bytes to write, and whether the connection closes after them; the last argument: whether it closes anyway. Its
settings are in `response.delivery`.

Where it closes the connection against that, nothing that came after the request is answered, and what the client still
sends is dropped. All earlier answers have been written before a transport other than `whole` is asked. A transport may
send an answer in pieces: for each but the last it sets `pending.paced` and calls `pending.outbox.postpone`.
"""


@dataclass(slots=True)
class Paced:
    """An answer that is sent in pieces."""

    rest: bytes  # what is sent piece by piece
    began: float = field(default_factory=monotonic)
    sent: int = 0  # bytes of it; of a reset, those of earlier answers that had not arrived when they last changed


class Outbox:
    """The answers that wait, for their latency or for their next piece. Used on the loop only."""

    guard: StateGuard
    """Set before an answer is put that has `later`, which is a part of the state."""

    def __init__(self) -> None:
        self._timers: dict[PendingRequest, tuple[asyncio.TimerHandle, Response]] = {}

    def __len__(self) -> int:
        """How many answers wait."""
        return len(self._timers)

    def put(self, pending: PendingRequest, response: Response) -> None:
        """Sets the response of the request once its latency has passed, and then has its connection write it. Without a
        latency it is set at once, and the caller has the connection `advance`.
        """
        pending.decided(response)
        pending.outbox = self
        delivery = response.delivery
        if delivery.latency <= 0 and response.later is None:
            pending.response = response
        elif not pending.connection.transport.is_closing() and not pending.forgotten:
            self._wait(pending, response, delivery.latency / SECOND)
        elif response.later is not None:
            self.guard.run(response.later.leave)

    def postpone(self, pending: PendingRequest, response: Response, seconds: float) -> None:
        """Keeps the turn of the answer, and asks its transport for the next piece after the seconds."""
        pending.response = None
        self._wait(pending, response, seconds)

    def _wait(self, pending: PendingRequest, response: Response, seconds: float) -> None:
        def due() -> None:
            if (waiting := self._timers.pop(pending, None)) is None:
                return  # it was woken, and then dropped
            waiting[0].cancel()
            if response.later is None:
                answer(response)
            else:
                self.guard.run(partial(_now, response.later), answer)

        def answer(settled: Response) -> None:
            if settled is not response:
                pending.decided(settled)
            pending.response = settled
            pending.connection.advance()

        def wake() -> None:  # from whichever thread
            with suppress(RuntimeError):  # the loop has ended, and the client with it
                loop.call_soon_threadsafe(due)

        loop = asyncio.get_running_loop()
        self._timers[pending] = (loop.call_later(seconds, due), response)
        if response.later is not None:
            self.guard.run(partial(response.later.begin, wake))

    def hurry(self, pending: PendingRequest) -> None:
        """Has an answer that waits go out now."""
        if waiting := self._timers.get(pending):
            response = waiting[1]
            self.drop([pending])
            pending.response, pending.hurried = response, True
            pending.connection.advance()

    def drop(self, queue: Iterable[PendingRequest]) -> None:
        """Forgets answers whose connection has closed."""
        for pending in queue:
            if waiting := self._timers.pop(pending, None):
                timer, response = waiting
                timer.cancel()
                if response.later is not None:
                    self.guard.run(response.later.leave)

    def end(self, login: str | None) -> int:
        """Ends the waits of the answers of the login, with None of all. One that has begun is sent to its end at once.
        In place of any other goes a 503, and its connection closes once all its answers are out. Gives the number of
        these answers.
        """
        waiting = {one: response for one, (_, response) in self._timers.items() if _is_of(login, response)}
        self.drop(waiting)
        for pending, response in waiting.items():
            if pending.paced is not None:
                pending.hurried = True
                pending.response = response
                continue
            pending.response = ENDED if response.later is None else response
            pending.decided(pending.response)
            pending.connection.finish()
        for connection in {pending.connection for pending in waiting}:
            connection.advance()
        return len(waiting)


def _now(later: Later) -> Response:
    try:
        return later.response()
    except Exception as error:  # noqa: BLE001 - a bug there must not end the loop
        write_failure("an answer that waited", error)
        return refusal(500, "the mock failed; see its standard error")


def _is_of(login: str | None, response: Response) -> bool:
    return login in {None, response.delivery.login}


def _parts(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bytes]:
    """The head of the answer, and its body, which an answer may lack."""
    try:
        return _head(pending, response, last), _body(pending, response)
    except Exception as error:  # noqa: BLE001 - a response that can't be written must not take others down with it
        write_failure("writing an answer", error)
        pending.length = None
        failed = refusal(500, "the mock failed; see its standard error")
        return _head(pending, failed, last), _body(pending, failed)


def _body(pending: PendingRequest, response: Response) -> bytes:
    return b"" if pending.head_only or response.status in _BODILESS else response.body


def _head(pending: PendingRequest, response: Response, last: bool) -> bytes:
    status = response.status
    lines = _lines(response.headers)
    if last:
        lines += "Connection: close\r\n"
    elif pending.old:
        lines += "Connection: keep-alive\r\n"
    if status not in _BODILESS:
        lines += f"Content-Length: {len(response.body) if pending.length is None else pending.length}\r\n"
    start = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{_stamp(int(wall()))}{lines}\r\n"
    return start.encode("latin-1", "replace")


def header_lines(headers: tuple[tuple[str, str], ...]) -> bytes:
    """Headers as an answer has them."""
    return _lines(headers).encode("latin-1", "replace")


def ordinary(lines: bytes, body: bytes) -> bytes:
    """An answer with status 200, to a client that keeps its connection: with these headers, to the empty line."""
    return b"".join((_ok(int(wall())), lines, body))


@lru_cache(maxsize=1)
def _ok(second: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\n{_stamp(second)}".encode()


def _lines(headers: tuple[tuple[str, str], ...]) -> str:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\r") == lines.count("\n") == len(headers) and "\0" not in lines:
        return lines
    return "".join([f"{name.translate(_UNSAFE)}: {value.translate(_UNSAFE)}\r\n" for name, value in headers])


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    at = gmtime(second)
    day = f"{_WEEKDAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year}"
    return f"Server: ifind-mock\r\nDate: {day} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT\r\n"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _whole(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bool]:
    """The whole answer, in one piece."""
    head, body = _parts(pending, response, last)
    return head + body, last


def _empty(_pending: PendingRequest, _response: Response, _last: bool) -> tuple[bytes, bool]:
    """Not a byte, and the end of the connection."""
    return b"", True


def _truncate(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bool]:
    """The head, `size` bytes of the body, at least one less than there are, and the end of the connection. Of an answer
    without a body, half of the first line: clients take a head for whole that ends later.
    """
    head, body = _parts(pending, response, last)
    if not body:
        return head[: len(BEGIN) // 2], True
    size = response.delivery.settings["size"]
    return head + body[: len(body) // 2 if size is None else min(size, len(body) - 1)], True


def _dribble(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bool]:
    """The head, and then `rate` bytes of the body a second; of an answer without a body, so many of the head."""
    outbox, rate = pending.outbox, response.delivery.settings["rate"]
    piece = b""
    if pending.paced is None:
        head, body = _parts(pending, response, last)
        piece = head if body else b""
        pending.paced = Paced(body or head)
    paced = pending.paced
    passed = monotonic() - paced.began
    due = len(paced.rest) if pending.hurried or outbox is None else int(passed * rate)
    piece += paced.rest[paced.sent : due]
    paced.sent = max(paced.sent, min(due, len(paced.rest)))
    if outbox is None or paced.sent == len(paced.rest):
        return piece, last
    following = paced.sent + max(1, int(rate * _PIECE))
    outbox.postpone(pending, response, max(following / rate - passed, 0))
    return piece, False


def _reset(pending: PendingRequest, response: Response, _last: bool) -> tuple[bytes, bool]:
    """Not a byte, and a reset of the connection (RST), as soon as the client has all earlier answers: a reset drops
    what is still under way. A client that takes none of it for _PATIENCE is not waited for.
    """
    transport, outbox, now = pending.connection.transport, pending.outbox, monotonic()
    left = _under_way(transport)
    if pending.paced is None or left != pending.paced.sent:
        pending.paced = Paced(b"", now, left)
    waited = now - pending.paced.began
    if left and outbox is not None and not pending.hurried and waited < _PATIENCE:
        outbox.postpone(pending, response, max(waited, _LEAST))  # asked again after twice the time, and so on
        return b"", False
    at_once = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()
    return b"", True


def _under_way(transport: asyncio.Transport) -> int:
    """How many bytes are still to be sent, or have not been acknowledged by the client's system."""
    unsent = transport.get_write_buffer_size()
    if sys.platform != "linux":
        return unsent  # no other system says the rest in this way
    from fcntl import ioctl
    from termios import TIOCOUTQ  # on a socket it counts what is not acknowledged (tcp(7): SIOCOUTQ)

    (sent,) = struct.unpack("i", ioctl(transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4)))
    return unsent + int(sent)


TRANSPORTS: Mapping[str, Transport] = {
    "whole": _whole,
    "empty": _empty,
    "truncate": _truncate,
    "dribble": _dribble,
    "reset": _reset,
}
"""How an answer can travel, by `Delivery.transport`."""
