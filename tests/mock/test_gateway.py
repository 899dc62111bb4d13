"""The gateway: how requests are read, headers, batches, and its hook."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import MultiPartParser

from mockserver.api.gateway import Hook
from mockserver.api.http import Request, Response
from mockserver.api.params import MAX_FIELDS, read_params
from mockserver.assembly import open_gateway
from mockserver.core.errors import StoreError
from mockserver.core.messages import Answer, Call, Page
from mockserver.settings.loading import load
from support.in_process import LOGIN, PHONE, TOKEN, Api, reason

FORM = {"content-type": "application/x-www-form-urlencoded"}
WHOLE = {"login": LOGIN, "token": TOKEN, "phone": PHONE, "source": "2"}
NONE = {"login": None, "token": None}


def multipart(fields: dict[str, str], boundary: str = "x") -> bytes:
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def ask(api: Api, query: bytes = b"", http_method: str = "GET", body: bytes = b"", **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer: dict[str, Any] = json.loads(
        api.gateway.answer(Request(http_method, b"/api/create", query, named, body, "127.0.0.1")).body
    )
    return answer


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (urlencode(WHOLE).encode(), "application/x-www-form-urlencoded"),
        (urlencode(WHOLE).encode(), "Application/X-WWW-Form-Urlencoded; charset=utf-8"),
        (multipart(WHOLE), "multipart/form-data; boundary=x"),
        (multipart(WHOLE, "a b"), 'multipart/form-data; boundary="a b"'),
    ],
)
def test_a_form_is_read_whole(body: bytes, kind: str) -> None:
    assert ask(Api(), http_method="POST", body=body, content_type=kind)["status"] == "ok"


def test_parameters_half_in_the_query_and_half_in_the_body_make_a_call() -> None:
    query = urlencode({"login": LOGIN, "token": TOKEN}).encode()

    assert ask(Api(), query, "POST", b"phone=70001234567&source=2", content_type=FORM["content-type"])["id"] == 1


def test_a_body_of_get_and_a_body_that_is_no_form_are_not_read() -> None:
    message = "Not set param(s) login, token, phone, source"

    assert ask(Api(), body=urlencode(WHOLE).encode(), content_type=FORM["content-type"])["message"] == message
    assert (
        ask(Api(), http_method="POST", body=json.dumps(WHOLE).encode(), content_type="application/json")["message"]
        == message
    )
    assert (
        ask(Api(), http_method="POST", body=b"--x\r\nbroken", content_type="multipart/form-data; boundary=x")["message"]
        == message
    )
    assert (
        ask(Api(), http_method="POST", body=multipart(WHOLE), content_type="multipart/form-data")["message"] == message
    )


@pytest.mark.parametrize("where", ["query", "body", "multipart"])
def test_too_many_parameters_are_an_answer_that_a_client_can_parse(where: str) -> None:
    fields = {f"p{n}": "" for n in range(MAX_FIELDS + 1)}
    many = urlencode(fields).encode()
    sent: dict[str, Any] = {
        "query": {"query": many},
        "body": {"http_method": "POST", "body": many, "content_type": FORM["content-type"]},
        "multipart": {
            "http_method": "POST",
            "body": multipart(fields),
            "content_type": "multipart/form-data; boundary=x",
        },
    }[where]

    assert ask(Api(), **sent) == {"status": "error", "error_code": 413, "message": "The request is too large"}


@given(
    http_method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "", "get"]),
    path=st.sampled_from([b"/api/create", b"/api/result", b"/api/info", b"/api/\xff", b"/api/x"]) | st.binary(),
    query=st.binary() | st.sampled_from([b"login=%ff&token=%00", b"&&==&;", b"phone[]=1&source[a]=2"]),
    body=st.binary(),
    kind=st.sampled_from(
        [FORM["content-type"], "multipart/form-data; boundary=x", "multipart/form-data", "", ";", "\x80"]
    ),
    form=st.sampled_from(["json", "xml", "csv", "yaml", ""]),
)
def test_any_request_is_answered_with_an_error_and_no_5xx(
    http_method: str, path: bytes, query: bytes, body: bytes, kind: str, form: str
) -> None:
    request = Request(http_method, path, query + b"&format=" + form.encode(), {"content-type": kind}, body, "::1")
    response = SHARED.gateway.answer(request)

    assert response.status < 500
    assert b"error" in response.body


SHARED = Api()

PART = b'--x\r\nContent-Disposition: form-data; name="id"\r\n'
HEAVY: dict[str, tuple[str, bytes, bytes]] = {
    **{f"form {text!r}": ("form", b"phone=", text) for text in (b"x", b"7x", b"%25", b"%D0%B9", b"%FF", b"%")},
    "form names": ("form", b"", b"%70" * 360 + b"&"),
    "form values": ("form", b"phone=", b"%37" * 360 + b"&phone="),
    "long names": ("form", b"", b"%"),
    **{f"part {text!r}": ("", PART + b"\r\n", text) for text in (b"\r", b"\n", b"\r\n", b"\r\n--y", b"-")},
    **{f"head {text!r}": ("", PART, text) for text in (b"A: b\r\n", b":", b"A: \\", b";a", b'; a="', b" ")},
    "parts": ("", PART, b"\r\n1\r\n" + PART),
    "heads": ("", b"", PART + b";a=b" * 260 + b"\r\n\r\nv\r\n"),
    "options": ("; a=b" * 12_000, PART, b""),
    "boundary": ("y" * 30_000, PART, b""),
}
"""Bodies that cost most to read, by what is heavy about them: a form, or the end of the type of a multipart form; how
the body begins; and what is repeated up to 1 MiB.
"""


@pytest.mark.parametrize("name", HEAVY)
def test_no_body_holds_the_loop(name: str) -> None:
    kind, begin, repeated = HEAVY[name]
    body = (begin + repeated * (2**20 // max(1, len(repeated)) + 1))[: 2**20]
    content_type = FORM["content-type"] if kind == "form" else f"multipart/form-data; boundary=x{kind}"
    request = Request("POST", b"/api/create", b"", {"content-type": content_type}, body, "::1")

    def seconds() -> float:
        began = time.thread_time()
        assert b"error" in SHARED.gateway.answer(request).body
        return time.thread_time() - began

    assert min(seconds() for _ in range(5)) < 0.15  # a whole body of escapes, or of headers, takes 0.3 to 0.7 seconds


@pytest.mark.parametrize("text", [b"\r\n", b"\n", b"x", b"-", b"\r\n\r\nx"])
def test_much_before_the_first_part_of_a_form_is_not_looked_through(
    monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    """The bound: 8 KiB. Werkzeug takes 40 ms for a whole body of line breaks, in which nothing else is answered."""
    monkeypatch.setattr(MultiPartParser, "parse", lambda *_: pytest.fail("it was parsed"))
    form = Request("POST", b"", b"", {"content-type": "multipart/form-data; boundary=x"}, text * 8193 + PART, "")

    assert read_params(form, SHARED.mock.profile.parsing) == {}


@given(st.lists(st.sampled_from([*b"ab&=+%2541fF;/", 0xD0, 0xB9, 0]), max_size=40).map(bytes))
def test_a_form_is_read_as_the_standard_library_reads_it(text: bytes) -> None:
    form = b"login=" + text.replace(b"&", b"&phone=")
    parsed = read_params(Request("GET", b"", form, {}, b"", ""), SHARED.mock.profile.parsing)
    expected = dict(parse_qsl(form.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))

    wanted = {name: value.encode("latin-1").decode("utf-8", "replace") for name, value in expected.items()}
    assert parsed == {name: value for name, value in wanted.items() if name in ("login", "phone")}


def test_an_oversized_body_is_refused_in_the_format_of_the_query() -> None:
    response = SHARED.gateway.answer(Request("POST", b"/api/create", b"format=csv", {}, b"", "::1", too_large=True))

    assert (response.status, response.body[:25]) == (413, b"status,error_code,message")


@given(st.sampled_from(["login", "token", "phone", "source", "id", "format"]), st.text(min_size=1))
def test_a_text_reaches_the_api_as_it_was_sent(name: str, value: str) -> None:
    text = value.encode("utf-8", "replace").decode()
    seen: list[dict[str, str]] = []
    api = Api()
    answer = api.mock.answer
    api.mock.answer = lambda call, trace: seen.append(dict(call.params)) or answer(call, trace)  # type: ignore[method-assign,func-returns-value]
    api.gateway.answer(Request("GET", b"/api/info", urlencode({name: text}).encode(), {}, b"", "::1"))

    assert seen == [{name: text}]


def test_every_answer_says_why_and_which_task() -> None:
    api = Api()
    created = api.send("create", phone="70000000001", source=2)
    processing = api.send("result", id=1)

    assert ("X-Mock-Task", "1") in created.headers
    assert ("X-Mock-Task", "1") in processing.headers
    assert (reason(created), reason(processing)) == ("task created, cost 1", "ready in 2.000 s")
    assert reason(api.send("info", token="x")) == "wrong token"


def test_plain_leaves_out_the_mocks_own_headers() -> None:
    api = Api()
    api.gateway.plain = True

    assert [name for name, _ in api.send("create", phone=PHONE, source=2).headers] == ["Content-Type"]


def test_cors_is_answered_with_its_preflight() -> None:
    api = Api({"cors": "*"})
    preflight = api.send("create", http_method="OPTIONS")

    assert preflight.status == 204
    assert ("Access-Control-Allow-Origin", "*") in preflight.headers
    assert ("Access-Control-Allow-Origin", "*") in api.send("info").headers


def test_a_rate_limit_refuses_calls_over_it_until_its_period_ends() -> None:
    api = Api({"rate.limit": "2/s"})
    statuses = [api.call("info")["status"] for _ in range(3)]
    refused = api.call("info")
    api.time.passes(1)

    assert statuses == ["ok", "ok", "error"]
    assert refused["error_code"] == 429
    assert api.call("info")["status"] == "ok"


def test_a_call_with_a_wrong_token_uses_up_no_rate_limit() -> None:
    api = Api({"rate.limit": "1/h"})
    api.call("info", token="wrong")

    assert api.call("info")["status"] == "ok"


@pytest.mark.parametrize("path", ["/api/info", "/api/none", "/none"])
@pytest.mark.parametrize("profile", [{}, {"not-found": "html-404"}])
def test_every_answer_has_the_latency(path: str, profile: dict[str, str]) -> None:
    api = Api(profile, latency="3s")

    assert api.gateway.answer(Request("GET", path.encode(), b"", {}, b"", "::1")).delivery.latency == 3_000_000


def test_an_unknown_path_is_answered_as_an_unknown_method_is() -> None:
    api = Api({"not-found": "html-404"})
    one, other = (api.gateway.answer(Request("GET", p, b"", {}, b"", "::1")) for p in (b"/none", b"/api/none"))

    assert one == other


def test_a_task_reads_the_same_under_another_edition() -> None:
    api = Api()
    number = api.create()
    api.time.passes(2)
    before = api.send("result", id=number).body
    api.mock.profile = Api({"edition": "C"}).mock.profile

    assert api.send("result", id=number).body == before


def test_a_task_past_its_lifetime_is_unknown() -> None:
    api = Api({"task.lifetime": "1h"})
    number = api.create()
    api.time.passes(3600)
    last = api.call("result", id=number)["status"]
    api.time.passes(0.000001)

    assert last == "ready"
    assert api.call("result", id=number)["error_code"] == 404


def test_where_the_commit_fails_writes_are_server_errors_and_nothing_is_charged() -> None:
    api = Api()
    store = api.mock.store
    whole = store.transaction

    class Failing:
        def __enter__(self) -> None:
            self.inner = whole()
            self.inner.__enter__()

        def __exit__(self, *_: object) -> None:
            error = StoreError("disk full")
            self.inner.__exit__(StoreError, error, None)
            raise error

    query = urlencode(WHOLE).encode()
    requests = [Request("GET", path, query, {}, b"", "::1") for path in (b"/api/info", b"/api/create", b"/api/info")]
    store.transaction = Failing  # type: ignore[method-assign,assignment]
    answers = [json.loads(r.body) for r in api.gateway.turn(requests)]
    store.transaction = whole  # type: ignore[method-assign]

    assert [a["status"] for a in answers] == ["ok", "error", "error"]
    assert (answers[1]["error_code"], api.used()) == (500, 0)


class Buggy(Hook):
    """Fails at a step of the calls of one phone."""

    def __init__(self, step: str) -> None:
        self._step = step

    def _fail(self, step: str, call: Call) -> None:
        if step == self._step and call.params.get("phone") == "70000000009":
            raise ValueError("token=demo-token")

    def on_call(self, call: Call) -> Call | Answer | Page:
        self._fail("on_call", call)
        return call

    def on_response(self, call: Call, _answer: Answer | Page, response: Response) -> Response:
        self._fail("on_response", call)
        return response


@pytest.mark.parametrize("step", ["on_call", "on_response"])
@pytest.mark.parametrize("state", ["memory", "state.db"])
def test_a_bug_that_one_call_meets_is_nothing_to_the_others_of_its_turn(
    step: str, state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load({"state": state if state == "memory" else str(tmp_path / state)})
    gateway = open_gateway(settings, hook=lambda _: Buggy(step))
    queries = [urlencode({**WHOLE, "phone": f"7000000000{last}"}).encode() for last in (1, 9, 2)]
    turn = gateway.turn([Request("GET", b"/api/create", query, {}, b"", "127.0.0.1") for query in queries])
    gateway.mock.store.close()

    assert [response.status for response in turn] == [200, 500, 200]
    assert json.loads(turn[1].body)["message"] == "the mock failed; its standard error says where"
    said = capsys.readouterr().err
    assert "the gateway failed with ValueError at test_gateway.py:" in said
    assert TOKEN not in said


class Stub(Hook):
    """Answers info itself, reads every other call as one of source 3, and notes what it is shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, Any]] = []

    def on_call(self, call: Call) -> Call | Answer:
        self.shown.append(("call", dict(call.params)))
        if call.operation == "info":
            return Answer({"status": "ok", "data": "stubbed"}, "xml")
        return replace(call, params={**call.params, "source": "3"})

    def on_answer(self, call: Call, answer: Answer | Page) -> Answer | Page:
        self.shown.append(("answer", call.params.get("source")))
        return replace(answer, http=202)

    def on_response(self, call: Call, answer: Answer | Page, response: Response) -> Response:
        self.shown.append(("response", (call.operation, answer.http)))
        return replace(response, body=response.body.upper())


def test_a_hook_changes_the_call_the_answer_and_the_response() -> None:
    api = Api()
    api.gateway.hook = hook = Stub()
    response = api.send("create", phone=PHONE, source=2)
    api.gateway.hook = None
    task = api.mock.store.read_task(1)

    assert (response.status, response.body) == (202, b'{"STATUS":"OK","ID":1}')
    assert task is not None
    assert task.source == 3
    assert hook.shown[1:] == [("answer", "2"), ("response", ("create", 202))]


def test_a_hook_may_answer_in_place_of_the_mock() -> None:
    api = Api()
    api.mock.answer = lambda *_: pytest.fail("the mock was asked")  # type: ignore[method-assign]
    api.gateway.hook = Stub()
    response = api.send("info")

    assert response.status == 202
    assert b"<DATA>STUBBED</DATA>" in response.body


def test_a_request_that_is_no_call_does_not_reach_the_hook() -> None:
    api = Api()
    api.gateway.hook = hook = Stub()
    plain = Api()
    requests = [
        Request("GET", b"/none", b"", {}, b"", "::1"),
        Request("POST", b"/api/create", b"format=csv", {}, b"", "::1", too_large=True),
    ]

    assert api.gateway.turn(requests) == plain.gateway.turn(requests)
    assert hook.shown == []
