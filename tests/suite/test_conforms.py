"""assert_conforms: checks a response of any HTTP library, and no value of it is reported."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from contract_tests.captured.conforms import DoesNotConform, assert_conforms
from contract_tests.contract.clauses import UsageError
from mockserver.settings.loading import load
from mockserver.web.app import create_app
from support.processes import Serving, serving
from support.samples import FIXTURES, SAMPLES, name_of, schema_of

CREATED = b'{"status":"ok","id":1}'
BAD = b'{"status":"ok","id":"secret-value"}'
TOKEN = "secret-token"
URL = f"http://api.invalid/api/create?login=me@example.com&token={TOKEN}&phone=70001234567&source=2"
QUERY = "login=demo@example.com&token=demo-token"


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_every_sample_conforms_and_its_members_are_given(sample: Path) -> None:
    model = assert_conforms(sample.read_bytes())

    kind = schema_of(sample).partition("-")[0]
    assert model["status"] == {"create": "ok", "info": "ok"}.get(kind, kind)
    if sample.suffix == ".json":
        assert model == json.loads(sample.read_bytes())


def test_a_text_is_taken_too() -> None:
    assert assert_conforms(CREATED.decode()) == {"status": "ok", "id": 1}


# The libraries that are here.


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(cwd=tmp_path_factory.mktemp("mock")) as running:
        yield running


def test_a_response_of_http_client_is_read_once_and_remembered(mock: Serving) -> None:
    connection = http.client.HTTPConnection(urlsplit(mock.api).netloc, timeout=10)
    try:
        connection.request("GET", f"/api/info?{QUERY}")
        response = connection.getresponse()

        model = assert_conforms(response, method="info")

        assert model["data"]["api_limit"]["of"] == 100
        assert response.read() == b""
        assert assert_conforms(response, method="info") == model
    finally:
        connection.close()


def test_a_response_that_was_read_by_somebody_else_is_refused(mock: Serving) -> None:
    with urllib.request.urlopen(f"{mock.api}/info?{QUERY}", timeout=10) as response:
        response.read()

        with pytest.raises(ValueError, match="has been read already: pass the bytes"):
            assert_conforms(response)


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
def test_a_response_of_urllib_shows_method_and_format_by_its_url(mock: Serving, form: str) -> None:
    with urllib.request.urlopen(f"{mock.api}/create?{QUERY}&phone=70001234567&source=2&format={form}") as response:
        assert assert_conforms(response, strict=True, profile={})["status"] == "ok"


def test_a_response_of_flasks_test_client_conforms() -> None:
    client = create_app(load({}, {})).test_client()
    sent = {"login": "demo@example.com", "token": "demo-token", "phone": "70001234567", "source": "1", "format": "xml"}

    assert assert_conforms(client.post("/api/create", data=sent), method="create")["id"] == 1
    assert assert_conforms(client.get("/api/result", query_string={**sent, "id": 1}))["status"] == "processing"
    assert assert_conforms(client.get("/api/result"))["status"] == "error"
    with pytest.raises(DoesNotConform, match=r"status"):
        assert_conforms(client.get("/api/result", query_string={**sent, "id": 1}), method="create")


# The shape of the others, by what they document.


class Headers(dict[str, str]):
    """Names in any case."""

    def get(self, key: str, default: Any = None) -> Any:
        return next((v for k, v in self.items() if k.lower() == key.lower()), default)


@dataclass
class Request:
    method: str = "GET"
    url: Any = URL
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=Headers)


@dataclass(eq=False)
class LikeRequests:
    """Of requests, and with an address that is an object and no text of httpx and Starlette."""

    content: bytes
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: Headers({"content-type": "application/json"}))
    request: Any = field(default_factory=Request)
    url: Any = URL


@dataclass(eq=False)
class LikeUrllib3:
    data: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=Headers)
    url: str | None = URL


@dataclass(eq=False)
class LikeAiohttp:
    _body: bytes | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=Headers)
    method: str = "GET"
    url: Any = URL

    async def read(self) -> bytes:
        return self._body or b""

    @property
    def content(self) -> object:
        return object()


@dataclass(eq=False)
class LikeDjango:
    content: bytes
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=Headers)
    request: Mapping[str, Any] = field(
        default_factory=lambda: {
            "PATH_INFO": urlsplit(URL).path,
            "QUERY_STRING": urlsplit(URL).query,
            "REQUEST_METHOD": "GET",
        }
    )


LIKE = [LikeRequests, LikeUrllib3, LikeAiohttp, LikeDjango]


@pytest.mark.parametrize("like", LIKE)
def test_a_response_of_each_shape_is_read_and_its_url_shows_the_method(like: Any) -> None:
    assert assert_conforms(like(CREATED)) == {"status": "ok", "id": 1}
    with pytest.raises(DoesNotConform, match='status: expected "ok"'):
        assert_conforms(like(b'{"status":"processing"}'))


@pytest.mark.parametrize("like", LIKE)
def test_the_status_counts(like: Any) -> None:
    response = like(CREATED)
    setattr(response, "status_code" if hasattr(response, "status_code") else "status", 503)

    with pytest.raises(DoesNotConform, match=r"HTTP 503\) does not conform"):
        assert_conforms(response)


@pytest.mark.parametrize("like", LIKE)
def test_no_value_and_no_credential_is_reported(like: Any) -> None:
    with pytest.raises(DoesNotConform) as caught:
        assert_conforms(like(BAD), profile={})

    text = f"{caught.value}{caught.value.problems}"
    assert "id: expected a whole number, found a text of 12 characters (create.ok, documented)" in text
    for secret in ("secret-value", TOKEN, "me@example.com", "70001234567"):
        assert secret not in text


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


def test_the_form_that_was_posted_shows_the_format() -> None:
    kind = Headers({"Content-Type": "application/x-www-form-urlencoded"})
    sent = Request("POST", "http://api.invalid/api/create", f"token={TOKEN}&format=xml", kind)

    assert assert_conforms(LikeRequests(b"<r><status>ok</status><id>1</id></r>", request=sent))["id"] == 1
    with pytest.raises(DoesNotConform, match="an answer in xml"):
        assert_conforms(LikeRequests(b"status,id\r\nok,1\r\n", request=sent))


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


@pytest.mark.parametrize("thing", [None, 5, {"status": "ok"}, object(), ["a"], json])
def test_an_unknown_kind_of_response_is_refused_with_the_supported_ones(thing: object) -> None:
    with pytest.raises(TypeError, match=r"supported: bytes, str, .*requests, httpx"):
        assert_conforms(thing)


def test_a_body_that_a_coroutine_has_to_read_first_is_refused() -> None:
    with pytest.raises(ValueError, match="await response"):
        assert_conforms(LikeAiohttp(None))


def test_it_is_loaded_when_it_is_asked_for_and_loads_no_transport() -> None:
    program = """
import sys, contract_tests
before = {*sys.modules}
contract_tests.assert_conforms
print("jsonschema" in before, {"h11", "pytest", "contract_tests.transport.client"} & {*sys.modules})
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "False set()\n"
