"""A report as JSON: everything that is in it, under the names of schemas/reports/check.schema.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from typing import Any

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult
from contract_tests.redact.unsafe import json_safe
from contract_tests.report.report import Report
from contract_tests.report.visible import encodable

SCHEMA = "https://ifind-mock.invalid/schemas/reports/check.schema.json"


def json_bytes(document: Any) -> bytes:
    """JSON in ASCII, so that no reader of it depends on an encoding, and fit for the log of a CI job."""
    return json_safe(json.dumps(_encodable(document), indent=2, allow_nan=False) + "\n").encode("ascii")


def render(report: Report) -> bytes:
    document = {
        "schema": SCHEMA,
        "kit": report.kit,
        "target": report.target,
        "started": report.started.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "exit_code": report.exit_code,
        "strict": report.strict,
        "stopped": report.stopped,
        "figures": {"clauses": len(report.rows), "proven": report.proven, "provable": report.provable},
        "totals": {outcome.value: report.totals.get(outcome, 0) for outcome in Outcome},
        "spent": asdict(report.spent),
        "clauses": [_row(report, row) for row in report.rows],
        "retried": [asdict(retried) for retried in report.retried],
        "errors": list(report.errors),
    }
    return json_bytes(document)


def _row(report: Report, row: ClauseResult) -> dict[str, Any]:
    clause, known = row.clause, report.remembered(row.clause.id)
    proven = None if known is None or known.proven is None else known.proven.isoformat()
    return {
        **{name: getattr(clause, name) for name in ("id", "title", "grade", "binding", "evidence")},
        "outcome": row.outcome.value,
        "seen": row.seen,
        "note": row.note,
        "seconds": round(report.seconds.get(clause.id, 0), 3),
        "findings": [{k: v for k, v in asdict(finding).items() if k != "clause"} for finding in row.findings],
        "history": None if known is None else {"proven": proven, "stale": known.stale},
    }


def _encodable(node: Any) -> Any:
    """The same without lone surrogates, which many readers of JSON refuse even as an escape."""
    if isinstance(node, dict):
        return {name: _encodable(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_encodable(value) for value in node]
    return encodable(node) if isinstance(node, str) else node
