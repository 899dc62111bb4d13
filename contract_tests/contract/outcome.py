"""The words for the outcome of a clause, or of an answer."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """In the order of reports; the value is their word. LOOKS of `report/wording.py` says what each means."""

    HOLDS = "holds"
    BROKEN = "broken"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    UNAFFORDABLE = "unaffordable"
    UNCHECKED = "not checked"
    ERROR = "error"
