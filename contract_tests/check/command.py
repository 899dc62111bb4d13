"""What `ifind-mock check` does: plan, ask, run, report, and remember."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TextIO

from contract_tests.check.history import HistoryFile, read_history
from contract_tests.check.plan import plan_of, provable, provable_live
from contract_tests.check.prompts import confirmed, has_second, spends_units, with_credentials, write_plan
from contract_tests.contract.clauses import UsageError, all_clauses, clause_of
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.profile import read_profile
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import UnreachableError
from contract_tests.engine.stopped import UNFINISHED, why_stopped
from contract_tests.engine.target import on_loopback
from contract_tests.findings.exit_code import BROKEN, HOLDS, USAGE
from contract_tests.findings.finding import ClauseResult
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import Written, try_to_write
from contract_tests.report.annotations import annotate, write_annotations
from contract_tests.report.interrupts import Interrupts
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from contract_tests.report.report_files import ReportFiles, check_files
from contract_tests.report.terminal import write_terminal
from contract_tests.report.visible import visible
from contract_tests.session.progress import Progress
from contract_tests.session.second_process import second_process
from contract_tests.session.session import Examined, examine
from contract_tests.session.state import all_unseen, stopped_report


def run(options: CheckOptions, out: TextIO, err: TextIO | None = None) -> int:
    """Checks the target and writes the report to out, errors and progress to err (None: errors to out, no progress).
    Returns the exit code. However the run ends, the files of the options hold its report.
    """
    errors, files = err or out, _files_of(options)
    with Interrupts.held() as interrupts:
        try:
            with interrupts.open():
                begun = _begin(options, files, out)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, the files say so
            return refuse(options, *why_stopped(error), errors, files, out=out)
        if begun is None:
            return HOLDS
        if begun.report is not None:
            return _end(options, begun.report, Secrets(dict(options.labels)), files, out, errors, Written())
        shown = [Progress(err)] if err else []
        ended = examine(begun.options, *shown, *second_process(begun.options))
        report, trouble = _remember(replace(ended.report, provable=begun.within_reach), ended, begun)
        return _end(options, report, ended.secrets, files, out, errors, trouble)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run that may begin."""

    options: CheckOptions
    history: HistoryFile | None = None
    within_reach: int | None = 0
    """The number of clauses that it can decide; None where that is not known."""
    live: frozenset[str] = frozenset()
    """Where there is a history: the clauses that some run on the target can decide."""
    report: Report | None = None
    """Where there is nothing to run: what it would find."""


def _begin(options: CheckOptions, files: ReportFiles[Report], out: TextIO) -> _Begun | None:
    """Checks the options, asks what is to be asked, and replaces the reports of before. None: the plan was all."""
    _check(options)
    history = read_history(options.history) if options.history else None
    files.begin(stopped_report(options, BROKEN, UNFINISHED), Secrets(dict(options.labels)))
    options = with_credentials(options)
    if options.plan:
        _print_plan(options, out)
        return None
    if all_unseen(options):
        return _Begun(options, report=_unseen_report(options))
    options, within_reach = _confirmed(options, out)
    return _Begun(options, history, within_reach, _decidable(options) if history else frozenset())


def _files_of(options: CheckOptions) -> ReportFiles[Report]:
    """The files of reports. There are none where the options ask for the plan, which is no run."""
    taken = (options.history, options.ledger, options.profile)
    return ReportFiles({} if options.plan else options.reports, RENDERERS, taken)


def refuse(
    options: CheckOptions,
    code: int,
    why: str,
    errors: TextIO,
    files: ReportFiles[Report] | None = None,
    *,
    out: TextIO | None = None,
) -> int:
    """Ends a run that did not begin: the reason goes to errors, into the files of the options, and to `out` where
    GitHub reads it.
    """
    files, secrets = files or _files_of(options), Secrets(dict(options.labels))
    report = stopped_report(options, code, secrets.mask(why))
    written = files.write(report, secrets)
    _print([report.stopped, *written.notices], errors)
    if options.github:
        with suppress(OSError):
            write_annotations(annotate(report), out or errors)
    return code


def _check(options: CheckOptions) -> None:
    """Raises UsageError for what is wrong, as far as that is known before anything is sent."""
    _ = options.url
    for name in options.only:
        clause_of(name)
    if options.profile is not None:
        read_profile(options.profile)
    others = {"history": options.history, "ledger": options.ledger, "profile": options.profile}
    check_files({**options.reports, **{name: path for name, path in others.items() if path is not None}})


def _unseen_report(options: CheckOptions) -> Report:
    clauses = map(clause_of, dict.fromkeys(options.only))
    rows = (ClauseResult(clause, Outcome.UNCHECKED, "", clause.unseen, ()) for clause in clauses)
    return replace(stopped_report(options, HOLDS, ""), rows=tuple(rows))


def _print_plan(options: CheckOptions, out: TextIO) -> None:
    url = options.url
    if url is None:
        print("mock: a private one, which costs nothing", file=out)
    else:
        write_plan(out, plan_of(options, url, second=has_second(options)))


def _decidable(options: CheckOptions) -> frozenset[str]:
    """The clauses that some run on the target can decide."""
    if spends_units(options):
        with suppress(UnreachableError):  # then each clause counts
            return provable_live(options)
    return frozenset(clause.id for clause in all_clauses().values() if not clause.unseen)


def _confirmed(options: CheckOptions, out: TextIO) -> tuple[CheckOptions, int | None]:
    """The options with the user's yes where one is needed, and how many clauses they can prove; None where that is not
    known.
    """
    url = options.url
    if url is None or not spends_units(options):
        seen = {clause.id for clause in all_clauses().values() if not clause.unseen}
        return options, len(seen & set(options.only or seen))
    if options.yes or on_loopback(url):
        return options, provable(options, second=has_second(options))
    plan = plan_of(options, url, second=has_second(options))
    return confirmed(options, plan, out), plan.provable


def _remember(report: Report, ended: Examined, begun: _Begun) -> tuple[Report, Written]:
    """The report with its history, to whose file what was found out is added."""
    history, file = begun.history, begun.options.history
    if history is None or file is None:
        return report, Written()
    try:
        stale_after = timedelta(seconds=begun.options.stale_after)
        report = replace(report, history=history.of(report, stale_after, begun.live))
        if ended.run is None or ended.run.target.own_mock:
            return report, Written()
        # Another run may have added to it since this one began.
        latest = read_history(file) if file.exists() else history
        return report, try_to_write(file, "--history", latest.with_report(report), ended.secrets, keep=True)
    except UsageError as error:
        return report, Written((f"{error}; what this run has found is not in it",), whole=False)
    except Exception as error:  # noqa: BLE001 - whatever it is, the report was paid for
        why = f"--history: {file}: could not be made: {type(error).__name__}, an error of the kit itself"
        return report, Written((why,), whole=False)


def _end(
    options: CheckOptions,
    report: Report,
    secrets: Secrets,
    files: ReportFiles[Report],
    out: TextIO,
    errors: TextIO,
    before: Written,
) -> int:
    """Writes the report to its files and to out; the exit code, which also reflects files that were not written."""
    written = before + files.write(report, secrets)
    code = report.exit_code or (HOLDS if written.whole else USAGE)
    _print(written.notices, errors)
    # The terminal comes last: it may be gone, and the files are what the run was paid for.
    try:
        shown = report.masked(secrets.mask)
        write_errors(shown, out)
        if options.github:
            write_annotations(annotate(shown), out)
        write_terminal(out, shown, whole=options.all, code=code)
        out.flush()
    except OSError as error:
        _print([f"output: {error.strerror or error}"], errors)
        code = code or USAGE
    return code


def _print(lines: Iterable[str], errors: TextIO) -> None:
    with suppress(OSError):
        for line in lines:
            print(visible(line), file=errors)


def write_errors(report: Report, out: TextIO) -> None:
    """Writes the errors of the kit itself."""
    for text in report.errors:
        print(f"ERROR of the suite itself:\n{visible(text)}\n", file=out)
