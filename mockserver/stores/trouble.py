"""What is wrong with a store: said once on standard error when it begins, and once when it is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mockserver.machine_time import monotonic

OFTEN, QUIET = 5, 60.0
"""A trouble that comes and goes is said so often within so many seconds, and then when it stays for as long."""


class Trouble:
    """The trouble of one store. now is its sentence; None while all is well. meanwhile says what follows from it."""

    def __init__(
        self,
        name: str,
        say: Callable[[str], object],
        meanwhile: str = "Until then, calls that need it are answered with an error",
    ) -> None:
        self._name = name
        self._say = say
        self._meanwhile = meanwhile
        self._said: dict[str, deque[float]] = {}
        self._since = 0.0
        self._silent = False
        self.now: str | None = None

    def begins(self, sentence: str) -> None:
        """Takes note of a failure. Another sentence than the last one is a new trouble."""
        now = monotonic()
        if self.now != sentence:
            self.now, self._since = sentence, now
            said = self._said.setdefault(sentence, deque(maxlen=OFTEN))
            self._silent = len(said) == OFTEN and now - said[0] < QUIET
        elif self._silent and now - self._since > QUIET:
            self._silent = False
        else:
            return
        if not self._silent:
            self._said[sentence].append(now)
            self._say(f"{sentence}. {self._meanwhile}")

    def is_over(self, how: str = "works again") -> None:
        """Takes note of a success."""
        if self.now is not None and not self._silent:
            self._say(f"{self._name}: {how}")
        self.now = None
