"""The page that asks for the admin token, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.visiting import NARROW, Visit, found_by_axe, picture
from mockserver.testing import Mock

TOKEN = "s3cret-of-the-admin"


@pytest.fixture(scope="module")
def closed() -> Iterator[Mock]:
    """A mock with an admin token."""
    with Mock(admin_token=TOKEN) as made:
        yield made


@pytest.fixture
def visit(browser: Browser, closed: Mock) -> Iterator[Visit]:
    made = Visit(browser, f"{closed.url.removesuffix('/api')}/_mock/", expected={401})
    yield made
    for context in browser.contexts:
        context.close()
    assert made.troubles == []


def test_who_has_the_token_signs_in_uses_the_mock_and_signs_out(visit: Visit, closed: Mock) -> None:
    page = visit.open()
    page.get_by_label("Admin token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the admin token.")
    page.get_by_label("Admin token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page).to_have_url(visit.url)
    expect(page.locator("#connection")).to_have_text("connected")
    before = closed.clock.now
    page.locator("#clock-panel summary").click()
    page.get_by_role("button", name="To midnight").click()
    expect(page.get_by_role("status")).to_contain_text("The clock shows")
    assert closed.clock.now > before

    assert TOKEN not in page.content()
    assert page.evaluate("document.cookie") == ""
    assert all(TOKEN not in str(cookie) for cookie in page.context.cookies())
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin token")).to_be_visible()


def test_a_page_asks_for_the_token_again_when_the_session_has_ended(visit: Visit) -> None:
    page = visit.open()
    page.get_by_label("Admin token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_have_text("connected")
    page.context.clear_cookies()
    expect(page.get_by_label("Admin token")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing_on_it(visit: Visit, language: str) -> None:
    page = visit.open(size=NARROW, theme="dark" if language == "ru" else "light", language=language)
    picture(page, f"sign-in-{language}")

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    assert found_by_axe(page) == []
