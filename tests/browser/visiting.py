"""A browser that looks at the dashboard of a mock, and what it must never tell."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from mockserver.testing import Account

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
PICTURES = Path(os.environ.get("SCREENSHOTS") or Path(__file__).parents[2] / "build" / "screenshots")
"""The folder for pictures of pages."""
WIDE, NARROW = (1360, 860), (360, 740)
PATIENCE = 30_000  # milliseconds that a busy machine may take to show something
expect.set_options(timeout=PATIENCE)
Theme = Literal["light", "dark"]


def missing(what: str) -> NoReturn:
    """Fails in CI, which installs what tests need; elsewhere skips."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium")
    if program is None:
        missing("chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS])
        yield browser
        browser.close()


@dataclass
class Visit:
    """Pages of one test, and what went wrong in them."""

    browser: Browser
    url: str  # of the dashboard, with a slash at its end
    troubles: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    """Statuses of refusals that the test is about: the browser tells each on its console."""

    def open(
        self, path: str = "", *, size: tuple[int, int] = WIDE, theme: Theme = "light", language: str = "en"
    ) -> Page:
        """A page in a browser that knows no other page yet."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            locale=language,
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("requestfailed", self._failed)
        page.goto(self.url + path)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning") or any(
            f"status of {one} " in message.text for one in self.expected
        ):
            return
        self.troubles.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # what a page has asked for when it is left
            self.troubles.append(f"{request.url}: {request.failure}")


def picture(page: Page, name: str) -> None:
    """Keeps a picture of the whole page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # the others take most of the time
}


def found_by_axe(
    page: Page, *, within: str = "html", without: Sequence[str] = (), but: Sequence[str] = ()
) -> list[tuple[str, list[str]]]:
    """What axe finds in elements of a page: the rule, and where. within and without are selectors, but names rules that
    are left out.
    """
    context = {"include": [[within]], "exclude": [[one] for one in without]}
    options = {**_RULES, "rules": {rule: {"enabled": False} for rule in but}}
    violations = Axe().run(page, context, options=options).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in violations]


# A promise counts as true for Page.wait_for_function, so the page itself waits.
_READ_CLIPBOARD = """async () => {
  for (let tries = 0; tries < 500; tries += 1) {
    const text = await navigator.clipboard.readText();
    if (text !== "-") return text;
    await new Promise((done) => setTimeout(done, 20));
  }
}"""


def copied(button: Locator) -> str:
    """What a button puts on the clipboard."""
    page = button.page
    page.evaluate("navigator.clipboard.writeText('-')")
    button.click()
    text: str = page.evaluate(_READ_CLIPBOARD)
    expect(page.locator("#said")).to_contain_text("Copied")
    return text


def ask(account: Account, method: str, **params: Any) -> dict[str, Any]:
    """The answer of the API to a call of the account; empty where that is not JSON."""
    query = urlencode({"login": account.login, "token": account.token, **params})
    with urlopen(f"{account.url}/{method}?{query}", timeout=10) as answer:
        said = answer.read()
    return json.loads(said) if said.startswith(b"{") else {}


def create(account: Account, phone: str = "70001234567", source: int = 2) -> int:
    """The id of a new task."""
    number: int = ask(account, "create", phone=phone, source=source)["id"]
    return number
