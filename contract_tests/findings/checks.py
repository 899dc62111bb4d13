from __future__ import annotations

from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import Clause, all_clauses
from contract_tests.contract.http_head import with_charset
from contract_tests.findings.finding import Finding
from contract_tests.findings.findings import Findings


class Checks:
    """What one test finds out. clauses are those that it names."""

    def __init__(self, findings: Findings, clauses: tuple[str, ...], *, strict: bool = False) -> None:
        self.findings = findings
        self.clauses = clauses
        self.strict = strict
        self.own: list[Finding] = []

    def expect(
        self, clause: str, holds: object, reply: Reply | None, *, where: str = "", found: object, expected: str
    ) -> bool:
        """Notes whether the clause holds here. An answer that could not be read has had its finding already."""
        if reply is not None and not reply.readable:
            self.findings.could_not_read(clause, reply)
            return False
        self.findings.mark_checked(clause)
        if not holds:
            self.add(self.findings.finding(clause, reply, where, found, expected))
        return bool(holds)

    def add(self, finding: Finding) -> None:
        """Keeps a finding. One seen before is this test's too where the test is named for its clause."""
        known = any(f.key == finding.key for f in self.findings.all)
        if not known:
            self.findings.all.append(finding)
        if not any(f.key == finding.key for f in self.own) and (not known or finding.clause.id in self.clauses):
            self.own.append(finding)

    def choice(self, clause: str, seen: str, reply: Reply) -> None:
        """Notes the choice of an open clause that the target shows, and judges it."""
        if reply.readable or clause == "not-found":
            self.findings.saw(clause, seen, reply)
            self.settle(clause)
        else:
            self.findings.could_not_read(clause, reply)

    def settle(self, clause: str) -> None:
        """Judges what the run has seen of an open clause so far."""
        seen = self.findings.seen.get(clause, {})
        if not seen:
            return
        self.findings.mark_checked(clause)
        expected = self.findings.expected(clause)
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
        encoding = self.findings.known().get("csv.encoding", "utf-8")
        return with_charset(content_type, encoding)

    def _refuted(self, clause: str, reply: Reply, found: str, expected: str) -> None:
        made = self.findings.finding(clause, reply, "the choice", "", expected)
        self.add(
            Finding(made.clause, made.call, made.answer, "", self.findings.mask.text(found), expected, binding=False)
        )

    def kind(self, kind: str, reply: Reply, **fields: str) -> None:
        """Notes an error whose kind is known, and what fills the blanks of its message."""
        if reply.decoded is not None and reply.decoded.format != "csv" and reply.status == "error":
            self.findings.kinds.setdefault(kind, []).append((reply, fields))

    def left_out(self, why: str) -> None:
        """Says of what the test's clauses were not looked at here."""
        for clause in self.clauses:
            self.findings.skipped.setdefault(clause, []).append(why)


def _meant(clause: Clause, choice: str) -> str:
    meaning = clause.meaning.get(choice)
    return f"{choice!r} ({meaning})" if meaning else repr(choice)
