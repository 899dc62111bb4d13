"""The files of a run's reports: each holds a report of this run, in whatever way it ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.stopped import UNFINISHED
from contract_tests.findings.exit_code import BROKEN
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import Written, check_file, discard, is_device, try_to_write
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from contract_tests.session.state import stopped_report


class ReportFiles:
    """The files by their format. There are none where the options ask for the plan, which is no run."""

    def __init__(self, options: CheckOptions) -> None:
        # No report takes the place of what the run reads.
        taken = {os.path.realpath(path) for path in (options.history, options.ledger, options.profile) if path}
        files = {} if options.plan else options.reports
        self.files: Mapping[str, Path] = {
            name: path for name, path in files.items() if os.path.realpath(path) not in taken and _can_be(path, name)
        }
        self._options = options

    def begin(self) -> None:
        """Replaces what other runs have found by a report that this one has not come to its end. Raises UsageError
        where a file can't be written, so that it shows before any call is sent.
        """
        report, secrets = stopped_report(self._options, BROKEN, UNFINISHED), Secrets(dict(self._options.labels))
        for name, path in self.files.items():
            if not is_device(path):
                written = try_to_write(path, f"--{name}", _rendered(name, report), secrets)
                if not written.whole:
                    raise UsageError(f"{written.notices[0]}; name another file")

    def write(self, report: Report, secrets: Secrets) -> Written:
        """Writes the report to every file."""
        return sum((self._write(name, path, report, secrets) for name, path in self.files.items()), Written())

    def _write(self, name: str, path: Path, report: Report, secrets: Secrets) -> Written:
        try:
            return try_to_write(path, f"--{name}", _rendered(name, report), secrets)
        except Exception as error:  # noqa: BLE001 - a fault of one renderer must not lose the other files
            discard(path)
            why = f"--{name}: {path}: could not be made: {type(error).__name__}, an error of the kit itself"
            return Written((why,), whole=False)


def _can_be(path: Path, name: str) -> bool:
    try:
        check_file(path, f"--{name}")
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
