"""The page of what goes on: requests, tasks, quotas, latency, clock."""

from __future__ import annotations

import json
import re
import subprocess
import time
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from browser.visiting import Visit, ask, copied, create
from mockserver.testing import Account, Mock


def only(page: Page, account: Account) -> None:
    """Has the page show the requests of the account alone."""
    page.get_by_label("Account", exact=True).fill(account.login)
    page.keyboard.press("Enter")


def test_requests_appear_as_they_come_with_why_they_were_answered_so(visit: Visit, account: Account) -> None:
    page = visit.open()
    only(page, account)
    task = create(account)
    rows = page.locator("#requests tbody tr")
    expect(rows).to_have_count(1)
    ask(account, "result", id=task)
    expect(rows).to_have_count(2)

    expect(rows.nth(0)).to_contain_text("result")
    expect(rows.nth(0)).to_contain_text("processing")
    expect(rows.nth(1)).to_contain_text("create")
    for text in (account.login, "70001234567", "json", "task created, cost"):
        expect(rows.nth(1)).to_contain_text(text)


def test_a_reason_is_in_the_language_of_the_page_and_as_it_was_sent_beside(visit: Visit, account: Account) -> None:
    account.faults.arm("error", code=500, match={"method": "info"}, times=2)
    task = create(account)
    ask(account, "result", id=task)
    ask(account, "info")
    page = visit.open("?lang=ru")
    page.get_by_label("Аккаунт", exact=True).fill(account.login)
    page.keyboard.press("Enter")
    reasons = page.locator("#requests tbody .why")

    expect(reasons).to_have_count(3)
    expect(reasons.nth(0)).to_have_text(re.compile(r"^сбой \S+: error \(осталось 1 из 2\)$"))
    expect(reasons.nth(1)).to_have_text(re.compile(r"^будет готово через [\d.]+ с$"))
    expect(reasons.nth(2)).to_have_text(re.compile(r"^задача создана, цена \d+$"))
    expect(reasons.nth(2)).to_have_attribute("title", re.compile(r"^task created, cost \d+$"))


def test_the_number_of_a_request_opens_all_that_the_journal_has_of_it(visit: Visit, account: Account) -> None:
    task = create(account)
    page = visit.open()
    only(page, account)
    number = account.requests()[-1]["number"]
    page.get_by_role("button", name=f"Details of request {number}").click()
    details = page.get_by_role("dialog", name=f"Request {number}")
    for text in (account.login, "params", "login, token, phone, source", "response_size", "application/json"):
        expect(details).to_contain_text(text)
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    page.get_by_role("link", name="70001234567").first.click()
    expect(page.get_by_role("heading", name=f"Task {task}")).to_be_visible()


def test_the_filter_leaves_what_fits(visit: Visit, account: Account) -> None:
    create(account)
    ask(account, "info")
    page = visit.open()
    only(page, account)
    rows = page.locator("#requests tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_label("Method").select_option("info")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("info")
    page.get_by_label("Outcome").select_option("error")
    expect(page.get_by_text("No request fits the filter.")).to_be_visible()


def test_a_pause_holds_the_list_still(visit: Visit, account: Account) -> None:
    page = visit.open()
    only(page, account)
    ask(account, "info")
    rows = page.locator("#requests tbody tr")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Paused")
    ask(account, "info")
    page.wait_for_timeout(1500)
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Resume").click()
    expect(rows).to_have_count(2)


def test_the_journal_is_cleared_and_saved_as_har(visit: Visit, account: Account) -> None:
    ask(account, "info")
    page = visit.open()
    only(page, account)
    expect(page.locator("#requests tbody tr")).to_have_count(1)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download HAR").click()
    assert saving.value.suggested_filename == "ifind-mock.har"
    assert len(json.loads(Path(saving.value.path()).read_bytes())["log"]["entries"]) == 1
    page.get_by_role("button", name="Clear the journal").click()
    expect(page.get_by_role("status")).to_contain_text("The journal is empty")
    expect(page.locator("#requests tbody tr")).to_have_count(0)


def test_a_task_goes_from_processing_to_ready_before_ones_eyes(visit: Visit, account: Account) -> None:
    account.clock.freeze()
    task = create(account)
    page = visit.open()
    line = page.locator(f"#time-line [data-row='{task}']")
    expect(line).to_contain_text("ready in 2 s")
    account.clock.advance(1)
    expect(line).to_contain_text("ready in 1 s")
    account.clock.advance(1)
    expect(line.locator(".badge")).to_have_text("ready")


def test_a_gauge_shows_how_much_of_a_quota_is_used(visit: Visit, account: Account) -> None:
    account.daily_limit = 2
    page = visit.open()
    create(account, "70000000001")
    gauge = page.locator(f"#quotas [data-login='{account.login}']")
    expect(gauge).to_contain_text("1 of 2")
    create(account, "70000000001")
    expect(gauge).to_contain_text("2 of 2 · used up")
    expect(page.get_by_role("meter", name=f"Units used by {account.login}")).to_be_visible()


def test_the_latency_of_answers_is_drawn_and_told(visit: Visit, account: Account) -> None:
    with account.faults.arm("latency", delay="30ms"):
        ask(account, "info")
    page = visit.open()
    only(page, account)
    expect(page.locator("#latency-summary")).to_have_text("Last 1 requests: median 30 ms, longest 30 ms")
    expect(page.locator("#latencies rect")).to_have_count(1)


def test_the_clock_of_an_account_is_controlled(visit: Visit, account: Account) -> None:
    page = visit.open()
    page.locator("#clock-panel summary").click()
    panel = page.locator("#clock-panel")
    panel.get_by_label("Account").fill(account.login)
    panel.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status")).to_contain_text(f"The clock of {account.login} shows")
    before = account.clock.now
    panel.get_by_label("Seconds").fill("90")
    panel.get_by_role("button", name="Advance").click()
    expect(page.get_by_role("status")).to_contain_text(f"{before + timedelta(seconds=90):%H:%M:%S}")
    assert account.clock.now == before + timedelta(seconds=90)
    create(account)
    panel.get_by_role("button", name="To the next ready task").click()
    expect(page.get_by_role("status")).to_contain_text(f"{before + timedelta(seconds=92):%H:%M:%S}")
    panel.get_by_role("button", name="To midnight").click()
    expect(page.get_by_role("status")).to_contain_text("00:00:00")
    panel.get_by_role("button", name="Real time").click()
    expect(page.get_by_role("status")).not_to_contain_text("00:00:00")
    assert abs(account.clock.now.timestamp() - time.time()) < 60


def test_what_the_mock_refuses_is_told(visit: Visit, account: Account) -> None:
    visit.expected = {404, 409}
    page = visit.open()
    page.locator("#clock-panel summary").click()
    panel = page.locator("#clock-panel")
    panel.get_by_label("Account").fill(account.login)
    panel.get_by_role("button", name="To the next ready task").click()
    expect(page.get_by_role("status")).to_contain_text("It was refused: to: no task is on its way by time")
    panel.get_by_label("Account").fill("nobody@example.com")
    panel.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status")).to_contain_text("'nobody@example.com' is not an account")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("status")).to_be_empty()


def test_the_clock_is_set_by_the_keyboard_alone(visit: Visit, account: Account) -> None:
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#clock-panel summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(account.login)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Freeze")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text(f"The clock of {account.login} shows")
    frozen = account.clock.now
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"{frozen + timedelta(seconds=30):%H:%M:%S}")
    assert account.clock.now == frozen + timedelta(seconds=30)


def test_all_is_reset_once_that_is_confirmed(browser: Browser) -> None:
    with Mock(delay="0s") as mock:
        visit = Visit(browser, f"{mock.url.removesuffix('/api')}/_mock/")
        account = mock.account("kit@example.com")
        create(account)
        page = visit.open()
        rows = page.locator("#requests tbody tr")
        expect(rows).to_have_count(1)
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Reset all").click()
        page.wait_for_timeout(300)
        assert account.used > 0
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Reset all").click()
        expect(page.get_by_text("No request yet. Make the first call:")).to_be_visible()
        expect(page.get_by_text("No task yet.")).to_be_visible()
        assert account.used == 0

        line = copied(page.locator("#copy-first"))
        assert b'"ok"' in subprocess.run(["sh", "-c", f"{line} --silent"], capture_output=True, check=True).stdout
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("test-first@example.com")
        page.context.close()
        assert visit.troubles == []


def test_without_a_journal_it_says_how_to_have_one(browser: Browser) -> None:
    with Mock(journal=0) as mock:
        visit = Visit(browser, f"{mock.url.removesuffix('/api')}/_mock/", expected={422})
        page = visit.open()
        expect(page.get_by_text("The journal is off")).to_be_visible()
        page.context.close()
        assert visit.troubles == []


def test_the_delay_of_tasks_is_changed_and_taken_back(browser: Browser) -> None:
    with Mock(delay="2s") as mock:
        visit = Visit(browser, f"{mock.url.removesuffix('/api')}/_mock/", expected={422})
        page = visit.open()
        page.locator("#clock-panel summary").click()
        delay = page.get_by_label("Delay of tasks")
        expect(delay).to_have_value("2s")
        delay.fill("3 polls")
        page.get_by_role("button", name="Change").click()
        expect(page.get_by_role("status")).to_contain_text("New tasks take 3 polls")
        create(mock.account())
        expect(page.locator("#time-line")).to_contain_text("ready after 3 polls")
        delay.fill("soon")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("'soon' is not a delay")
        page.get_by_role("button", name="As configured").click()
        expect(delay).to_have_value("2s")
        page.context.close()
        assert visit.troubles == []
