"""The options of a run, and the one table from which pytest and the commands `check`, `learn`, `parity` take theirs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contract_tests.budget.limits import Limits
from contract_tests.engine.option_values import (
    GivenTask,
    read_clauses,
    read_phone,
    read_rate,
    read_seconds,
    read_tasks,
    read_units,
)
from contract_tests.engine.target import read_url
from contract_tests.report.renderers import RENDERERS

LIVE = "https://i-find.pro/api"


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of a run, by the names of DESIGN's `check`. Times are in seconds."""

    target: str = "mock"
    """`mock`, `live` or a URL."""
    phone: str | None = None
    budget: int | None = None
    """Units. None: 12, or no limit where the accounts are made for the run."""
    rate: float | None = None
    """Calls a second. None: 1, no limit on loopback."""
    poll_timeout: float = 60.0
    profile: Path | None = None
    full: bool | None = None
    """None: for the private mock alone."""
    tasks: tuple[GivenTask, ...] = ()
    """Tasks that are checked in place of new ones, of which none is then made."""
    ledger: Path | None = None
    call_timeout: float = 30.0
    run_timeout: float | None = None
    """None: 15 minutes; no limit with `full` or on a mock."""
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    """Where the credentials are. None: the process's environment."""
    private: bool = False
    """The URL is a mock of the caller's own, so its answers may be shown."""
    strict: bool = False
    only: tuple[str, ...] = ()
    plan: bool = False
    """Print what would be run, and send nothing."""
    yes: bool = False
    reports: Mapping[str, Path] = field(default_factory=dict, hash=False)
    """The files to write, by their format in RENDERERS."""
    history: Path | None = None
    """A file that remembers when each clause was last proven."""
    stale_after: float = 30 * 86400.0

    @property
    def url(self) -> str | None:
        """The target's URL; None for the private mock, which has none before it is started. Raises UsageError."""
        return None if self.target == "mock" else read_url(LIVE if self.target == "live" else self.target)

    @property
    def limits(self) -> Limits:
        """The limits that the options name."""
        no_creates = "no task is made where --tasks names those to check" if self.tasks else ""
        return Limits(units=self.budget, rate=self.rate, seconds=self.run_timeout, no_creates=no_creates)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that hold the credentials."""
        return os.environ if self.environ is None else self.environ


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line."""

    name: str
    metavar: str
    """Empty for a flag."""
    help: str
    """Words in braces are filled from COMMANDS."""
    read: Callable[[Any], Any] = bool
    """From the text, or the list of texts, to the value of CheckOptions. Raises UsageError."""
    commands: tuple[str, ...] = ("check",)
    many: bool = False

    @property
    def field(self) -> str:
        """The field of CheckOptions."""
        return self.name.replace("-", "_")


COMMANDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "check": {"budget": "12, no limit on a mock", "phone": "None is assumed for a live target."},
        "pytest": {"budget": "12, no limit on a mock", "phone": "None is assumed for a live target."},
        "learn": {"budget": "8, no limit on a mock", "phone": "None is assumed for a live target."},
        "parity": {
            "budget": "12 on each side, no limit on a mock",
            "phone": "A mock beside a real target has its own.",
        },
    }
)
"""The commands that have options of the table, with what fills the blanks of the help."""
ALL = tuple(COMMANDS)
SUITE = ("check", "pytest")
# fmt: off
OPTIONS = (
    Option("target", "TARGET", "mock (starts a private one), live, or the API's URL. Default: mock.", str, ("pytest",)),
    Option("phone", "PHONE", "Phone to look up; else IFIND_PHONE. {phone}", read_phone, ALL),
    Option("budget", "UNITS", "Units that creates may take. Default: {budget}.", read_units, ALL),
    Option("rate", "N/s", "Highest rate of calls. Default: 1/s, no limit on loopback.", read_rate, ALL),
    Option("poll-timeout", "TIME", "How long a task may take. Default: 60s.", read_seconds, ALL),
    Option("yes", "", "Do not ask before calling a target that is not on this machine.", commands=ALL),
    Option("profile", "FILE", "The choices to expect; else the defaults.", Path, SUITE),
    Option("full", "", "Combine every HTTP method, format and source. Default on the mock.", commands=SUITE),
    Option("strict", "", "A refuted assumption counts as broken.", commands=SUITE),
    *(Option(name, "FILE", renderer.help, Path) for name, renderer in RENDERERS.items()),
    Option("ledger", "FILE", "Note each call before it leaves; resume a run that was stopped.", Path, SUITE),
    Option("tasks", "FILE", "Check these tasks (a line each: ID SOURCE PHONE) and create none.", read_tasks, SUITE),
    Option("history", "FILE", "Remember when each clause was last proven.", Path),
    Option("stale-after", "TIME", "When a proof is due again. Default: 30d.",
           partial(read_seconds, option="--stale-after")),
    Option("call-timeout", "TIME", "How long a call may take. Default: 30s.",
           partial(read_seconds, option="--call-timeout"), SUITE),
    Option("run-timeout", "TIME", "How long the run may take. Default: 15min, no limit on a mock.",
           partial(read_seconds, option="--run-timeout"), SUITE),
    Option("only", "CLAUSE", "Check only this clause. Repeat the option for more.", read_clauses, SUITE, many=True),
    Option("plan", "", "Print the calls and what they cost; send nothing."),
)
# fmt: on


def options_of(command: str) -> list[tuple[Option, str]]:
    """The command's options, each with its help."""
    return [(option, option.help.format(**COMMANDS[command])) for option in OPTIONS if command in option.commands]


def read_options(command: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were named, by the fields of CheckOptions. values are texts, lists of texts, or true for a flag;
    None, an empty list or false is an option that was not named. Raises UsageError.
    """
    named = ((option, values[option.field]) for option, _ in options_of(command))
    read = {option.field: option.read(value) for option, value in named if value not in (None, (), [], False)}
    reports = {name: read.pop(name) for name in RENDERERS if name in read}
    return {**read, "reports": reports} if reports else read
