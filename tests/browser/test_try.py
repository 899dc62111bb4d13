"""The form that runs a search to its end."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.visiting import Visit, copied
from mockserver.testing import Account


def fill(page: Page, account: Account, **values: str) -> None:
    form = page.locator("#try-form")
    for name, value in {"login": account.login, "token": account.token, "pause": "0.1", **values}.items():
        control = form.locator(f"[name={name}]")
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    page.get_by_role("button", name="Run").click()


@pytest.mark.parametrize(("form", "http"), [("json", "GET"), ("xml", "POST"), ("csv", "GET"), ("json", "POST")])
def test_a_search_is_run_from_create_to_result(visit: Visit, account: Account, form: str, http: str) -> None:
    account.ready = {"after_polls": 2}
    page = visit.open("dashboard/try")
    fill(page, account, format=form, http=http)
    expect(page.locator("#ended")).to_have_text("The search is complete.")
    steps = page.locator("#steps > li")
    expect(steps.nth(0)).to_contain_text("task created, cost 3")
    expect(steps.nth(1)).to_contain_text("after 3 polls")
    expect(steps.nth(1)).to_contain_text("ready: 3 records")
    expect(steps.nth(1).locator("pre")).to_contain_text("Nissan X-Trail")
    assert f"format={form}" in copied(steps.nth(1).get_by_role("button"))
    assert [(call["method"], call["http_method"]) for call in account.requests()][:2] == [
        ("create", http),
        ("result", http),
    ]
    page.get_by_role("link", name="Task ").last.click()
    expect(page.locator("#task-status")).to_have_text("ready")


def test_it_stops_when_it_is_told(visit: Visit, account: Account) -> None:
    page = visit.open("dashboard/try")
    page.get_by_label("Magic phone").select_option("70000000408")
    assert page.locator("[name=phone]").input_value() == "70000000408"
    fill(page, account)
    expect(page.locator("#steps")).to_contain_text("never ready")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#ended")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()


def test_an_error_is_shown_with_its_reason(visit: Visit, account: Account) -> None:
    page = visit.open("dashboard/try")
    fill(page, account, token="wrong")
    expect(page.locator("#ended")).to_have_text("No task was made.")
    expect(page.locator("#steps")).to_contain_text("wrong token")
    expect(page.locator("#steps pre")).to_contain_text('"error_code": 401')


def test_a_connection_that_breaks_is_told(visit: Visit, account: Account) -> None:
    page = visit.open("dashboard/try")
    account.faults.arm("empty", times="always")
    fill(page, account)
    expect(page.locator("#steps")).to_contain_text("no whole answer came")
    visit.troubles[:] = [one for one in visit.troubles if "ERR_EMPTY_RESPONSE" not in one]
