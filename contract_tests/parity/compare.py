"""What two targets answered, held to each other: what each pair of answers shows of which clause, and whether alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contract_tests.api.reply import Reply
from contract_tests.decode.model import STATUSES
from contract_tests.parity.alike import Alike, Observation, facets, held, left_open, messages, readable, seen, unread
from contract_tests.parity.error_kinds import Kinds, any_of
from contract_tests.parity.normalise import NO_CLAUSE, shown
from contract_tests.parity.observations import About, Facet
from contract_tests.parity.step import Step


@dataclass(frozen=True)
class Pair:
    """The answers to a step of both; None where the step was not sent, or its answer was lost, and why says so. fills:
    the sections that a source fills, where they are not the same.
    """

    step: Step
    a: Reply | None
    b: Reply | None
    about: tuple[About, About] = (About(), About())
    why: str = ""
    unaffordable: bool = False
    fills: tuple[str, str] | None = None

    @property
    def replies(self) -> tuple[Reply, Reply] | None:
        """Both answers, where both came."""
        return (self.a, self.b) if self.a is not None and self.b is not None else None


class Comparison:
    """Compares pairs of answers; all pairs of the run must be there first: its errors tell each side's kinds."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        both = [p.replies for p in pairs if p.replies]
        self._kinds = (
            Kinds([(p.step, p.replies[0]) for p in pairs if p.replies]),
            Kinds([(p.step, p.replies[1]) for p in pairs if p.replies]),
        )
        self._choices = (_choices([a for a, _ in both]), _choices([b for _, b in both]))

    def observations(self) -> Iterator[Observation]:
        """Everything, in the order of the calls."""
        settled: set[str] = set()
        for pair in self.pairs:
            for told in self._of_pair(pair):
                settled |= {told.clause} if told.alike is not Alike.OPEN else set()
                yield told
        yield from self._of_whole_runs(settled)

    def _of_whole_runs(self, settled: set[str]) -> Iterator[Observation]:
        """How each target writes what no call showed on both sides: rows found here or there."""
        a, b = self._choices
        for clause in sorted(a.keys() & b.keys() - settled):
            if len(a[clause]) == len(b[clause]) == 1:
                alike = Alike.SAME if a[clause] == b[clause] else Alike.DIFFERS
                told = (repr(next(iter(a[clause]))), repr(next(iter(b[clause]))))
                yield Observation(clause, alike, "all answers", *told, call="(several)")

    def _of_pair(self, pair: Pair) -> Iterator[Observation]:
        step = pair.step
        if pair.fills is not None:
            yield seen(step, step.clause, "the section that the source fills", *pair.fills)
            return
        if pair.replies is None:
            yield from left_open(step, pair.why)
            return
        (a, b), about = pair.replies, pair.about
        if step.probe:
            yield from self._of_probe(step, a, b)
        elif a.decoded is None or b.decoded is None:
            yield from unread(step, a, b)
            yield from facets(step, shown(a, about[0]), shown(b, about[1]), bodies=False)
        elif step.fails and not all(self._refused(step.fails)):
            yield from left_open(step, f"{step.fails} is not refused on both sides")
        else:
            yield from self._of_answers(step, a, b, about)

    def _refused(self, name: str) -> Iterator[bool]:
        for pair in self.pairs:
            if pair.step.name == name and pair.replies:
                yield from (reply.status == "error" for reply in pair.replies)

    def _of_answers(self, step: Step, a: Reply, b: Reply, about: tuple[About, About]) -> Iterator[Observation]:
        yield seen(step, readable(step), "the body", "can be read", "can be read")
        refused = (a.status == "error", b.status == "error")
        if refused[0] != refused[1]:
            yield seen(step, step.clause, "status", *(self._word(step, r, i) for i, r in enumerate((a, b))))
        elif not refused[0]:
            states = [_state(reply) for reply in (a, b)]
            if step.clause == "result.processing" and {*states} == {"processing", "ready"}:
                yield from left_open(step, "the task was done on one side, and not yet on the other")
            else:
                yield seen(step, step.clause, "status", *(states if states[0] != states[1] else [step.words[0]] * 2))
        else:
            yield from self._of_errors(step, a, b)
        yield from facets(step, shown(a, about[0]), shown(b, about[1]), bodies=_state(a) == _state(b))

    def _word(self, step: Step, reply: Reply, side: int) -> str:
        if reply.status != "error":
            return step.words[0]
        return step.words[1] if step.kinds is None else any_of(self._kinds[side].choices(step, reply))

    def _of_errors(self, step: Step, a: Reply, b: Reply) -> Iterator[Observation]:
        if step.kinds is not None:
            could = (self._kinds[0].choices(step, a), self._kinds[1].choices(step, b))
            yield held(step, *(Facet(step.clause, frozenset(c), any_of(c), "kind of error") for c in could))
            if could[0] != could[1] or len(could[0]) > 1:
                return
        else:
            yield seen(step, step.clause, "status", step.words[1], step.words[1])
        codes = [f"{r.code}" if type(r.code) is int else "no number" for r in (a, b)]
        yield seen(step, "error.codes", "error_code", *codes)
        if a.decoded and b.decoded and "csv" not in (a.decoded.format, b.decoded.format):
            yield from messages(step, a.message, b.message)

    def _of_probe(self, step: Step, a: Reply, b: Reply) -> Iterator[Observation]:
        words = [_page(reply) for reply in (a, b)]
        yield seen(step, step.clause, "the answer", *words)
        if step.clause == NO_CLAUSE:
            yield seen(step, NO_CLAUSE, "HTTP status", f"HTTP {a.http}", f"HTTP {b.http}")
        if a.status == b.status == "error":
            yield from self._of_errors(step, a, b)
            yield from facets(step, shown(a, About()), shown(b, About()), bodies=True)


def _choices(replies: Sequence[Reply]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for reply in replies:
        for clause, choice in reply.decoded.choices.items() if reply.decoded else ():
            found.setdefault(clause, set()).add(choice)
    return found


def _state(reply: Reply) -> str:
    """The status word, where it says more than whether the call was accepted."""
    if reply.status != "error" and reply.call.method != "result":
        return "accepted"
    return reply.status if reply.status in STATUSES else "another status"


def _page(reply: Reply) -> str:
    """What came back from a call that the API itself need not answer."""
    if reply.response is None:
        return "no answer"
    if reply.status == "error":
        return "error"
    if reply.decoded is not None:
        return "accepted"
    page = b"<html" in reply.response.body.lower()[:1000] or "html" in (reply.response.header("content-type") or "")
    return f"{'html' if page else 'HTTP'}-{reply.http}"
