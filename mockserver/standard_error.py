"""Lines on standard error that never hold, and never fail, the one who writes them."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import PurePath
from queue import SimpleQueue
from typing import TypeAlias

_WAITING = 5000  # lines that wait until standard error takes them; further ones are left out
_LONGEST = 4000  # bytes of a line; the rest is cut off
_TOGETHER = 4096
"""Bytes that are written at once. A pipe takes so many (PIPE_BUF on Linux) whole, so that lines of several processes do
not run into each other.
"""
_PAUSE = 0.01  # seconds in which lines gather, so that a busy server's thread is not woken for each
_TWO_MARKS = "#\\x23"
_PATIENCE = 0.1  # seconds for which an end waits until standard error has taken what waits

_Item: TypeAlias = "bytes | threading.Event"
"""A line, or what is set once all before it has been written."""


class Lines:
    """Lines for standard error, in a queue that a thread of its own writes. Where standard error takes none (it is
    full, or nobody reads it) they wait, and further ones are left out; where it fails, they are left out, too. How many
    these were is written once it takes lines again.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()  # of the thread's start, and of the next number
        self._left_out = 0  # since the queue is full
        self._failed = 0  # lines that are lost, and not told of yet
        self._is_cut = False  # whether standard error ends in a part of a line
        atexit.register(self.flush)

    def write(self, line: str) -> None:
        """Writes a line soon, from any thread. A standard error that is an object in memory has it at once."""
        stream = sys.stderr
        if _number() is None:
            with suppress(Exception):  # whatever stands there, a line fails nobody
                stream.write(f"{line}\n")  # there may be none, if it was closed at the start
            return
        if self._queue.qsize() >= _WAITING:
            with self._lock:
                self._left_out += 1
            return
        self._queue.put(line.encode(stream.encoding or "utf-8", "backslashreplace")[:_LONGEST] + b"\n")
        if not self._works():
            with self._lock, suppress(RuntimeError):  # the system allows no more threads: the next line tries again
                if not self._works():
                    thread = threading.Thread(target=self._work, name="ifind-mock-log", daemon=True)
                    thread.start()
                    self._thread = thread

    def _works(self) -> bool:
        """Whether the thread is there: not before the first line, and not in a process that was forked since."""
        return self._thread is not None and self._thread.is_alive()

    def flush(self, seconds: float = _PATIENCE) -> None:
        """Waits until what was written before is out, for no longer than so many seconds."""
        if self._works():
            written = threading.Event()
            self._queue.put(written)
            written.wait(seconds)

    def _work(self) -> None:
        while True:
            self._write_batch(self._queue.get())
            time.sleep(_PAUSE)

    def _write_batch(self, first: _Item) -> None:
        # All at once: so what was left out until now comes after all of it.
        items = [first, *(self._queue.get() for _ in range(self._queue.qsize()))]
        with self._lock:
            left_out, self._left_out = self._left_out, 0
        together = bytearray()
        waiting: list[threading.Event] = []
        for item in items:
            if isinstance(item, threading.Event):
                waiting.append(item)
                continue
            if len(together) + len(item) > _TOGETHER:
                self._put(bytes(together))
                together.clear()
            together += item
        self._put(bytes(together))
        self._failed += left_out
        self._put(b"")
        for one in waiting:
            one.set()

    def _put(self, lines: bytes) -> None:
        notice = b"\n" * self._is_cut + (_notice(self._failed) if self._failed else b"")
        written = _written(notice + lines)
        if written:
            self._is_cut = (notice + lines)[written - 1 : written] != b"\n"
        if written >= len(notice) - 1:  # its end alone is no loss
            self._failed = 0
        rest = lines[max(written - len(notice), 0) :]
        self._failed += rest.count(b"\n") - rest.startswith(b"\n")


def _notice(number: int) -> bytes:
    return b"ifind-mock: lines left out here, since standard error did not take them: %d\n" % number


def _number() -> int | None:
    """The descriptor of standard error; None where it is closed, or an object in memory."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _written(data: bytes) -> int:
    """How many bytes standard error has taken, before it failed or all was written."""
    rest = memoryview(data)
    while rest:
        number = _number()
        try:
            if number is None:
                break
            # Not through the stream, which would keep what it could not write, and fail with it at the end.
            rest = rest[os.write(number, rest) :]
        except BlockingIOError:  # another process has set it so
            time.sleep(_PAUSE)
        except OSError:
            break
    return len(data) - len(rest)


STANDARD_ERROR = Lines()
"""The lines of this process."""


def write_line(line: str) -> None:
    """Writes a line of the mock to standard error, without waiting for it. Names of files and keys in it, which others
    have chosen, are no line of their own there, and nothing that a terminal or Azure Pipelines takes for a command.
    """
    if not line.isprintable():
        line = "".join([one if one.isprintable() else ascii(one)[1:-1] for one in line])
    STANDARD_ERROR.write(f"ifind-mock: {line.replace('##', _TWO_MARKS)}")


def write_failure(what: str, error: BaseException) -> None:
    """Reports a failure inside: the error's kind and place. Its text may hold credentials of the request."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    write_line(f"{what} failed with {type(error).__name__}{place}")
