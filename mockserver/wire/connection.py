"""One client's connection: its requests in, its answers out in the same order, its time-outs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import Protocol, cast

from mockserver.api.http import Request, Response
from mockserver.wire.delivery import CONTINUE, TRANSPORTS, PendingRequest, refusal
from mockserver.wire.failures import Rejected
from mockserver.wire.limits import SLICE, Limits
from mockserver.wire.request_reader import Reader
from mockserver.wire.states import Event, State, after

_WRITE = 64 * 1024
"""Bytes of ready answers written at a time; between two writes the connection sees whether the client reads them."""


class Host(Protocol):
    """The server of a connection, as the connection sees it."""

    limits: Limits
    stopping: bool

    def joined(self, connection: Connection) -> None:
        """Takes a new connection in. Where there is no room for it, it will be turned away or aborted."""

    def left(self, connection: Connection, queue: Iterable[PendingRequest]) -> None:
        """Forgets a closed connection, and the answers in its queue."""

    def submit(self, pending: PendingRequest) -> None:
        """Has a request answered: later, its response is set and its connection's `advance` called."""

    def sent(self, pending: PendingRequest, response: Response) -> None:
        """Logs an answer that has been written."""


class Connection(asyncio.Protocol):
    """One client's connection. Beside its state, two flags say whether it reads and may write just now."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.transport = cast("asyncio.Transport", None)  # set by connection_made, before anything else is called
        self._reader = cast("Reader", None)
        self.peer = ""
        self._queue: deque[PendingRequest] = deque()
        self._backlog: deque[bytes] = deque()
        self._state = State.OPEN
        self._reading = self._writable = True
        self._discarded = 0
        self._since = self._begun = monotonic()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins. The server turns it away where there are too many."""
        self.transport = cast("asyncio.Transport", transport)
        peername = transport.get_extra_info("peername")
        self.peer = peername[0] if peername else ""
        self._reader = Reader(self._host.limits, self.peer, self._take)
        self._host.joined(self)

    def data_received(self, data: bytes) -> None:
        """Reads on, in slices."""
        if self._state is not State.OPEN:
            self._discard(len(data))
        elif len(data) <= SLICE and not self._backlog:
            self._read(data)
            if self._full():
                self._set_reading(on=False)
        else:
            self._backlog.extend(data[at : at + SLICE] for at in range(0, len(data), SLICE))
            self._go_on()

    def eof_received(self) -> bool:
        """Ends the reading. Returns whether the transport stays open, for answers that are due."""
        self._meet(Event.CLIENT_ENDED)
        if self._state is State.ENDED and self._reader.partial:
            self._refuse(Rejected(400, "malformed request: it ends in the middle"))
        return bool(self._queue)

    def pause_writing(self) -> None:
        """The client does not read its answers: writes none, and reads no more."""
        self._writable = False
        self._since = monotonic()
        self._set_reading(on=False)

    def resume_writing(self) -> None:
        """The client has read: goes on."""
        self._writable = True
        self._since = monotonic()
        self.advance()
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        """Ends."""
        self._state = State.CLOSED
        self._host.left(self, self._queue)
        self._queue.clear()
        self._backlog.clear()

    # What the server calls.

    def advance(self) -> None:
        """Writes every answer whose turn has come."""
        while self._writable and self._write_some():
            pass

    def _write_some(self) -> bool:
        """Writes the answers that are ready, up to about `_WRITE` bytes. Returns whether there may be more."""
        queue = self._queue
        if not queue or queue[0].response is None or self.transport.is_closing():
            return False
        pieces: list[bytes] = []
        size = 0
        last = False
        while size < _WRITE and not last and queue and (response := queue[0].response) is not None:
            pending = queue[0]
            last = pending.last or (len(queue) == 1 and (self._state is State.ENDED or self._host.stopping))
            piece, last = TRANSPORTS[response.delivery.transport](pending, response, last)
            pieces.append(piece)
            size += len(piece)
            if pending.response is not None:  # else the rest comes later, and the answer keeps its turn
                queue.popleft()
                self._host.sent(pending, response)
        self.transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._since = monotonic()
        if last:
            self._end()
            return False
        if not self._reading or self._backlog:
            self._go_on()
        if self._reader.continue_owed:
            self._say_continue()
        return bool(queue)

    def check(self, now: float) -> None:
        """Acts on what has taken too long by the monotonic time `now`; answers that are not due yet have no limit."""
        limits = self._host.limits
        lingering = self._state is State.LINGERING
        leaving = lingering or self.transport.is_closing()
        if not self._writable or (leaving and self.transport.get_write_buffer_size()):
            if now - self._since > limits.unread_time:
                self.transport.abort()
        elif lingering:
            if now - self._since > limits.linger_time:
                self.transport.abort()
        elif self._queue:
            return
        elif self._reader.partial:
            if now - max(self._begun, self._since) > limits.request_time:
                self._refuse(Rejected(408, "the request took too long to arrive"))
        elif now - self._since > limits.idle_time:
            self.transport.close()

    def turn_away(self) -> None:
        """Refuses a client that is one too many."""
        self._refuse(Rejected(503, "too many connections"))

    def finish(self) -> None:
        """Reads no more, and closes once the answers in flight are out."""
        self._meet(Event.STOPPING)
        self._backlog.clear()
        if not self._queue:
            self.transport.close()

    def _meet(self, event: Event) -> None:
        self._state = after(self._state, event)

    # Reading.

    def _read(self, data: bytes) -> None:
        if not self._reader.partial:
            self._begun = monotonic()
        rejected = self._reader.feed(data)
        if rejected is not None:
            self._refuse(rejected)
        elif self._reader.continue_owed:
            self._say_continue()

    def _take(self, request: Request, last: bool, old: bool) -> None:
        pending = PendingRequest(self, request, last, old, self._begun)
        self._queue.append(pending)
        if last:
            self._meet(Event.REFUSED if request.too_large else Event.LAST_READ)
        self._host.submit(pending)

    def _refuse(self, rejected: Rejected) -> None:
        self._meet(Event.REFUSED)
        self._reader.partial = False
        response = refusal(rejected.status, rejected.message)
        self._queue.append(PendingRequest(self, None, True, False, self._begun, response))
        self.advance()

    def _full(self) -> bool:
        return len(self._queue) >= self._host.limits.pipelined or not self._writable

    def _go_on(self) -> None:
        """Reads the backlog, as far as there is room, then lets the client send more or not."""
        while self._backlog and not self._full():
            if self._state is not State.OPEN:
                self._discard(sum(map(len, self._backlog)))
                self._backlog.clear()
            else:
                self._read(self._backlog.popleft())
        self._set_reading(on=not self._backlog and not self._full())

    def _set_reading(self, *, on: bool) -> None:
        if on == self._reading or self.transport.is_closing():
            return
        self._reading = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _say_continue(self) -> None:
        if not self._queue:
            self._reader.continue_owed = False
            self.transport.write(CONTINUE)

    # Closing.

    def _discard(self, size: int) -> None:
        self._meet(Event.SURPLUS)
        self._discarded += size
        if self._discarded > self._host.limits.linger_size:
            if self._state is State.LINGERING:
                self.transport.abort()
            else:
                self._set_reading(on=False)

    def _end(self) -> None:
        """Ends after the last answer: where the client may still be sending, only this side at first (see Limits)."""
        self._meet(Event.LAST_SENT)
        if self._state is State.CLOSED:
            self.transport.close()
            return
        self._since = monotonic()
        self._backlog.clear()
        self.transport.write_eof()
        self._set_reading(on=True)
