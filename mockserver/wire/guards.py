"""Where the state is touched: on the event loop, or in a thread of its own where the store may make it wait."""

from __future__ import annotations

import asyncio
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from mockserver.api.http import SOON
from mockserver.machine_time import monotonic
from mockserver.wire.failures import WireError

T = TypeVar("T")

_LOOK = 0.2  # seconds between two checks that the state may still be touched, while an operation waits for it
_REST = 0.1  # seconds for which the end of a server waits for the operation that runs


def ignored(_result: object) -> None:
    """Does nothing with the result of an operation."""


class StateGuard(ABC):
    """Runs operations one at a time, in the order in which they come, so that state needs no lock.

    `guard(operation)` returns what the operation returns, and raises what it raises. Made on the loop's thread. Raises
    WireError where the server has ended, also while an operation waits for its turn.
    """

    apart = False
    """Whether operations run beside the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._process = os.getpid()
        self._ident: int | None = threading.get_ident()

    def __call__(self, operation: Callable[[], T]) -> T:
        """The operation's result. Within another operation it is run at once."""
        return self._result(operation, None)

    def soon(self, operation: Callable[[], T]) -> T:
        """The same, but raises TimeoutError where another operation takes longer than SOON."""
        return self._result(operation, SOON)

    def _result(self, operation: Callable[[], T], patience: float | None) -> T:
        if self._process != os.getpid():  # the copy of the loop says for ever that it runs
            raise WireError(
                "the mock runs in the process from which this one was forked; ask it at its URL: Mock.at(url)"
            )
        if threading.get_ident() == self._ident:
            return operation()
        future: Future[T] = Future()

        def settle() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(operation())
            except Exception as error:  # noqa: BLE001 - it is raised in the thread that waits
                future.set_exception(error)

        try:
            self._submit(settle)
        except RuntimeError:
            raise _stopped() from None
        while not wait([future], timeout=_LOOK if patience is None else self._left(patience)).done:
            if not self._runs():
                raise _stopped()
            if patience is not None and not self._left(patience):
                future.cancel()
                raise TimeoutError
        return future.result()

    @property
    def is_held(self) -> bool:
        """Whether the running operation has taken longer than SOON."""
        return not self._left(SOON)

    def _left(self, _patience: float) -> float:
        """Seconds until the running operation has taken longer than the patience. On the loop, none takes long."""
        return _LOOK

    @abstractmethod
    def run(self, operation: Callable[[], T], then: Callable[[T], object] = ignored) -> None:
        """Runs the operation, which raises nothing, and then `then` with its result on the loop. Called on the loop."""

    @abstractmethod
    def tell(self, job: Callable[[], object]) -> None:
        """Has the job, which raises nothing, done on the loop. Called in an operation."""

    @abstractmethod
    def _submit(self, job: Callable[[], None]) -> object:
        """Has the job run soon. Raises RuntimeError after the end."""

    @abstractmethod
    def _runs(self) -> bool:
        """Whether what was submitted will be run."""

    @abstractmethod
    def close(self) -> None:
        """Runs no operation any more but the one that runs."""

    def release(self, close: Callable[[], object]) -> None:
        """Calls close, which ends the use of the state, once no operation runs any more. Called after `close`."""
        close()


class LoopGuard(StateGuard):
    """Runs operations on the loop."""

    def run(self, operation: Callable[[], T], then: Callable[[T], object] = ignored) -> None:
        """See StateGuard: at once."""
        then(operation())

    def tell(self, job: Callable[[], object]) -> None:
        """See StateGuard: at once."""
        job()

    def close(self) -> None:
        """See StateGuard: the loop ends them."""

    def _submit(self, job: Callable[[], None]) -> object:
        return self._loop.call_soon_threadsafe(job)

    def _runs(self) -> bool:
        return self._loop.is_running()


class ThreadGuard(StateGuard):
    """Runs operations in a thread of its own, so that the loop goes on while one of them waits for a lock, a disk or
    another machine. Raises WireError where the system lets this process start no thread.
    """

    apart = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._ended = False
        self._began: float | None = None  # when the running operation began, in monotonic time
        self._thread = threading.Thread(target=self._work, name="ifind-mock-state", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            raise WireError("the system lets the mock start no thread; raise ulimit -u") from None
        self._ident = self._thread.ident

    def run(self, operation: Callable[[], T], then: Callable[[T], object] = ignored) -> None:
        """See StateGuard: in the thread."""

        def job() -> None:
            result = operation()
            self.tell(lambda: then(result))

        self._jobs.put(job)

    def tell(self, job: Callable[[], object]) -> None:
        """See StateGuard: soon, and after what was told before."""
        with suppress(RuntimeError):  # the loop has ended, and the clients with it
            self._loop.call_soon_threadsafe(job)

    def _submit(self, job: Callable[[], None]) -> object:
        if self._ended:
            raise RuntimeError
        self._jobs.put(job)
        return None

    def _runs(self) -> bool:
        return not self._ended

    def _left(self, patience: float) -> float:
        began = self._began
        return max(patience if began is None else began + patience - monotonic(), 0)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if self._ended:
                return
            self._began = monotonic()
            job()
            self._began = None

    def close(self) -> None:
        """See StateGuard."""
        self._ended = True
        self._jobs.put(lambda: None)

    def release(self, close: Callable[[], object]) -> None:
        """See StateGuard. Where an operation still waits, a thread waits for it: the process may end before."""
        self._thread.join(_REST)
        if not self._thread.is_alive():
            close()
            return

        def later() -> Any:
            self._thread.join()
            close()

        threading.Thread(target=later, name="ifind-mock-end", daemon=True).start()


def _stopped() -> WireError:
    return WireError("the server has stopped; nothing can be read or changed in it any more")
