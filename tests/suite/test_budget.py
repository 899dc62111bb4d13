"""What a run on somebody's account takes: units, calls and time, by the count of the target itself."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.api.calls import Call
from contract_tests.budget.budget import Budget, Limits, NotChecked, limits_for
from contract_tests.budget.sender import REFUSED_PAUSES, Sender, retry_after
from contract_tests.contract.clauses import UsageError
from contract_tests.engine.options import read_tasks
from contract_tests.report.renderers import RENDERERS
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import HttpResponse, Request
from mockserver.mutants.kit.context import CallContext
from support.checking import check, examined, outcomes
from support.processes import COMMAND, environment
from support.raw_server import OK, says, server
from support.standins.breaking import Breakage
from support.standins.running import STANDINS, Standin, serving

HTML_502 = (502, {"Content-Type": "text/html"})


# The covering plan.


@pytest.mark.few(3)
@pytest.mark.parametrize("name", STANDINS)
@pytest.mark.parametrize("seconds", [0.15, 0.0, 2.0])
def test_a_complete_check_takes_at_most_12_units_and_60_calls(name: str, seconds: float) -> None:
    with serving(name, seconds=seconds) as target:
        code, output = check(target, poll_timeout=10.0)

        assert code == 0, output
        assert target.units <= 12, output
        assert len(target.calls) <= 60, "\n".join(f"{v} {m} {sorted(p)}" for v, m, p in target.calls)
    assert f"{len(target.calls)} calls" in output


@pytest.mark.few(2)
@pytest.mark.once
@pytest.mark.parametrize("name", STANDINS)
def test_no_budget_is_ever_passed_and_each_further_unit_buys_no_more_than_the_one_before(name: str) -> None:
    proven, codes = [], set()
    by_task = STANDINS[name].PROFILE["quota.unit"] == "task"
    for budget in range(7):
        with serving(name, seconds=0.5 if by_task else 0.15) as target:  # so that a busy machine sees it in process
            report = examined(target, budget=budget).report
            assert report is not None
            proven.append(report.proven)
            codes.add(report.exit_code)
            if by_task:
                assert target.units == report.spent.units <= budget
    gains = [after - before for before, after in pairwise(proven)]

    assert gains[0] > 20, proven
    assert not by_task or all(0 <= gain <= gains[0] for gain in gains), proven
    assert codes <= {0, 4}


def test_what_the_budget_did_not_hold_is_named() -> None:
    with serving("courier") as target:
        report = examined(target, budget=1).report
    assert report is not None
    row = {row.clause.id: row for row in report.rows}["sources.documented"]

    assert report.exit_code == 4
    assert (row.outcome, row.note) == ("unaffordable", "the budget of 1 unit does not hold another task")


def test_without_a_unit_the_free_calls_still_prove_something() -> None:
    with serving("courier") as target:
        code, output = check(target, budget=0)

        assert code == 4
        assert (target.units, [m for _, m, _ in target.calls if m == "create"]) == (0, [])
    assert {"info.answers", "error.missing", "token.never-repeated"} <= {
        clause for clause, outcome in outcomes(output).items() if outcome == "holds"
    }


def test_a_target_that_accepts_a_create_without_token_stays_within_the_budget() -> None:
    for budget in (0, 1, 3):
        with serving("courier", breakage="create without token") as target:
            examined(target, budget=budget)

            assert target.units <= budget


def test_a_clause_that_was_proven_is_not_blamed_for_what_another_would_cost() -> None:
    with serving("courier") as target:
        code, output = check(target, budget=0, only=("token.never-repeated",))

    assert code == 0, output


@given(st.lists(st.tuples(st.integers(1, 4), st.one_of(st.none(), st.integers(0, 9))), max_size=20), st.integers(0, 30))
def test_what_is_reserved_never_passes_the_budget(creates: list[tuple[int, int | None]], budget: int) -> None:
    """A create that is refused (None) gives back what it reserved; the others take what they take. A source whose cost
    is not known yet reserves the highest of any.
    """
    spending = Budget(Limits(units=budget))
    for source, cost in creates:
        before = spending.spent
        try:
            charge = spending.reserve(source)
        except NotChecked:
            assert before + (spending.highest.get(source) or max(spending.highest.values(), default=1)) > budget
            continue
        assert before < spending.spent <= budget
        if cost is None:
            spending.release(charge)
            assert spending.spent == before
        else:
            spending.settle(charge, max(cost, 1))
            assert spending.spent == before + max(cost, 1)


# A costly phone.


def costing(units: int, cost: Callable[[int], Any] = str) -> Breakage:
    """A service that finds much: each task costs so many units, which a ready answer states as `cost` writes them."""

    def answer(context: CallContext) -> None:
        if context.operation == "create" and context.status == "ok":
            context.server.charge(context.login, units - 1)  # one is charged by the service itself
        elif context.status == "ready":
            context.body["cost"] = cost(units)

    return Breakage(f"a task costs {units} units", answer)


COSTS: dict[str, Callable[[int], Any]] = {
    "as text": str,
    "as a number": int,
    "unreadable, so that info alone shows it": lambda units: f"{units} units",
}


@pytest.mark.few(2)
@pytest.mark.once
@pytest.mark.parametrize("seconds", [0.0, 0.4])
@pytest.mark.parametrize("stated", COSTS)
def test_a_costly_phone_passes_the_budget_by_one_task_at_most(stated: str, seconds: float) -> None:
    with serving("bureau", seconds=seconds, limit=10_000, breakage=costing(101, COSTS[stated])) as target:
        code, output = check(target)

        assert target.units == 1, output
    assert code in (1, 4), output
    assert "101 units" in output
    assert "89 units above the budget: tasks cost more than any before" in output


def test_a_budget_that_holds_two_costly_tasks_is_not_passed() -> None:
    with serving("bureau", limit=10_000, breakage=costing(40)) as target:
        code, output = check(target, budget=100)

        assert target.units == 2, output
    assert code == 4, output
    assert "80 units" in output


def test_until_a_cost_is_known_one_create_is_in_flight() -> None:
    with serving("courier", seconds=0.5) as target:
        code, output = check(target)
        mine = [
            m for _, m, given in target.calls if m == "result" or (m == "create" and _may_be_charged(target, given))
        ]

    assert code == 0, output
    assert mine[mine.index("create") + 1] == "result", mine


def test_a_run_that_is_resumed_knows_the_costs_of_before(tmp_path: Path) -> None:
    with serving("bureau", limit=10_000, breakage=costing(40)) as target:
        check(target, budget=50, ledger=tmp_path / "ledger.db")
        code, output = check(target, budget=100, ledger=tmp_path / "ledger.db")

        assert target.units == 2, output
    assert code == 4, output


# Units that polling takes.


@pytest.mark.parametrize("breakage", ["polls cost", "polls in csv cost"])
def test_units_that_polling_takes_are_told_as_that(breakage: str) -> None:
    with serving("courier", breakage=breakage, limit=1000) as target:
        report, units = examined(target).report, target.units
    output = RENDERERS["summary"].render(report).decode()
    broken = {row.clause.id for row in report.rows if row.outcome == "broken"}

    assert "quota.polling-free" in broken
    assert 0 < report.spent.polling < report.spent.units
    assert report.spent.units - report.spent.polling == units
    assert re.search(r"\d+ units, \d+ of them for asking for results", output), output
    assert "tasks cost more than any before" not in output


# Faults: what costs nothing is tried again, what costs never is.


def failing(times: int, how: Any, method: str = "info") -> Callable[[int, str, str, dict[str, str]], Any]:
    """The first calls of a method go wrong."""
    left = [times]

    def http(_number: int, _verb: str, called: str, _params: dict[str, str]) -> Any:
        if called != method or left[0] <= 0:
            return None
        left[0] -= 1
        return how

    return http


@pytest.mark.parametrize("how", [503, HTML_502, (429, {"Retry-After": "0"}), "close", "reset"], ids=str)
def test_a_free_call_that_succeeds_on_retry_is_reported_apart_and_breaks_nothing(how: Any) -> None:
    with serving("courier", http=failing(2, how)) as target:
        code, output = check(target, only=("info.answers",))

    assert code == 0, output
    assert "broken" not in outcomes(output).values()
    assert re.search(r"(?i)retried|answered when", output), output


@pytest.mark.parametrize(
    ("how", "sends"), [(503, 3), ("close", 4)], ids=["503", "close, at first on a kept connection"]
)
def test_a_free_call_that_goes_on_failing_is_tried_three_times_and_is_broken(how: Any, sends: int) -> None:
    with serving("courier", http=failing(10**9, how, "nosuchmethod")) as target:
        code, output = check(target, only=("not-found",))
        tries = [m for _, m, _ in target.calls if m == "nosuchmethod"]

    assert code == 1, output
    assert len(tries) == sends
    assert "BROKEN server.never-breaks" in output


def test_retry_after_is_heeded() -> None:
    with serving("courier", http=failing(1, (503, {"Retry-After": "1"}))) as target:
        began = time.monotonic()
        code, output = check(target, only=("info.answers",))

    assert code == 0, output
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("asks", "seconds"),
    [
        ("0", 0),
        ("2", 2),
        ("9" * 30, 30),
        (timedelta(seconds=20), 20),
        (timedelta(days=9), 30),
        (timedelta(days=-9), 0),
        *((text, None) for text in ("soon", "-1", "", "1.5", "Mon, 99 Foo 2026 25:61:00 GMT", "\u0662")),
        *((f"Mon, 01 Jan {text}", None) for text in (f"{'9' * 20} 00:00:00 GMT", f"2030 00:00:00 +{'9' * 20}")),
    ],
    ids=str,
)
def test_retry_after_is_read_as_seconds_or_as_a_date(asks: str | timedelta, seconds: float | None) -> None:
    assert _asked_after(asks) == (None if seconds is None else pytest.approx(seconds, abs=2.0))


@pytest.mark.parametrize("ahead", [timedelta(minutes=-7), timedelta(0), timedelta(days=2)], ids=str)
def test_a_date_in_retry_after_is_read_by_the_clock_of_the_server(ahead: timedelta) -> None:
    now = datetime.now(UTC) + ahead
    assert _asked_after(ahead + timedelta(seconds=9), date=format_datetime(now, usegmt=True)) == pytest.approx(9, abs=2)
    assert _asked_after("3", date="nonsense") == 3


def _asked_after(asks: str | timedelta, **headers: str) -> float | None:
    text = asks if isinstance(asks, str) else format_datetime(datetime.now(UTC) + asks, usegmt=True)
    shown = (("retry-after", text), *headers.items())
    return retry_after(HttpResponse(Request("GET", "http://127.0.0.1/"), 503, shown, b"", 0.0))


@pytest.mark.parametrize("asks", ["0", "Fri, 27 Nov 2020 06:08:29 GMT"])
def test_a_moment_to_wait_for_that_has_passed_shortens_no_pause(asks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr(Sender, "pause", lambda _, seconds: paused.append(seconds))
    head = f"HTTP/1.1 429 Slow\r\nRetry-After: {asks}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with server(says(head), says(head), says(OK)) as url, HttpClient() as client:
        sender = Sender(url.removesuffix("/info"), client, Budget(Limits(pauses=(0.05, 0.15))))
        assert sender.send_idempotent(Call("info")).body == b"hi"

    assert paused == [*REFUSED_PAUSES]


def test_every_run_on_the_account_of_a_user_ends_by_itself() -> None:
    limits = [limits_for(Limits(), full=full, loopback=here) for full in (True, False) for here in (True, False)]

    assert [one.seconds for one in limits] == [3600, 3600, 900, 900]
    assert limits_for(Limits(seconds=5.0), full=True, loopback=True).seconds == 5
    assert limits_for(Limits(), full=True, loopback=True, own_accounts=True).seconds is None


@pytest.mark.parametrize("how", ["close", "hang", "reset"])
def test_a_create_whose_answer_is_lost_is_charged_unknown_and_never_sent_again(how: str) -> None:
    lost: list[dict[str, str]] = []

    def http(_number: int, _verb: str, method: str, given: dict[str, str]) -> str | None:
        if lost or method != "create" or given.get("source") != "2" or not is_mine(target, given):
            return None
        lost.append(given)
        return how

    with serving("courier", http=http) as target:
        code, output = check(target, call_timeout=0.5)
        sent = [given for _, method, given in target.calls if method == "create"]

    assert code == 1, output
    assert re.search("1 unit charged, unknown", output), output
    assert "inconclusive" in outcomes(output).values(), output
    assert sent.count(lost[0]) == 1


def is_mine(target: Standin, given: dict[str, str]) -> bool:
    """Whether a create names the account rightly, and a phone."""
    right = (target.env["IFIND_LOGIN"], target.env["IFIND_TOKEN"])
    return (given.get("login"), given.get("token")) == right and given.get("phone", "").isdigit()


def test_an_account_that_is_used_up_is_refused_and_that_is_seen() -> None:
    with serving("courier", limit=2) as target:
        code, output = check(target)

    assert outcomes(output)["quota.refuses"] == "holds", output
    assert code == 4, output


def test_a_day_of_the_limit_that_turns_between_two_creates_breaks_nothing() -> None:
    """By the first answer of info, and the tasks since, the units of the day are used up."""
    turned = []

    def http(_number: int, _verb: str, method: str, _given: dict[str, str]) -> None:
        if method == "create" and target.units == 2 * len(turned) + 2:
            turned.append(target.units)
            target._service.spent.clear()  # type: ignore[union-attr]

    with serving("courier", limit=2, http=http) as target:
        code, output = check(target)

    assert turned[:2] == [2, 4]
    assert code in (0, 4), output
    assert "broken" not in outcomes(output).values(), output


@pytest.mark.few(4)
@pytest.mark.once
@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("name", STANDINS)
def test_a_limit_that_ends_in_the_middle_of_the_run_is_no_finding(name: str, limit: int) -> None:
    """What is refused since the units are used up is not taken for a source that the target does not know."""
    with serving(name, limit=limit) as target:
        code, output = check(target)

    assert code in (0, 4), output
    assert "broken" not in outcomes(output).values(), output


# Time.


def test_no_call_outlasts_its_deadline_even_where_bytes_keep_coming() -> None:
    with serving("courier", http=failing(10**9, "hang", "nosuchmethod")) as target:
        began = time.monotonic()
        code, output = check(target, only=("not-found",), call_timeout=0.3)

    assert code == 1, output
    assert time.monotonic() - began < 10


def test_a_run_that_has_no_time_left_says_what_it_did_not_look_at() -> None:
    with serving("courier", seconds=30) as target:
        began = time.monotonic()
        code, output = check(target, run_timeout=1.5, poll_timeout=60.0)

    assert time.monotonic() - began < 12
    assert code in (1, 4), output
    assert "the time of the run is up" in output


def hide_units(context: CallContext) -> None:
    if context.operation == "info" and "data" in context.body:
        context.body["data"]["api_limit"]["used"] = 0


@pytest.mark.parametrize(
    ("options", "seconds", "breakage"),
    [
        ({"run_timeout": 3.0}, 99.0, None),
        ({"run_timeout": 1.5, "only": ("quota.charged",)}, 0.0, Breakage("hides what is taken", hide_units)),
    ],
    ids=["for a task", "for what a create took"],
)
def test_no_wait_outlasts_the_run(
    options: dict[str, Any], seconds: float, breakage: Breakage | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, sleep = [], time.sleep

    def noted(long: float) -> None:
        if threading.current_thread() is threading.main_thread():
            waits.append(long)
        sleep(long)

    monkeypatch.setattr(time, "sleep", noted)
    with serving("courier", seconds=seconds, breakage=breakage) as target:
        _, output = check(target, poll_timeout=60.0, **options)

    assert "the time of the run is up" in output
    assert max(waits) <= options["run_timeout"]


@pytest.mark.parametrize("method", ["result", "create"])
def test_a_call_that_the_end_of_the_run_cuts_short_is_no_finding(method: str) -> None:
    def http(_number: int, _verb: str, called: str, given: dict[str, str]) -> str | None:
        return "hang" if called == method and is_mine(target, {"phone": "7", **given}) else None

    with serving("courier", http=http) as target:
        code, output = check(target, run_timeout=1.0)

    assert code == 4, output
    assert "broken" not in outcomes(output).values(), output
    assert "the time of the run is up" in output


def test_a_pace_that_the_time_of_the_run_does_not_hold_is_no_finding() -> None:
    with serving("courier") as target:
        code, output = check(target, rate=1 / 60, run_timeout=30.0)

        assert len(target.calls) == 1
    assert code == 4, output
    assert "broken" not in outcomes(output).values(), output


def test_where_nothing_comes_nothing_is_shown() -> None:
    with serving("courier", http=lambda *_: "close") as target:
        code, output = check(target, only=("token.never-repeated",))

    assert code == 1, output
    assert outcomes(output)["token.never-repeated"] != "holds", output


# The ledger.


def sends(file: Path) -> list[tuple[str, str, int]]:
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT method, state, units FROM sends ORDER BY id").fetchall()
    connection.close()
    return found


def test_every_send_is_in_the_ledger(tmp_path: Path) -> None:
    with serving("courier") as target:
        code, output = check(target, ledger=tmp_path / "ledger.db")

        assert code == 0, output
        lines = sends(tmp_path / "ledger.db")
        assert [method for method, _, _ in lines] == [method for _, method, _ in target.calls]
        assert sum(units for _, _, units in lines) == target.units
    assert {state for _, state, _ in lines} == {"answered", "refused"}


def started(target: Standin, ledger: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [*COMMAND, "check", target.url, "--ledger", str(ledger), "--poll-timeout", "5s", *more]
    return subprocess.Popen(
        command, env=environment(**target.env), cwd=ledger.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.few(1)
@pytest.mark.parametrize("at", [3, 12, 29], ids=["before a task is made", "at a create", "at the last create"])
def test_a_run_killed_at_any_call_has_it_in_the_ledger_and_resumed_spends_no_unit_twice(
    at: int, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.db"
    with serving("courier") as target:
        held = target.hold(at)
        process = started(target, ledger)
        assert held.wait(30)
        kill(process)

        assert [method for method, _, _ in sends(ledger)] == [method for _, method, _ in target.calls]
        assert sends(ledger)[-1][1] == "sent"
        target.release()
        code, output = check(target, ledger=ledger, poll_timeout=5.0)

        made = [tuple(sorted(p.items())) for _, m, p in target.calls if m == "create" and _may_be_charged(target, p)]
        assert len(made) == len(set(made)), output
    assert target.units <= _units_of_a_whole_run(), output
    assert code in (0, 1), output
    lost = any(state in {"lost", "sent"} for method, state, _ in sends(ledger) if method == "create")
    assert lost or code == 0, output


def _may_be_charged(target: Standin, given: dict[str, str]) -> bool:
    return is_mine(target, given) and given.get("source") in ("1", "2", "3", "11", "12")


@cache
def _units_of_a_whole_run() -> int:
    with serving("courier") as target:
        check(target)
        return target.units


def test_a_run_that_came_to_its_end_is_not_taken_up_again(tmp_path: Path) -> None:
    with serving("courier") as target:
        check(target, ledger=tmp_path / "ledger.db")
        once = target.units
        check(target, ledger=tmp_path / "ledger.db")

        assert target.units == 2 * once


def test_a_larger_budget_goes_on_where_a_smaller_one_ended(tmp_path: Path) -> None:
    with serving("courier") as target:
        small, _ = check(target, ledger=tmp_path / "ledger.db", budget=2)
        large, output = check(target, ledger=tmp_path / "ledger.db", budget=12)

        assert (small, large) == (4, 0), output
        assert target.units == _units_of_a_whole_run()


def telling(context: CallContext) -> None:
    """A new task that is answered with more than is due, among it somebody's name."""
    if context.operation == "create" and context.status == "ok":
        context.body.update(owner="Ольга Тульская", note="someone else")


def test_the_ledger_keeps_status_id_and_code_of_an_answer_to_create_and_nothing_else(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    with serving("courier", breakage=Breakage("an answer that tells more", telling)) as target:
        check(target, ledger=ledger)
    held = ledger.read_bytes()
    with closing(sqlite3.connect(ledger)) as connection:
        kept = [json.loads(row[0]) for row in connection.execute("SELECT answer FROM sends WHERE answer IS NOT NULL")]

    assert kept
    assert {name for answer in kept for name in answer} <= {"status", "id", "error_code"}
    for secret in (*target.env.values(), "Ольга", "owner", "someone else"):
        assert secret.encode() not in held
    assert ledger.stat().st_mode & 0o077 == 0


def test_a_run_that_sends_the_same_create_twice_does_so_with_a_ledger_too(tmp_path: Path) -> None:
    with serving("courier") as target:
        options = {"full": True, "budget": 60, "only": ("task.new-id",)}
        code, output = check(target, ledger=tmp_path / "ledger.db", **options)
        sent = [tuple(sorted(params.items())) for _, operation, params in target.calls if operation == "create"]

    assert len(sent) > len({*sent})
    assert code in (0, 4), output
    assert "broken" not in outcomes(output).values(), output


def test_what_waits_for_its_pace_is_not_yet_sent(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    with serving("courier") as target:
        process = started(target, ledger, "--rate", "20/min")
        while not target.calls:
            time.sleep(0.01)
        time.sleep(1.0)
        kill(process)

        assert len(sends(ledger)) == len(target.calls)


def test_two_runs_do_not_share_a_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    with serving("courier") as target:
        held = target.hold(14)
        process = started(target, ledger)
        assert held.wait(30)
        before = len(target.calls)
        code, output = check(target, ledger=ledger)

        assert (code, len(target.calls)) == (2, before), output
        kill(process)
    assert "another run is using it" in output


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 200], ids=["text", "torn"])
def test_what_is_no_ledger_is_refused_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with serving("courier") as target:
        code, output = check(target, ledger=tmp_path / "x")

        assert (code, target.calls) == (2, []), output
    assert "--ledger" in output
    assert (tmp_path / "x").read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x") as connection:
        connection.execute("CREATE TABLE t (c)")
    connection.close()
    with serving("courier") as target:
        code, output = check(target, ledger=tmp_path / "x")

    assert code == 2
    assert "no ledger" in output


# Tasks that exist already.


def test_given_tasks_are_checked_and_none_is_made(tmp_path: Path) -> None:
    with serving("courier") as target:
        first = examined(target).run
        assert first is not None
        tasks = [t for t in first.pool.maker.accepted if t.ready]
        lines = "\n".join(f"{t.id} {t.source} {t.phone}  # mine" for t in tasks)
        (tmp_path / "tasks").write_text(f"# tasks of yesterday\n\n{lines}\n", encoding="utf-8")
        before, units = len(target.calls), target.units
        code, output = check(target, tasks=read_tasks(tmp_path / "tasks"))

        assert code == 0, output
        assert target.units == units
        assert "create" not in {method for _, method, _ in target.calls[before:]}
    assert {"result.ready", "result.row-phone", "result.names", "result.photo", "formats.same"} <= {
        clause for clause, outcome in outcomes(output).items() if outcome == "holds"
    }
    assert outcomes(output)["create.ok"] == "not checked"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("12", "line 1"),
        ("# ok\n12 2 +7", "line 2"),
        ("x 2", "line 1"),
        ("12 5", "line 1"),
        ("1 2\n" * 200_000, "line 1001"),
    ],
    ids=lambda value: value[:10],
)
def test_a_file_of_tasks_that_is_wrong_is_refused_by_line(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "tasks").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_tasks(tmp_path / "tasks")

    assert str(tmp_path / "tasks") in str(refused.value)
    assert line in str(refused.value)


def test_of_a_file_of_tasks_with_many_wrong_lines_the_first_are_named(tmp_path: Path) -> None:
    (tmp_path / "tasks").write_text("x\n" * 100_000, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_tasks(tmp_path / "tasks")

    lines = str(refused.value).splitlines()
    assert len(lines) == 11
    assert "line 10:" in lines[9]
    assert lines[10].endswith("the lines that follow were not looked at")


@pytest.mark.parametrize("member", ["id", "error_code"])
def test_a_secret_in_an_answer_is_not_in_the_ledger(member: str, tmp_path: Path) -> None:
    def tell(context: CallContext) -> None:
        if context.operation == "create":
            context.body[member] = target.env["IFIND_PHONE"]

    with serving("courier", breakage=Breakage("tells a secret", tell)) as target:
        check(target, ledger=tmp_path / "ledger", only=("create.ok",), poll_timeout=0.3)

    assert target.env["IFIND_PHONE"].encode() not in (tmp_path / "ledger").read_bytes()
