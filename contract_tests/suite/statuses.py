"""The check of an answer's status word, which most tests of the suite make."""

from __future__ import annotations

from contract_tests.api.reply import Reply
from contract_tests.findings.checks import Checks


def expect_status(checks: Checks, clause: str, reply: Reply, holds: bool, expected: str, where: str = "status") -> bool:
    """Notes whether the status word of a reply is as the clause says."""
    return checks.expect(clause, holds, reply, where=where, found=reply.status, expected=expected)
