"""Options of the commands that call a target on somebody's account: whom to look up, what it may cost, how fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from contract_tests.engine.options import read_phone, read_rate, read_seconds, read_units

Command = TypeVar("Command", bound=Callable[..., Any])


def spending_options(budget: str, phone: str = "None is assumed for a live target.") -> Callable[[Command], Command]:
    """A decorator that gives a command the options; budget is the help's word on the default."""
    options = (
        click.option("--phone", metavar="PHONE", help=f"Phone to look up; else IFIND_PHONE. {phone}"),
        click.option("--budget", metavar="UNITS", help=f"Units that creates may take. Default: {budget}."),
        click.option("--rate", metavar="N/s", help="Calls in a time. Default: 1/s, no limit on loopback."),
        click.option(
            "--poll-timeout", metavar="TIME", default="60s", show_default=True, help="How long a task may take."
        ),
        click.option("--yes", is_flag=True, help="Do not ask before a target elsewhere is called."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def read_spending(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say, by the names of `CheckOptions`. Raises UsageError."""
    readers = {"phone": read_phone, "budget": read_units, "rate": read_rate, "poll_timeout": read_seconds}
    read = {name: None if given[name] is None else reader(given[name]) for name, reader in readers.items()}
    return {**read, "yes": given["yes"]}
