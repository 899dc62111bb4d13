"""`ifind-mock check`: the contract suite, run on the mock or on any URL."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import click

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions, read_options
from contract_tests.findings.exit_code import USAGE
from contract_tests.report.interrupts import Interrupts
from contract_tests.report.renderers import RENDERERS
from mockserver.cli.target_options import end, target_options


class CheckCommand(click.Command):
    """The command; where its words can't be read, the files of reports that they name say so."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Like click, but refuses a report that is named twice: one of its files would stay as it is."""
        named, planned = list(_named(args)), "--plan" in args  # click takes the words from the list
        try:
            for name in RENDERERS:
                if len(files := [value for known, value in named if known == name]) > 1:
                    raise click.UsageError(f"--{name} is given twice, {' and '.join(files)}; name one file", ctx)
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            from contract_tests.check.command import refuse

            others = {"plan": planned, **{name: value for name, value in named if name not in RENDERERS}}
            for name, value in named:
                if name in RENDERERS:  # click itself shows the reason
                    refuse(_files_alone({**others, name: value}), USAGE, error.format_message(), StringIO())
            raise


def _named(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that name a file, and their values, in words that need not make a command."""
    for word, following in zip(words, [*words, ""][1:], strict=True):
        option, joined, value = word.partition("=")
        name = option.removeprefix("--")
        value = value if joined else following
        if option == f"--{name}" and name in _FILES and value and not value.startswith("--"):
            yield name, value


@click.command("check", cls=CheckCommand)
@click.argument("target", default="mock")
@target_options("check")
def command(target: str, **values: Any) -> None:
    """Checks TARGET against the contract.

    TARGET is mock (starts a private one; the default), live, or a URL such as http://127.0.0.1:8080/api.

    Credentials come from IFIND_LOGIN and IFIND_TOKEN, those of a second account from IFIND_LOGIN2 and IFIND_TOKEN2. At
    a terminal the command asks for a missing login or token.

    Exit code: 0 all that was tried holds, 1 something is broken or the run was interrupted, 2 wrong usage, 3 the target
    can't be reached or refuses the credentials, 4 the budget does not suffice.
    """
    with Interrupts.held():
        from contract_tests.check.command import refuse, run  # pytest is loaded when there is something to run

        try:
            _check_tasks(values)
            options = CheckOptions(target=target, **read_options("check", values))
        except UsageError as error:
            end(refuse(_files_alone(values), USAGE, str(error), sys.stderr))
        end(run(options, sys.stdout, sys.stderr))


def _files_alone(values: Mapping[str, Any]) -> CheckOptions:
    """The files of options that can't be read: no report of before may stand there for this run's."""
    files = {name: Path(values[name]) for name in (*RENDERERS, *_OTHERS) if values.get(name)}
    reports = {name: path for name, path in files.items() if name in RENDERERS and not _is_of_tasks(path, values)}
    history, ledger, profile = (files.get(name) for name in _OTHERS)
    plan, phone = bool(values["plan"]), values.get("phone")
    return CheckOptions(reports=reports, history=history, ledger=ledger, profile=profile, plan=plan, phone=phone)


def _check_tasks(values: Mapping[str, Any]) -> None:
    """Raises UsageError where a report is to take the place of the file of tasks, of which the options keep no name."""
    for name in (*RENDERERS, *_OTHERS):
        if values[name] and _is_of_tasks(Path(values[name]), values):
            raise UsageError(f"--{name}: {values[name]}: is named for two files at once; name each its own")


def _is_of_tasks(path: Path, values: Mapping[str, Any]) -> bool:
    return bool(values.get("tasks")) and os.path.realpath(path) == os.path.realpath(values["tasks"])


_OTHERS = ("history", "ledger", "profile")
_FILES = (*RENDERERS, *_OTHERS, "tasks")
