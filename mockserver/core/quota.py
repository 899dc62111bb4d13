"""The day of the daily limit."""

from __future__ import annotations

from mockserver.core.messages import SECOND, Micros

DAY: Micros = 86_400 * SECOND


def day_of(now: Micros, turn: Micros) -> int:
    """The number of the day that now belongs to; turn is when a day begins, in microseconds after 00:00 UTC."""
    return (now - turn) // DAY


def next_turn(now: Micros, turn: Micros) -> Micros:
    """The first moment of the day after now's."""
    return (day_of(now, turn) + 1) * DAY + turn
