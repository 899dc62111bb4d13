"""The sentences that several reports share: the result, how much was decided, and what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.exit_code import BROKEN, BUDGET
from contract_tests.findings.finding import Finding
from contract_tests.report.report import History, Report, Spent
from contract_tests.report.visible import line

MAX_TEXT = 2_000  # characters of a text in a line of its own
MAX_CELL = 300  # characters of a cell of a table
MAX_NAMED = 12  # clauses that a sentence names
MANY = 10  # clauses that one reason leaves inconclusive, so that it is told


class Look(NamedTuple):
    """How reports show an outcome."""

    sign: str  # so that it is not shown by colour alone
    style: str  # of rich, on a terminal
    meaning: str


LOOKS: Mapping[Outcome, Look] = {
    Outcome.BROKEN: Look("✕", "bold red", "a promise or a law does not hold"),
    Outcome.ERROR: Look("!", "bold magenta", "the kit itself failed"),
    Outcome.REFUTED: Look("≠", "yellow", "an assumption does not hold; a finding, no defect"),
    Outcome.INCONCLUSIVE: Look("?", "magenta", "an answer that should have shown it was lost or could not be read"),
    Outcome.UNAFFORDABLE: Look("¤", "yellow", "units, calls or time did not suffice"),
    Outcome.UNCHECKED: Look("–", "dim", "nothing of this run can show it"),
    Outcome.HOLDS: Look("✓", "green", "what was seen agrees"),
}
"""The most important first."""


def headline(report: Report) -> str:
    """What was found, in a sentence. It never sounds good where the exit code is not 0."""
    broken, refuted = (report.totals.get(outcome, 0) for outcome in (Outcome.BROKEN, Outcome.REFUTED))
    also = f", {counted(refuted, 'assumption')} refuted" if refuted else ""
    sentences = (
        (broken, f"{counted(broken, 'promise')} broken{also}"),
        (Outcome.ERROR in report.totals or report.errors, "The kit itself failed"),
        (report.strict and refuted, f"{counted(refuted, 'assumption')} refuted"),
        (not report.rows, "Nothing was checked"),
        (report.stopped, "The run ended before its time"),
        (report.exit_code == BUDGET, f"Nothing is broken{also}, but units, calls or time did not suffice"),
        (report.exit_code, f"The run failed with exit code {report.exit_code}"),
        (report.proven, f"Nothing is broken{also}"),
    )
    return next((sentence for holds, sentence in sentences if holds), "Nothing was decided")


def verdict(report: Report, code: int) -> tuple[str, str]:
    """How the run has ended: a word, and what it is about. code: of the process, which is that of wrong usage where a
    file could not be written.
    """
    ids = {outcome: [row.clause.id for row in report.rows if row.outcome is outcome] for outcome in Outcome}
    unread = [row.clause.id for row in report.rows if row.outcome is Outcome.INCONCLUSIVE and row.clause.binding]
    decided = f"{report.proven} of {counted(len(report.rows), 'clause')} decided"
    also = f"; refuted: {_named(ids[Outcome.REFUTED], 'assumption')}" if ids[Outcome.REFUTED] else ""
    cases = (
        (ids[Outcome.BROKEN], "BROKEN", _named(ids[Outcome.BROKEN], "promise")),
        (ids[Outcome.ERROR] or report.errors, "ERROR", "the kit itself failed"),
        (report.strict and ids[Outcome.REFUTED], "REFUTED", _named(ids[Outcome.REFUTED], "assumption")),
        (not report.rows, "STOPPED", "nothing was checked"),
        (report.stopped, "STOPPED", "the run ended before its time"),
        (report.exit_code == BROKEN and unread, "INCONCLUSIVE", _named(unread, "promise")),
        (report.exit_code == BUDGET, "UNAFFORDABLE", _unaffordable(report, ids[Outcome.UNAFFORDABLE])),
        (report.exit_code, "FAILED", decided),
        (report.proven, "HOLDS", f"nothing is broken{also}"),
    )
    word, what = next(((word, what) for holds, word, what in cases if holds), ("NOT DECIDED", decided))
    return word, what if code == report.exit_code else f"{what}; an output is lost"


def _unaffordable(report: Report, clauses: Sequence[str]) -> str:
    """The clauses that could not be decided; else what more was taken than the budget has."""
    if clauses:
        return _named(clauses, "clause")
    return f"{counted(report.spent.units, 'unit')} taken, where the budget is {report.spent.budget}"


def _named(clauses: Sequence[str], noun: str) -> str:
    return f"{counted(len(clauses), noun)}: {listed(clauses)}"


def listed(clauses: Sequence[str]) -> str:
    """The clauses by name, as far as a sentence has room for them."""
    more = f" and {len(clauses) - MAX_NAMED} more" if len(clauses) > MAX_NAMED else ""
    return f"{', '.join(clauses[:MAX_NAMED])}{more}"


def counted(number: int, noun: str) -> str:
    """Such as `1 call` or `2 calls`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def figures(report: Report) -> str:
    """The two figures: how many clauses were decided, and how many can be."""
    decided = f"{report.proven} of {counted(len(report.rows), 'clause')} decided"
    return decided if report.provable is None else f"{decided}; {limited_by(report)} can decide {report.provable}"


def limited_by(report: Report) -> str:
    """What bounds the clauses that a run can decide."""
    return "this budget" if report.spent.counts else "this run"


def totals(report: Report) -> str:
    """Clauses by outcome, calls and units, in a line."""
    return f"{report.target}: {' · '.join([*(f'{n} {o}' for o, n in report.totals.items()), *taken(report.spent)])}"


def taken(spent: Spent) -> tuple[str, ...]:
    """What the run took: calls, and units where they count."""
    calls, units = counted(spent.calls, "call"), counted(spent.units, "unit")
    polling = f", {spent.polling} of them for asking for results" if spent.polling else ""
    return (calls, units + polling) if spent.counts else (calls,)


def asides(report: Report) -> tuple[str, ...]:
    """What remains to be said of the run's cost and calls, each a sentence."""
    spent, sentences = report.spent, []
    if spent.counts and spent.budget is not None and spent.units > spent.budget:
        above = counted(spent.units - spent.budget, "unit")
        tasks = "tasks cost more than any before, or others have used the account"
        why = "asking for results took units" if spent.polling else tasks
        sentences.append(f"{above} above the budget: {why}")
    if spent.unknown:
        lost = "the answer to the create was lost or could not be read"
        sentences.append(f"{counted(spent.unknown, 'unit')} charged, unknown: {lost}")
    reasons = Counter(row.note for row in report.rows if row.outcome is Outcome.INCONCLUSIVE)
    for why, number in reasons.most_common(1):
        if number >= MANY:
            sentences.append(f"{counted(number, 'clause')} inconclusive: {why}")
    if report.retried:
        sentences.append(f"{counted(len(report.retried), 'call')} failed at first and succeeded when sent again")
    if due := report.due:
        sentences.append(f"Due again, since not decided lately: {listed(due)}")
    return tuple(sentences)


def in_short(finding: Finding) -> str:
    """Where a finding is, what was found and what was expected, in a line."""
    where = f"{finding.where}: " if finding.where else ""
    return f"{where}{finding.found}; expected {finding.expected}"


def in_full(finding: Finding) -> tuple[str, ...]:
    """The call, the answer and what is wrong in it, a line each that begins with its name."""
    return tuple(named(name, text) for name, text in finding.parts.items())


def named(name: str, text: str) -> str:
    """A line that begins with the name of what it shows."""
    return f"{name + ':':<9} {line(text, MAX_TEXT)}"


def last_proven(history: History) -> str:
    """When a clause was last decided live, and whether that is due again."""
    if history.proven is None:
        return "never"
    return f"{history.proven.isoformat()}{', stale' if history.stale else ''}"
