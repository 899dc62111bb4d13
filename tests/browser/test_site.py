"""The site of docs/ that `make docs` builds, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from browser.visiting import NARROW, WIDE, found_by_axe, missing
from support.pages import ROOT

SITE = ROOT / "site"
WHOLE = ("index", "search")
"""Pages that are looked at whole; around the text of the others the theme puts the same."""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    if not (SITE / "index.html").exists():
        missing("site/ is not there: make docs")
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_axe_finds_nothing_on_any_page_and_each_fits_a_phone(page: Page) -> None:
    names = sorted(file.stem for file in SITE.glob("*.html"))
    assert len(names) > 30
    found, wide = {}, {}
    for name in names:
        page.goto((SITE / f"{name}.html").as_uri())
        found[name] = found_by_axe(page, within="html" if name in WHOLE else "article")
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    assert {name: one for name, one in found.items() if one} == {}
    assert {name: width for name, width in wide.items() if width > NARROW[0]} == {}
