"""Real time, and the virtual clock: three numbers that turn real time into the mock's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from mockserver.core.errors import Conflict, Problem, Refusal
from mockserver.core.messages import SECOND, Micros

MOSCOW = timezone(timedelta(hours=3))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Micros = 32_503_680_000 * SECOND
"""The year 3000: a clock set further is a slip of the unit, and dates end at 9999."""

FASTEST = 1_000_000
"""How many times as fast as real time a clock may run."""


class RealTime:
    """Real time in microseconds since 1970. It follows the wall clock forward, and never goes back.

    The wall clock jumps forward when a computer wakes up, or when NTP sets it. Where it is set back, real time goes on
    by the monotonic clock, which a suspended computer stops; it stays ahead until the wall clock has caught up.
    """

    def __init__(self, wall: Callable[[], Micros], monotonic: Callable[[], Micros]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()  # what the monotonic clock lacks; it only grows

    def now(self, seen: Micros = 0) -> Micros:
        """The time. It is not before `seen`, a real time that another process has written down."""
        # The wall clock is read first: a pause between the two readings must not count as a jump forward.
        wall = self._wall()
        monotonic = self._monotonic()
        now = monotonic + self._offset
        if now >= wall and now >= seen:  # as nearly always
            return now
        self._offset = max(self._offset, max(wall, seen) - monotonic)  # another thread may have read meanwhile
        return monotonic + self._offset

    def passed(self, since: Micros) -> Micros:
        """The time since then, from whichever thread: it keeps nothing of what it reads."""
        wall = self._wall()
        monotonic = self._monotonic()
        return monotonic + max(self._offset, wall - monotonic) - since


@dataclass(frozen=True, slots=True)
class Clock:
    """The mock's time: `base` at the real time `since`, running `speed` times as fast as real time.

    Frozen is speed 0. base and since are microseconds since 1970.
    """

    base: Micros = 0
    since: Micros = 0
    speed: float = 1.0

    def now(self, real: Micros) -> Micros:
        """The mock's time at the real time `real`, which is not before `since`; it ends with the year 3000."""
        passed = real - self.since
        return min(self.base + (passed if self.speed == 1.0 else int(passed * self.speed)), LATEST)

    @property
    def frozen(self) -> bool:
        """Whether the time changes only when it is advanced."""
        return self.speed == 0

    def advanced(self, by: Micros, real: Micros) -> Clock:
        """This clock put forward at the real time `real`. Raises Refusal for a step back or one past the year 3000."""
        if by < 0:
            raise Refusal(Problem("seconds", f"{by / SECOND:g} is a step back", "allowed: 0 and more"))
        _in_range("seconds", self.now(real) + by)
        return replace(self, base=self.base + by)

    def set(self, real: Micros, *, now: Micros | None = None, speed: float | None = None) -> Clock:
        """This clock from the real time `real` on, at another time or speed. Raises Refusal for a time before 1970 or
        past the year 3000, or a speed outside 0 to 1,000,000.
        """
        if speed is not None and not 0 <= speed <= FASTEST:
            raise Refusal(Problem("speed", f"{speed:g} is out of range", f"allowed: 0 to {FASTEST}"))
        base = self.now(real) if now is None else now
        _in_range("now", base)
        return Clock(base=base, since=real, speed=self.speed if speed is None else speed)


def _in_range(where: str, base: Micros) -> None:
    if not 0 <= base <= LATEST:
        raise Conflict(Problem(where, "the clock would leave its range", "allowed: 1970 to the year 3000"))


def text_of(at: Micros) -> str:
    """The time as the API writes it in rows: `YYYY-MM-DD HH:MM:SS`, Moscow time; seen in clients of a related API."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M:%S")


def iso_of(at: Micros) -> str:
    """The time in ISO 8601 with Moscow's offset, as the control API writes it."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(MOSCOW).isoformat()


def parse_iso(text: str, where: str) -> Micros:
    """The time of an ISO 8601 text; one without an offset is Moscow time. Raises Refusal naming `where`."""
    try:
        stamp = datetime.fromisoformat(text)
        stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=MOSCOW)
        at = (stamp - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise Refusal(
            Problem(where, f"{text!r} is not an ISO 8601 time", "write it as 2030-01-01T00:00:00+03:00")
        ) from None
    _in_range(where, at)
    return at
