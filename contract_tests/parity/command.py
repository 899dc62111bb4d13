"""Runs parity: what `ifind-mock parity` calls."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TextIO

from contract_tests.budget import limits
from contract_tests.contract.clauses import UsageError, clause_of
from contract_tests.engine.client import TargetLost
from contract_tests.engine.confirm import confirm
from contract_tests.engine.options import LIVE, CheckOptions
from contract_tests.engine.provision import UnreachableError, is_mock
from contract_tests.engine.run import open_run
from contract_tests.engine.target import on_loopback, read_url
from contract_tests.findings.exit_code import BROKEN, BUDGET, HOLDS, UNREACHABLE, USAGE
from contract_tests.parity.compare import Comparison
from contract_tests.parity.gather import Gathering
from contract_tests.parity.normalise import NO_CLAUSE
from contract_tests.parity.redaction import teller
from contract_tests.parity.result import Outcome, ParityReport, render, rows_of, write_terminal
from contract_tests.parity.side import Side
from contract_tests.redact.write import LeakError, write

CALLS = 90
"""Calls to each side, polls of a task that is ready within some seconds included."""
ADMIN_TOKEN = "IFIND_MOCK_ADMIN_TOKEN"
UNITS = 8
"""Units of each side at most, where a task costs one."""


@dataclass(frozen=True, slots=True)
class ParityOptions:
    """a and b are `live`, `mock` or URLs; the other options are those of `check`. ignore: clauses whose differences do
    not count; json: a file for the report; environ holds the credentials (None: the process's environment).
    """

    a: str
    b: str
    phone: str | None = None
    budget: int | None = None
    rate: float | None = None
    poll_timeout: float = 60.0
    ignore: tuple[str, ...] = ()
    json: Path | None = None
    yes: bool = False
    environ: Mapping[str, str] | None = field(default=None, repr=False)


def run(options: ParityOptions, out: TextIO, err: TextIO | None = None) -> int:
    """Compares the targets, writes the report to out (wrong usage to err, where given), gives the exit code: 0 nothing
    differs, 1 something does, 2 wrong usage, 3 a target is out of reach, 4 the budget does not suffice.
    """
    try:
        _check(options)
        _confirm(options, out)
        report = examine(options)
        _print(out, report)
        if options.json is not None:
            _write(options.json, report)
    except UsageError as error:
        print(error, file=err or out)
        return USAGE
    except LeakError as error:
        print(error, file=err or out)
        return BROKEN
    except UnreachableError as error:
        print(error, file=err or out)
        return UNREACHABLE
    return report.exit_code


def examine(options: ParityOptions) -> ParityReport:
    """Compares the targets and writes nothing.

    Raises UsageError for what can't be done so, UnreachableError where a target is out of reach from the start.
    """
    with ExitStack() as opened:
        a, b = (opened.enter_context(_side(options, target)) for target in (options.a, options.b))
        if a.run.target.provisioned and b.run.target.provisioned and options.phone is not None:
            a.phone = b.phone = options.phone
        gathering, stopped = Gathering(a, b), ""
        try:
            gathering.run()
        except TargetLost as lost:
            stopped = f"a target is gone: {lost}"
        pairs = gathering.told()
        telling = teller(gathering.sides, pairs)
        seen = [telling.told(observation) for observation in Comparison(pairs).observations()]
        rows = rows_of(seen, options.ignore)
        code = _exit_code({row.outcome for row in rows}, stopped, any(pair.unaffordable for pair in pairs))
        calls = (len(a.run.api.sender.log), len(b.run.api.sender.log))
        units = (a.units, b.units)
        return ParityReport(a.base, b.base, rows, calls, units, code, telling.text(stopped), telling.secrets)


def _exit_code(outcomes: set[Outcome], stopped: str, unaffordable: bool) -> int:
    """A difference outranks what was not seen."""
    if Outcome.DIFFERS in outcomes:
        return BROKEN
    return UNREACHABLE if stopped else BUDGET if unaffordable else HOLDS


@contextmanager
def _side(options: ParityOptions, target: str) -> Iterator[Side]:
    """A target, up. A mock makes accounts of its own and never sees the user's credentials or phone."""
    environ = dict(os.environ if options.environ is None else options.environ)
    if _is_mock(target):
        environ = {name: value for name, value in environ.items() if name == ADMIN_TOKEN}
        phone = None
        if target != "mock" and not on_loopback(read_url(target)) and not environ.get(ADMIN_TOKEN):
            raise UsageError(f"{target}: a mock elsewhere is never given your credentials: set {ADMIN_TOKEN}")
    else:
        phone = options.phone
    asked = CheckOptions(
        target,
        phone=phone,
        budget=options.budget,
        rate=options.rate,
        poll_timeout=options.poll_timeout,
        full=True,
        environ=environ,
        yes=True,
    )
    with open_run(asked) as opened:
        phones = opened.target.phones
        yield Side(opened, (phones.hundred or phones.ordinary) if opened.target.provisioned else phones.ordinary)


def _is_mock(target: str) -> bool:
    """Whether a target is a mock; the live one is not even asked."""
    return target == "mock" or (target != "live" and read_url(target) != LIVE and is_mock(read_url(target)))


def _check(options: ParityOptions) -> None:
    """Raises UsageError for what can be seen to be wrong before anything is sent."""
    for target in (options.a, options.b):
        if target not in ("mock", "live"):
            read_url(target)
    for name in options.ignore:
        if name != NO_CLAUSE:
            clause_of(name)


def _confirm(options: ParityOptions, out: TextIO) -> None:
    """Asks for the user's yes where a target elsewhere is called. Raises UsageError without it."""
    urls = [read_url(LIVE if target == "live" else target) for target in (options.a, options.b) if target != "mock"]
    elsewhere = [url for url in urls if not on_loopback(url)]
    if not elsewhere or options.yes:
        return
    units = min(UNITS, limits.UNITS if options.budget is None else options.budget)
    rate = f"{options.rate or limits.RATE:g} a second"
    cost = f"about {CALLS} calls at {rate}, and at most {units} creates, which cost units"
    confirm("\n".join(f"{url}: {cost}" for url in elsewhere), out)


def _print(out: TextIO, report: ParityReport) -> None:
    """Writes the report for a reader. Raises LeakError, and then nothing is written."""
    draft = StringIO()
    write_terminal(draft, report)
    if what := report.secrets.found_in(draft.getvalue().encode("utf-8", "surrogatepass")):
        raise LeakError(Path("standard output"), what)
    write_terminal(out, report)


def _write(file: Path, report: ParityReport) -> None:
    try:
        write(file, render(report), report.secrets)
    except OSError as error:
        raise UsageError(f"--json {file}: can't be written: {error.strerror}") from None
