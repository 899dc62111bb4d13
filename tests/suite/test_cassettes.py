"""`ifind-mock validate` on cassettes: those that libraries write, and every other form of them."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import betamax
import pytest
import requests
import vcr

from support.processes import Serving, serving
from support.recorded import (
    BAD,
    BASE64,
    CREATED,
    READY,
    READY_PHONE,
    dumped,
    outcomes,
    report,
    url,
)


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving("--delay", "0s", cwd=tmp_path_factory.mktemp("mock")) as running:
        yield running


def calls(mock: Serving, session: requests.Session) -> None:
    """A create by GET, one by POST, and what becomes of them; and an address that is not the API's."""
    account = {"login": "demo@example.com", "token": "demo-token"}
    made = {**account, "phone": "70001234567", "source": "2"}
    session.get(f"{mock.api}/create", params=made)
    session.post(f"{mock.api}/create", data={**made, "format": "xml"})
    session.get(f"{mock.api}/result", params={**account, "id": "1", "format": "csv"})
    session.get(mock.api.removesuffix("/api") + "/_mock/health")


NAMES = ["#1 (GET create)", "#2 (POST create)", "#3 (GET result)"]


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_a_cassette_of_vcrpy_is_read(mock: Serving, tmp_path: Path, serializer: str) -> None:
    recorder = vcr.VCR(serializer=serializer, record_mode="all")
    with recorder.use_cassette(str(tmp_path / "c")):
        calls(mock, requests.Session())

    result = report((tmp_path / "c").read_bytes())

    assert outcomes(result) == {f"-{name}": "holds" for name in NAMES}
    assert result["recordings"][0]["ignored"] == {"of other addresses": 1}


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("exact", [False, True])
def test_a_cassette_of_betamax_is_read(mock: Serving, tmp_path: Path, exact: bool) -> None:
    session = requests.Session()
    recorder = betamax.Betamax(session, cassette_library_dir=str(tmp_path))
    with recorder.use_cassette("c", record="all", preserve_exact_body_bytes=exact):
        calls(mock, session)

    assert outcomes(report((tmp_path / "c.json").read_bytes())) == {f"-{name}": "holds" for name in NAMES}


def test_a_vcrpy_cassette_with_filtered_secrets_is_read(mock: Serving, tmp_path: Path) -> None:
    secrets = ["login", "token", "phone"]
    recorder = vcr.VCR(record_mode="all", filter_query_parameters=secrets, filter_post_data_parameters=secrets)
    with recorder.use_cassette(str(tmp_path / "c.yaml")):
        calls(mock, requests.Session())

    assert outcomes(report((tmp_path / "c.yaml").read_bytes())) == {f"-{name}": "holds" for name in NAMES}


# Other forms of cassettes, each with a good answer and a bad one.

Maker = Callable[[list[tuple[str, bytes, dict[str, str]]]], bytes]
PACKED = gzip.compress(CREATED.encode())


def ruby(calls: list[tuple[str, bytes, dict[str, str]]], *, packed: bool = False) -> bytes:
    def body(content: bytes) -> dict[str, object]:
        if packed:
            return {"encoding": "ASCII-8BIT", "base64_string": BASE64(content).decode()}
        return {"encoding": "UTF-8", "string": content.decode()}

    interactions = [
        {
            "request": {"method": "get", "uri": uri, "body": {"encoding": "US-ASCII", "string": ""}, "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {k: [v] for k, v in head.items()},
                "body": body(content),
                "http_version": None,
            },
            "recorded_at": "Tue, 01 Jan 2030 00:00:00 GMT",
        }
        for uri, content, head in calls
    ]
    return b"---\n" + dumped({"http_interactions": interactions, "recorded_with": "VCR 6.2.0"})


def ruby_binary(calls: list[tuple[str, bytes, dict[str, str]]]) -> bytes:
    text = b"---\nhttp_interactions:\n"
    for uri, content, head in calls:
        heads = "".join(f"      {k}: [{json.dumps(v)}]\n" for k, v in head.items())
        text += (
            f"- request:\n    method: get\n    uri: {json.dumps(uri)}\n  response:\n    status:\n      code: 200\n"
            f"    headers:\n{heads or '      A: [b]'}\n    body:\n      encoding: ASCII-8BIT\n"
            f"      string: !binary |-\n        {BASE64(content).decode()}\n"
        ).encode()
    return text


def old_ruby(calls: list[tuple[str, bytes, dict[str, str]]]) -> bytes:
    return b"--- \n" + b"".join(
        (
            f"- !ruby/struct:VCR::HTTPInteraction \n  request: !ruby/struct:VCR::Request \n    method: :get\n"
            f"    uri: {json.dumps(uri)}\n  response: !ruby/struct:VCR::Response \n"
            f"    status: !ruby/struct:VCR::ResponseStatus \n      code: 200\n"
            f"    body: {json.dumps(content.decode())}\n"
        ).encode()
        for uri, content, _ in calls
    )


def go(calls: list[tuple[str, bytes, dict[str, str]]]) -> bytes:
    interactions = [
        {
            "id": i,
            "request": {"proto": "HTTP/1.1", "body": "", "form": {}, "headers": {}, "url": uri, "method": "GET"},
            "response": {"body": content.decode(), "headers": {}, "status": "200 OK", "code": 200, "duration": "1ms"},
        }
        for i, (uri, content, _) in enumerate(calls)
    ]
    return b"---\n" + dumped({"version": 2, "interactions": interactions})


def php(calls: list[tuple[str, bytes, dict[str, str]]], *, as_json: bool = False) -> bytes:
    listed = [
        {
            "request": {"method": "GET", "url": uri, "headers": {"Host": "api.invalid"}},
            "response": {
                "status": {"http_version": "1.1", "code": "200", "message": "OK"},
                "headers": head,
                "body": content.decode(),
            },
            "index": 0,
        }
        for uri, content, head in calls
    ]
    return json.dumps(listed).encode() if as_json else b"\n" + dumped(listed)


def old_vcrpy(calls: list[tuple[str, bytes, dict[str, str]]]) -> bytes:
    interactions = [
        {
            "request": {"body": None, "headers": {}, "method": "GET", "uri": uri},
            "response": {"content": content.decode(), "headers": [list(p) for p in head.items()], "status_code": 200},
        }
        for uri, content, head in calls
    ]
    return dumped({"interactions": interactions, "version": 1})


def python_2(calls: list[tuple[str, bytes, dict[str, str]]]) -> bytes:
    return b"interactions:\n" + b"".join(
        (
            f"- request:\n    body: !!python/unicode ''\n    headers: {{}}\n    method: !!python/unicode GET\n"
            f"    uri: !!python/unicode {json.dumps(uri)}\n  response:\n"
            f"    body: {{string: !!python/unicode {json.dumps(content.decode())}}}\n"
            f"    headers: {{}}\n    status: {{code: 200, message: OK}}\n"
        ).encode()
        for uri, content, _ in calls
    )


CASSETTES: dict[str, Maker] = {
    "VCR": ruby,
    "VCR, exact bytes": lambda calls: ruby(calls, packed=True),
    "VCR, binary": ruby_binary,
    "VCR 1": old_ruby,
    "go-vcr": go,
    "PHP-VCR": php,
    "PHP-VCR in JSON": lambda calls: php(calls, as_json=True),
    "vcrpy with httpx": old_vcrpy,
    "vcrpy of Python 2": python_2,
}


@pytest.mark.parametrize("name", CASSETTES)
def test_each_form_of_cassettes_is_read(name: str) -> None:
    answers = [
        (url("create", phone=READY_PHONE, source="2"), CREATED.encode(), {}),
        ("https://other.invalid/x", b"<html>", {}),
        (url("result", id="7"), READY.encode(), {}),
        (url("create"), BAD.encode(), {}),
    ]

    result = report(CASSETTES[name](answers))

    assert outcomes(result) == {
        "-#1 (GET create)": "holds",
        "-#3 (GET result)": "holds",
        "-#4 (GET create)": "broken",
    }
    assert result["recordings"] == [
        {"file": "-", "kind": "cassette", "entries": 4, "answers": 3, "ignored": {"of other addresses": 1}}
    ]


@pytest.mark.parametrize("name", ["VCR, exact bytes", "VCR, binary"])
def test_packed_bodies_of_a_cassette_are_unpacked(name: str) -> None:
    answers = [
        (url("create"), PACKED, {"Content-Encoding": "gzip"}),
        (url("create"), PACKED, {}),
        (url("create"), zlib.compress(CREATED.encode()), {"content-encoding": "deflate"}),
        (url("create"), b"\x0b\x07\x80" + CREATED.encode() + b"\x03", {"content-encoding": "br"}),
    ]

    result = report(CASSETTES[name](answers))

    assert [*outcomes(result).values()] == ["holds", "holds", "holds", "not checked"]
    assert "compressed bytes (br): capture the unpacked body" in result["files"][3]["trouble"]


def test_values_of_a_cassette_are_texts_whatever_they_look_like() -> None:
    text = (
        "interactions:\n- request: {body: null, headers: {}, method: GET, uri: 'https://h/api/result'}\n"
        "  response:\n    body: {string: 2030-01-01}\n    headers: {}\n    status: {code: 200, message: 2030-01-01}\n"
    )

    assert [*outcomes(report(text.encode())).values()] == ["broken"]


def test_merge_keys_of_a_cassette_multiply_nothing() -> None:
    keys = ", ".join(f"k{number}: v" for number in range(8_000))
    merged = ", ".join(["*a"] * 8_000)
    began = time.process_time()
    report(f"interactions: []\na: &a {{{keys}}}\nb: {{? !!merge m : [{merged}]}}\n".encode())

    assert time.process_time() - began < 10  # 64 million keys take a minute


@pytest.mark.parametrize(
    "begin",
    ["# recorded", "%YAML 1.1\n---", "\ufeff---", "\nversion: 1"],
    ids=["comment", "directive", "mark", "version"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_stands_before_the_interactions_does_not_matter(begin: str, end: str) -> None:
    interactions = go([(url("create"), CREATED.encode(), {})]).partition(b"interactions:")
    text = f"{begin}\ninteractions:{interactions[2].decode()}".replace("\n", end)

    assert [*outcomes(report(text.encode())).values()] == ["holds"]


def test_a_body_that_a_cassette_lacks_is_told() -> None:
    text = b"interactions:\n- request: {method: GET, uri: 'https://h/api/result'}\n  response: {status: {code: 200}}\n"
    cut = ruby([(url("create"), CREATED[:9].encode(), {"Content-Length": "22"})])

    assert report(text)["files"][0]["trouble"] == "its body was not kept: record it again"
    assert "which has 9 of 22 bytes" in report(cut)["files"][0]["trouble"]
