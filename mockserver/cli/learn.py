"""`ifind-mock learn`: reads a target's choices from a few calls and writes them as a profile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.engine.options import CheckOptions
from mockserver.cli.target_options import read, target_options


@click.command("learn")
@click.argument("target")
@click.option(
    "--out", metavar="FILE", help="Where the profile goes; else standard output, and the table to standard error."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@target_options("learn")
def command(target: str, *, out: str | None, force: bool, **values: Any) -> None:
    """Finds the choices that TARGET makes of the open clauses, as far as answers show them, and writes a profile.

    TARGET: live, mock (a private one), or a URL such as http://127.0.0.1:8080/api. `serve --profile FILE` behaves like
    the target, `check --profile FILE` checks that it still does the same. Credentials come from IFIND_LOGIN,
    IFIND_TOKEN (and IFIND_LOGIN2, IFIND_TOKEN2 of a second account). Exit code: 0 learned, 1 a documented promise is
    broken (the profile is written), 2 wrong usage, 3 the target can't be reached, 4 the budget did not suffice for all
    clauses (the profile is written).
    """
    from contract_tests.learning.learn import learn

    options = CheckOptions(target=target, **read("learn", values))
    sys.exit(learn(options, None if out is None else Path(out), sys.stdout, sys.stderr, force=force))
