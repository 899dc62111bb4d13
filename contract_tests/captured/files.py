"""Files of captured answers: found, read and judged, each by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from contract_tests.captured.capture import MAX_BYTES, Asked, read_capture
from contract_tests.captured.judge import judge
from contract_tests.captured.summary import FileResult, Validation

STDIN = "-"
_HEAD = 2**20  # bytes for the head of a captured response, beside its body


def validate(names: Sequence[str], asked: Asked, *, strict: bool) -> Validation:
    """Judges every file, also after one that can't be read. A directory stands for the files below it, and `-` for
    standard input. Raises UsageError for a wrong profile, and UnknownSchemaError.
    """
    return Validation(tuple(_result(name, why, asked) for name, why in _files(names)), strict)


def _files(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every file, with the reason why it can't be read."""
    for name in names:
        if name != STDIN and os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises where it may not look
            yield from _below(name) or [(name, "a directory without a file in it; name one with captured answers")]
        else:
            yield name, ""


def _below(directory: str) -> list[tuple[str, str]]:
    """The files of a directory and of those in it, sorted, without those that begin with a dot."""
    found: list[tuple[str, str]] = []

    def closed(error: OSError) -> None:
        found.append((str(error.filename), f"can't be read: {error.strerror}"))

    for folder, folders, names in os.walk(directory, onerror=closed):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        files = [os.path.join(folder, n) for n in sorted(names) if not n.startswith(".")]  # noqa: PTH118 - as os.walk
        found += [(file, "") for file in files if os.path.isfile(file) or not os.path.exists(file)]  # noqa: PTH110, PTH113
    return found


def _result(name: str, why: str, asked: Asked) -> FileResult:
    content = b""
    try:
        content = b"" if why else _content(name)
    except OSError as error:
        why = f"can't be read: {error.strerror or error}"
    except ValueError:
        why = "can't be read: this can't be the name of a file"
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return FileResult(printable, None if why else judge(read_capture(content), asked), why)


def _content(name: str) -> bytes:
    if name != STDIN:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + _HEAD)
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer.read(MAX_BYTES + _HEAD)
