"""Pictures of the dashboard, for people: `PYTHONPATH=tests python -m browser.pictures FOLDER`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page, expect

from browser.visiting import NARROW, WIDE, Theme, Visit, ask, create, opened_browser
from mockserver.testing import Account, Mock
from mockserver.web.dashboard.pages import PAGES
from mockserver.web.dashboard.translations import LANGUAGES

SHOTS: Mapping[str, tuple[str, Theme, str, tuple[int, int]]] = {
    "live": ("", "light", "en", WIDE),
    "live-dark": ("", "dark", "en", WIDE),
    "live-narrow": ("", "light", "en", NARROW),
    **{f"live-{language}": ("", "light", language, WIDE) for language in LANGUAGES},
    **{page.name: (f"dashboard/{page.name}", "light", "en", WIDE) for page in PAGES if page.in_menu and page.path},
    "task": ("dashboard/tasks/1", "light", "en", WIDE),
    "task-dark": ("dashboard/tasks/1", "dark", "en", WIDE),
}
"""By the name of the picture: the page, its colours, its language, its size."""


def use(mock: Mock) -> list[Account]:
    """Has clients use the mock: some calls are right, some wrong, some struck by a fault."""
    shop, app = mock.account("shop@example.com", daily_limit=40), mock.account("app@example.com", daily_limit=20)
    for phone, source in (("70001234567", 2), ("70000000001", 1), ("70005550101", 2), ("70005550199", 1)):
        ask(shop, "result", id=create(shop, phone, source))
    create(app, "70000000408")
    ask(app, "info", format="xml")
    ask(app, "create", phone="70000000429", source=2)
    app.faults.arm("latency", delay="180ms", times=3)
    for form in ("json", "xml", "csv"):
        ask(app, "info", format=form)
    app.faults.arm("error", code=500, message="try later", times=3)
    ask(app, "create", phone="70001234567", source=3)
    app.faults.arm("stuck", times=5)
    time.sleep(2.1)
    ask(shop, "result", id=1)
    for phone in ("70005550123", "70005550142"):
        create(shop, phone)
    return [shop, app]


def settle(page: Page) -> None:
    """Waits until the page is filled."""
    expect(page.locator("#connection")).to_have_attribute("data-state", "on")
    page.wait_for_load_state("networkidle")


def take(folder: Path, told: Callable[[str], object] = print) -> None:
    """Writes all pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with Mock(delay="2s") as mock, opened_browser() as browser:
        use(mock)
        visit = Visit(browser, f"{mock.url.removesuffix('/api')}/_mock/")
        for name, (path, theme, language, size) in SHOTS.items():
            page = visit.open(path, size=size, theme=theme, language=language)
            settle(page)
            if name == "try":
                page.get_by_role("button", name="Run").click()
                expect(page.locator("#ended")).to_contain_text("complete")
            page.screenshot(path=folder / f"{name}.png", full_page=size == NARROW)
            page.context.close()
            told(str(folder / f"{name}.png"))


if __name__ == "__main__":
    take(Path(sys.argv[1]))
