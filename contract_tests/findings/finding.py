"""One finding, and the result of one clause."""

from __future__ import annotations

from dataclasses import dataclass

from contract_tests.contract.clauses import Clause
from contract_tests.contract.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which the target differs from a clause. Every text is masked already."""

    clause: Clause
    call: str
    answer: str
    where: str
    found: str
    expected: str
    binding: bool
    """The clause is a promise or a law, and no assumption."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Findings with equal keys are the same defect."""
        return self.clause.id, "".join(c for c in self.where if not c.isdigit()), self.expected

    @property
    def parts(self) -> dict[str, str]:
        """The texts that it shows, by their names."""
        parts = {name: getattr(self, name) for name in ("call", "answer", "where", "found", "expected")}
        return {**parts, "where": self.where or "the answer"}

    def __str__(self) -> str:
        lines = (f"  {name + ':':<9} {text}" for name, text in self.parts.items())
        return "\n".join([f"{self.clause.id} ({self.clause.grade}): {self.clause.title}", *lines])


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """What a run says of a clause: a row of the report."""

    clause: Clause
    outcome: Outcome
    seen: str
    """The choices that the target showed."""
    note: str
    findings: tuple[Finding, ...]
