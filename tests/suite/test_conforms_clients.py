"""assert_conforms on what HTTP libraries have received: each response is read, and its request shows what is due."""

from __future__ import annotations

import gzip
import json
import urllib.request
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
import requests
import urllib3

from contract_tests.captured.conforms import DoesNotConform, assert_conforms
from support.clients import (
    BAD,
    CLIENTS,
    CREATED,
    KEEP_FORM,
    KEEP_URL,
    TOKEN,
    Canned,
    Sent,
    by_aiohttp,
    socket_server,
)
from support.raw_server import says
from support.raw_server import server as raw_server
from support.samples import FIXTURES


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
    with pytest.raises(ValueError, match=r"compressed bytes \(br\): pass it unpacked"):
        assert_conforms(CLIENTS["urllib.request"](canned, CREATE))


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
