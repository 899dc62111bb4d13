"""Servers whose calls take more units than they say, from the start, later on or ever more: no run passes its budget by
more than the docstring of `taken_units` states, and each says so.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from contract_tests.engine.options import CheckOptions
from contract_tests.engine.taken_units import FREE, REFUSED, SUSPECT
from contract_tests.learning.learn import learn
from contract_tests.parity import parity
from mockserver.mutants.kit.context import CallContext
from support.checking import check, examined, options_for
from support.standins.breaking import Breakage
from support.standins.running import Standin, serving

BUDGET = 12


@dataclass(frozen=True, slots=True)
class Liar:
    """What a server takes beyond a unit for each task, which is all that it states as cost."""

    takes: Callable[[CallContext, int], int]
    """Units, by the call and the number of tasks so far, that of the call included."""
    late: int = 0
    """Calls after which info shows it."""
    by: int = 0
    """Units that a create takes at most, with its own."""
    refused: int = 0
    """Units that a refused create takes at most."""
    free: int = 0
    """Units that another call takes at most."""
    shows: Callable[[int], object] = lambda used: used
    """What info says of the used units."""
    only: str = ""
    """The one format in which info shows what is taken beyond the tasks' costs; empty: each."""
    full: bool = False
    """Only a run without a limit of calls makes enough of them to pass what is stated."""

    @property
    def most(self) -> int:
        """Units that a run with the default budget may take."""
        passed = self.by * (2 + self.late // 2) + REFUSED * self.refused + (FREE + SUSPECT) * self.free
        return (2 * BUDGET if self.free or self.late else BUDGET) + passed


def later(units: int, *, after: int = 1) -> Callable[[CallContext, int], int]:
    """Tasks after the first ones take so many units more."""
    return lambda context, tasks: units if context.status == "ok" and made(context) and tasks > after else 0


def made(context: CallContext) -> bool:
    return context.operation == "create" and context.status == "ok"


def doubling(context: CallContext, tasks: int) -> int:
    return 2**tasks - 1 if made(context) else 0


def refusals(operation: str, units: int, *, after: int = 0) -> Callable[[CallContext, int], int]:
    """Refused calls of the operation take so many units, but for the first ones."""
    return lambda context, _: units if refused(context, operation) and context.count("refused") > after else 0


def refused(context: CallContext, operation: str) -> bool:
    return context.operation == operation and context.status == "error"


def refusals_and_tasks(context: CallContext, _: int) -> int:
    return 4 if made(context) else int(context.status == "error")


def each(operation: str, units: int) -> Callable[[CallContext, int], int]:
    """Calls of the operation take so many units."""
    return lambda context, _: units if context.operation == operation and context.status != "error" else 0


LIARS: Mapping[str, Liar] = {
    "tasks after the first": Liar(later(39), by=40),
    "tasks after the third": Liar(later(200, after=3), by=201),
    "tasks after the first, a little": Liar(later(2), by=3),
    "tasks after the first, shown five calls late": Liar(later(39), late=5, by=40),
    "each task, shown five calls late": Liar(later(39, after=0), late=5, by=40),
    "each task twice as much": Liar(doubling, by=16),
    "refused creates": Liar(refusals("create", 5), refused=5),
    "refused creates after the first": Liar(refusals("create", 39, after=1), refused=39),
    "refused results": Liar(refusals("result", 5), free=5),
    "results": Liar(each("result", 3), free=3),
    "info": Liar(each("info", 3), free=3),
    "info, much": Liar(each("info", 39), free=39),
    "each task, in a fraction": Liar(later(4, after=0), by=5, shows=lambda used: used + 0.5),
    "each task, in a text with spaces": Liar(later(4, after=0), by=5, shows=lambda used: f" {used} "),
    "each task, in a count of what is left": Liar(later(4, after=0), by=5, shows=lambda used: 1000 - used),
    "each task, and refused calls, in csv alone": Liar(
        refusals_and_tasks, by=5, refused=1, free=1, only="csv", full=True
    ),
    "refused creates, in xml alone": Liar(refusals("create", 3), refused=3, only="xml", full=True),
}
"""What takes more units than it says."""


@dataclass
class Taken:
    """The truth of a server that lies."""

    liar: Liar
    beyond: list[int] = field(default_factory=lambda: [0])
    """Units that were taken beyond those of the tasks, after each call."""
    tasks: int = 0
    target: Standin = field(init=False)

    @property
    def units(self) -> int:
        return self.target.units + self.beyond[-1]

    def answer(self, context: CallContext) -> None:
        self.tasks += made(context)
        self.beyond.append(self.beyond[-1] + self.liar.takes(context, self.tasks))
        if (
            context.operation == "info"
            and context.status == "ok"
            and context.login == next(iter(context.server.tokens))
        ):
            limit = context.body["data"]["api_limit"]
            beyond = self.beyond[max(0, len(self.beyond) - 1 - self.liar.late)]
            limit["used"] = self.liar.shows(limit["used"] + (beyond if self.liar.only in ("", context.format) else 0))


@contextmanager
def lying(name: str) -> Iterator[Taken]:
    taken = Taken(LIARS[name])
    breakage = Breakage(name, taken.answer)
    with serving("courier", seconds=0.0, limit=100_000, breakage=breakage) as taken.target:
        yield taken


@pytest.mark.few(5)
@pytest.mark.parametrize("name", LIARS)
def test_a_check_passes_its_budget_by_no_more_than_is_stated(name: str) -> None:
    with lying(name) as taken:
        code, output = check(taken.target, poll_timeout=0.3, full=taken.liar.full)

        assert taken.units <= LIARS[name].most, output
    assert code in (1, 4), output
    assert taken.units <= BUDGET or "above the budget" in output or LIARS[name].late, output


@pytest.mark.few(4)
@pytest.mark.once
@pytest.mark.parametrize("name", LIARS)
def test_learn_and_parity_are_bounded_alike(name: str) -> None:
    out = io.StringIO()
    with lying(name) as taken:
        code = learn(options_for(taken.target, budget=BUDGET, poll_timeout=0.3), None, out, out)

        assert taken.units <= LIARS[name].most, out.getvalue()
    assert code in (1, 4), out.getvalue()
    with lying(name) as taken, serving("courier", seconds=0.0) as right:
        options = CheckOptions(environ=taken.target.env, poll_timeout=0.3)
        report = parity.examine(taken.target.url, right.url, options)

        assert taken.units <= LIARS[name].most
        assert report.units[0] >= min(taken.units, BUDGET)
    assert report.exit_code in (1, 4)


@pytest.mark.parametrize("name", ["info, much", "refused results"])
def test_where_calls_that_should_cost_nothing_take_the_budget_no_call_leaves_and_the_report_says_why(name: str) -> None:
    with lying(name) as taken:
        report = examined(taken.target, poll_timeout=0.3).report
    notes = [row.note for row in report.rows if row.outcome == "unaffordable"]

    assert report.exit_code == 4
    assert any("more than the creates took" in note for note in notes), notes


def test_units_that_others_take_count_as_the_runs() -> None:
    """What info shows may be either's: a run that is to take no more than it may can't tell them apart."""
    others = replace(LIARS["info"], takes=lambda context, _: int(context.count("calls") % 5 == 0))
    with serving("courier", seconds=0.0, breakage=Breakage("others", Taken(others).answer)) as target:
        report = examined(target, budget=40).report
        small = examined(target, budget=3).report

    assert [row.clause.id for row in report.rows if row.outcome == "broken"] == []
    assert report.exit_code == 0
    assert small.exit_code == 4
    assert [row.clause.id for row in small.rows if row.outcome == "broken"] == []
