"""What a run of the suite was asked to do, and how its options are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contract_tests.contract.clauses import UsageError

LIVE = "https://i-find.pro/api"
DEFAULT_BUDGET = 12
"""Units that creates may take on a target whose accounts are not made for the run."""


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A task that exists already: its id, its source, and the phone it was made for, where that is named."""

    id: int
    source: int
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of a run, as DESIGN has them for `check`.

    target is `mock`, `live` or a URL; budget is in units (None: 12, or no limit where the suite makes its own
    accounts); rate in calls a second (None: 1, on loopback as fast as it goes); poll_timeout in seconds; full None
    means: for the private mock alone. tasks are checked in place of tasks of the run's own, of which none is then made.
    call_timeout and run_timeout are in seconds (None: 15 minutes, no limit with full or on a mock). environ holds the
    credentials (None: the process's environment). private: the URL is a mock of the caller's own, so that nothing it
    says is anybody's. plan tells what would be run and sends nothing. junit, html, json and
    summary are files to write reports to; history is a file that remembers when a clause was last proven, which is
    due again after stale_after seconds.
    """

    target: str = "mock"
    phone: str | None = None
    budget: int | None = None
    rate: float | None = None
    poll_timeout: float = 60.0
    profile: Path | None = None
    full: bool | None = None
    tasks: tuple[GivenTask, ...] = ()
    ledger: Path | None = None
    call_timeout: float = 30.0
    run_timeout: float | None = None
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    private: bool = False
    strict: bool = False
    junit: Path | None = None
    only: tuple[str, ...] = ()
    plan: bool = False
    yes: bool = False
    html: Path | None = None
    json: Path | None = None
    summary: Path | None = None
    history: Path | None = None
    stale_after: float = 30 * 86400.0


RUN_TIMEOUT = 900.0
"""Seconds that a covering run on a target that is not the suite's own may take."""

_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def read_rate(text: str) -> float:
    """Calls a second, from a text such as `2/s` or `90/min`. Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)/(s|min|h)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--rate: {text!r} is no rate; write it as 1/s, 90/min or 500/h")
    return float(match[1]) / _PERIODS[match[2]]


def read_seconds(text: str, option: str = "--poll-timeout") -> float:
    """Seconds, from a text such as `60s`, `1.5s`, `500ms`, `2min` or `30d`. Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m|min|h|d)?", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{option}: {text!r} is no duration; write it as 60s, 500ms, 2m or 30d")
    return float(match[1]) * {"ms": 0.001, "m": 60.0, "d": 86400.0, **_PERIODS}[match[2] or "s"]


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


def read_tasks(file: Path) -> tuple[GivenTask, ...]:
    """The tasks of a file: a line each with id and source, and the phone where rows are to be held to it; `#` begins a
    comment. Raises UsageError naming the file and every wrong line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--tasks: {file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--tasks: {file}: is no text in UTF-8") from None
    found: list[GivenTask] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        task = _TASK.fullmatch(" ".join(words))
        if task:
            found.append(GivenTask(int(task[1]), int(task[2]), task[3]))
        elif words:
            wrong.append(f"--tasks: {file}, line {number}: is no task; write {SHAPE}")
    if wrong or not found:
        raise UsageError("\n".join(wrong) or f"--tasks: {file}: names no task; write one a line: {SHAPE}")
    return tuple(found)


SHAPE = "ID SOURCE PHONE, as 123 2 70001234567 (source: 1, 2, 3, 4, 11, 12)"
"""How a line of --tasks is written; the phone may be left out."""
_TASK = re.compile(r"([0-9]{1,18}) (1|2|3|4|11|12)(?: ([0-9]{7,15}))?")
