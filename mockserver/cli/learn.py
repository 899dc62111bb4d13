"""`ifind-mock learn`: reads a target's choices from a few calls and writes them as a profile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.engine.options import CheckOptions
from contract_tests.report.interrupts import Interrupts
from mockserver.cli.streams import output
from mockserver.cli.target_options import end, read, target_options


@click.command("learn")
@click.argument("target")
@click.option(
    "--out", metavar="FILE", help="File of the profile. Default: standard output; the table then to standard error."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@target_options("learn")
def command(target: str, *, out: str | None, force: bool, **values: Any) -> None:
    """Finds TARGET's choices where the documentation leaves them open, and writes them as a profile.

    TARGET is live, mock (starts a private one), or a URL such as http://127.0.0.1:8080/api. `serve --profile FILE` then
    behaves like the target, `check --profile FILE` checks that the target has not changed, and `parity TARGET mock
    --profile FILE` compares the two.

    Credentials come from IFIND_LOGIN and IFIND_TOKEN, those of a second account from IFIND_LOGIN2 and IFIND_TOKEN2.

    Exit code: 0 learned, 1 any documented promise is broken or the run was interrupted (the profile is written), 2
    wrong usage, 3 the target can't be reached or refuses the credentials, 4 the budget did not suffice for all clauses
    (the profile is written).
    """
    with Interrupts.held():
        from contract_tests.learning.learn import learn

        options = CheckOptions(target=target, **read("learn", values))
        shown = output() if out is None else sys.stdout
        end(learn(options, None if out is None else Path(out), shown, sys.stderr, force=force))
