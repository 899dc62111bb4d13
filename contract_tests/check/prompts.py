"""What a run asks its user for: credentials that the environment lacks, and a yes to the plan, which is shown."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from shutil import get_terminal_size
from typing import TextIO

from contract_tests.check.plan import Plan
from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import check_named, makes_accounts
from contract_tests.engine.run import confirm
from contract_tests.report.console import console_of, print_table, print_text
from contract_tests.report.wording import MAX_TEXT, counted


def spends_units(options: CheckOptions) -> bool:
    """Whether the run is on the user's account, so that units count. Raises UnreachableError."""
    return options.url is not None and not makes_accounts(options.url, options)


def has_second(options: CheckOptions) -> bool:
    """Whether the user names a second account."""
    return bool(options.environment.get("IFIND_LOGIN2"))


def with_credentials(
    options: CheckOptions, *, ask: Callable[[str], str] = getpass.getpass, at_terminal: bool | None = None
) -> CheckOptions:
    """The options with login and token; at a terminal they are asked for where the environment lacks them, and what is
    typed is not shown. Raises UsageError for what lacks and can't be asked for, before anything is asked.
    """
    lacking = [name for name in ("IFIND_LOGIN", "IFIND_TOKEN") if not options.environment.get(name)]
    terminal = sys.stdin.isatty() if at_terminal is None else at_terminal
    url = options.url
    if url is None:
        return options
    options = replace(options, makes_accounts=makes_accounts(url, options))
    if options.makes_accounts:
        return options
    check_named(url, options, credentials=not terminal and not options.plan)
    if not lacking or not terminal or options.plan:
        return options
    typed = {name: ask(f"{name} (not shown): ").strip() for name in lacking}
    if not all(typed.values()):
        raise UsageError(f"Nothing was sent: {' and '.join(n for n, v in typed.items() if not v)} is empty.")
    return replace(options, environ={**options.environment, **typed})


def confirmed(options: CheckOptions, plan: Plan, out: TextIO) -> CheckOptions:
    """The options with the user's yes to the plan, which is shown. Raises UsageError without it."""
    shown = StringIO()
    write_plan(shown, plan, width=get_terminal_size().columns if out.isatty() else None)
    confirm(shown.getvalue(), out)
    return replace(options, yes=True)


def write_plan(out: TextIO, plan: Plan, *, width: int | None = None) -> None:
    """Writes the plan."""
    console = console_of(out, width)
    rows = [(str(step.number), step.call, str(step.units or ""), ", ".join(step.proves)) for step in plan.steps]
    print_table(console, ("#", "call", "units", "decides first"), rows, unbroken=("#",), most=MAX_TEXT)
    for line in _lines(plan):
        print_text(console, line.lstrip(), indent=len(line) - len(line.lstrip()))


def _lines(plan: Plan) -> Iterator[str]:
    rate = f"at {plan.limits.rate:g} a second" if plan.limits.rate else "as fast as it answers"
    longest = f", never more than {_time(plan.limits.seconds)}" if plan.limits.seconds else ""
    yield f"{plan.target}: {len(plan.steps)} calls {rate}, about {_time(plan.seconds)}{longest}"
    yield _units(plan)
    yield f"{plan.provable} clauses can be decided so; {len(plan.unproven)} can not:"
    for row in plan.unproven:
        yield f"  {row.clause.id}: {row.outcome}: {row.note}"
    for step in plan.larger_budgets:
        yield f"A budget of {counted(step.units, 'unit')} would decide {', '.join(step.proves)}, too."
    if plan.larger_budgets == () and plan.units:
        yield "More units would decide nothing more."


def _units(plan: Plan) -> str:
    if not plan.units:
        return "No task is made, so it takes no unit."
    return (
        f"{counted(plan.units, 'unit')} where a task takes one; where it takes as many as it finds, that many."
        f" Creates reserve at most {counted(plan.limits.units or 0, 'unit')} (--budget); a task that costs more than"
        " any before it can pass that."
        " Tries after a fault come on top of the calls, at most two for each."
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
