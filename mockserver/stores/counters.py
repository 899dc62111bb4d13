"""What is counted for a login in a process: the calls of its current window, and the samples that were drawn."""

from __future__ import annotations

from mockserver.core.messages import Micros


class Counters:
    """The counts of a store that is not shared (see Store). A transaction that fails does not take them back."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[Micros, int]] = {}
        self._samples: dict[str, dict[str, int]] = {}

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        """See Store."""
        start, count = self._windows.get(login, (now, 0))
        if not start <= now < start + period:
            start, count = now, 0
        self._windows[login] = (start, count + 1)
        return 0 if count < allowed else start + period - now

    def next_sample(self, login: str, what: str) -> int:
        """See Store."""
        samples = self._samples.setdefault(login, {})
        samples[what] = number = samples.get(what, 0) + 1
        return number

    def clear(self, login: str | None) -> None:
        """Forgets the counts of the login, with None all."""
        if login is None:
            self._windows, self._samples = {}, {}
            return
        self._windows.pop(login, None)
        self._samples.pop(login, None)
