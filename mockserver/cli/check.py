"""`ifind-mock check`: the contract suite, run on the mock or on any URL."""

from __future__ import annotations

import io
import signal
import sys
from typing import Any

import click

from contract_tests.engine.options import CheckOptions
from mockserver.cli.target_options import read, target_options


@click.command("check")
@click.argument("target", default="mock")
@target_options("check")
def command(target: str, **values: Any) -> None:
    """Checks TARGET against the contract.

    TARGET is mock (starts a private one; the default), live, or a URL such as http://127.0.0.1:8080/api.

    Credentials come from IFIND_LOGIN and IFIND_TOKEN, those of a second account from IFIND_LOGIN2 and IFIND_TOKEN2. At
    a terminal the command asks for a missing login or token.

    Exit code: 0 all that was tried holds, 1 something is broken, 2 wrong usage, 3 the target can't be reached or
    refuses the credentials, 4 the budget does not suffice.
    """
    from contract_tests.check.command import run  # pytest is loaded when there is something to run

    options = CheckOptions(target=target, **read("check", values))
    # Else a SIGTERM would leave a private mock behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Standard output shows characters that it lacks as `?`; a closed one takes the text and drops it.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    sys.exit(run(options, sys.stdout or io.StringIO(), sys.stderr))
