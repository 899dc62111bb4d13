"""Compares the answers of two targets: what each pair of answers shows of which clause, and whether it is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from contract_tests.api.reply import Reply, Unread
from contract_tests.contract.members import STATUSES
from contract_tests.contract.ready_checks import TaskFacts
from contract_tests.parity.observe import (
    ABSENT,
    OF_SECTIONS,
    Observation,
    Observations,
    alternatives,
    any_of,
    finds_nothing,
    observe,
)
from contract_tests.parity.script import UNKNOWN, WRITTEN, ScriptStep

HTTP_BAD_REQUEST = 400
HTTP_NOT_FOUND = 404
NO_TASK = (TaskFacts(), TaskFacts())
ENCODINGS = ("xml.encoding", "csv.encoding")


class Agreement(StrEnum):
    """Whether two targets agree, at a place or in a clause. In the order of reports."""

    DIFFERS = "differs"
    IGNORED = "ignored"  # it differs in a clause that the user ignores
    UNCOVERED = "uncovered"  # it differs as the profile states in its [[uncovered]]
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
    why: str = ""  # why it was not compared, or how the profile states the difference
    place: str = ""  # the place by its name, which may be the server's own: it is not for reports
    a_values: frozenset[str] = frozenset()  # as observed, which is not for reports, as are b_values
    b_values: frozenset[str] = frozenset()


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
        self._worded_anew = [self._words_anew(side) for side in (0, 1)]
        self._encodings = [
            {clause: next(iter(choices.get(clause, ())), "utf-8") for clause in ENCODINGS} for choices in self._choices
        ]

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
                yield _words(None, clause, "all answers", *(next(iter(choices[clause])) for choices in (a, b)))

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
            yield from self._compare_words(step, a, b)
            if a.status == b.status == "error":
                yield from self._compare_observations(step, *seen, bodies=True)
        elif a.decoded is None or b.decoded is None:
            yield from _compare_unread(step, a, b)
            yield from self._compare_observations(step, *seen, bodies=False)
        elif any(reply.status != "error" for reply in before):
            yield from _not_compared(step, f"{step.after_refusal} is not refused on both sides")
        else:
            yield from self._compare_readable(step, a, b)
            bodies = _state(a) == _state(b) and a.decoded.format == b.decoded.format
            yield from self._compare_observations(step, *seen, bodies=bodies)

    def _compare_readable(self, step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
        yield _words(step, step.readable, "the body", READABLE, READABLE)
        states = _state(a), _state(b)
        if "error" in states:
            yield from self._compare_words(step, a, b)
        elif step.clause == "result.processing" and {*states} == {"processing", "ready"}:
            yield from _not_compared(step, "the task was done on one side, and not yet on the other")
        else:
            yield _words(step, step.clause, "status", *(states if states[0] != states[1] else [step.words[0]] * 2))

    def _compare_words(self, step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
        """What the step's clause calls the answers, of which one at least is an error, and the codes of two errors."""
        words = self._word(step, a, 0), self._word(step, b, 1)
        yield _values(step, "the answer", *(Observation(step.clause, c, any_of(c), "status") for c in words))
        if step.kind and words[0] == words[1] == alternatives([step.words[1]]):
            yield from _compare_codes(step, a, b)

    def _word(self, step: ScriptStep, reply: Reply, side: int) -> frozenset[str]:
        """What the step's clause calls an answer: all words that may be right."""
        if reply.status != "error":
            asked = self._answer(UNKNOWN, step.fmt, side) if UNKNOWN in (*step.like, *step.apart) else None
            # Where an unknown task is answered alike, it does not show which task was asked for.
            shows_nothing = asked is not None and asked.readable and asked.status == reply.status
            return frozenset(() if shows_nothing else alternatives([_page(step, reply)]))
        if step.clause == "error.missing-names":
            words = [_MISSING_NAMES.get(named := names(reply.message), f"names {named}")]
        else:
            unnamed = step.clause in ("id.invalid", "format.invalid") and not _names(reply, step.names)
            words = [*alternatives([UNNAMED if unnamed else step.words[1]])]
        cases = {choice: case for name, choice in step.like.items() if (case := self._answer(name, step.fmt, side))}
        others = [case for name in step.apart if (case := self._answer(name, step.fmt, side))]
        if (step.like or step.apart) and self._worded_anew[side]:
            return frozenset()
        known = [*cases.values(), *others, *([reply] if others and not cases else [])]
        if any(one.says_like(other) for one, other in combinations(known, 2)):
            return frozenset([*words, *step.like.values()]) if cases else frozenset()
        like = next((choice for choice, case in cases.items() if reply.says_like(case)), None)
        return frozenset(words if like is None else [like])

    def _words_anew(self, side: int) -> bool:
        """Whether the message of one error differs from call to call, so that errors can't be compared."""
        errors = [r for step, both in self._answered if step.name == UNKNOWN and (r := both[side]).status == "error"]
        # CSV may lack characters, and a layout may change white space.
        worded = {(r.code, " ".join(r.wording.split())) for r in errors if r.decoded and r.decoded.format != "csv"}
        return len(worded) > len({code for code, _ in worded})

    def _answer(self, name: str, fmt: str | None, side: int) -> Reply | None:
        """The target's answer to another step, in the format where that step has several."""
        found = {step.fmt: replies[side] for step, replies in self._answered if step.name == name}
        return found.get(fmt) or next(iter(found.values()), None)

    def _compare_observations(
        self, step: ScriptStep, a: Observations, b: Observations, *, bodies: bool
    ) -> Iterator[PlaceComparison]:
        """Every place that both show, or that one lacks in an object that both have. bodies: they answer the same thing
        in the same format.
        """
        for place in {**a.by_place, **b.by_place}:
            one, other = a.by_place.get(place), b.by_place.get(place)
            if not bodies and not place.startswith(ALWAYS):
                continue
            if one and other:
                compared = _values(step, place, one, other)
                by_turns = place.startswith(WRITING) and self._both_show(one.clause, one.values | other.values)
                yield replace(compared, agreement=Agreement.OPEN, why=BY_TURNS) if by_turns else compared
            elif (there := one or other) and there.parent is not None and there.parent in (b if one else a).objects:
                absent = Observation(there.clause, frozenset([ABSENT]), ABSENT, there.where)
                yield _compared(step, place, Agreement.DIFFERS, one or absent, other or absent)
            elif there:
                yield PlaceComparison(there.clause, Agreement.OPEN, there.where, why="only one side's answer shows it")

    def _both_show(self, clause: str, words: frozenset[str]) -> bool:
        """Whether each target writes in all of these ways: which one an answer shows is a matter of what is in it."""
        return len(words) > 1 and all(words <= choices.get(clause, {}).keys() for choices in self._choices)


_MISSING_NAMES = {"login, token, id": "all", "login, token": "credentials-alone"}
"""The choices of error.missing-names by what the message names of a call without any parameter."""


def _page(step: ScriptStep, reply: Reply) -> str:
    """What answered a call in place of an error."""
    if reply.response is None:
        return "no answer"
    of_the_api = not step.probe or (reply.call.method == "result" and _state(reply) != OTHER_STATUS)
    if reply.readable and of_the_api:
        return step.words[0]
    if step.clause == "http-method.other":
        return "refused by a page" if reply.http >= HTTP_BAD_REQUEST else f"HTTP {reply.http} without an answer"
    return "html-404" if reply.http == HTTP_NOT_FOUND and reply.is_page else f"HTTP {reply.http}"


def _compare_codes(step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
    """The code and the message of errors of a kind. One of the kind `invalid` names the parameter."""
    kind = step.kind
    if step.names:
        named = [_names(reply, step.names) for reply in (a, b)]
        yield _words(step, "error.invalid-names", "message", *("names it" if one else UNNAMED for one in named))
        if not all(named):
            return
    codes = [f"{reply.code}" if type(reply.code) is int else "no number" for reply in (a, b)]
    yield _words(step, "error.codes", f"error_code, {kind}", *codes)
    if a.decoded and b.decoded and "csv" not in (a.decoded.format, b.decoded.format):
        yield _words(step, "error.messages", f"message, {kind}", template(a.message), template(b.message))
        if kind == "missing" and step.clause != "error.missing-names" and template(a.message) == template(b.message):
            yield _words(step, "error.missing-names", "the names in the message", names(a.message), names(b.message))


def _names(reply: Reply, parameter: str) -> bool:
    """Whether an error names the parameter."""
    return parameter in names(reply.message).split(", ")


UNNAMED = "an error that does not name it"


def _words(step: ScriptStep | None, clause: str, where: str, a: str, b: str) -> PlaceComparison:
    """Two words that must be the same. step: None for several calls."""
    agreement = Agreement.SAME if a == b else Agreement.DIFFERS
    label, values = step.label if step else "(several)", (frozenset([a]), frozenset([b]))
    return PlaceComparison(clause, agreement, where, a, b, label, "", where, *values)


def _values(step: ScriptStep, place: str, a: Observation, b: Observation) -> PlaceComparison:
    """Two observations of a place, which differ where no value is possible on both sides."""
    agreement = Agreement.SAME if a.values == b.values else Agreement.DIFFERS
    if agreement is Agreement.DIFFERS and (a.values & b.values or not a.values or not b.values):
        agreement = Agreement.OPEN
    why = "the answers leave it open" if agreement is Agreement.OPEN else ""
    return _compared(step, place, agreement, a, b, why)


def _compared(
    step: ScriptStep, place: str, agreement: Agreement, a: Observation, b: Observation, why: str = ""
) -> PlaceComparison:
    return PlaceComparison(a.clause, agreement, a.where, a.shown, b.shown, step.label, why, place, a.values, b.values)


BY_TURNS = "both write it by turns"
WRITING = "writing, "
ALWAYS = (
    WRITING,
    "the format of",
    "Content-Type",
    "Access-Control-Allow-Origin",
    "a redirect",
)  # shown by refused calls, too


def _not_compared(step: ScriptStep, why: str) -> Iterator[PlaceComparison]:
    """All clauses that the step could have shown."""
    for clause in (*step.clauses, *WRITTEN.get(step.fmt or "json", ())):
        yield PlaceComparison(clause, Agreement.OPEN, why=why, call=step.label)


def _compare_unread(step: ScriptStep, a: Reply, b: Reply) -> Iterator[PlaceComparison]:
    """A pair of which at least one answer is not read: it shows only what kept it from that, and that the other one is
    read. An answer in no known layout differs in the clause of the layout alone.
    """
    unread = next(reply.unread for reply in (a, b) if reply.decoded is None)
    yield from _not_compared(step, f"an answer {unread}")
    reasons = [None if reply.decoded else reply.unread for reply in (a, b)]
    if reasons[0] == reasons[1] and a.layout == b.layout:
        return
    if Unread.LOST in reasons:
        yield _words(step, "server.never-breaks", "the connection", *(r.failure or "an answer" for r in (a, b)))
    elif Unread.UNREADABLE in reasons:
        words = [
            reply.failure if reply.unread is Unread.UNREADABLE and not reply.decoded else READABLE for reply in (a, b)
        ]
        yield _words(step, step.readable, "the body", *words)
    elif Unread.STATUS in reasons:
        yield _words(step, step.clause, "status", *(_state(r) if r.decoded else OTHER_STATUS for r in (a, b)))
    for clause in {reply.layout[0]: None for reply in (a, b) if reply.layout}:
        yield _words(step, clause, "the layout", *(_layout(reply, clause) for reply in (a, b)))


def _layout(reply: Reply, clause: str) -> str:
    """What an answer shows of the clause that an unknown layout is a matter of."""
    if reply.layout:
        return reply.layout[1]
    return reply.decoded.choices.get(clause, "a known layout") if reply.decoded else "an answer that is not read"


READABLE = "can be read"
OTHER_STATUS = "another status"


def _choices(replies: Sequence[Reply]) -> Mapping[str, Mapping[str, None]]:
    """The choices that a target's writing shows, the first one first."""
    found: dict[str, dict[str, None]] = {}
    for reply in replies:
        for clause, choice in reply.decoded.choices.items() if reply.decoded else ():
            if clause in OF_SECTIONS and finds_nothing(reply):
                continue
            found.setdefault(clause, {})[choice] = None
    return found


def _state(reply: Reply) -> str:
    """The status word, where it shows more than whether the call was accepted."""
    if reply.status != "error" and reply.call.method != "result":
        return "accepted"
    return reply.status if reply.status in STATUSES else OTHER_STATUS


_NAME = r"(?<!\w)(?:login|token|phone|source|id|format)(?!\w)"
_NAMES = re.compile(rf"{_NAME}(?:, ?{_NAME})*")


def template(message: str) -> str:
    """A message without the names of parameters and the numbers in it."""
    return re.sub(r"\d+", "{n}", _NAMES.sub("{names}", message))


def names(message: str) -> str:
    """The parameters that a message names, in its order, each once."""
    return ", ".join(dict.fromkeys(re.findall(_NAME, message))) or "none"
