"""Files of captured answers, each held to the schemas, whatever is wrong with another."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from contract_tests.captured.asked import Asked
from contract_tests.captured.capture import MAX_BYTES, read_capture
from contract_tests.captured.judge import judge
from contract_tests.captured.summary import Looked, Validation

STDIN = "-"
_HEAD = 2**20
"""Bytes that the head of a captured response may take beside its body."""


def validate(names: Sequence[str], asked: Asked, *, strict: bool, stdin: IO[bytes] | None = None) -> Validation:
    """Looks at every file, whatever is wrong with another. A directory stands for the files below it, and `-` for
    stdin (standard input where it is None).

    Raises UsageError and UnknownSchemaError for what asked has wrong.
    """
    looked = (
        _look(name, asked, stdin) if not trouble else Looked(_shown(name), None, trouble)
        for name, trouble in _files(names)
    )
    return Validation(tuple(looked), strict)


def _files(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every file, and what keeps it from being one."""
    for name in names:
        if name != STDIN and os.path.isdir(name):
            yield from _below(name) or [(name, "a directory without a file in it; name what holds captured answers")]
        else:
            yield name, ""


def _below(directory: str) -> list[tuple[str, str]]:
    """The files of a directory and of those in it, in order; what begins with a dot is left out."""
    found: list[tuple[str, str]] = []

    def closed(error: OSError) -> None:
        found.append((str(error.filename), f"can't be read: {error.strerror}"))

    for folder, folders, names in os.walk(directory, onerror=closed):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        files = [os.path.join(folder, n) for n in sorted(names) if not n.startswith(".")]
        found += [(file, "") for file in files if os.path.isfile(file) or not os.path.exists(file)]
    return found


def _look(name: str, asked: Asked, stdin: IO[bytes] | None) -> Looked:
    try:
        if name == STDIN:
            content = (stdin or _standard_input()).read(MAX_BYTES + _HEAD)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MAX_BYTES + _HEAD)
    except OSError as error:
        return Looked(_shown(name), None, f"can't be read: {error.strerror or error}")
    except ValueError:
        return Looked(_shown(name), None, "can't be read: this is no name of a file")
    return Looked(_shown(name), judge(read_capture(content), asked))


def _shown(name: str) -> str:
    """The name of a file as any output can carry it, in one line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def _standard_input() -> IO[bytes]:
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer
