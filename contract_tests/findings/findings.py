"""All that a run has found out about each clause, and the answers that show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.api.curl import curl
from contract_tests.api.reply import Reply, Unread
from contract_tests.contract.clauses import Clause, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.redact.mask import Mask, SafeText
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.spellings import misread


@dataclass(repr=False)
class Findings:
    """All that a run found out. The tables are by clause."""

    base: str
    mask: Mask
    secrets: Secrets = field(default_factory=Secrets)
    """What no file may hold."""
    profile: Mapping[str, Any] = field(default_factory=dict)
    """The choices that the user expects, over the defaults."""
    all: list[Finding] = field(default_factory=list)
    calls: int = 0
    """Calls that have left so far."""
    first_checked: dict[str, int] = field(default_factory=dict)
    """The call at which a clause was first seen to hold or not."""
    reasons: dict[str, dict[Outcome, str]] = field(default_factory=dict)
    """Why a clause was not checked, or not wholly: the first reason for each outcome."""
    too_large: set[str] = field(default_factory=set)
    """Clauses of which an answer was too large to be read."""
    seen: dict[str, dict[str, Reply]] = field(default_factory=dict)
    """The choices of open clauses, each with the first reply that shows it."""
    shown: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    """The choices of open clauses, each with the numbers of all replies that show it."""
    made: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    """The findings so far, by clause, place without digits, and what was expected: a defect is told once."""
    is_over: Callable[[], bool] = lambda: False
    """Whether the run's time is up."""
    kinds: dict[str, list[tuple[Reply, dict[str, str]]]] = field(default_factory=dict)
    """Errors by their kind, each with what fills the blanks of its message."""

    def expected(self, clause: str) -> Any:
        """The choice that the target should show."""
        return self.profile.get(clause, all_clauses()[clause].default)

    def known(self) -> Mapping[str, str]:
        """The choices that the run is sure of: the only one seen, or else the profile's."""
        alone = {clause: next(iter(choices)) for clause, choices in self.seen.items() if len(choices) == 1}
        return {**{k: v for k, v in self.profile.items() if isinstance(v, str)}, **alone}

    def hide(self, labels: Mapping[str, str]) -> None:
        """Masks more secrets, each by its label, also where a server has misread them."""
        labels = {text: label for secret, label in labels.items() for text in misread(secret)}
        self.mask = Mask({**self.mask.labels, **labels}, self.mask.shows)
        self.secrets.hide(labels)

    def add(self, other: Findings) -> None:
        """Adds what another part of the run has found out, on a target that is a copy of this one at another URL. What
        both have found is told as it stands here.
        """
        self.hide(other.mask.labels)
        known = {finding.key for finding in self.all}
        new = (finding for finding in other.all if finding.key not in known)
        self.all += [replace(finding, call=finding.call.replace(other.base, self.base)) for finding in new]
        self.first_checked = {**other.first_checked, **self.first_checked}
        self.too_large |= other.too_large
        for clause, reasons in other.reasons.items():
            self.reasons[clause] = {**reasons, **self.reasons.get(clause, {})}
        for clause, seen in other.seen.items():
            mine = self.seen.setdefault(clause, {})
            self.seen[clause] = {**mine, **{choice: reply for choice, reply in seen.items() if choice not in mine}}
        for clause, shown in other.shown.items():
            for choice, numbers in shown.items():
                self.shown.setdefault(clause, {}).setdefault(choice, set()).update(numbers)
        for kind, replies in other.kinds.items():
            self.kinds.setdefault(kind, []).extend(replies)

    def mark_checked(self, clause: str) -> None:
        """Notes that an answer was checked that shows the clause."""
        self.first_checked.setdefault(clause, self.calls)

    def could_not_read(self, clause: str, reply: Reply) -> None:
        """Notes that an answer that should show the clause is not read. It never counts as holding."""
        if reply.unread is Unread.TOO_LARGE:
            self.too_large.add(clause)
        self.not_checked(clause, Outcome.INCONCLUSIVE, f"an answer {reply.unread}: {reply.call.name}")

    def not_checked(self, clause: str, outcome: Outcome, why: str) -> None:
        """Notes why a clause was not checked, which leads to the outcome where nothing else does."""
        self.reasons.setdefault(clause, {}).setdefault(outcome, why)

    def saw(self, clause: str, choice: str, reply: Reply) -> None:
        """Notes the choice of an open clause that a reply shows."""
        self.seen.setdefault(clause, {}).setdefault(choice, reply)
        self.shown.setdefault(clause, {}).setdefault(choice, set()).add(reply.number)

    def finding(self, clause: str, reply: Reply | None, where: str, found: object, expected: str) -> Finding:
        """A finding in words that may be published."""
        made = all_clauses()[clause]
        return Finding(
            clause=made,
            call=curl(reply.call, self.base, self.mask) if reply else "(several)",
            answer=reply.summary(self.mask) if reply else "(several)",
            where=self.mask.text(where),
            found=self.mask.value(public(where, found)),
            expected=self.mask.text(expected),
            binding=made.binding,
        )

    def rows(self, only: Iterable[str] = ()) -> list[ClauseResult]:
        """The result of every clause, or of those of only."""
        wanted = set(only) or set(all_clauses())
        return [self._row(clause) for clause in all_clauses().values() if clause.id in wanted]

    def _row(self, clause: Clause) -> ClauseResult:
        found = tuple(f for f in self.all if f.clause.id == clause.id)
        seen = self._choices(clause)
        reasons = self.reasons.get(clause.id, {})
        if Outcome.ERROR in reasons:
            return ClauseResult(clause, Outcome.ERROR, seen, reasons[Outcome.ERROR], found)
        if found:
            outcome = Outcome.BROKEN if any(f.binding for f in found) else Outcome.REFUTED
            first = found[0]
            note = f"{first.where}: {first.found}" if first.where else f"expected {first.expected}"
            return ClauseResult(clause, outcome, seen, note, found)
        for outcome in (Outcome.INCONCLUSIVE, Outcome.UNAFFORDABLE):
            if outcome in reasons:
                return ClauseResult(clause, outcome, seen, reasons[outcome], ())
        passed = reasons.get(Outcome.UNCHECKED, "")
        if clause.id in self.first_checked:
            return ClauseResult(clause, Outcome.HOLDS, seen, passed and f"not tried: {passed}", ())
        why = passed or clause.unseen or "nothing of this run shows it"
        return ClauseResult(clause, Outcome.UNCHECKED, seen, why, ())

    def _choices(self, clause: Clause) -> str:
        if clause.id == "error.codes":
            codes = {kind: public("error_code", seen[0][0].code) for kind, seen in self.kinds.items()}
            return ", ".join(f"{kind} {self.mask.value(code)}" for kind, code in codes.items())
        return self.mask.text(" · ".join(choice or '""' for choice in self.seen.get(clause.id, ())))


def public(where: str, found: object) -> object:
    """A status word and an error's code may be published of any answer."""
    if where.startswith("status") and isinstance(found, str) and re.fullmatch(r"[A-Za-z_-]{0,20}", found):
        return SafeText(repr(found))
    return SafeText(found) if where.startswith("error_code") and type(found) is int else found
