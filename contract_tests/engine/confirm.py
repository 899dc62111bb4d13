"""The question before calls that may cost."""

from __future__ import annotations

import sys
from typing import TextIO

from contract_tests.contract.clauses import UsageError


def confirm(what: str, out: TextIO) -> None:
    """Shows what would be sent, and asks for a yes. Raises UsageError without one, or without a terminal to ask at."""
    print(what, file=out)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: add --yes to go on.")
    print("Go on? Type yes: ", end="", file=out, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UsageError("Nothing was sent.")
