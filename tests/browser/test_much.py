"""A mock with 100,000 tasks and a full journal: a page holds few rows, and a poll fetches few bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Response, expect

from browser.visiting import Visit
from mockserver.assembly import open_gateway
from mockserver.core.tasks import Task
from mockserver.settings.loading import load
from mockserver.stores.journal import ACCOUNTS, Entry
from mockserver.wire.serving import serve_mock

TASKS = 100_000
JOURNAL = 1000
ROWS = 120  # of one list, at most
BYTES = 64 * 1024  # of a poll's answer, at most


@pytest.fixture(scope="module")
def full() -> Iterator[str]:
    """The URL of the dashboard of such a mock."""
    settings = load({"daily_limit": 10**9, "journal": JOURNAL, "delay": "1h"})
    gateway = open_gateway(settings)
    mock = gateway.mock
    now = mock.real.now()
    for number in range(3 * ACCOUNTS):
        mock.put_account(f"busy-{number}@example.com", {})
    task = Task(0, "busy-0@example.com", "70001234567", 2, "127.0.0.1", now, now + 3600 * 10**6, 3, 0)
    entry = Entry(
        1, now, now, None, "result", "GET", "70001234567", 2, "json", ("login", "token", "id"), "processing", 200, None,
        1, (), "ready in 3600.000 s", 0, 60, 25, "application/json; charset=utf-8", in_body=False,
    )  # fmt: skip
    for number in range(TASKS):
        mock.store.create_task(replace(task, login=f"busy-{number % 60}@example.com"), 1)
    entries = [
        entry._replace(number=number, login=f"busy-{number % 60}@example.com")
        for number in range(1, ACCOUNTS * JOURNAL + 100)
    ]
    mock.store.record((), [(one, None) for one in entries])
    with serve_mock(gateway, settings) as url:
        yield f"{url}/_mock/"


@pytest.fixture
def visit(browser: Browser, full: str) -> Iterator[Visit]:
    made = Visit(browser, full)
    yield made
    for context in browser.contexts:
        context.close()
    assert made.troubles == []


@pytest.mark.parametrize(("path", "rows"), [("", "#requests tbody tr"), ("dashboard/tasks", "#tasks-rows tr")])
def test_what_a_page_holds_and_fetches_is_bounded(visit: Visit, path: str, rows: str) -> None:
    sizes: dict[str, list[int]] = {}

    def note(response: Response) -> None:
        if "/static/" not in response.url:
            sizes.setdefault(response.url.partition("?")[0], []).append(len(response.body()))

    page = visit.open(path)
    page.on("response", note)
    expect(page.locator(rows).first).to_be_visible()
    page.wait_for_timeout(3500)

    assert 0 < page.locator(rows).count() <= ROWS
    assert page.locator("li").count() < ROWS
    assert page.evaluate("document.querySelectorAll('*').length") < 20 * ROWS
    assert len(sizes) > 1
    assert max(map(max, sizes.values())) < BYTES
    if path == "":  # what has been fetched once is not fetched again
        assert min(sizes[f"{visit.url}requests"]) < 200
