"""Why a run could not begin: its exit code, and the reason in words."""

from __future__ import annotations

import traceback

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.provision import UnreachableError, code_of
from contract_tests.findings.exit_code import BROKEN, USAGE
from mockserver import data

INTERRUPTED = "interrupted before the run began"
UNFINISHED = "the run has begun and has not come to its end: it goes on, or it was killed"
"""What a report says until there is another one."""
TRACED = 6
"""Frames of a traceback that are shown."""


def why_stopped(error: BaseException) -> tuple[int, str]:
    """The exit code of a run that an error has kept from beginning, and the reason in words."""
    if isinstance(error, UsageError | UnreachableError):
        return code_of(error), str(error)
    if isinstance(error, KeyboardInterrupt):
        return BROKEN, INTERRUPTED
    if isinstance(error, EOFError):
        return USAGE, "Nothing was sent: the input has ended."
    if isinstance(error, OSError):
        return USAGE, data.failure_of(error)
    return BROKEN, f"an error of the kit itself:\n{in_own_words(error)}"


def in_own_words(error: BaseException, *, text: bool = True) -> str:
    """An error of the kit itself: its place and its type, without the values that pytest would show; text: also what
    it says.
    """
    lines = traceback.format_tb(error.__traceback__)[-TRACED:]
    return f"{''.join(lines)}{type(error).__name__}{f': {error}' if text else ''}"
