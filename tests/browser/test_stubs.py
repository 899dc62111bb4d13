"""The page of stubs: every control of it."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.visiting import Visit, ask, create
from mockserver.testing import Account

PHONE = "70005550777"


def test_a_stub_is_made_changed_and_deleted_and_is_what_a_search_finds(visit: Visit, account: Account) -> None:
    page = visit.open("dashboard/stubs")
    match, found = page.locator("#stub-match"), page.locator("#stub-found")
    match.locator("[data-key=login]").fill(account.login)
    match.locator("[data-key=phone]").fill(PHONE)
    match.locator("[data-key=source]").select_option("1")
    found.locator("[data-key=names]").fill("Вася\n\n <b>Василий</b> \u202e\n")
    found.locator("[data-key=ready]").fill("at once")
    found.locator("[data-key=cost]").fill("7")
    page.get_by_role("button", name="Save").click()
    line = page.locator("#stubs-rows tr").filter(has_text=account.login)
    expect(line).to_contain_text("<b>Василий</b>")
    answer = ask(account, "result", id=create(account, PHONE, 1))
    assert [one["name"] for one in answer["names"]] == ["Вася", "<b>Василий</b> \u202e"]
    assert answer["cost"] == "7"

    line.get_by_role("button", name="Edit").click()
    assert found.locator("[data-key=names]").input_value() == "Вася\n<b>Василий</b> \u202e"
    found.locator("[data-key=names]").fill("Пётр")
    page.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("Пётр")
    expect(line).to_have_count(1)
    assert ask(account, "result", id=create(account, PHONE, 1))["names"] == [{"name": "Пётр"}]
    line.get_by_role("button", name="Delete").click()
    expect(line).to_have_count(0)
    assert ask(account, "result", id=create(account, PHONE, 1))["status"] == "processing"


def test_whole_bodies_are_sent_as_they_are_written(visit: Visit, account: Account) -> None:
    visit.expected = {409}
    page = visit.open("dashboard/stubs")
    page.locator("[name=id]").fill("own-body")
    page.locator("#stub-match [data-key=login]").fill(account.login)
    found = page.locator("#stub-found")
    found.locator("[data-key=bodies]").fill('{"json": "{\\"status\\": \\"odd\\"}"}')
    found.locator("[data-key=ready]").fill("at once")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_contain_text("or say lenient = true")
    found.locator("[data-key=lenient]").select_option("true")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_contain_text("own-body is saved")
    assert ask(account, "result", id=create(account)) == {"status": "odd"}


def test_all_stubs_are_deleted_and_a_form_is_emptied(visit: Visit, account: Account) -> None:
    account.stubs.put(PHONE, names=["Вася"])
    page = visit.open("dashboard/stubs")
    expect(page.locator("#stubs-rows tr").filter(has_text=account.login)).to_have_count(1)
    page.get_by_role("button", name="Delete all").click()
    expect(page.locator("#stubs-empty")).to_be_visible()
    page.locator("#stub-match [data-key=phone]").fill("1")
    page.get_by_role("button", name="Empty the form").click()
    assert page.locator("#stub-match [data-key=phone]").input_value() == ""
