"""The table of report files: the option of `check` that asks for one, and what makes its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contract_tests.report import as_json, html, junit, markdown
from contract_tests.report.report import Report


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
