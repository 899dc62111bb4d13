"""The server: every connection's requests to the gateway or the WSGI application, turn by turn."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
import ssl
import threading
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from struct import unpack_from
from typing import TypeAlias, cast
from wsgiref.types import WSGIApplication

from mockserver.api.gateway import FAILED
from mockserver.api.http import API_PATHS, ENDED, Request, Response, refusal, shown_path
from mockserver.api.mock import LOOK
from mockserver.machine_time import monotonic
from mockserver.settings.limits import Limits
from mockserver.standard_error import STANDARD_ERROR, write_failure, write_line
from mockserver.wire.connection import HANDSHAKE, Connection, Misplaced
from mockserver.wire.delivery import Client, Outbox, PendingRequest
from mockserver.wire.descriptors import fitted
from mockserver.wire.fast_answers import FastAnswers
from mockserver.wire.guards import LoopGuard, StateGuard
from mockserver.wire.listening import Listener, bound_address, sockets
from mockserver.wire.wsgi import WsgiThreads, call

Turn: TypeAlias = Callable[[Iterable[Request]], Sequence[Response]]
"""Gives the answers to all requests of one turn of the loop, in their order: `Gateway.turn`. Raises nothing."""
WsgiFactory: TypeAlias = Callable[[StateGuard], WSGIApplication]

CONTROL_PATH = "/_mock"
_CROWDED = refusal(503, "too many connections")
_NO_WAITING = refusal(503, "too many connections: the last ones are kept for answers that do not wait")
_NO_THREAD = refusal(503, "the system lets the mock start no thread for this; raise ulimit -u, or try again")
_POLL = 0.005  # seconds in which a stopping server still takes connections and requests that have already reached it
_ACCEPTED = 16  # connections that are accepted before those that are open have their turn
_AGAIN = 0.1  # seconds until a connection is accepted again, where the system could not
_SAID_AGAIN = 60.0  # seconds until the same trouble is said again
_SOON = 0.02  # seconds in which the system learns that a client is gone, where it is near
_SO_MEMINFO = 55  # of Linux's asm-generic/socket.h; Python has no name for it
_SEEN = 16 * 1024
"""Bytes of a client that may be unread while the system still takes its end, which comes behind them."""
_TURN, _TURN_TIME = 64, 0.01  # requests, and seconds, that are decided before the loop goes on to other work
_SHORT = {errno.EMFILE: "this process has", errno.ENFILE: "this machine has"}
_GONE = {errno.ECONNABORTED, errno.EINTR, errno.EPROTO, errno.EPERM}
"""A connection that ended, or was forbidden, before it was accepted."""


def _close_unbegun(opened: socket.socket, coming: asyncio.Task[None]) -> None:
    if coming.cancelled():
        opened.close()


class Server:
    """Listens, and answers `/_mock` and all below it by the WSGI application, everything else by turn.

    wsgi_factory is called when the first request needs it, in a thread, with the guard through which the application
    reaches the state. make_guard is called on the loop, and makes that guard; turns run in it, too. access_log is
    called on the loop with a line for each answer, and must not raise or wait: peer, HTTP method, route, status, bytes
    of the body, milliseconds and, for a call of the API, the reason of its answer. routes gives the paths below
    `/_mock`, for the log. With tls all of it goes over TLS. fast answers ordinary calls before they
    are requests. watch is called in the guard every LOOK seconds, as long as answers wait.

    A connection that is one more than the limit is a guest: it reaches `/_mock` alone. For a call of the API, which is
    not decided, and for an answer of the control API that has to wait, it gets 503. It has a place of its own as soon
    as one is free, or held by a client that asks nothing.
    """

    def __init__(
        self,
        turn: Turn,
        wsgi_factory: WsgiFactory,
        *,
        limits: Limits | None = None,
        access_log: Callable[[str], None] | None = None,
        routes: Callable[[], Collection[str]] | None = None,
        tls: ssl.SSLContext | None = None,
        make_guard: Callable[[asyncio.AbstractEventLoop], StateGuard] = LoopGuard,
        fast: FastAnswers | None = None,
        watch: Callable[[], object] | None = None,
    ) -> None:
        self.scheme = "https" if tls else "http"
        self._tls = tls
        self.limits, self.stopping, self.held = limits or Limits(), False, 0
        self._answer = turn
        self._make_guard = make_guard
        self._guard: StateGuard | None = None
        self._deciding = False  # whether a turn is under way
        self._wsgi_factory = wsgi_factory
        self._access_log = access_log
        self.logs = access_log is not None
        self._fast = fast
        self._watch = watch
        self._watching = False
        self._routes = routes
        self._known = {CONTROL_PATH, *API_PATHS}
        self._application: WSGIApplication | None = None
        self._application_lock = threading.Lock()
        self._reading: OrderedDict[Connection, None] = OrderedDict()  # that have bytes to read
        self._read_due = False
        self._batch: OrderedDict[Client, deque[PendingRequest]] = OrderedDict()  # what is not decided yet
        self._connections: set[Connection] = set()
        self._guests: dict[Connection, None] = {}  # in the order in which they came
        self._listeners: list[Listener] = []
        self._coming: dict[Connection, asyncio.Task[None]] = {}  # accepted, and not joined yet
        self._looking: asyncio.TimerHandle | None = None
        self._said: dict[str, float] = {}  # when each trouble was said
        self.outbox = Outbox()
        self._threads = WsgiThreads(self.limits.threads)
        self._address = ("", 0)

    async def start(self, host: str, port: int, listeners: Sequence[Listener] | None = None) -> tuple[str, int]:
        """Accepts connections, once; gives the bound address. listeners are sockets that listen already, in place of
        those of the host and the port. Raises WireError for an address that can't be bound.
        """
        self._listeners = [*(listeners or sockets(host, port))]
        self._loop = asyncio.get_running_loop()
        try:
            self.limits, fewer = fitted(self.limits)
            self._guard = self.outbox.guard = self._make_guard(self._loop)
        except BaseException:
            for one in self._listeners:
                one.close()
            raise
        if fewer:
            write_line(fewer)
        self._emptied = asyncio.Event()
        self._address = bound_address(self._listeners[0])
        for one in self._listeners:
            self._loop.add_reader(one, self._accept, one)
        self._clock = self._loop.call_later(self.limits.tick, self._tick)
        return self._address

    async def stop(self) -> None:
        """Accepts no more, lets the answers in flight finish, closes everything: within a second. Answers that are not
        due by then are given up with 503.
        """
        if self.stopping or not self._listeners:
            return
        await asyncio.sleep(_POLL)
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        if self._tls is not None:  # else they are about to join
            for task in self._coming.values():
                task.cancel()
        await asyncio.gather(*self._coming.values(), return_exceptions=True)
        self.stopping = True
        for connection in tuple(self._connections):
            connection.finish()
        await self._empty(self.limits.stop_time)
        self.outbox.end(None)
        for connection in tuple(self._connections):
            connection.give_up(ENDED)
        await self._empty(_POLL)
        for connection in tuple(self._connections):
            connection.transport.abort()
        self._clock.cancel()
        if self._looking:
            self._looking.cancel()
        self._threads.close()
        self.guard.close()
        STANDARD_ERROR.flush()
        await asyncio.sleep(0)

    @property
    def guard(self) -> StateGuard:
        """Runs operations on the state, from any thread, once the server has started."""
        assert self._guard is not None
        return self._guard

    def release(self, close: Callable[[], object]) -> None:
        """Calls close, which ends the use of the state, once the server has stopped, or could not start."""
        if self._guard is None:
            close()
        else:
            self._guard.release(close)

    def end_waiting(self, login: str | None) -> None:
        """Ends the waits of the answers of the login, with None of all. Called in an operation of the guard."""
        self.guard.tell(lambda: self.outbox.end(login))

    async def _empty(self, seconds: float) -> None:
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    # Accepting.

    def _accept(self, listener: Listener) -> None:
        for _ in range(_ACCEPTED):
            try:
                opened, _peer = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _GONE:
                    self._pause(listener, error)
                    return
                continue
            opened.setblocking(False)
            if self._has_room():
                connection = Connection(self, self._fast)
                self._coming[connection] = coming = self._loop.create_task(self._begin(connection, opened))
                coming.add_done_callback(partial(_close_unbegun, opened))
            else:
                opened.close()

    def _has_room(self) -> bool:
        """Whether one more connection may come; in place of a guest that has not sent a request yet, or of one that
        has not ended its TLS handshake yet, where need be.
        """
        allowed = self.limits.connections + self.limits.control_connections
        if len(self._connections) + len(self._coming) < allowed:
            return True
        if (idle := next((guest for guest in self._guests if not guest.waits), None)) is not None:
            self._leave(idle)
            idle.transport.abort()
            return True
        if self._tls is not None and self._coming:
            self._coming.pop(next(iter(self._coming))).cancel()
            return True
        return False

    async def _begin(self, connection: Connection, opened: socket.socket) -> None:
        try:
            if self._tls is None:
                await self._loop.connect_accepted_socket(lambda: connection, opened)
            else:
                await self._begin_tls(connection, opened, self._tls)
        except OSError as error:
            opened.close()  # the client has gone in the meantime, or has kept silent for too long
            if isinstance(error, ssl.SSLError) and error.reason:
                distrusted = "CERTIFICATE" in error.reason or "UNKNOWN_CA" in error.reason
                remedy = ": does the client trust the CA's certificate?" if distrusted else ""
                self._say(f"a TLS handshake failed ({error.reason}){remedy}")
        finally:
            self._coming.pop(connection, None)

    async def _begin_tls(self, connection: Connection, opened: socket.socket, tls: ssl.SSLContext) -> None:
        """Begins a connection over TLS, or refuses one on which plain HTTP comes, so that its client can read why."""
        limits = self.limits
        first = await asyncio.wait_for(self._first_byte(opened), limits.idle_time)
        if not first:
            opened.close()
        elif first == HANDSHAKE:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                opened,
                ssl=tls,
                ssl_handshake_timeout=limits.request_time,
                ssl_shutdown_timeout=limits.linger_time,
            )
        else:
            await self._loop.connect_accepted_socket(lambda: Misplaced(self), opened)
            self.mistook("a client speaks plain HTTP to this port, which speaks HTTPS: it has to call it with https://")

    async def _first_byte(self, opened: socket.socket) -> bytes:
        """The first byte that comes, left unread; none at the end."""
        readable = asyncio.Event()
        self._loop.add_reader(opened, readable.set)
        try:
            await readable.wait()
            return opened.recv(1, socket.MSG_PEEK)
        finally:
            self._loop.remove_reader(opened)

    def _pause(self, listener: Listener, error: OSError) -> None:
        """Accepts none for a moment, where the system can't: it would ask again at once, and for ever."""
        self._loop.remove_reader(listener)
        self._loop.call_later(_AGAIN, self._accept_again, listener)
        short = _SHORT.get(error.errno or 0)
        why = f"{short} too many open files; raise ulimit -n" if short else os.strerror(error.errno or 0)
        self._say(f"can't accept connections: {why}. Clients wait until others have ended")

    def _accept_again(self, listener: Listener) -> None:
        if listener.fileno() >= 0:
            self._loop.add_reader(listener, self._accept, listener)

    def _say(self, trouble: str) -> None:
        """Says a trouble, and not again for a while. Its text holds nothing of a client's."""
        now = monotonic()
        if now - self._said.get(trouble, float("-inf")) > _SAID_AGAIN:
            self._said[trouble] = now
            write_line(trouble)

    # What connections call.

    def mistook(self, what: str) -> None:
        """See `connection.Host`."""
        self._say(what)

    def joined(self, connection: Connection) -> None:
        """See `connection.Host`."""
        self._coming.pop(connection, None)
        self._connections.add(connection)
        if len(self._connections) - len(self._guests) > self.limits.connections:
            connection.guest = True
            self._guests[connection] = None

    def left(self, connection: Connection) -> None:
        """See `connection.Host`."""
        self._leave(connection)
        if self.stopping and not self._connections:
            self._emptied.set()

    def forget(self, queue: Iterable[PendingRequest]) -> None:
        """See `connection.Host`."""
        for pending in queue:
            pending.forgotten = True
        self.outbox.drop(queue)

    def _leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._guests.pop(connection, None)
        self._batch.pop(connection, None)

    def admits(self, pending: PendingRequest) -> bool:
        """See `connection.Host`. A guest may call the API once there is a place, or one that is not used."""
        return pending.control or self._is_placed(pending)

    def _is_placed(self, pending: PendingRequest) -> bool:
        connection = cast("Connection", pending.connection)
        if connection.guest and (self._has_place() or self._gains_place()):
            self._guests.pop(connection, None)
            connection.guest = False
        return not connection.guest

    def _has_place(self) -> bool:
        return len(self._connections) - len(self._guests) < self.limits.connections

    def _gains_place(self) -> bool:
        """Ends the connection that has been without a whole request for longest, and longer than `control_time`."""
        idlest = min(self._connections - self._guests.keys(), key=lambda one: one.idle_since)
        if monotonic() - idlest.idle_since < self.limits.control_time:
            return False
        self._leave(idlest)
        idlest.close()
        return True

    def look(self) -> None:
        """See `connection.Host`."""
        if self._looking is None:
            self._looking = self._loop.call_later(_SOON, self._look)

    def _look(self) -> None:
        """Ends the connections whose clients are gone while their answers wait. Such a connection may not be read, so
        that the loop does not see its end.
        """
        self._looking = None
        if not hasattr(select, "poll"):
            return  # Windows: they end with their answers
        ends = getattr(select, "POLLRDHUP", 0)  # Linux alone sees the end behind what has not been read
        poll = select.poll()
        waiting: dict[int, Connection] = {}
        for connection in self._connections:
            if not connection.waits or connection.transport.is_closing():
                continue
            if (number := connection.transport.get_extra_info("socket").fileno()) >= 0:
                waiting[number] = connection
                poll.register(number, ends)
        found = dict(poll.poll(0))
        for number, connection in waiting.items():
            seen = found.get(number, 0)
            if seen & select.POLLERR:
                connection.transport.abort()
            elif seen & ends or (connection.deaf and (not ends or _unread(number) > _SEEN or _is_full(number))):
                connection.probe(ended=bool(seen & ends))

    def submit(self, pending: PendingRequest) -> None:
        """See `connection.Host`."""
        request = pending.request
        assert request is not None
        if pending.control:
            try:
                self._threads.submit(lambda: self._in_thread(pending, request), held=self.guard.is_held)
            except RuntimeError:
                self._loop.call_soon(self._deliver, pending, _NO_THREAD)
        elif request.path == b"*":
            allowed = Response(204, (("Allow", "GET, HEAD, POST, OPTIONS"),), b"")
            self._loop.call_soon(self._deliver, pending, allowed)
        elif not self.admits(pending):
            self._loop.call_soon(self._deliver, pending, _CROWDED)
        else:
            if not self._batch:
                self._loop.call_soon(self._turn)
            self._batch.setdefault(pending.connection, deque()).append(pending)

    def read_later(self, connection: Connection) -> None:
        """See `connection.Host`."""
        self._reading[connection] = None
        if not self._read_due:
            self._read_due = True
            self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        """Reads what has come, a slice of each connection in turn, until the loop has to go on to other work."""
        end = monotonic() + _TURN_TIME
        while self._reading and monotonic() < end:
            connection, _ = self._reading.popitem(last=False)
            try:
                connection.read_on()
            except Exception as error:  # noqa: BLE001 - a bug there must not keep the others from being read
                write_failure("reading a request", error)
                connection.transport.abort()
        self._read_due = bool(self._reading)
        if self._read_due:
            self._loop.call_soon(self._read_on)

    def sent(self, pending: PendingRequest, response: Response) -> None:
        """See `connection.Host`."""
        if self._access_log is None:
            return
        size = 0 if pending.head_only else len(response.body)
        what = f"{pending.http_method} {self._route(pending.path)}" if pending.http_method else "- -"
        self._log(f"{pending.connection.peer} {what} {response.status} {size}", pending.began, response.reason)

    def sent_fast(self, peer: str, request: bytes, size: int, began: float, reason: str) -> None:
        """See `connection.Host`."""
        http_method, target, _ = request.decode("latin-1").split(" ", 2)
        self._log(f"{peer} {http_method} {target.partition('?')[0]} 200 {size}", began, reason)

    def _log(self, what: str, began: float, reason: str) -> None:
        if self._access_log is not None:
            why = f" {reason}" if reason else ""
            self._access_log(f"{what} {(monotonic() - began) * 1000:.1f}ms{why}")

    def _route(self, path: str) -> str:
        if path.startswith(f"{CONTROL_PATH}/") and self._routes:
            self._known.update(self._routes())
            self._routes = None
        return shown_path(path, self._known)

    # Answering.

    def _turn(self) -> None:
        """Has requests answered together, so that a store can commit once for all."""
        if not self._batch or self._deciding:
            return  # their clients have gone, or it comes again after the turn that is under way
        ahead: deque[PendingRequest] = deque()
        if self.guard.apart:
            while len(ahead) < _TURN and (pending := self._pull()) is not None:
                ahead.append(pending)
        batch: list[PendingRequest] = []
        requests = self._next(batch, partial(_first, ahead) if self.guard.apart else self._pull)
        self._deciding = True
        self.guard.run(partial(self._decided, batch, requests), partial(self._put, batch, ahead))

    def _decided(self, batch: Sequence[PendingRequest], requests: Iterable[Request]) -> Sequence[Response]:
        try:
            responses = self._answer(requests)
            if len(responses) != len(batch):
                raise AssertionError("not one answer for each request")
        except Exception as error:  # noqa: BLE001 - a bug there must not end the server
            write_failure("the gateway", error)
            deque(requests, maxlen=0)  # the rest of the batch
            responses = [FAILED] * len(batch)
        return responses

    def _put(
        self, batch: Sequence[PendingRequest], ahead: deque[PendingRequest], responses: Sequence[Response]
    ) -> None:
        self._deciding = False
        while ahead:  # there was no time for them; they come first the next time
            pending = ahead.pop()
            if pending.connection in self._connections:
                self._batch.setdefault(pending.connection, deque()).appendleft(pending)
                self._batch.move_to_end(pending.connection, last=False)
        if self._batch:
            self._loop.call_soon(self._turn)
        for pending, response in zip(batch, responses, strict=True):
            self.outbox.put(pending, response)
        for pending in batch:
            pending.connection.advance()
        self._watch_soon()

    def _next(self, batch: list[PendingRequest], pull: Callable[[], PendingRequest | None]) -> Iterator[Request]:
        """The requests of a turn, which are added to the batch: no more than let other work go on in time."""
        end = monotonic() + _TURN_TIME
        while not batch or (len(batch) < _TURN and monotonic() < end):
            if (pending := pull()) is None:
                return
            assert pending.request is not None
            batch.append(pending)
            yield pending.request

    def _pull(self) -> PendingRequest | None:
        """The request that is decided next: one of each connection before the second of any, so that nobody waits for
        all that others sent ahead.
        """
        if not self._batch:
            return None
        connection, waiting = self._batch.popitem(last=False)
        pending = waiting.popleft()
        if waiting:
            self._batch[connection] = waiting
        return pending

    def _deliver(self, pending: PendingRequest, response: Response, length: int | None = None) -> None:
        pending.length = length
        if response.later is not None and not self._is_placed(pending):  # else they could keep all others out
            self.guard.run(response.later.leave)
            response = _NO_WAITING
        self.outbox.put(pending, response)
        pending.connection.advance()
        self._watch_soon()

    def _watch_soon(self) -> None:
        if self._watch is not None and not self._watching and len(self.outbox) and not self.stopping:
            self._watching = True
            self._loop.call_later(LOOK, self.guard.run, self._watch, self._watched)

    def _watched(self, _nothing: object) -> None:
        self._watching = False
        self._watch_soon()

    def _in_thread(self, pending: PendingRequest, request: Request) -> None:
        try:
            with self._application_lock:
                self._application = self._application or self._wsgi_factory(self.guard)
            response, length = call(self._application, request, *self._address, self.scheme)
        except Exception as error:  # noqa: BLE001 - a bug there must not end the thread
            write_failure("the WSGI application", error)
            response, length = FAILED, None
        try:
            self._loop.call_soon_threadsafe(self._deliver, pending, response, length)
        except RuntimeError:
            return  # the loop has ended, and the connection with it

    def _tick(self) -> None:
        self._clock = self._loop.call_later(self.limits.tick, self._tick)
        now = monotonic()
        for connection in tuple(self._connections):
            try:
                connection.check(now)
            except Exception as error:  # noqa: BLE001 - a bug there must not end the limits of the others
                write_failure("the time limits of a connection", error)
                self._leave(connection)
                connection.transport.abort()
        if not self._looking:
            self._look()


def _first(ahead: deque[PendingRequest]) -> PendingRequest | None:
    return ahead.popleft() if ahead else None


def _unread(number: int) -> int:
    """How many bytes of a client wait in the system, on Linux."""
    from fcntl import ioctl  # Windows has neither
    from termios import FIONREAD

    size = array("i", [0])
    ioctl(number, FIONREAD, size)
    return size[0]


def _is_full(number: int) -> bool:
    """Whether the system may take no more of a client, on Linux: a little that is left of what came in large pieces
    takes as much room as all of it did (SO_MEMINFO: what is taken, and the limit).
    """
    with socket.socket(fileno=os.dup(number)) as same:
        try:
            taken, limit = unpack_from("II", same.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 8))
        except OSError:
            return False  # older than Linux 4.12
    return bool(2 * taken > limit)
