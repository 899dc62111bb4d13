"""Learns a target: runs the suite's tests of open clauses and turns what they showed into a profile."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from contract_tests.check.command import write_errors
from contract_tests.check.plan import plan_of
from contract_tests.check.prompts import confirmed, has_second, spends_units, with_credentials
from contract_tests.contract.clauses import UsageError, all_clauses
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.private_texts import PrivateTexts, private_texts_of
from contract_tests.engine.run import Run
from contract_tests.engine.stopped import why_stopped
from contract_tests.engine.target import on_loopback
from contract_tests.findings.exit_code import HOLDS, UNREACHABLE, USAGE
from contract_tests.learning.choices import word_choice
from contract_tests.learning.error_tables import code_choices, message_choices
from contract_tests.learning.learned_profile import LearnedProfile, profile_file, profile_of, write_table
from contract_tests.learning.uncovered import (
    refuted_assumptions,
    strange_sources,
    text_units,
    undocumented_members,
)
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import Written, check_file, discard, masked, notice, try_to_write
from contract_tests.report.interrupts import Interrupts
from contract_tests.report.report import Report
from contract_tests.report.visible import visible
from contract_tests.session.progress import Progress
from contract_tests.session.session import examine

UNITS = 8  # units that creates may take by default
CLAUSES = tuple(c.id for c in all_clauses().values() if not c.unseen and (c.default is not None or not c.binding))
"""The clauses whose tests are run: open ones, and assumptions."""
TABLES = {"error.codes": code_choices, "error.messages": message_choices}  # readers of clauses whose choice is a table


def learn(options: CheckOptions, file: Path | None, out: TextIO, err: TextIO, *, force: bool = False) -> int:
    """Learns the target of the options and writes the profile to the file and a table to out; without a file, the
    profile to out and the table to err. force: replace an existing file, which is removed where nothing is learned of
    the target. Gives the exit code of `check`.
    """
    with Interrupts.held() as interrupts:
        try:
            with interrupts.open():
                options = _begin(options, file, err if file is None else out, force=force)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, the user is told
            code, why = why_stopped(error)
            return _nothing_learned(file if code == UNREACHABLE else None, code, why, err)
        ended = examine(options, Progress(err))
        with suppress(OSError):
            write_errors(ended.report, err)
        if ended.run is None:
            code = ended.report.exit_code
            return _nothing_learned(file if code != USAGE else None, code, ended.report.stopped, err)
        return _write_all(ended.run, ended.report, file, out, err)


def _begin(options: CheckOptions, file: Path | None, table: TextIO, *, force: bool) -> CheckOptions:
    """The options of the run. Raises UsageError, UnreachableError."""
    if file is not None and file.exists() and not force:
        raise UsageError(f"--out: {file} exists; name another file, or add --force to replace it")
    if file is not None:
        check_file(file, "--out")
    return _confirmed(options, table)


def _nothing_learned(file: Path | None, code: int, why: str, err: TextIO) -> int:
    """Says why there is no profile. One of before in the file would be taken for this run's."""
    if file is not None:
        discard(file)
    with suppress(OSError):
        print(visible(why), file=err)
    return code


def _write_all(run: Run, report: Report, file: Path | None, out: TextIO, err: TextIO) -> int:
    """Writes the profile and the table; the exit code. A profile that its file does not take goes to out: it was paid
    for.
    """
    private = private_texts_of(run)
    learned = learned_of(run, report, private)
    content, places = masked(profile_file(learned), private.secrets)
    written = Written((notice(file or "standard output", places),) if places else ())
    if file is not None:
        written += try_to_write(file, "--out", content, Secrets())
    on_output = file is None or not written.whole
    table = err if on_output else out
    try:
        if on_output:
            out.write(content.decode())
            out.flush()
        write_table(table, learned, "the profile is on standard output" if on_output else f"wrote {file}")
        table.flush()
    except OSError as error:
        written += Written((f"output: {error.strerror or error}",), whole=False)
    with suppress(OSError):
        for line in written.notices:
            print(visible(line), file=err)
    return report.exit_code or (HOLDS if written.whole else USAGE)


def _confirmed(options: CheckOptions, out: TextIO) -> CheckOptions:
    """The options of the run, with the user's yes where one is needed. Raises UsageError, UnreachableError."""
    options = with_credentials(options)
    paid = spends_units(options)
    budget = UNITS if options.budget is None and paid else options.budget
    options = replace(options, budget=budget, full=False, only=CLAUSES, with_others=True)
    url = options.url
    if url is None or not paid or on_loopback(url):
        return options
    if options.yes:
        return options
    return confirmed(options, plan_of(options, url, larger=False, second=has_second(options)), out)


def learned_of(run: Run, report: Report, private: PrivateTexts) -> LearnedProfile:
    """All that a run has shown of its target."""
    items = [
        item
        for clause in all_clauses().values()
        if clause.default is not None
        for item in TABLES.get(clause.id, word_choice)(clause, run, private)
    ]
    items += [*undocumented_members(run), *refuted_assumptions(run), *text_units(run), *strange_sources(run)]
    return profile_of(report, items, run.findings.all)
