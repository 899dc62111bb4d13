"""What holds for each page: nothing for axe to find, no page wider than a phone, each part reached by the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.visiting import NARROW, WIDE, Theme, Visit, ask, copied, create, found_by_axe, picture
from mockserver.testing import Account
from mockserver.web.dashboard.pages import PAGES, DashboardPage

PATHS = {page.name: page.path for page in PAGES if page.in_menu}
LOOKS: list[tuple[Theme, str, tuple[int, int]]] = [("light", "en", WIDE), ("dark", "ru", NARROW)]
"""Each theme, each language and each width once: what axe looks at in one does not depend on the others."""
CONTROLS = "a[href], button:enabled, input:enabled, select, textarea, summary"


@pytest.fixture
def busy(account: Account) -> int:
    """A task of an account that has called, and of which something is armed and made."""
    for phone in ("70000000001", "70000000408", "70001234567"):
        create(account, phone)
    task = create(account, "70000000777")
    ask(account, "result", id=task)
    ask(account, "info", format="xml")
    with account.faults.arm("error", code=500, message="try later"):
        ask(account, "create", phone="70001234567", source=1)
    account.faults.arm("latency", delay="1ms", times=3)
    account.scenarios.play("slow-queue")
    account.stubs.put("70005550001", names=["<i>Вася</i>", "\u202eאב"])
    return task


def settled(page: Page) -> None:
    """Waits until the page has been filled."""
    expect(page.locator("#connection")).to_have_attribute("data-state", "on")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS, ids=["light-en-wide", "dark-ru-narrow"])
@pytest.mark.parametrize("shown", PAGES, ids=[page.name for page in PAGES])
def test_axe_finds_nothing_and_the_page_fits_its_window(
    visit: Visit, busy: int, shown: DashboardPage, theme: Theme, language: str, size: tuple[int, int]
) -> None:
    name, path = shown.name, shown.path + (str(busy) if shown.path.endswith("/") else "")
    page = visit.open(path, size=size, theme=theme, language=language)
    settled(page)
    for summary in page.locator("main details:not([open]) > summary").all():
        summary.click()

    picture(page, f"{name}-{theme}-{language}-{size[0]}")
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert found_by_axe(page) == []


@pytest.mark.usefixtures("busy")
def test_what_a_row_says_and_what_can_be_done_with_it_is_in_sight(visit: Visit) -> None:
    page = visit.open(size=(1280, 800), language="ru")  # longer words than the English ones
    settled(page)
    assert page.locator("#requests-box").evaluate("box => box.scrollWidth - box.clientWidth") == 0
    for name in ("tasks", "faults", "scenarios", "stubs", "accounts"):
        page.goto(visit.url + PATHS[name])
        settled(page)
        box = page.locator(f"#{name}-box").bounding_box()
        button = page.locator(f"#{name}-rows").get_by_role("button").last.bounding_box()
        assert box is not None
        assert button is not None, name
        assert button["x"] + button["width"] <= box["x"] + box["width"], name


@pytest.mark.parametrize("name", PATHS)
def test_each_part_of_a_page_is_reached_by_the_tab_key_and_seen_there(visit: Visit, name: str) -> None:
    page = visit.open(PATHS[name])
    settled(page)
    wanted = page.locator(CONTROLS).filter(visible=True)
    everything = wanted.count()
    page.evaluate(
        "(controls) => document.querySelectorAll(controls).forEach((one, at) => (one.dataset.at = at))", CONTROLS
    )
    reached: dict[str, bool] = {}
    for _ in range(everything + 40):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "[document.activeElement.dataset.at ?? document.activeElement.tagName,"
            " getComputedStyle(document.activeElement).outlineStyle !== 'none']"
        )
        if told[0] in reached and told[0].isdigit():
            break
        reached[told[0]] = told[1]
    missing = [one.get_attribute("data-at") for one in wanted.all() if one.get_attribute("data-at") not in reached]
    assert missing == []
    assert [place for place, is_seen in reached.items() if place.isdigit() and not is_seen] == []


def test_the_menu_leads_to_each_page_and_says_which_one_it_is(visit: Visit) -> None:
    page = visit.open()
    menu = page.get_by_role("navigation", name="Pages")
    for place, path in enumerate(PATHS.values()):
        menu.get_by_role("link").nth(place).click()
        expect(menu.locator("[aria-current=page]")).to_have_count(1)
        expect(page).to_have_url(re.compile(f"/_mock/{path}$"))


def test_a_language_is_chosen_and_kept(visit: Visit) -> None:
    page = visit.open(language="ru-RU")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("link", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(visit.url)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(visit.url)


def test_colours_are_chosen_and_kept(visit: Visit) -> None:
    page = visit.open(theme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Colours").select_option("dark")
    assert page.evaluate(background) != light
    page.reload()
    assert page.evaluate(background) != light
    page.get_by_label("Colours").select_option("auto")
    assert page.evaluate(background) == light


def test_the_facts_stand_below_each_page(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("#fact-api")).to_have_text(visit.url.replace("_mock/", "api"))
    assert copied(page.get_by_role("button", name="Copy the URL of the API")) == visit.url.replace("_mock/", "api")


def test_a_page_says_when_the_mock_does_not_answer(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("#connection")).to_have_text("connected")
    page.route("**/_mock/clock", lambda route: route.abort("aborted"))
    page.route("**/_mock/requests*", lambda route: route.abort("aborted"))
    expect(page.locator("#connection")).to_have_text("no answer, trying again")
