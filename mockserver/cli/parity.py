"""`ifind-mock parity`: compares two servers, clause by clause."""

from __future__ import annotations

import sys
from typing import Any, TextIO

import click

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions, read_options
from contract_tests.findings.exit_code import USAGE
from contract_tests.report.interrupts import Interrupts
from mockserver.cli.reporting import ReportingCommand, files_alone
from mockserver.cli.target_options import end, target_options


class ParityCommand(ReportingCommand):
    """The command."""

    def refuse(self, options: CheckOptions, why: str, errors: TextIO) -> int:
        """See ReportingCommand."""
        from contract_tests.parity.parity import refuse

        return refuse("", "", options, USAGE, why, errors, out=sys.stdout)


@click.command("parity", cls=ParityCommand)
@click.argument("a", metavar="URL")
@click.argument("b", metavar="URL")
@target_options("parity")
@click.option(
    "--ignore",
    metavar="CLAUSE",
    multiple=True,
    help="A known difference, which does not count. Repeat the option for more.",
)
def command(a: str, b: str, *, ignore: tuple[str, ...], **values: Any) -> None:
    """Makes the same calls to both URLs and reports where the answers differ, clause by clause.

    Each URL is one such as http://127.0.0.1:8080/api, or live, or mock (starts a private one, of the profile where that
    is named). Ids, times, what is found and what an account has may differ.

    Credentials come from IFIND_LOGIN and IFIND_TOKEN, those of a second account from IFIND_LOGIN2 and IFIND_TOKEN2. A
    mock makes its own accounts and never gets yours.

    Exit code: 0 nothing differs, or only what the profile states, 1 something else differs or the run was interrupted,
    2 wrong usage, 3 a target can't be reached, 4 the budget does not suffice.
    """
    with Interrupts.held():
        from contract_tests.parity.parity import refuse, run

        try:
            options = CheckOptions(**read_options("parity", values))
        except UsageError as error:
            end(refuse(a, b, files_alone("parity", values), USAGE, str(error), sys.stderr, out=sys.stdout))
        end(run(a, b, options, sys.stdout, sys.stderr, ignored=ignore))
