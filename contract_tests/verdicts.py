"""Verdicts: what the run has found out about each clause, and what shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.clauses import Clause, all_clauses
from contract_tests.masking import Mask, Shape
from contract_tests.outcomes import Outcome
from contract_tests.reply import Reply
from contract_tests.writer import Secrets

__all__ = ["Book", "Finding", "Outcome", "Row", "Verdict"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which the target differs from a clause; every text is masked already."""

    clause: Clause
    call: str
    answer: str
    where: str
    found: str
    expected: str
    binding: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """Findings of one key are the same defect, seen again."""
        return self.clause.id, "".join(c for c in self.where if not c.isdigit()), self.expected

    def __str__(self) -> str:
        lines = [
            f"{self.clause.id} ({self.clause.grade}): {self.clause.title}",
            f"  call:     {self.call}",
            f"  answer:   {self.answer}",
            f"  where:    {self.where or 'the answer'}",
            f"  found:    {self.found}",
            f"  expected: {self.expected}",
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Row:
    """A clause's line of the report."""

    clause: Clause
    outcome: Outcome
    seen: str
    note: str
    findings: tuple[Finding, ...]


@dataclass
class Book:
    """All that a run found out. given holds the profile's choices, over the defaults; secrets is what no file may hold;
    calls counts what has left, and looked says at which call a clause was first seen to hold or not.
    """

    base: str
    mask: Mask
    secrets: Secrets = field(default_factory=Secrets)
    given: Mapping[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    calls: int = 0
    looked: dict[str, int] = field(default_factory=dict)
    passed_over: dict[str, list[str]] = field(default_factory=dict)
    unaffordable: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    seen: dict[str, dict[str, Reply]] = field(default_factory=dict)
    shown: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    inconclusive: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, list[tuple[Reply, dict[str, str]]]] = field(default_factory=dict)

    def expected(self, clause: str) -> Any:
        """The choice that the target should show."""
        return self.given.get(clause, all_clauses()[clause].default)

    def known(self) -> Mapping[str, str]:
        """The choices that the run is sure of: seen alone, or else given."""
        alone = {clause: next(iter(choices)) for clause, choices in self.seen.items() if len(choices) == 1}
        return {**{k: v for k, v in self.given.items() if isinstance(v, str)}, **alone}

    def hide(self, labels: Mapping[str, str]) -> None:
        """Puts more secrets out of sight, each behind its label."""
        self.mask = Mask({**self.mask.labels, **labels}, self.mask.shows)
        self.secrets.labels.update(labels)

    def look(self, clause: str) -> None:
        """Notes that an answer was looked at that shows the clause."""
        self.looked.setdefault(clause, self.calls)

    def could_not_read(self, clause: str, reply: Reply) -> None:
        """Notes that an answer that should show the clause could not be read: that never counts as holding."""
        what = "did not come" if reply.exchange is None else "could not be read"
        why = f"an answer {what}: {reply.call.name}"
        self.inconclusive.setdefault(clause, []).append(why)

    def saw(self, clause: str, choice: str, reply: Reply) -> None:
        """Notes a choice that a reply shows; the first one is kept as evidence, and the numbers of all."""
        self.seen.setdefault(clause, {}).setdefault(choice, reply)
        self.shown.setdefault(clause, {}).setdefault(choice, set()).add(reply.number)

    def finding(self, clause: str, reply: Reply | None, where: str, found: object, expected: str) -> Finding:
        """A finding in words that may be shown."""
        made = all_clauses()[clause]
        return Finding(
            clause=made,
            call=reply.curl(self.base, self.mask) if reply else "(several)",
            answer=reply.told(self.mask) if reply else "(several)",
            where=self.mask.text(where),
            found=self.mask.value(_public(where, found)),
            expected=self.mask.text(expected),
            binding=made.binding,
        )

    def rows(self, only: Iterable[str] = ()) -> list[Row]:
        """A row for every clause, or for those of only."""
        wanted = set(only) or set(all_clauses())
        return [self._row(clause) for clause in all_clauses().values() if clause.id in wanted]

    def _row(self, clause: Clause) -> Row:
        found = tuple(f for f in self.findings if f.clause.id == clause.id)
        seen = self._told_choices(clause)
        if clause.id in self.errors:
            return Row(clause, Outcome.ERROR, seen, self.errors[clause.id][0], found)
        if found:
            outcome = Outcome.BROKEN if any(f.binding for f in found) else Outcome.REFUTED
            first = found[0]
            note = f"{first.where}: {first.found}" if first.where else f"expected {first.expected}"
            return Row(clause, outcome, seen, note, found)
        if clause.id in self.inconclusive:
            return Row(clause, Outcome.INCONCLUSIVE, seen, self.inconclusive[clause.id][0], ())
        if clause.id in self.unaffordable:
            return Row(clause, Outcome.UNAFFORDABLE, seen, self.unaffordable[clause.id][0], ())
        passed = self.passed_over.get(clause.id, [])
        if clause.id in self.looked:
            return Row(clause, Outcome.HOLDS, seen, f"not tried: {passed[0]}" if passed else "", ())
        why = passed[0] if passed else clause.unseen or "nothing of this run shows it"
        return Row(clause, Outcome.UNCHECKED, seen, why, ())

    def _told_choices(self, clause: Clause) -> str:
        if clause.id == "error.codes":
            codes = {kind: _public("error_code", seen[0][0].code) for kind, seen in self.kinds.items()}
            return ", ".join(f"{kind} {self.mask.value(code)}" for kind, code in codes.items())
        return self.mask.text(" · ".join(choice or '""' for choice in self.seen.get(clause.id, ())))


class Verdict:
    """What one test finds out. clauses are those that it names."""

    def __init__(self, book: Book, clauses: tuple[str, ...], *, strict: bool = False) -> None:
        self.book = book
        self.clauses = clauses
        self.strict = strict
        self.own: list[Finding] = []

    def expect(
        self, clause: str, holds: object, reply: Reply | None, *, where: str = "", found: object, expected: str
    ) -> bool:
        """Notes whether the clause holds here. An answer that could not be read has had its finding already."""
        if reply is not None and not reply.readable:
            self.book.could_not_read(clause, reply)
            return False
        self.book.look(clause)
        if not holds:
            self.add(self.book.finding(clause, reply, where, found, expected))
        return bool(holds)

    def add(self, finding: Finding) -> None:
        """Keeps a finding. One seen before is this test's too where the test is named for its clause."""
        known = any(f.key == finding.key for f in self.book.findings)
        if not known:
            self.book.findings.append(finding)
        if not any(f.key == finding.key for f in self.own) and (not known or finding.clause.id in self.clauses):
            self.own.append(finding)

    def choice(self, clause: str, seen: str, reply: Reply) -> None:
        """Notes the choice of an open clause that the target shows, and judges it."""
        if reply.readable or clause == "not-found":
            self.book.saw(clause, seen, reply)
            self.settle(clause)
        else:
            self.book.could_not_read(clause, reply)

    def settle(self, clause: str) -> None:
        """Judges what the run has seen of an open clause so far."""
        seen = self.book.seen.get(clause, {})
        if not seen:
            return
        self.book.look(clause)
        expected = self.book.expected(clause)
        about = all_clauses()[clause]
        if len(seen) > 1:
            told = " · ".join(map(repr, seen))
            self._refuted(clause, list(seen.values())[-1], f"{told}, by turns", "one choice throughout")
        else:
            word, reply = next(iter(seen.items()))
            if clause == "content-type.csv" and word == self._with_charset(expected):
                return
            if word != expected and not about.covers(word):
                self._refuted(clause, reply, f"{word!r}, which no choice covers", _meant(about, expected))
            elif word != expected:
                self._refuted(clause, reply, _meant(about, word), _meant(about, expected))

    def _with_charset(self, content_type: str) -> str:
        """A Content-Type of CSV, its blank filled with the charset of what the run has seen."""
        encoding = self.book.known().get("csv.encoding", "utf-8")
        return content_type.replace("{charset}", "windows-1251" if encoding == "cp1251" else "utf-8")

    def _refuted(self, clause: str, reply: Reply, found: str, expected: str) -> None:
        made = self.book.finding(clause, reply, "the choice", "", expected)
        self.add(Finding(made.clause, made.call, made.answer, "", self.book.mask.text(found), expected, binding=False))

    def kind(self, kind: str, reply: Reply, **fields: str) -> None:
        """Notes an error whose kind is known, and what fills the blanks of its message."""
        if reply.reading is not None and reply.reading.format != "csv" and reply.status == "error":
            self.book.kinds.setdefault(kind, []).append((reply, fields))

    def left_out(self, why: str) -> None:
        """Says of what the test's clauses were not looked at here."""
        for clause in self.clauses:
            self.book.passed_over.setdefault(clause, []).append(why)


def _public(where: str, found: object) -> object:
    """A status word and an error's code may be told of any answer."""
    if where.startswith("status") and isinstance(found, str) and re.fullmatch(r"[A-Za-z_-]{0,20}", found):
        return Shape(repr(found))
    return Shape(found) if where.startswith("error_code") and type(found) is int else found


def _meant(clause: Clause, choice: str) -> str:
    meaning = clause.meaning.get(choice)
    return f"{choice!r} ({meaning})" if meaning else repr(choice)
