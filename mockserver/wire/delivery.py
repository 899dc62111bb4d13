"""The delivery of answers: the only place of the server that waits, and that paces, cuts and resets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from mockserver.api.http import Request, Response
from mockserver.core.messages import SECOND
from mockserver.wire.failures import report
from mockserver.wire.response_bytes import refusal, render


class Client(Protocol):
    """The connection of a request, as delivery sees it."""

    peer: str
    transport: asyncio.Transport

    def advance(self) -> None:
        """Writes every answer whose turn has come."""


@dataclass(slots=True, eq=False)
class PendingRequest:
    """A request on its way through the server and, later, its response."""

    connection: Client
    request: Request | None  # None where what came could not be read
    last: bool  # whether the connection closes after the answer
    old: bool  # whether the client speaks HTTP/1.0
    began: float  # when its first byte came, in monotonic time
    response: Response | None = None
    length: int | None = None
    """The Content-Length, where it is not the body's length: the WSGI application's answer to a HEAD."""


Transport: TypeAlias = "Callable[[PendingRequest, Response, bool], tuple[bytes, bool]]"
"""The bytes to write, and whether the connection closes after them; the last argument: whether it closes anyway."""


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
        delivery = response.delivery
        if delivery.latency <= 0:
            pending.response = response
            return

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
        """Closes the connections of the answers of the login, with None of all, that wait. Gives their number."""
        waiting = [pending for pending, (_, whose) in self._timers.items() if login in {None, whose}]
        for pending in waiting:
            pending.connection.transport.abort()
        self.drop(waiting)
        return len(waiting)


def _whole(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bool]:
    """The whole answer."""
    head = pending.request is not None and pending.request.http_method == "HEAD"
    try:
        return render(response, head=head, last=last, old=pending.old, length=pending.length), last
    except Exception as error:  # noqa: BLE001 - a response that can't be written must not take others down with it
        report("writing an answer", error)
        failed = refusal(500, "the mock failed; see its standard error")
        return render(failed, head=head, last=last, old=pending.old), last


TRANSPORTS: Mapping[str, Transport] = {"whole": _whole}  # how an answer can travel, by `Delivery.transport`
