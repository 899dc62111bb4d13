"""What a run asks its user for: credentials that the environment lacks, and a yes to what may cost."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from shutil import get_terminal_size
from typing import TextIO

from contract_tests.check.plan import Plan
from contract_tests.check.plan_text import write_plan
from contract_tests.contract.clauses import UsageError
from contract_tests.engine.confirm import confirm
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import makes_accounts, phone_of
from contract_tests.engine.target import on_loopback


def spends_units(options: CheckOptions) -> bool:
    """Whether the run is on the user's account, so that units count. Raises UnreachableError."""
    return options.url is not None and not makes_accounts(options.url, options.environment)


def has_second(options: CheckOptions) -> bool:
    """Whether the user names a second account."""
    return bool(options.environment.get("IFIND_LOGIN2"))


def with_credentials(
    options: CheckOptions, *, ask: Callable[[str], str] = getpass.getpass, at_terminal: bool | None = None
) -> CheckOptions:
    """The options with login and token; at a terminal they are asked for where the environment lacks them, and what is
    typed is not shown. Elsewhere the run itself says which variables to set.
    """
    lacking = [name for name in ("IFIND_LOGIN", "IFIND_TOKEN") if not options.environment.get(name)]
    terminal = sys.stdin.isatty() if at_terminal is None else at_terminal
    if not lacking or not terminal or not spends_units(options):
        return options
    typed = {name: ask(f"{name} (not shown): ").strip() for name in lacking}
    if not all(typed.values()):
        raise UsageError(f"Nothing was sent: {' and '.join(n for n, v in typed.items() if not v)} is empty.")
    return replace(options, environ={**options.environment, **typed})


def check_phone(options: CheckOptions, url: str) -> None:
    """Raises UsageError where a target elsewhere is to look up a phone and none is named."""
    if not on_loopback(url) and options.phone is None and not options.tasks:
        phone_of(options.environment)


def confirmed(options: CheckOptions, plan: Plan, out: TextIO) -> CheckOptions:
    """The options with the user's yes to the plan, which is shown. Raises UsageError without it."""
    shown = StringIO()
    write_plan(shown, plan, width=get_terminal_size().columns if out.isatty() else None)
    confirm(shown.getvalue(), out)
    return replace(options, yes=True)
