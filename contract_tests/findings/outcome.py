"""The words for the outcome of a clause, or of an answer."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a clause; the value is the word of reports. Closed, in the order of reports."""

    HOLDS = "holds"
    BROKEN = "broken"
    """A promise or law does not hold."""
    REFUTED = "refuted"
    """An assumption does not hold."""
    INCONCLUSIVE = "inconclusive"
    """An answer that should have shown it was lost or could not be read."""
    UNAFFORDABLE = "unaffordable"
    """The budget of units, calls or time did not suffice."""
    UNCHECKED = "not checked"
    """Nothing of this run can show it."""
    ERROR = "error"
    """The kit itself failed."""
