"""The kind of an error, told by what the same target says where the kind is sure: codes and texts are its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contract_tests.api.reply import Reply
from contract_tests.parity.error_messages import template
from contract_tests.parity.step import ANOTHER, Step

CLASSES = ("missing", "invalid", "credentials", "unknown-task")
"""The kinds that an error in question may be of."""


class Kinds:
    """A side's errors of kinds that are sure, by kind."""

    def __init__(self, replies: Sequence[tuple[Step, Reply]]) -> None:
        self.known: dict[str, list[Reply]] = {}
        for step, reply in replies:
            if step.kind in CLASSES and reply.status == "error" and reply.decoded and reply.decoded.format == "json":
                self.known.setdefault(step.kind, []).append(reply)

    def choices(self, step: Step, reply: Reply) -> set[str]:
        """The choices of the step's clause that an error may stand for: by message and code, else by its code alone."""
        words = step.kinds or {}
        same = [kind for kind, errors in self.known.items() if any(_alike(reply, e) for e in errors)]
        kinds = same or [kind for kind, errors in self.known.items() if any(reply.code == e.code for e in errors)]
        return {words.get(kind, words.get("", ANOTHER)) for kind in kinds or ["another"]}


def any_of(words: Iterable[str]) -> str:
    """Words of which any may be meant."""
    return " or ".join(sorted(words))


def _alike(one: Reply, other: Reply) -> bool:
    return one.code == other.code and template(one.message) == template(other.message)
