"""Reads the values of options: rates, times, units, phones, tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contract_tests.contract.clauses import UsageError, clause_of
from contract_tests.contract.editions import SECTIONS

_NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,6})?)"
_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_UNITS_OF_TIME = {**_PERIODS, "ms": 0.001, "m": 60.0, "d": 86400.0}
_TASK = re.compile(rf"([0-9]{{1,18}}) ({'|'.join(map(str, SECTIONS))})(?: ([0-9]{{7,15}}))?")
TASK_LINE = f"ID SOURCE PHONE, as 123 2 70001234567 (source: {', '.join(map(str, SECTIONS))})"
"""How a line of --tasks is written; the phone may be left out."""


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A task that exists already."""

    id: int
    source: int
    phone: str | None = None
    """The phone it was made for, where that is named."""


def read_rate(text: str) -> float:
    """Calls a second, from a text such as `2/s` or `90/min`. Raises UsageError."""
    match = re.fullmatch(rf"{_NUMBER}/(s|min|h)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--rate: {text!r} is no rate; write it as 1/s, 90/min or 500/h")
    return float(match[1]) / _PERIODS[match[2]]


def read_seconds(text: str, option: str = "--poll-timeout") -> float:
    """Seconds, from a text such as `60s`, `1.5s`, `500ms`, `2min` or `30d`. Raises UsageError."""
    match = re.fullmatch(rf"{_NUMBER}(ms|s|m|min|h|d)?", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{option}: {text!r} is no duration; write it as 60s, 500ms, 2m or 30d")
    return float(match[1]) * _UNITS_OF_TIME[match[2] or "s"]


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


def read_clauses(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of clauses, several in one text divided by commas. Raises UsageError for an unknown one."""
    return tuple(clause_of(name).id for text in texts for name in text.split(","))


def read_tasks(file: str | Path) -> tuple[GivenTask, ...]:
    """The tasks of a file: a line each with id and source, and the phone where rows are checked against it; `#` begins
    a comment. Raises UsageError naming the file and every wrong line.
    """
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
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
            wrong.append(f"--tasks: {file}, line {number}: is no task; write {TASK_LINE}")
    if wrong or not found:
        raise UsageError("\n".join(wrong) or f"--tasks: {file}: names no task; write one a line: {TASK_LINE}")
    return tuple(found)
