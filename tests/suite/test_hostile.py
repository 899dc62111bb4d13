"""A whole check against hostile servers: it ends, fails, takes nothing unreadable for right, and leaks nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from contract_tests import DoesNotConform, assert_conforms
from contract_tests.api import calls
from contract_tests.api.calls import Account
from contract_tests.api.reply import Reply, Unread
from contract_tests.captured.capture import MAX_BYTES, Asked, Capture
from contract_tests.captured.files import validate
from contract_tests.captured.judge import judge
from contract_tests.captured.validation_report import as_text
from contract_tests.check.command import run
from contract_tests.contract.members import COLUMNS
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.validate import problems
from contract_tests.decode.answers import read_answer
from contract_tests.decode.compare import formats_differ
from contract_tests.decode.csv import MAX_LINES
from contract_tests.decode.model import MAX_PARTS, Context, sharing
from contract_tests.engine.every_answer import check_readable, read
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import BUSY
from contract_tests.findings.checks import Checks
from contract_tests.findings.findings import Findings
from contract_tests.learning.learn import learn
from contract_tests.parity import parity
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import write
from contract_tests.transport.messages import HttpResponse, Request
from mockserver.mutants.kit.context import CallContext
from support.checking import check, examined, options_for
from support.raw_server import talking
from support.standins.breaking import Breakage
from support.standins.people import PERSONAL
from support.standins.people import PHONE as STANDIN_PHONE
from support.standins.running import ACCOUNTS, serving

LOGIN, TOKEN, PHONE = "anna@example.com", "7f3a9c5be1d2408e", "70005550123"
NAME = "Ольга Тульская"
EMPTY = '"price": "", "time": "", "description": "", "location": "", "source": "avito.ru", "category": "", "url": ""'
ROW = f'{{"title": "{NAME}", "phone": "{PHONE}", "name": "{NAME}", {EMPTY}}}'


def http(body: str | bytes, *headers: str, status: str = "200 OK") -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


MEMBERS = b"".join(b', "m%d": 1' % number for number in range(20_000))
BOMB = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '{}'><!ENTITY c '{}'>]><r><status>&c;</status></r>".format(
    "&a;" * 1000, "&b;" * 1000
)
UNREADABLE: dict[str, bytes] = {
    "no http": b"220 ready, " + NAME.encode() + b"\r\n\r\n",
    "thousands of headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "cut": http('{"status": "ok", "id": 1}')[:-5],
    "more than announced": http('{"status": "ok", "id": 1}') + NAME.encode(),
    "chunks that are none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + NAME.encode() + b"\r\n",
    "interim without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "a ring": http("", "Location: /api/info", status="302 Found"),
    "compressed": http(gzip.compress(f'{{"status": "ready", "data": [{ROW}]}}'.encode()), "Content-Encoding: gzip"),
    "a nesting bomb": http('{"a":' * 100_000),
    "an xml bomb": http(BOMB, "Content-Type: application/xml"),
    "another charset": http(
        '{"status": "ok", "id": 1, "m": "Оля"}'.encode("cp1251"), "Content-Type: text/html; charset=utf-8"
    ),
    "a number beyond reason": http('{"status": "ok", "id": ' + "9" * 5000 + "}"),
    "a list of lists": http("[" * 100_000),
    "an exponent beyond reason": http('{"status": "ok", "id": 1e999999}'),
    "half of a surrogate pair": http(r'{"status": "ok", "id": "\ud800"}'),
    "half of a pair in a name": http(r'{"status": "ok", "id": 1, "\udc00": 1}'),
    "a name twice": http('{"status": "ok", "status": "ready", "id": 1}'),
}
"""Answers that cannot be read, so that no clause about an answer can hold."""
UNTRUE: dict[str, bytes] = {
    "ready at once": http(f'{{"status": "ready", "data": [{ROW}, {ROW}], "{NAME}": 1, "id": "{NAME}"}}'),
    "an error that tells all": http(
        f'{{"status": "error", "error_code": "{NAME}", "message": "{TOKEN} {LOGIN} {PHONE}"}}'
    ),
    "a cost of 5,000 digits": http(f'{{"status": "ready", "data": [{ROW}], "cost": "{"9" * 5000}", "id": "x"}}'),
    "times beyond reason": http(
        '{"status": "ready", "data": [], "create_time": 1e300, "end_time": -1e300, "cost": 1e22}'
    ),
    "depths": http('{"status": "ok", "id": ' + "[" * 30 + "]" * 30 + "}"),
}
"""Answers that can be read, and are wrong."""


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOGIN": LOGIN, "TOKEN": TOKEN, "PHONE": PHONE}.items():
        monkeypatch.setenv(f"IFIND_{name}", value)
    for name in ("IFIND_LOGIN2", "IFIND_TOKEN2"):
        monkeypatch.delenv(name, raising=False)


TABLE = re.compile(
    r"^(\S+) +(?:documented|law|observed|sister|assumed) +(holds|broken|refuted|error|[a-z ]+?)  ", re.MULTILINE
)
UNSEEN = {"token.never-repeated", "cors"}
"""Clauses that hold for any bytes: cors is of headers alone."""


def checked(answer: bytes) -> tuple[dict[str, str], str]:
    """The outcomes and the output of a check of a server that always sends the answer. It fails and leaks nothing."""
    out = io.StringIO()
    with talking([answer]) as url:
        code = run(CheckOptions(target=url, poll_timeout=1.0, all=True), out)
    output = out.getvalue()

    assert code == 1, output
    assert "Traceback" not in output
    assert "ERROR of the suite" not in output
    assert not [secret for secret in (LOGIN, TOKEN, PHONE, *NAME.split()) if secret in output], output
    assert Secrets({LOGIN: "login", TOKEN: "token", PHONE: "phone"}, {NAME}).found_in(output.encode()) is None
    return dict(TABLE.findall(output)), output


@pytest.mark.few(6)
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_holds_nothing(name: str) -> None:
    outcomes, output = checked(UNREADABLE[name])

    assert {clause for clause, outcome in outcomes.items() if outcome == "holds"} <= UNSEEN, output
    assert "error" not in outcomes.values(), output


@pytest.mark.parametrize("name", UNTRUE)
def test_what_is_read_and_wrong_is_broken(name: str) -> None:
    outcomes, output = checked(UNTRUE[name])

    assert outcomes["create.ok"] == "broken", output
    assert "error" not in outcomes.values(), output


def test_in_a_report_of_a_right_target_nothing_is_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (login, token), *_ = ACCOUNTS["bureau"].items()
    monkeypatch.setenv("IFIND_LOGIN", login)
    monkeypatch.setenv("IFIND_TOKEN", token)
    monkeypatch.setenv("IFIND_PHONE", STANDIN_PHONE)
    out = io.StringIO()
    secrets = Secrets({login: "login", token: "token", STANDIN_PHONE: "phone"})
    secrets.learn({"status": "ready", "data": [{str(n): text for n, text in enumerate(PERSONAL)}]})
    with serving("bureau") as target:
        code = run(CheckOptions(target=target.url, poll_timeout=3.0, all=True), out)
    places = write(tmp_path / "report.txt", out.getvalue().encode(), secrets)

    assert (code, places) == (0, 0), out.getvalue()
    assert len(secrets.values) > len(PERSONAL) / 2


# What is too large to be compared, and breaks no promise.

TOO_LARGE: dict[str, tuple[str, bytes]] = {
    "members in JSON": ("json", b'{"status": "ok", "id": 1' + b', "": 1' * MAX_PARTS + b"}"),
    "elements in XML": ("xml", b"<r><status>ok</status>" + b"<a/>" * MAX_PARTS + b"</r>"),
    "attributes in XML": ("xml", b"<r><status>ok</status>" + b'<a b="1"/>' * (MAX_PARTS // 2) + b"</r>"),
    "names of elements in XML": (
        "xml",
        b"<r><status>ok</status>" + b"".join(b"<a%d/>" % n for n in range(10_000)) + b"</r>",
    ),
    "names of attributes in XML": (
        "xml",
        b"<r><status>ok</status>" + b"".join(b'<a b%d="1"/>' % n for n in range(10_000)) + b"</r>",
    ),
    "members of an object": ("json", b'{"status": "ok"' + b"".join(b', "m%d": 1' % n for n in range(10_001)) + b"}"),
    "lines of CSV": ("csv", b"title,price\n" + b"--- \n" * MAX_LINES),
    "columns of CSV": ("csv", b",".join(b"data.%d.title" % n for n in range(10_001)) + b"\n" + b"," * 10_000),
    "depth in JSON": ("json", b'{"status": "ok", "id": 1, "x": ' + b"[" * 40 + b"]" * 40 + b"}"),
    "depth in XML": ("xml", b"<r><status>ok</status>" + b"<a>" * 40 + b"</a>" * 40 + b"</r>"),
    "a name in XML": ("xml", b"<r><status>ok</status><" + b"a" * 200 + b"/></r>"),
    "bytes": ("json", b'{"status": "ok", "id": 1, "x": "' + b"x" * (MAX_BYTES + 1) + b'"}'),
    "dialects": ("csv", b"title;name;price;time;url\n" + b"'a';\"b\";1;2;3\n" * (MAX_PARTS // 5 - 10)),
}


@pytest.mark.few(4)
@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_to_be_compared_breaks_no_promise(name: str) -> None:
    fmt, body = TOO_LARGE[name]
    reference = {"status": "ready", "data": [{"title": f"title {n}", "name": "x"} for n in range(10)]}
    call = calls.result(Account(LOGIN, TOKEN, ""), 1, fmt=fmt)
    began = time.process_time()
    findings = Findings("http://127.0.0.1/api", Mask())
    if len(body) <= MAX_BYTES:
        reply = read(Reply(call, HttpResponse(Request("GET", ""), 200, (), body, 0.0), None), Context("result", "data"))
        if reply.unread is not Unread.TOO_LARGE:
            known = Context("result", "data", reference=reference)
            reply = read(replace(reply, decoded=None), known)
        reply = check_readable(Checks(findings, ()), reply)
        assert reply.unread is Unread.TOO_LARGE
        (clause,) = findings.reasons
        (row,) = findings.rows([clause])
        assert (row.outcome, findings.all) == (Outcome.INCONCLUSIVE, [])
        assert "is too large to be compared" in row.note
    if name != "dialects":  # which are tried only where an answer is known
        assert judge(Capture(body), Asked("result", fmt)).outcome is Outcome.INCONCLUSIVE
        assert_conforms(body, method="result", format=fmt)

    assert time.process_time() - began < 20


def test_a_target_whose_every_answer_is_too_large_to_be_read_is_not_found_to_hold() -> None:
    deep = b'{"status": "ok", "id": 1, "x": ' + b"[" * 40 + b"]" * 40 + b"}"
    with serving("bureau", http=lambda *_: (200, {"Content-Type": "application/json"}, deep)) as target:
        report = examined(target, poll_timeout=0.3, run_timeout=10.0).report

    assert report.exit_code == 1
    assert [row.clause.id for row in report.rows if row.outcome is Outcome.BROKEN] == []


@pytest.mark.once
def test_a_phone_with_20_000_rows_is_compared_in_each_format() -> None:
    rows = [[f"title {n}", "1", "", PHONE, NAME, "a, b & c", "", "avito.ru", "", f"u{n}"] for n in range(20_000)]
    data = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    model: dict[str, Any] = {"status": "ready", "data": data}
    table = io.StringIO()
    csv.writer(table).writerows([COLUMNS, *rows])
    items = "".join(f"<item>{''.join(f'<{k}>{escape(v)}</{k}>' for k, v in r.items())}</item>" for r in data)
    bodies = {
        "json": json.dumps(model),
        "xml": f"<response><status>ready</status><data>{items}</data></response>",
        "csv": table.getvalue(),
    }

    for fmt, body in bodies.items():
        decoded = read_answer(body.encode(), fmt, Context("result", "data", reference=model))
        assert formats_differ(model, decoded, Context("result", "data")) is None, fmt
        shared = sharing(decoded.model, model)
        assert shared == decoded.model, fmt
        assert shared["data"] is model["data"], fmt


# What else reads answers.

READ: dict[str, bytes] = {
    "depths": b'{"a":' * 100_000,
    "many members": b'{"status": "ok", "id": 1' + MEMBERS[:80_000].rpartition(b",")[0] + b"}",
    "digits": b'{"status": "ready", "data": [], "cost": "'
    + b"9" * 5000
    + b'", "create_time": 1e300, "end_time": -1e300}',
    "surrogates": rb'{"status": "error", "error_code": 1, "message": "\ud800", "\udc00": "\udfff"}',
    "a reference of 5,000 digits": b"<r><status>error</status><message>&#" + b"0" * 5000 + b"65;</message></r>",
    "references of 5,000 digits": b"title,name\n&#" + b"9" * 5000 + b";,b\n",
    "numbers in a table": b"status,cost,create_time\nready," + b"9" * 5000 + b",1e999999\n",
}
"""Bodies that have ended a reader in an error of its own."""


@pytest.mark.few(3)
@pytest.mark.parametrize("name", READ)
def test_parity_learn_and_validate_end_with_a_finding(name: str, tmp_path: Path) -> None:
    out, options = io.StringIO(), CheckOptions(poll_timeout=0.1)
    with talking([http(READ[name])]) as url:
        codes = [parity.run(url, url, options, out), learn(replace(options, target=url), None, out, out)]
    (tmp_path / "answer").write_bytes(READ[name])
    validation = validate([str(tmp_path / "answer")], Asked(), strict=False)
    output = out.getvalue() + as_text(validation)
    with suppress(DoesNotConform):
        assert_conforms(READ[name])

    assert set(codes) <= {0, 1, 3, 4}, output
    assert validation.exit_code in (0, 1), output
    assert not re.search("Traceback|rror of the (?:kit|suite) itself", output), output


# Time and memory.

BOUND = 20 * 16 * 2**20
"""Bytes of memory that a run takes at most: twenty times the largest answer that is read."""
MEASURED = """
import sys, time
from pathlib import Path
from mockserver.cli.main import main
try:
    main(sys.argv[1:])
finally:
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print("USED", int(peak.split()[1]) * 1024, time.process_time(), file=sys.stderr)
"""
LARGE: dict[str, bytes] = {
    "an answer of 16 MiB": b'{"status": "ready", "data": [], "names": [], "photo": "' + b"%25" * 5_500_000 + b'"}',
    "many rows": f'{{"status": "ready", "data": [{", ".join([ROW] * 8_000)}]}}'.encode(),
}


@pytest.mark.once
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("name", LARGE)
def test_the_deadline_of_a_run_and_its_memory_hold_against_answers_that_take_long_to_read(name: str) -> None:
    with talking([http(LARGE[name])]) as url:
        command = [sys.executable, "-c", MEASURED, "check", url, "--run-timeout", "2s", "--poll-timeout", "1s"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    _, memory, seconds = done.stderr.splitlines()[-1].split()

    assert done.returncode in {1, 4}, done.stdout  # the time is up before anything is found, or after
    assert "unaffordable" in done.stdout
    assert int(memory) < BOUND
    assert float(seconds) < 2 + 8  # the answer at hand is read to its end, and the report is written


@pytest.mark.once
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_the_two_sides_of_parity_share_the_memory_of_a_run() -> None:
    with talking([http(LARGE["many rows"])]) as url:
        command = [sys.executable, "-c", MEASURED, "parity", url, url, "--poll-timeout", "1s"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)

    assert done.returncode == 4, done.stdout
    assert "more than the 80 MiB" in done.stdout
    assert int(done.stderr.splitlines()[-1].split()[1]) < 400 * 2**20


def test_a_picture_takes_no_more_memory_than_some_times_its_size() -> None:
    photo = "A" * 2_000_000
    tracemalloc.start()
    try:
        found = problems("ready-photo", {"status": "ready", "photo": photo})
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert not [problem for problem in found if problem.rule == "pattern"]
    assert [problem.path for problem in problems("ready-photo", {"photo": f"{photo}!"}) if problem.rule == "pattern"]
    assert taken < 10 * len(photo)


def test_a_task_is_not_asked_for_by_an_id_that_no_service_gives() -> None:
    def answer(context: CallContext) -> None:
        if context.operation == "create" and context.body.get("status") == "ok":
            context.body["id"] = "7" * 5_000

    with serving("courier", seconds=0.0, breakage=Breakage("gives long ids", answer)) as target:
        code, output = check(target, poll_timeout=0.3)
        parity.run(target.url, target.url, options_for(target, poll_timeout=0.3), io.StringIO())
        asked = max(len(params.get("id", "")) for _, _, params in target.calls)

    assert code == 1, output
    assert "create.ok" in output
    assert asked < 1_000


def test_a_comparison_has_an_end_also_where_no_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contract_tests.parity.parity.SECONDS", 0.001)
    out = io.StringIO()
    with talking([http('{"status": "processing"}')]) as url:
        began = time.monotonic()
        code = parity.run(url, url, CheckOptions(poll_timeout=30.0), out)

    assert code == 4, out.getvalue()
    assert "the time of the run is up" in out.getvalue()
    assert time.monotonic() - began < 12


def test_a_credential_that_is_too_long_to_be_masked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IFIND_TOKEN", "a" * 100_000)
    out = io.StringIO()

    assert run(CheckOptions(target="http://127.0.0.1:9/api"), out) == 2
    assert "IFIND_TOKEN has 100000 characters" in out.getvalue()


# What only looks like a mock.


def looking_like_a_mock(monkeypatch: pytest.MonkeyPatch, account: object, seconds: float = 0.0) -> list[float]:
    """Has control calls answered as a mock answers them; the seconds that each may take."""
    made: list[float] = []

    def answer(request: Request, patience: float) -> HttpResponse:
        made.append(patience)
        body: object = {"version": "1", "uptime": 1}
        if request.url.endswith("/accounts"):
            time.sleep(seconds)
            body = account
        return HttpResponse(request, 200, (), json.dumps(body).encode(), 0.0)

    monkeypatch.setattr("contract_tests.engine.provision.send_control", answer)
    for name in ("IFIND_LOGIN", "IFIND_TOKEN"):
        monkeypatch.delenv(name)
    return made


@pytest.mark.parametrize("token", ["", "a" * 1001, "й" * 100_000, None, 5, {"a": 1}, ["abcdefgh"]])
def test_a_mock_whose_accounts_cannot_be_used_is_refused(token: object, monkeypatch: pytest.MonkeyPatch) -> None:
    looking_like_a_mock(monkeypatch, {"login": "anna@example.org", "token": token})
    out = io.StringIO()

    assert run(CheckOptions(target="http://127.0.0.1:9/api"), out) == 2
    assert "answered without a token of 1 to 1000 characters" in out.getvalue()
    assert len(out.getvalue()) < 500


def test_no_account_is_made_when_the_time_of_the_run_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made = looking_like_a_mock(monkeypatch, {"login": "anna@example.org", "token": "abcdefgh"}, 0.2)
    with talking([http('{"status": "ok", "id": 1}')]) as url:
        code = run(CheckOptions(target=url, run_timeout=1e-9), io.StringIO())

    assert code == 4
    assert made == [BUSY] * 3  # before the run began: whether it is a mock, and two accounts
