"""A mock of several processes: each worker is a whole mock, and all have one store."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mockserver.api.mock import Mock
from mockserver.core.errors import IfindMockError, Problem, Refusal
from mockserver.settings.limits import Limits
from mockserver.settings.table import SETTINGS, Settings
from mockserver.standard_error import STANDARD_ERROR, write_line
from mockserver.stores.opening import end_run, look_after
from mockserver.stores.state_run import PART, Run
from mockserver.wire.listening import sockets
from mockserver.wire.own_directory import own_directory
from mockserver.wire.serving import opened
from mockserver.wire.settings_file import SettingsFile
from mockserver.wire.workers import CHANGED, WorkerChannel, Workers, say_at_once, serve_worker

_TOTAL = ("connections", "control_connections", "queued_total")
"""Limits that hold for all workers together; each has its part of them, as it has of the connections."""
_FIRST = Run(ends=False)
_LONGEST = 1.0  # seconds for which the settings file is read again


@dataclasses.dataclass
class ManyProcesses:
    """A mock of as many processes as its settings say. load reads them anew; begin is called with the first mock."""

    settings: Settings
    load: Callable[[], Settings]
    tls: ssl.SSLContext | None
    begin: Callable[[Mock], object]

    def __post_init__(self) -> None:
        """Raises Refusal where the system has no such processes."""
        if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
            what = "several processes can't share connections on this system"
            raise Refusal(Problem(self.settings.places["workers"], what, "leave it out"))
        self._parent = os.getpid()
        self._begun = False

    def run(self, on_ready: Callable[[str, int], None], is_over: Callable[[], bool]) -> None:
        """Serves as `Workers.run` does. Raises what that raises, and WireError for an address that can't be bound."""
        with _shared(self.settings.state) as (state, self._directory):
            self._state = state
            listeners = sockets(self.settings.host, self.settings.port)
            workers = Workers(self.settings.workers, self._work, listeners, say, self._reload)

            def ready(host: str, port: int) -> None:
                self._begun = True
                on_ready(host, port)

            try:
                workers.run(ready, is_over)
            finally:
                self._clean_up()

    def _work(self, channel: WorkerChannel, number: int) -> None:
        """Serves as a worker, by the settings file as it is now; the first says what comes of its changes."""
        self._reload()
        settings = self.settings
        if self._begun:
            channel.tell(CHANGED)  # else those that start when the file is wrong again would not have them
            look_after(self._state)
        own = dataclasses.replace(settings, state=self._state, limits=_part(settings.limits, settings.workers))
        log = STANDARD_ERROR.write if settings.access_log else None
        # Where all workers have died, the first that is back must not take itself for the first of a new mock.
        run = PART if self._begun or number > 1 else _FIRST
        with opened(own, log, self.tls, run) as (gateway, server):
            if not self._begun and number == 1:
                self.begin(gateway.mock)

            def within(operation: Callable[[], None]) -> None:
                server.guard(operation)
                channel.tell(CHANGED)

            file = SettingsFile(self.load, settings, gateway, within, write_line if number == 1 else _to_nobody)
            serve_worker(server, channel, file.look)
        if os.getppid() != self._parent:  # which was killed, and can do no more
            self._clean_up()

    def _clean_up(self) -> None:
        """Ends what ends with the mock, where no other process is left."""
        if self._directory is None:
            end_run(self._state)
        else:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _reload(self) -> None:
        """Takes from the settings file, where it is right, what can change while the mock runs. Nothing is left to read
        in a pipe, as a shell gives for `<(…)`; one that the file names could hold this process for ever.
        """
        if not self.settings.file.is_file():
            return
        try:
            with _no_longer(_LONGEST):
                found = self.load()
        except (IfindMockError, TimeoutError):
            return  # whoever looks at the file has said it
        live = {setting.name: getattr(found, setting.name) for setting in SETTINGS if setting.live}
        values = {**self.settings.values, **{name: found.values[name] for name in live}}
        self.settings = dataclasses.replace(self.settings, **live, values=values)


@contextmanager
def _no_longer(seconds: float) -> Iterator[None]:
    """Raises TimeoutError where what is done inside, on the main thread, takes longer."""

    def end(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _shared(state: str) -> Iterator[tuple[str, Path | None]]:
    """A state that processes can share: in place of memory a file in a directory of its own, which is the second."""
    if state != "memory":
        yield state, None
        return
    with own_directory("state") as directory:
        yield str(directory / "state.db"), directory


def _part(limits: Limits, workers: int) -> Limits:
    return dataclasses.replace(limits, **{name: -(-getattr(limits, name) // workers) for name in _TOTAL})


def say(line: str) -> None:
    """Writes a line of the mock to standard error, from the parent, which has no thread for it."""
    say_at_once(f"ifind-mock: {line}")


def _to_nobody(_line: str) -> None:
    return
