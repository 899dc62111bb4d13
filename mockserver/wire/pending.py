"""What a connection and its server pass to each other: a request and the answer to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mockserver.api.http import Request, Response
from mockserver.wire.limits import Limits


class Client(Protocol):
    """What the server needs of a connection."""

    peer: str

    def advance(self) -> None:
        """Writes every answer whose turn has come."""

    def check(self, now: float) -> None:
        """Acts on what has taken too long by the monotonic time `now`."""

    def turn_away(self) -> None:
        """Refuses a client that is one too many."""

    def finish(self) -> None:
        """Reads no more, and closes once the answers in flight are out."""

    def abort(self) -> None:
        """Closes at once, whatever is in flight."""


class PendingRequest:
    """A request and, once there is one, its response. request is None where what came could not be read."""

    __slots__ = ("began", "connection", "last", "length", "old", "request", "response")

    def __init__(
        self,
        connection: Client,
        request: Request | None,
        *,
        last: bool,
        old: bool,
        began: float,
        response: Response | None = None,
    ) -> None:
        self.connection = connection
        self.request = request
        self.last = last
        self.old = old
        self.began = began
        self.response = response
        self.length: int | None = None
        """What Content-Length says where it isn't the body's length: the WSGI application's answer to a HEAD."""


class Host(Protocol):
    """What a connection needs of its server."""

    limits: Limits
    stopping: bool
    logging: bool

    def joined(self, connection: Client) -> None:
        """Takes a new connection in. Where there is no room for it, it will be turned away or aborted."""

    def left(self, connection: Client, queue: Iterable[PendingRequest]) -> None:
        """Forgets a closed connection, and the answers in its queue."""

    def submit(self, pending: PendingRequest) -> None:
        """Has a request answered: later, its response is set and its connection's `advance` called."""

    def sent(self, pending: PendingRequest, response: Response) -> None:
        """An answer has been written. Called where `logging` is on."""
