"""The judgement on a captured answer: what it was held to, and every problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from contract_tests.captured.answer import Answer, problem
from contract_tests.captured.asked import Asked
from contract_tests.captured.capture import Capture
from contract_tests.captured.checks import LOOKS
from contract_tests.captured.layout import http_fault
from contract_tests.captured.recognise import format_of, method_of, read, schema_of
from contract_tests.contract.clauses import BINDING, all_clauses
from contract_tests.contract.validate import SchemaProblem, in_order
from contract_tests.decode.model import Unreadable
from contract_tests.findings.outcome import Outcome

MOST = 1000
"""Problems of an answer that are told, of promises and of assumptions each."""


@dataclass(frozen=True)
class Judgement:
    """What an answer was held to and what is wrong with it. format and schema are None where they can't be told;
    model: the decoded answer, empty where it could not be read; cut: there are more problems than are told.
    """

    format: str | None
    method: str | None
    schema: str | None
    problems: tuple[SchemaProblem, ...]
    model: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    cut: bool = False

    @property
    def outcome(self) -> Outcome:
        """HOLDS, BROKEN where a promise or a law is, REFUTED where only assumptions are."""
        if any(map(binding, self.problems)):
            return Outcome.BROKEN
        return Outcome.REFUTED if self.problems else Outcome.HOLDS

    def fails(self, *, strict: bool) -> bool:
        """Whether it is to count: a promise or law is broken, or, strictly, an assumption refuted."""
        return self.outcome is Outcome.BROKEN or (strict and self.outcome is Outcome.REFUTED)


def binding(found: SchemaProblem) -> bool:
    """Whether the problem breaks a promise or a law; else it refutes an assumption."""
    return all_clauses()[found.clause].binding if found.clause else found.grade in BINDING


def judge(capture: Capture, asked: Asked) -> Judgement:
    """Reads the captured answer and looks at it from every side.

    Raises UnknownSchemaError for a schema, and UsageError for a profile, that there is not.
    """
    try:
        decoded = read(capture, asked)
    except Unreadable as why:
        form = asked.format or format_of(capture.body)
        expected = f"an answer in {form}" if asked.format else "an answer in JSON, XML or CSV"
        told = None if asked.format is None and form == "csv" else form
        found = str(why) if told or not capture.body else f"no JSON, no XML, and {why}"
        unread = problem("format.readable", "", "readable", expected, found)
        return Judgement(told, asked.method, asked.schema, (unread, *http_fault(capture)))
    schema = schema_of(decoded.model, asked)
    answer = Answer(capture, asked, decoded, method_of(schema, asked), schema)
    kept = Kept()
    for look in LOOKS:
        kept.add(look(answer))
    return Judgement(decoded.format, answer.method, schema, tuple(in_order(kept.problems)), decoded.model, kept.cut)


class Kept:
    """The problems to be told: no more than MOST of each weight, and of two looks that blame the same place for the
    same clause the first alone.
    """

    def __init__(self) -> None:
        self.problems: dict[SchemaProblem, None] = {}
        self.cut = False
        self._room = {True: MOST, False: MOST}

    def add(self, found: Iterable[SchemaProblem]) -> None:
        """Takes what one look has found, and stops it where there is no room for broken promises."""
        told = {(p.path, p.clause) for p in self.problems}
        for one in found:
            if one in self.problems or (one.path, one.clause) in told:
                continue
            weight = binding(one)
            if self._room[weight]:
                self._room[weight] -= 1
                self.problems[one] = None
                continue
            self.cut = True
            if weight:
                return
