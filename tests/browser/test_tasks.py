"""The list of tasks, and the page of one."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import expect

from browser.visiting import Visit, ask, copied, create
from mockserver.testing import Account
from mockserver.web.dashboard.pages import FORMATS


def test_the_newest_task_comes_first_and_can_be_made_ready(visit: Visit, account: Account) -> None:
    account.delay = "60s"
    first, second = create(account), create(account)
    page = visit.open("dashboard/tasks")
    page.get_by_label("Account").fill(account.login)
    page.keyboard.press("Enter")
    rows = page.locator("#tasks-rows tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(str(second))
    expect(rows.nth(0)).to_contain_text("processing")
    page.get_by_role("button", name=f"Make task {first} ready").click()
    expect(page.get_by_role("status")).to_contain_text(f"Task {first} is ready")
    expect(rows.nth(1)).to_contain_text("ready")
    assert ask(account, "result", id=first)["status"] == "ready"


def test_many_tasks_are_paged(visit: Visit, account: Account) -> None:
    account.daily_limit = 1000
    made = [create(account, "70000000001") for _ in range(51)]
    page = visit.open("dashboard/tasks")
    page.get_by_label("Account").fill(account.login)
    page.keyboard.press("Enter")
    expect(page.locator("#tasks-range")).to_have_text("1 to 50")
    page.get_by_role("button", name="More").click()
    expect(page.locator("#tasks-range")).to_have_text("51 to 51")
    expect(page.locator("#tasks-rows")).to_contain_text(str(made[0]))
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#tasks-range")).to_have_text("1 to 50")


@pytest.mark.parametrize("phone", ["70001234567", "70000000777"])
def test_the_page_of_a_task_shows_its_answer_in_each_format(visit: Visit, account: Account, phone: str) -> None:
    account.ready = "at once"
    account.daily_limit = 1000
    task = create(account, phone)
    page = visit.open(f"dashboard/tasks/{task}")
    expect(page.locator("#task-status")).to_have_text("ready")
    page.get_by_label("As it is sent").check()
    calls = account.history()
    for form in FORMATS:
        shown = page.locator(f".answer[data-format={form}] code")
        answer = copied(page.get_by_role("button", name=f"Copy the answer in {form.upper()}"))
        line = copied(page.get_by_role("button", name=f"Copy as curl, {form.upper()}"))
        said = subprocess.run(["sh", "-c", f"{line} --silent"], capture_output=True, check=True).stdout
        text = said.decode("utf-8-sig")
        assert answer.replace("\r\n", "\n") == text.replace("\r\n", "\n")
        assert shown.evaluate("one => one.textContent") == text
        assert shown.locator(":not(span)").count() == 0
    assert calls != account.history()
    page.get_by_label("As it is sent").uncheck()
    assert page.locator(".answer[data-format=json] code").inner_text().startswith('{\n  "status": "ready"')


def test_it_is_decided_anew_when_a_task_is_ready(visit: Visit, account: Account) -> None:
    account.ready = "never"
    task = create(account)
    page = visit.open(f"dashboard/tasks/{task}")
    expect(page.locator("#task-status")).to_have_text("processing")
    expect(page.locator("#task-facts")).to_contain_text("never ready")
    how = page.get_by_label("When it is ready")
    how.select_option("after more polls")
    page.locator("[name=polls]").fill("7")
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#task-facts")).to_contain_text("ready after 7 polls")
    how.select_option("after a time since it was made")
    page.locator("[name=after]").fill("1h")
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#task-facts")).not_to_contain_text("polls")
    how.select_option("never ready")
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#task-facts")).to_contain_text("never ready")
    how.select_option("at once")
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#task-status")).to_have_text("ready")
    expect(page.locator(".answer[data-format=csv]")).to_contain_text("title,price")
    expect(how).to_be_hidden()


def test_an_unknown_task_is_told(visit: Visit) -> None:
    visit.expected = {404}
    page = visit.open("dashboard/tasks/999999999")
    expect(page.get_by_text("There is no such task")).to_be_visible()
