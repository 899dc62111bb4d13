"""`ifind-mock validate` on HAR files: every answer of the API in one is judged as its own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support.recorded import (
    API,
    BAD,
    BASE64,
    CREATED,
    CREDENTIALS,
    PHONE,
    READY,
    READY_PHONE,
    TOKEN,
    entry,
    har,
    outcomes,
    report,
    url,
    validate,
)
from support.samples import FIXTURES

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


def test_redirects_that_were_followed_and_calls_without_an_answer_of_their_own_are_ignored() -> None:
    moved = entry(url("create"), None, status=301, location=url("create", "https://www.invalid/api"))
    lost = entry(url("create"), None, status=0)
    cached = entry(url("info"), None, status=304)
    login = entry(url("info"), None, status=302, headers=[{"name": "Location", "value": "/login"}])

    result = report(har(moved, lost, entry(url("create"), CREATED), login, cached))

    assert outcomes(result) == {"-#3 (GET create)": "holds", "-#4 (GET info)": "broken"}
    ignored = {"redirected": 1, "without an answer": 1, "answered from a cache (HTTP 304)": 1}
    assert result["recordings"][0]["ignored"] == ignored
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
