"""What can go wrong at the socket, and how a failure inside is reported.

IfindMockError
└── WireError       the server can't listen, or is used after its end
Exception
└── Rejected        a request that breaks HTTP or a limit; carries the status to answer
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

from mockserver.core.errors import IfindMockError
from mockserver.standard_error import write_line


class WireError(IfindMockError):
    """The server can't listen, or has stopped; says where and why."""


class Rejected(Exception):
    """A request that can't be taken: its connection answers `status` and closes. The message holds no request data."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def report(what: str, error: BaseException) -> None:
    """Reports a failure on standard error: the error's kind and place. Its text may hold credentials of the request."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    write_line(f"{what} failed with {type(error).__name__}{place}")
