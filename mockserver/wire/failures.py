"""What can go wrong at the socket.

IfindMockError
└── WireError       the server can't listen, or is used after its end
Exception
└── Rejected        a request that breaks HTTP or a limit; carries the status to answer
"""

from __future__ import annotations

from mockserver.core.errors import IfindMockError


class WireError(IfindMockError):
    """The server can't listen, or has stopped; says where and why."""


class Rejected(Exception):
    """A request that can't be taken: its connection answers `status` and closes. The message holds no request data."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
