"""The description of the API, in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from browser.visiting import NARROW, WIDE, Theme, Visit, found_by_axe, picture
from mockserver.testing import Mock

TOKEN = "s3cret-of-the-admin"
SWAGGER = (
    ".opblock-summary-control",  # a link within a button
    "select",  # which names none of them
    "h3.opblock-tag",  # no h2 stands above it
    ".information-container",  # outside its main
    ".scheme-container",
    ".view-line-link",  # a button for copying, smaller than a finger
    ".microlight span",  # colours that it writes into the elements
)
"""Markup of Swagger UI that no style of ours mends."""


def operation(page: Page, name: str) -> Locator:
    """An operation by its id, opened to be tried."""
    found = page.locator(f"#operations-{name}")
    found.locator(".opblock-summary-control").click()
    found.get_by_role("button", name="Try it out").click()
    return found


def execute(page: Page, what: Locator, path: str) -> Response:
    """The answer to the call of an operation."""
    with page.expect_response(lambda one: urlsplit(one.url).path == path) as answered:
        what.get_by_role("button", name="Execute").click()
    expect(what.locator(".live-responses-table .response-col_status").last).to_contain_text(str(answered.value.status))
    return answered.value


def shown(page: Page) -> Page:
    expect(page.get_by_role("heading", name="ifind-mock")).to_be_visible(timeout=20_000)
    return page


def test_calls_of_the_page_are_answered_by_the_mock_and_by_no_other_host(visit: Visit, mock: Mock) -> None:
    hosts: set[str] = set()
    page = visit.open()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.get_by_role("link", name="API description").click()
    for http_method in ("get", "post"):
        create = operation(shown(page), f"API-{http_method}_create")
        answer = execute(page, create, "/api/create")

        assert answer.json()["status"] == "ok"
        assert answer.request.method == http_method.upper()
        expect(create.locator(".live-responses-table")).to_contain_text("x-mock-reason: task created")
    picture(page, "docs-call")
    assert hosts - {""} == {urlsplit(mock.url).netloc}


def test_it_follows_the_colours_of_the_system_and_fits_a_phone(visit: Visit) -> None:
    page = shown(visit.open("docs/", size=NARROW, theme="light"))
    expect(page.locator("html")).not_to_have_css("color-scheme", "dark")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    picture(page, "docs-dark-narrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


@pytest.mark.parametrize(("theme", "size"), [("light", NARROW), ("dark", WIDE)], ids=["light-narrow", "dark-wide"])
def test_axe_finds_nothing_but_what_is_swaggers_own(visit: Visit, theme: Theme, size: tuple[int, int]) -> None:
    page = shown(visit.open("docs/", size=size, theme=theme))
    execute(page, operation(page, "API-get_create"), "/api/create")

    assert found_by_axe(page, without=SWAGGER) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.fixture(scope="module")
def closed() -> Iterator[Mock]:
    """A mock with an admin token."""
    with Mock(admin_token=TOKEN) as made:
        yield made


def test_who_has_signed_in_may_use_it(browser: Browser, closed: Mock) -> None:
    visit = Visit(browser, f"{closed.url.removesuffix('/api')}/_mock/", expected={401})
    page = visit.open("docs/")
    page.get_by_label("Admin token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="API description").click()
    answer = execute(page, operation(shown(page), "clock-get_clock"), "/_mock/clock")

    assert answer.status == 200
    assert TOKEN not in json.dumps(answer.request.all_headers())
    assert visit.troubles == []
