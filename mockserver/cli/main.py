"""The group of commands, each loaded when it is called; turns an error into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from contract_tests.findings.exit_code import USAGE
from mockserver.cli.streams import complete
from mockserver.core.errors import IfindMockError
from mockserver.data import BrokenDataError, failure_of

COMPLETES = "_IFIND_MOCK_COMPLETE"
"""The variable by which a shell asks for completions."""
COMMANDS: Mapping[str, str] = {
    "serve": "runs the mock",
    "check": "runs the contract suite",
    "learn": "reads a target's choices into a profile",
    "parity": "compares two servers, clause by clause",
    "validate": "checks captured answers against the schemas",
    "mutants": "runs the suite on mocks that each break one promise",
    "sample": "prints an answer without a server",
    "config": "writes, checks and shows settings",
}
"""What each command does; the module of its name in this package holds it."""


class Commands(click.Group):
    """Commands that are imported only when they are called, so that `serve` starts fast."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of the name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mockserver.cli.{cmd_name}").command
        if COMPLETES in os.environ:
            from mockserver.cli.completion import complete_values

            complete_values(command)
        if not gc.isenabled():
            gc.freeze()  # what has been loaded stays: no collection needs to look at it
            gc.enable()
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Like click, but suggests the nearest name for an unknown one."""
        if args and args[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint} Commands: {', '.join(COMMANDS)}.", ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Like click, but an error shows no credential, and nothing that a CI system reads."""
        with _shown_safely():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Like click, which would end with 1, as for a broken promise, where nobody reads the output any more."""
        try:
            with _shown_safely():
                return super().invoke(ctx)
        except BrokenPipeError as error:
            raise IfindMockError(failure_of(error)) from None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@contextmanager
def _shown_safely() -> Iterator[None]:
    """Masks the credentials of the environment in an error about what was typed."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        from contract_tests.engine.options import CheckOptions
        from contract_tests.redact.mask import Mask
        from contract_tests.report.visible import visible

        shown = visible(Mask(CheckOptions().labels).text(error.format_message()))
        raise click.UsageError(shown, error.ctx) from None


COMPLETION = """\b
Complete words in bash (in zsh and fish: zsh_source, fish_source):
  eval "$(_IFIND_MOCK_COMPLETE=bash_source ifind-mock)"
"""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=COMPLETION)
@click.version_option(package_name="ifind-mock")
def commands() -> None:
    """A mock server and contract-testing kit for the phone-lookup API of i-find.pro."""


def main(args: list[str] | None = None) -> None:
    """Runs the command line and ends the process: 0 success, 2 wrong usage or settings, others by command."""
    complete()
    try:
        try:
            commands(args, prog_name="ifind-mock")
        finally:
            sys.stdout.flush()
    except (IfindMockError, BrokenDataError) as error:
        _print(str(error))
        sys.exit(USAGE)
    except OSError as error:
        _print(failure_of(error))
        # The interpreter writes the rest of the output again when it ends: discard it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(USAGE)


def _print(text: str) -> None:
    from contract_tests.report.visible import visible

    for line in text.splitlines():
        click.echo(f"ifind-mock: {visible(line)}", err=True)
