"""Compares the answers of two targets: what each pair of answers shows of which clause, and whether it is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contract_tests.api.reply import Reply
from contract_tests.contract.members import STATUSES
from contract_tests.contract.ready_checks import TaskFacts
from contract_tests.parity.observe import ABSENT, NO_CLAUSE, Observation, Observations, any_of, observe
from contract_tests.parity.script import WRITTEN, ScriptStep

NO_TASK = (TaskFacts(), TaskFacts())


class Agreement(StrEnum):
    """Whether two targets agree, at a place or in a clause. In the order of reports."""

    DIFFERS = "differs"
    IGNORED = "ignored"  # it differs in a clause that the user ignores
    SAME = "same"
    OPEN = "not compared"


@dataclass(frozen=True, slots=True)
class PlaceComparison:
    """What a pair of answers shows of a clause at a place, in words of each side."""

    clause: str
    agreement: Agreement
    where: str = ""
    a: str = ""
    b: str = ""
    call: str = ""
    why: str = ""  # why it was not compared


@dataclass(frozen=True)
class AnswerPair:
    step: ScriptStep
    replies: tuple[Reply, Reply] | None = None  # None where the step was not sent to both, or an answer was lost
    facts: tuple[TaskFacts, TaskFacts] = NO_TASK
    why: str = ""  # why there are no answers
    unaffordable: bool = False
    sections: tuple[str, str] | None = None  # that a source fills, where they differ; then there are no answers


class Comparison:
    """Compares the pairs of a whole run: a target's errors of known kinds classify its other errors."""

    def __init__(self, pairs: Sequence[AnswerPair]) -> None:
        self._pairs = pairs
        self._answered = [(pair.step, pair.replies) for pair in pairs if pair.replies]
        self._choices = [_choices([replies[side] for _, replies in self._answered]) for side in (0, 1)]
        self._encodings = [next(iter(choices.get("csv.encoding", ())), "utf-8") for choices in self._choices]

    def places(self) -> Iterator[PlaceComparison]:
        """Everything, in the order of the calls."""
        settled: set[str] = set()
        for pair in self._pairs:
            for compared in self._compare(pair):
                if compared.agreement is not Agreement.OPEN:
                    settled.add(compared.clause)
                yield compared
        yield from self._compare_all_answers(settled)

    def _compare_all_answers(self, settled: set[str]) -> Iterator[PlaceComparison]:
        """How each target writes what no pair of answers showed, such as rows that each found for another source."""
        a, b = self._choices
        for clause in sorted(a.keys() & b.keys() - settled):
            if len(a[clause]) == len(b[clause]) == 1:
                agreement = Agreement.SAME if a[clause].keys() == b[clause].keys() else Agreement.DIFFERS
                shown = (repr(next(iter(a[clause]))), repr(next(iter(b[clause]))))
                yield PlaceComparison(clause, agreement, "all answers", *shown, call="(several)")

    def _compare(self, pair: AnswerPair) -> Iterator[PlaceComparison]:
        step = pair.step
        if pair.sections is not None:
            yield _words(step, step.clause, "the section that the source fills", *pair.sections)
            return
        if pair.replies is None:
            yield from _not_compared(step, pair.why)
            return
        a, b = pair.replies
        before = [reply for other, both in self._answered if other.name == step.after_refusal for reply in both]
        seen = [observe(*args) for args in zip(pair.replies, pair.facts, self._encodings, strict=True)]
        if step.probe:
            yield _words(step, step.clause, "the answer", _page(a), _page(b))
            if step.clause == NO_CLAUSE:
                yield _words(step, NO_CLAUSE, "HTTP status", f"HTTP {a.http}", f"HTTP {b.http}")
            if a.status == b.status == "error":
                yield from self._compare_errors(step, a, b)
                yield from _compare_observations(step, *seen, bodies=True)
        elif a.decoded is None or b.decoded is None:
            yield from _compare_unreadable(step, a, b)
            yield from _compare_observations(step, *seen, bodies=False)
        elif any(reply.status != "error" for reply in before):
            yield from _not_compared(step, f"{step.after_refusal} is not refused on both sides")
        else:
            yield from self._compare_readable(step, a, b)
            yield from _compare_observations(step, *seen, bodies=_state(a) == _state(b))

    def _compare_readable(self, step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
        yield _words(step, step.readable, "the body", "can be read", "can be read")
        states = _state(a), _state(b)
        refused = a.status == "error", b.status == "error"
        if all(refused):
            yield from self._compare_errors(step, a, b)
        elif any(refused):
            yield _words(step, step.clause, "status", self._word(step, a, 0), self._word(step, b, 1))
        elif step.clause == "result.processing" and {*states} == {"processing", "ready"}:
            yield from _not_compared(step, "the task was done on one side, and not yet on the other")
        else:
            yield _words(step, step.clause, "status", *(states if states[0] != states[1] else [step.words[0]] * 2))

    def _word(self, step: ScriptStep, reply: Reply, side: int) -> str:
        if reply.status != "error":
            return step.words[0]
        return step.words[1] if step.kinds is None else any_of(self._kinds(step, reply, side))

    def _kinds(self, step: ScriptStep, reply: Reply, side: int) -> frozenset[str]:
        """The choices of the step's clause that an error may stand for, by the target's errors of known kinds: those
        with its code and message, else those with its code.
        """
        known = [(other.kind, replies[side]) for other, replies in self._answered if other.kind in KINDS]
        errors = [(kind, r) for kind, r in known if r.status == "error" and r.decoded and r.decoded.format == "json"]
        of_code = [(kind, error) for kind, error in errors if error.code == reply.code]
        of_text = [kind for kind, error in of_code if template(error.message) == template(reply.message)]
        kinds, words = of_text or [kind for kind, _ in of_code] or ["another"], step.kinds or {}
        return frozenset(words.get(kind, words.get("", "an error of its own")) for kind in kinds)

    def _compare_errors(self, step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
        if step.kinds is None:
            yield _words(step, step.clause, "status", step.words[1], step.words[1])
        else:
            one, other = self._kinds(step, a, 0), self._kinds(step, b, 1)
            yield _values(step, *(Observation(step.clause, c, any_of(c), "kind of error") for c in (one, other)))
            if one != other or len(one) > 1:
                return
        codes = [f"{reply.code}" if type(reply.code) is int else "no number" for reply in (a, b)]
        yield _words(step, "error.codes", "error_code", *codes)
        if a.decoded and b.decoded and "csv" not in (a.decoded.format, b.decoded.format):
            yield _words(step, "error.messages", "message", template(a.message), template(b.message))
            if step.kind in ("missing", "invalid") and template(a.message) == template(b.message):
                clause = f"error.{step.kind}-names"
                yield _words(step, clause, "the names in the message", names(a.message), names(b.message))


def _words(step: ScriptStep, clause: str, where: str, a: str, b: str) -> PlaceComparison:
    """Two words that must be the same."""
    return PlaceComparison(clause, Agreement.SAME if a == b else Agreement.DIFFERS, where, a, b, step.label)


def _values(step: ScriptStep, a: Observation, b: Observation) -> PlaceComparison:
    """Two observations of a place, which differ where no value is possible on both sides."""
    agreement = Agreement.SAME if a.values == b.values else Agreement.OPEN if a.values & b.values else Agreement.DIFFERS
    why = "the answers leave it open" if agreement is Agreement.OPEN else ""
    return PlaceComparison(a.clause, agreement, a.where, a.shown, b.shown, step.label, why)


def _compare_observations(
    step: ScriptStep, a: Observations, b: Observations, *, bodies: bool
) -> Iterator[PlaceComparison]:
    """Every place that both show, or that one lacks in an object that both have. bodies: they answer the same thing."""
    for place in {**a.by_place, **b.by_place}:
        one, other = a.by_place.get(place), b.by_place.get(place)
        if not bodies and not place.startswith(ALWAYS):
            continue
        if one and other:
            yield _values(step, one, other)
        elif (there := one or other) and there.parent is not None and there.parent in (b if one else a).objects:
            words = (there.shown, ABSENT) if one else (ABSENT, there.shown)
            yield PlaceComparison(there.clause, Agreement.DIFFERS, there.where, *words, step.label)
        elif there:
            yield PlaceComparison(there.clause, Agreement.OPEN, there.where, why="only one side's answer shows it")


ALWAYS = ("writing", "Content-Type", "Access-Control-Allow-Origin", "a redirect")  # shown by refused calls, too


def _not_compared(step: ScriptStep, why: str) -> Iterator[PlaceComparison]:
    """All clauses that the step could have shown."""
    for clause in (*step.clauses, *WRITTEN.get(step.fmt or "json", ())):
        yield PlaceComparison(clause, Agreement.OPEN, why=why, call=step.label)


def _compare_unreadable(step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
    """A pair of which at least one answer can't be read: it shows only whether the other one can."""
    yield from _not_compared(step, "an answer could not be read, or did not come")
    if (a.response is None) != (b.response is None):
        yield _words(step, "server.never-breaks", "the connection", *(r.failure or "an answer" for r in (a, b)))
    elif (a.decoded is None) != (b.decoded is None):
        yield _words(step, step.readable, "the body", *(r.failure or "can be read" for r in (a, b)))


def _choices(replies: Sequence[Reply]) -> Mapping[str, Mapping[str, None]]:
    """The choices that a target's writing shows, the first one first."""
    found: dict[str, dict[str, None]] = {}
    for reply in replies:
        for clause, choice in reply.decoded.choices.items() if reply.decoded else ():
            found.setdefault(clause, {})[choice] = None
    return found


def _state(reply: Reply) -> str:
    """The status word, where it shows more than whether the call was accepted."""
    if reply.status != "error" and reply.call.method != "result":
        return "accepted"
    return reply.status if reply.status in STATUSES else "another status"


def _page(reply: Reply) -> str:
    """What answered a call that the API itself need not answer."""
    if reply.response is None:
        return "no answer"
    if reply.status == "error":
        return "error"
    if reply.decoded is not None:
        return "accepted"
    return f"{'html' if reply.is_page else 'HTTP'}-{reply.http}"


_NAME = r"(?<!\w)(?:login|token|phone|source|id|format)(?!\w)"
_NAMES = re.compile(rf"{_NAME}(?:, ?{_NAME})*")
KINDS = ("missing", "invalid", "credentials", "unknown-task")  # kinds of errors by which others are recognised


def template(message: str) -> str:
    """A message without the names of parameters and the numbers in it."""
    return re.sub(r"\d+", "{n}", _NAMES.sub("{names}", message))


def names(message: str) -> str:
    """The parameters that a message names, in its order."""
    return ", ".join(re.findall(_NAME, message)) or "none"
