"""The judgement on a captured answer: what it was recognised as, and every problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.captured.answer_checks import CHECKS, Answer, http_fault
from contract_tests.captured.capture import Asked, Capture
from contract_tests.captured.recognise import format_of, method_of, read, schema_of
from contract_tests.contract.problem import Problem, in_order, problem
from contract_tests.decode.model import Unreadable
from contract_tests.findings.outcome import Outcome

MOST = 1000  # problems that are kept of an answer, of promises and of assumptions each


@dataclass(frozen=True)
class Judgement:
    """What an answer was recognised as and what is wrong with it; None: not recognised."""

    format: str | None
    method: str | None
    schema: str | None
    problems: tuple[Problem, ...]
    model: Mapping[str, Any] = field(default_factory=dict)  # the decoded answer; empty for one that could not be read
    cut: bool = False  # whether there are more problems than are kept

    @property
    def outcome(self) -> Outcome:
        """BROKEN for a broken promise or law, REFUTED for assumptions only, else HOLDS."""
        if any(p.binding for p in self.problems):
            return Outcome.BROKEN
        return Outcome.REFUTED if self.problems else Outcome.HOLDS

    def fails(self, *, strict: bool) -> bool:
        """Whether a promise or law is broken or, with strict, an assumption refuted."""
        return self.outcome is Outcome.BROKEN or (strict and self.outcome is Outcome.REFUTED)


def judge(capture: Capture, asked: Asked) -> Judgement:
    """Decodes the captured answer and runs every check.

    Raises UnknownSchemaError for an unknown schema, and UsageError for a wrong profile.
    """
    try:
        decoded = read(capture, asked)
    except Unreadable as why:
        return _unreadable(capture, asked, str(why))
    schema = schema_of(decoded.model, asked)
    answer = Answer(capture, asked, decoded, method_of(schema, asked), schema)
    problems, cut = _problems(answer)
    return Judgement(decoded.format, answer.method, schema, tuple(in_order(problems)), decoded.model, cut)


def _unreadable(capture: Capture, asked: Asked, why: str) -> Judgement:
    seen = format_of(capture.body)
    fmt = asked.format or (None if seen == "csv" else seen)
    expected = f"an answer in {asked.format or 'JSON, XML or CSV'}"
    found = why if fmt or not capture.body else f"no JSON, no XML, and {why}"
    unread = problem("format.readable", "", "readable", expected, found)
    return Judgement(fmt, asked.method, asked.schema, (unread, *http_fault(capture)))


def _problems(answer: Answer) -> tuple[set[Problem], bool]:
    """The problems of all checks, at most MOST of each weight, and whether there are more."""
    kept: set[Problem] = set()
    room = {True: MOST, False: MOST}
    cut = False
    for check in CHECKS:
        reported = {(p.path, p.clause) for p in kept}
        for found in check(answer):
            if found in kept or (found.path, found.clause) in reported:
                continue
            if room[found.binding]:
                room[found.binding] -= 1
                kept.add(found)
            else:
                cut = True
                if found.binding:
                    break
    return kept, cut
