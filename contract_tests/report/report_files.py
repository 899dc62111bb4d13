"""The files of a run's reports: each holds a report of this run, in whatever way it ends."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from contract_tests.contract.clauses import UsageError
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import Written, check_file, discard, is_device, masked, try_to_append, try_to_write
from contract_tests.report.renderers import Renderer


class _Report(Protocol):
    def without_rows(self, why: str) -> Self:
        """The report with an error in place of all that was found."""


R = TypeVar("R", bound=_Report)


class ReportFiles(Generic[R]):
    """The files by their format, without those that can't be written; `taken`: what the run reads, which no report may
    replace.
    """

    def __init__(
        self, files: Mapping[str, Path], renderers: Mapping[str, Renderer[R]], taken: Iterable[Path | None] = ()
    ) -> None:
        kept = {os.path.realpath(path) for path in taken if path}
        self.files = {n: path for n, path in files.items() if os.path.realpath(path) not in kept and _can_be(path, n)}
        self._renderers = renderers
        self._appended: dict[str, bytes] = {}
        """What this run has added to files that others write, too."""

    def begin(self, unfinished: R, secrets: Secrets) -> None:
        """Replaces what other runs have found by a report that this one has not come to its end. Raises UsageError
        where a file can't be written, so that it shows before any call is sent.
        """
        for name, path in self.files.items():
            if not is_device(path):
                written = self._write(name, path, unfinished, secrets)
                if not written.whole:
                    raise UsageError(f"{written.notices[0]}; name another file")

    def write(self, report: R, secrets: Secrets) -> Written:
        """Writes the report to every file."""
        return sum((self._write(name, path, report, secrets) for name, path in self.files.items()), Written())

    def _write(self, name: str, path: Path, report: R, secrets: Secrets) -> Written:
        renderer, option = self._renderers[name], f"--{name}"
        try:
            content = _rendered(renderer, report)
            if not renderer.appends:
                return try_to_write(path, option, content, secrets)
            before = self._appended.get(name, b"")
            self._appended[name] = masked(content, secrets)[0]
            return try_to_append(path, option, content, secrets, instead_of=before)
        except Exception as error:  # noqa: BLE001 - a fault of one renderer must not lose the other files
            if not renderer.appends:
                discard(path)
            why = f"{option}: {path}: could not be made: {type(error).__name__}, an error of the kit itself"
            return Written((why,), whole=False)


def check_files(files: Mapping[str, Path]) -> None:
    """Raises UsageError where a file, by its option, can't be written, or is named for two at once."""
    resolved = [os.path.realpath(path) for path in files.values()]
    for (name, path), real in zip(files.items(), resolved, strict=True):
        check_file(path, f"--{name}")
        if resolved.count(real) > 1:
            raise UsageError(f"--{name}: {path}: is named for two files at once; name each its own")


def _can_be(path: Path, name: str) -> bool:
    try:
        check_file(path, f"--{name}")
    except UsageError:
        return False
    return True


def _rendered(renderer: Renderer[R], report: R) -> bytes:
    """The report in a format. Where its texts are too much for the renderer, the file says so."""
    try:
        return renderer.render(report)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run was paid for
        why = f"this file could not be made ({type(error).__name__}): see the terminal, or a report in another format"
        return renderer.render(report.without_rows(why))
