"""What a run asks its user for: credentials that the environment lacks, and a yes to what may cost."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TextIO

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import LIVE, CheckOptions
from contract_tests.engine.provision import makes_accounts, phone_of
from contract_tests.engine.target import on_loopback, read_url


def url_of(options: CheckOptions) -> str | None:
    """The target's URL, where it has one before it is started."""
    if options.target == "mock":
        return None
    return read_url(LIVE if options.target == "live" else options.target)


def spends_units(options: CheckOptions) -> bool:
    """Whether the run is on the user's account, so that units count. Raises UnreachableError."""
    url = url_of(options)
    return url is not None and not makes_accounts(url, environ_of(options))


def environ_of(options: CheckOptions) -> Mapping[str, str]:
    """Where the credentials are."""
    return os.environ if options.environ is None else options.environ


def with_credentials(
    options: CheckOptions, *, ask: Callable[[str], str] = getpass.getpass, at_terminal: bool | None = None
) -> CheckOptions:
    """The options with login and token; at a terminal they are asked for where the environment lacks them, and what is
    typed is not shown. Elsewhere the run itself says which variables to set.
    """
    environ = environ_of(options)
    lacking = [name for name in ("IFIND_LOGIN", "IFIND_TOKEN") if not environ.get(name)]
    terminal = sys.stdin.isatty() if at_terminal is None else at_terminal
    if not lacking or not terminal or not spends_units(options):
        return options
    typed = {name: ask(f"{name} (not shown): ").strip() for name in lacking}
    if not all(typed.values()):
        raise UsageError(f"Nothing was sent: {' and '.join(n for n, v in typed.items() if not v)} is empty.")
    return replace(options, environ={**environ, **typed})


def check_phone(options: CheckOptions, url: str) -> None:
    """Raises UsageError where a target elsewhere is to look up a phone and none is named."""
    if not on_loopback(url) and options.phone is None and not options.tasks:
        phone_of(environ_of(options))


def confirmed(options: CheckOptions, told: str, out: TextIO) -> CheckOptions:
    """The options with the user's yes, after told was shown. Raises UsageError without it."""
    url = url_of(options)
    if url is None or on_loopback(url) or options.yes:
        return options
    read_yes(told, out)
    return replace(options, yes=True)


def read_yes(told: str, out: TextIO) -> None:
    """Shows what a run may cost and reads the user's yes. Raises UsageError without it."""
    print(told, file=out)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: add --yes to go on.")
    print("Go on? Type yes: ", end="", file=out, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UsageError("Nothing was sent.")
