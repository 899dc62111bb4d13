"""`ifind-mock learn`: a target's choices, read off a few calls into a profile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.engine.options import CheckOptions
from mockserver.cli.target_options import read, target_options


@click.command("learn")
@click.argument("target")
@click.option("--out", metavar="FILE", help="Where the profile goes; else standard output, and the table to the other.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@target_options("learn")
def command(target: str, *, out: str | None, force: bool, **values: Any) -> None:
    """Finds the choice that TARGET makes of every open clause, as far as it can be seen, and writes a profile of them.

    TARGET: live, mock (a private one), or a URL such as http://127.0.0.1:8080/api. `serve --profile FILE` behaves like
    the target, `check --profile FILE` holds it to what it did. Credentials come from IFIND_LOGIN, IFIND_TOKEN (and
    IFIND_LOGIN2, IFIND_TOKEN2 of a second account). Exit code: 0 learnt, 1 a documented promise is broken (the profile
    is written), 2 wrong usage, 3 no way to the target, 4 the budget did not suffice for all (the profile is written).
    """
    from contract_tests.learning.learn import learn

    options = CheckOptions(target=target, **read("learn", values))
    sys.exit(learn(options, None if out is None else Path(out), sys.stdout, sys.stderr, force=force))
