"""The pages that `check` and `parity` write, in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.visiting import WIDE, Theme, found_by_axe, picture
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.parity import parity_formats
from contract_tests.parity.comparison import Agreement, PlaceComparison
from contract_tests.parity.parity_report import ParityReport, by_clause
from contract_tests.report.renderers import RENDERERS
from support.made_reports import SAMPLE, a_finding, row_of

Size = tuple[int, int]
TINY = (320, 640)
"""The narrowest window that WCAG 1.4.10 names."""
LONG = "http://a-host-with-a-long-name-of-its-own.example.com/api"
FOUND = (Outcome.BROKEN, Outcome.REFUTED)


def checked(ids: Sequence[str]) -> bytes:
    """Every outcome that a clause can have."""
    rows = [
        row_of(one, outcome, *([a_finding(one)] if outcome in FOUND else []), note="no answer showed it")
        for one, outcome in zip(ids, cycle(Outcome), strict=False)
    ]
    return RENDERERS["html"].render(replace(SAMPLE, target=LONG, rows=tuple(rows)))


def compared(ids: Sequence[str]) -> bytes:
    """Every way to compare."""
    text = "application/json; charset=utf-8; " * 3
    places = [
        PlaceComparison(one, agreement, "Content-Type", text, "null", "GET json: the task of source 2", "it varies")
        for one, agreement in zip(ids, cycle([one for one in Agreement if one is not Agreement.IGNORED]), strict=False)
    ]
    clauses = [clause for clause in by_clause(places, ids[::3]) if clause.clause in ids]
    return parity_formats.RENDERERS["html"].render(ParityReport(LONG, LONG, tuple(clauses), (90, 91), (8, 8), 1))


PAGES = {"check": checked, "parity": compared}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def open_report(page: Page, file: Path, report: bytes, size: Size) -> None:
    file.write_bytes(report)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(file.as_uri())


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", TINY)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_report(page: Page, tmp_path: Path, name: str, theme: Theme, size: Size) -> None:
    page.emulate_media(color_scheme=theme)
    open_report(page, tmp_path / "report.html", PAGES[name](list(all_clauses())[:14]), size)
    picture(page, f"report-{name}-{theme}")

    assert found_by_axe(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_report_of_all_clauses_fits_the_narrowest_window(page: Page, tmp_path: Path, name: str) -> None:
    open_report(page, tmp_path / "report.html", PAGES[name](list(all_clauses())), TINY)

    assert page.evaluate("document.documentElement.scrollWidth") <= TINY[0]
