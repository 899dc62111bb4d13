"""Several processes behind one address: the parent accepts, and hands each connection to the worker that has fewest.

A socket that all of them listened on would leave the choice to the system, which gives one worker far more than its
share where connections are few and last. A worker is forked, so that it has the settings and the keys of TLS as the
parent has them; the parent therefore has no thread and no event loop. Between the two is a socket. Over it go the
connections, each with a byte, and their end tells the worker to stop. Back go bytes: READY, CLOSED for each connection
that has ended, LEAVING where a signal has asked the worker to end, CHANGED, and FAILED before the text of an error.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import select
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from mockserver.core.errors import IfindMockError
from mockserver.standard_error import STANDARD_ERROR, write_failure
from mockserver.wire.failures import WireError
from mockserver.wire.listening import bound_address
from mockserver.wire.server import Server
from mockserver.wire.serving import SWITCH, ending_signals, fastest_loop, serve_until

READY, CLOSED, LEAVING, CHANGED, FAILED = b"r", b"c", b"l", b"s", b"f"
_PASSED = b"."  # the byte that goes with a connection
_ACCEPTED = 16  # connections that are accepted before the parent does other work
_DRAIN = 0.005  # seconds in which a stopping parent still takes connections that have already reached it
_LAST = 2.0  # seconds after which a worker that was told to stop is killed; by itself it ends within one
_AGAIN = 0.1  # seconds until a connection is accepted again, where the system, or every worker, could not take it
_SAID_AGAIN = 60.0  # seconds until the same trouble is said again
_LOOK = 0.2  # seconds between two looks whether it is over
_SHORT, _LONGEST = 1.0, 5.0
"""Seconds: a worker that ends after less is started again after a while, which grows up to the second."""
_TRIES = 8  # of each worker, one after another, while none serves


class _Handed(socket.socket):
    """A connection that the parent has accepted."""

    tell: Callable[[bytes], object] | None = None

    def close(self) -> None:
        super().close()
        self._end()

    def detach(self) -> int:
        """Uvloop calls it in place of `close`."""
        number = super().detach()
        self._end()
        return number

    def _end(self) -> None:
        if self.tell is not None:
            self.tell(CLOSED)
            self.tell = None


class WorkerChannel:
    """The worker's end: what a server takes for a socket that listens."""

    def __init__(self, channel: socket.socket, address: Any) -> None:
        self._channel = channel
        self._address = address
        self._unsent = b""
        self._lock = threading.Lock()
        self.ended = asyncio.Event()  # whether the parent takes no more connections for this worker, or is gone

    def fileno(self) -> int:
        """The number of the socket, for a loop that waits for connections."""
        return self._channel.fileno()

    def getsockname(self) -> Any:
        """The address that the parent listens on."""
        return self._address

    def accept(self) -> tuple[socket.socket, None]:
        """The next connection. Raises BlockingIOError where none has come, and OSError."""
        byte, numbers, _, _ = socket.recv_fds(self._channel, 1, 1)
        if not byte:
            self.ended.set()
            raise BlockingIOError
        if not numbers:  # this process may open no more files, and the connection is lost
            self.tell(CLOSED)
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        opened = _Handed(fileno=numbers[0])
        opened.tell = self.tell
        return opened, None

    def tell(self, told: bytes) -> None:
        """Tells the parent. What it does not take at once is told with the next."""
        with self._lock:
            self._unsent += told
            with suppress(OSError):  # it is busy, or gone
                self._unsent = self._unsent[self._channel.send(self._unsent) :]

    def close(self) -> None:
        """Nothing: the parent takes the end of the channel for the end of the process."""


Work: TypeAlias = Callable[[WorkerChannel, int], None]
"""What a worker does, given its channel and its number from 1: `serve_worker`, at last. May raise IfindMockError."""


def serve_worker(server: Server, channel: WorkerChannel, look: Callable[[], object]) -> None:
    """Serves the connections of the channel until it ends. look is called again and again."""

    def look_again() -> None:
        look()
        runner.get_loop().call_later(_LOOK, look_again)

    sys.setswitchinterval(SWITCH)
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        runner.get_loop().add_signal_handler(signal.SIGTERM, channel.tell, LEAVING)
        runner.get_loop().call_later(_LOOK, look_again)
        starts = server.start("", 0, [channel])
        runner.run(serve_until(server, starts, lambda *_: channel.tell(READY), channel.ended))


@dataclass(eq=False)
class _Worker:
    """A worker, as the parent sees it."""

    number: int
    process: int
    channel: socket.socket
    began: float
    connections: int = 0
    ready: bool = False
    leaving: bool = False
    error: bytes | None = None  # the text of the error that has ended it


@dataclass(eq=False)
class Workers:
    """The parent of so many workers."""

    number: int
    work: Work
    listeners: Sequence[socket.socket]
    say: Callable[[str], object]  # takes lines about workers that end; must not wait
    changed: Callable[[], object]  # called where a worker tells CHANGED
    _workers: dict[int, _Worker] = field(default_factory=dict)  # by their numbers
    _due: dict[int, float] = field(default_factory=dict)  # when each that has ended is started again
    _brief: dict[int, int] = field(default_factory=dict)  # how often each has ended early, one time after the other
    _in_vain: int = 0  # starts that came to nothing, since a worker has last served
    _failing: dict[int, str] = field(default_factory=dict)  # what keeps each from starting, as it was said last
    _held: list[socket.socket] = field(default_factory=list)  # a connection that no worker could take yet
    _accepting: bool = False
    _paused: float = 0.0  # until when none is accepted
    _said: float = float("-inf")  # when it was said last that no connection can be accepted
    _over: bool = False

    def run(self, on_ready: Callable[[str, int], None], is_over: Callable[[], bool]) -> None:
        """Serves until one of `ending_signals`, or is_over says so, which is asked again and again. on_ready gets the
        bound address once all workers accept connections. Raises WireError where one can't start at first, and where
        none can later on.
        """
        gc.freeze()  # what is there now stays in memory that the workers share
        with selectors.DefaultSelector() as self._selector, self._woken():
            self._start(1)  # alone at first: it makes the state ready for all
            try:
                while not self._over and not is_over():
                    self._turn()
                    if not self._accepting and self._first_are_ready():
                        self._accepting = True
                        on_ready(*bound_address(self.listeners[0]))
            finally:
                self._stop()

    def _first_are_ready(self) -> bool:
        if len(self._workers) == 1 and self._workers[1].ready:
            for number in range(2, self.number + 1):
                self._start(number)
        return len(self._workers) == self.number and all(one.ready for one in self._workers.values())

    def _turn(self) -> None:
        """Waits for something to do, for no longer than until the next look, and does it."""
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            try:
                self._start(number)
            except OSError as error:
                self._due[number] = now + _LONGEST
                self.say(f"worker {number} can't be started: {error.strerror}; it is tried again")
                self._fails(error.strerror or "")
        takes = self._accepting and now >= self._paused and self._fewest() is not None
        for listener in self.listeners:
            if takes != (listener in self._selector.get_map()):
                if takes:
                    self._selector.register(listener, selectors.EVENT_READ, self._accept)
                else:
                    self._selector.unregister(listener)
        if takes and self._held:
            self._hand(self._held.pop())
        for key, _ in self._selector.select(_LOOK if takes and not self._due else _AGAIN):
            key.data(key.fileobj)

    # Connections.

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED):
            try:
                opened, _peer = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:  # the client has gone, or the system can't, and would be asked for ever
                self._paused = time.monotonic() + _AGAIN
                if error.errno in (errno.EMFILE, errno.ENFILE) and self._paused > self._said + _SAID_AGAIN:
                    self._said = self._paused
                    self.say("can't accept connections: too many open files; raise ulimit -n. Clients wait meanwhile")
                return
            if not self._hand(opened):
                return

    def _hand(self, opened: socket.socket) -> bool:
        """Hands a connection to the worker that has fewest, or keeps it for a moment. Returns whether one took it."""
        while (worker := self._fewest()) is not None:
            try:
                socket.send_fds(worker.channel, [_PASSED], [opened.fileno()])
            except BlockingIOError:
                break
            except OSError:
                worker.leaving = True  # it has ended, which is seen next
                continue
            worker.connections += 1
            opened.close()
            return True
        self._held.append(opened)
        self._paused = time.monotonic() + _AGAIN
        return False

    def _fewest(self) -> _Worker | None:
        able = (one for one in self._workers.values() if one.ready and not one.leaving)
        return min(able, key=lambda one: one.connections, default=None)

    # Workers.

    def _start(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        try:
            process = os.fork()
        except OSError:
            ours.close()
            theirs.close()
            raise
        if not process:
            ours.close()
            self._become(number, theirs)
        self._due.pop(number, None)
        theirs.close()
        ours.setblocking(False)
        self._workers[number] = worker = _Worker(number, process, ours, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self._hear(worker))

    def _become(self, number: int, channel: socket.socket) -> NoReturn:
        """Goes on as a worker, in the forked process. What is the parent's would keep others from seeing its end."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for ignored in (signal.SIGINT, signal.SIGHUP):  # they go to the parent, too, which ends the workers
                signal.signal(ignored, signal.SIG_IGN)
            address = self.listeners[0].getsockname()
            for one in (*self.listeners, *self._held, *self._waker, *(w.channel for w in self._workers.values())):
                one.close()
            self._selector.close()
            channel.setblocking(False)
            handed = WorkerChannel(channel, address)
            try:
                self.work(handed, number)
                status = 0
            except IfindMockError as error:
                handed.tell(FAILED + str(error).encode())
        except BaseException as error:  # noqa: BLE001 - nothing of the parent's may run here
            write_failure(f"worker {number}", error)
        finally:
            STANDARD_ERROR.flush()
            os._exit(status)  # what is to be done at the end of the parent is not done here

    def _hear(self, worker: _Worker) -> None:
        try:
            told = worker.channel.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            told = b""
        if not told:
            self._bury(worker)
            return
        if worker.error is not None:
            worker.error += told
            return
        told, failed, text = told.partition(FAILED)
        worker.error = text if failed else None
        worker.connections -= told.count(CLOSED)
        if READY in told:
            worker.ready = True
            self._in_vain = 0
            if self._failing.pop(worker.number, None) is not None:
                self.say(f"worker {worker.number} serves again")
        if LEAVING in told and not worker.leaving:
            worker.leaving = True
            with suppress(OSError):
                worker.channel.shutdown(socket.SHUT_WR)
        if CHANGED in told:
            self.changed()

    def _bury(self, worker: _Worker) -> None:
        """Takes leave of a worker that has ended, and has it started again after a while."""
        self._selector.unregister(worker.channel)
        worker.channel.close()
        del self._workers[worker.number]
        _, status = os.waitpid(worker.process, 0)
        error = None if worker.error is None else worker.error.decode("utf-8", "replace")
        if self._over:
            return
        if not self._accepting:
            raise WireError(error or f"worker {worker.number} {_how(status)} before it could serve")
        lived = time.monotonic() - worker.began
        brief = self._brief[worker.number] = self._brief.get(worker.number, 0) + 1 if lived < _SHORT else 0
        self._due[worker.number] = time.monotonic() + (min(2.0**brief / 10, _LONGEST) if brief else 0)
        if error is not None and self._failing.get(worker.number) == error:
            self._fails(error)
            return  # it is tried for as long as another serves
        for line in (error or "").splitlines() if error not in self._failing.values() else ():
            self.say(line)
        if error is not None:
            self._failing[worker.number] = error
        self.say(f"worker {worker.number} (process {worker.process}) {_how(status)}; it is started again")
        if not worker.ready:
            self._fails(error or f"worker {worker.number} {_how(status)} before it could serve")

    def _fails(self, why: str) -> None:
        """Counts a start that came to nothing. Raises WireError where no worker serves, and none can be started."""
        if any(one.ready for one in self._workers.values()):
            return
        self._in_vain += 1
        if self._in_vain >= _TRIES * self.number:
            raise WireError(f"no worker can be started, after {self._in_vain} tries: {why}")

    # The end.

    def _stop(self) -> None:
        """Accepts no more, and ends the workers, with the answers in flight finished."""
        self._over = True
        for listener in self.listeners:
            end = time.monotonic() + _DRAIN
            while self._accepting and time.monotonic() < end:
                self._accept(listener)
            listener.close()
        for worker in self._workers.values():
            with suppress(OSError):
                worker.channel.shutdown(socket.SHUT_WR)
        end = time.monotonic() + _LAST
        while self._workers and time.monotonic() < end:
            for key, _ in self._selector.select(end - time.monotonic()):
                if isinstance(key.fileobj, socket.socket) and key.fileobj.fileno() >= 0:
                    key.data(key.fileobj)
        for worker in [*self._workers.values()]:
            with suppress(ProcessLookupError):
                os.kill(worker.process, signal.SIGKILL)
            self._bury(worker)

    @contextmanager
    def _woken(self) -> Iterator[None]:
        """Has signals end the turns."""

        def end(_number: int, _frame: object) -> None:
            self._over = True

        self._waker = socket.socketpair()
        for one in self._waker:
            one.setblocking(False)
        self._selector.register(self._waker[0], selectors.EVENT_READ, lambda one: one.recv(4096))
        before = {number: signal.signal(number, end) for number in ending_signals()}
        old = signal.set_wakeup_fd(self._waker[1].fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            for one in self._waker:
                one.close()


def _how(status: int) -> str:
    """How a process has ended, by the status that the system gives for it."""
    code = os.waitstatus_to_exitcode(status)
    name = next((one.name for one in signal.Signals if one == -code), f"the signal {-code}")
    return f"has ended with {code}" if code >= 0 else f"was ended by {name}"


def say_at_once(line: str) -> None:
    """Writes a line to standard error, without a thread, where that takes it now."""
    with suppress(AttributeError, OSError, ValueError):  # none, or closed
        number = sys.stderr.fileno()
        asked = select.poll()
        asked.register(number, select.POLLOUT)
        if asked.poll(0):
            os.write(number, f"{line}\n".encode("utf-8", "backslashreplace"))
