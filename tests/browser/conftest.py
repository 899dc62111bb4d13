"""One browser and one mock for all tests of the dashboard; each test has pages and an account of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browser.visiting import Visit, opened_browser
from mockserver.testing import Account, Mock


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.once)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with opened_browser() as made:
        yield made


@pytest.fixture(scope="package")
def mock() -> Iterator[Mock]:
    with Mock(delay="2s") as made:
        yield made


@pytest.fixture
def account(mock: Mock) -> Account:
    return mock.account()


@pytest.fixture
def visit(browser: Browser, mock: Mock) -> Iterator[Visit]:
    made = Visit(browser, f"{mock.url.removesuffix('/api')}/_mock/")
    yield made
    for context in browser.contexts:
        context.close()
    assert made.troubles == []
