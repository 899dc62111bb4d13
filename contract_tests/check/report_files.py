"""The files of a run's reports: each holds a report of this run, in whatever way it ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions
from contract_tests.findings.exit_code import BROKEN
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import check_file, discard, is_device, notice, write
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from contract_tests.session.state import stopped_report

UNFINISHED = "the run has begun and has not come to its end: it goes on, or it was killed"


@dataclass(frozen=True, slots=True)
class Written:
    """What came of writing files."""

    notices: tuple[str, ...] = ()
    """What the user is to be told."""
    whole: bool = True
    """Each file was written."""


class ReportFiles:
    """The files by their format. There are none where the options ask for the plan, which is no run."""

    def __init__(self, options: CheckOptions) -> None:
        # No report takes the place of what the run reads.
        taken = {os.path.realpath(path) for path in (options.history, options.ledger, options.profile) if path}
        files = {} if options.plan else options.reports
        self.files: Mapping[str, Path] = {
            name: path for name, path in files.items() if os.path.realpath(path) not in taken and _can_be(path)
        }
        self._options = options

    def begin(self) -> None:
        """Replaces what other runs have found by a report that this one has not come to its end. Raises UsageError
        where a file can't be written, so that it shows before any call is sent.
        """
        report = stopped_report(self._options, BROKEN, UNFINISHED)
        for name, path in self.files.items():
            if not is_device(path):
                try:
                    write(path, _rendered(name, report), Secrets(dict(self._options.labels)))
                except OSError as error:
                    raise UsageError(f"{path}: can't be written: {error.strerror}; name another file") from None

    def write(self, report: Report, secrets: Secrets) -> Written:
        """Writes the report to every file."""
        notices, whole = [], True
        for name, path in self.files.items():
            try:
                if places := write(path, _rendered(name, report), secrets):
                    notices.append(notice(path, places))
            except OSError as error:
                notices.append(f"{path}: can't be written: {error.strerror}")
                whole = False
            except Exception as error:  # noqa: BLE001 - a fault of one renderer must not lose the other files
                discard(path)
                notices.append(f"{path}: could not be made: {type(error).__name__}, an error of the kit itself")
                whole = False
        return Written(tuple(notices), whole)


def _can_be(path: Path) -> bool:
    try:
        check_file(path)
    except UsageError:
        return False
    return True


def _rendered(name: str, report: Report) -> bytes:
    """The report in a format. Where its texts are too much for the renderer, the file says so."""
    render = RENDERERS[name].render
    try:
        return render(report)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run was paid for
        why = f"this file could not be made ({type(error).__name__}): see the terminal, or a report in another format"
        return render(replace(report, rows=(), retried=(), errors=(why,), history=None))
