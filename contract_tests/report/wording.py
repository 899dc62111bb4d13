"""The sentences that several reports share: what came out, how much was proven, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from contract_tests.findings.exit_code import BUDGET
from contract_tests.findings.finding import Finding
from contract_tests.findings.outcome import Outcome
from contract_tests.report.report import History, Report, Spent

MEANINGS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.HOLDS: "what was seen agrees",
        Outcome.BROKEN: "a promise or a law does not hold",
        Outcome.REFUTED: "an assumption does not hold; a finding, no defect",
        Outcome.INCONCLUSIVE: "an answer that should have shown it was lost or could not be read",
        Outcome.UNAFFORDABLE: "the budget of units, calls or time did not reach",
        Outcome.UNCHECKED: "nothing of this run can show it",
        Outcome.ERROR: "the kit itself failed",
    }
)
FOUNDATIONS: Mapping[str, str] = MappingProxyType(
    {
        "documented": "the operator's page says so",
        "law": "owed by any API of this kind",
        "observed": "seen in clients of this API",
        "sister": "seen in clients of a sister API",
        "assumed": "nobody knows; the choice is the kit's",
    }
)


def headline(report: Report) -> str:
    """What came out, in a sentence. It never sounds good where the exit code is not 0."""
    count = report.totals
    return next(sentence(report, count) for holds, sentence in _HEADLINES if holds(report, count))


Totals = Mapping[Outcome, int]
_HEADLINES: tuple[tuple[Callable[[Report, Totals], object], Callable[[Report, Totals], str]], ...] = (
    (lambda _, n: Outcome.BROKEN in n, lambda _, n: f"{counted(n[Outcome.BROKEN], 'clause')} broken"),
    (lambda r, n: Outcome.ERROR in n or r.errors, lambda *_: "The kit itself failed"),
    (lambda r, n: r.strict and Outcome.REFUTED in n, lambda _, n: f"{counted(n[Outcome.REFUTED], 'clause')} refuted"),
    (lambda r, _: not r.rows, lambda *_: "The check did not begin"),
    (lambda r, _: r.stopped, lambda *_: "The run ended before its time"),
    (lambda r, _: r.exit_code == BUDGET, lambda *_: "Nothing is broken, but the budget did not suffice"),
    (lambda r, _: r.exit_code, lambda r, _: f"The run failed with exit code {r.exit_code}"),
    (lambda r, _: r.proven, lambda *_: "Nothing is broken"),
    (lambda *_: True, lambda *_: "Nothing was proven"),
)


def counted(number: int, noun: str) -> str:
    """Such as `1 call` or `2 calls`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def figures(report: Report) -> str:
    """The two figures: how much was proven, and how much can be."""
    proven = f"{report.proven} of {counted(len(report.rows), 'clause')} proven"
    return proven if report.provable is None else f"{proven}; this budget can prove {report.provable}"


def totals(report: Report) -> str:
    """Clauses by verdict, calls and units, in a line."""
    told = [f"{n} {outcome}" for outcome, n in report.totals.items()]
    return f"{report.target}: {' · '.join([*told, *taken(report.spent)])}"


def taken(spent: Spent) -> tuple[str, ...]:
    """What the run took: calls, and units where they count."""
    calls = counted(spent.calls, "call")
    return (calls, counted(spent.units, "unit")) if spent.counts else (calls,)


def asides(report: Report) -> tuple[str, ...]:
    """What else has to be said of the run's cost and calls, each a sentence."""
    spent, told = report.spent, []
    if spent.counts and spent.budget is not None and spent.units > spent.budget:
        above = counted(spent.units - spent.budget, "unit")
        told.append(f"{above} above the budget, as tasks cost more than any before")
    if spent.unknown:
        told.append(f"{counted(spent.unknown, 'unit')} charged, unknown: the answer to the create was lost")
    if report.retried:
        told.append(f"{counted(len(report.retried), 'call')} failed at first and retried when sent again")
    if due := report.due:
        more = f" and {len(due) - MOST_DUE} more" if len(due) > MOST_DUE else ""
        told.append(f"Due again, since not proven lately: {', '.join(due[:MOST_DUE])}{more}")
    return tuple(told)


MOST_DUE = 12
"""Clauses that are named as due."""


def in_short(finding: Finding) -> str:
    """Where a finding is, what was found and what was expected, in a line."""
    where = f"{finding.where}: " if finding.where else ""
    return f"{where}{finding.found}; expected {finding.expected}"


def last_proven(history: History) -> str:
    """When a clause was last proven live, and whether that is due again."""
    if history.proven is None:
        return "never"
    return f"{history.proven.isoformat()}{', stale' if history.stale else ''}"
