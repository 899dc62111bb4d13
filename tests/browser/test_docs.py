"""The description of the API, in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from browser.visiting import NARROW, Theme, Visit, picture
from mockserver.testing import Mock

TOKEN = "s3cret-of-the-admin"


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


@pytest.mark.parametrize("http_method", ["get", "post"])
def test_a_call_of_the_page_is_answered_by_the_mock(visit: Visit, mock: Mock, http_method: str) -> None:
    hosts: set[str] = set()
    page = visit.open()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.get_by_role("link", name="API description").click()
    create = operation(page, f"API-{http_method}_create")
    answer = execute(page, create, "/api/create")

    assert answer.json()["status"] == "ok"
    assert answer.request.method == http_method.upper()
    expect(create.locator(".live-responses-table")).to_contain_text("x-mock-reason: task created")
    assert hosts - {""} == {urlsplit(mock.url).netloc}


def test_the_control_api_is_called_too(visit: Visit) -> None:
    page = visit.open("docs/")
    answer = execute(page, operation(page, "clock-get_clock"), "/_mock/clock")

    assert answer.json()["mode"] == "real"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_the_colours_of_the_system_and_fits_a_phone(visit: Visit, theme: Theme) -> None:
    page = visit.open("docs/", size=NARROW, theme=theme)
    expect(page.get_by_role("heading", name="ifind-mock")).to_be_visible()
    picture(page, f"docs-{theme}")

    lightness = "(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g) ?? [255]).slice(0, 3).map(Number)"
    assert (max(page.evaluate(lightness)) < 128) == (theme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


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
    answer = execute(page, operation(page, "clock-get_clock"), "/_mock/clock")

    assert answer.status == 200
    assert TOKEN not in json.dumps(answer.request.all_headers())
    assert visit.troubles == []
