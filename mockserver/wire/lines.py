"""Lines on standard error that never hold, and never fail, the one who writes them."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections import deque

_WAITING = 1000  # lines that wait until standard error takes them; further ones are left out
_LONGEST = 4000
"""Bytes of a line; the rest is cut off. A pipe that takes anything takes so many at once (PIPE_BUF)."""


class Lines:
    """Lines for standard error. Where it is full, unread, closed or broken, they wait, and are left out at last."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._left_out = 0
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Writes a line, at once where standard error takes it. From any thread."""
        with self._lock:
            self._flush()
            if len(self._waiting) < _WAITING:
                self._waiting.append(line[:_LONGEST])
            else:
                self._left_out += 1
            self._flush()

    def flush(self) -> None:
        """Writes what still waits, as far as standard error takes it."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        while self._waiting and _takes():
            _put(self._waiting.popleft())
        if self._left_out and not self._waiting and _takes():
            _put(f"ifind-mock: {self._left_out} lines were left out here: standard error was not read in time")
            self._left_out = 0


def _takes() -> bool:
    """Whether standard error takes a line without waiting; also where it is broken, so that the line is dropped."""
    try:
        number = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return True  # none, closed, or an object in memory
    if not hasattr(select, "poll"):
        return True  # Windows can't say
    asked = select.poll()
    asked.register(number, select.POLLOUT)
    return bool(asked.poll(0))


def _put(line: str) -> None:
    try:
        number = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        if sys.stderr is not None and not sys.stderr.closed:
            sys.stderr.write(f"{line}\n")
        return
    try:
        # Not through the stream, which would keep what it could not write, and fail with it at the end.
        os.write(number, line.encode(sys.stderr.encoding or "utf-8", "backslashreplace")[:_LONGEST] + b"\n")
    except OSError:
        return


STANDARD_ERROR = Lines()
"""The lines of this process."""
