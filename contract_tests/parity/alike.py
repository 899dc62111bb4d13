"""What a pair of answers says of a clause: the same, otherwise, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from contract_tests.api.reply import Reply
from contract_tests.parity.error_messages import names, template
from contract_tests.parity.observations import Facet, Shown
from contract_tests.parity.script import WRITTEN
from contract_tests.parity.step import Step


class Alike(StrEnum):
    """What a pair of answers says of a clause. OPEN: it can't be told from them, and why."""

    SAME = "same"
    DIFFERS = "differs"
    OPEN = "not compared"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a pair of answers shows of a clause at a place: in a's words and in b's. why: where it can't be told."""

    clause: str
    alike: Alike
    where: str = ""
    a: str = ""
    b: str = ""
    call: str = ""
    why: str = ""


def seen(step: Step, clause: str, where: str, a: str, b: str) -> Observation:
    """Two words that must be the same."""
    return Observation(clause, Alike.SAME if a == b else Alike.DIFFERS, where, a, b, step.told)


def held(step: Step, a: Facet, b: Facet) -> Observation:
    """Two showings of a place: alike where they must be the same, different where they can't be."""
    known = Alike.SAME if a.could == b.could else Alike.OPEN
    alike = known if a.could & b.could else Alike.DIFFERS
    why = "the answers leave it open" if alike is Alike.OPEN else ""
    return Observation(a.clause, alike, a.where, a.told, b.told, step.told, why)


def facets(step: Step, a: Shown, b: Shown, *, bodies: bool) -> Iterator[Observation]:
    """All places that both show, or whose lack says something. bodies: whether both answer the same thing."""
    for place in {**a.facets, **b.facets}:
        one, other = a.facets.get(place), b.facets.get(place)
        if not bodies and not place.startswith(ALWAYS):
            continue
        if one and other:
            yield held(step, one, other)
            continue
        there, without = (one, b) if one else (other, a)
        assert there is not None, "one of them has the place"
        if there.parent is None or there.parent not in without.objects:
            yield Observation(there.clause, Alike.OPEN, there.where, why="only one side's answer shows it")
        else:
            told = (there.told, "absent") if one else ("absent", there.told)
            yield Observation(there.clause, Alike.DIFFERS, there.where, *told, step.told)


ALWAYS = ("writing", "Content-Type", "Access-Control-Allow-Origin", "a redirect")
"""Places that show the same whether a call was accepted or refused."""


def messages(step: Step, a: str, b: str) -> Iterator[Observation]:
    """Messages without the names and numbers in them; the names by themselves where the rest is the same."""
    same = template(a) == template(b)
    yield seen(step, "error.messages", "message", template(a), template(a) if same else template(b))
    clause = {"missing": "error.missing-names", "invalid": "error.invalid-names"}.get(step.kind)
    if same and clause:
        yield seen(step, clause, "the names in the message", *(", ".join(names(m)) or "none" for m in (a, b)))


def readable(step: Step) -> str:
    """The clause that says that an answer to the step can be read."""
    return "format.readable" if step.fmt else "format.default"


def left_open(step: Step, why: str) -> Iterator[Observation]:
    """All that the step could have shown, and why it does not."""
    for clause in (*step.shows, *WRITTEN.get(step.fmt or "json", ())):
        yield Observation(clause, Alike.OPEN, why=why, call=step.told)


def unread(step: Step, a: Reply, b: Reply) -> Iterator[Observation]:
    """An answer that can't be read shows nothing, but that the other one can."""
    yield from left_open(step, "an answer could not be read, or did not come")
    if (a.response is None) != (b.response is None):
        yield seen(step, "server.never-breaks", "the connection", *(r.failure or "an answer" for r in (a, b)))
    elif (a.decoded is None) != (b.decoded is None):
        yield seen(step, readable(step), "the body", *(r.failure or "can be read" for r in (a, b)))
