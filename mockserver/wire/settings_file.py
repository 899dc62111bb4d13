"""Applies a changed settings file while the mock runs: all of it that can change, or nothing where it is wrong."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from mockserver.api.gateway import Gateway
from mockserver.core.errors import IfindMockError
from mockserver.settings.table import SETTINGS, Settings
from mockserver.standard_error import write_failure

_Job: TypeAlias = Callable[[], None]
_LONG = 25
"""Looks after which it is said that the file is still being read."""


def in_thread(job: _Job) -> None:
    """Runs the job in a thread that keeps nothing from ending."""
    threading.Thread(target=job, name="ifind-mock-settings", daemon=True).start()


class SettingsFile:
    """The settings file, and the profile that it names, as they were applied last.

    A change is noticed by their time, size and number, and applied once they have stayed the same from one look to the
    next: an editor may write a file in pieces, or take it away for a moment. No signal asks for it: SIGHUP says
    that the terminal has gone, and must end the mock. say takes the lines about what came of it. run has it read and
    applied: reading may take seconds, and for ever where the file names a pipe. guard keeps all else from the mock
    while it is applied.
    """

    def __init__(
        self,
        load: Callable[[], Settings],
        settings: Settings,
        gateway: Gateway,
        guard: Callable[[_Job], object],
        say: Callable[[str], object],
        *,
        run: Callable[[_Job], object] = in_thread,
    ) -> None:
        self._load = load
        self._started = self._applied = settings
        self._gateway = gateway
        self._guard = guard
        self._say = say
        self._run = run
        self._reading: Future[Settings] | None = None
        self._looks = 0  # since the reading began
        self._known = self._last = self._state()

    def look(self) -> None:
        """Has the file applied, where it has changed; says what came of it. Called on the loop, again and again."""
        file = self._applied.file
        try:
            if self._reading is None and not self._begins():
                return
            settings = self._read()
            if settings is None:
                return
        except Exception as error:  # noqa: BLE001 - a bug there must not end the looking
            self._reading = None
            if not isinstance(error, IfindMockError):
                write_failure(f"{file}: reading it", error)
            for line in str(error).splitlines() if isinstance(error, IfindMockError) else ():
                self._say(line)
            self._say(f"{file}: has changed and is not applied; the settings stay as they were")
            return
        changed = [s.name for s in SETTINGS if s.live and _differ(s.name, settings, self._applied)]
        waiting = [s.name for s in SETTINGS if not s.live and _differ(s.name, settings, self._started)]
        profile = self._applied.values["profile"]
        self._applied = settings
        if settings.values["profile"] != profile:
            self._known = self._last = (self._known[0], *self._state()[1:])
        told = f"in force from now on: {', '.join(changed)}" if changed else "the settings in force stay as they were"
        self._say(f"{file}: has changed; {told}")
        if waiting:
            self._say(f"{file}: can't change while the mock runs, restart it for {', '.join(waiting)}")

    def _begins(self) -> bool:
        """Begins to read the file, where it has changed. Raises IfindMockError for one that can't be read."""
        state = self._state()
        if state == self._known or state != self._last:
            self._last = state
            return False
        self._known = self._last = state
        file, found = self._applied.file, state[0]
        if found is None:
            self._say(f"{file}: is gone; what it said stays in force until the mock is started again")
            return False
        if not stat.S_ISREG(found.st_mode):
            raise IfindMockError(f"{file}: is no ordinary file any more")
        self._reading, self._looks = Future(), 0
        self._run(partial(_settle, self._reading, self._take))
        return True

    def _take(self) -> Settings:
        """Reads the file and applies it."""
        settings = self._load()
        self._guard(partial(self._apply, settings))
        return settings

    def _apply(self, settings: Settings) -> None:
        self._gateway.mock.configure(settings.profile, settings.simulation)
        self._gateway.plain = settings.plain

    def _read(self) -> Settings | None:
        """The settings, once they have been applied. Raises what has kept them from it."""
        reading = self._reading
        if reading is None or not reading.done():
            self._looks += 1
            if self._looks == _LONG:
                self._say(f"{self._applied.file}: has changed, and it, or a file that it names, is still being read")
            return None
        self._reading = None
        return reading.result()

    def _state(self) -> tuple[_Found | None, ...]:
        profile = self._applied.values["profile"]
        return tuple(_state_of(path) for path in (self._applied.file, *([profile] if isinstance(profile, str) else ())))


class _Found(NamedTuple):
    """What is known of a file without reading it."""

    st_mtime_ns: int
    st_size: int
    st_ino: int
    st_mode: int


def _settle(reading: Future[Settings], take: Callable[[], Settings]) -> None:
    try:
        reading.set_result(take())
    except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
        reading.set_exception(error)


def _differ(name: str, one: Settings, other: Settings) -> bool:
    if name == "profile":
        return one.profile.choices != other.profile.choices
    return bool(getattr(one, name) != getattr(other, name))


def _state_of(path: str | Path) -> _Found | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return _Found(found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
