"""The words for what came of looking at a clause, or at an answer."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What is known of a clause; the value is the word of reports. Closed, and in the order in which they are told.

    HOLDS: what was seen agrees. BROKEN: a promise or law does not hold. REFUTED: an assumption does not. INCONCLUSIVE:
    an answer that should have shown it was lost or could not be read. UNAFFORDABLE: the budget of units, calls or time
    did not reach. UNCHECKED: nothing of this run can show it, and why. ERROR: the kit itself failed.
    """

    HOLDS = "holds"
    BROKEN = "broken"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    UNAFFORDABLE = "unaffordable"
    UNCHECKED = "not checked"
    ERROR = "error"
