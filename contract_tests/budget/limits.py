"""What a run may take of a target: units, calls, pace and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

UNITS = 12
"""Units that creates may take on the user's account, where no budget is named."""
CALLS = 60
"""Calls of the covering plan at most, polls of a task that is ready within some seconds included."""
SECONDS = 900.0
"""How long the covering plan may take on the user's account."""
RATE = 1.0
"""Calls a second to a target elsewhere, where no rate is named."""
RATE_SHARE = 0.9
"""The share of a target's own rate limit that a run uses."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take; None is without limit."""

    units: int | None = None
    calls: int | None = None
    rate: float | None = None
    """Calls a second."""
    seconds: float | None = None
    pauses: Sequence[float] = (1.0, 3.0)
    """Seconds before each further try of a call that failed."""
    no_creates: str = ""
    """Why no create may be sent at all; empty where creates may."""


def limits_for(
    named: Limits, *, full: bool, loopback: bool, own_accounts: bool = False, rate_limit: float | None = None
) -> Limits:
    """The limits of a run: those that the user named, over the defaults.

    own_accounts: the accounts are made for the run, so the target is a mock: its units cost nothing, and its faults are
    its own, so that nothing is tried twice. rate_limit: calls a second that the target's profile allows.
    """
    covering = not own_accounts and not full
    rates = (named.rate or (None if loopback else RATE), rate_limit and RATE_SHARE * rate_limit)
    return replace(
        named,
        units=UNITS if named.units is None and not own_accounts else named.units,
        calls=CALLS if covering else None,
        rate=min(filter(None, rates), default=None),
        seconds=named.seconds or (SECONDS if covering else None),
        pauses=() if own_accounts else (0.05, 0.15) if loopback else (1.0, 3.0),
    )
