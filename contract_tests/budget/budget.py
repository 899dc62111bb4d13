"""What a run may take of a target, and what it has taken so far: units, calls, pace and time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.contract.outcome import Outcome

UNITS = 12
"""Units that creates may take on the user's account, where no budget is named."""
CALLS = 60
"""Calls of the covering plan at most, polls of a task that is ready within some seconds included."""
SECONDS = 900.0
"""How long the covering plan may take on the user's account, and a comparison of two servers."""
FULL_SECONDS = 4 * SECONDS
"""How long a run may take there that crosses what can be crossed: hundreds of calls."""
RATE = 1.0
"""Calls a second to a target elsewhere, where no rate is named."""
RATE_SHARE = 0.9
"""The share of a target's own rate limit that a run uses."""
TIME_UP = "the time of the run is up"
MEMORY = 160 * 2**20
"""Bytes that the answers of a run may take together. A run keeps them, as each is compared with others; no target that
means well has answers of a tenth of this.
"""


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
        seconds=named.seconds or (None if own_accounts else FULL_SECONDS if full else SECONDS),
        pauses=() if own_accounts else (0.05, 0.15) if loopback else (1.0, 3.0),
    )


class NotChecked(Exception):
    """A test can't check its clauses; the text says why."""

    def __init__(self, why: str, outcome: Outcome = Outcome.UNCHECKED) -> None:
        super().__init__(why)
        self.outcome = outcome


class SeveralProcesses(Exception):
    """A run has one budget, one process and one thread: a copy of it would spend the same units again."""

    def __init__(self) -> None:
        super().__init__("the suite runs in one process and one thread: run it without plugins that distribute tests")


def _here() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


@dataclass(eq=False)
class Charge:
    """Units that a create took, or may have taken."""

    source: int
    units: int
    lost: bool = False
    """The answer did not come, so it is unknown whether the units were taken."""
    line: int = 0
    """Of the create in the ledger."""
    replayed: bool = False
    """The create was sent by a run that was stopped, and not again."""
    kept: Mapping[str, Any] | None = field(default=None, repr=False)
    """Of such a create: what the ledger has kept of its answer."""


@dataclass
class Budget:
    """The limits of a run, and what it has taken so far. Until its own cost is known a create reserves the highest cost
    seen for its source, else the highest of any source (1 before the first).
    """

    limits: Limits = field(default_factory=Limits)
    charges: list[Charge] = field(default_factory=list)
    highest: dict[int, int] = field(default_factory=dict)
    """The highest cost seen, by source."""
    memory: int = MEMORY
    """Bytes that the answers may take."""
    kept: int = 0
    """About how many bytes the answers so far take."""
    calls: int = 0
    """Calls that left; further tries of the same call are not counted."""
    doubtful: int = 0
    """Units of creates that were refused or turned away since the target has last shown what was taken."""
    unexpected: bool = False
    """A create that is right in all its parameters is among them."""
    hidden: bool = False
    """The target does not show what was taken: what is doubtful may be."""
    shown: int = 0
    """Units that the target has shown to be taken, those of a run before included."""
    shown_for: int = 0
    """Charges at that time."""
    grown: int = 0
    """Units that the target has shown to be taken while no create left."""
    held_back: int = 0
    """Calls that the limits kept from being sent."""
    end: float | None = field(init=False)
    """The moment (monotonic) at which the run's time is up."""

    _owner: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._owner = _here()
        self.end = None if self.limits.seconds is None else time.monotonic() + self.limits.seconds

    @property
    def spent(self) -> int:
        """Units taken so far, those of lost creates included: what the creates' own costs come to, or what the target
        has shown where that is more.
        """
        later = sum(charge.units for charge in self.charges[self.shown_for :])
        return max(sum(charge.units for charge in self.charges), self.shown + later)

    @property
    def unstated(self) -> int:
        """Units that the target has shown beyond what the creates until then cost."""
        return max(0, self.shown - sum(charge.units for charge in self.charges[: self.shown_for]))

    @property
    def elsewhere(self) -> int:
        """Those of them that were taken while no create left."""
        return min(self.grown, self.unstated)

    @property
    def unknown(self) -> int:
        """Creates whose answer was lost."""
        return sum(charge.lost for charge in self.charges)

    @property
    def time_up(self) -> bool:
        """Whether the run's time is up."""
        return self.end is not None and time.monotonic() >= self.end

    def expected_cost(self, source: int) -> int:
        """The units that a create of the source reserves."""
        return self.highest.get(source) or max(self.highest.values(), default=1)

    def holds(self, source: int) -> bool:
        """Whether a create of the source may be sent."""
        if self.limits.no_creates or self.limits.units is None:
            return not self.limits.no_creates
        doubtful = self.doubtful if self.hidden else 0
        return self.spent + doubtful + self.expected_cost(source) <= self.limits.units

    @property
    def in_doubt(self) -> bool:
        """Whether the next create would pass the budget if those that were refused had taken their units after all."""
        units, expected = self.limits.units, max(self.highest.values(), default=1)
        return units is not None and self.doubtful > 0 and self.spent + self.doubtful + expected > units

    def check_units(self, source: int) -> None:
        """Raises NotChecked where the budget does not hold a create of the source."""
        self.check_creates()
        if not self.holds(source):
            units = "1 unit" if self.limits.units == 1 else f"{self.limits.units} units"
            raise self.refusal(f"the budget of {units} does not hold another task")

    def reserve(self, source: int) -> Charge:
        """Reserves the units of a create that is about to be sent. Raises NotChecked where the budget is too small."""
        self.check_units(source)
        charge = Charge(source, self.expected_cost(source))
        self.charges.append(charge)
        return charge

    def release(self, charge: Charge) -> None:
        """Gives the units back: the create never arrived, or was refused for what is wrong in it."""
        charge.units = 0

    def refuse(self, charge: Charge, *, unexpected: bool) -> None:
        """Gives the units back: the create was refused, or turned away. unexpected: nothing was wrong in it."""
        self.doubtful += charge.units
        self.unexpected |= unexpected
        self.release(charge)

    def show(self, taken: int, *, of_create: bool) -> None:
        """Takes what the target shows to be taken. of_create: what is more than is known counts as the cost of the last
        create, since one has left.
        """
        more = max(0, taken - self.spent)
        self.shown, self.shown_for = max(self.shown, taken), len(self.charges)
        self.hidden, self.doubtful, self.unexpected = False, 0, False
        if more and of_create:
            last = self.charges[-1]
            self.highest[last.source] = max(self.highest.get(last.source, 1), last.units + more)
        elif more:
            self.grown += more

    def settle(self, charge: Charge, cost: int) -> None:
        """Replaces the reserved units by the create's cost, which is a unit at least, whatever the target states."""
        charge.units = cost = max(1, cost)
        self.highest[charge.source] = max(self.highest.get(charge.source, 1), cost)

    def allow_no_creates(self, why: str) -> None:
        """From now on, no create may be sent; why is the reason that is reported."""
        self.limits = replace(self.limits, no_creates=self.limits.no_creates or why)

    def allow_calls(self, more: int) -> None:
        """Raises the limit of calls, for those that settle a doubt."""
        if self.limits.calls is not None:
            self.limits = replace(self.limits, calls=self.limits.calls + more)

    def check_creates(self) -> None:
        """Raises NotChecked where the run may send no create."""
        if self.limits.no_creates:
            raise NotChecked(self.limits.no_creates)

    def check_call(self) -> None:
        """Raises NotChecked where no call may be sent any more; SeveralProcesses in a copy of the run."""
        if self._owner != _here():
            raise SeveralProcesses
        if self.limits.calls is not None and self.calls >= self.limits.calls:
            raise self.refusal(f"the {self.limits.calls} calls of this plan are used up")
        self.check_time()
        if self.limits.units is not None and self.elsewhere > self.limits.units:
            raise self.refusal(
                f"info shows {self.elsewhere} units more than the creates took, and the budget is {self.limits.units}:"
                " calls that should cost nothing have taken them, others who use the account, or creates, shown late"
            )
        if self.kept > self.memory:
            raise self.refusal(f"the answers so far take more than the {self.memory // 2**20} MiB that a run keeps")

    def check_time(self) -> None:
        """Raises NotChecked where the run's time is up."""
        if self.time_up:
            raise self.refusal(TIME_UP)

    def refusal(self, why: str) -> NotChecked:
        """The error of a call that the limits hold back."""
        self.held_back += 1
        return NotChecked(why, Outcome.UNAFFORDABLE)
