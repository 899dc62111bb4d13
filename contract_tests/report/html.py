"""A report as one HTML page that stands alone: it loads nothing, and its policy lets no script run but its own."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from contract_tests.contract.clauses import GRADES
from contract_tests.contract.outcome import Outcome
from contract_tests.report import wording
from contract_tests.report.report import JUDGED, Report
from contract_tests.report.visible import line, visible

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE = Path(__file__).parent / "page"
MAX_TEXT = 20_000  # characters of a text; a longer one is cut, and its length shown


def render(report: Report) -> bytes:
    """The page, in UTF-8. The same report gives the same bytes."""
    rows = sorted(report.rows, key=lambda row: list(wording.LOOKS).index(row.outcome))
    shares = [(outcome, report.totals.get(outcome, 0)) for outcome in wording.LOOKS if outcome in JUDGED]
    return page("check.html.jinja", report=report, rows=rows, shares=shares)


def page(name: str, **shown: Any) -> bytes:
    """The page that a template makes of a report, in UTF-8."""
    style, script = _part("page.css"), _part("page.js")
    sources = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}"
    policy = f"{sources}; base-uri 'none'; form-action 'none'"
    started = shown["report"].started.astimezone(UTC)
    parts = {"style": Markup(style), "script": Markup(script), "policy": policy, "started": started}
    return _environment().get_template(name).render(**{**_WORDS, **parts, **shown}).encode()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        # Any text of the report that the template shows goes through here.
        finalize=lambda value: visible(value, MAX_TEXT) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["line"] = line
    return made


_WORDS = {"wording": wording, "LOOKS": wording.LOOKS, "GRADES": GRADES, "JUDGED": JUDGED, "Outcome": Outcome}
"""What a template may use beside the report."""


@cache
def _part(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
