"""The command `ifind-mock parity`: compares two targets, writes the report, gives the exit code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TextIO

from contract_tests.budget.budget import SECONDS, limits_for
from contract_tests.contract.clauses import UsageError, clause_of
from contract_tests.contract.profile import ProfileFile, read_profile_file
from contract_tests.engine.api_client import TargetLost
from contract_tests.engine.options import LIVE, CheckOptions
from contract_tests.engine.private_texts import PrivateTexts, private_texts_of
from contract_tests.engine.provision import is_mock
from contract_tests.engine.run import confirm, open_run, urls_of
from contract_tests.engine.stopped import UNFINISHED, why_stopped
from contract_tests.engine.target import on_loopback
from contract_tests.findings.exit_code import BROKEN, BUDGET, HOLDS, UNREACHABLE, USAGE
from contract_tests.parity.collect import Collector
from contract_tests.parity.comparison import Agreement, Comparison, PlaceComparison
from contract_tests.parity.observe import NO_CLAUSE
from contract_tests.parity.parity_formats import RENDERERS, annotate, write_terminal
from contract_tests.parity.parity_report import ParityReport, by_clause
from contract_tests.parity.side import Side
from contract_tests.parity.stated import StatedDifferences
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import notice
from contract_tests.report.annotations import write_annotations
from contract_tests.report.interrupts import Interrupts
from contract_tests.report.report_files import ReportFiles, check_files
from contract_tests.report.visible import visible

CALLS = 90  # calls to each side, polls of a task that is ready within some seconds included
UNITS = 8  # units of each side at most, where a task costs one
ADMIN_TOKEN = "IFIND_MOCK_ADMIN_TOKEN"
PRIVATE = "a text that holds something private"


def run(
    a: str, b: str, options: CheckOptions, out: TextIO, err: TextIO | None = None, *, ignored: Collection[str] = ()
) -> int:
    """Compares the targets and writes the report to out and to the files of the options; errors go to err.

    a and b are `live`, `mock` or URLs, in place of the options' target. What does not count: differences in ignored
    clauses, and those that the options' profile states. Gives the exit code: 0 nothing else differs, 1 something does,
    2 wrong usage, 3 a target can't be reached, 4 the budget does not suffice.
    """
    errors, files = err or out, _files_of(options)
    with Interrupts.held() as interrupts:
        try:
            with interrupts.open():
                _begin(a, b, options, files, out, ignored)
            report = examine(a, b, options, ignored=ignored)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, the files say so
            return refuse(a, b, options, *why_stopped(error), errors, files, out=out)
        written = files.write(report, report.secrets)
        code = report.exit_code or (HOLDS if written.whole else USAGE)
        # The terminal comes last: it may be gone, and the files are what the run was paid for.
        try:
            shown, places = report.masked()
            _tell([*written.notices, *([notice("standard output", places)] if places else [])], errors)
            if options.github:
                write_annotations(annotate(shown), out)
            write_terminal(out, shown, whole=options.all, code=code)
            out.flush()
        except OSError as error:
            _tell([f"output: {error.strerror or error}"], errors)
            code = code or USAGE
        return code


def _files_of(options: CheckOptions) -> ReportFiles[ParityReport]:
    return ReportFiles(options.reports, RENDERERS, [options.profile])


def refuse(
    a: str,
    b: str,
    options: CheckOptions,
    code: int,
    why: str,
    errors: TextIO,
    files: ReportFiles[ParityReport] | None = None,
    *,
    out: TextIO | None = None,
) -> int:
    """Ends a run that could not begin: the reason goes to errors, into the files of the options, and to `out` where
    GitHub reads it.
    """
    report = _stopped(a, b, options, code, why)
    written = (files or _files_of(options)).write(report, report.secrets)
    _tell([report.stopped, *written.notices], errors)
    if options.github:
        with suppress(OSError):
            write_annotations(annotate(report), out or errors)
    return code


def _begin(
    a: str, b: str, options: CheckOptions, files: ReportFiles[ParityReport], out: TextIO, ignored: Collection[str]
) -> None:
    """Checks the options, asks what is to be asked, and replaces the report of before. Raises UsageError."""
    for name in ignored:
        if name != NO_CLAUSE:
            clause_of(name)
    if options.profile is not None:
        read_profile_file(options.profile)
    urls = [replace(options, target=target).url for target in (a, b)]
    check_files({**options.reports, **({"profile": options.profile} if options.profile else {})})
    unfinished = _stopped(a, b, options, BROKEN, UNFINISHED)
    files.begin(unfinished, unfinished.secrets)
    _confirm(urls, options, out)


def _stopped(a: str, b: str, options: CheckOptions, code: int, why: str) -> ParityReport:
    """The report of a run that did not begin, or of which no more is known."""
    secrets = Secrets(dict(options.labels))
    one, other = (replace(options, target=target).named_target for target in (a, b))
    return ParityReport(one, other, (), (0, 0), (0, 0), code, secrets.mask(why), secrets)


def _tell(lines: Iterable[str], errors: TextIO) -> None:
    with suppress(OSError):
        for line in lines:
            print(visible(line), file=errors)


def examine(a: str, b: str, options: CheckOptions, *, ignored: Collection[str] = ()) -> ParityReport:
    """Compares the targets and writes nothing. Raises UsageError for options that don't fit the targets,
    UnreachableError where one can't be reached at first.
    """
    begun = datetime.now(UTC)
    with Interrupts.held() as interrupts, ExitStack() as opened:
        with interrupts.open():
            one, other = sides = tuple(opened.enter_context(_open_side(target, options)) for target in (a, b))
        if options.phone is not None and all(side.run.target.provisioned for side in sides):
            one.phone = other.phone = options.phone
        collector, stopped = Collector((one, other)), ""
        code_of_stop = UNREACHABLE
        try:
            with interrupts.open():
                collector.run()
        except TargetLost as lost:
            stopped = f"a target is gone: {lost}"
        except KeyboardInterrupt:
            code_of_stop, stopped = BROKEN, "interrupted: what was not asked by then is not compared"
        pairs, ended = collector.pairs, datetime.now(UTC)
        secrets = _secrets_of(sides)
        profile = read_profile_file(options.profile) if options.profile else ProfileFile()
        places = StatedDifferences(profile).marked((*_rate_limits(sides), *Comparison(pairs).places()))
        private = tuple(private_texts_of(side.run) for side in sides)
        clauses = by_clause((_without(secrets, private, place) for place in places), ignored)
        if any(clause.agreement is Agreement.DIFFERS for clause in clauses):
            code = BROKEN  # a difference outranks what was not compared
        else:
            held_back = next((pair.why for pair in pairs if pair.unaffordable), "")
            if any(side.run.overspent for side in sides):
                held_back = held_back or "more units were taken than the budget has"
            code, stopped = (code_of_stop, stopped) if stopped else (BUDGET if held_back else HOLDS, held_back)
        calls = (len(one.run.api.sender.log), len(other.run.api.sender.log))
        a, b = (side.run.target.base for side in sides)
        units = (one.run.api.sender.budget.spent, other.run.api.sender.budget.spent)
        stopped, seconds = _public(stopped, secrets), (ended - begun).total_seconds()
        return ParityReport(a, b, clauses, calls, units, code, stopped, secrets, started=begun, seconds=seconds)


def _rate_limits(sides: Collection[Side]) -> Iterator[PlaceComparison]:
    """Which sides refused calls for their pace. Such a call is sent again, so its refusal is no answer to compare."""
    met = [name for name, side in zip("AB", sides, strict=True) if side.run.api.sender.rate_limited]
    if met:
        why = f"{' and '.join(met)} refused calls for their pace; they were sent again, slower"
        yield PlaceComparison("rate.limit", Agreement.OPEN, why=why)


def _secrets_of(sides: Collection[Side]) -> Secrets:
    """Credentials and phones of both sides, and the values of answers of those that are no mocks."""
    labels: dict[str, str] = {}
    values: set[str] = set()
    for side in sides:
        labels |= side.run.findings.secrets.labels
        values |= set() if side.run.target.provisioned else side.run.findings.secrets.values
    return Secrets(labels, values, tuple(url for side in sides for url in urls_of(side.run.target.base)))


MESSAGES = "error.messages"
"""The clause whose words are a target's own."""


def _without(secrets: Secrets, private: Collection[PrivateTexts], place: PlaceComparison) -> PlaceComparison:
    """The comparison as a report may show it: values only where they differ, and without what is private."""
    if place.agreement not in (Agreement.DIFFERS, Agreement.UNCOVERED):
        return replace(place, a="", b="")
    where, a, b = (_public(text, secrets) for text in (place.where, place.a, place.b))
    if place.clause == MESSAGES:
        a, b = (PRIVATE if any(known.found_in_message(text) for known in private) else text for text in (a, b))
    return replace(place, where=where, a=a, b=b if b != a else f"another: {b}")


def _public(text: str, secrets: Secrets) -> str:
    """A text, or that it holds something private."""
    private = secrets.found_in(text.encode("utf-8", "surrogatepass")) or Mask(secrets.labels).text(text) != text
    return PRIVATE if private else text


@contextmanager
def _open_side(target: str, options: CheckOptions) -> Iterator[Side]:
    """A target, up. A mock makes its own accounts and never gets the user's credentials or phone."""
    environ, phone, url = options.environment, options.phone, replace(options, target=target).url
    if url is None or (url != LIVE and is_mock(url)):
        environ, phone = {name: value for name, value in environ.items() if name == ADMIN_TOKEN}, None
        if url is not None and not on_loopback(url) and not environ.get(ADMIN_TOKEN):
            raise UsageError(f"{target}: a mock elsewhere never gets your credentials; set {ADMIN_TOKEN}")
    seconds = options.run_timeout or SECONDS
    own = replace(options, target=target, phone=phone, full=True, environ=environ, yes=True, run_timeout=seconds)
    with open_run(own) as opened:
        opened.api.sender.budget.memory //= 2  # the two sides are kept at once
        phones = opened.target.phones
        yield Side(opened, (phones.hundred or phones.ordinary) if opened.target.provisioned else phones.ordinary)


def _confirm(urls: Collection[str | None], options: CheckOptions, out: TextIO) -> None:
    """Reads the user's yes before a target elsewhere is called. Raises UsageError without it."""
    elsewhere = [url for url in urls if url is not None and not on_loopback(url)]
    if not elsewhere or options.yes:
        return
    limits = limits_for(options.limits, full=True, loopback=False)
    cost = f"about {CALLS} calls at {limits.rate:g} a second, and at most {min(UNITS, limits.units or 0)} creates"
    confirm("\n".join(f"{url}: {cost}, which cost units" for url in elsewhere), out)
