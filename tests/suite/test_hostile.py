"""A whole check against hostile servers: it ends, fails, takes nothing unreadable for right, and leaks nothing."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import pytest

from contract_tests.check.command import run
from contract_tests.engine.options import CheckOptions
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import write
from support.raw_server import talking
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


BOMB = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><r><status>&b;</status></r>"
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
    "a name twice": http('{"status": "ok", "status": "ready", "id": 1}'),
}
"""Answers that cannot be read, so that no clause about an answer can hold."""
UNTRUE: dict[str, bytes] = {
    "ready at once": http(f'{{"status": "ready", "data": [{ROW}, {ROW}], "{NAME}": 1, "id": "{NAME}"}}'),
    "an error that tells all": http(
        f'{{"status": "error", "error_code": "{NAME}", "message": "{TOKEN} {LOGIN} {PHONE}"}}'
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
UNSEEN = {"token.never-repeated"}
"""Clauses that hold for any bytes."""


def checked(answer: bytes) -> tuple[dict[str, str], str]:
    """The outcomes and the output of a check of a server that always sends the answer. It fails and leaks nothing."""
    out = io.StringIO()
    with talking([answer]) as url:
        code = run(CheckOptions(target=url, poll_timeout=1.0), out)
    output = out.getvalue()

    assert code == 1, output
    assert "Traceback" not in output
    assert "ERROR of the suite" not in output
    assert not [secret for secret in (LOGIN, TOKEN, PHONE, *NAME.split()) if secret in output], output
    assert Secrets({LOGIN: "login", TOKEN: "token", PHONE: "phone"}, {NAME}).found_in(output.encode()) is None
    return dict(TABLE.findall(output)), output


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
        code = run(CheckOptions(target=target.url, poll_timeout=3.0), out)
    places = write(tmp_path / "report.txt", out.getvalue().encode(), secrets)

    assert (code, places) == (0, 0), out.getvalue()
    assert len(secrets.values) > len(PERSONAL) / 2
