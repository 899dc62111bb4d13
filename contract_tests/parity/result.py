"""What parity found, by clause: on a terminal and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TextIO

from contract_tests.contract.clauses import all_clauses
from contract_tests.parity.alike import Alike, Observation
from contract_tests.parity.normalise import NO_CLAUSE
from contract_tests.parity.script import SHOWN
from contract_tests.redact.secrets import Secrets
from contract_tests.report.visible import encodable, line

WIDTH = 150
MOST = 3
"""Differences of one clause that are told on a terminal."""
MOST_TEXT = 160


class Outcome(StrEnum):
    """What came out for a clause. Closed, and in the order in which they are told."""

    DIFFERS = "differs"
    IGNORED = "ignored"
    SAME = "same"
    OPEN = "not compared"


@dataclass(frozen=True, slots=True)
class Row:
    """A clause's line. differences: each kind once; note: why it was not compared, or what is to be said of it."""

    clause: str
    grade: str
    outcome: Outcome
    differences: tuple[Observation, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ParityReport:
    """A comparison of two targets, named by their URLs; stopped says why it ended before its time. secrets are what no
    file or terminal may see of them.
    """

    a: str
    b: str
    rows: tuple[Row, ...]
    calls: tuple[int, int]
    units: tuple[int, int]
    exit_code: int
    stopped: str = ""
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    @property
    def totals(self) -> Mapping[Outcome, int]:
        """Clauses by outcome."""
        count = Counter(row.outcome for row in self.rows)
        return {outcome: count[outcome] for outcome in Outcome}


def rows_of(observations: Iterable[Observation], ignored: Collection[str]) -> tuple[Row, ...]:
    """A row for every clause, and one for what is no clause's."""
    found: dict[str, list[Observation]] = {}
    for seen in observations:
        found.setdefault(seen.clause, []).append(seen)
    grades = {clause.id: clause.grade for clause in all_clauses().values()} | {NO_CLAUSE: ""}
    return tuple(_row(name, grade, found.get(name, []), name in ignored) for name, grade in grades.items())


def _row(name: str, grade: str, seen: Sequence[Observation], ignored: bool) -> Row:
    differ = tuple({(o.where, o.a, o.b): o for o in reversed(seen) if o.alike is Alike.DIFFERS}.values())[::-1]
    if differ:
        return Row(name, grade, Outcome.IGNORED if ignored else Outcome.DIFFERS, differ, "")
    if any(o.alike is Alike.SAME for o in seen):
        note = f"no longer differs: leave out --ignore {name}" if ignored else ""
        return Row(name, grade, Outcome.SAME, (), note)
    clause = all_clauses().get(name)
    why = next((o.why for o in seen), "") or (clause.unseen if clause else "") or WHY.get(name, "")
    why = why or ("no answer showed it" if name in SHOWN else ALONE)
    return Row(name, grade, Outcome.OPEN, (), why)


ALONE = "of each target alone: see check"
WHY: Mapping[str, str] = {
    "rate.limit": "each is called at a pace of its own",
    "quota.charged-at": "there is but one choice",
}


def write_terminal(out: TextIO, report: ParityReport) -> None:
    """The table by clause, and the totals."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False, emoji=False)
    console.print(f"A  {line(report.a)}\nB  {line(report.b)}\n", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for name in ("clause", "checks"):
        table.add_column(name, no_wrap=True)
    for name in ("A", "B", "where, and the call; or why not"):
        table.add_column(name, overflow="fold")
    for row in report.rows:
        cells = [(line(o.a, MOST_TEXT), line(o.b, MOST_TEXT), _place(o)) for o in row.differences[:MOST]]
        more = len(row.differences) - MOST
        cells += [("", "", f"and {more} more")] if more > 0 else []
        for i, cell in enumerate(cells or [("", "", row.note)]):
            first = ("", "") if i else (row.clause, row.outcome.value)
            table.add_row(first[0], Text(first[1], STYLES[row.outcome]), *map(Text, cell))
    console.print(table)
    console.print()
    if report.stopped:
        console.print(line(report.stopped), soft_wrap=True)
    totals = " · ".join(f"{n} {outcome}" for outcome, n in report.totals.items() if n)
    spent = f"calls {report.calls[0]} and {report.calls[1]}, units {report.units[0]} and {report.units[1]}"
    console.print(f"{totals}; {spent}", soft_wrap=True)


STYLES = {Outcome.DIFFERS: "bold red", Outcome.IGNORED: "yellow", Outcome.SAME: "green", Outcome.OPEN: "dim"}


def _place(seen: Observation) -> str:
    return f"{line(seen.where)} ({line(seen.call)})" if seen.call else line(seen.where)


def render(report: ParityReport) -> bytes:
    """The report as JSON, in ASCII."""
    told: dict[str, Any] = {
        "a": report.a,
        "b": report.b,
        "exit_code": report.exit_code,
        "stopped": report.stopped,
        "calls": dict(zip("ab", report.calls, strict=True)),
        "units": dict(zip("ab", report.units, strict=True)),
        "totals": {outcome.value: n for outcome, n in report.totals.items()},
        "clauses": [
            {
                "id": row.clause,
                "grade": row.grade,
                "outcome": row.outcome.value,
                "note": row.note,
                "differences": [
                    {"where": encodable(o.where), "call": o.call, "a": encodable(o.a), "b": encodable(o.b)}
                    for o in row.differences
                ],
            }
            for row in report.rows
        ],
    }
    return (json.dumps(told, indent=2, allow_nan=False) + "\n").encode("ascii")
