"""`ifind-mock validate`: captured answers are recognised and checked, and no value of them is reported."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import MAX_BYTES, MOST_ANSWERS, MOST_FIELDS, Asked, Capture, read_captures
from contract_tests.captured.judge import Judgement, judge
from contract_tests.captured.no_answer import other_file
from contract_tests.contract.clauses import Problem, all_clauses
from contract_tests.contract.profile import with_defaults
from contract_tests.decode.model import HIDDEN
from mockserver import data
from mockserver.cli.main import commands
from support.command import ifind
from support.in_process import LOGIN, Api
from support.samples import (
    CSV_EDITS,
    FIXTURES,
    JSON_EDITS,
    SAMPLES,
    XML_EDITS,
    edited,
    miss_id,
    name_of,
    near_misses,
    read_json,
    read_table,
    schema_of,
)

REPORT = Draft202012Validator(json.loads(data.path("schemas", "reports", "validation.schema.json").read_bytes()))
MARK = "ЖивойТекст4711"
READY = {"status": "ready", "data": [], "cost": "1", "ip": "192.0.2.1", "create_time": 2, "end_time": 3}
TWO_NAMES = [{"name": "a"}, {"name": "b"}]
CONFLICT = b'\n{"status":"error","error_code":409,"message":""}'
OF_ANSWERS = ("result", "row", "info", "error", "content-type", "json", "xml", "csv")
AWKWARD = "70000000777"
HEAD = b"HTTP/1.1 200 OK\n"


def validate(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(commands, ["validate", *map(str, args)], input=stdin)


def report(*args: object, stdin: bytes | None = None) -> dict[str, Any]:
    done = validate("--output", "json", *args, stdin=stdin)
    result: dict[str, Any] = json.loads(done.stdout)

    REPORT.validate(result)
    assert result["exit_code"] == done.exit_code
    return result


def judged(body: bytes | Mapping[str, Any], **asked: Any) -> Judgement:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(read_captures(content)[-1], Asked(**asked))


def clauses(problems: Iterable[Problem]) -> set[tuple[str, str | None]]:
    return {(p.path, p.clause) for p in problems}


def a_profile(where: Path, choices: Mapping[str, Any]) -> Path:
    file = where / "profile.toml"
    lines = [f"{json.dumps(clause)} = {json.dumps(choice)}" for clause, choice in choices.items()]
    file.write_text("\n".join(["[profile]", *lines]), encoding="utf-8")
    return file


# Samples and near misses.


def test_every_sample_conforms_with_method_and_format_recognised() -> None:
    result = report(*SAMPLES)

    assert result["exit_code"] == 0
    for sample, entry in zip(SAMPLES, result["files"], strict=True):
        kind = schema_of(sample).partition("-")[0]
        method = {"create": "create", "info": "info", "error": None}.get(kind, "result")
        assert (entry["format"], entry["method"], entry["outcome"]) == (sample.suffix[1:], method, "holds"), sample
        assert entry["schema"] in {kind, schema_of(sample)}, sample


def test_every_sample_holds_under_the_profile_that_it_was_made_for(tmp_path: Path) -> None:
    defaults = {c.id: c.default for c in all_clauses().values() if isinstance(c.default, str)}
    profile = a_profile(tmp_path, defaults)
    ordinary = [s for s in SAMPLES if "synthetic" in s.parts and "awkward" not in s.name]

    done = validate("--profile", profile, "--strict", *ordinary)

    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("miss", near_misses("json"), ids=miss_id)
def test_a_near_miss_in_json_is_refused_where_it_is_wrong(miss: dict[str, Any]) -> None:
    body = json.dumps(edited(read_json(miss["base"]), miss["edit"], JSON_EDITS)).encode()

    found = judged(body, format="json", schema=miss["schema"], profile=miss.get("profile"))

    reported = {(p.path, p.rule) for p in found.problems}
    assert (miss["path"], miss["rule"]) in reported or ("", "readable") in reported
    assert all(p.clause and p.grade for p in found.problems)


def test_without_a_name_of_a_schema_near_misses_are_refused_by_method_and_source() -> None:
    methods = {"create": "create", "info": "info", "error": None}
    sources = {"ready-names": 1, "ready-data": 2, "ready-photo": 3}
    tried = 0
    for miss in near_misses("json"):
        kind = miss["schema"].partition("-")[0]
        other_answer = miss["path"] == "status"
        if kind in ("row", "error") or other_answer or "profile" in miss:
            continue
        body = json.dumps(edited(read_json(miss["base"]), miss["edit"], JSON_EDITS)).encode()
        asked = Asked(methods.get(kind, "result"), source=sources.get(miss["schema"]))
        tried += 1

        is_list = (kind, miss["path"]) == ("info", "")  # nobody documents the type of info
        assert judge(read_captures(body)[-1], asked).fails(strict=is_list), miss
    assert tried > 100


TEXT_ALONE = {"row.phone": "number"}
"""Text and number are one in XML and CSV, so the choice is not checked."""


@pytest.mark.parametrize(
    "miss",
    # A description also says how lines are laid out: no matter of the values.
    [m for m in near_misses("csv") if not m["path"].startswith("line") and m.get("profile") != TEXT_ALONE],
    ids=miss_id,
)
def test_a_near_miss_in_csv_is_refused_under_a_profile(miss: dict[str, Any]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(edited(read_table(miss["base"]), miss["edit"], CSV_EDITS))
    method = {"create": "create", "info": "info"}.get(miss["table"], "result")

    found = judged(
        text.getvalue().encode(), method=method, schema=miss["table"], profile=with_defaults(miss.get("profile"))
    )

    assert {p.path for p in found.problems} & {miss["path"], ""}


def shows_in_xml(miss: dict[str, Any]) -> bool:
    """Whether the miss is more than one beside its XSD: the contract leaves an answer open to further members, text and
    number are one in XML, a list of one account is that account, an empty section may be left out, and the same member
    twice is that member.
    """
    of_data = miss["base"].endswith("ready-data.xml")
    open_edits = [["twice", "id"], *([["remove", "names"], ["remove", "photo"]] if of_data else [])]
    is_open = any(edit in open_edits or edit[0] == "add" for edit in miss["edit"])
    is_hidden = bool(miss.get("profile")) and {*miss["profile"]} <= {*HIDDEN["xml"]}
    return not is_open and not is_hidden


@pytest.mark.parametrize("miss", [m for m in near_misses("xml") if shows_in_xml(m)], ids=miss_id)
def test_a_near_miss_in_xml_is_refused_under_a_profile(miss: dict[str, Any]) -> None:
    base = FIXTURES / miss["base"]
    root = edited(etree.parse(str(base)).getroot(), miss["edit"], XML_EDITS)
    body = b'<?xml version="1.0" encoding="UTF-8"?>' + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    schema = "error" if base.stem.startswith("error") else schema_of(base)

    assert judged(body, schema=schema, profile=with_defaults(miss.get("profile"))).fails(strict=True)


# What a schema can't say.


@pytest.mark.parametrize(
    ("changed", "place", "clause"),
    [
        ({"photo": "AAAA"}, "photo", "result.photo"),
        ({"ip": "1.2.3"}, "ip", "result.ip"),
        ({"ip": "1:2:3:4:5:6:7::1:2"}, "ip", "result.ip"),
        ({"end_time": 1}, "end_time", "result.times-ordered"),
        ({"create_time": "2030-01-01 00:00:03", "end_time": "2030-01-01 00:00:02"}, "end_time", "result.times-ordered"),
        ({"cost": "0"}, "cost", "result.cost"),
    ],
)
def test_a_ready_answer_is_checked_beyond_its_schema(changed: dict[str, Any], place: str, clause: str) -> None:
    assert judged(READY).problems == ()

    assert (place, clause) in clauses(judged({**READY, **changed}).problems)


def test_a_source_says_which_section_must_be_there() -> None:
    assert ("names", "result.own-section") in clauses(judged(READY, source=1).problems)
    rows = (FIXTURES / "synthetic/csv/ready-data.csv").read_bytes()
    assert clauses(judged(rows, source=1).problems) == {("", "result.own-section")}
    assert judged(rows, source=11).problems == ()


def test_a_missing_column_is_missed_in_each_row() -> None:
    lines = edited(read_table("synthetic/csv/ready-data.csv"), [["drop-column", "price"]], CSV_EDITS)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)

    found = judged(text.getvalue().encode()).problems

    assert clauses(found) == {(f"data[{i}].price", "result.row-fields") for i in range(len(lines) - 1)}


@pytest.mark.parametrize(
    ("choices", "body", "clause"),
    [
        ({"csv.delimiter": ";"}, b"status,id\r\nok,1\r\n", "csv.delimiter"),
        ({"csv.header": "no"}, b"status,id\r\nok,1\r\n", "csv.header"),
        ({"xml.root": "answer"}, b"<response><status>ok</status><id>1</id></response>", "xml.root"),
        ({"result.times": "text"}, json.dumps(READY).encode(), "result.times"),
        ({"quota.unit": "task"}, json.dumps({**READY, "cost": "2", "names": TWO_NAMES}).encode(), "quota.unit"),
        ({"json.escapes": "raw"}, b'{"status":"error","error_code":1,"message":"\\u0416\\/"}', "json.escapes"),
        ({"error.http-status": "mirror"}, HEAD + CONFLICT, "error.http-status"),
        ({"content-type.json": "a/b"}, HEAD + b'Content-Type: text/x\n\n{"status":"processing"}', "content-type.json"),
    ],
)
def test_a_profile_refutes_what_is_open_without_one(
    tmp_path: Path, choices: dict[str, Any], body: bytes, clause: str
) -> None:
    file, profile = tmp_path / "answer", a_profile(tmp_path, choices)
    file.write_bytes(body)

    result = report(file, "--profile", profile)["files"][0]

    assert report(file)["files"][0]["problems"] == []
    assert (result["outcome"], {p["clause"] for p in result["problems"]}) == ("refuted", {clause})
    assert validate(file, "--profile", profile).exit_code == 0
    assert validate(file, "--profile", profile, "--strict").exit_code == 1


def test_a_promise_that_lies_beyond_a_thousand_refuted_assumptions_is_seen() -> None:
    row = dict(read_json("documented/ready.json")["data"][0], phone="7000")
    rows = [*[{**row, "price": "dear", "time": "t"}] * 1500, {**row, "title": 5}]

    found = judged({**READY, "data": rows}, profile={})

    assert found.cut
    assert ("data[1500].title", "result.row-fields") in clauses(found.problems)


# Captures of whole responses.


def in_heads(body: bytes, *heads: str, end: str = "\r\n") -> bytes:
    return b"".join((head.replace("\n", end) + 2 * end).encode() for head in heads) + body


CREATED = b'{"status":"ok","id":7}'
OK = "HTTP/1.1 200 OK\nContent-Type: application/json"
MOVED = "HTTP/1.1 301 Moved Permanently\nLocation: https://other.invalid/api/create\nContent-Length: 178"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "heads",
    [
        (OK,),
        ("HTTP/2 200 ",),
        ("HTTP/1.0 200",),
        ("HTTP/1.1 100 Continue", OK),
        ("HTTP/1.1 103 Early Hints\nLink: a", OK),
        ("HTTP/1.1 200 Connection established\nProxy-Agent: x", OK),
        ("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest\nContent-Length: 9", OK),
        (MOVED, OK),
        (MOVED, MOVED, "HTTP/1.1 100 Continue", OK),
    ],
)
def test_the_last_of_the_responses_to_a_call_counts(heads: tuple[str, ...], end: str) -> None:
    content = in_heads(CREATED, *heads, end=end)

    for capture in (content, b"\xef\xbb\xbf" + content, b"\n" + content):
        (found,) = report("-", stdin=capture)["files"]
        assert (found["file"], found["schema"], found["outcome"]) == ("-", "create", "holds")


def test_the_page_of_a_redirect_that_was_followed_is_no_answer() -> None:
    content = in_heads(b"<html>moved</html>", MOVED) + in_heads(CREATED, OK)

    assert [f["outcome"] for f in report("-", stdin=content)["files"]] == ["holds"]


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n"])
def test_several_answers_in_a_file_are_judged_each_by_itself(between: bytes) -> None:
    empty = in_heads(b"", "HTTP/1.1 200 OK\nContent-Length: 0")
    bad = in_heads(b'{"status":"ok","id":0}', OK)
    content = between.join([in_heads(CREATED, OK), bad, empty, in_heads(b'{"status":"processing"}', OK)])

    result = report("-", stdin=content)

    assert [(f["file"], f["outcome"]) for f in result["files"]] == [
        ("-#1", "holds"),
        ("-#2", "broken"),
        ("-#3", "broken"),
        ("-#4", "holds"),
    ]
    assert validate("-", stdin=content).stdout.splitlines()[-1] == "4 answers: 2 holds, 2 broken"


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"5;x=y\r\n%s\r\n%X\r\n%s\r\n" % (body[:5], len(body) - 5, body[5:]) + end


@pytest.mark.parametrize("head", [b"", in_heads(b"", OK + "\nTransfer-Encoding: chunked")])
def test_a_body_as_it_was_sent_is_read(head: bytes) -> None:
    for body in (
        chunked(CREATED),
        gzip.compress(CREATED),
        chunked(CREATED, b"0\r\nA: b\r\n\r\n"),
        chunked(gzip.compress(CREATED)),
    ):
        assert [f["outcome"] for f in report("-", stdin=head + body)["files"]] == ["holds"]


def test_a_packed_body_is_unpacked_as_its_head_says_and_no_further_than_the_limit() -> None:
    packed = zlib.compressobj(wbits=-15)
    raw = packed.compress(CREATED) + packed.flush()
    for coding, body in (
        ("gzip", gzip.compress(CREATED)),
        ("deflate", zlib.compress(CREATED)),
        ("deflate", raw),
        ("gzip", CREATED),
    ):
        content = in_heads(body, f"{OK}\nContent-Encoding: {coding}\nContent-Length: {len(body)}")
        assert judged(content).problems == (), coding

    assert judged(gzip.compress(b"{" + b" " * (MAX_BYTES + 2**22))).doubt == TOO_LARGE


TOO_LARGE = "more than 16 MiB: it can't be compared"
BODIES = {
    "an empty file": (b"", "an empty body: if the capture failed, capture with `curl -sS -i"),
    "white space": (b"\r\n", "no text but white space or a byte order mark: if the capture failed"),
    "a mark alone": (b"\xef\xbb\xbf", "no text but white space or a byte order mark: if the capture failed"),
    "a mark of UTF-16 alone": (b"\xff\xfe", "no text but white space or a byte order mark"),
    "an empty answer": (in_heads(b"", OK), "an empty body"),
    "a cut answer": (in_heads(b"{", OK + "\nContent-Length: 9"), "1 bytes, 8 fewer than its Content-Length says"),
    "curl -I": (
        in_heads(b"", OK + "\nContent-Length: 9"),
        "an answer to HEAD, as by curl -I, has no body: capture with",
    ),
    "a page": (b"\n<!DOCTYPE html><html></html>", "an HTML page, of a server, a proxy or a login: call the address"),
    "a redirect": (
        in_heads(b"", MOVED.replace("178", "0")),
        "a redirect (HTTP 301): call the address that it leads to",
    ),
    "not modified": (in_heads(b"", "HTTP/1.1 304 Not Modified\nETag: x"), "HTTP 304, whose body the client has in its"),
    "a redirect's page": (in_heads(b"<html>", MOVED.replace("178", "6")), "let the client follow it (curl -L)"),
    "a mark before JSON": (
        b"\xef\xbb\xbf" + CREATED,
        "a byte order mark before the JSON: if an editor has put it there",
    ),
    "UTF-16 with a mark": (
        CREATED.decode().encode("utf-16"),
        "text in UTF-16, where JSON is UTF-8: if a shell wrote it",
    ),
    "UTF-16 without one": (CREATED.decode().encode("utf-16-le"), "text in UTF-16, where JSON is UTF-8"),
    "UTF-16, big end first": (CREATED.decode().encode("utf-16-be"), "text in UTF-16, where JSON is UTF-8"),
    "cut gzip": (gzip.compress(CREATED)[:-9], "compressed bytes (gzip) that are cut or damaged"),
    "damaged gzip": (gzip.compress(CREATED)[:-5] + b"12345", "compressed bytes (gzip) that are cut or damaged"),
    "several": (CREATED + b"\n" + CREATED, "of several answers, keep each in a file of its own"),
    "curl -w": (CREATED + b"\n200\n", "if it is the HTTP status, as curl's --write-out appends it, leave it out"),
    "Python's dict": (b"{'status': 'ok', 'id': 7}\n", "a value as a program prints it: write the body itself"),
    "Python's list": (b"[{'status': 'ok'}]", "a value as a program prints it"),
    "Python's text": (b"'" + CREATED + b"'\n", "a value as a program prints it"),
    "a response of requests": (b"<Response [200]>\n", "a value as a program prints it"),
    "a response of fetch": (b"Response {\n  status: 200,", "a value as a program prints it"),
    "JavaScript's object": (b"{\n  status: 'ok',\n  id: 7\n}\n", "a value as a program prints it"),
    "PHP's text": (b'string(22) "' + CREATED + b'"', "a value as a program prints it"),
    "PHP's object": (b"stdClass Object\n(\n    [status] => ok\n)\n", "a value as a program prints it"),
    "PHP's array": (b"Array\n(\n    [status] => ok\n)\n", "a value as a program prints it"),
    "cut chunks": (b"1f\r\n" + CREATED, "raw chunks of HTTP that are cut or damaged: capture with"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_answer_is_named_with_what_to_do(name: str) -> None:
    body, what = BODIES[name]

    result = report("-", stdin=body)

    (problem,) = result["files"][0]["problems"]
    assert problem["clause"] == "format.readable"
    assert what in problem["found"]
    assert result["exit_code"] == 1


VERBOSE = b"""*   Trying 127.0.0.1:8080...
* Connected to 127.0.0.1 (127.0.0.1) port 8080 (#0)
> GET /api/info?token=%s HTTP/1.1
> Host: 127.0.0.1:8080
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
{"status":"processing"}* Connection #0 to host 127.0.0.1 left intact
""" % MARK.encode()
FILES = {
    "brotli, as its head says": (
        in_heads(b"\x0b\x07\x80ok\x03", OK + "\nContent-Encoding: br"),
        "compressed bytes (br): capture the unpacked",
    ),
    "zstd in a response": (in_heads(b"\x28\xb5\x2f\xfdx", OK), "compressed bytes (zstd): capture the unpacked body"),
    "curl -v": (VERBOSE, "an output of `curl -v`, which mixes the answer with other lines: capture with `curl -sS -i"),
    "curl -v with CRLF": (VERBOSE.replace(b"\n", b"\r\n"), "an output of `curl -v`"),
    "curl -sv": (VERBOSE[VERBOSE.index(b"> ") :], "an output of `curl -v`"),
    "curl -v of PowerShell": (VERBOSE.decode().encode("utf-16"), "an output of `curl -v`"),
    "curl -v --trace-time": (VERBOSE.replace(b"< ", b"12:00:00.000001 < "), "an output of `curl -v`"),
    "curl 2>&1": (
        b"  % Total    % Received % Xferd  Average Speed   Time    Time\n\r100    22{}",
        "an output of curl with its progress meter: capture with",
    ),
    "wget -S": (b"--2030-01-01 12:00:00--  http://127.0.0.1:8080/api/info\n", "messages of wget"),
    "wget -q -S": (b"  HTTP/1.1 200 OK\n  Content-Length: 2\n{}", "messages of wget"),
    "wget -d": (b"DEBUG output created by Wget 1.21.3 on linux-gnu.\n", "messages of wget"),
    "http --pretty=all": (b"\x1b[34mHTTP\x1b[39;49;00m/\x1b[34m1.1", "text with the colours of a terminal"),
    "jq -C": (b'{\x1b[37m\x1b[94m"status"', "text with the colours of a terminal"),
    "curl --trace-ascii": (b"== Info:   Trying 127.0.0.1:8080...\n", "a trace of curl"),
    "curl --trace-time": (b"12:00:00.000001 == Info: Trying\n", "a trace of curl"),
    "http -v": (
        b"GET /api/info HTTP/1.1\nHost: h\n\nHTTP/1.1 200 OK\n\n{}",
        "keep the answer alone, from its line HTTP",
    ),
    "Invoke-WebRequest": (
        b"\r\n\r\nStatusCode        : 200\r\nContent : {}",
        "what PowerShell's Invoke-WebRequest shows",
    ),
    "curl -i of PowerShell": (
        in_heads(CREATED, OK).decode().encode("utf-16"),
        "text in UTF-16, as PowerShell's > writes",
    ),
    "Python's bytes": (b"b'" + CREATED + b"'\n", "bytes as Python prints them: write them to the file as they are"),
    "pcap": (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "a pcap file of packets: export the HTTP exchange as HAR"),
    "pcapng": (b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a", "a pcapng file of packets: export the HTTP exchange as HAR"),
    "HTTP/2, sent": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "frames of HTTP/2 as the client sent them: export the HTTP"),
    "HTTP/2, received": (b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d", "frames of HTTP/2: export the HTTP exchange as HAR"),
    "TLS": (b"\x16\x03\x03\0\x7a\x02", "bytes of TLS, which are encrypted"),
    "zip": (b"PK\x03\x04\x14\0", "a zip archive: unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0", "a packed file: unpack it"),
    "zstd": (b"\x28\xb5\x2f\xfd\x20", "bytes packed with zstd: unpack them"),
    "SQLite": (b"SQLite format 3\0\x10", "a SQLite database"),
    "picture": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "PDF": (b"%PDF-1.7\n", "a PDF file"),
    "Charles": (b"\xac\xed\0\x05sr\0\x25com.xk72.charles", "a session of Charles"),
    "Postman": (
        b'{"info":{"name":"a","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},"item":[]}',
        "a collection of Postman: keep the answers themselves",
    ),
    "mitmproxy": (b"1234:9:websocket;0:~8:response;", "flows of mitmproxy: export them"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_holds_no_answer_is_named_with_what_to_do_and_not_judged(name: str) -> None:
    content, what = FILES[name]

    for capture in (content, gzip.compress(content)):
        result = report("-", stdin=capture)
        assert what in result["files"][0]["trouble"]
        assert result["exit_code"] == 2
        assert MARK not in json.dumps(result)


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_no_sample_is_taken_for_another_kind_of_file(sample: Path) -> None:
    body = sample.read_bytes()
    other_bytes = body.decode().encode("utf-16") if sample.suffix != ".json" else body

    for content in (body, in_heads(body, OK), gzip.compress(body), other_bytes):
        assert report("-", stdin=content)["files"][0]["trouble"] is None


@pytest.mark.parametrize(
    ("capture", "clause"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html></html>", "server.never-breaks"),
        (b'HTTP/1.1 500 X\r\n\r\n{"status":"processing"}', "server.never-breaks"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"status":"processing"}', "format.readable"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "format.readable"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: a", "format.readable"),
    ],
)
def test_a_response_that_broke_is_refused(capture: bytes, clause: str) -> None:
    assert clause in {p.clause for p in judged(capture).problems}


def test_a_task_that_failed_may_mirror_its_code() -> None:
    capture = b'HTTP/1.1 500 X\r\n\r\n{"status":"error","error_code":500,"message":"the task failed"}'

    assert judged(capture).problems == ()
    assert judged(capture, method="create").fails(strict=False)


# Recognising.


@pytest.mark.parametrize(
    "body",
    [
        b"Bad Gateway",
        b"",
        b"\n",
        b"[]",
        b'"ok"',
        b"null",
        b"{}",
        b'{"status":"ok"}',
        b'{"status":"fine","id":1}',
        b'{"status":null}',
        b"\xef\xbb\xbf{}",
        '{"status":"ok","id":1}'.encode("utf-16"),
        b"<html><head/></html>",
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    found = judged(body)

    assert [p.clause for p in found.problems] == ["format.readable"]


def test_a_ready_answer_is_recognised_by_its_only_or_only_filled_section() -> None:
    ready = read_json("documented/ready.json")

    assert judged(ready).schema == "ready"
    assert judged({**ready, "names": [], "photo": ""}).schema == "ready-data"
    assert judged({"status": "ready", "photo": None}).schema == "ready-photo"
    assert judged({"status": "ready"}).schema == "ready"


def test_a_text_is_csv_without_a_header_only_where_it_is_called_csv() -> None:
    assert judged("Анна\r\nBob\r\n".encode()).fails(strict=False)
    assert judged("Анна\r\nBob\r\n".encode(), format="csv").schema == "ready-names"
    assert judged("Анна\r\nBob\r\n".encode(), profile={"csv.header": "no"}).schema == "ready-names"
    assert judged(b"HTTP/1.1 200 OK\nContent-Type: text/csv\n\nBob\r\n").schema == "ready-names"


def test_a_named_format_is_required() -> None:
    assert judged({"status": "processing"}, format="xml").fails(strict=False)
    assert not judged({"status": "error", "error_code": 1, "message": ""}, format="xml").fails(strict=False)


@pytest.mark.parametrize("status", ["ok", "done", "", None, 5])
def test_an_answer_of_result_with_another_status_is_refused(status: object) -> None:
    assert clauses(judged({"status": status, "id": 1}, method="result").problems) == {("status", "result.ready")}


# Layouts.


@pytest.mark.parametrize(
    "body",
    [
        f"<a><{MARK}>1</{MARK}><b>{MARK}</b></a>".encode(),
        f"<rows><r><c>{MARK}</c></r><r><c>7</c></r></rows>".encode(),
        f"<r><status>ok</status><id>1</id><id>{MARK}</id></r>".encode(),
    ],
)
def test_a_layout_that_no_choice_covers_is_reported_and_breaks_no_promise(body: bytes) -> None:
    done = validate("-", "--format", "xml", "--method", "create", stdin=body)

    (problem,) = judged(body, method="create", format="xml").problems
    assert (problem.binding, problem.rule, problem.clause in ("xml.layout", "xml.list")) == (False, "layout", True)
    assert problem.expected == "a layout that a choice of this clause covers"
    assert (done.exit_code, validate("-", "--strict", stdin=body).exit_code) == (0, 1)
    assert ": refuted" in done.stdout
    assert MARK not in done.stdout


def test_what_bytes_and_status_show_counts_in_an_unknown_layout_too() -> None:
    body = b"<a><b>secret-token</b></a>"
    capture = Capture(body, 503, "text/xml")

    found = judge(capture, Asked("create", "xml", secrets=("secret-token",)))

    assert clauses(found.problems) == {
        ("", "xml.layout"),
        ("HTTP status", "server.never-breaks"),
        ("", "token.never-repeated"),
    }


def test_how_an_answer_is_written_is_a_problem_under_a_profile_where_no_choice_covers_it(tmp_path: Path) -> None:
    body = b"<!DOCTYPE r><r kind='x'><status>processing</status></r>"
    profile = a_profile(tmp_path, {"xml.root": "r"})

    done = validate("-", "--profile", profile, stdin=body)

    assert judged(body).problems == ()
    assert done.exit_code == 0
    assert "which no choice covers (xml.layout, assumed)" in done.stdout
    assert validate("-", "--profile", profile, "--strict", stdin=body).exit_code == 1


@pytest.mark.parametrize("form", ["xml", "csv"])
def test_info_may_ignore_the_format_and_an_error_too(form: str) -> None:
    info = (FIXTURES / "synthetic/json/info.json").read_bytes()
    error = b'{"status":"error","error_code":1,"message":""}'

    assert judged(info, method="info", format=form).problems == ()
    assert judged(b'{"status":"ok","id":1}', method="create", format=form).fails(strict=False)
    for body, method, clause in (
        (info, "info", "info.follows-format"),
        (error, "create", "error.follows-format"),
        (error, "info", "error.follows-format"),
    ):
        asked = {"method": method, "format": form}
        assert judged(body, **asked, profile={clause: "no"}).problems == ()
        assert clauses(judged(body, **asked, profile={clause: "yes"}).problems) == {("", clause)}


WRITTEN = [
    (clause.id, choice)
    for clause in all_clauses().values()
    for choice in (*clause.choices, *clause.samples)
    if isinstance(choice, str) and clause.id.partition(".")[0] in OF_ANSWERS
]


@pytest.mark.few(24)
@pytest.mark.parametrize(("clause", "choice"), WRITTEN, ids=[" ".join(pair) for pair in WRITTEN])
def test_an_answer_of_the_mock_holds_in_every_choice_with_its_profile_and_without(clause: str, choice: str) -> None:
    api = Api({clause: choice})
    api.account(LOGIN, daily_limit=1000)
    profile = with_defaults({clause: choice})
    own = [form for form in FORMATS if form in clause.split(".")]  # whose choices change no answer in another
    for form, source in product(own or FORMATS, (1, 2, 3)):
        number = api.create(AWKWARD, source)
        for method, params in (
            ("create", {"phone": AWKWARD, "source": source}),
            ("result", {"id": number}),
            ("result", {"id": number}),
            ("result", {"id": 999_999}),
            ("info", {}),
        ):
            sent = api.send(method, format=form, **params)
            api.time.passes(2)
            capture = Capture(sent.body, sent.status, dict(sent.headers)["Content-Type"])
            for asked in (Asked(method, form, source, AWKWARD, profile=profile), Asked(), Asked(format=form)):
                found = judge(capture, asked)
                assert found.problems == (), [form, source, method, asked]
                assert bool(found.doubt) <= ((clause, choice, form) == ("csv.header", "no", "csv"))


@pytest.mark.parametrize("body", [b"Access denied", b"a,b,c\r\n1,2,3\r\n"])
def test_a_text_that_could_be_anything_is_no_answer_unless_it_is_called_csv(body: bytes) -> None:
    assert judged(body).fails(strict=False)
    assert judged(body, method="result", format="csv").outcome == "inconclusive"


def test_members_that_are_a_guess_are_not_judged_and_this_is_reported() -> None:
    table = b"1,2,3,+7 000 000-00-01,5,6,7,8,9,10\r\n"

    result = report("-", "--format", "csv", "--source", "2", stdin=table)
    (found,) = result["files"]

    assert (found["outcome"], found["schema"], found["problems"]) == ("inconclusive", "ready-data", [])
    assert found["doubt"] == "a table without a line of names"
    lines = validate("-", "--format", "csv", "--source", "2", stdin=table).stdout.splitlines()
    assert lines == [
        "-: perhaps ready-data in csv: inconclusive",
        "  not judged: the members, because of a table without a line of names",
    ]
    assert result["exit_code"] == 0
    assert judge(Capture(table, 503), Asked("result", "csv")).fails(strict=False)


# The command.


def test_every_file_is_checked_and_a_missing_one_outranks_a_broken_one(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b'{"status":"processing"}')
    bad.write_bytes(b'{"status":"ok","id":"1"}')

    result = report(bad, tmp_path / "none", good)
    done = validate(bad, tmp_path / "none", good)

    assert [f["outcome"] for f in result["files"]] == ["broken", "not checked", "holds"]
    assert (result["exit_code"], report(bad, good)["exit_code"], report(good)["exit_code"]) == (2, 1, 0)
    assert "none: can't be read: No such file or directory" in done.stderr
    assert done.stdout.splitlines()[-1] == "3 files: 1 holds, 1 broken, 1 not checked"
    assert "  broken: id: expected a whole number, found a text of 1 character (create.ok, documented)" in done.stdout


def test_a_directory_stands_for_the_files_below_it(tmp_path: Path) -> None:
    for name in ("b/two", "a", ".hidden", "b/.git/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b'{"status":"processing"}')
    (tmp_path / "empty").mkdir()

    assert [Path(f["file"]).name for f in report(tmp_path)["files"]] == ["a", "two"]
    assert report(tmp_path / "empty")["files"][0]["trouble"].startswith("a directory without a file")


def test_an_empty_name_is_told_and_is_not_the_working_directory() -> None:
    done = validate("")

    assert done.exit_code == 2
    assert "'': not checked: an empty name: name a file, or - for standard input" in done.stdout


def test_standard_input_is_a_file_too() -> None:
    result = report("-", stdin=b'{"status":"ok","id":1}')

    assert [(f["file"], f["schema"]) for f in result["files"]] == [("-", "create")]


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["-", "-"],
        ["x", "--method", "delete"],
        ["x", "--format", "yaml"],
        ["x", "--source", "5"],
        ["x", "--schema", "raedy"],
        ["x", "--profile", "/none.toml"],
    ],
    ids=lambda args: " ".join(args) or "nothing",
)
def test_wrong_usage_is_an_error_and_ends_with_2(args: list[str]) -> None:
    done = validate(*args)

    assert done.exit_code == 2
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_that_is_wrong_is_wrong_usage(tmp_path: Path) -> None:
    done = validate("x", "--profile", a_profile(tmp_path, {"csv.delimiter": "^"}))

    assert done.exit_code == 2
    assert "csv.delimiter" in done.stderr


def test_a_file_beyond_the_limit_breaks_no_promise_yet_could_not_be_read_and_the_limit_is_named(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as out:
        out.write(b"{")
        os.truncate(out.fileno(), MAX_BYTES + 2**22)

    found = report(file)

    assert (found["files"][0]["outcome"], found["files"][0]["doubt"]) == ("inconclusive", TOO_LARGE)
    assert (found["files"][0]["problems"], found["exit_code"]) == ([], 1)


def test_the_process_ends_with_the_code_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b'{"status":"ok","id":0}')

    done = ifind("validate", "bad.json", "none", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stdout.startswith("bad.json: create in json: broken\n")
    assert done.stderr == "ifind-mock: none: can't be read: No such file or directory\n"


# Hostile bytes.

HOSTILE: dict[str, Callable[[], bytes]] = {
    "xml-bomb": lambda: b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><r><status>&b;</status></r>',
    "xml-external": lambda: b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><status>&a;</status></r>',
    "xml-nesting": lambda: b"<a>" * 100_000 + b"</a>" * 100_000,
    "json-nesting": lambda: b'{"status":' + b"[" * 500_000,
    "json-many-lists": lambda: b'{"status":"ready","data":[' + b"0," * 300_000 + b"0]}",
    "json-twice": lambda: b"{" + b",".join(b'"%d":0' % i for i in range(300_000)) + b',"7":1}',
    "nan": lambda: b'{"status":"ok","id":NaN}',
    "huge-fraction": lambda: b'{"status":"ok","id":1e400}',
    "huge-number": lambda: b'{"status":"ok","id":' + b"9" * 5000 + b"}",
    "large-times": lambda: b'{"status":"ready","data":[],"create_time":' + b"9" * 299 + b',"end_time":-1e300}',
    "half-a-pair": lambda: b'{"status":"error","error_code":1,"message":"\\ud800"}',
    "twice": lambda: b'{"status":"ok","status":"ok","id":1}',
    "nul": lambda: b'{"status":"processing"}\0',
    "only-nul": lambda: b"\0" * 1000,
    "no-utf-8": lambda: b'{"status":"\xff"}',
    "utf-16-xml": lambda: "<?xml version='1.0' encoding='UTF-16'?><r><status>processing</status></r>".encode("utf-16"),
    "open-quote": lambda: b'status,id\r\nok,"1\r\n' + b'""' * 100_000,
    "quotes": lambda: b'"' * 200_001,
    "heads": lambda: b"HTTP/1.1 200 OK\r\n\r\n" * MOST_ANSWERS,
    "long-head": lambda: b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * MOST_FIELDS,
}


@pytest.mark.parametrize("profile", [None, with_defaults(None)], ids=["open", "profile"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_survived(name: str, profile: Mapping[str, Any] | None) -> None:
    found = judged(HOSTILE[name](), profile=profile)

    assert len(found.problems) <= 2000
    assert found.problems or found.doubt or name == "utf-16-xml"


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(["ok", "ready", "processing", "error", MARK, "", "7", "\0", "a\nb", '"', ","])


def members() -> st.SearchStrategy[str]:
    documented = (
        "status",
        "id",
        "data",
        "names",
        "photo",
        "cost",
        "ip",
        "create_time",
        "end_time",
        "error_code",
        "price",
    )
    return st.sampled_from((*documented, "message", "api_limit", MARK))


def models() -> st.SearchStrategy[Any]:
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts())
    return st.dictionaries(
        members(),
        st.recursive(
            leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(members(), inner, max_size=3))
        ),
        max_size=6,
    )


def as_xml(model: Any, name: str = "response") -> etree._Element:
    element = etree.Element(name)
    for key, value in model.items() if isinstance(model, dict) else enumerate(model) if isinstance(model, list) else ():
        element.append(as_xml(value, key if isinstance(key, str) else MARK))
    if not isinstance(model, dict | list):
        element.text = "".join(c for c in str(model) if c.isprintable())
    return element


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def bodies() -> st.SearchStrategy[bytes]:
    tables = st.lists(st.lists(st.one_of(members(), texts()), min_size=1, max_size=6), max_size=4)
    samples = st.sampled_from([s.read_bytes() for s in SAMPLES])
    cut = st.tuples(samples, st.integers(0, 3000), st.integers(0, 3000), st.binary(max_size=5)).map(
        lambda t: t[0][: t[1]] + t[3] + t[0][t[2] :]
    )
    return st.one_of(
        st.binary(max_size=200),
        models().map(lambda model: json.dumps(model, ensure_ascii=False).encode()),
        models().map(lambda model: etree.tostring(as_xml(model), encoding="UTF-8")),
        tables.map(as_csv),
        cut,
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=bodies(),
    head=st.sampled_from(
        [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 500 X\nContent-Type: " + MARK.encode() + b"\n\n"]
    ),
    args=st.lists(
        st.sampled_from(
            [["--format", "csv"], ["--format", "xml"], ["--method", "info"], ["--source", "1"], ["--output", "json"]]
        ),
        max_size=2,
    ),
    strict=st.booleans(),
)
def test_any_file_gets_a_report_without_a_value_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, head: bytes, args: list[list[str]], strict: bool
) -> None:
    profile = ["--profile", str(a_profile(tmp_path_factory.getbasetemp(), {"xml.root": "r", "csv.delimiter": ";"}))]

    done = validate("-", *(word for arg in args for word in arg), *(profile if strict else []), stdin=head + body)

    assert done.exit_code in ((2,) if other_file(head + body) else (0, 1)), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert MARK not in done.output
    assert json.dumps(MARK)[1:-1] not in done.output


def test_the_names_of_samples_are_those_of_their_files() -> None:
    assert {name_of(s) for s in SAMPLES} == {f["file"].partition("fixtures/")[2] for f in report(*SAMPLES)["files"]}


# Files of more than is read.

RESPONSE = b"HTTP/1.1 200 OK\r\n\r\n{}\n"
REQUEST = {"url": "http://127.0.0.1/api/info?login=a&token=b"}


def har(entries: bytes) -> bytes:
    return b'{"log": {"entries": [' + entries.rstrip(b",") + b"]}}"


BEYOND: dict[str, tuple[Callable[[], bytes], str]] = {
    "responses": (lambda: RESPONSE * 10_001, "more than 10,000 responses, the most that are read: split the file"),
    "headers": (
        lambda: RESPONSE + b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1_001 + b"\r\n{}",
        "response 2, at byte 22, has a head of more than 1,000 lines: no server sends one, so cut it",
    ),
    "entries of a HAR file": (
        lambda: har(b"{}," * 10_001),
        "a HAR file of more than 10,000 entries, the most that are read: split it",
    ),
    **{
        f"values of a HAR file: {value.decode()}": (
            lambda value=value: har(value * 2_000_001),  # type: ignore[misc]
            "a HAR file of more than 2,000,000 values, the most that are read: split it",
        )
        for value in (b"{},", b"[],", b"0,", b'"",')
    },
    "values of a cassette": (
        lambda: b"interactions:\n" + b"- {}\n" * 200_001,
        "a cassette of more than 200,000 values, the most that are read: split it",
    ),
    "entries of a cassette": (
        lambda: b"interactions:\n" + b"- {}\n" * 10_001,
        "a cassette of more than 10,000 entries, the most that are read: split it",
    ),
}


@pytest.mark.parametrize("name", BEYOND)
def test_a_file_of_more_than_is_read_is_refused_and_the_others_are_checked(name: str, tmp_path: Path) -> None:
    make, why = BEYOND[name]
    (tmp_path / "large").write_bytes(make())
    (tmp_path / "right").write_bytes(b'{"status": "processing"}')
    found = report(tmp_path / "large", tmp_path / "right")

    assert [(file["trouble"], file["outcome"]) for file in found["files"]] == [(why, "not checked"), (None, "holds")]
    assert found["exit_code"] == 2


def test_a_har_file_with_a_long_text_is_read_whatever_stands_in_it(tmp_path: Path) -> None:
    body = json.dumps({"status": "error", "error_code": 1, "message": "{,[" * 1_000_000})
    entry = {"request": REQUEST, "response": {"status": 200, "content": {"text": body}}}
    (tmp_path / "a.har").write_bytes(har(json.dumps(entry).encode()))

    assert [file["trouble"] for file in report(tmp_path / "a.har")["files"]] == [None]


def test_the_problems_of_many_answers_are_cut(tmp_path: Path) -> None:
    body = json.dumps({"status": "ready", "data": [[]] * 300}).encode()
    (tmp_path / "a").write_bytes((RESPONSE.replace(b"{}", body)) * 200)
    found = report(tmp_path / "a")["files"]

    assert [len(found), {file["outcome"] for file in found}] == [200, {"broken"}]
    assert sum(len(file["problems"]) for file in found) < 21_000
    assert not found[0]["cut"]
    assert found[-1]["cut"]
