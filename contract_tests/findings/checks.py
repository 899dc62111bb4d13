"""What one test checks: each check is noted in the run's findings, and those that fail are the test's own."""

from __future__ import annotations

import re
from typing import Any

from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import Clause, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.validate import problems
from contract_tests.contract.values import ENCODING_OF, shape, with_charset
from contract_tests.findings.finding import Finding
from contract_tests.findings.findings import Findings, public
from contract_tests.redact.mask import SafeText

_NO_DIGITS = dict.fromkeys(range(ord("0"), ord("9") + 1))


class Checks:
    """The checks of one test, which names the clauses."""

    def __init__(self, findings: Findings, clauses: tuple[str, ...], *, strict: bool = False) -> None:
        self.findings = findings
        self.clauses = clauses
        self.strict = strict
        self.own: list[Finding] = []

    def expect(
        self, clause: str, holds: object, reply: Reply | None, where: str = "", found: object = "", expected: str = ""
    ) -> bool:
        """Notes whether the clause holds here. An answer that could not be read has had its finding already."""
        if reply is not None and not reply.readable:
            self.findings.could_not_read(clause, reply)
            return False
        self.findings.mark_checked(clause)
        if not holds:
            self.report(clause, reply, where, found, expected)
        return bool(holds)

    def expect_status(self, clause: str, reply: Reply, holds: bool, expected: str, where: str = "status") -> bool:
        """Notes whether the status word of a reply is as the clause states."""
        return self.expect(clause, holds, reply, where, reply.status, expected)

    def expect_error(self, clause: str, reply: Reply, expected: str, where: str = "status") -> bool:
        """Notes whether a reply is an error, as the clause states."""
        return self.expect_status(clause, reply, reply.status == "error", expected, where)

    def report(self, clause: str, reply: Reply | None, where: str, found: object, expected: str) -> None:
        """Adds a finding, which is made once for all places that differ in digits alone."""
        key = (clause, where.translate(_NO_DIGITS), expected)
        finding = self.findings.made.get(key)
        if finding is None:
            finding = self.findings.made[key] = self.findings.finding(clause, reply, where, found, expected)
        self.add(finding)

    def add(self, finding: Finding) -> None:
        """Keeps a finding. One seen before is this test's too where the test names its clause."""
        if any(f is finding for f in self.own):
            return
        known = any(f.key == finding.key for f in self.findings.all)
        if not known:
            self.findings.all.append(finding)
        if not any(f.key == finding.key for f in self.own) and (not known or finding.clause.id in self.clauses):
            self.own.append(finding)

    def schema(
        self,
        name: str,
        reply: Reply,
        *,
        part: Any = None,
        at: str = "",
        shows: tuple[str, ...] = (),
        believed: bool = True,
    ) -> None:
        """Checks the answer, or the part of it at a path, against a schema.

        shows: the clauses that the check covers. believed: also against what is observed or stated by a profile.
        """
        for clause in shows:
            self.expect(clause, True, reply)
        if reply.decoded is None:
            return
        shown = reply.decoded.shown(self.findings.profile)
        instance = reply.model if part is None else part
        for problem in problems(name, instance, profile=shown if believed else None):
            if self.findings.is_over():
                self.left_out("the time of the run is up", Outcome.UNAFFORDABLE)
                return
            where = f"{at}.{problem.path}" if at and problem.path else at or problem.path
            found = _value_at(instance, problem.path)
            expected = problem.expected
            if found is _NOTHING:
                found, name = _missing(problem.path), problem.path.rpartition(".")[2]
                expected = f"a member `{name}`" if problem.rule == "required" else expected
            self.expect(problem.clause or "format.readable", False, reply, where, found, expected)

    def choice(self, clause: str, seen: str, reply: Reply, *, of_any_page: bool = False) -> None:
        """Notes the choice of an open clause that the target shows, and judges it. of_any_page: an answer shows it that
        is none of the API.
        """
        if reply.readable or (of_any_page and reply.response is not None):
            self.findings.saw(clause, seen, reply)
            self.judge_choice(clause)
        else:
            self.findings.could_not_read(clause, reply)

    def judge_choice(self, clause: str) -> None:
        """Judges the choices of an open clause that the run has seen so far."""
        seen = self.findings.seen.get(clause, {})
        if not seen:
            return
        self.findings.mark_checked(clause)
        expected = self.findings.expected(clause)
        about = all_clauses()[clause]
        if len(seen) > 1:
            choices = " · ".join(map(repr, seen))
            self._refuted(clause, list(seen.values())[-1], f"{choices}, by turns", "one choice throughout")
            return
        choice, reply = next(iter(seen.items()))
        # A Content-Type may have a blank, for the charset that the run has seen.
        encoding = self.findings.known().get(ENCODING_OF.get(clause, ""))
        if choice == expected or (clause in ENCODING_OF and choice == with_charset(expected, encoding)):
            return
        found = _meant(about, choice) if about.covers(choice) else f"{choice!r}, which no choice covers"
        self._refuted(clause, reply, found, _meant(about, expected))

    def _refuted(self, clause: str, reply: Reply, found: str, expected: str) -> None:
        made = self.findings.finding(clause, reply, "the choice", "", expected)
        self.add(
            Finding(made.clause, made.call, made.answer, "", self.findings.mask.text(found), expected, binding=False)
        )

    def note_error_kind(self, kind: str, reply: Reply, **fields: str) -> None:
        """Notes an error whose kind is known, and what fills the blanks of its message."""
        if reply.decoded is not None and reply.decoded.format != "csv" and reply.status == "error":
            self.findings.kinds.setdefault(kind, []).append((reply, fields))

    def left_out(self, why: str, outcome: Outcome = Outcome.UNCHECKED) -> None:
        """Notes under each of the test's clauses why the test was not done, or not wholly."""
        for clause in self.clauses:
            self.findings.not_checked(clause, outcome, why)


def _meant(clause: Clause, choice: str) -> str:
    meaning = clause.meaning.get(choice)
    return f"{choice!r} ({meaning})" if meaning not in (None, choice) else repr(choice)


_NOTHING = SafeText("nothing")


def _value_at(instance: Any, path: str) -> Any:
    """The value at a path such as `data[0].price`; `_NOTHING` where there is none."""
    value = instance
    for step in filter(None, path.replace("[", ".[").split(".")):
        try:
            value = value[int(step[1:-1])] if step.startswith("[") else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return _NOTHING
    return value


def _missing(path: str) -> SafeText:
    """The words for a member that is not at its place."""
    name = path.rpartition(".")[2]
    return SafeText("no such entry" if not name or name.endswith("]") else f"no member `{name}`")


def difference_in_words(one: Any, other: Any, path: str, first: str = "JSON has") -> SafeText:
    """How two answers differ at a path, in words that may be published. The other is the one that is judged; first
    introduces what the first one has.
    """
    expected, found = _value_at(one, path), _value_at(other, path)
    if found is _NOTHING:
        return _missing(path)
    if expected is _NOTHING:
        return SafeText(f"{shape(found)}, where {first} nothing")
    seen, due = (str(shown) if isinstance(shown := public(path, v), SafeText) else shape(v) for v in (found, expected))
    if seen == due:
        return SafeText(f"another {re.sub('^an? ', '', seen)} than {first}")
    return SafeText(f"{seen}; {first} {due}")
