"""`ifind-mock validate` on recordings: every answer of the API in a HAR file or a cassette is judged as its own."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import betamax
import pytest
import requests
import vcr
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver import data
from mockserver.cli.main import commands
from support.processes import Serving, serving
from support.samples import FIXTURES

REPORT = Draft202012Validator(json.loads(data.path("schemas", "reports", "validation.schema.json").read_bytes()))
LOGIN, TOKEN, PHONE = "me@example.com", "secret-token-4711", "70001234567"
CREDENTIALS = {"login": LOGIN, "token": TOKEN}
API = "https://api.invalid/api"
CREATED = '{"status":"ok","id":7}'
PROCESSING = '{"status":"processing"}'
BAD = '{"status":"ok","id":"7"}'
READY = (FIXTURES / "synthetic/json/ready-data-one.json").read_text(encoding="utf-8")
READY_PHONE = json.loads(READY)["data"][0]["phone"]


def validate(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(commands, ["validate", *map(str, args)], input=stdin)


def report(content: bytes, *args: object) -> dict[str, Any]:
    """The report on a file of recordings, which shows no secret of the calls."""
    done = validate("-", "--output", "json", *args, stdin=content)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    printed = done.stdout + done.stderr + validate("-", *args, stdin=content).output
    for secret in (LOGIN, TOKEN, PHONE, READY_PHONE):
        assert secret not in printed
    result: dict[str, Any] = json.loads(done.stdout)
    REPORT.validate(result)
    assert result["exit_code"] == done.exit_code
    return result


def outcomes(result: Mapping[str, Any]) -> dict[str, str]:
    return {entry["file"]: entry["outcome"] for entry in result["files"]}


# HAR files.


def url(method: str, base: str = API, **query: str) -> str:
    return f"{base}/{method}?{urlencode({**CREDENTIALS, **query})}"


def entry(address: str, text: str | None, kind: str = "application/json", **more: Any) -> dict[str, Any]:
    """An entry of a HAR file as browsers write it; more: parts that are other."""
    content: dict[str, Any] = {"size": 0 if text is None else len(text.encode()), "mimeType": kind}
    if text is not None:
        content["text"] = text
    response = {
        "status": more.get("status", 200),
        "headers": [{"name": "Content-Type", "value": kind}, *more.get("headers", [])],
        "content": {**content, **more.get("content", {})},
        "redirectURL": more.get("location", ""),
        "bodySize": -1,
    }
    request = {"method": more.get("http_method", "GET"), "url": address, "headers": [], **more.get("request", {})}
    return {"startedDateTime": "2030-01-01T00:00:00Z", "request": request, "response": response, "time": 1}


def har(*entries: object) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {}, "pages": [], "entries": entries}}).encode()


OTHERS = (
    entry("https://cdn.invalid/app.js", "alert(1)", "text/javascript"),
    entry("https://api.invalid/", "<html>", "text/html"),
    entry("https://shop.invalid/product/info", "<html>", "text/html"),
    entry(url("create"), None, http_method="OPTIONS", status=204),
    entry("about:blank", None),
    entry("https://api.invalid/api/creates?x=/create", "{}"),
)


def test_every_answer_of_the_api_in_a_har_file_is_judged_and_the_rest_is_counted() -> None:
    content = har(OTHERS[0], entry(url("create"), CREATED), *OTHERS[1:], entry(url("result", id="7"), BAD))

    result = report(content)

    assert outcomes(result) == {"-#2 (GET create)": "holds", "-#8 (GET result)": "broken"}
    assert result["exit_code"] == 1
    ignored = {"of other addresses": 4, "of /create, /result or /info of another server": 1, "by OPTIONS or HEAD": 1}
    assert result["recordings"] == [
        {"file": "-", "kind": "HAR file", "entries": 8, "answers": 2, "ignored": ignored},
    ]
    lines = validate("-", stdin=content).stdout.splitlines()
    assert lines[-1] == "2 answers: 1 holds, 1 broken"
    assert lines[-2].startswith("-: HAR file of 8 entries: 2 of the API; ignored: 4 of other addresses, 1 of /create")


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8080/api", "http://proxy.invalid/v2/lookup", "http://h", "https://h:8/a/"]
)
def test_the_api_is_recognised_behind_any_prefix(base: str) -> None:
    content = har(entry(url("create", base.rstrip("/")), CREATED), *OTHERS[:3])

    assert outcomes(report(content)) == {"-#1 (GET create)": "holds"}


@pytest.mark.parametrize(
    ("sure", "unsure"),
    [
        ("https://a.invalid/x/info?login=a&token=b", "https://b.invalid/api/info"),
        ("https://a.invalid/api/info", "https://b.invalid/x/info?token=b"),
        ("https://a.invalid/x/info?token=b", "https://b.invalid/x/info"),
    ],
)
def test_of_two_servers_with_such_addresses_the_surer_one_is_the_api(sure: str, unsure: str) -> None:
    info = (FIXTURES / "synthetic/json/info.json").read_text(encoding="utf-8")
    bare = sure.partition("?")[0]

    assert outcomes(report(har(entry(unsure, "<html>"), entry(sure, info), entry(bare, info)))) == {
        "-#2 (GET info)": "holds",
        "-#3 (GET info)": "holds",
    }
    assert [*outcomes(report(har(entry(unsure, info)))).values()] == ["holds"]


def xml(declared: str) -> str:
    error = "<status>error</status><error_code>1</error_code><message>Ж</message>"
    return f'<?xml version="1.0" encoding="{declared}"?><r>{error}</r>'


BASE64 = base64.b64encode
BODIES: dict[str, dict[str, Any]] = {
    "text": entry(url("create"), CREATED),
    "base64": entry(url("create"), BASE64(CREATED.encode()).decode(), content={"encoding": "base64"}),
    "a size of packed bytes": entry(url("create"), CREATED, content={"size": 9, "compression": -3}),
    "a size that is not known": entry(url("create"), CREATED, content={"size": -1}),
    "gzip in base64": entry(
        url("create"),
        BASE64(gzip.compress(CREATED.encode())).decode(),
        content={"encoding": "base64"},
        headers=[{"name": "content-encoding", "value": "gzip"}],
    ),
    "unpacked, with the header": entry(url("create"), CREATED, headers=[{"name": "Content-Encoding", "value": "br"}]),
    "XML in cp1251 as text": entry(
        url("result", format="xml", id="7"), xml("windows-1251"), "text/xml; charset=windows-1251"
    ),
    "XML in cp1251 by its declaration": entry(url("result", format="xml", id="7"), xml("cp1251"), "text/xml"),
    "XML in UTF-16 as text": entry(
        url("result", format="xml", id="7"),
        xml("utf-16"),
        "text/xml; charset=utf-16",
        content={"size": 2 * len(xml("utf-16")) + 2},
    ),
    "CSV in cp1251 as text": entry(
        url("create", format="csv"), "status,error_code,message\r\nerror,1,Ж\r\n", "text/csv; charset=windows-1251"
    ),
    "JSON under another charset": entry(
        url("info"), '{"status":"error","error_code":1,"message":"Ж"}', "a/b; charset=cp1251"
    ),
    "an unknown charset": entry(url("create"), CREATED, "application/json; charset=none-such"),
    "a mark that the browser drops": entry(url("create"), CREATED, content={"size": len(CREATED) + 3}),
    "HTTP/2 in other words": entry(url("create"), CREATED, request={"method": "get", "httpVersion": "h2"}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_in_a_har_file_is_read_however_it_is_kept(name: str) -> None:
    (outcome,) = outcomes(report(har(BODIES[name]))).values()

    assert outcome == "holds"


def test_what_a_browser_changes_in_a_text_is_not_held_against_the_server(tmp_path: Path) -> None:
    profile = tmp_path / "p.toml"
    profile.write_text('[profile]\n"csv.encoding" = "utf-8-sig"\n"csv.line-end" = "LF"\n', encoding="utf-8")
    table = "status,error_code,message\r\nerror,1,Ж\r\n"

    as_text = report(har(entry(url("create", format="csv"), table, "text/csv")), "--profile", profile)
    as_bytes = report(
        har(entry(url("create", format="csv"), BASE64(table.encode()).decode(), content={"encoding": "base64"})),
        "--profile",
        profile,
    )

    assert [p["clause"] for p in as_text["files"][0]["problems"]] == ["csv.line-end"]
    assert {p["clause"] for p in as_bytes["files"][0]["problems"]} == {"csv.encoding", "csv.line-end"}


NOT_KEPT: dict[str, tuple[dict[str, Any], str]] = {
    "no text": (entry(url("create"), None, content={"size": 22}), "export the HAR file with content"),
    "no text, and a size of 0": (
        entry(url("create"), None, headers=[{"name": "Content-Length", "value": "22"}]),
        "export the HAR file with content",
    ),
    "null": (entry(url("create"), None, content={"text": None}), "export the HAR file with content"),
    "in another file": (entry(url("create"), None, content={"_file": "a.json", "size": -1}), "embedded content"),
    "wrong base64": (entry(url("create"), "A", content={"encoding": "base64"}), "base64 that can't be decoded"),
    "cut JSON": (entry(url("create"), CREATED[:9], content={"size": 22}), "which has 9 of 22 bytes: record it whole"),
    "cut XML": (
        entry(url("create", format="xml"), "<r><status>ok</st", "text/xml", content={"size": 99}),
        "which has 17 of 99 bytes",
    ),
    "cut CSV": (
        entry(url("create", format="csv"), "status,id\r\nok,1", "text/csv", content={"size": 20}),
        "which has 15 of 20 bytes",
    ),
}


@pytest.mark.parametrize("name", NOT_KEPT)
def test_a_body_that_a_har_file_lacks_is_told_with_what_to_do_and_not_judged(name: str) -> None:
    lacking, why = NOT_KEPT[name]

    result = report(har(entry(url("create"), CREATED), lacking))

    assert outcomes(result) == {"-#1 (GET create)": "holds", "-#2 (GET create)": "not checked"}
    assert why in result["files"][1]["trouble"]
    assert result["exit_code"] == 2


def test_an_empty_answer_is_the_servers_where_the_har_file_says_so() -> None:
    empty = entry(url("create"), None, headers=[{"name": "content-length", "value": "0"}])

    result = report(har(empty, entry(url("create"), "")))

    assert [e["problems"][0]["found"] for e in result["files"]] == ["an empty body", "an empty body"]


def test_redirects_that_were_followed_and_calls_without_an_answer_are_ignored() -> None:
    moved = entry(url("create"), None, status=301, location=url("create", "https://www.invalid/api"))
    lost = entry(url("create"), None, status=0)
    login = entry(url("info"), None, status=302, headers=[{"name": "Location", "value": "/login"}])

    result = report(har(moved, lost, entry(url("create"), CREATED), login))

    assert outcomes(result) == {"-#3 (GET create)": "holds", "-#4 (GET info)": "broken"}
    assert result["recordings"][0]["ignored"] == {"redirected": 1, "without an answer": 1}
    assert result["files"][1]["problems"][0]["found"].startswith("a redirect (HTTP 302): call the address")


FORMS: dict[str, dict[str, Any]] = {
    "a form as text": {
        "mimeType": "application/x-www-form-urlencoded",
        "text": urlencode({**CREDENTIALS, "format": "xml"}),
    },
    "a form in parts": {
        "mimeType": "",
        "params": [{"name": k, "value": v} for k, v in {**CREDENTIALS, "format": "xml"}.items()],
    },
    "multipart": {
        "mimeType": "multipart/form-data; boundary=b",
        "text": "".join(
            f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
            for k, v in {**CREDENTIALS, "format": "xml"}.items()
        )
        + "--b--\r\n",
    },
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_of_a_call_shows_format_and_token(name: str) -> None:
    posted = {"http_method": "POST", "request": {"postData": FORMS[name]}}
    repeats = json.dumps({"status": "error", "error_code": 1, "message": f"no {TOKEN}"})
    content = har(
        entry(f"{API}/create", CREATED, **posted),
        entry(f"{API}/create", "<r><status>ok</status><id>1</id></r>", **posted),
        entry(f"{API}/create", repeats, **posted),
    )

    result = report(content)

    assert outcomes(result) == {
        "-#1 (POST create)": "broken",
        "-#2 (POST create)": "holds",
        "-#3 (POST create)": "broken",
    }
    assert [e["problems"][0]["clause"] for e in result["files"] if e["problems"]] == [
        "format.readable",
        "token.never-repeated",
    ]


@pytest.mark.parametrize("phone", [PHONE, READY_PHONE])
def test_a_ready_answer_must_fit_phone_and_source_of_the_call_that_made_the_task(phone: str) -> None:
    made = entry(url("create", phone=phone, source="2"), CREATED)
    other = entry(url("create", phone="70009999999", source="1"), CREATED.replace("7", "8"))
    names = READY.replace('"data"', '"other"')

    def tried(text: str) -> set[str]:
        result = report(har(made, other, entry(url("result", id="7"), text)))
        return {p["clause"] for p in result["files"][2]["problems"]}

    assert tried(READY) == (set() if phone == READY_PHONE else {"result.row-phone"})
    assert "result.own-section" in tried(names)


def test_what_a_recorders_filter_puts_in_place_of_secrets_is_no_token() -> None:
    said = json.dumps({"status": "error", "error_code": 1, "message": "no account for REDACTED and <TOKEN>"})

    for query in ("login=REDACTED&token=REDACTED", "login=a&token=%3CTOKEN%3E"):
        assert [*outcomes(report(har(entry(f"{API}/create?{query}", said)))).values()] == ["holds"]


def test_options_overrule_what_the_calls_of_a_recording_show() -> None:
    content = har(entry(url("create", format="xml"), CREATED))

    assert [*outcomes(report(content)).values()] == ["broken"]
    assert [*outcomes(report(content, "--format", "json")).values()] == ["holds"]


@pytest.mark.parametrize(
    "content",
    [har(), har(*OTHERS), har(None, 5, [], {}, {"request": 1, "response": 2}, {"request": {"url": 5}})],
    ids=["empty", "others", "no entries"],
)
def test_a_recording_without_an_answer_of_the_api_is_an_error_that_says_so(content: bytes) -> None:
    result = report(content)

    assert outcomes(result) == {"-": "not checked"}
    assert "no answer of the API (to a call of /create, /result or /info) is in it" in result["files"][0]["trouble"]
    assert result["exit_code"] == 2


DAMAGED = {
    "cut": har(entry(url("create"), CREATED))[:-30],
    "no UTF-8": har().replace(b'"1.2"', b'"\xff"'),
    "no list": b'{"log":{"entries":{}}}',
    "no entries": b'{"log":{}}',
    "nested": b'{"log":{"a":' + b"[" * 100_000,
    "cut YAML": b'interactions:\n- request: {"uri": "x',
    "no list in YAML": b"interactions:\n  a: b\n",
    "several documents": b"interactions: []\n---\na: b\n",
    "nested YAML": b"interactions: " + b"[" * 5000,
    "an alias to nothing": b"interactions: *a\n",
    "a date that is none": b"interactions:\n- !!timestamp x\n",
    "cut JSON": b'{"http_interactions": [{',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_recording_is_an_error_that_says_where(name: str) -> None:
    result = report(DAMAGED[name])

    (only,) = result["files"]
    assert only["trouble"].startswith(("a HAR file ", "a cassette "))
    assert only["trouble"].endswith(("export it again", "record it again"))
    assert result["exit_code"] == 2


@pytest.mark.parametrize("name", ["a.har", "a.yaml", "a.YML"])
@pytest.mark.parametrize("content", [b"", b"status: ok\n", CREATED.encode()])
def test_a_file_that_is_no_recording_in_spite_of_its_name_is_an_error(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    done = validate(tmp_path)

    assert done.exit_code == 2
    assert "no HAR file in spite of its name" in done.stdout or "YAML that is not a cassette" in done.stdout


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_har_file_that_a_shell_or_an_editor_has_encoded_anew_is_read(encoding: str) -> None:
    assert [*outcomes(report(har(entry(url("create"), CREATED)).decode().encode(encoding))).values()] == ["holds"]


def test_a_packed_har_file_is_read_and_one_of_browsers_may_be_large(tmp_path: Path) -> None:
    file = tmp_path / "large.har"
    film = entry("https://cdn.invalid/film", "x" * 2**20)
    file.write_bytes(har(*[film] * 20, entry(url("create"), CREATED)))
    (tmp_path / "small.har.gz").write_bytes(gzip.compress(har(entry(url("create"), CREATED))))

    done = validate(tmp_path)

    assert done.exit_code == 0, done.output
    assert f"{file}#21 (GET create): create in json: holds" in done.stdout
    assert f"{tmp_path}/small.har.gz: HAR file of 1 entry: 1 of the API" in done.stdout


# Cassettes that the libraries have written.


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


def dumped(document: object) -> bytes:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()


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

    assert [*outcomes(result).values()] == ["holds", "holds", "holds", "broken"]
    assert "compressed bytes (br)" in result["files"][3]["problems"][0]["found"]


def test_values_of_a_cassette_are_texts_whatever_they_look_like() -> None:
    text = (
        "interactions:\n- request: {body: null, headers: {}, method: GET, uri: 'https://h/api/result'}\n"
        "  response:\n    body: {string: 2030-01-01}\n    headers: {}\n    status: {code: 200, message: 2030-01-01}\n"
    )

    assert [*outcomes(report(text.encode())).values()] == ["broken"]


def test_a_body_that_a_cassette_lacks_is_told() -> None:
    text = b"interactions:\n- request: {method: GET, uri: 'https://h/api/result'}\n  response: {status: {code: 200}}\n"
    cut = ruby([(url("create"), CREATED[:9].encode(), {"Content-Length": "22"})])

    assert report(text)["files"][0]["trouble"] == "its body was not kept: record it again"
    assert "which has 9 of 22 bytes" in report(cut)["files"][0]["trouble"]


def values() -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-9, 999), st.just(TOKEN), st.sampled_from([CREATED, API, "GET"])
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    )


KEYS = (
    "request",
    "response",
    "url",
    "uri",
    "method",
    "headers",
    "content",
    "text",
    "encoding",
    "body",
    "string",
    "status",
    "code",
    "postData",
    "params",
    "name",
    "value",
    "mimeType",
    "size",
    "base64_string",
    "redirectURL",
)


@settings(max_examples=150, deadline=None)
@given(entries=st.lists(values(), max_size=3), kind=st.sampled_from(["har", "json", "yaml"]))
def test_any_recording_gets_a_report_without_a_secret(entries: list[Any], kind: str) -> None:
    whole = [
        *entries,
        {"request": {"url": url("create"), "method": "GET"}, "response": {"status": 200, "body": CREATED}},
    ]
    if kind == "har":
        content = har(*whole)
    else:
        document = {"interactions": whole}
        content = json.dumps(document).encode() if kind == "json" else dumped(document)

    assert report(content)["files"]
