"""`ifind-mock check`: the contract suite, run on the mock or on any URL."""

from __future__ import annotations

import sys
from typing import Any, TextIO

import click

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions, read_options
from contract_tests.findings.exit_code import USAGE
from contract_tests.report.interrupts import Interrupts
from mockserver.cli.reporting import ReportingCommand, check_tasks, files_alone
from mockserver.cli.target_options import end, target_options


class CheckCommand(ReportingCommand):
    """The command."""

    def refuse(self, options: CheckOptions, why: str, errors: TextIO) -> int:
        """See ReportingCommand."""
        from contract_tests.check.command import refuse

        return refuse(options, USAGE, why, errors, out=sys.stdout)


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
            check_tasks("check", values)
            options = CheckOptions(target=target, **read_options("check", values))
        except UsageError as error:
            end(refuse(files_alone("check", values), USAGE, str(error), sys.stderr, out=sys.stdout))
        end(run(options, sys.stdout, sys.stderr))
