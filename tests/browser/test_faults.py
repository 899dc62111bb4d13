"""The page of faults: every kind is armed by its form, and counts down."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from browser.visiting import Visit, ask
from mockserver.faults.kinds import KINDS
from mockserver.testing import Account

SETTINGS: dict[str, dict[str, str]] = {
    "error": {"code": "503", "message": "не сейчас"},
    "http": {"status": "502", "body": "<h1>Bad</h1>", "headers": '{"Retry-After":"2"}'},
    "latency": {"delay": "5ms"},
    "dribble": {"rate": "100000"},
}
"""What is written in the forms of kinds that have settings."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_each_kind_is_armed_by_its_form_and_disarmed(visit: Visit, account: Account, kind: str) -> None:
    page = visit.open("dashboard/faults")
    page.locator("select[name=kind]").select_option(kind)
    chosen = page.locator(f"fieldset[data-kind='{kind}']")
    expect(page.locator("fieldset.kind:visible")).to_have_count(1)
    for key, value in SETTINGS.get(kind, {}).items():
        chosen.locator(f"[data-key={key}]").fill(value)
    page.locator("#fault-match [data-key=login]").fill(account.login)
    page.locator("#fault-often [data-key=times]").fill("always")
    page.get_by_role("button", name="Arm", exact=True).click()
    line = page.locator("#faults-rows tr").filter(has_text=account.login)
    expect(line).to_contain_text(kind)
    expect(line).to_contain_text("always")
    for value in SETTINGS.get(kind, {}).values():
        expect(line).to_contain_text(value)
    line.get_by_role("button").click()
    expect(line).to_have_count(0)


def test_a_fault_counts_down_to_its_end(visit: Visit, account: Account) -> None:
    page = visit.open("dashboard/faults")
    page.locator("#fault-match [data-key=login]").fill(account.login)
    page.locator("#fault-match [data-key=method]").select_option("info")
    page.locator("#fault-often [data-key=times]").fill("2")
    page.get_by_role("button", name="Arm", exact=True).click()
    line = page.locator("#faults-rows tr").filter(has_text=account.login)
    for left in ("2 of 2", "1 of 2", "over"):
        expect(line).to_contain_text(left)
        ask(account, "info")
    assert ask(account, "info")["status"] == "ok"


def test_all_faults_are_disarmed(visit: Visit, account: Account) -> None:
    account.faults.arm("garbage")
    page = visit.open("dashboard/faults")
    expect(page.locator("#faults-rows tr").filter(has_text=account.login)).to_have_count(1)
    page.get_by_role("button", name="Disarm all").click()
    expect(page.get_by_text("No fault is armed: all calls")).to_be_visible()


@pytest.mark.parametrize(("key", "value", "told"), [("code", "-1", "code"), ("headers", "{", "headers is not JSON")])
def test_a_wrong_setting_is_told(visit: Visit, key: str, value: str, told: Any) -> None:
    visit.expected = {422}
    page = visit.open("dashboard/faults")
    page.locator("select[name=kind]").select_option("error" if key == "code" else "http")
    page.locator("fieldset.kind:visible [data-key=" + key + "]").fill(value)
    if key == "headers":
        page.locator("fieldset.kind:visible [data-key=status]").fill("502")
    page.evaluate("document.getElementById('fault-form').noValidate = true")
    page.get_by_role("button", name="Arm", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(told)
