"""Learns a target: runs the suite's tests of open clauses and turns what they showed into a profile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TextIO

from contract_tests.check.command import write_errors
from contract_tests.check.plan import plan_of
from contract_tests.check.prompts import check_phone, confirmed, has_second, spends_units, with_credentials
from contract_tests.contract.clauses import UsageError, all_clauses
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import UnreachableError, code_of
from contract_tests.engine.run import Run
from contract_tests.engine.target import on_loopback
from contract_tests.findings.exit_code import USAGE
from contract_tests.learning.choices import word_choice
from contract_tests.learning.error_tables import code_choices, message_choices
from contract_tests.learning.learned_profile import LearnedProfile, profile_file, profile_of, write_table
from contract_tests.learning.private_texts import PrivateTexts, private_texts_of
from contract_tests.learning.uncovered import (
    refuted_assumptions,
    strange_sources,
    text_units,
    undocumented_members,
)
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import check_file, masked, notice, write
from contract_tests.report.report import Report
from contract_tests.session.progress import Progress
from contract_tests.session.session import examine

UNITS = 8  # units that creates may take by default
CLAUSES = tuple(c.id for c in all_clauses().values() if not c.unseen and (c.default is not None or not c.binding))
"""The clauses whose tests are run: open ones, and assumptions."""
TABLES = {"error.codes": code_choices, "error.messages": message_choices}  # readers of clauses whose choice is a table


def learn(options: CheckOptions, file: Path | None, out: TextIO, err: TextIO, *, force: bool = False) -> int:
    """Learns the target of the options and writes the profile to the file and a table to out; without a file, the
    profile to out and the table to err. force: replace an existing file. Gives the exit code of `check`.
    """
    table = err if file is None else out
    try:
        if file is not None and file.exists() and not force:
            raise UsageError(f"--out: {file} exists; name another file, or add --force to replace it")
        if file is not None:
            check_file(file)
        options = _confirmed(options, table)
    except (UsageError, UnreachableError) as error:
        print(error, file=err)
        return code_of(error)
    ended = examine(options, Progress(err))
    write_errors(ended.report, err)
    if ended.run is None:
        print(ended.report.stopped or "the suite could not be run", file=err)
        return ended.report.exit_code
    private = private_texts_of(ended.run)
    learned = learned_of(ended.run, ended.report, private)
    try:
        if places := _write(profile_file(learned), private.secrets, file, out):
            print(notice(file or "standard output", places), file=err)
    except OSError as error:
        print(f"--out: {file}: can't be written: {error.strerror}; name another file", file=err)
        return USAGE
    write_table(table, learned, "the profile is on standard output" if file is None else f"wrote {file}")
    return ended.report.exit_code


def _confirmed(options: CheckOptions, out: TextIO) -> CheckOptions:
    """The options of the run, with the user's yes where one is needed. Raises UsageError, UnreachableError."""
    options = with_credentials(options)
    paid = spends_units(options)
    budget = UNITS if options.budget is None and paid else options.budget
    options = replace(options, budget=budget, full=False, only=CLAUSES, with_others=True)
    url = options.url
    if url is None or not paid or on_loopback(url):
        return options
    check_phone(options, url)
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


def _write(content: bytes, secrets: Secrets, file: Path | None, out: TextIO) -> int:
    """Writes the profile, to out where no file is named; the number of masked places. Raises OSError."""
    if file is not None:
        return write(file, content, secrets)
    content, places = masked(content, secrets)
    out.write(content.decode())
    return places
