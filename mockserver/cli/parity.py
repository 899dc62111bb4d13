"""`ifind-mock parity`: two servers held to each other, clause by clause."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mockserver.cli.target_options import read, target_options


@click.command("parity")
@click.argument("a", metavar="URL")
@click.argument("b", metavar="URL")
@target_options("parity")
@click.option(
    "--ignore", metavar="CLAUSE", multiple=True, help="A known difference that does not count; again for more."
)
@click.option("--json", metavar="FILE", help="Write the report as JSON.")
def command(a: str, b: str, *, ignore: tuple[str, ...], json: str | None, **values: Any) -> None:
    """Makes the same calls to both URLs and tells where the answers differ, clause by clause.

    Each is a URL such as http://127.0.0.1:8080/api, or live, or mock (a private one). Ids, times and what is found are
    no differences. Credentials come from IFIND_LOGIN, IFIND_TOKEN (and IFIND_LOGIN2, IFIND_TOKEN2 of a second account);
    a mock makes accounts of its own and is never shown them. Exit code: 0 nothing differs, 1 something does, 2 wrong
    usage, 3 no way to a target, 4 the budget does not suffice.
    """
    from contract_tests.parity.command import ParityOptions, run

    file = None if json is None else Path(json)
    options = ParityOptions(a, b, **read("parity", values), ignore=ignore, json=file)
    sys.exit(run(options, sys.stdout, sys.stderr))
