"""A report as JSON: everything that is in it, under the names of schemas/reports/check.schema.json."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.findings.outcome import Outcome
from contract_tests.report.report import Report
from contract_tests.report.visible import encodable

SCHEMA = "https://ifind-mock.invalid/schemas/reports/check.schema.json"


def render(report: Report) -> bytes:
    """The report as JSON."""
    return json_bytes(_told(report))


def json_bytes(document: Any) -> bytes:
    """JSON in ASCII, so that no reader depends on an encoding."""
    return (json.dumps(_encodable(document), indent=2, allow_nan=False) + "\n").encode("ascii")


def _told(report: Report) -> dict[str, Any]:
    spent = report.spent
    return {
        "schema": SCHEMA,
        "kit": report.kit,
        "target": report.target,
        "started": report.started.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "exit_code": report.exit_code,
        "strict": report.strict,
        "stopped": report.stopped,
        "figures": {"clauses": len(report.rows), "proven": report.proven, "provable": report.provable},
        "totals": {outcome.value: report.totals.get(outcome, 0) for outcome in Outcome},
        "spent": {
            "units": spent.units,
            "budget": spent.budget,
            "unknown": spent.unknown,
            "calls": spent.calls,
            "seconds": spent.seconds,
            "counts": spent.counts,
        },
        "clauses": [_row(report, row) for row in report.rows],
        "retried": [{"call": h.call, "failure": h.failure, "tries": h.tries} for h in report.retried],
        "errors": list(report.errors),
    }


def _row(report: Report, row: ClauseResult) -> dict[str, Any]:
    clause, known = row.clause, report.remembered(row.clause.id)
    proven = None if known is None or known.proven is None else known.proven.isoformat()
    return {
        "id": clause.id,
        "title": clause.title,
        "grade": clause.grade,
        "binding": clause.binding,
        "evidence": clause.evidence,
        "outcome": row.outcome.value,
        "seen": row.seen,
        "note": row.note,
        "findings": [_finding(finding) for finding in row.findings],
        "history": None if known is None else {"proven": proven, "stale": known.stale},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "call": finding.call,
        "answer": finding.answer,
        "where": finding.where,
        "found": finding.found,
        "expected": finding.expected,
        "binding": finding.binding,
    }


def _encodable(told: Any) -> Any:
    """The same without lone surrogates, which many readers of JSON refuse even as an escape."""
    if isinstance(told, dict):
        return {name: _encodable(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_encodable(value) for value in told]
    return encodable(told) if isinstance(told, str) else told
