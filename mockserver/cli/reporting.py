"""Commands that write reports: where their words can't be read, the files that they name say so."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import click

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import REPORTS_OF, CheckOptions

READ = ("history", "ledger", "profile", "tasks")
"""Options that name a file which no report may replace."""


def files_alone(command: str, values: Mapping[str, Any]) -> CheckOptions:
    """Of options that can't be read, the files: no report of before may stand there for this run's."""
    kept = {os.path.realpath(values[name]) for name in READ if values.get(name)}
    files = {name: Path(values[name]) for name in formats_of(command) if values.get(name)}
    reports = {name: path for name, path in files.items() if os.path.realpath(path) not in kept}
    plan, github = bool(values.get("plan")), bool(values.get("github"))
    return CheckOptions(reports=reports, phone=values.get("phone"), plan=plan, github=github)


def formats_of(command: str) -> list[str]:
    """The formats of reports that a command writes."""
    return [name for name, commands in REPORTS_OF.items() if command in commands]


def check_tasks(command: str, values: Mapping[str, Any]) -> None:
    """Raises UsageError where a report is to take the place of the file of tasks, of which the options keep no name."""
    tasks = values.get("tasks")
    for name in (*formats_of(command), *READ[:-1]):
        if tasks and values.get(name) and os.path.realpath(values[name]) == os.path.realpath(tasks):
            raise UsageError(f"--{name}: {values[name]}: is named for two files at once; name each its own")


class ReportingCommand(click.Command, ABC):
    """A command with reports."""

    @abstractmethod
    def refuse(self, options: CheckOptions, why: str, errors: TextIO) -> int:
        """Ends a run that can't begin: its reports say why, and so do errors. The exit code."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Like click, but refuses a report that is named twice: one of its files would stay as it is."""
        command = str(self.name)
        words = [*args]  # click takes the words from the list
        named = list(_named(words, (*formats_of(command), *READ)))
        try:
            for name in formats_of(command):
                if len(files := [value for known, value in named if known == name]) > 1:
                    raise click.UsageError(f"--{name} is given twice, {' and '.join(files)}; name one file", ctx)
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            read = {name: value for name, value in named if name in READ}
            flags = {name: f"--{name}" in words for name in ("plan", "github")}
            for name, value in [pair for pair in named if pair[0] not in READ] or [("", "")]:
                # click itself shows the reason
                self.refuse(files_alone(command, {**flags, **read, name: value}), error.format_message(), StringIO())
                flags["github"] = False
            raise


def _named(words: Sequence[str], options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that name a file, and their values, in words that need not make a command."""
    for word, following in pairwise([*words, ""]):
        option, joined, value = word.partition("=")
        name = option.removeprefix("--")
        value = value if joined else following
        if option == f"--{name}" and name in options and value and not value.startswith("--"):
            yield name, value
