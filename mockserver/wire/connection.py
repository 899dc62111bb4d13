"""One client's connection: its requests in, its answers out in the same order, its time-outs."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import cast

from mockserver.api.http import Request, Response
from mockserver.wire.failures import Rejected, report
from mockserver.wire.limits import SLICE
from mockserver.wire.pending import Host, PendingRequest
from mockserver.wire.request_reader import Reader
from mockserver.wire.response_bytes import CONTINUE, refusal, render

_WRITE = 64 * 1024
"""Bytes of ready answers written at a time; then it is seen whether the client reads them."""


class Connection(asyncio.Protocol):
    """What the event loop calls for one client, and what its server calls to have answers written."""

    __slots__ = (
        "_backlog",
        "_begun",
        "_discarded",
        "_ended",
        "_host",
        "_lingering",
        "_queue",
        "_reader",
        "_reading",
        "_since",
        "_transport",
        "_unread",
        "_writable",
        "peer",
    )

    def __init__(self, host: Host) -> None:
        self._host = host
        self._transport = cast("asyncio.Transport", None)  # set by connection_made, before anything else is called
        self._reader = cast("Reader", None)
        self.peer = ""
        self._queue: deque[PendingRequest] = deque()
        self._backlog: deque[bytes] = deque()
        self._reading = self._writable = True
        self._ended = self._lingering = self._unread = False
        self._discarded = 0
        self._since = self._begun = monotonic()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; where there are too many, the server turns this one away."""
        self._transport = cast("asyncio.Transport", transport)
        peername = transport.get_extra_info("peername")
        self.peer = peername[0] if peername else ""
        self._reader = Reader(self._host.limits, self.peer, self._take)
        self._host.joined(self)

    def data_received(self, data: bytes) -> None:
        """Read on, in slices."""
        if self._reader.finished:
            self._discard(len(data))
        elif len(data) <= SLICE and not self._backlog:
            self._read(data)
            if self._full():
                self._set_reading(on=False)
        else:
            self._backlog.extend(data[at : at + SLICE] for at in range(0, len(data), SLICE))
            self._go_on()

    def eof_received(self) -> bool:
        """End the reading; answers that are still due go out first."""
        self._ended = True
        if self._lingering:
            return False
        self._at_end()
        return bool(self._queue or self._lingering)

    def pause_writing(self) -> None:
        """Hold back answers, and read no more: the client does not read them."""
        self._writable = False
        self._since = monotonic()
        self._set_reading(on=False)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._writable = True
        self._since = monotonic()
        self.advance()
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        """End."""
        self._host.left(self, self._queue)
        self._queue.clear()
        self._backlog.clear()
        self._reader.finished = True

    # What the server calls.

    def advance(self) -> None:
        """Write every answer whose turn has come."""
        while self._writable and self._write_some():
            pass

    def _write_some(self) -> bool:
        """Write the answers that are ready, up to about `_WRITE` bytes; whether there may be more."""
        queue = self._queue
        if not queue or queue[0].response is None or self._transport.is_closing():
            return False
        pieces: list[bytes] = []
        size = 0
        last = False
        while size < _WRITE and not last and queue and (response := queue[0].response) is not None:
            pending = queue.popleft()
            last = pending.last or (not queue and self._ends_here())
            pieces.append(_bytes_of(pending, response, last=last))
            size += len(pieces[-1])
            if self._host.logging:
                self._host.sent(pending, response)
        self._transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._since = monotonic()
        if last:
            self._close()
            return False
        if not self._reading or self._backlog:
            self._go_on()
        if self._reader.continue_owed:
            self._say_continue()
        return bool(queue)

    def _ends_here(self) -> bool:
        return self._ended or self._host.stopping

    def check(self, now: float) -> None:
        """Act on what has taken too long. Answers that are being made or wait for their time have no limit."""
        limits = self._host.limits
        leaving = self._lingering or self._transport.is_closing()
        if not self._writable or (leaving and self._transport.get_write_buffer_size()):
            if now - self._since > limits.unread_time:
                self._transport.abort()
        elif self._lingering:
            if now - self._since > limits.linger_time:
                self._transport.abort()
        elif self._queue:
            return
        elif self._reader.partial:
            if now - max(self._begun, self._since) > limits.request_time:
                self._refuse(Rejected(408, "the request took too long to arrive"))
        elif now - self._since > limits.idle_time:
            self._transport.close()

    def turn_away(self) -> None:
        """Refuse a client that is one too many."""
        self._refuse(Rejected(503, "too many connections"))

    def finish(self) -> None:
        """Read no more, and close once the answers in flight are out."""
        self._reader.finished = True
        self._backlog.clear()
        if not self._queue:
            self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever is in flight."""
        self._transport.abort()

    # Parsing.

    def _read(self, data: bytes) -> None:
        if not self._reader.partial:
            self._begun = monotonic()
        rejected = self._reader.feed(data)
        if rejected is not None:
            self._refuse(rejected)
        elif self._reader.continue_owed:
            self._say_continue()

    def _take(self, request: Request, last: bool, old: bool) -> None:
        pending = PendingRequest(self, request, last=last, old=old, began=self._begun)
        self._queue.append(pending)
        self._unread = request.too_large
        self._host.submit(pending)

    def _refuse(self, rejected: Rejected) -> None:
        self._reader.finished = True
        self._reader.partial = False
        response = refusal(rejected.status, rejected.message)
        self._unread = True
        self._queue.append(PendingRequest(self, None, last=True, old=False, began=self._begun, response=response))
        self.advance()

    def _full(self) -> bool:
        return len(self._queue) >= self._host.limits.pipelined or not self._writable

    def _go_on(self) -> None:
        """Read what was held back, as far as there is room, then let the client send more or not."""
        while self._backlog and not self._full():
            if self._reader.finished:
                self._discard(sum(map(len, self._backlog)))
                self._backlog.clear()
            else:
                self._read(self._backlog.popleft())
        self._set_reading(on=not self._backlog and not self._full())

    def _set_reading(self, *, on: bool) -> None:
        if on == self._reading or self._transport.is_closing():
            return
        self._reading = on
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _say_continue(self) -> None:
        if not self._queue:
            self._reader.continue_owed = False
            self._transport.write(CONTINUE)

    # Closing.

    def _at_end(self) -> None:
        """The client has sent its last byte, and all of them have been read."""
        if self._reader.partial:
            self._refuse(Rejected(400, "malformed request: it ends in the middle"))
        elif not self._queue:
            self._transport.close()

    def _discard(self, size: int) -> None:
        self._unread = True
        self._discarded += size
        if self._discarded > self._host.limits.linger_size:
            if self._lingering:
                self._transport.abort()
            else:
                self._set_reading(on=False)

    def _close(self) -> None:
        """Close after the last answer. Where the client may still be sending, only our side at first: see Limits."""
        if self._ended or not self._unread:
            self._transport.close()
            return
        self._lingering = True
        self._since = monotonic()
        self._backlog.clear()
        self._transport.write_eof()
        self._set_reading(on=True)


def _bytes_of(pending: PendingRequest, response: Response, *, last: bool) -> bytes:
    head = pending.request is not None and pending.request.http_method == "HEAD"
    try:
        return render(response, head=head, last=last, old=pending.old, length=pending.length)
    except Exception as error:
        report("writing an answer", error)
        return render(refusal(500, "the mock failed; see its standard error"), head=head, last=last, old=pending.old)
