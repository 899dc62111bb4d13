"""The threads that run the WSGI application, and the guard through which they reach the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import TypeVar

from mockserver.wire.failures import WireError

T = TypeVar("T")

_LOOK = 0.2  # seconds between two checks that the event loop still runs, while an operation waits for it


class WsgiThreads:
    """A few threads, started as needed. Unlike the standard library's, they never keep the process from ending."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads = 0
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, job: Callable[[], None]) -> None:
        """Runs a job in a thread; it must not raise. Called on the loop only."""
        if self._threads < self._size:
            self._threads += 1
            threading.Thread(target=self._work, name="ifind-mock-web", daemon=True).start()
        self._jobs.put(job)

    def close(self) -> None:
        """Lets the threads end after the jobs they have."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._size = self._threads = 0

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()


class LoopGuard:
    """Runs operations on the event loop, from any thread, so that state is touched on the loop alone, without a lock.
    `guard(operation)` returns what the operation returns, and raises what it raises.

    Made on the loop's thread. Raises WireError where the loop has ended, also while an operation waits for it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()

    def __call__(self, operation: Callable[[], T]) -> T:
        """The operation's result. On the loop's own thread it is run at once."""
        if threading.get_ident() == self._thread:
            return operation()
        future: Future[T] = Future()

        def settle() -> None:
            try:
                future.set_result(operation())
            except Exception as error:  # noqa: BLE001 - it is raised in the thread that waits
                future.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(settle)
        except RuntimeError:
            raise _stopped() from None
        while not wait([future], timeout=_LOOK).done:
            if not self._loop.is_running():
                raise _stopped()
        return future.result()


def _stopped() -> WireError:
    return WireError("the server has stopped; nothing can be read or changed in it any more")
