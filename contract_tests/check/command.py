"""What `ifind-mock check` does: plan, ask, run, report, and remember."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import TextIO

from contract_tests.check.history import HistoryFile, read_history
from contract_tests.check.plan import plan_of, provable
from contract_tests.check.prompts import check_phone, confirmed, has_second, spends_units, with_credentials, write_plan
from contract_tests.contract.clauses import UsageError, all_clauses, clause_of
from contract_tests.contract.profile import read_profile
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import UnreachableError, code_of
from contract_tests.engine.target import on_loopback
from contract_tests.findings.exit_code import BROKEN, HOLDS, USAGE
from contract_tests.redact.write import check_file, notice, write
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from contract_tests.report.terminal import write_terminal
from contract_tests.session.progress import Progress
from contract_tests.session.session import Examined, examine


def run(options: CheckOptions, out: TextIO, err: TextIO | None = None) -> int:
    """Checks the target and writes the report to out, errors and progress to err (None: errors to out, no progress).
    Returns the exit code.
    """
    errors = err or out
    try:
        _check(options)
        history = read_history(options.history) if options.history else None
        options = with_credentials(options)
        if options.plan:
            return _print_plan(options, out)
        if unseen := _all_unseen(options):
            for name in unseen:
                print(f"{name}: not checked: {clause_of(name).unseen}", file=out)
            return HOLDS
        options, within_reach = _confirmed(options, out)
    except (UsageError, UnreachableError) as error:
        print(error, file=errors)
        return code_of(error)
    ended = examine(options, *([Progress(err)] if err else []))
    if ended.report is None:
        write_errors(ended, out)
        print("the suite could not be run", file=out)
        return BROKEN
    report = replace(ended.report, provable=within_reach, errors=ended.errors)
    if history is not None:
        report = replace(report, history=history.of(report, timedelta(seconds=options.stale_after)))
    return _write_all(report, ended, options, history, out, errors)


def _check(options: CheckOptions) -> None:
    """Raises UsageError for what is wrong, as far as that is known before anything is sent."""
    _ = options.url
    for name in options.only:
        clause_of(name)
    if options.profile is not None:
        read_profile(options.profile)
    files = list(options.reports.values())
    files += [path for path in (options.history, options.ledger, options.profile) if path is not None]
    for path in files:
        check_file(path)
    resolved = [os.path.realpath(path) for path in files]
    for path, real in zip(files, resolved, strict=True):
        if Path(real).is_symlink():
            raise UsageError(f"{path}: is a link to itself; name another file")
        if resolved.count(real) > 1:
            raise UsageError(f"{path}: is named for two files at once; name each its own")


def _all_unseen(options: CheckOptions) -> list[str]:
    """The clauses that were asked for, where no run can show any of them."""
    unseen = [name for name in options.only if clause_of(name).unseen]
    return unseen if len(unseen) == len(options.only) else []


def _print_plan(options: CheckOptions, out: TextIO) -> int:
    url = options.url
    if url is None:
        print("mock: a private one, which costs nothing", file=out)
    else:
        check_phone(options, url)
        write_plan(out, plan_of(options, url, second=has_second(options)))
    return HOLDS


def _confirmed(options: CheckOptions, out: TextIO) -> tuple[CheckOptions, int]:
    """The options with the user's yes where one is needed, and how many clauses they can prove."""
    url = options.url
    if url is None or not spends_units(options):
        seen = {clause.id for clause in all_clauses().values() if not clause.unseen}
        return options, len(seen & set(options.only or seen))
    check_phone(options, url)
    if options.yes or on_loopback(url):
        return options, provable(options, second=has_second(options))
    plan = plan_of(options, url, second=has_second(options))
    return confirmed(options, plan, out), plan.provable


def _write_all(
    report: Report, ended: Examined, options: CheckOptions, history: HistoryFile | None, out: TextIO, errors: TextIO
) -> int:
    """Writes the report to its files and to out; the exit code, which also reflects files that were not written."""
    code, notices = report.exit_code, []
    made = {path: RENDERERS[name].render(report) for name, path in options.reports.items()}
    if history and options.history and ended.run and not ended.run.target.own_mock:
        made[options.history] = history.with_report(report)
    for path, content in made.items():
        try:
            if places := write(path, content, ended.secrets):
                notices.append(notice(path, places))
        except OSError as error:
            notices.append(f"{path}: can't be written: {error.strerror}")
            code = code or USAGE
    # The terminal comes last: it may be gone, and the files are what the run was paid for.
    write_errors(ended, out)
    shown = StringIO()
    write_terminal(shown if not out.isatty() else out, report)
    out.write(ended.secrets.mask(shown.getvalue()))
    for line in notices:
        print(line, file=errors)
    return code


def write_errors(ended: Examined, out: TextIO) -> None:
    """Writes the errors of the kit itself."""
    for text in ended.errors:
        print(f"ERROR of the suite itself:\n{text}\n", file=out)
