"""Units of a target's daily limit: what a run may take, and what it has taken."""

from __future__ import annotations

from dataclasses import dataclass, field


class NotChecked(Exception):
    """A test can't look at what it is about; says why. unaffordable: because of the budget."""

    def __init__(self, why: str, *, unaffordable: bool = False) -> None:
        super().__init__(why)
        self.unaffordable = unaffordable


@dataclass
class Spending:
    """Units: what creates may take, and what they have taken. A create reserves the highest cost seen for its source
    until its own is known.
    """

    budget: int | None
    spent: int = 0
    highest: dict[int, int] = field(default_factory=dict)
    left_out: int = 0

    def reserve(self, source: int) -> int:
        """Units put aside for a create. Raises NotChecked where the budget does not hold them."""
        units = self.highest.get(source, 1)
        if self.budget is not None and self.spent + units > self.budget:
            self.left_out += 1
            raise NotChecked(f"the budget of {self.budget} units is spent", unaffordable=True)
        self.spent += units
        return units

    def settle(self, source: int, reserved: int, cost: int) -> None:
        """What the create has really taken."""
        self.spent += cost - reserved
        self.highest[source] = max(self.highest.get(source, 1), cost)
