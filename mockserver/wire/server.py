"""The server: every connection's requests to the gateway or the WSGI application, turn by turn."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TypeAlias
from wsgiref.types import WSGIApplication

from mockserver.api.http import Request, Response
from mockserver.wire.connection import Connection
from mockserver.wire.delivery import Outbox, PendingRequest, refusal
from mockserver.wire.failures import report
from mockserver.wire.limits import Limits
from mockserver.wire.listening import BACKLOG, bound_address, sockets
from mockserver.wire.wsgi import LoopGuard, WsgiThreads, call

Turn: TypeAlias = Callable[[Sequence[Request]], Sequence[Response]]
"""Gives the answers to all requests of one turn of the loop, in their order: `Gateway.turn`. Raises nothing."""
WsgiFactory: TypeAlias = Callable[[LoopGuard], WSGIApplication]

_CONTROL = b"/_mock"
_FAILED = refusal(500, "the mock failed; its standard error says where")
_POLL = 0.005
"""Seconds in which a stopping server still takes connections and requests that have already reached it. asyncio loses
a connection that is half accepted when its listener closes.
"""
_UNUSUAL = re.compile(r"[^A-Za-z0-9_/.-]")
"""A character that no route has: without the question mark, its part of a path and the rest may hold credentials."""


class Server:
    """Listens, and answers `/_mock` and all below it by the WSGI application, everything else by turn.

    wsgi_factory is called when the first request needs it, in a thread, with the guard through which the application
    reaches the loop. access_log is called on the loop with a line for each answer, and must not raise: peer, HTTP
    method, path (without the query, which holds credentials), status, bytes of the body, milliseconds.
    """

    def __init__(
        self,
        turn: Turn,
        wsgi_factory: WsgiFactory,
        *,
        limits: Limits | None = None,
        access_log: Callable[[str], None] | None = None,
    ) -> None:
        self.limits, self.stopping = limits or Limits(), False
        self._answer = turn
        self._wsgi_factory = wsgi_factory
        self._access_log = access_log
        self._application: WSGIApplication | None = None
        self._application_lock = threading.Lock()
        self._batch: list[PendingRequest] = []
        self._connections: set[Connection] = set()
        self._listeners: list[asyncio.Server] = []
        self.outbox = Outbox()
        self._threads = WsgiThreads(self.limits.threads)
        self._address = ("", 0)

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Accepts connections, once; gives the bound address. Raises WireError for an address that can't be bound."""
        opened = sockets(host, port)
        self._loop = asyncio.get_running_loop()
        self._guard = LoopGuard(self._loop)
        self._emptied = asyncio.Event()
        self._address = bound_address(opened[0])
        for one in opened:
            self._listeners.append(await self._loop.create_server(lambda: Connection(self), sock=one, backlog=BACKLOG))
        self._clock = self._loop.call_later(self.limits.tick, self._tick)
        return self._address

    async def stop(self) -> None:
        """Accepts no more, lets the answers in flight finish, closes everything: within a second."""
        if self.stopping or not self._listeners:
            return
        await asyncio.sleep(_POLL)
        for listener in self._listeners:
            listener.close()
        self.stopping = True
        for connection in tuple(self._connections):
            connection.finish()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), self.limits.stop_time)
        for connection in tuple(self._connections):
            connection.transport.abort()
        self._clock.cancel()
        self._threads.close()
        await asyncio.sleep(0)

    # What connections call.

    def joined(self, connection: Connection) -> None:
        """See `connection.Host`."""
        self._connections.add(connection)
        excess = len(self._connections) - self.limits.connections
        if excess > 0:
            # Not at once: asyncio would register a socket for reading that is closed while its connection is made.
            self._loop.call_soon(
                connection.transport.abort if excess > self.limits.turned_away else connection.turn_away
            )

    def left(self, connection: Connection, queue: Iterable[PendingRequest]) -> None:
        """See `connection.Host`."""
        self._connections.discard(connection)
        if self.stopping and not self._connections:
            self._emptied.set()
        self.outbox.drop(queue)

    def submit(self, pending: PendingRequest) -> None:
        """See `connection.Host`."""
        request = pending.request
        assert request is not None
        path = request.path
        if path.startswith(_CONTROL) and path[len(_CONTROL) : len(_CONTROL) + 1] in {b"", b"/"}:
            if request.too_large:
                self._loop.call_soon(self._deliver, pending, refusal(413, "the request's body is too long"))
            else:
                self._threads.submit(lambda: self._in_thread(pending, request))
        elif path == b"*":
            allowed = Response(204, (("Allow", "GET, HEAD, POST, OPTIONS"),), b"")
            self._loop.call_soon(self._deliver, pending, allowed)
        else:
            if not self._batch:
                self._loop.call_soon(self._turn)
            self._batch.append(pending)

    def sent(self, pending: PendingRequest, response: Response) -> None:
        """See `connection.Host`."""
        if self._access_log is None:
            return
        request = pending.request
        what = f"{request.http_method} {_plain(request.path.decode('latin-1'))}" if request else "- -"
        took = (monotonic() - pending.began) * 1000
        size = 0 if request and request.http_method == "HEAD" else len(response.body)
        self._access_log(f"{pending.connection.peer} {what} {response.status} {size} {took:.1f}ms")

    # Answering.

    def _turn(self) -> None:
        """Answers the requests of this turn of the loop together, so that a store can commit once for all."""
        batch, self._batch = self._batch, []
        try:
            responses = self._answer([one.request for one in batch if one.request is not None])
            if len(responses) != len(batch):
                raise AssertionError("not one answer for each request")
        except Exception as error:  # noqa: BLE001 - a bug there must not end the server
            report("the gateway", error)
            responses = [_FAILED] * len(batch)
        for pending, response in zip(batch, responses, strict=True):
            self.outbox.put(pending, response)
        for pending in batch:
            pending.connection.advance()

    def _deliver(self, pending: PendingRequest, response: Response, length: int | None = None) -> None:
        pending.length = length
        self.outbox.put(pending, response)
        pending.connection.advance()

    def _in_thread(self, pending: PendingRequest, request: Request) -> None:
        try:
            with self._application_lock:
                self._application = self._application or self._wsgi_factory(self._guard)
            response, length = call(self._application, request, *self._address)
        except Exception as error:  # noqa: BLE001 - a bug there must not end the thread
            report("the WSGI application", error)
            response, length = _FAILED, None
        try:
            self._loop.call_soon_threadsafe(self._deliver, pending, response, length)
        except RuntimeError:
            return  # the loop has ended, and the connection with it

    def _tick(self) -> None:
        now = monotonic()
        for connection in tuple(self._connections):
            connection.check(now)
        self._clock = self._loop.call_later(self.limits.tick, self._tick)


def _plain(path: str) -> str:
    """A path up to the first part that no route has."""
    odd = _UNUSUAL.search(path)
    return path if odd is None else f"{path[: path.rfind('/', 0, odd.start()) + 1]}…"
