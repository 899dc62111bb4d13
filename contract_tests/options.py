"""What a run of the suite was asked to do, and how its options are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from contract_tests.clauses import UsageError

LIVE = "https://i-find.pro/api"
DEFAULT_BUDGET = 12
"""Units that creates may take on a target whose accounts are not made for the run."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of a run, as DESIGN has them for `check`.

    target is `mock`, `live` or a URL; budget is in units (None: 12, or no limit where the suite makes its own
    accounts); rate in calls a second (None: 1, on loopback as fast as it goes); poll_timeout in seconds; full None
    means: for the private mock alone. plan tells what would be run and sends nothing.
    """

    target: str = "mock"
    phone: str | None = None
    budget: int | None = None
    rate: float | None = None
    poll_timeout: float = 60.0
    profile: Path | None = None
    full: bool | None = None
    strict: bool = False
    junit: Path | None = None
    only: tuple[str, ...] = ()
    plan: bool = False
    yes: bool = False


_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def read_rate(text: str) -> float:
    """Calls a second, from a text such as `2/s` or `90/min`. Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)/(s|min|h)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--rate: {text!r} is no rate; write it as 1/s, 90/min or 500/h")
    return float(match[1]) / _PERIODS[match[2]]


def read_seconds(text: str) -> float:
    """Seconds, from a text such as `60s`, `1.5s`, `500ms` or `2min`. Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m|min|h)?", text)
    if match is None:
        raise UsageError(f"--poll-timeout: {text!r} is no duration; write it as 60s, 500ms or 2m")
    return float(match[1]) * {"ms": 0.001, "m": 60.0, **_PERIODS}[match[2] or "s"]


def read_units(text: str) -> int:
    """A budget: a whole number of units. Raises UsageError."""
    if re.fullmatch(r"[0-9]{1,9}", text) is None:
        raise UsageError(f"--budget: {text!r} is no number of units; write it as 12")
    return int(text)


def read_phone(text: str) -> str:
    """A phone from the country code, digits alone. Raises UsageError, which does not show it."""
    if re.fullmatch(r"[0-9]{7,15}", text) is None:
        raise UsageError("the phone (--phone or IFIND_PHONE) is no number; write 7 to 15 digits, country code first")
    return text
