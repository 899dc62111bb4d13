"""Files of captured answers: found, read and judged, each by itself; the report on them, and the exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.captured.capture import MAX_BYTES, Asked, read_captures
from contract_tests.captured.judge import Judgement, judge, outcome_of
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.exit_code import BROKEN, HOLDS, USAGE

MOST_LINES = 50  # problems of an answer in the text; JSON has all that were kept


@dataclass(frozen=True)
class FileResult:
    file: str
    judgement: Judgement | None
    trouble: str = ""  # why there is no judgement

    @property
    def outcome(self) -> Outcome:
        """The judgement's; UNCHECKED without one."""
        return self.judgement.outcome if self.judgement else Outcome.UNCHECKED


@dataclass(frozen=True)
class Validation:
    files: tuple[FileResult, ...]
    strict: bool

    @property
    def exit_code(self) -> int:
        """2 where a file could not be read, else 1 for a broken answer, else 0."""
        judgements = [result.judgement for result in self.files]
        failed = any(j.fails(strict=self.strict) for j in judgements if j)
        return USAGE if None in judgements else BROKEN if failed else HOLDS


def as_json(validation: Validation) -> str:
    """The report as schemas/reports/validation.schema.json describes it."""
    files = [_entry(result) for result in validation.files]
    return json.dumps({"files": files, "exit_code": validation.exit_code}, indent=2)


def _entry(result: FileResult) -> dict[str, Any]:
    judgement = result.judgement or Judgement(None, None, None, ())
    return {
        "file": result.file,
        "format": judgement.format,
        "method": judgement.method,
        "schema": judgement.schema,
        "outcome": result.outcome,
        "trouble": result.trouble or None,
        "problems": [{**vars(p), "outcome": outcome_of(p)} for p in judgement.problems],
        "cut": judgement.cut,
    }


def as_text(validation: Validation) -> str:
    """The report in lines: each answer with its problems, then the number of files by outcome."""
    lines = [line for result in validation.files for line in _lines(result)]
    if len(validation.files) > 1:
        outcomes = [result.outcome for result in validation.files]
        counts = [f"{outcomes.count(word)} {word}" for word in Outcome if word in outcomes]
        lines.append(f"{len(outcomes)} files: {', '.join(counts)}")
    return "\n".join(lines)


def _lines(result: FileResult) -> Iterator[str]:
    if result.judgement is None:
        yield f"{result.file}: {result.outcome}: {result.trouble}"
        return
    yield f"{result.file}: {result.judgement.title}: {result.outcome}"
    yield from (f"  {line}" for line in result.judgement.lines(MOST_LINES))


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
    return FileResult(printable, None if why else judge(read_captures(content)[-1], asked), why)


def _content(name: str) -> bytes:
    if name != STDIN:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + _HEAD)
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer.read(MAX_BYTES + _HEAD)
