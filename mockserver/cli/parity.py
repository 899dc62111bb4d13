"""`ifind-mock parity`: two servers held to each other, clause by clause."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from contract_tests.contract.clauses import UsageError
from mockserver.cli.target_options import read_spending, spending_options


@click.command("parity")
@click.argument("a", metavar="URL")
@click.argument("b", metavar="URL")
@spending_options("12 on each side, no limit on a mock", "A mock beside a real target has its own.")
@click.option(
    "--ignore", metavar="CLAUSE", multiple=True, help="A known difference that does not count; again for more."
)
@click.option("--json", metavar="FILE", help="Write the report as JSON.")
def command(a: str, b: str, **given: Any) -> None:
    """Makes the same calls to both URLs and tells where the answers differ, clause by clause.

    Each is a URL such as http://127.0.0.1:8080/api, or live, or mock (a private one). Ids, times and what is found are
    no differences. Credentials come from IFIND_LOGIN, IFIND_TOKEN (and IFIND_LOGIN2, IFIND_TOKEN2 of a second account);
    a mock makes accounts of its own and is never shown them. Exit code: 0 nothing differs, 1 something does, 2 wrong
    usage, 3 no way to a target, 4 the budget does not suffice.
    """
    from contract_tests.parity.command import ParityOptions, run

    try:
        options = ParityOptions(
            a,
            b,
            **read_spending(given),
            ignore=given["ignore"],
            json=None if given["json"] is None else Path(given["json"]),
        )
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    sys.exit(run(options, sys.stdout, sys.stderr))
