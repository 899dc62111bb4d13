"""A report as SARIF: what the standard and GitHub's code scanning ask of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
from hypothesis import given
from test_reports import LAW

from contract_tests.contract.outcome import Outcome
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from mockserver import data
from support.made_reports import SAMPLE, a_finding, reports, row_of


@given(reports())
@LAW
def test_sarif_keeps_to_the_rules_of_its_schema_and_of_code_scanning(report: Report) -> None:
    run = the_run(RENDERERS["sarif"].render(report))

    assert len(run["results"]) == sum(len(row.findings) for row in report.rows) + bool(report.stopped or report.errors)


def the_run(shown: bytes) -> Any:
    """The run of a log that keeps to the rules."""
    log = json.loads(shown)

    assert shown.isascii()
    assert SARIF.is_valid(log), list(SARIF.iter_errors(log))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][place["index"]]["location"]["uri"] == place["uri"]
    return run


def closed(required: str, more: str = "", **properties: Any) -> dict[str, Any]:
    """A schema of an object: the properties that it must have, those that it may have besides, and what these are."""
    known = {name: properties.get(name, {}) for name in [*required.split(), *more.split()]}
    return {"type": "object", "required": required.split(), "properties": known, "additionalProperties": False}


def listed(entry: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": entry, "minItems": least}


SAID = closed("text", text={"type": "string", "minLength": 1})
WHOLE = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["error", "warning", "note"]}
PLACE = closed(
    "physicalLocation",
    physicalLocation=closed(
        "artifactLocation region",
        artifactLocation=closed("uri index", uri={"pattern": "^[a-z]+(/[a-z.]+)+$"}, index=WHOLE),
        region=closed("startLine", startLine={"type": "integer", "minimum": 1}),
    ),
)
RULE = closed(
    "id shortDescription fullDescription help defaultConfiguration properties",
    id={"type": "string", "minLength": 1},
    shortDescription=SAID,
    fullDescription=SAID,
    help=SAID,
    defaultConfiguration=closed("level", level=LEVEL),
    properties=closed(
        "tags precision problem.severity",
        tags=listed({"type": "string"}),
        **{"precision": {"const": "very-high"}, "problem.severity": {"enum": ["error", "warning", "recommendation"]}},
    ),
)
RESULT = closed(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId={"type": "string"},
    ruleIndex=WHOLE,
    level=LEVEL,
    message=SAID,
    locations=listed(PLACE, 1),
    partialFingerprints=closed("primaryLocationLineHash", primaryLocationLineHash={"pattern": "^[0-9a-f]{16}:1$"}),
)
SARIF = jsonschema.Draft202012Validator(
    closed(
        "$schema version runs",
        version={"const": "2.1.0"},
        runs=listed(
            closed(
                "tool automationDetails invocations artifacts columnKind results",
                tool=closed("driver", driver=closed("name version rules", rules=listed(RULE))),
                automationDetails=closed("id", id={"type": "string", "pattern": "/$"}),
                invocations=listed(
                    closed(
                        "executionSuccessful exitCode startTimeUtc toolExecutionNotifications",
                        executionSuccessful={"type": "boolean"},
                        exitCode={"type": "integer"},
                        startTimeUtc={"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"},
                        toolExecutionNotifications=listed(closed("level message", level=LEVEL, message=SAID)),
                    )
                ),
                artifacts=listed(closed("location", location=closed("uri"))),
                columnKind={"const": "unicodeCodePoints"},
                results=listed(RESULT),
            )
        ),
    )
)
"""What SARIF 2.1.0 and GitHub's code scanning ask of the parts that a report has, and no part that they don't know."""


def test_a_result_of_sarif_says_how_much_it_matters_and_where_the_clause_stands() -> None:
    (run,) = json.loads(RENDERERS["sarif"].render(SAMPLE))["runs"]
    table = data.path("schemas", "clauses.toml").read_text(encoding="utf-8").split("\n")
    levels = {(result["ruleId"], result["level"]) for result in run["results"]}

    assert levels == {("result.cost", "error"), ("xml.root", "note")}
    for result in run["results"]:
        number = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert table[number - 1] == f'id = "{result["ruleId"]}"'
    strict = json.loads(RENDERERS["sarif"].render(replace(SAMPLE, strict=True)))["runs"][0]["results"]
    assert {result["level"] for result in strict} == {"error"}


def test_a_finding_keeps_its_fingerprint_whatever_else_changes() -> None:
    def fingerprints(report: Report) -> list[str]:
        results = json.loads(RENDERERS["sarif"].render(report))["runs"][0]["results"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]

    row = row_of("result.cost", Outcome.BROKEN, *(replace(a_finding("result.cost"), where=w) for w in ("a[1]", "b")))
    again = replace(row, findings=tuple(replace(f, call="x", answer="y", found="z") for f in reversed(row.findings)))
    before, after = (fingerprints(replace(SAMPLE, rows=rows)) for rows in ((row,), (*SAMPLE.rows[2:], again)))

    assert len({*before}) == 2
    assert set(before) <= set(after)
