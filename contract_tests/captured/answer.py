"""A captured answer that was read, with what is known of it, and how a problem with it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.captured.asked import Asked
from contract_tests.captured.capture import Capture
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.validate import SchemaProblem
from contract_tests.decode.model import HIDDEN, Decoded


@dataclass(frozen=True)
class Answer:
    """An answer that was read, with what is known of it. schema: the one that it is held to, None: it can't be told."""

    capture: Capture
    asked: Asked
    decoded: Decoded
    method: str | None
    schema: str | None

    @property
    def model(self) -> Mapping[str, Any]:
        """The answer's members."""
        return self.decoded.model

    @property
    def ready(self) -> bool:
        """Whether it is a ready answer with all its members, and not its rows alone (CSV)."""
        return self.model.get("status") == "ready" and self.decoded.rows is None

    @property
    def profile(self) -> Mapping[str, Any] | None:
        """The given choices, as far as the answer's format can show them."""
        given, hidden = self.asked.profile, HIDDEN[self.decoded.format]
        return None if given is None else {clause: choice for clause, choice in given.items() if clause not in hidden}

    def entries(self, section: str) -> list[tuple[int, Mapping[str, Any]]]:
        """The objects of a section that is a list, each with its place in it."""
        found = self.model.get(section)
        return [(i, e) for i, e in enumerate(found) if isinstance(e, Mapping)] if isinstance(found, list) else []


def problem(clause: str, path: str, rule: str, expected: str, found: str) -> SchemaProblem:
    """A problem that no schema tells, with the grade of its clause."""
    return SchemaProblem(path, rule, expected, all_clauses()[clause].grade, clause, found)


def wrong_choice(answer: Answer, clause: str, seen: str, path: str) -> Iterator[SchemaProblem]:
    """What was seen of an open clause, where the profile gives another choice. A choice that is a name or a text of
    the answer's own is not told.
    """
    due = answer.asked.known.get(clause)
    if due is not None and seen != due:
        found = repr(seen) if seen in all_clauses()[clause].choices else "another one"
        yield problem(clause, path, "choice", f"the choice {due!r}", found)
