"""Learns a target: runs the suite's tests of open clauses, and turns what they have seen into a profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from contract_tests.check.plan import plan_of
from contract_tests.check.prompts import check_phone, confirmed, has_second, spends_units, with_credentials
from contract_tests.contract.clauses import Clause, UsageError, all_clauses
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import UnreachableError
from contract_tests.engine.run import Run
from contract_tests.engine.target import on_loopback
from contract_tests.findings.exit_code import BROKEN, UNREACHABLE, USAGE
from contract_tests.findings.findings import Findings
from contract_tests.learning.choices import Item, word_of
from contract_tests.learning.error_kinds import codes_of, messages_of
from contract_tests.learning.extras import beliefs_refuted, unknown_members
from contract_tests.learning.learned_profile import Learnt, Lesson, Uncovered, Unseen
from contract_tests.learning.profile_file import profile_file
from contract_tests.learning.redaction import Private, private_of
from contract_tests.learning.terminal_table import write_table
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import LeakError, write
from contract_tests.report.report import Report
from contract_tests.session.progress import Progress
from contract_tests.session.session import examine

UNITS = 8
"""Units that creates may take where nobody says otherwise."""


def learn(options: CheckOptions, file: Path | None, out: TextIO, err: TextIO, *, force: bool = False) -> int:
    """Learns the target of the options and writes the profile: to the file, and a table to out; without a file the
    profile to out, and the table to err. force: over a file that is there. Gives the exit code of `check`.
    """
    told = err if file is None else out
    try:
        _check_file(file, force=force)
        options = _ready(options, told)
    except UsageError as error:
        print(error, file=err)
        return USAGE
    except UnreachableError as error:
        print(error, file=err)
        return UNREACHABLE
    ended = examine(options, Progress(err))
    secrets = ended.run.findings.secrets if ended.run else Secrets()
    for text in ended.errors:
        print(f"ERROR of the suite itself:\n{secrets.mask(text)}\n", file=err)
    if ended.report is None or ended.run is None:
        print(ended.report.stopped if ended.report else "the suite could not be run", file=err)
        return ended.report.exit_code if ended.report else BROKEN
    private = private_of(ended.run)
    lesson = lesson_of(ended.run, ended.report, private)
    try:
        _write(profile_file(lesson), private.secrets, file, out)
    except LeakError as error:
        print(error, file=err)
        return BROKEN
    except OSError as error:
        print(f"--out: {file}: can't be written: {error.strerror}; name another file", file=err)
        return USAGE
    write_table(told, lesson, "the profile is on standard output" if file is None else f"wrote {file}")
    return ended.report.exit_code


def _check_file(file: Path | None, *, force: bool) -> None:
    """Raises UsageError where a file can't be written, before anything is sent."""
    if file is None:
        return
    if file.exists() and not force:
        raise UsageError(f"--out: {file} is there already; name another file, or add --force to write over it")
    if file.is_dir() or not file.parent.is_dir():
        why = "is a directory" if file.is_dir() else f"can't be written: there is no directory {file.parent}"
        raise UsageError(f"--out: {file} {why}; name a file in a directory that is there")


def _ready(options: CheckOptions, out: TextIO) -> CheckOptions:
    """The options of the run, with the user's yes where one is needed. Raises UsageError, UnreachableError."""
    options = with_credentials(options)
    theirs = spends_units(options)
    budget = UNITS if options.budget is None and theirs else options.budget
    options = replace(options, budget=budget, full=False, only=LOOKED_AT)
    url = options.url
    if url is None or not theirs or on_loopback(url):
        return options
    check_phone(options, url)
    if options.yes:
        return options
    return confirmed(options, plan_of(options, url, more=False, second=has_second(options)), out)


LOOKED_AT = tuple(c.id for c in all_clauses().values() if not c.unseen and (c.default is not None or not c.binding))
"""The clauses whose tests are run: those that are open, and beliefs that bind nobody."""


def lesson_of(run: Run, report: Report, private: Private) -> Lesson:
    """All that a run has shown of its target."""
    items = [*_items(run.findings, private), *unknown_members(run), *beliefs_refuted(run)]
    return Lesson(
        target=run.target.base,
        at=report.started,
        kit=report.kit,
        spent=report.spent,
        learnt=tuple(item for item in items if isinstance(item, Learnt)),
        uncovered=tuple(item for item in items if isinstance(item, Uncovered)),
        unseen=tuple(item for item in items if isinstance(item, Unseen)),
        broken=tuple(finding for finding in run.findings.all if finding.binding),
    )


def _items(findings: Findings, private: Private) -> Iterator[Item]:
    for clause in all_clauses().values():
        if clause.default is not None:
            yield from READERS.get(clause.id, word_of)(clause, findings, private)


READERS: Mapping[str, Callable[[Clause, Findings, Private], Iterator[Item]]] = MappingProxyType(
    {"error.codes": codes_of, "error.messages": messages_of}
)
"""How a clause is read whose choice is a table."""


def _write(content: bytes, secrets: Secrets, file: Path | None, out: TextIO) -> None:
    """Writes the profile, to out where no file is named. Raises LeakError, OSError."""
    if file is not None:
        write(file, content, secrets)
    elif what := secrets.found_in(content):
        raise LeakError(Path("standard output"), what)
    else:
        out.write(content.decode())
