"""The suite's transport: the pace of calls, and the end of the run."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.budget import sender
from contract_tests.budget.sender import rate_limited, turned_away
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import HttpResponse, Request, TransportError
from contract_tests.transport.rate_limit import SLOWEST, Pacer
from mockserver.mutants.kit.answers import page
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CREATE, INFO, having, where
from support.checking import examined
from support.command import ifind
from support.deviating import deviating
from support.processes import serving as command_serving
from support.raw_server import OK, failure, impatient, says, server, slowly
from support.standins.breaking import Breakage
from support.standins.running import serving


class FakeTime:
    """Seconds that pass by sleeping alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 5),
    gaps=st.lists(st.floats(0, 5) | st.just(0.0), min_size=1, max_size=40),
)
def test_the_pace_is_kept_in_any_stretch_of_time_and_no_call_waits_longer_than_needed(
    rate: float, burst: int, gaps: list[float]
) -> None:
    time_ = FakeTime()
    pacer = Pacer(rate, burst, clock=time_.clock, sleep=time_.sleep)
    went: list[float] = []
    for gap in gaps:
        time_.now += gap
        asked = time_.now
        assert pacer.wait()
        earliest = went[-burst] + 1 / rate if len(went) >= burst else asked
        assert time_.now <= max(asked, went[-1] + 1 / rate if went else asked, earliest) + 1e-6
        went.append(time_.now)

    for i, first in enumerate(went):
        for j in range(i, len(went)):
            assert j - i + 1 <= burst + rate * (went[j] - first) + 1e-6


def test_a_target_that_asks_to_wait_gets_one_pause_and_half_the_pace_from_then_on() -> None:
    time_ = FakeTime()
    pacer = Pacer(clock=time_.clock, sleep=time_.sleep)
    pacer.wait()
    pacer.slow_down(10.0)
    went = []
    for _ in range(3):
        pacer.wait()
        went.append(time_.now)

    assert went == [10.0, 10.25, 10.5]


def test_refusals_without_end_do_not_stop_the_run() -> None:
    pacer, slow = Pacer(2.0), Pacer(0.01)
    for _ in range(100):
        pacer.slow_down(0.0)
        slow.slow_down(0.0)

    assert (pacer.per_second, slow.per_second) == (SLOWEST, 0.01)


# What stands in front of an API refuses calls that come too fast.

LIMIT_PAGE = (
    b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head><body>nginx</body>\r\n</html>\r\n"
)
REFUSALS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "nginx, by default": (503, {"Content-Type": "text/html"}, LIMIT_PAGE),
    "nginx, limit_req_status 429": (429, {"Content-Type": "text/html"}, LIMIT_PAGE.replace(b"503", b"429")),
    "Cloudflare 1015": (429, {"Content-Type": "text/plain", "Retry-After": "1"}, b"error code: 1015"),
    "503 with Retry-After": (503, {"Content-Type": "text/plain", "Retry-After": "1"}, b"try later"),
    "503 without a body": (503, {}, b""),
}


class Limiter:
    """Takes so many calls a second, each for itself, and answers the others in its own way."""

    def __init__(self, per_second: float, name: str) -> None:
        self.per_second = per_second
        self.refusal = REFUSALS[name]
        self.refused = 0
        self.last = 0.0

    def __call__(self, *_: object) -> Any:
        if (now := time.monotonic()) - self.last >= 1 / self.per_second:
            self.last = now
            return None
        self.refused += 1
        return self.refusal


@pytest.mark.parametrize(
    ("name", "only"), [("nginx, by default", ()), *((name, ("create.ok", "rate.limit")) for name in REFUSALS)]
)
def test_a_refusal_for_the_rate_slows_the_run_down_and_breaks_nothing(name: str, only: tuple[str, ...]) -> None:
    limiter = Limiter(5.0, name)
    with serving("courier", http=limiter) as target:
        report = examined(target, only=only).report
        assert report is not None
        rows = {row.clause.id: row for row in report.rows}

        assert report.spent.units == target.units > 0
    assert report.exit_code == 0, [row for row in report.rows if row.outcome == "broken"]
    assert (rows["rate.limit"].outcome, rows["rate.limit"].seen) == ("refuted", "met")
    assert 0 < limiter.refused < 25


GIVEN_UP = b"<html><head><title>503 Backend fetch failed</title></head></html>"


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize("shows_units", [True, False])
def test_a_create_that_was_taken_is_not_sent_again_whatever_a_server_in_front_says(
    status: int, shows_units: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REFUSED_PAUSES", (0.05, 0.1))
    sent: list[tuple[str, ...]] = []

    def note(context: CallContext) -> None:
        sent.append((context.http_method, *sorted(context.params.items())))  # type: ignore[arg-type]

    ok = having(status="ok")
    given_up = where(page(status, "text/html", GIVEN_UP), CREATE, ok, lambda c: c.count("taken") < 3)
    hidden = where(lambda c: c.body.pop("data"), INFO, ok, lambda _: not shows_units)
    with deviating(Mutant("", hidden, call=where(note, CREATE), response=given_up)) as target:
        report = target.examined(only=("create.ok",), budget=8).report

    again = {call for call in sent if sent.count(call) > 1}
    assert again == set() or (status, shows_units) == (429, False)  # which says that it was not taken
    assert [row.outcome for row in report.rows if row.outcome == "broken"] == []


ERRORS = {
    "json": '{{"status":"error","error_code":{code},"message":{message}}}',
    "xml": "<r><status>error</status><error_code>{code}</error_code><message>{text}</message></r>",
    "csv": "status,error_code,message\r\nerror,{code},{text}\r\n",
}
"""Errors of the API itself, which are answered with HTTP 200."""


@pytest.mark.parametrize("form", ERRORS)
@pytest.mark.parametrize(
    ("code", "text", "is_of_pace", "is_turned_away"),
    [
        (1, "Too many requests", True, True),
        (429, "Слишком частые запросы", True, True),
        (7, "Превышен лимит запросов в секунду", True, True),
        (429, "Rate limit exceeded", True, True),
        (429, "Подождите", False, True),  # which shows when it is answered later
        (429, "Too many requests. Allowed: 5 requests per second, 5000 per day", True, True),
        (1, "Rate limit exceeded, retry in 1 second (limits: 1/s, 10000 a day)", True, True),
        (429, "Не более 1 запроса в секунду и 1000 запросов в сутки", True, True),
        (429, "daily limit reached: 100 of 100 units", False, False),
        (429, "Суточный лимит исчерпан, он обновится через 300 минут", False, False),
        (429, "Daily limit reached, wait a minimum of 3 hours", False, False),
        (429, "Исчерпан суточный лимит запросов", False, False),
        (429, "Лимит исчерпан", False, False),
        (400, "Подождите", False, False),
    ],
)
def test_an_error_in_words_or_by_its_code_refuses_the_pace_and_a_used_up_limit_does_not(
    form: str, code: int, text: str, is_of_pace: bool, is_turned_away: bool
) -> None:
    for message, encoding in ((json.dumps(text), "utf-8"), (json.dumps(text, ensure_ascii=False), "cp1251")):
        body = ERRORS[form].format(code=code, text=text, message=message).encode(encoding)
        response = HttpResponse(Request("GET", ""), 200, (), body, 0.0)

        assert (rate_limited(response), turned_away(response)) == (is_of_pace, is_turned_away)


@pytest.mark.parametrize(
    ("status", "body", "is_turned_away"),
    [
        (429, '{"status":"error","error_code":429,"message":"10 a second are ok"}', True),
        (429, "<html><body>Slow down <button>OK</button></body></html>", True),
        (503, "<html><body>Try later <button>OK</button></body></html>", True),
        (429, '{"ok":false,"status":"error","error_code":429,"message":"Too many requests"}', True),
        (429, '{"ok" : false, "error": "Too many requests"}', True),
        (503, '{"status": "error", "result": "ok", "message": "Slow down"}', True),
        (429, "<r><status>error</status><ready>ok</ready><message>Too many requests</message></r>", True),
        (429, '{"status": "ok", "id": 7}', False),
        (429, "<r><status>ok</status><id>7</id></r>", False),
        (503, "<r status='ok' id='7'/>", False),
        (429, "status,id\r\nok,7\r\n", False),
        (429, "id;status\n7;ok", False),
        (429, "ok|7", False),
    ],
)
def test_what_says_ok_as_a_value_was_taken(status: int, body: str, is_turned_away: bool) -> None:
    response = HttpResponse(Request("GET", ""), status, (("Retry-After", "1"),), body.encode(), 0.0)

    assert turned_away(response) is is_turned_away


@pytest.mark.parametrize(("seconds", "is_of_pace"), [("1", True), ("30", False), ("86400", False), ("0", False)])
def test_a_refusal_that_names_the_day_and_asks_to_wait_for_seconds_is_of_the_pace(
    seconds: str, is_of_pace: bool
) -> None:
    body = b'{"status":"error","error_code":429,"message":"Too many requests, 5000 a day are yours"}'

    assert rate_limited(HttpResponse(Request("GET", ""), 429, (("retry-after", seconds),), body, 0.0)) is is_of_pace


@pytest.mark.parametrize(
    "body",
    [
        '{"status":"ready","data":[],"names":[{"name":"Terror"},{"name":"Очень часто звонит"}]}',
        '{"status": "ready", "names": [{"name": "Error 429"}]}',
        "<r><status>ready</status><names><item><name>error 429</name></item></names></r>",
        "name\r\nTerror\r\nОчень часто звонит\r\n",
        '{"status":"processing","error 429":""}',
    ],
)
def test_what_was_found_about_a_phone_refuses_no_call(body: str) -> None:
    assert not turned_away(HttpResponse(Request("GET", ""), 200, (), body.encode(), 0.0))


@pytest.mark.parametrize("only", [(), ("create.ok", "result.ready")])
def test_a_run_that_is_refused_for_its_rate_to_the_end_does_not_hold(
    only: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REFUSED_PAUSES", ())
    refusal = b'{"status":"error","error_code":429,"message":"Too many requests: 10 a second are ok"}'

    def http(number: int, *_: object) -> Any:
        return (429, {"Content-Type": "application/json"}, refusal) if number > 1 else None

    with serving("courier", http=http) as target:
        report = examined(target, only=only).report

    assert report.exit_code == 4
    assert [row.clause.id for row in report.rows if row.outcome == "broken"] == []
    assert {row.outcome for row in report.rows if row.clause.id in ("create.ok", "result.ready")} == {"unaffordable"}


def test_a_mock_behind_a_limiter_is_found_and_its_accounts_are_made(tmp_path: Path) -> None:
    limiter = Limiter(4.0, "nginx, by default")

    def refusal() -> bytes | None:
        page = LIMIT_PAGE if limiter() else None
        head = b"HTTP/1.1 503 Service Temporarily Unavailable\r\nContent-Type: text/html\r\nContent-Length: "
        return page and head + str(len(page)).encode() + b"\r\n\r\n" + page

    with command_serving(cwd=tmp_path) as mock, impatient(mock.api, refusal) as url:
        ended = ifind("check", url, "--only", "info.answers", cwd=tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert limiter.refused > 0


@pytest.mark.parametrize("per_second", [1.0, 0.4])
def test_a_narrow_limit_is_met_with_patience(per_second: float) -> None:
    limiter = Limiter(per_second, "nginx, by default")
    with serving("courier", http=limiter) as target:
        report = examined(target, only=("info.answers",)).report
    assert report is not None

    assert report.exit_code == 0, report.rows
    assert limiter.refused > 0


@pytest.mark.parametrize("method", ["info", "create", "result"])
def test_a_503_that_persists_is_broken_and_what_it_refuses_costs_nothing(method: str) -> None:
    def http(_number: int, _verb: str, called: str, _params: dict[str, str]) -> Any:
        return REFUSALS["nginx, by default"] if called == method else None

    with serving("courier", http=http) as target:
        report = examined(target).report
        assert report is not None

        assert report.spent.units == target.units
        assert (target.units == 0) == (method == "create")
    assert report.exit_code == 1
    assert {row.clause.id for row in report.rows if row.outcome == "broken"} >= {"server.never-breaks"}
    assert {row.clause.id: row.seen for row in report.rows}["rate.limit"] in {"", "off"}


def test_a_503_that_is_an_error_of_the_api_is_no_refusal_of_the_rate() -> None:
    with serving("courier", breakage=Breakage("info is out of order", _out_of_order)) as target:
        report = examined(target, only=("rate.limit", "server.never-breaks")).report
    assert report is not None

    assert report.exit_code == 1
    assert {row.clause.id: row.seen for row in report.rows}["rate.limit"] == ""


def _out_of_order(context: CallContext) -> None:
    if context.operation == "info":
        context.respond(status="error", error_code=503, message="Out of order")
        context.http = 503


def test_nothing_is_sent_when_the_time_of_the_run_is_up_before_its_turn() -> None:
    time_ = FakeTime()
    pacer = Pacer(1.0, clock=time_.clock, sleep=time_.sleep)
    with server(says(OK, OK)) as url, HttpClient(pacer=pacer) as client:
        client.send(Request("GET", url))
        client.end = 0.5
        with pytest.raises(TransportError, match="the time of the run is up") as caught:
            client.send(Request("GET", url))

    assert (caught.value.kind, caught.value.sent) == ("timeout", False)
    assert time_.now == 0.0


def test_no_call_outlasts_the_run() -> None:
    started = time.monotonic()
    caught = failure(slowly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), end=started + 0.15)

    assert caught.kind == "timeout"
    assert time.monotonic() - started < 10
