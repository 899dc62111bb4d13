"""The page of scenarios: every control of it."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.visiting import Visit, ask, create
from mockserver.settings.files import ready_scenarios
from mockserver.testing import Account, Mock


def test_a_ready_scenario_runs_step_by_step_for_an_account(visit: Visit, account: Account) -> None:
    page = visit.open("dashboard/scenarios")
    page.locator("#ready-login").fill(account.login)
    page.get_by_role("button", name="Begin quota-runs-out").click()
    line = page.locator("#scenarios-rows tr").filter(has_text=account.login)
    expect(line).to_contain_text("1 of 2")
    for _ in range(3):
        create(account, "70000000001")
    expect(line).to_contain_text("2 of 2")
    assert ask(account, "create", phone="70000000001", source=2)["error_code"] == 429
    page.get_by_role("button", name="Stop quota-runs-out").click()
    expect(line).to_have_count(0)


def test_each_ready_scenario_can_be_begun_and_all_are_stopped(visit: Visit, mock: Mock) -> None:
    account = mock.account()
    page = visit.open("dashboard/scenarios")
    page.locator("#ready-login").fill(account.login)
    for name in ready_scenarios():
        page.get_by_role("button", name=f"Begin {name}").click()
        line = page.locator(f"#scenarios-rows [data-name={name}]").filter(has_text=account.login)
        expect(line).to_have_count(1)
    page.get_by_role("button", name="Stop all").click()
    expect(page.locator("#scenarios-empty")).to_be_visible()


def test_one_of_ones_own_is_begun_and_what_is_wrong_with_it_is_told(visit: Visit, account: Account) -> None:
    visit.expected = {422}
    page = visit.open("dashboard/scenarios")
    form = page.locator("#own-form")
    form.locator("[name=name]").fill("mine")
    form.locator("[name=login]").fill(account.login)
    form.locator("[name=steps]").fill("[{")
    form.get_by_role("button", name="Begin").click()
    expect(page.locator("#said")).to_contain_text("steps is not JSON")
    form.locator("[name=steps]").fill('[{"action": {"kind": "storm"}}]')
    form.get_by_role("button", name="Begin").click()
    expect(page.locator("#said")).to_contain_text("steps[0].action.kind")
    form.locator("[name=steps]").fill('[{"action": {"kind": "error", "code": 418}}]')
    form.locator("[name=end]").select_option("last")
    form.get_by_role("button", name="Begin").click()
    expect(page.locator("#scenarios-rows [data-name=mine]")).to_contain_text(account.login)
    assert [ask(account, "info")["error_code"] for _ in range(2)] == [418, 418]
