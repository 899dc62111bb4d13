"""The pace of calls: a token bucket that waits and never refuses."""

from __future__ import annotations

import math
import time
from collections import deque
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
    _went: deque[float] = field(default_factory=lambda: deque(maxlen=1000), repr=False)

    def slow_down(self, seconds: float) -> None:
        """Delays the next call so long, and halves the pace from then on (SLOWEST at least). Without a limit, the pace
        is that of the last second, and 8 calls at least.
        """
        latest = [at for at in self._went if at > self.clock() - 1]
        now = self.per_second or max(8.0, len(latest))
        self.per_second = max(now / 2, min(now, SLOWEST))
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
        self._went.append(self.clock())
        return True
