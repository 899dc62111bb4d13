"""A request on its way through the server, and the answer to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mockserver.api.http import Request, Response


class Client(Protocol):
    """The connection of a request, as the server sees it."""

    peer: str

    def advance(self) -> None:
        """Writes every answer whose turn has come."""

    def abort(self) -> None:
        """Closes at once, with any answers in flight."""


@dataclass(slots=True, eq=False)
class PendingRequest:
    """A request and, later, its response."""

    connection: Client
    request: Request | None  # None where what came could not be read
    last: bool  # whether the connection closes after the answer
    old: bool  # whether the client speaks HTTP/1.0
    began: float  # when its first byte came, in monotonic time
    response: Response | None = None
    length: int | None = None
    """The Content-Length, where it is not the body's length: the WSGI application's answer to a HEAD."""
