"""The table of report files: the option of `check` that asks for one, and what makes its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Generic, TypeVar

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.report import as_json, html, junit, markdown, sarif
from contract_tests.report.report import Report, Spent

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Renderer(Generic[R]):
    """A format of reports."""

    help: str  # of the option
    render: Callable[[R], bytes]
    appends: bool = (
        False  # whether the file is one that others write, too, so that the report comes after what it holds
    )


RENDERERS: Mapping[str, Renderer[Report]] = {
    "junit": Renderer("Write JUnit XML, as GitHub, GitLab and Jenkins read it.", junit.render),
    "html": Renderer("Write a page to look at.", html.render),
    "json": Renderer("Write the report as JSON (schemas/reports/{command}.schema.json).", as_json.render),
    "sarif": Renderer("Write SARIF 2.1.0, as GitHub's code scanning reads it.", sarif.render),
    "summary": Renderer("Append Markdown, as to $GITHUB_STEP_SUMMARY.", markdown.render, appends=True),
}
"""By the name of the option."""


@cache
def fixed_texts() -> tuple[str, ...]:
    """What reports hold whatever was found: those of a short run, with a finding of each grade that says nothing."""
    clauses = {clause.grade: clause for clause in all_clauses().values()}.values()
    rows = tuple(
        ClauseResult(clause, outcome, "", "", (Finding(clause, "", "", "", "", "", clause.binding),))
        for clause in clauses
        for outcome in [Outcome.BROKEN if clause.binding else Outcome.REFUTED]
    )
    nothing = Spent(units=0, budget=None, unknown=0, calls=0, seconds=0.0)
    report = Report("", datetime.fromtimestamp(0, UTC), "", 0, strict=False, rows=rows, spent=nothing)
    return tuple(renderer.render(report).decode() for renderer in RENDERERS.values())
