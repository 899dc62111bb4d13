"""One client's connection: its requests in, its answers out in the same order, its time-outs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol, cast

from mockserver.api.http import Request, Response, refusal
from mockserver.machine_time import monotonic
from mockserver.settings.limits import Limits
from mockserver.standard_error import write_failure
from mockserver.wire.delivery import BEGIN, CONTINUE, TRANSPORTS, PendingRequest, ordinary
from mockserver.wire.failures import Rejected
from mockserver.wire.fast_answers import FastAnswers
from mockserver.wire.request_reader import Reader
from mockserver.wire.states import Event, State, after

HANDSHAKE = b"\x16"
"""The first byte of TLS (RFC 8446, 5.1), and of no HTTP."""
SLICE = 4096  # bytes read at a time; between two slices the connection checks its limits
_WRITE = 16 * 1024
"""Bytes of ready answers written at a time; between two writes the connection sees whether the client reads them."""


_OWN = 4 * SLICE
"""Bytes of a request that is being read which a connection may hold whatever all connections hold together."""


class Host(Protocol):
    """The server of a connection, as the connection sees it."""

    limits: Limits
    stopping: bool
    held: int
    """Bytes that all connections hold."""
    logs: bool
    """Whether `sent_fast` is to be called."""

    def joined(self, connection: Connection) -> None:
        """Takes a new connection in."""

    def mistook(self, what: str) -> None:
        """Says that a client has mistaken this port for one of another kind, and not again for a while."""

    def left(self, connection: Connection) -> None:
        """Forgets a closed connection."""

    def forget(self, queue: Iterable[PendingRequest]) -> None:
        """Forgets the answers of a queue, which are not sent."""

    def admits(self, pending: PendingRequest) -> bool:
        """Whether its connection has a place for the request; where it has none, `submit` has it refused."""

    def submit(self, pending: PendingRequest) -> None:
        """Has a request answered: later, it is decided, and its connection's `advance` called."""

    def look(self) -> None:
        """Has clients looked for, soon, that are gone while their answers wait."""

    def read_later(self, connection: Connection) -> None:
        """Has the connection read on, soon."""

    def sent(self, pending: PendingRequest, response: Response) -> None:
        """Logs an answer that has been written."""

    def sent_fast(self, peer: str, request: bytes, size: int, began: float, reason: str) -> None:
        """Logs a fast answer, with a body of the size, to the request that came from the peer at the time."""


class Connection(asyncio.Protocol):
    """One client's connection. Beside its state, two flags say whether it reads and may write just now.

    A client that has closed its connection and one that has only ended its side look the same, and the end of one that
    is not read from is not seen at all. Where an answer waits, they are therefore sent the bytes that every answer
    begins with, one by one and more and more seldom. Where the client has gone, the system then reports an error.
    """

    def __init__(self, host: Host, fast: FastAnswers | None = None) -> None:
        self._host = host
        self._fast = fast
        self.transport = cast("asyncio.Transport", None)  # set by connection_made, before anything else is called
        self._reader = cast("Reader", None)
        self.peer = ""
        self._queue: deque[PendingRequest] = deque()
        self._unasked: deque[PendingRequest] = deque()  # those of the queue that have not been submitted yet
        self._asked: PendingRequest | None = None  # the last that has been
        self._backlog: deque[bytes] = deque()
        self._state = State.OPEN
        self._reading = self._writable = True
        self._secure = False  # whether it goes over TLS
        self._discarded = self._held = 0
        self._midway = False  # whether a part of the first answer has been sent
        self._ahead = 0  # how many bytes of what it begins with have been sent before it
        self._probe_at = 0.0  # when the next of them may be sent
        self.guest = False  # whether it is one more than the limit of connections
        self._since = self._begun = monotonic()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self.transport = cast("asyncio.Transport", transport)
        self._secure = transport.get_extra_info("ssl_object") is not None
        # No answer follows one of which the system did not take all. Under TLS, the end of the handshake waits here.
        self.transport.set_write_buffer_limits(high=SLICE if self._secure else 0, low=0)
        peername = transport.get_extra_info("peername")
        self.peer = peername[0] if peername else ""
        self._reader = Reader(self._host.limits, self.peer, self._take)
        self._host.joined(self)

    def data_received(self, data: bytes) -> None:
        """Reads on, in slices; an ordinary call is answered at once, where nothing stands before it."""
        if (
            self._fast is None
            or self._queue
            or self._backlog
            or not self._writable
            or self.guest
            or self._reader.partial
            or self._state is not State.OPEN
            or len(data) > SLICE
        ):
            self._receive(data)
        elif not self._answered(data, self._fast):
            self._receive(data)
            self._learn(data, self._fast)

    def _receive(self, data: bytes) -> None:
        if self._state is not State.OPEN:
            self._discard(len(data))
        elif len(data) <= SLICE and not self._backlog and not self._full():
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
            self.refuse(Rejected(400, "malformed request: it ends in the middle"))
        if self._queue:
            self._host.look()
        return bool(self._queue) and not self._secure  # the end of TLS is the end of both sides

    def pause_writing(self) -> None:
        """The client does not read its answers: writes none, and reads no more."""
        self._writable = False
        self._since = monotonic()
        self._set_reading(on=False)

    def resume_writing(self) -> None:
        """The client has read: goes on, but not at once. asyncio is in the middle of a write, and would end twice a
        connection that ends there.
        """
        self._writable = True
        self._since = monotonic()
        asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        self.advance()
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        """Ends."""
        self._state = State.CLOSED
        self._drop()
        self._weigh()
        self._host.left(self)

    # What the server calls.

    @property
    def waits(self) -> bool:
        """Whether its client waits for an answer."""
        return bool(self._queue)

    @property
    def idle_since(self) -> float:
        """Since when it is without a whole request, in monotonic time; where one is being answered, the end of time."""
        if self._queue or self._backlog or not self._writable or self._state is not State.OPEN:
            return float("inf")
        return max(self._begun, self._since) if self._reader.partial else self._since

    @property
    def deaf(self) -> bool:
        """Whether the loop does not see the end of its client: it has ended its side, or is not read from."""
        return self._state is State.ENDED or not self._reading

    def advance(self) -> None:
        """Writes every answer whose turn has come, and has the next request answered."""
        while self._writable and self._write_some():
            pass
        self._weigh()
        self._ask()
        if not self._reading:
            self._go_on()  # a request that was decided holds less than it did

    def probe(self, *, ended: bool) -> None:
        """Sends the next byte that the answer begins with, where the client waits for it and the time has come. An
        answer without a byte goes out now where the client has ended its side: there is no other way to find out
        whether it has gone.
        """
        queue, now = self._queue, monotonic()
        if not queue or queue[0].response is not None or self._midway or not self._writable or now < self._probe_at:
            return
        if queue[0].wordless:
            if not ended:
                self._ignore_rest()
            elif (outbox := queue[0].outbox) is not None:
                outbox.hurry(queue[0])
            return
        if self._ahead < len(BEGIN) and not self.transport.is_closing():
            self.transport.write(BEGIN[self._ahead : self._ahead + 1])
            self._ahead += 1
            self._probe_at = now + 2**self._ahead / 2
            self._host.look()

    def give_up(self, response: Response) -> None:
        """Answers with the response whatever has no answer yet, and closes."""
        if self._midway:
            self.transport.abort()
            return
        self._unasked.clear()
        for pending in self._queue:
            pending.response = pending.response or response
        self.finish()
        self.advance()

    def _write_some(self) -> bool:
        """Writes the answers that are ready, up to about `_WRITE` bytes. Returns whether there may be more."""
        queue = self._queue
        if not queue or queue[0].response is None or self.transport.is_closing():
            return False
        written, last, cut = self._next_bytes()
        if self._ahead:  # every answer begins with the bytes that were sent ahead, and its first piece may be shorter
            self._ahead, written = max(self._ahead - len(written), 0), written[self._ahead :]
            self._probe_at = 0.0
        if written:
            self.transport.write(written)
        self._since = monotonic()
        if last:
            if cut:
                self._meet(Event.REFUSED)
                self._drop()
            self._end(cut=cut)
            return False
        if not self._reading or self._backlog:
            self._go_on()
        if self._reader.continue_owed:
            self._say_continue()
        return bool(queue)

    def _next_bytes(self) -> tuple[bytes, bool, bool]:
        """The bytes of ready answers, whether the connection closes after them, and whether a fault has it closed."""
        queue = self._queue
        pieces: list[bytes] = []
        size = 0
        last = cut = False
        while size < _WRITE and not last and queue and (response := queue[0].response) is not None:
            pending, transport = queue[0], response.delivery.transport
            if pieces and transport != "whole":
                break  # what breaks the connection must not take earlier answers with it
            closing = self._host.stopping or self._state is not State.OPEN
            expected = pending.last or (len(queue) == 1 and closing)
            piece, last = TRANSPORTS[transport](pending, response, expected)
            cut = last and transport != "whole"
            pieces.append(piece)
            size += len(piece)
            self._midway = pending.response is None  # then the rest comes later, and the answer keeps its turn
            if not self._midway:
                queue.popleft()
                if pending is self._asked:
                    self._asked = None  # the connection may stay for long, and its answer is large
                self._host.sent(pending, response)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces), last, cut

    def check(self, now: float) -> None:
        """Acts on what has taken too long by the monotonic time `now`; answers that are not due yet have no limit."""
        limits = self._host.limits
        lingering, closing = self._state is State.LINGERING, self.transport.is_closing()
        if not self._writable or ((lingering or closing) and self.transport.get_write_buffer_size()):
            if now - self._since > (limits.control_time if self.guest else limits.unread_time):
                self.transport.abort()
        elif lingering:
            if now - self._since > limits.linger_time:
                if self._secure and not closing:
                    self.transport.close()  # which ends TLS
                else:
                    self.transport.abort()
        elif self._queue or closing:
            return
        elif self._reader.partial:
            if now - max(self._begun, self._since) > (limits.control_time if self.guest else limits.request_time):
                self.refuse(Rejected(408, "the request took too long to arrive"))
        elif now - self._since > (limits.control_time if self.guest else limits.idle_time):
            self.close()

    def close(self) -> None:
        """Closes, once: another time, asyncio forgets what it has under way of the end of TLS."""
        if not self.transport.is_closing():
            self.transport.close()

    def finish(self) -> None:
        """Reads no more, and closes once the answers in flight are out."""
        self._meet(Event.STOPPING)
        if self._state is State.FINISHING and (self._backlog or not self._reading):
            self._meet(Event.SURPLUS)  # closing at once would reset the connection, and with it the answers
        self._backlog.clear()
        if not self._queue:
            self.close()

    def _meet(self, event: Event) -> None:
        self._state = after(self._state, event)

    # Reading.

    def _read(self, data: bytes) -> None:
        if not self._reader.partial:
            self._begun = monotonic()
        rejected = self._reader.feed(data)
        self._weigh()
        if rejected is None and not self._queue and self._crowded() and self._reader.held > _OWN:
            rejected = Rejected(503, "the server holds too many bytes of other requests; send this one again")
        if rejected is not None:
            if data[:1] == HANDSHAKE and not self._secure:
                self._host.mistook(
                    "a client speaks TLS to this port, which speaks plain HTTP: call it with http://, or start the mock"
                    " with --tls"
                )
            self.refuse(rejected)
        elif self._reader.continue_owed:
            self._say_continue()

    def _answered(self, data: bytes, fast: FastAnswers) -> bool:
        """Answers an ordinary call at once. Returns whether the bytes are one."""
        began = monotonic()
        try:
            answer = fast.answer(data, self.peer)
        except Exception as error:  # noqa: BLE001 - a bug there must not end the connection without a word
            write_failure("a fast answer", error)
            self.refuse(Rejected(500, "the mock failed; its standard error says where"))
            return True
        if answer is None:
            return False
        lines, body, reason = answer
        self.transport.write(ordinary(lines, body))
        self._since = began
        if self._host.logs:
            self._host.sent_fast(self.peer, data, len(body), began, reason)
        return True

    def _learn(self, data: bytes, fast: FastAnswers) -> None:
        """Has the fast answers know the headers of the request that the bytes are, where they are one, and no more."""
        if len(self._queue) == 1 and not self._reader.partial:
            pending = self._queue[0]
            if pending.request is not None and not pending.last:
                fast.learn(data, pending.request)

    def _take(self, request: Request, last: bool, old: bool) -> bool:
        """Takes a request. Returns whether none may follow it."""
        pending = PendingRequest(self, request, last, old, self._begun, held=self._reader.held)
        if not last and not self._host.admits(pending):
            pending.last = last = True
        if last:
            self._meet(Event.REFUSED if request.too_large else Event.LAST_READ)
        self._queue.append(pending)
        self._unasked.append(pending)
        self._ask()
        return last

    def _ask(self) -> None:
        """Has the next requests answered, in their order: none before its time, so that no more answers wait than the
        limits allow, none while the client leaves its answers unread, and one of the control API alone, since another
        thread answers it.
        """
        while self._unasked and self._writable and not self.transport.is_closing():
            pending, before = self._unasked[0], self._asked
            if before and before.request and (before.control or pending.control):
                return
            if pending is not self._queue[0]:
                if self._heavy():
                    return
                added = pending.asked_ahead()
                self._held += added
                self._host.held += added
            self._asked = self._unasked.popleft()
            self._host.submit(pending)

    def refuse(self, rejected: Rejected) -> None:
        """Answers what can't be taken, after the answers before it, and closes."""
        self._meet(Event.REFUSED)
        self._reader.drop()
        response = refusal(rejected.status, rejected.message)
        self._queue.append(PendingRequest(self, None, True, False, self._begun, response))
        self.advance()

    def _full(self) -> bool:
        """Whether no more is read for now. What is queued, or unread by the client, goes out later and has it go on."""
        if len(self._queue) >= self._host.limits.pipelined or not self._writable:
            return True
        return bool(self._queue) and self._heavy()

    def _heavy(self) -> bool:
        """Whether more waits behind the first request, or answer, than may. The first alone keeps nothing from being
        read: a client that merely waits for it is not to be taken for one that has gone.
        """
        return self._held - self._queue[0].held > self._host.limits.queued or self._crowded()

    def _crowded(self) -> bool:
        return self._host.held > self._host.limits.queued_total

    def _weigh(self) -> None:
        """Counts the bytes that it holds anew."""
        held = self._reader.held if self._reader.partial else 0
        if self._queue:
            held += sum([pending.held for pending in self._queue])
        if self._backlog:
            held += sum(map(len, self._backlog))
        if not self._writable:
            held += self.transport.get_write_buffer_size()
        self._host.held += held - self._held
        self._held = held

    def _go_on(self) -> None:
        """Has the backlog read, where there is room; lets the client send more or not."""
        if self._backlog and self._state is not State.OPEN:
            self._discard(sum(map(len, self._backlog)))
            self._backlog.clear()
        if self._backlog and not self._full():
            self._host.read_later(self)
        self._set_reading(on=not self._backlog and not self._full())

    def read_on(self) -> None:
        """Reads a slice of the backlog, where there still is one, and room."""
        if self._backlog and not self._full() and self._state is State.OPEN:
            self._read(self._backlog.popleft())
        self._go_on()

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

    def _drop(self) -> None:
        """Forgets what it has read and not answered."""
        self._host.forget(self._queue)
        self._queue.clear()
        self._asked = None
        self._unasked.clear()
        self._backlog.clear()
        self._reader.drop()

    def _ignore_rest(self) -> None:
        """Answers nothing behind the first request, and drops what comes, behind which the client's end may stand."""
        first = self._queue.popleft()
        self._drop()
        self._queue.append(first)
        self._meet(Event.REFUSED)
        self._weigh()
        self._set_reading(on=True)

    def _discard(self, size: int) -> None:
        self._meet(Event.SURPLUS)
        self._discarded += size
        if self._discarded > self._host.limits.linger_size:
            if self._state is State.LINGERING:
                self.transport.abort()
            else:
                self._set_reading(on=False)

    def _end(self, *, cut: bool) -> None:
        """Ends after the last answer: where the client may still be sending, only this side at first (see Limits). TLS
        has no end of one side: there the client knows the end of the answer by its length, and what a fault has cut
        ends at once.
        """
        self._meet(Event.LAST_SENT)
        if self.transport.is_closing():
            return  # it was reset
        if self._state is State.CLOSED or (cut and self._secure):
            self.transport.close()
            return
        self._since = monotonic()
        self._backlog.clear()
        try:
            if not self._secure:
                self.transport.write_eof()
        except OSError:  # the client has reset the connection, and the loop has not seen it yet
            self.transport.abort()
            return
        self._set_reading(on=True)


class Misplaced(Connection):
    """The connection of a client that has sent plain HTTP to a port of HTTPS: it is told so, and no more."""

    def _read(self, _data: bytes) -> None:
        self.refuse(Rejected(400, "plain HTTP was sent to a port that speaks HTTPS: call it with https://"))
