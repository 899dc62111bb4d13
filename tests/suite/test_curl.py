"""Lines of curl in reports, run by a real sh: each sends the call that it stands for, whatever the credentials."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, MULTIPART, WAYS, Account, Call, Way, request_of
from contract_tests.api.curl import MAX_LINE, curl
from contract_tests.redact.mask import Mask
from contract_tests.suite.edge_cases import VALUES, with_shapes
from contract_tests.transport.messages import Request
from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.wire.serving import serve_mock
from support.checking import check
from support.standins.running import serving

Pairs = list[tuple[str, str]]


@dataclass
class Recorder:
    """A server that keeps what it was sent."""

    url: str
    got: list[Request] = field(default_factory=list)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.got.append(Request(self.command, self.path, tuple(self.headers.items()), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_HEAD = do_PUT = do_GET  # noqa: N815 - the names are those of http.server

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Recorder(f"http://127.0.0.1:{server.server_port}/api")
        Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


def pasted(line: str, **variables: str) -> str:
    """What the line prints in a shell where the variables are exported."""
    environment = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b""), line
    return done.stdout.decode(errors="replace")


def sent(call: Call, recorder: Recorder, account: Account) -> tuple[Request, Request]:
    """The request that the line of a call has sent, and the one that the suite sends."""
    mask = Mask({account.login: "$IFIND_LOGIN", account.token: "$IFIND_TOKEN"})
    pasted(curl(call, recorder.url, mask), IFIND_LOGIN=account.login, IFIND_TOKEN=account.token)
    return recorder.got.pop(), request_of(call, recorder.url)


def parameters(request: Request) -> tuple[str, str, Pairs, Pairs | bytes]:
    """HTTP method, path, query, and body: what a server is told."""
    url, headers = urlsplit(request.url), {name.lower(): value for name, value in request.headers}
    kind = headers.get("content-type", "").partition(";")[0]
    if kind == "multipart/form-data" and b"Content-Disposition" in request.body:
        head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
        parts = [part for part in message_from_bytes(head + request.body).walk() if not part.is_multipart()]
        form = [(str(part["Content-Disposition"]), str(part.get_payload())) for part in parts]
        return request.http_method, url.path, pairs(url.query), form
    is_form = kind == "application/x-www-form-urlencoded"
    return (
        request.http_method,
        url.path,
        pairs(url.query),
        pairs(request.body.decode("latin-1")) if is_form else request.body,
    )


def pairs(text: str) -> Pairs:
    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape")


PLAIN = Account("olga@example.com", "aa11bb22cc33dd44")
AWKWARD = {
    "quotes": Account('o\'neil"the"one@example.com', 'it\'s`a`"token"'),
    "spaces": Account(" anna  b@example.com ", "a b  c d"),
    "marks of URLs": Account("anna+1&x=2%41#?@example.com", "a&b=c+d%20e#f;g?"),
    "marks of sh": Account("$HOME!$(id)\\n`id`@example.com", "a|b>c<d;e&&f*~{g}"),
    "no ASCII": Account("анна@пример.рф", "токен-é-漢字-😀"),
    "marks of curl": Account("@/etc/hostname", "<=a@b;type=x[1-9]{a,b}"),
}


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("way", [*WAYS, MULTIPART], ids=str)
def test_a_line_sends_any_login_and_token(name: str, way: Way, recorder: Recorder) -> None:
    account = AWKWARD[name]
    call = calls.create(account, "70005550123", 2, fmt="xml", way=way)
    got, expected = sent(call, recorder, account)

    assert parameters(got) == parameters(expected)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_line_sends_any_value(value: str, way: Way, recorder: Recorder) -> None:
    got, expected = sent(calls.result(PLAIN, 5, way=way).but(id=value), recorder, PLAIN)

    assert parameters(got) == parameters(expected)


def test_a_line_sends_every_shape_of_a_call(recorder: Recorder) -> None:
    mask, short = Mask({PLAIN.login: "$IFIND_LOGIN", PLAIN.token: "$IFIND_TOKEN"}), 0
    for call in with_shapes(PLAIN, "70005550123", 2, 5):
        if curl(call, recorder.url, mask).startswith("# "):
            continue  # see below
        short += 1
        got, expected = sent(call, recorder, PLAIN)
        ours = {name: value for name, value in expected.headers if name not in {"User-Agent", "Accept-Encoding"}}

        assert parameters(got) == parameters(expected), call
        assert ours.items() <= dict(got.headers).items() or call.way == MULTIPART, call
    assert short > 60


def test_a_line_that_is_too_long_is_a_comment_that_sends_nothing(recorder: Recorder) -> None:
    call = replace(calls.info(PLAIN), params=tuple((f"p{n}", "x") for n in range(1000)))
    line = curl(call, recorder.url, Mask())

    assert len(line) < MAX_LINE + 50
    assert pasted(line) == ""
    assert recorder.got == []


TAKEN = [name for name in AWKWARD if name != "spaces"]
"""A mock takes no blanks in a login or a token."""


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """A mock with the accounts of TAKEN."""
    accounts = [
        {"login": account.login, "token": account.token} for name, account in AWKWARD.items() if name != "spaces"
    ]
    settings = load({"delay": "1ms"}, {}, arguments={"accounts": accounts})
    with serve_mock(open_gateway(settings), settings) as url:
        yield f"{url}/api"


@pytest.mark.parametrize("name", TAKEN)
def test_a_line_is_answered_by_the_mock_in_every_way_and_format(name: str, mock: str) -> None:
    account = AWKWARD[name]
    mask = Mask({account.login: "$IFIND_LOGIN", account.token: "$IFIND_TOKEN"})
    for fmt, way in zip(FORMATS, [*WAYS, MULTIPART], strict=True):
        line = curl(calls.info(account, fmt=fmt, way=way), mock, mask)
        answer = pasted(line, IFIND_LOGIN=account.login, IFIND_TOKEN=account.token)

        assert "ok" in answer, (line, answer)


def test_the_lines_of_a_report_run(tmp_path: Path) -> None:
    with serving("courier", breakage="id as text") as target:
        check(target, json=tmp_path / "r.json")
        report = json.loads((tmp_path / "r.json").read_bytes())
        lines = {finding["call"] for clause in report["clauses"] for finding in clause["findings"]} - {"(several)"}
        answers = [pasted(line, **target.env) for line in sorted(lines)]

    assert len(lines) > 1
    assert all(answers)
