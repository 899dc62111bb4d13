"""assert_conforms: checks a response of any HTTP library, and no value of it is reported."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import AsyncMock, Mock
from urllib.response import addinfourl

import aiohttp.web
import django.http
import falcon
import httpx
import httpx2
import pytest
import requests
import starlette.responses
import urllib3
import werkzeug
from django.template.response import SimpleTemplateResponse

from contract_tests.captured.capture import Capture
from contract_tests.captured.conforms import DoesNotConform, assert_conforms
from contract_tests.captured.sent import SentCall
from contract_tests.contract.clauses import UsageError
from support.clients import (
    CLIENTS,
    KEEP_FORM,
    KEEP_URL,
    Canned,
    Sent,
    WebObResponse,
    by_aiohttp,
    django_ready,
    socket_server,
)
from support.raw_server import says
from support.raw_server import server as raw_server
from support.samples import FIXTURES, SAMPLES, name_of, schema_of

CREATED = b'{"status":"ok","id":1}'
BAD = b'{"status":"ok","id":"secret-value"}'
TOKEN = "secret-token"
URL = f"http://api.invalid/api/create?login=me@example.com&token={TOKEN}&phone=70001234567&source=2"


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_every_sample_conforms_and_its_members_are_given(sample: Path) -> None:
    model = assert_conforms(sample.read_bytes())

    kind = schema_of(sample).partition("-")[0]
    assert model["status"] == {"create": "ok", "info": "ok"}.get(kind, kind)
    if sample.suffix == ".json":
        assert model == json.loads(sample.read_bytes())


def test_a_text_is_taken_too() -> None:
    assert assert_conforms(CREATED.decode()) == {"status": "ok", "id": 1}


# The libraries, each with its own response.


@pytest.fixture(scope="module")
def server() -> Iterator[Canned]:
    canned = Canned()
    with socket_server(canned) as canned.base:
        yield canned


@pytest.fixture
def canned(server: Canned) -> Canned:
    fresh = Canned(CREATED)
    server.body, server.status, server.headers, server.chunked = fresh.body, fresh.status, fresh.headers, fresh.chunked
    return server


CREDENTIALS = {"login": "me@example.com", "token": TOKEN}
CREATE = Sent("/api/create", {**CREDENTIALS, "phone": "70001234567", "source": "2"})


@pytest.mark.parametrize("name", CLIENTS)
def test_the_response_of_each_client_is_read(canned: Canned, name: str) -> None:
    response = CLIENTS[name](canned, CREATE)

    assert assert_conforms(response) == {"status": "ok", "id": 1}
    assert assert_conforms(response) == {"status": "ok", "id": 1}


@pytest.mark.parametrize("name", CLIENTS)
def test_the_status_of_each_client_counts(canned: Canned, name: str) -> None:
    canned.status = 503

    with pytest.raises(DoesNotConform, match=r"HTTP 503\) does not conform"):
        assert_conforms(CLIENTS[name](canned, CREATE))


@pytest.mark.parametrize("name", CLIENTS)
def test_what_each_client_has_received_is_judged_and_not_shown(canned: Canned, name: str) -> None:
    canned.body = BAD

    with pytest.raises(DoesNotConform) as caught:
        assert_conforms(CLIENTS[name](canned, CREATE), profile={})

    text = f"{caught.value}{caught.value.problems}"
    assert "id: expected a whole number, found a text of 12 characters (create.ok, documented)" in text
    for secret in ("secret-value", TOKEN, "me@example.com", "70001234567"):
        assert secret not in text


@pytest.mark.parametrize("name", sorted(KEEP_URL))
def test_the_url_of_the_request_shows_method_and_format(canned: Canned, name: str) -> None:
    canned.body = b"status,id\r\nok,1\r\n"

    with pytest.raises(DoesNotConform, match=r"create in json|an answer of create in json|an answer in json"):
        assert_conforms(CLIENTS[name](canned, CREATE), format="json")
    with pytest.raises(DoesNotConform, match="an answer in xml"):
        assert_conforms(CLIENTS[name](canned, Sent(CREATE.path, {**CREATE.query, "format": "xml"})))
    assert assert_conforms(CLIENTS[name](canned, Sent(CREATE.path, {**CREATE.query, "format": "csv"})))["id"] == 1


@pytest.mark.parametrize("multipart", [False, True], ids=["urlencoded", "multipart"])
@pytest.mark.parametrize("name", sorted(KEEP_FORM))
def test_the_form_of_the_request_shows_format_and_token(canned: Canned, name: str, multipart: bool) -> None:
    def answered(body: str, **more: str) -> object:
        canned.body = body.encode()
        form = {**CREDENTIALS, "phone": "70001234567", "source": "2", **more}
        return CLIENTS[name](canned, Sent("/api/create", form=form, multipart=multipart))

    with pytest.raises(DoesNotConform, match="an answer in xml"):
        assert_conforms(answered("status,id\r\nok,1\r\n", format="xml"))
    with pytest.raises(DoesNotConform, match="an answer in json"):
        assert_conforms(answered("status,id\r\nok,1\r\n"))
    with pytest.raises(DoesNotConform, match=r"token\.never-repeated, law"):
        assert_conforms(answered(f'{{"status":"error","error_code":1,"message":"{TOKEN}"}}'))


@pytest.mark.parametrize("name", sorted(KEEP_URL))
def test_the_phone_and_source_of_the_request_are_what_a_ready_answer_must_fit(canned: Canned, name: str) -> None:
    canned.body = (FIXTURES / "synthetic/json/ready-data-one.json").read_bytes()
    phone = json.loads(canned.body)["data"][0]["phone"]
    query = {**CREDENTIALS, "id": "1", "phone": phone, "source": "2"}

    assert assert_conforms(CLIENTS[name](canned, Sent("/api/result", query)))["status"] == "ready"
    with pytest.raises(DoesNotConform, match=r"result\.row-phone") as caught:
        assert_conforms(CLIENTS[name](canned, Sent("/api/result", {**query, "phone": "70007777777"})))
    assert "7777777" not in str(caught.value)
    names = (FIXTURES / "synthetic/json/ready-names.json").read_text(encoding="utf-8").replace('"data":[],', "")
    canned.body = names.encode()
    with pytest.raises(DoesNotConform, match=r"data: expected to be there, found nothing \(result\.own-section"):
        assert_conforms(CLIENTS[name](canned, Sent("/api/result", query)))


def test_a_packed_body_that_a_client_leaves_packed_is_unpacked(canned: Canned) -> None:
    canned.headers = {**canned.headers, "Content-Encoding": "gzip"}
    canned.body = gzip.compress(CREATED)

    for name in ("requests", "httpx", "aiohttp", "urllib3", "http.client", "urllib.request", "flask", "django"):
        assert assert_conforms(CLIENTS[name](canned, CREATE))["id"] == 1, name
    canned.headers["Content-Encoding"] = "deflate"
    canned.body = zlib.compress(CREATED)
    assert assert_conforms(CLIENTS["urllib.request"](canned, CREATE))["id"] == 1
    canned.headers["Content-Encoding"] = "br"
    canned.body = b"\x0b\x07\x80" + CREATED + b"\x03"
    with pytest.raises(DoesNotConform, match=r"compressed bytes \(br\): capture the unpacked body"):
        assert_conforms(CLIENTS["urllib.request"](canned, CREATE))


# Made by hand.


class LikeHttpcore(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


def by_hand() -> dict[str, object]:
    from_bytes = requests.Response()
    from_bytes._content, from_bytes.status_code = CREATED, 200
    from_stream = requests.Response()
    from_stream.raw, from_stream.status_code = io.BytesIO(CREATED), 200
    bare = requests.Response()
    bare._content = CREATED
    django_ready()
    files = {"request": httpx.Request("POST", URL, data={"format": "json"}, files={"a": b"x"})}
    streamed = {"request": httpx.Request("POST", URL, content=iter([b"a"]))}
    return {
        "httpx": httpx.Response(200, json={"status": "ok", "id": 1}),
        "httpx with a text": httpx.Response(200, text=CREATED.decode()),
        "httpx with a multipart request": httpx.Response(200, content=CREATED, **files),
        "httpx with a streamed request": httpx.Response(200, content=CREATED, **streamed),
        "httpx2": httpx2.Response(200, json={"status": "ok", "id": 1}),
        "requests": from_bytes,
        "requests with a stream": from_stream,
        "requests without a status": bare,
        "urllib3": urllib3.HTTPResponse(CREATED, status=200),
        "urllib3 with a stream": urllib3.HTTPResponse(io.BytesIO(CREATED), status=200, preload_content=False),
        "urllib": addinfourl(io.BytesIO(CREATED), Message(), URL, 200),
        "aiohttp's server": aiohttp.web.Response(body=CREATED),
        "werkzeug": werkzeug.Response(CREATED),
        "werkzeug in pieces": werkzeug.Response(iter([CREATED[:4], CREATED[4:]])),
        "webob": WebObResponse(CREATED),
        "webob in pieces": WebObResponse(app_iter=iter([CREATED[:4], CREATED[4:]])),
        "starlette": starlette.responses.JSONResponse({"status": "ok", "id": 1}),
        "django": django.http.HttpResponse(CREATED),
        "django's JSON": django.http.JsonResponse({"status": "ok", "id": 1}),
        "a stand-in": Mock(content=CREATED, status_code=200),
        "with headers in pairs": LikeHttpcore(200, [(b"Content-Type", b"a/b")], CREATED),
    }


@pytest.mark.parametrize("name", by_hand())
def test_a_response_that_was_made_by_hand_is_read(name: str) -> None:
    assert assert_conforms(by_hand()[name], method="create") == {"status": "ok", "id": 1}


@pytest.mark.parametrize("name", by_hand())
def test_a_response_that_was_made_by_hand_is_judged(name: str) -> None:
    with pytest.raises(DoesNotConform):
        assert_conforms(by_hand()[name], method="result")


# Streams that are not read yet, or used up: never an empty body.


def after(response: Any, *uses: Callable[[Any], object]) -> Callable[[], object]:
    def used() -> object:
        for use in uses:
            use(response)
        return response

    return used


async def pieces() -> AsyncIterator[bytes]:
    yield CREATED


def streamed() -> requests.Response:
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(io.BytesIO(CREATED), status=200, preload_content=False)
    response.status_code = 200
    return response


def raw() -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(io.BytesIO(CREATED), status=200, preload_content=False)


def of_httpx() -> httpx.Response:
    return httpx.Response(200, content=iter([CREATED]), request=httpx.Request("GET", URL))


def made_by_django(kind: str, content: object) -> object:
    django_ready()
    return getattr(django.http, kind)(content)


def made_by_django_template() -> object:
    django_ready()
    return SimpleTemplateResponse("none.html")


LEFT = {"Content-Length": str(len(CREATED))}
STREAMS: dict[str, tuple[Callable[[], object], str]] = {
    "httpx, unread": (of_httpx, r"call response\.read\(\)"),
    "httpx, unread in async": (lambda: httpx.Response(200, content=pieces()), r"await response\.aread\(\)"),
    "httpx, used up": (after(of_httpx(), lambda r: [*r.iter_bytes()]), "read already"),
    "httpx, used in part": (after(of_httpx(), lambda r: next(r.iter_bytes())), "read already"),
    "httpx, closed": (after(of_httpx(), lambda r: r.close()), "closed before"),
    "requests, used up": (after(streamed(), lambda r: [*r.iter_content(4)]), "read already"),
    "requests, used in part": (after(streamed(), lambda r: next(r.iter_content(4))), "read already"),
    "requests, by raw": (after(streamed(), lambda r: r.raw.read()), "read already"),
    "requests, closed": (after(streamed(), lambda r: r.close()), "closed before"),
    "requests, without a body": (requests.Response, "no body"),
    "urllib3, used up": (after(raw(), lambda r: r.read()), "read already"),
    "urllib3, used in part": (after(raw(), lambda r: r.read(4)), "read already"),
    "urllib3, drained": (after(raw(), lambda r: r.drain_conn()), "read already"),
    "urllib3, closed": (after(raw(), lambda r: r.close()), "closed before"),
    "urllib, used in part": (
        after(addinfourl(io.BytesIO(CREATED), Message(), URL, 200), lambda r: r.read(3)),
        "read already",
    ),
    "werkzeug, used up": (after(werkzeug.Response(iter([CREATED])), lambda r: [*r.response]), "nothing is left"),
    "werkzeug, announced": (
        after(werkzeug.Response(iter([CREATED]), headers=LEFT), lambda r: [*r.response]),
        "is left",
    ),
    "werkzeug, passed through": (lambda: werkzeug.Response(iter([CREATED]), direct_passthrough=True), "RuntimeError"),
    "webob, used up": (after(WebObResponse(app_iter=iter([CREATED])), lambda r: [*r.app_iter]), "nothing is left"),
    "webob, announced": (
        after(WebObResponse(app_iter=iter([CREATED]), content_length=22), lambda r: [*r.app_iter]),
        "nothing is left",
    ),
    "starlette": (
        lambda: starlette.responses.StreamingResponse(iter([CREATED])),
        r"b''\.join\(\[piece async for piece in response\.body_iterator\]\)",
    ),
    "starlette's file": (lambda: starlette.responses.FileResponse(__file__), "the bytes of that file"),
    "django": (
        lambda: made_by_django("StreamingHttpResponse", iter([CREATED])),
        r"b''\.join\(response\.streaming_cont",
    ),
    "django, in async": (lambda: made_by_django("StreamingHttpResponse", pieces()), r"\[piece async for piece in resp"),
    "django's file": (lambda: made_by_django("FileResponse", io.BytesIO(CREATED)), r"response\.streaming_content"),
    "django's template": (made_by_django_template, r"ContentNotRenderedError at \.content"),
    "a stand-in without its rest": (
        lambda: Mock(content=CREATED[:4], status_code=200, headers=LEFT),
        "4 of the 22 byt",
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_body_that_is_not_there_to_read_is_refused_with_what_to_do(name: str) -> None:
    make, what = STREAMS[name]

    with pytest.raises(ValueError, match=what) as caught:
        assert_conforms(make())
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("name", ["http.client", "urllib.request"])
def test_a_stream_that_somebody_has_begun_to_read_is_refused(canned: Canned, name: str, chunked: bool) -> None:
    canned.chunked = chunked
    for use in (lambda r: r.read(), lambda r: r.read(3), lambda r: r.readline(), lambda r: r.close()):
        response = CLIENTS[name](canned, CREATE)
        use(response)

        with pytest.raises(ValueError, match="read already: pass the bytes"):
            assert_conforms(response)


def test_a_stream_is_read_once_and_remembered(canned: Canned) -> None:
    response = CLIENTS["http.client"](canned, CREATE)

    model = assert_conforms(response)

    assert response.read() == b""
    assert assert_conforms(response) == model


def test_an_answer_that_breaks_off_is_reported_without_its_address() -> None:
    cut = says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
    with raw_server(cut, cut) as url:
        for response in (
            urllib.request.urlopen(f"{url}?token={TOKEN}", timeout=10),
            requests.get(url, {"token": TOKEN}, stream=True, timeout=10),
        ):
            with pytest.raises(ValueError, match=r"breaks off after 1 of 50 bytes|ChunkedEncodingError") as caught:
                assert_conforms(response)
            assert TOKEN not in f"{caught.value}{caught.value.__cause__}"


def test_a_body_that_a_coroutine_has_to_read_first_is_refused(canned: Canned) -> None:
    canned.chunked = True

    with pytest.raises(ValueError, match=r"await response\.read\(\)"):
        assert_conforms(by_aiohttp(canned, CREATE, read=False))


@pytest.mark.parametrize("name", ["requests", "httpx", "urllib3", "http.client"])
def test_an_answer_to_head_is_refused_since_it_has_no_body(canned: Canned, name: str) -> None:
    responses: dict[str, Callable[[], object]] = {
        "requests": lambda: requests.head(canned.base + CREATE.target, timeout=10),
        "httpx": lambda: httpx.head(canned.base + CREATE.target, trust_env=False),
        "urllib3": lambda: urllib3.PoolManager().request("HEAD", canned.base + CREATE.target),
        "http.client": lambda: urllib.request.urlopen(urllib.request.Request(canned.base, method="HEAD"), timeout=10),
    }

    with pytest.raises(ValueError, match=r"HEAD request|bytes that Content-Length names"):
        assert_conforms(responses[name]())


def test_an_empty_body_is_an_answer_where_the_server_says_so(canned: Canned) -> None:
    canned.body = b""

    for name in sorted(CLIENTS):
        with pytest.raises(DoesNotConform, match="found an empty body"):
            assert_conforms(CLIENTS[name](canned, CREATE))


# What the shape of a response may be, beside the libraries.


@dataclass
class Broken:
    """A response whose properties raise."""

    error: Exception
    status_code: int = 200

    @property
    def content(self) -> bytes:
        raise self.error


@dataclass
class WithoutRequest:
    content: bytes
    error: Exception
    status_code: int = 200

    @property
    def request(self) -> object:
        raise self.error


def test_a_property_that_raises_is_reported_by_its_name_alone() -> None:
    with pytest.raises(ValueError, match=r"this Broken can't be read \(KeyError at \.content\)") as caught:
        assert_conforms(Broken(KeyError(TOKEN)))
    assert TOKEN not in str(caught.value)


def test_a_request_that_is_not_there_is_none_and_one_that_breaks_is_reported() -> None:
    assert assert_conforms(WithoutRequest(CREATED, RuntimeError("not set")))["id"] == 1
    with pytest.raises(ValueError, match=r"ZeroDivisionError at \.request"):
        assert_conforms(WithoutRequest(CREATED, ZeroDivisionError()))


async def coroutine() -> None:
    pass


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        (None, "None is not a known response; supported"),
        (5, ""),
        ({"status": "ok"}, ""),
        (object(), ""),
        (["a"], ""),
        (json, ""),
        (httpx.Response, ""),
        (io.BytesIO(CREATED), ""),
        (Path("answer.json"), ""),
        (httpx.Request("GET", URL), r"it is a request: pass its response"),
        (requests.Request("GET", URL).prepare(), r"it is a request: pass its response"),
        (httpx.Client().stream("GET", URL), "pass what `with … as response` gives"),
        (falcon.Response(), ""),
        (aiohttp.web.StreamResponse(), ""),
        (Mock(), ""),
        (AsyncMock(), ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_unknown_kind_of_response_is_refused_with_the_supported_ones(thing: object, hint: str) -> None:
    with pytest.raises(TypeError, match=rf"(?=.*{hint}).*supported: bytes, str, .*requests, httpx"):
        assert_conforms(thing)


def test_what_must_be_awaited_first_is_named() -> None:
    waiting = coroutine()
    try:
        with pytest.raises(TypeError, match=r"coroutine is not a known response \(await it first\)"):
            assert_conforms(waiting)
    finally:
        waiting.close()


def test_the_reprs_of_what_is_judged_hold_no_secret() -> None:
    call = SentCall("POST", URL, (("token", TOKEN),))

    assert TOKEN in repr(call.asked.secrets)
    for thing in (call, call.asked, Capture(f'{{"message":"{TOKEN}"}}'.encode())):
        assert TOKEN not in repr(thing)


# What a response shows.


@dataclass
class Request:
    method: str = "GET"
    url: Any = URL
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class LikeRequests:
    content: bytes
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    request: Any = field(default_factory=Request)


def test_an_answer_that_repeats_the_token_of_its_call_does_not_conform() -> None:
    repeats = json.dumps({"status": "error", "error_code": 1, "message": f"no {TOKEN}"}).encode()

    assert assert_conforms(repeats)
    with pytest.raises(DoesNotConform, match=r"token\.never-repeated, law") as caught:
        assert_conforms(LikeRequests(repeats))
    assert TOKEN not in str(caught.value)


def test_an_address_that_is_an_object_is_read_as_text() -> None:
    class Address:
        def __str__(self) -> str:
            return URL

    with pytest.raises(DoesNotConform, match="create in json"):
        assert_conforms(LikeRequests(b'{"status":"processing"}', request=Request(url=Address())))


def test_json_is_due_where_the_call_named_no_format() -> None:
    table = b"status,id\r\nok,1\r\n"

    assert assert_conforms(LikeRequests(table, request=Request("POST")))
    with pytest.raises(DoesNotConform, match="an answer in json"):
        assert_conforms(LikeRequests(table))
    assert assert_conforms(LikeRequests(table), format="csv")


def test_every_problem_is_listed_those_that_break_a_promise_first() -> None:
    ready = json.loads((FIXTURES / "synthetic/json/ready-data-one.json").read_bytes())
    ready["data"][0] |= {"price": "dear", "title": None, "phone": "7 000 000 00 02"}
    del ready["cost"]

    with pytest.raises(DoesNotConform) as caught:
        assert_conforms(json.dumps(ready), source=2, phone="70000000001", profile={})

    lines = [line.strip().partition(":")[::2] for line in str(caught.value).splitlines()[1:]]
    assert [(word, rest.split(":")[0].strip()) for word, rest in lines] == [
        ("broken", "cost"),
        ("broken", "data[0].phone"),
        ("broken", "data[0].title"),
        ("refuted", "data[0].price"),
    ]
    clauses = {"result.ready", "result.row-phone", "result.row-fields", "row.price"}
    assert {p.clause for p in caught.value.problems} == clauses


def test_an_assumption_counts_with_strict_only(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[profile]\n"xml.root" = "answer"\n', encoding="utf-8")
    body = b"<r><status>processing</status></r>"

    assert assert_conforms(body, profile=tmp_path / "p.toml")
    with pytest.raises(DoesNotConform, match=r"refuted: the answer: expected the choice 'answer', found another one"):
        assert_conforms(body, profile=tmp_path / "p.toml", strict=True)


def test_a_layout_that_no_choice_covers_breaks_no_promise_and_counts_with_strict() -> None:
    body = b"<rows><row><c>a</c></row><row><c>b</c></row></rows>"

    assert assert_conforms(body, method="create", format="xml") == {}
    with pytest.raises(DoesNotConform, match="refuted: the answer: expected a layout that a choice of this clause"):
        assert_conforms(body, method="create", format="xml", strict=True)


def test_members_that_are_a_guess_are_given_and_not_judged() -> None:
    table = b"Access denied\r\n"

    assert assert_conforms(table, method="result", format="csv", strict=True)["names"] == [{"name": "Access denied"}]


def test_it_is_an_assertion_that_fails() -> None:
    with pytest.raises(AssertionError):
        assert_conforms(BAD)


@pytest.mark.parametrize("wrong", [{"method": "delete"}, {"format": "yaml"}, {"source": 5}])
def test_an_unknown_argument_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed are"):
        assert_conforms(CREATED, **wrong)


def test_an_unknown_clause_of_a_profile_is_refused() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'xml\.root'"):
        assert_conforms(CREATED, profile={"xml.rot": "a"})


def test_a_failure_with_the_local_variables_shown_holds_no_body_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        f"""
import httpx
from mockserver.testing import assert_conforms

REQUEST = httpx.Request("GET", {URL!r})

def test_an_answer():
    assert_conforms(httpx.Response(200, content={BAD!r}, request=REQUEST))

def test_a_stream():
    assert_conforms(httpx.Response(200, content=iter([{BAD!r}]), request=REQUEST))
""",
        encoding="utf-8",
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--showlocals", "--tb=long", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "2 failed" in done.stdout
    assert not {"conforms.py", "responses.py"} & {*re.findall(r"\w+\.py", done.stdout)}
    shown = [line for line in done.stdout.splitlines() if not line.startswith((">", "    "))]
    assert not [line for line in shown if TOKEN in line or "secret-value" in line]


def test_it_is_loaded_when_it_is_asked_for_and_loads_no_transport() -> None:
    program = """
import sys, contract_tests
before = {*sys.modules}
contract_tests.assert_conforms
print("jsonschema" in before, {"h11", "pytest", "contract_tests.transport.client"} & {*sys.modules})
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "False set()\n"
