"""Applies a changed settings file while the mock runs: all of it that can change, or nothing where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from mockserver.api.gateway import Gateway
from mockserver.core.errors import IfindMockError
from mockserver.settings.table import SETTINGS, Settings

_State: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class SettingsFile:
    """The settings file, and the profile that it names, as they were applied last.

    A change is noticed by their time, size and number, and applied once they have stayed the same from one look to the
    next: an editor may write a file in pieces, or take it away for a moment. No signal asks for it: SIGHUP says
    that the terminal has gone, and must end the mock. say takes the lines about what came of it.
    """

    def __init__(
        self, load: Callable[[], Settings], settings: Settings, gateway: Gateway, say: Callable[[str], object]
    ) -> None:
        self._load = load
        self._started = self._applied = settings
        self._gateway = gateway
        self._say = say
        self._known = self._last = self._state()

    def look(self) -> None:
        """Applies the file, where it has changed. Called on the loop, a few times a second."""
        state = self._state()
        if state == self._known or state != self._last:
            self._last = state
            return
        self._known = self._last = state
        file = self._applied.file
        try:
            if state[0] is None:
                raise IfindMockError(f"{file}: is gone")
            settings = self._load()
            self._gateway.mock.configure(settings.profile, settings.simulation)
        except IfindMockError as error:
            for line in str(error).splitlines():
                self._say(line)
            self._say(f"{file}: has changed and is not applied; the settings stay as they were")
            return
        self._gateway.plain = settings.plain
        changed = [s.name for s in SETTINGS if s.live and _differ(s.name, settings, self._applied)]
        waiting = [s.name for s in SETTINGS if not s.live and _differ(s.name, settings, self._started)]
        self._applied = settings
        self._known = self._last = self._state()  # it may name another profile
        told = f"in force from now on: {', '.join(changed)}" if changed else "the settings in force stay as they were"
        self._say(f"{file}: has changed; {told}")
        if waiting:
            self._say(f"{file}: can't change while the mock runs, restart it for {', '.join(waiting)}")

    def _state(self) -> _State:
        profile = self._applied.values["profile"]
        return tuple(_state_of(path) for path in (self._applied.file, *([profile] if isinstance(profile, str) else ())))


def _differ(name: str, one: Settings, other: Settings) -> bool:
    if name == "profile":
        return one.profile.choices != other.profile.choices
    return bool(getattr(one, name) != getattr(other, name))


def _state_of(path: str | Path) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
