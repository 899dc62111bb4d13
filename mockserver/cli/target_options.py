"""The options of the commands that call a target, as click has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import click

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import options_of, read_options
from contract_tests.findings.exit_code import USAGE
from contract_tests.report.interrupts import Interrupts

Command = TypeVar("Command", bound=Callable[..., Any])


def target_options(command: str) -> Callable[[Command], Command]:
    """A decorator that gives a command its options of the suite's table."""

    def add(function: Command) -> Command:
        for option, text in reversed(options_of(command)):
            function = click.option(
                f"--{option.name}",
                metavar=option.metavar or None,
                is_flag=not option.metavar,
                multiple=option.many,
                default=None,
                help=text,
            )(function)
        return function

    return add


def read(command: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The command's options by the names of CheckOptions. Raises click.UsageError."""
    try:
        return read_options(command, values)
    except UsageError as error:
        raise click.UsageError(str(error)) from None


def end(code: int) -> NoReturn:
    """Ends the process with the code of what was found, or with that of wrong usage where that is 0 and nobody can read
    it: standard output is gone.
    """
    try:
        sys.stdout.flush()
    except OSError:
        code = code or USAGE
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter writes the rest again
    Interrupts.end()
    sys.exit(code)
