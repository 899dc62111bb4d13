"""What is wrong with a store: said once on standard error when it begins, and once when it is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress

QUIET = 60.0
"""Seconds for which a trouble that comes and goes is not said again."""


def to_standard_error(line: str) -> None:
    """Writes a line to standard error, where there is one."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"ifind-mock: {line}\n")
        sys.stderr.flush()


class Trouble:
    """The trouble of one store. now is its sentence; None while all is well."""

    def __init__(self, name: str, say: Callable[[str], object] = to_standard_error) -> None:
        self._name = name
        self._say = say
        self._silent = False
        self._said: dict[str, float] = {}
        self.now: str | None = None

    def begins(self, sentence: str) -> None:
        """Takes note of a failure. Another sentence than the last one is a new trouble."""
        if self.now == sentence:
            return
        time_now = time.monotonic()
        self._said = {text: said for text, said in self._said.items() if time_now - said < QUIET}
        self._silent = sentence in self._said
        self._said[sentence] = time_now
        self.now = sentence
        if not self._silent:
            self._say(f"{sentence}. Until then, calls that need it are answered with an error")

    def is_over(self, how: str = "works again") -> None:
        """Takes note of a success."""
        if self.now is not None and not self._silent:
            self._say(f"{self._name}: {how}")
        self.now = None
