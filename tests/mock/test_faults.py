"""Faults: armed with a match and counted; without effect where none strikes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mockserver import create_app
from mockserver.api.http import Response
from mockserver.core.errors import Refusal
from mockserver.faults.kinds import ASPECTS, KINDS
from mockserver.formats.plain import CHARSETS
from mockserver.formats.writers import FORMATS
from mockserver.settings.loading import load
from support.in_process import LOGIN, PHONE, Api, reason


@pytest.fixture
def api() -> Api:
    return Api()


def arm(api: Api, kind: str, match: dict[str, Any] | None = None, **rest: Any) -> str:
    top = {key: rest.pop(key) for key in ("times", "after", "probability") if key in rest}
    return api.mock.arm({"match": match or {}, "action": {"kind": kind, **rest}, **top}).id


def test_an_error_is_written_as_the_profile_writes_errors(api: Api) -> None:
    arm(api, "error", code=503, message="позже")

    assert api.send("info", format="xml").body.endswith(
        "<response><status>error</status><error_code>503</error_code><message>позже</message></response>".encode()
    )


def test_a_fault_strikes_times_often_and_reports_what_is_left(api: Api) -> None:
    arm(api, "error", times=2)

    reasons = [reason(api.send("info")) for _ in range(3)]

    assert reasons == ["fault f1 error (1 of 2 left)", "fault f1 error (0 of 2 left)", "used 0 of 100"]


@given(after=st.integers(0, 4), times=st.integers(1, 4))
def test_a_fault_strikes_just_the_calls_after_and_within_its_times(after: int, times: int) -> None:
    api = Api()
    arm(api, "error", after=after, times=times)

    struck = [n for n in range(1, 10) if api.call("info")["status"] == "error"]

    assert struck == list(range(after + 1, after + times + 1))


def test_the_nth_call_alone_is_struck(api: Api) -> None:
    arm(api, "error", {"nth": 3}, times="always")

    assert [api.call("info")["status"] for _ in range(4)] == ["ok", "ok", "error", "ok"]


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"method": "create"}, ["create"]),
        ({"method": "info"}, ["info"]),
        ({"login": LOGIN}, ["create", "result", "info"]),
        ({"login": "test-x@example.com"}, []),
        ({"phone": PHONE}, ["create", "result"]),
        ({"phone": "70000000001"}, []),
        ({"source": 2}, ["create", "result"]),
        ({"source": 1}, []),
        ({"format": "json"}, ["create", "result", "info"]),
        ({"format": "csv"}, []),
        ({"http_method": "GET"}, ["create", "result", "info"]),
        ({"http_method": "POST"}, []),
    ],
)
def test_a_match_picks_its_calls_and_no_other(api: Api, match: dict[str, Any], struck: list[str]) -> None:
    number = api.create()
    arm(api, "error", match, times="always")
    calls = {"create": {"phone": PHONE, "source": 2}, "result": {"id": number}, "info": {}}

    assert [name for name, params in calls.items() if api.call(name, **params)["status"] == "error"] == struck


def test_an_error_at_create_charges_nothing(api: Api) -> None:
    arm(api, "error", {"method": "create"})
    api.call("create", phone=PHONE, source=2)

    assert api.used() == 0


def test_an_http_fault_answers_its_own_page_in_any_format(api: Api) -> None:
    arm(api, "http", status=502, body="<h1>нет</h1>", content_type="text/html")
    response = api.send("info", format="csv")

    assert (response.status, response.headers[0], response.body.decode()) == (
        502,
        ("Content-Type", "text/html"),
        "<h1>нет</h1>",
    )


def test_latency_leaves_the_answer_and_delays_it(api: Api) -> None:
    plain = api.send("info")
    arm(api, "latency", delay="3s")
    late = api.send("info")

    assert late.body == plain.body
    assert (plain.delivery.latency, late.delivery.latency) == (0, 3_000_000)


def test_a_stuck_task_is_never_ready(api: Api) -> None:
    arm(api, "stuck", {"method": "create"})
    stuck, free = api.create(), api.create()
    api.time.passes(10**6)

    assert [api.call("result", id=n)["status"] for n in (stuck, free)] == ["processing", "ready"]


def test_a_stuck_poll_is_processing_once(api: Api) -> None:
    number = api.create()
    api.time.passes(2)
    arm(api, "stuck", {"method": "result"})

    assert [api.call("result", id=number)["status"] for _ in range(2)] == ["processing", "ready"]


def test_a_failing_task_ends_in_the_error_of_its_fault_after_its_delay(api: Api) -> None:
    arm(api, "fail-task", {"method": "create"}, code=418, message="сломалось")
    number = api.create()
    before = api.call("result", id=number)["status"]
    api.time.passes(2)

    assert before == "processing"
    assert api.call("result", id=number) == {"status": "error", "error_code": 418, "message": "сломалось"}


def test_probability_is_seeded_and_about_what_it_says() -> None:
    def run(seed: int) -> list[str]:
        api = Api(seed=seed)
        arm(api, "error", times="always", probability=0.3)
        return [api.call("info")["status"] for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 < run(1).count("error") < 90


def test_with_faults_that_do_not_strike_answers_are_identical(api: Api) -> None:
    other = Api()
    arm(other, "error", {"login": "test-x@example.com"}, times="always")

    assert other.send("info") == api.send("info")


def test_a_reset_of_a_login_takes_away_its_faults_alone(api: Api) -> None:
    arm(api, "error", {"login": LOGIN})
    server = arm(api, "error")
    api.mock.reset(LOGIN)

    assert [armed.id for armed in api.mock.store.faults.listed()] == [server]


def test_a_fault_of_a_task_is_not_spent_on_a_call_that_makes_none(api: Api) -> None:
    arm(api, "fail-task", {"method": "create"})
    api.call("create", phone="x", source=2)
    api.call("create", phone=PHONE, source=2, token="wrong")
    number = api.create()
    api.time.passes(2)

    assert api.call("result", id=number)["status"] == "error"


def test_every_fitting_call_counts_also_one_that_another_fault_strikes(api: Api) -> None:
    arm(api, "latency", delay="1s")
    arm(api, "error", {"nth": 2}, times="always")

    assert [api.call("info")["status"] for _ in range(3)] == ["ok", "error", "ok"]


def test_the_chances_of_a_fault_do_not_depend_on_what_else_is_armed(api: Api) -> None:
    def run() -> list[str]:
        arm(api, "error", times="always", probability=0.5)
        statuses = [api.call("info")["status"] for _ in range(20)]
        api.mock.reset(None)
        return statuses

    first = run()
    arm(api, "error", {"login": "test-x@example.com"})

    assert run() == first


def test_in_edition_a_the_source_of_a_create_is_its_only_one() -> None:
    api = Api({"edition": "A"})
    arm(api, "error", {"method": "create", "source": 2})

    assert api.call("create", phone=PHONE)["status"] == "error"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "action: must be a table with a `kind`"),
        ([], "is not a table"),
        ({"action": {"kind": "latencyy", "delay": "1s"}}, "did you mean 'latency'"),
        ({"action": {"kind": "latency"}}, "action.delay: is missing"),
        (
            {"action": {"kind": "latency", "delay": "soon"}},
            "allowed: '2s', '250ms', '1.5m', 'uniform 1s..5s', 'lognorm",
        ),
        ({"action": {"kind": "latency", "delay": "never"}}, "can't be delayed for ever"),
        ({"action": {"kind": "http"}}, "action.status: is missing"),
        ({"action": {"kind": "http", "status": 99}}, "action.status: 99"),
        ({"action": {"kind": "error", "cod": 1}}, "did you mean 'code'"),
        ({"action": {"kind": ["error"]}}, "action.kind"),
        ({"action": {"kind": "error"}, "match": {"metod": "info"}}, "did you mean 'method'"),
        ({"action": {"kind": "error"}, "match": {"method": "inform"}}, "did you mean 'info'"),
        ({"action": {"kind": "stuck"}, "match": {"method": "info"}}, "does not apply to 'info'"),
        ({"action": {"kind": "error"}, "match": {"method": "info", "phone": PHONE}}, "match.phone: info has none"),
        (
            {"action": {"kind": "error"}, "match": {"nth": 2}, "after": 2},
            "match.nth: picks one call, so that `after` has no say",
        ),
        ({"action": {"kind": "error"}, "times": 0}, "times: 0"),
        ({"action": {"kind": "error"}, "times": True}, "times: true"),
        ({"action": {"kind": "error"}, "after": -1}, "after: -1"),
        ({"action": {"kind": "error"}, "probability": 1.5}, "probability: 1.5"),
        ({"action": {"kind": "error", "message": "\x00"}}, "action.message"),
        ({"action": {"kind": "truncate", "size": -1}}, "action.size: -1"),
        ({"action": {"kind": "dribble"}}, "action.rate: is missing"),
        ({"action": {"kind": "dribble", "rate": 0}}, "action.rate: 0"),
        ({"action": {"kind": "reset", "size": 1}}, "'size' is not a key"),
        ({"action": {"kind": "http", "status": 200, "headers": ["a"]}}, "action.headers: a list is not a table"),
        ({"action": {"kind": "wrong-format", "format": "yaml"}}, "action.format: 'yaml'"),
        (
            {"match": {"format": "xml"}, "action": {"kind": "wrong-format", "format": "xml"}},
            "match.format: is the format of the fault, which would change nothing",
        ),
    ],
)
def test_a_wrong_fault_is_refused_with_place_and_remedy(api: Api, document: Any, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        api.mock.arm(document)

    assert message in str(caught.value)
    assert not api.mock.store.faults.listed()


def test_all_problems_of_a_fault_are_reported_at_once(api: Api) -> None:
    with pytest.raises(Refusal) as caught:
        api.mock.arm({"match": {"source": 7}, "action": {"kind": "error", "code": "x"}, "tims": 1})

    assert len(caught.value.problems) == 3


# The form of an answer.


def table_of(body: bytes, encoding: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(encoding, "replace"), newline=""), strict=True))


READERS: Mapping[str, Callable[[bytes, str], object]] = {
    "json": lambda body, encoding: json.loads(body.decode(encoding, "replace"), strict=False),
    "xml": lambda body, _: (ET.fromstring(body), etree.fromstring(body)),
    "csv": table_of,
}
ENCODINGS = [
    *(("json", {}, "utf-8"), ("xml", {}, "utf-8"), ("csv", {}, "utf-8"), ("csv", {"csv.quotes": "all"}, "utf-8")),
    *(("csv", {"csv.encoding": name}, name) for name in CHARSETS if name != "utf-8"),
    ("xml", {"xml.encoding": "cp1251"}, "cp1251"),
]


@pytest.mark.parametrize(("form", "profile", "encoding"), ENCODINGS)
def test_garbage_is_taken_by_no_reader_of_its_format_wherever_the_body_breaks(
    form: str, profile: dict[str, str], encoding: str
) -> None:
    api = Api(profile)
    ready = api.create("70000000777")
    api.time.passes(2)
    calls: list[tuple[list[str], dict[str, Any]]] = [(["result"], {"id": ready}), (["info"], {}), (["result"], {})]
    right = [api.send(*call, format=form, **rest) for call, rest in calls]
    for plain in right:
        READERS[form](plain.body, encoding)
    broken: set[bytes] = set()
    for seed in range(40):
        api.account(LOGIN, seed=seed)
        arm(api, "garbage", times=3)
        got = [
            api.send("result", id=ready, format=form),
            api.send("info", format=form),
            api.send("result", format=form),
        ]
        for plain, answer in zip(right, got, strict=True):
            assert (answer.status, answer.headers[0]) == (plain.status, plain.headers[0])
            broken.add(answer.body)
            with pytest.raises(UnicodeDecodeError):
                answer.body.decode(encoding)
            if encoding != "utf-16le":  # which reads other characters from an odd number of bytes
                with pytest.raises((ValueError, csv.Error, ET.ParseError)):
                    READERS[form](answer.body, encoding)
    assert len(broken) > 60


def test_garbage_is_the_same_for_the_same_seed() -> None:
    def run(seed: int) -> list[bytes]:
        api = Api(seed=seed)
        arm(api, "garbage", times="always")
        return [api.send("info").body for _ in range(5)]

    assert run(1) == run(1) != run(2)
    assert len({*run(1)}) > 1


@pytest.mark.parametrize("asked", FORMATS)
@pytest.mark.parametrize("settings", [{}, *({"format": form} for form in FORMATS)])
@pytest.mark.parametrize("content_type", ["asked", "own"])
def test_a_wrong_format_has_the_right_data_in_another_format(
    api: Api, asked: str, settings: dict[str, str], content_type: str
) -> None:
    right = {form: api.send("info", format=form) for form in FORMATS}
    other = settings.get("format", "json" if asked != "json" else "xml")
    arm(api, "wrong-format", **settings, content_type=content_type)
    got = api.send("info", format=asked)

    assert got.body == right[other].body
    assert got.headers[0] == right[asked if content_type == "asked" else other].headers[0]
    assert len(api.mock.store.faults.listed()) == 1
    assert (api.mock.store.faults.listed()[0].struck == 1) == (asked != other)  # what changes nothing is not spent


def test_the_format_of_an_answer_is_that_which_a_clause_sets() -> None:
    api = Api({"error.follows-format": "no"})
    arm(api, "wrong-format", {"format": "json"})

    assert api.send("result", format="csv").body.startswith(b"<?xml")


def test_a_page_has_no_form_and_spends_no_fault_of_it(api: Api) -> None:
    arm(api, "garbage")
    arm(api, "http", status=502, body="<h1>")

    assert api.send("info").body == b"<h1>"
    assert b"\xff" in api.send("info").body


# Headers of an http fault.


def headers(response: Response) -> dict[str, str]:
    return dict(response.headers)


def test_an_http_fault_has_its_headers_beside_those_of_the_mock() -> None:
    api = Api({"cors": "*"})
    mine = {"Retry-After": "2", "Set-Cookie": "a=b; Path=/", "access-control-allow-origin": "https://a.example"}
    arm(api, "http", status=503, headers=mine)
    got = api.send("info")

    assert got.headers[1:4] == tuple(mine.items())
    assert "Access-Control-Allow-Origin" not in headers(got)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "1") for name in ("", "a b", "a:", "é", "X\r\nY", "a\x00", "x" * 101)),
        *((name, "1") for name in ("Content-Length", "connection", "Transfer-Encoding", "TRAILER", "Upgrade")),
        *((name, "1") for name in ("Date", "Server", "Keep-Alive", "Content-Type", "X-Mock-Reason", "x-mock-task")),
        *(
            ("X-A", value)
            for value in ("a\r\nX-B: c", "a\n", "\r", "a\x00b", " a", "a ", "\u20ac", "x" * 4097, 7, None)
        ),
    ],
)
def test_a_header_that_breaks_the_head_or_is_the_servers_own_is_refused(api: Api, name: str, value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        arm(api, "http", status=200, headers={name: value})

    assert str(caught.value).startswith("action.headers.")
    assert str(caught.value).isprintable()


# Aspects.


def test_a_call_meets_the_first_fault_that_is_due_of_each_aspect(api: Api) -> None:
    kinds = [("truncate", {}), ("latency", {"delay": "1s"}), ("garbage", {}), ("error", {"code": 418})]
    for kind, settings in (*kinds, *kinds):
        arm(api, kind, **settings)
    first, second, third = (api.send("info") for _ in range(3))

    for got in (first, second):
        assert (got.delivery.latency, got.delivery.transport) == (1_000_000, "truncate")
        assert b"418" in got.body or b"\xff" in got.body
    kinds_told = [part.split()[2] for part in reason(first).split("; ")[:4]]
    assert [KINDS[kind].aspect for kind in kinds_told] == [aspect for aspect in ASPECTS if aspect != "task"]
    assert third.delivery.transport == "whole"


def test_what_the_rate_limit_refuses_says_when_to_come_again() -> None:
    api = Api({"rate.limit": "2/min", "error.http-status": "mirror"})
    after = []
    for seconds in (0, 0, 0, 30.2, 29.7, 0.1, 0):
        api.time.passes(seconds)
        after.append(headers(api.send("info")).get("Retry-After"))

    assert after == [None, None, "60", "30", "1", None, None]


# Where the server keeps the socket to itself.


@pytest.mark.parametrize("kind", [kind for kind, row in KINDS.items() if row.aspect == "transport"])
def test_under_wsgi_a_fault_of_the_socket_is_refused_where_it_is_set(kind: str) -> None:
    document = {"action": {"kind": kind, **({"rate": 1} if kind == "dribble" else {})}}
    remedy = "needs the socket, which a WSGI server keeps to itself; run `ifind-mock serve`"
    with pytest.raises(Exception, match=rf"faults\[1\]\.action\.kind: the fault '{kind}' {remedy}"):
        create_app(load({"faults": [{"action": {"kind": "error"}}, document]}))
    answered = create_app(load({})).test_client().post("/_mock/faults", json=document)

    assert answered.status_code == 422
    assert remedy in answered.get_json()["detail"]
