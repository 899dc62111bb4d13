"""Units of a target's daily limit: what a run may take, and what it has taken."""

from __future__ import annotations

from dataclasses import dataclass, field


class NotChecked(Exception):
    """A test can't look at what it is about; says why. unaffordable: because of the budget of units, calls or time;
    inconclusive: because an answer was lost.
    """

    def __init__(self, why: str, *, unaffordable: bool = False, inconclusive: bool = False) -> None:
        super().__init__(why)
        self.unaffordable = unaffordable
        self.inconclusive = inconclusive


@dataclass(eq=False)
class Charge:
    """Units that a create took, or is taken to have taken. lost: its answer did not come, so that nobody knows."""

    source: int
    units: int
    lost: bool = False


@dataclass
class Budget:
    """What creates may take, and what they have taken. A create reserves the highest cost seen for its source until its
    own is known. forbidden says why no create may be sent at all, where none may.
    """

    budget: int | None
    forbidden: str = ""
    charges: list[Charge] = field(default_factory=list)
    highest: dict[int, int] = field(default_factory=dict)
    left_out: int = 0

    @property
    def spent(self) -> int:
        """Units taken so far, those of lost creates among them."""
        return sum(charge.units for charge in self.charges)

    @property
    def unknown(self) -> int:
        """Creates whose answer was lost."""
        return sum(charge.lost for charge in self.charges)

    def holds(self, source: int) -> bool:
        """Whether a create of the source may be sent."""
        return not self.forbidden and (self.budget is None or self.spent + self.highest.get(source, 1) <= self.budget)

    def reserve(self, source: int) -> Charge:
        """Units put aside for a create that is about to be sent. Raises NotChecked where the budget is too small."""
        if self.forbidden:
            raise NotChecked(self.forbidden)
        if not self.holds(source):
            self.left_out += 1
            raise NotChecked(f"the budget of {self.budget} units does not hold another task", unaffordable=True)
        charge = Charge(source, self.highest.get(source, 1))
        self.charges.append(charge)
        return charge

    def release(self, charge: Charge) -> None:
        """The create was refused, or never arrived: it has taken nothing."""
        charge.units = 0

    def settle(self, charge: Charge, cost: int) -> None:
        """What the create has really taken."""
        charge.units = cost
        self.highest[charge.source] = max(self.highest.get(charge.source, 1), cost)
