"""Which tasks a store keeps: the last ones, and those that are young enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mockserver.core.messages import Micros

FEW = 10
"""Tasks that a store drops at a create, at most: a sweep would hold all calls."""
_MARKS = 100
"""How finely time is taken: a task is kept for its time, and up to so much longer as one part in so many."""


class Retention:
    """number: how many tasks are kept, of all accounts; age: for how long, in real time. 0 is without such a limit. now
    tells real time.
    """

    def __init__(self, number: int, age: Micros, now: Callable[[], Micros]) -> None:
        self._number, self._age, self._now = number, age, now
        self._latest = now()  # when the last id was given out, or this was made
        self._marks: deque[tuple[Micros, int]] = deque()  # times, with the highest id that was given out by then
        self._aged = 0  # the highest id that is too old

    def gone(self, last: int) -> int:
        """The highest id that is not kept any more. last is the one that has just been given out."""
        if self._age:
            self._look(last)
        return max(last - self._number, self._aged) if self._number else self._aged

    def _look(self, last: int) -> None:
        now = self._now()
        if not self._marks or (now - self._marks[-1][0]) * _MARKS >= self._age:
            self._marks.append((self._latest, last - 1))
        self._latest = now
        while self._marks and now - self._marks[0][0] >= self._age:
            _, self._aged = self._marks.popleft()
