"""A report as SARIF 2.1.0, in the shape that GitHub's code scanning takes: a rule a clause, a result a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from contract_tests.contract.clauses import GRADES, Clause
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import Finding
from contract_tests.report.as_json import json_bytes
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import MAX_TEXT, in_full, in_short
from mockserver import data

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
TABLE = ("schemas", "clauses.toml")
"""The file that results point to, which every result needs: the place of the clause that does not hold."""
RUN = "run.complete"
"""The rule of a run that ended before its time. Without a result, every earlier one would be taken for mended."""
LEVELS = {"documented": "error", "law": "error", "observed": "warning", "sister": "warning", "assumed": "note"}
"""How much a finding of a grade matters."""
_SEVERITIES = {"error": "error", "warning": "warning", "note": "recommendation"}


def render(report: Report) -> bytes:
    """The log, which has one run."""
    return document(
        f"check {report.target}",
        [rule(row.clause.id, row.clause.title, help_of(row.clause), _level(row.clause)) for row in report.rows],
        list(_results(report)),
        [*filter(None, [report.stopped]), *report.errors],
        kit=report.kit,
        exit_code=report.exit_code,
        started=report.started,
    )


def document(
    command: str,
    rules: Sequence[dict[str, Any]],
    results: Sequence[dict[str, Any]],
    troubles: Sequence[str],
    *,
    kit: str,
    exit_code: int,
    started: datetime,
) -> bytes:
    """The log of one run. command: with its target, by which alerts of one run are told from those of others;
    rules and results: see `rule` and `result`; troubles: why the run ended before its time.
    """
    troubles = [trouble or "an error of the kit itself" for trouble in troubles]
    if troubles:
        what, why = "The run comes to its end", "What a run did not check, it did not find either."
        text = visible("\n".join(troubles), MAX_TEXT)
        results = [*results, result(RUN, len(rules), "error", text, key=(RUN,))]
        rules = [*rules, rule(RUN, what, why, "error")]
    run = {
        "tool": {"driver": {"name": "ifind-mock", "version": kit, "rules": rules}},
        "automationDetails": {"id": f"ifind-mock {line(command, MAX_TEXT)}/"},
        "invocations": [
            {
                "executionSuccessful": not troubles,
                "exitCode": exit_code,
                "startTimeUtc": started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "toolExecutionNotifications": [
                    {"level": "error", "message": _message(visible(text, MAX_TEXT))} for text in troubles
                ],
            }
        ],
        "artifacts": [{"location": {"uri": "/".join(TABLE)}}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json_bytes({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def rule(name: str, title: str, text: str, level: str) -> dict[str, Any]:
    """A rule. text: of its help; level: of its results where these say nothing else."""
    return {
        "id": line(name),
        "shortDescription": {"text": line(title, MAX_TEXT) or name},
        "fullDescription": {"text": line(title, MAX_TEXT) or name},
        "help": {"text": text},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["contract"], "precision": "very-high", "problem.severity": _SEVERITIES[level]},
    }


def help_of(clause: Clause) -> str:
    """What the clause is founded on, and how it is checked."""
    founded = f"{clause.grade}: {GRADES[clause.grade]}"
    return (
        f"{visible(clause.evidence, MAX_TEXT)}\n\n{founded}.\n\nOn it alone: ifind-mock check --only {line(clause.id)}"
    )


def _level(clause: Clause) -> str:
    return "warning" if clause.weak and not clause.binding and LEVELS[clause.grade] == "error" else LEVELS[clause.grade]


def _results(report: Report) -> Iterator[dict[str, Any]]:
    for index, row in enumerate(report.rows):
        for finding in row.findings:
            counts = finding.binding or (report.strict and row.outcome is Outcome.REFUTED)
            level = "error" if counts else _level(row.clause)
            yield result(row.clause.id, index, level, _text(finding), key=finding.key)


def _text(finding: Finding) -> str:
    return "\n".join([line(in_short(finding), MAX_TEXT), *in_full(finding)])


def result(clause: str, index: int, level: str, text: str, *, key: tuple[str, ...]) -> dict[str, Any]:
    """A result of the rule of a clause. index: of the rule; key: what makes it the same as one of another run."""
    # GitHub takes results of one fingerprint for the same alert, whatever else has changed.
    fingerprint = sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    place = {"artifactLocation": {"uri": "/".join(TABLE), "index": 0}, "region": {"startLine": _lines().get(clause, 1)}}
    return {
        "ruleId": line(clause),
        "ruleIndex": index,
        "level": level,
        "message": _message(text),
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1"},
    }


def _message(text: str) -> Mapping[str, str]:
    # Brackets before a parenthesis would be a link.
    return {"text": text.replace("](", "] (")}


@cache
def _lines() -> Mapping[str, int]:
    """The line of each clause in the table."""
    table = data.path(*TABLE).read_text(encoding="utf-8").split("\n")
    found = ((re.fullmatch(r'id = "(.+)"', text), number) for number, text in enumerate(table, 1))
    return {match[1]: number for match, number in found if match}
