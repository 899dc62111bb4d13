"""The pace of calls: a token bucket that waits and never refuses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


SLOWEST = 0.1
"""Calls a second below which no refusal slows a run down."""


@dataclass
class Pacer:
    """A token bucket: waits until the next call may go out."""

    per_second: float | None = None  # None: no limit
    burst: float = 1.0  # calls that may follow each other at once after a rest
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    _due: float = field(default=-math.inf, repr=False)

    def slow_down(self, seconds: float) -> None:
        """Delays the next call so long, and halves the pace from then on (4 a second at most, SLOWEST at least)."""
        now = self.per_second or 8.0
        self.per_second = max(min(now / 2, 4.0), min(now, SLOWEST))
        self._due = max(self._due, self.clock() + seconds)

    def wait(self, end: float | None = None) -> bool:
        """Sleeps as long as needed; where that would be past the moment `end`, returns False at once."""
        now = self.clock()
        if self.per_second is not None:
            self._due = max(self._due, now - (self.burst - 1) / self.per_second)
        pause = max(0.0, self._due - now)
        if end is not None and now + pause >= end:
            return False
        if pause:
            self.sleep(pause)
        if self.per_second is not None:
            self._due += 1 / self.per_second
        return True
