"""The plan of a run on a terminal: its calls, what they cost, what they leave unproven, what more units would buy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from contract_tests.check.plan import Plan
from contract_tests.report.console import console_of


def write_plan(out: TextIO, plan: Plan, *, width: int | None = None) -> None:
    """Writes the plan."""
    from rich.table import Table

    console = console_of(out, width)
    table = Table("#", "call", "units", "proves first", box=None, pad_edge=False)
    for step in plan.steps:
        table.add_row(str(step.number), step.call, str(step.units or ""), ", ".join(step.proves))
    console.print(table)
    for line in _lines(plan):
        console.print(line, soft_wrap=True)


def _lines(plan: Plan) -> Iterator[str]:
    rate = f"at {plan.limits.rate:g} a second" if plan.limits.rate else "as fast as it answers"
    longest = f", never more than {_time(plan.limits.seconds)}" if plan.limits.seconds else ""
    yield f"{plan.target}: {len(plan.steps)} calls {rate}, about {_time(plan.seconds)}{longest}"
    yield _units(plan)
    yield f"{plan.provable} clauses can be proven so; {len(plan.unproven)} can not:"
    for row in plan.unproven:
        yield f"  {row.clause.id}: {row.outcome}: {row.note}"
    for more in plan.more:
        yield f"A budget of {more.units} units would prove {', '.join(more.proves)}, too."
    if plan.more == () and plan.units:
        yield "More units would prove nothing more."


def _units(plan: Plan) -> str:
    if not plan.units:
        return "No task is made, so it takes no unit."
    return (
        f"{plan.units} units where a task takes one; where it takes as many as it finds, that many. Creates reserve at"
        f" most {plan.limits.units} units (--budget); a task that costs more than any before it can pass that once."
        " Tries after a fault come on top of the calls, at most two for each."
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
