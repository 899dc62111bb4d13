"""`ifind-mock learn`: a target's choices, read off a few calls into a profile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.clauses import UsageError
from contract_tests.options import CheckOptions, read_phone, read_rate, read_seconds, read_units


@click.command("learn")
@click.argument("target")
@click.option("--out", metavar="FILE", help="Where the profile goes; else standard output, and the table to the other.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--phone", metavar="PHONE", help="Phone to look up; else IFIND_PHONE. None is assumed for a live target.")
@click.option("--budget", metavar="UNITS", help="Units that creates may take. Default: 8, no limit on a mock.")
@click.option("--rate", metavar="N/s", help="Calls in a time. Default: 1/s, no limit on loopback.")
@click.option("--poll-timeout", metavar="TIME", default="60s", show_default=True, help="How long a task may take.")
@click.option("--yes", is_flag=True, help="Do not ask before a live target is called.")
def command(target: str, *, out: str | None, force: bool, **given: Any) -> None:
    """Finds the choice that TARGET makes of every open clause, as far as it can be seen, and writes a profile of them.

    TARGET: live, mock (a private one), or a URL such as http://127.0.0.1:8080/api. `serve --profile FILE` behaves like
    the target, `check --profile FILE` holds it to what it did. Credentials come from IFIND_LOGIN, IFIND_TOKEN (and
    IFIND_LOGIN2, IFIND_TOKEN2 of a second account). Exit code: 0 learnt, 1 a documented promise is broken (the profile
    is written), 2 wrong usage, 3 no way to the target, 4 the budget did not suffice for all (the profile is written).
    """
    from contract_tests.learning import learn  # noqa: PLC0415 - pytest is loaded when there is something to run

    try:
        options = CheckOptions(
            target=target,
            phone=None if given["phone"] is None else read_phone(given["phone"]),
            budget=None if given["budget"] is None else read_units(given["budget"]),
            rate=None if given["rate"] is None else read_rate(given["rate"]),
            poll_timeout=read_seconds(given["poll_timeout"]),
            yes=given["yes"],
        )
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    sys.exit(learn(options, None if out is None else Path(out), sys.stdout, sys.stderr, force=force))
