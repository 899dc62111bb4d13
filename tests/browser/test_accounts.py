"""The page of accounts: every control of it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser.visiting import Visit, ask, create
from mockserver.testing import Account, Mock


def row(page: Page, login: str) -> object:
    return page.locator(f"[data-login='{login}']")


def test_an_account_is_made_with_a_delay_and_its_token_is_told(visit: Visit, mock: Mock) -> None:
    page = visit.open("dashboard/accounts")
    form = page.locator("#account-form")
    form.locator("[data-key=login]").fill("kit@example.com")
    form.locator("[data-key=daily_limit]").fill("7")
    form.locator("[data-key=delay]").fill("3 polls")
    form.locator("[data-key=demo]").select_option("true")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("kit@example.com is saved")
    told = page.locator("#account-made code").inner_text()
    page.locator("#copy-token").click()
    kit = mock.account("kit@example.com")
    assert (kit.token, kit.daily_limit, kit.delay) == (told, 7, "3 polls")
    kit.drop()


def test_an_account_is_changed_reset_and_deleted(visit: Visit, account: Account) -> None:
    create(account)
    page = visit.open("dashboard/accounts")
    page.on("dialog", lambda dialog: dialog.accept())
    line = page.locator(f"[data-login='{account.login}']")
    while not line.count() and page.locator("#accounts-more").is_enabled():
        page.locator("#accounts-more").click()
    page.get_by_role("button", name=f"Edit {account.login}").click()
    page.locator("#account-form [data-key=daily_limit]").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("of 5")
    page.get_by_role("button", name=f"Reset {account.login}").click()
    expect(line).to_contain_text("0 of 5")
    page.get_by_role("button", name=f"Delete {account.login}").click()
    expect(line).to_have_count(0)
    assert ask(account, "info")["error_code"] == 401
    page.get_by_role("button", name="Empty the form").click()
    assert page.locator("#account-form [data-key=login]").input_value() == ""


def test_what_is_wrong_in_a_form_is_told_and_nothing_is_lost(visit: Visit) -> None:
    visit.expected = {422}
    page = visit.open("dashboard/accounts")
    page.locator("#account-form [data-key=delay]").fill("soon")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("delay: 'soon' is not a delay")
    assert page.locator("#account-form [data-key=delay]").input_value() == "soon"
