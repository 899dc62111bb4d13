"""The site of docs/ that `make docs` builds, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from browser.visiting import NARROW, WIDE, Theme, found_by_axe, missing
from support.pages import ROOT

SITE = ROOT / "site"
WHOLE = ("index", "search", "settings", "testing")
"""Pages that are looked at whole and in both colours: around the text of the others the theme puts the same."""
SAME = ("color-contrast", "target-size")
"""Rules that the theme keeps on each page alike, and which take most of the time."""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    if not (SITE / "index.html").exists():
        missing("site/ is not there: make docs")
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", WHOLE)
def test_axe_finds_nothing_on_a_page_in_either_colours(page: Page, name: str, theme: Theme) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto((SITE / f"{name}.html").as_uri())
    assert found_by_axe(page) == []


def test_axe_finds_nothing_in_the_text_of_any_page_and_each_fits_a_phone(page: Page) -> None:
    names = sorted(file.stem for file in SITE.glob("*.html"))
    assert len(names) > 30
    found, wide = {}, {}
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    for name in names:
        page.goto((SITE / f"{name}.html").as_uri())
        found[name] = found_by_axe(page, within="article", but=SAME)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: one for name, one in found.items() if one} == {}
    assert {name: width for name, width in wide.items() if width > NARROW[0]} == {}
