"""Errors of two targets: their messages without names and numbers, and their kinds, which each target words itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contract_tests.api.reply import Reply
from contract_tests.parity.script import ScriptStep

_NAME = r"(?<!\w)(?:login|token|phone|source|id|format)(?!\w)"
_NAMES = re.compile(rf"{_NAME}(?:, ?{_NAME})*")
KINDS = ("missing", "invalid", "credentials", "unknown-task")
"""The kinds that an error of a step with several possible kinds may be of."""
ANOTHER = "an error of its own"


def template(message: str) -> str:
    """A message without the names of parameters and the numbers in it."""
    return re.sub(r"\d+", "{n}", _NAMES.sub("{names}", message))


def names(message: str) -> str:
    """The parameters that a message names, in its order."""
    return ", ".join(re.findall(_NAME, message)) or "none"


class ErrorKinds:
    """A target's errors of known kinds. Other errors are recognised by them."""

    def __init__(self, replies: Iterable[tuple[ScriptStep, Reply]]) -> None:
        self._known = [
            (step.kind, reply)
            for step, reply in replies
            if step.kind in KINDS and reply.status == "error" and reply.decoded and reply.decoded.format == "json"
        ]

    def choices(self, step: ScriptStep, reply: Reply) -> frozenset[str]:
        """The choices of the step's clause that an error may stand for: by code and message, else by its code alone."""
        words = step.kinds or {}
        of_code = [(kind, error) for kind, error in self._known if error.code == reply.code]
        of_text = [kind for kind, error in of_code if template(error.message) == template(reply.message)]
        kinds = of_text or [kind for kind, _ in of_code] or ["another"]
        return frozenset(words.get(kind, words.get("", ANOTHER)) for kind in kinds)
