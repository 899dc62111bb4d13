"""The table of report files: the option of `check` that asks for one, and what makes its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult
from contract_tests.report import as_json, html, junit, markdown
from contract_tests.report.report import Report, Spent


@dataclass(frozen=True, slots=True)
class Renderer:
    """A format of reports."""

    help: str  # of the option
    render: Callable[[Report], bytes]


RENDERERS: Mapping[str, Renderer] = {
    "junit": Renderer("Write JUnit XML, as GitHub and GitLab read it.", junit.render),
    "html": Renderer("Write a page to look at.", html.render),
    "json": Renderer("Write the report as JSON (schemas/reports/check.schema.json).", as_json.render),
    "summary": Renderer("Write Markdown for a CI job's summary.", markdown.render),
}
"""By the name of the option."""


@cache
def fixed_texts() -> tuple[str, ...]:
    """What reports hold whatever was found: those of a short run in which all is well."""
    row = ClauseResult(next(iter(all_clauses().values())), Outcome.HOLDS, "", "", ())
    nothing = Spent(units=0, budget=None, unknown=0, calls=0, seconds=0.0)
    report = Report("", datetime.fromtimestamp(0, UTC), "", 0, strict=False, rows=(row,), spent=nothing)
    return tuple(renderer.render(report).decode() for renderer in RENDERERS.values())
