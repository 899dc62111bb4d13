"""The files that a report can be written as: the option of `check` that asks for one, and what makes its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from contract_tests.report import as_json, html, junit, markdown
from contract_tests.report.report import Report

RENDERERS: Mapping[str, Callable[[Report], bytes]] = {
    "junit": junit.render,
    "html": html.render,
    "json": as_json.render,
    "summary": markdown.render,
}
