"""The standard streams of a command: whole also where the shell has closed one (`<&-`, `>&-`, `2>&-`), and where what
reads standard error has gone or its disk is full.
"""

from __future__ import annotations

import io
import os
import re
import sys
from typing import Any, TextIO

from mockserver.core.errors import Problem, Refusal

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class _Unfailing(io.FileIO):
    """A stream of messages that drops what it can't write: nobody is left to be told, and a message ends no command."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def complete() -> None:
    """Opens `/dev/null` in place of each closed standard stream, so that no socket and no file gets its number.

    Standard output writes as an escape what its encoding lacks, as standard error does. Standard error never fails. A
    size of the terminal that is none is dropped from the environment: rich fails on one.
    """
    for name in ("COLUMNS", "LINES"):
        if not re.fullmatch(r"[0-9]{1,6}", os.environ.get(name, "0")):
            del os.environ[name]
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given, and those below are in use.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=_encoding(sys.stdout), errors="backslashreplace")
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        raw = io.BufferedWriter(_Unfailing(sys.stderr.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(raw, _encoding(sys.stderr), "backslashreplace", line_buffering=True)


def _encoding(stream: TextIO) -> str:
    """The stream's encoding; UTF-8 for one that can't escape what it lacks, such as idna."""
    try:
        "".encode(stream.encoding, "backslashreplace")
    except UnicodeError:
        return "utf-8"
    return stream.encoding


def output() -> TextIO:
    """Standard output, for what is of no use elsewhere. Raises Refusal where it was closed."""
    if sys.__stdout__ is None:
        raise Refusal(Problem("standard output", "is closed", "leave it open: the command writes its answer there"))
    return sys.stdout
