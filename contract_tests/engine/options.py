"""The options of a run, and the one table from which pytest and the commands `check`, `learn`, `parity` take theirs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contract_tests.budget.budget import Limits
from contract_tests.contract.clauses import UsageError, clause_of
from contract_tests.contract.editions import SECTIONS
from contract_tests.engine.target import read_url
from contract_tests.redact.mask import SecretMatcher
from contract_tests.report.renderers import RENDERERS
from mockserver.data import TextFileError, bytes_of, text_of

LIVE = "https://i-find.pro/api"
_NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,6})?)"
_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_UNITS_OF_TIME = {**_PERIODS, "ms": 0.001, "m": 60.0, "d": 86400.0}
_TASK = re.compile(rf"([0-9]{{1,18}}) ({'|'.join(map(str, SECTIONS))})(?: ([0-9]{{7,15}}))?")
TASK_LINE = f"ID SOURCE PHONE, as 123 2 70001234567 (source: {', '.join(map(str, SECTIONS))})"
"""How a line of --tasks is written; the phone may be left out."""
MOST_TASKS = 1000  # of --tasks; a run has a use for a dozen
_FEW = 10  # wrong lines of --tasks that are named


SECRET_VARIABLES = (
    "IFIND_LOGIN",
    "IFIND_TOKEN",
    "IFIND_LOGIN2",
    "IFIND_TOKEN2",
    "IFIND_PHONE",
    "IFIND_MOCK_ADMIN_TOKEN",
)
"""Variables of the environment whose values no output may show."""


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A task that exists already."""

    id: int
    source: int
    phone: str | None = field(default=None, repr=False)
    """The phone it was made for, where that is named."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of a run, by the names of the command `check`. Times are in seconds."""

    target: str = "mock"
    """`mock`, `live` or a URL."""
    phone: str | None = field(default=None, repr=False)
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
    """None: 15 minutes, for `check` an hour with `full` and no limit on a mock."""
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    """Where the credentials are. None: the process's environment."""
    makes_accounts: bool | None = None
    """The suite makes its own accounts at the URL, which is a mock's. None: it was not asked yet."""
    own_mock: bool = False
    """The URL is a mock of the caller's own, so its answers may be shown."""
    strict: bool = False
    only: tuple[str, ...] = ()
    with_others: bool = False
    """For learning: the clauses of `only` are examined more closely, then all others by calls that cost nothing."""
    jobs: int | None = None
    """Processes. None: as many as there are CPUs. A check of the private mock uses two, every other run one."""
    plan: bool = False
    """Print what would be run, and send nothing."""
    yes: bool = False
    all: bool = False
    """Print what holds and what was not checked, too."""
    github: bool = False
    """Print annotations for GitHub."""
    reports: Mapping[str, Path] = field(default_factory=dict, hash=False)
    """The files to write, by their format in RENDERERS."""
    history: Path | None = None
    """A file that remembers when each clause was last proven."""
    stale_after: float = 30 * 86400.0

    @property
    def url(self) -> str | None:
        """The target's URL; None for the private mock, which has none before it is started. Raises UsageError."""
        url = None if self.target == "mock" else read_url(LIVE if self.target == "live" else self.target)
        for name in filter(self.environment.get, SECRET_VARIABLES):
            known = SecretMatcher({self.environment[name]: name})
            if "TOKEN" in name and url is not None and known.found_in(url.encode()):
                raise UsageError(f"the target's URL holds {name}, which reports would show: leave it out")
        return url

    @property
    def named_target(self) -> str:
        """The target as a report may show it: a text that is no URL may hold credentials."""
        try:
            return self.url or self.target
        except UsageError:
            return "no target"

    @property
    def limits(self) -> Limits:
        """The limits that the options name."""
        no_creates = "no task is made where --tasks names those to check" if self.tasks else ""
        return Limits(units=self.budget, rate=self.rate, seconds=self.run_timeout, no_creates=no_creates)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that hold the credentials."""
        return os.environ if self.environ is None else self.environ

    @property
    def labels(self) -> Mapping[str, str]:
        """What stands in a text for each credential and phone that is named."""
        named = {self.environment[name]: f"${name}" for name in SECRET_VARIABLES if self.environment.get(name)}
        phones = (self.phone, *(task.phone for task in self.tasks))
        return {**dict.fromkeys(filter(None, phones), "$IFIND_PHONE"), **named}


def read_rate(text: str) -> float:
    """Calls a second, from a text such as `2/s` or `90/min`. Raises UsageError."""
    match = re.fullmatch(rf"{_NUMBER}/(s|min|h)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--rate: {text!r} is not a rate; write it as 1/s, 90/min or 500/h")
    return float(match[1]) / _PERIODS[match[2]]


def read_seconds(text: str, option: str = "--poll-timeout") -> float:
    """Seconds, from a text such as `60s`, `1.5s`, `500ms`, `2min` or `30d`. Raises UsageError."""
    match = re.fullmatch(rf"{_NUMBER}(ms|s|m|min|h|d)?", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{option}: {text!r} is not a duration; write it as 60s, 500ms, 2m or 30d")
    return float(match[1]) * _UNITS_OF_TIME[match[2] or "s"]


def read_units(text: str) -> int:
    """A budget: a whole number of units. Raises UsageError."""
    if re.fullmatch(r"[0-9]{1,9}", text) is None:
        raise UsageError(f"--budget: {text!r} is not a number of units; write it as 12")
    return int(text)


def read_jobs(text: str) -> int:
    """A number of processes. Raises UsageError."""
    if re.fullmatch(r"[1-9][0-9]{0,3}", text) is None:
        raise UsageError(f"--jobs: {text!r} is not a number of processes; write it as 2")
    return int(text)


def read_phone(text: str) -> str:
    """A phone from the country code, digits alone. Raises UsageError, which does not show it."""
    if re.fullmatch(r"[0-9]{7,15}", text) is None:
        raise UsageError("the phone (--phone or IFIND_PHONE) is not a number; write 7 to 15 digits, country code first")
    return text


def read_clauses(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of clauses, several in one text divided by commas. Raises UsageError for an unknown one."""
    return tuple(clause_of(name).id for text in texts for name in text.split(","))


def read_tasks(file: str | Path) -> tuple[GivenTask, ...]:
    """The tasks of a file: a line each with id and source, and the phone where rows are checked against it; `#` begins
    a comment. Raises UsageError naming the file and the first wrong lines.
    """
    try:
        lines = text_of(bytes_of(Path(file))).splitlines()
    except OSError as error:
        raise UsageError(f"--tasks: {file}: can't be read: {error.strerror}") from None
    except TextFileError as error:
        raise UsageError(f"--tasks: {file}: {error}") from None
    found: list[GivenTask] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        task = _TASK.fullmatch(" ".join(words))
        if task and len(found) == MOST_TASKS:
            raise UsageError(f"--tasks: {file}, line {number}: is one task more than the {MOST_TASKS:,} that are read")
        if task:
            found.append(GivenTask(int(task[1]), int(task[2]), task[3]))
        elif words:
            wrong.append(f"--tasks: {file}, line {number}: is not a task; write {TASK_LINE}")
            if len(wrong) == _FEW:
                raise UsageError("\n".join([*wrong, f"--tasks: {file}: the lines that follow were not looked at"]))
    if wrong or not found:
        raise UsageError("\n".join(wrong) or f"--tasks: {file}: names no task; write one a line: {TASK_LINE}")
    return tuple(found)


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


_CHECK = {
    "budget": "12, no limit on a mock",
    "time": "15min, 1h with --full, no limit on a mock",
    "phone": "None is assumed for a live target.",
    "profile": "The choices to expect; else the defaults.",
    "all": "Show what holds and what was not checked, too.",
}
COMMANDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "check": _CHECK,
        "pytest": _CHECK,
        "learn": {**_CHECK, "budget": "8, no limit on a mock", "time": "15min, no limit on a mock"},
        "parity": {
            "budget": "12 on each side, no limit on a mock",
            "time": "15min",
            "phone": "A mock beside a real target has its own.",
            "profile": "A learned profile; what it calls uncovered is counted apart.",
            "all": "Show what is the same and what was not compared, too.",
        },
    }
)
"""The commands that have options of the table, with what fills the blanks of the help."""
ALL = tuple(COMMANDS)
REPORTING = ("check", "parity")
COMPARED = ("junit", "html", "json", "sarif", "summary")
"""The formats that parity writes, too."""
REPORTS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: REPORTING if name in COMPARED else ("check",) for name in RENDERERS}
)
"""The commands that write a report, by its format."""
SUITE = ("check", "pytest")
# fmt: off
OPTIONS = (
    Option("target", "TARGET", "mock (starts a private one), live, or the API's URL. Default: mock.", str, ("pytest",)),
    Option("phone", "PHONE", "Phone to look up; else IFIND_PHONE. {phone}", read_phone, ALL),
    Option("budget", "UNITS", "Units that creates may take. Default: {budget}.", read_units, ALL),
    Option("rate", "N/s", "Highest rate of calls. Default: 1/s, no limit on loopback.", read_rate, ALL),
    Option("poll-timeout", "TIME", "How long a task may take. Default: 60s.", read_seconds, ALL),
    Option("yes", "", "Do not ask before calling a target that is not on this machine.", commands=ALL),
    Option("profile", "FILE", "{profile}", Path, (*SUITE, "parity")),
    Option("full", "", "Combine every HTTP method, format and source. Default on the mock.", commands=SUITE),
    Option("strict", "", "A refuted assumption counts as broken.", commands=SUITE),
    *(Option(name, "FILE", renderer.help, Path, REPORTS_OF[name]) for name, renderer in RENDERERS.items()),
    Option("github", "", "Print annotations, as GitHub's workflows read them.", commands=REPORTING),
    Option("all", "", "{all}", commands=REPORTING),
    Option("ledger", "FILE", "Note each call before it leaves; resume a run that was stopped.", Path, SUITE),
    Option("tasks", "FILE", "Check these tasks (a line each: ID SOURCE PHONE) and create none.", read_tasks, SUITE),
    Option("history", "FILE", "Remember when each clause was last proven.", Path),
    Option("stale-after", "TIME", "When a proof is due again. Default: 30d.",
           partial(read_seconds, option="--stale-after")),
    Option("call-timeout", "TIME", "How long a call may take. Default: 30s.",
           partial(read_seconds, option="--call-timeout"), SUITE),
    Option("run-timeout", "TIME", "How long the run may take. Default: {time}.",
           partial(read_seconds, option="--run-timeout"), ALL),
    Option("only", "CLAUSE", "Check only this clause. Repeat the option for more.", read_clauses, SUITE, many=True),
    Option("jobs", "N", "Processes; a whole check of the mock uses 2. Default: the number of CPUs.", read_jobs),
    Option("plan", "", "Print the calls and what they cost; send nothing."),
)
# fmt: on


def options_of(command: str) -> list[tuple[Option, str]]:
    """The command's options, each with its help."""
    blanks = {"command": command, **COMMANDS[command]}
    return [(option, option.help.format(**blanks)) for option in OPTIONS if command in option.commands]


def read_options(command: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were named, by the fields of CheckOptions. values are texts, lists of texts, or true for a flag;
    None, an empty list or false is an option that was not named. Raises UsageError.
    """
    named = ((option, values[option.field]) for option, _ in options_of(command))
    read = {option.field: option.read(value) for option, value in named if value not in (None, (), [], False)}
    reports = {name: read.pop(name) for name in RENDERERS if name in read}
    return {**read, "reports": reports} if reports else read
