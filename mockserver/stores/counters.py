"""What is counted for a login in the process: the calls of its current window, and the samples that were drawn."""

from __future__ import annotations

from mockserver.core.messages import Micros


class Counters:
    """The counts of a store. They end with the process, and a transaction that fails does not take them back."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[Micros, int]] = {}
        self._samples: dict[str, dict[str, int]] = {}

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        """Counts a call of the login in its current window of the period. Gives 0 where it is within the allowed
        number, else the time until the window ends.
        """
        start, count = self._windows.get(login, (now, 0))
        if not start <= now < start + period:
            start, count = now, 0
        self._windows[login] = (start, count + 1)
        return 0 if count < allowed else start + period - now

    def next_sample(self, login: str, what: str) -> int:
        """The number, from 1, of the next sample that is drawn for the login (empty: the server) and the purpose."""
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
