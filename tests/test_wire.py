"""The wire server, on real sockets."""

from __future__ import annotations

import asyncio
import http.client
import json
import select
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import pytest
import uvloop
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.gateway import MAX_BODY, Delivery, Request, Response
from mockserver.wire import Limits, LoopGuard, Server, WireError, running, serving
from mockserver.wire.errors import Rejected
from mockserver.wire.limits import SLICE
from mockserver.wire.reading import Reader
from mockserver.wire.running import fastest_loop
from wire_client import Client, Got, connected

JSON = (("Content-Type", "application/json"),)


def said(request: Request) -> bytes:
    """What the fake gateway answers: the request as it understood it."""
    return json.dumps(
        {
            "verb": request.verb,
            "path": request.path.decode("latin-1"),
            "query": request.query.decode("latin-1"),
            "headers": dict(request.headers),
            "body": request.body.decode("latin-1"),
            "peer": request.peer,
            "too_large": request.too_large,
        }
    ).encode()


@dataclass
class Echo:
    """A gateway that does what the query asks of it."""

    turns: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def turn(self, requests: Sequence[Request]) -> Sequence[Response]:
        self.turns.append(len(requests))
        self.threads.add(threading.get_ident())
        return [self.one(request) for request in requests]

    def one(self, request: Request) -> Response:
        wanted = {name: values[-1] for name, values in parse_qs(request.query.decode("latin-1")).items()}
        if "boom" in wanted:
            raise ValueError("the token is secret-token")
        headers = JSON + tuple((name, value) for name, value in wanted.items() if name.startswith("X-"))
        body = b"x" * int(wanted["size"]) if "size" in wanted else said(request)
        latency = Delivery(int(wanted.get("latency", "0")) * 1000)
        return Response(413 if request.too_large else int(wanted.get("status", "200")), headers, body, latency)


@dataclass
class Pages:
    """A WSGI application and its factory."""

    made: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    closed: list[str] = field(default_factory=list)

    def factory(self, guard: LoopGuard) -> WSGIApplication:
        self.made += 1
        self.guard = guard
        return self.application

    def application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/_mock/boom":
            raise ValueError("the token is secret-token")
        if path == "/_mock/slow":
            self.release.wait(5)
        if path == "/_mock/guard":
            body = str(self.guard(threading.get_ident)).encode()
        elif path == "/_mock/guard-raises":
            body = self.refused().encode()
        else:
            plain = {name: value for name, value in environ.items() if isinstance(value, str)}
            body = json.dumps(plain | {"body": environ["wsgi.input"].read().decode("latin-1")}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def refused(self) -> str:
        try:
            self.guard(lambda: int("none"))
        except ValueError:
            return "ValueError"
        return "nothing"


@dataclass
class Up:
    """A server that runs, and its parts."""

    server: Server
    address: tuple[str, int]
    echo: Echo
    pages: Pages
    log: list[str]

    def connect(self) -> AbstractContextManager[Client]:
        return connected(self.address)

    def ask(self, path: str = "/api/create", **more: object) -> Got:
        with self.connect() as client:
            return client.ask(path, **more)  # type: ignore[arg-type]


Serve = Callable[..., AbstractContextManager[Up]]


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"], scope="module")
def serve(request: pytest.FixtureRequest) -> Serve:
    @contextmanager
    def start(**limits: float) -> Iterator[Up]:
        echo, pages, log = Echo(), Pages(), list[str]()
        server = Server(echo, pages.factory, limits=Limits(**limits), access_log=log.append)  # type: ignore[arg-type]
        with running(server, loop_factory=request.param) as address:
            yield Up(server, address, echo, pages, log)

    return start


@pytest.fixture(scope="module")
def up(serve: Serve) -> Iterator[Up]:
    """A server with the usual limits, for tests that leave it as it was."""
    with serve() as made:
        yield made


def on_loop(up: Up, operation: Callable[[], object]) -> object:
    return up.server._guard(operation)


def get(path: str = "/api/create", *more: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: t", *more, "", ""]).encode("latin-1")


# What a request says.


def test_a_request_reaches_the_gateway_with_its_parts(up: Up) -> None:
    got = up.ask("/api/cr%65ate?phone=%37&a=b?c", verb="POST", headers="X-One: 1\r\nx-one: 2\r\n", body=b"a=1\xff")

    assert got.json == {
        "verb": "POST",
        "path": "/api/create",
        "query": "phone=%37&a=b?c",
        "headers": {"host": "t", "x-one": "2", "content-length": "4"},
        "body": "a=1\xff",
        "peer": "127.0.0.1",
        "too_large": False,
    }


def test_white_space_around_a_header_value_is_no_part_of_it(up: Up) -> None:
    assert up.ask(headers="X: \t a b \t\r\n").json["headers"]["x"] == "a b"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/api/create?", "/api/create", ""),
        ("/a%zz%4", "/a%zz%4", ""),
        ("/a%D0%B0%00", "/a\xd0\xb0\0", ""),
        ("/a?b#c", "/a", "b"),
        ("/a#b?c", "/a", ""),
        ("//a//b", "//a//b", ""),
        ("/a+b", "/a+b", ""),
        ("http://host:80/api/create?x=1", "/api/create", "x=1"),
        ("HTTP://host", "/", ""),
        ("http://host?x", "/", "x"),
    ],
)
def test_a_target_is_split_into_decoded_path_and_raw_query(up: Up, target: str, path: str, query: str) -> None:
    got = up.ask(target).json

    assert (got["path"], got["query"]) == (path, query)


def test_the_host_of_an_absolute_target_outranks_the_header(up: Up) -> None:
    assert up.ask("http://name:word@other:81/a").json["headers"]["host"] == "other:81"


def test_options_of_the_whole_server_are_told(up: Up) -> None:
    with up.connect() as client:
        got = client.ask("*", verb="OPTIONS")

        assert (got.status, got.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
        assert client.ask().status == 200


def test_a_chunked_body_is_put_together_and_its_trailers_are_dropped(up: Up) -> None:
    head = b"POST /api/create HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: Chunked\r\n\r\n"
    with up.connect() as client:
        client.send(head + b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\nHost: evil\r\n\r\n" + get())
        got = client.answer().json

        assert got["body"] == "abcde"
        assert got["headers"] == {"host": "t", "transfer-encoding": "Chunked"}
        assert client.answer().json["headers"] == {"host": "t"}


def test_the_peer_of_an_ipv6_client_is_its_address() -> None:
    try:
        context = running(Server(Echo(), Pages().factory), "::1")
        address = context.__enter__()
    except WireError as error:
        pytest.skip(f"no IPv6 here: {error}")
    try:
        with connected(address) as client:
            assert client.ask().json["peer"] == "::1"
    finally:
        context.__exit__(None, None, None)


# What an answer says.


def test_an_answer_carries_the_servers_own_headers(up: Up) -> None:
    got = up.ask("/?status=404")

    assert (got.status, got.reason) == (404, "Not Found")
    assert got.headers["server"] == "ifind-mock"
    assert got.headers["content-type"] == "application/json"
    assert abs(parsedate_to_datetime(got.headers["date"]).timestamp() - time.time()) < 5
    assert "connection" not in got.headers


def test_head_is_answered_with_the_length_and_without_the_body(up: Up) -> None:
    with up.connect() as client:
        got = client.ask("/?size=77", verb="HEAD")

        assert got.headers["content-length"] == "77"
        assert client.ask("/?size=3").body == b"xxx"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_says_no_length(up: Up, status: int) -> None:
    with up.connect() as client:
        got = client.ask(f"/?status={status}")

        assert (got.status, "content-length" in got.headers) == (status, False)
        assert client.ask().status == 200


def test_a_status_without_a_known_phrase_is_sent(up: Up) -> None:
    assert up.ask("/?status=599").status == 599


def test_a_header_value_cannot_begin_a_header_of_its_own(up: Up) -> None:
    got = up.ask("/?X-Mock-Reason=a%0D%0ASet-Cookie:b%0Ac%00d%E2%82%AC")

    assert "set-cookie" not in got.headers
    assert got.headers["x-mock-reason"] == "a  Set-Cookie:b c d?"


# Keep-alive and pipelining.


@pytest.mark.parametrize(
    ("request_", "kept", "told"),
    [
        (get(), True, None),
        (get("/", "Connection: keep-alive"), True, None),
        (get("/", "Connection: close"), False, "close"),
        (get("/", "Connection: x, Close"), False, "close"),
        (get(version="1.0"), False, "close"),
        (get("/", "Connection: Keep-Alive", version="1.0"), True, "keep-alive"),
        (b"GET / HTTP/1.0\r\n\r\n", False, "close"),
    ],
)
def test_a_connection_is_kept_as_version_and_header_say(up: Up, request_: bytes, kept: bool, told: str | None) -> None:
    with up.connect() as client:
        got = client.send(request_).answer()

        assert (got.status, got.headers.get("connection")) == (200, told)
        assert kept == (client.ask().status == 200 if kept else not client.closed())


def test_what_follows_the_last_request_is_not_answered(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/", "Connection: close") + get("/two") + b"\x00" * 10_000)

        assert client.answer().json["path"] == "/"
        assert client.closed()


def test_pipelined_answers_come_in_order_though_an_earlier_one_waits(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/one?latency=80") + get("/two") + get("/three?latency=10") + get("/_mock/four") + get("/five"))
        paths = [got.get("path") or got["PATH_INFO"] for got in (client.answer().json for _ in range(5))]

        assert paths == ["/one", "/two", "/three", "/_mock/four", "/five"]


def test_an_answer_that_waits_does_not_hold_other_connections(up: Up) -> None:
    with up.connect() as slow, up.connect() as quick:
        began = time.monotonic()
        slow.send(get("/?latency=250"))
        assert quick.ask().status == 200

        assert not select.select([slow.socket], [], [], 0)[0]
        assert slow.answer().status == 200
        assert time.monotonic() - began >= 0.24


def test_requests_of_one_turn_reach_the_gateway_together(serve: Serve) -> None:
    with serve() as up, ExitStack() as stack:
        clients = [stack.enter_context(up.connect()) for _ in range(5)]
        for client in clients:
            client.ask()
        up.echo.turns.clear()

        def let_all_come() -> None:
            for client in clients:
                client.send(get() * 3)

        on_loop(up, let_all_come)
        for client in clients:
            for _ in range(3):
                client.answer()

        assert sum(up.echo.turns) == 15
        assert len(up.echo.turns) <= 2
        assert len(up.echo.threads) == 1


def test_a_client_that_has_ended_its_side_still_gets_its_answers(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/one?latency=50") + get("/two"))
        client.socket.shutdown(socket.SHUT_WR)

        assert client.answer().json["path"] == "/one"
        assert client.answer().json["path"] == "/two"
        assert client.closed()


def test_a_client_that_has_ended_its_side_may_read_slowly(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/?size=3000000") * 5)
        client.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.05)

        assert [len(client.answer().body) for _ in range(5)] == [3_000_000] * 5
        assert client.closed()


def test_a_client_that_ends_in_the_middle_of_a_request_is_told(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/one?latency=50") + b"GET / HT")
        client.socket.shutdown(socket.SHUT_WR)

        assert client.answer().json["path"] == "/one"
        assert client.answer().status == 400
        assert client.closed()


def test_a_client_that_goes_away_while_its_answer_waits_harms_nobody(serve: Serve) -> None:
    with serve() as up:
        with up.connect() as client:
            client.send(get("/?latency=60000"))
            wait_for(lambda: len(up.server._waiting) == 1)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_for(lambda: not up.server._waiting)

        assert up.ask().status == 200


def test_more_pipelined_requests_than_the_limit_are_read_later_and_answered(serve: Serve) -> None:
    with serve(pipelined=4) as up, up.connect() as client:
        sent = b"".join(get(f"/{number}?latency={number % 3}", "X-Pad: " + "x" * 300) for number in range(200))
        threading.Thread(target=client.send, args=(sent,)).start()
        paths = [client.answer().json["path"] for _ in range(200)]

        assert paths == [f"/{number}" for number in range(200)]
        assert max(up.echo.turns) <= 4 + SLICE // 300


def test_a_client_that_does_not_read_is_not_read_from(serve: Serve) -> None:
    with serve() as up, up.connect() as client:
        client.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.send(get("/?size=100000") * 200_000)
        client.socket.settimeout(5)

        assert sum(up.echo.turns) < 1000
        assert client.answer().body == b"x" * 100_000
        assert up.ask().status == 200


def test_a_large_answer_arrives_whole(up: Up) -> None:
    assert len(up.ask("/?size=20000000").body) == 20_000_000


# Bodies and expectations.


def test_a_client_that_expects_it_is_told_to_continue(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n")

        assert client.answer().status == 100
        assert client.send(b"abc").answer().json["body"] == "abc"


def test_nobody_is_told_to_continue_who_has_sent_the_body_or_has_none(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        assert client.answer().json["body"] == "abc"

        client.send(get("/", "Expect: 100-continue"))
        assert client.answer().status == 200


def test_continue_is_not_said_to_http_1_0(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.02)

        assert client.send(b"abc").answer().json["body"] == "abc"


def test_continue_waits_for_the_answers_before_it(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/one?latency=50"))
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")

        assert client.answer().json["path"] == "/one"
        assert client.answer().status == 100
        assert client.send(b"abc").answer().json["body"] == "abc"


def test_another_expectation_is_refused(up: Up) -> None:
    assert refused(up, get("/", "Expect: tea")) == 417


def test_a_body_of_the_greatest_size_is_taken(up: Up) -> None:
    assert len(up.ask(verb="POST", body=b"x" * MAX_BODY).json["body"]) == MAX_BODY


def test_the_gateway_answers_a_body_that_is_too_large_and_the_connection_closes(up: Up) -> None:
    with up.connect() as client:
        got = client.ask(verb="POST", body=b"x" * (5 * MAX_BODY))

        assert (got.status, got.json["too_large"], got.json["body"]) == (413, True, "")
        assert got.headers["connection"] == "close"
        assert client.closed()


def test_a_chunked_body_that_is_too_large_is_answered_likewise(serve: Serve) -> None:
    with serve(body=100) as up, up.connect() as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + b"33\r\n" + b"x" * 51 + b"\r\n"
        )
        client.send(b"33\r\n" + b"x" * 51 + b"\r\n")

        assert client.answer().json["too_large"]
        assert client.closed()


def test_a_client_that_asks_first_does_not_send_a_body_that_is_too_large(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 9999999999\r\n\r\n")

        assert client.answer().status == 413


def test_an_endless_body_is_cut_off(serve: Serve) -> None:
    with serve(linger_size=100_000) as up, up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n")
        with pytest.raises(ConnectionError):
            client.send(b"x" * 50_000_000)

        assert up.ask().status == 200


# What is refused.


def refused(up: Up, request: bytes) -> int:
    """The status with which the server refuses a request and closes; its body reads like an error of the API."""
    with up.connect() as client:
        got = client.send(request).answer()
        assert got.json["status"] == "error"
        assert got.json["error_code"] == got.status
        assert "secret" not in got.json["message"]
        assert got.headers["connection"] == "close"
        assert client.closed()
    return got.status


CHUNKED = b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "request_",
    {
        "length and coding": CHUNKED + b"Content-Length: 3\r\n\r\n0\r\n\r\n",
        "length twice": get("/", "Content-Length: 1", "Content-Length: 1") + b"x",
        "two lengths": get("/", "Content-Length: 1", "Content-Length: 2") + b"xx",
        "lengths in a list": get("/", "Content-Length: 1, 1") + b"x",
        "signed length": get("/", "Content-Length: +1") + b"x",
        "hex length": get("/", "Content-Length: 0x1") + b"x",
        "empty length": get("/", "Content-Length:"),
        "endless length": get("/", "Content-Length: " + "9" * 40),
        "coding twice": CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "coding after chunked": get("/", "Transfer-Encoding: chunked, identity"),
        "coding of 1.0": get("/", "Transfer-Encoding: chunked", version="1.0") + b"0\r\n\r\n",
        "space before colon": get("/", "Content-Length : 1") + b"x",
        "space before name": get("/", " Content-Length: 1") + b"x",
        "tab before coding": get("/", "Transfer-Encoding:\x0bchunked") + b"0\r\n\r\n",
        "folded header": get("/", "X: a", " b"),
        "bare line feed": b"GET / HTTP/1.1\nHost: t\n\n",
        "bare carriage return": b"GET / HTTP/1.1\r\nHost: t\rX: b\r\n\r\n",
        "zero byte in value": get("/", "X: \0"),
        "bad name": get("/", "X(: 1"),
        "no name": get("/", ": 1"),
        "no colon": get("/", "secret"),
        "chunk size with sign": CHUNKED + b"\r\n-1\r\nx\r\n0\r\n\r\n",
        "chunk size with prefix": CHUNKED + b"\r\n0x1\r\nx\r\n0\r\n\r\n",
        "chunk size with space": CHUNKED + b"\r\n1 \r\nx\r\n0\r\n\r\n",
        "chunk size too great": CHUNKED + b"\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n",
        "chunk size ended by line feed": CHUNKED + b"\r\n1\nx\r\n0\r\n\r\n",
        "chunk too long": CHUNKED + b"\r\n1\r\nxy\r\n0\r\n\r\n",
        "no chunk size": CHUNKED + b"\r\n\r\n\r\n",
        "length in trailers": CHUNKED + b"\r\n0\r\nContent-Length: 4\r\n\r\n",
        "no host": b"GET / HTTP/1.1\r\n\r\n",
        "two hosts": get("/", "Host: other"),
        "connect": b"CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n",
        "bare word as target": get("secret"),
        "asterisk of another verb": get("*"),
        "foreign scheme": get("ftp://t/secret"),
        "space in target": get("/a secret"),
        "raw letter in target": get("/?secret=\xff"),
        "control character in target": get("/\x01"),
        "unknown verb": b"SECRET / HTTP/1.1\r\nHost: t\r\n\r\n",
        "small verb": b"get / HTTP/1.1\r\nHost: t\r\n\r\n",
        "no protocol": b"GET / secret\r\n\r\n",
        "later version": b"GET / HTTP/1.2\r\nHost: t\r\n\r\n",
        "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "tls": bytes.fromhex("16030100f8010000f40303") + bytes(240),
    }.items(),
    ids=lambda item: item[0].replace(" ", "-"),
)
def test_a_malformed_request_is_refused_in_words_a_client_can_read(up: Up, request_: tuple[str, bytes]) -> None:
    assert refused(up, request_[1]) == 400


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 505),
        (CHUNKED.replace(b"chunked", b"gzip, chunked") + b"\r\n0\r\n\r\n", 501),
        (CHUNKED.replace(b"chunked", b"xchunked") + b"\r\n0\r\n\r\n", 501),
    ],
)
def test_what_http_allows_and_is_not_spoken_here_is_named(up: Up, request_: bytes, status: int) -> None:
    assert refused(up, request_) == status


def test_requests_before_a_malformed_one_are_answered_first(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/one?latency=30") + get("/two") + b"\r\n\r\n nonsense")

        assert [client.answer().status for _ in range(3)] == [200, 200, 400]
        assert client.closed()


def test_a_refusal_reaches_a_client_that_goes_on_sending(up: Up) -> None:
    with up.connect() as client:
        client.send(b"nonsense\r\n\r\n" + b"x" * 3_000_000)

        assert client.answer().status == 400


@pytest.mark.parametrize("request_", [b"nonsense\r\n\r\n", get("/", "Content-Length: 9999999")])
def test_a_client_may_go_on_sending_for_a_while_after_the_last_answer(up: Up, request_: bytes) -> None:
    with up.connect() as client:
        client.send(request_)
        assert client.answer().status in {400, 413}

        for _ in range(3):
            client.send(b"more")
            time.sleep(0.01)
        assert client.closed()


@pytest.mark.parametrize("body", [b"", b"a=1&b=2"])
def test_an_offered_upgrade_is_ignored(up: Up, body: bytes) -> None:
    offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    with up.connect() as client:
        got = client.ask("/a?b=c", verb="POST" if body else "GET", headers=offer, body=body)

        assert (got.status, got.json["query"], got.json["body"]) == (200, "b=c", body.decode())
        assert client.ask().status == 200


def test_an_upgrade_does_not_turn_a_body_into_a_request(up: Up) -> None:
    offer = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    with up.connect() as client:
        got = client.ask(verb="POST", headers=offer, body=get("/inner"))

        assert got.json["body"] == get("/inner").decode()
        assert client.ask("/next").json["path"] == "/next"


# Limits.


def test_a_long_address_is_refused(serve: Serve) -> None:
    with serve(target=100) as up:
        assert up.ask("/" + "x" * 99).status == 200
        assert refused(up, get("/" + "x" * 100)) == 414
        assert refused(up, b"GET /" + b"x" * 200) == 414


def test_long_headers_are_refused(serve: Serve) -> None:
    with serve(head=200) as up:
        assert up.ask(headers=f"X: {'x' * 180}\r\n").status == 200
        assert refused(up, get("/", f"X: {'x' * 200}")) == 431
        assert refused(up, get("/", *["X: 1"] * 50)) == 431


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\nX: ", CHUNKED + b"\r\n1;", CHUNKED + b"\r\n0\r\nX: "])
def test_a_header_without_end_is_refused(serve: Serve, head: bytes) -> None:
    with serve(head=SLICE) as up:
        assert refused(up, head + b"x" * (4 * SLICE)) == 431


def test_a_request_that_takes_too_long_is_refused(serve: Serve) -> None:
    with serve(request_time=0.08) as up, up.connect() as client:
        client.ask()
        began = time.monotonic()
        client.send(b"GET / HT")
        time.sleep(0.05)
        client.send(b"TP/1.1\r\n")
        got = client.answer()

        assert (got.status, got.json["error_code"]) == (408, 408)
        assert 0.08 <= time.monotonic() - began < 2
        assert client.closed()


def test_the_time_of_a_request_does_not_run_while_an_answer_is_awaited(serve: Serve) -> None:
    with serve(request_time=0.2, pipelined=1) as up, up.connect() as client:
        client.send(get("/?latency=250") + b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 8001\r\n\r\n" + b"x" * 8000)
        assert client.answer().status == 200
        time.sleep(0.04)

        assert client.send(b"x").answer().status == 200


def test_an_idle_connection_is_closed_without_a_word(serve: Serve) -> None:
    with serve(idle_time=0.05) as up, up.connect() as fresh, up.connect() as used:
        used.ask()

        assert fresh.closed()
        assert used.closed()


def test_neither_time_counts_while_an_answer_is_awaited(serve: Serve) -> None:
    with serve(idle_time=0.05, request_time=0.05) as up, up.connect() as client:
        assert client.ask("/?latency=150").status == 200


def test_a_client_that_never_reads_is_cut(serve: Serve) -> None:
    with serve(unread_time=0.1) as up, up.connect() as client:
        client.send(get("/?size=20000000"))
        wait_for(lambda: up.echo.turns == [1])
        wait_for(lambda: not up.server._connections)


def test_one_connection_too_many_is_told_so(serve: Serve) -> None:
    with serve(connections=2, turned_away=1) as up, up.connect() as one, up.connect() as two:
        one.ask()
        two.ask()
        with up.connect() as three, up.connect() as four:
            assert three.answer().status == 503
            assert three.closed()
            assert four.closed()
        two.close()
        wait_for(lambda: len(up.server._connections) == 1)

        assert up.ask().status == 200
        assert one.ask().status == 200


def test_a_client_that_lingers_is_cut(serve: Serve) -> None:
    with serve(linger_time=0.05) as up, up.connect() as client:
        client.send(b"nonsense\r\n\r\n")
        client.answer()
        wait_for(lambda: not up.server._connections)


# Failures inside.


def test_a_bug_in_the_gateway_is_a_500_and_the_server_lives_on(up: Up, capfd: pytest.CaptureFixture[str]) -> None:
    with up.connect() as client:
        got = client.ask("/?boom=1&token=secret-token")

        assert (got.status, got.json["error_code"]) == (500, 500)
        assert client.ask().status == 200
    told = capfd.readouterr().err
    assert "the gateway failed with ValueError at test_wire.py:" in told
    assert "secret-token" not in told + got.body.decode()


def test_a_bug_in_the_application_is_a_500_and_the_server_lives_on(up: Up, capfd: pytest.CaptureFixture[str]) -> None:
    with up.connect() as client:
        assert client.ask("/_mock/boom?token=secret-token").status == 500
        assert client.ask("/_mock/").status == 200
    told = capfd.readouterr().err
    assert "the WSGI application failed with ValueError at test_wire.py:" in told
    assert "secret-token" not in told


@settings(deadline=None, max_examples=100)
@given(
    data=st.binary(max_size=300),
    head=st.sampled_from([b"", b"GET / HTTP/1.1\r\nHost: t\r\n", CHUNKED, CHUNKED + b"\r\n"]),
)
@example(data=b"", head=b"")
def test_random_bytes_are_refused_or_dropped_and_the_server_lives_on(up: Up, data: bytes, head: bytes) -> None:
    with up.connect() as client:
        try:
            client.send(head + data)
            client.socket.shutdown(socket.SHUT_WR)
            while True:
                got = client.answer()
                assert got.status in range(200, 300) or got.status in {501, 505} or got.status in range(400, 500)
        except (EOFError, ConnectionError):
            pass
    assert up.ask().status == 200


# Any split of the stream.

STREAM = [
    get("/one?a=%20b#c"),
    b"POST /two HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello",
    b"\r\nHEAD /three HTTP/1.1\r\nHost: t\r\nX: " + b"y" * 50 + b"\r\nX:  z \r\n\r\n",
    CHUNKED + b"\r\n3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: t\r\n\r\n",
    get("/four", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 4") + b"GET ",
    get("/five", "Connection: keep-alive", version="1.0"),
    get("http://other/six?x", "Expect: 100-continue"),
    get("/seven", "Connection: close"),
]


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    at = [0, *sorted(place % len(data) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(at) if a < b]


places = st.lists(st.integers(min_value=0, max_value=10_000), max_size=40)
orders = st.lists(st.sampled_from(STREAM[:-1]), max_size=6)


@settings(deadline=None)
@given(order=orders, places=places)
@example(order=STREAM[:-1], places=range(10_000))
def test_requests_read_the_same_wherever_the_stream_is_cut(order: list[bytes], places: Iterable[int]) -> None:
    def read(pieces: Iterable[bytes]) -> list[tuple[Request, bool, bool]]:
        taken: list[tuple[Request, bool, bool]] = []
        reader = Reader(Limits(), "", lambda *one: taken.append(one))
        assert [reader.feed(piece) for piece in pieces if not reader.finished].count(None) > 0
        return taken

    whole = b"".join([*order, STREAM[-1]])
    expected = [one for request in [*order, STREAM[-1]] for one in read([request])]

    assert read(cut(whole, places)) == expected
    assert len(expected) == len(order) + 1


@settings(deadline=None, max_examples=30)
@given(order=orders, places=places)
def test_answers_are_the_same_wherever_the_stream_is_cut(up: Up, order: list[bytes], places: list[int]) -> None:
    requests = [*order, STREAM[-1]]

    def answers(pieces: Iterable[bytes]) -> list[Got]:
        with up.connect() as client:
            for piece in pieces:
                client.send(piece)
            return [client.answer(head=b"HEAD" in request) for request in requests]

    def undated(got: Got) -> tuple[int, bytes, int]:
        return got.status, got.body, len(got.headers)

    whole = b"".join(requests)
    assert [*map(undated, answers(cut(whole, places)))] == [*map(undated, answers([whole]))]


@settings(deadline=None, max_examples=200)
@given(pieces=st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_are_read_or_rejected(pieces: list[bytes]) -> None:
    reader = Reader(Limits(), "", lambda *_: None)
    results = [reader.feed(piece) for piece in pieces]

    assert all(one is None or (isinstance(one, Rejected) and 400 <= one.status <= 505) for one in results)


# The WSGI application.


def test_the_mocks_own_routes_go_to_the_application_and_all_else_to_the_gateway(up: Up) -> None:
    theirs = ["/_mock", "/_mock/", "/_mock/health?a=b", "/%5Fmock/health", "/_mock?x"]
    ours = ["/", "/_mocks", "/_mock-x", "//_mock/", "/api/_mock/", "/_MOCK/"]

    assert ["PATH_INFO" in up.ask(path).json for path in theirs + ours] == [True] * 5 + [False] * 6


def test_the_application_is_made_when_it_is_first_needed_and_once(serve: Serve) -> None:
    with serve() as up, ExitStack() as stack:
        up.ask()
        assert up.pages.made == 0

        clients = [stack.enter_context(up.connect()) for _ in range(8)]
        for client in clients:
            client.send(get("/_mock/"))
        assert [client.answer().status for client in clients] == [200] * 8
        assert up.pages.made == 1


def test_the_application_sees_the_request_as_wsgi_says(up: Up) -> None:
    got = up.ask(
        "/_mock/%D0%B0?b=%20",
        verb="POST",
        headers="X-One: 1\r\nX_One: 2\r\nContent-Type: text/plain\r\n",
        body=b"\xff\0",
    ).json

    assert got["PATH_INFO"] == "/_mock/\xd0\xb0"
    assert got["QUERY_STRING"] == "b=%20"
    assert (got["REQUEST_METHOD"], got["SCRIPT_NAME"], got["SERVER_PROTOCOL"]) == ("POST", "", "HTTP/1.1")
    assert (got["CONTENT_TYPE"], got["CONTENT_LENGTH"], got["body"]) == ("text/plain", "2", "\xff\0")
    assert (got["HTTP_X_ONE"], got["HTTP_HOST"]) == ("1", "t")
    assert (got["SERVER_NAME"], got["SERVER_PORT"]) == ("127.0.0.1", str(up.address[1]))
    assert got["REMOTE_ADDR"] == "127.0.0.1"


def test_a_chunked_body_has_a_length_for_the_application(up: Up) -> None:
    with up.connect() as client:
        client.send(CHUNKED.replace(b" / ", b" /_mock/ ") + b"\r\n3\r\nabc\r\n0\r\n\r\n")
        got = client.answer().json

    assert (got["body"], got["CONTENT_LENGTH"], "HTTP_TRANSFER_ENCODING" in got) == ("abc", "3", False)


def test_the_applications_head_keeps_its_length(up: Up) -> None:
    with up.connect() as client:
        length = client.ask("/_mock/guard").headers["content-length"]

        assert client.ask("/_mock/guard", verb="HEAD").headers["content-length"] == length
        assert client.ask("/_mock/").status == 200


def test_a_body_too_large_for_the_application_is_refused(serve: Serve) -> None:
    with serve(body=10) as up:
        assert up.ask("/_mock/", verb="POST", body=b"x" * 11).status == 413


def test_a_slow_page_does_not_hold_the_api(up: Up) -> None:
    with up.connect() as slow:
        slow.send(get("/_mock/slow"))
        assert up.ask().status == 200
        up.pages.release.set()
        assert slow.answer().status == 200


def test_the_bridge_keeps_pep_3333(serve: Serve) -> None:
    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("201 Whatever", [("Content-Type", "text/plain")])
        write(b"one ")
        return iter([b"", b"two ", b"three"])

    with serve() as up:
        up.pages.application = validator(application)  # type: ignore[method-assign]
        got = up.ask("/_mock/")

    assert (got.status, got.reason, got.body) == (201, "Created", b"one two three")


def test_an_application_may_take_back_what_it_has_not_begun(serve: Serve) -> None:
    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError:
            start_response("503 Down", [("X-Down", "1")], sys.exc_info())
        return [b"down"]

    with serve() as up:
        up.pages.application = application  # type: ignore[method-assign]
        got = up.ask("/_mock/")

    assert (got.status, got.headers["x-down"], got.body) == (503, "1", b"down")


def no_start(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    return [b"body"]


def silent(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    return []


def twice(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def late(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])(b"begun")
    try:
        raise KeyError
    except KeyError:
        start_response("500 Oh", [], sys.exc_info())
    return []


@pytest.mark.parametrize("application", [no_start, silent, twice, late])
def test_an_application_that_breaks_pep_3333_is_a_500(
    serve: Serve, application: WSGIApplication, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve() as up:
        up.pages.application = application  # type: ignore[method-assign]

        assert up.ask("/_mock/").status == 500
    assert "the WSGI application failed" in capfd.readouterr().err


def test_the_applications_answer_is_closed_even_where_it_fails(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise ValueError

        def close(self) -> None:
            closed.append(True)

    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Body()

    with serve() as up:
        up.pages.application = application  # type: ignore[method-assign]

        assert (up.ask("/_mock/").status, closed) == (500, [True])
    assert capfd.readouterr().err


# The guard.


def test_the_guard_runs_an_operation_on_the_loop(up: Up) -> None:
    up.ask()

    assert int(up.ask("/_mock/guard").body) in up.echo.threads


def test_the_guard_raises_what_the_operation_raises(up: Up) -> None:
    assert up.ask("/_mock/guard-raises").body == b"ValueError"


def test_the_guard_on_the_loop_itself_runs_at_once(up: Up) -> None:
    assert on_loop(up, lambda: up.server._guard(lambda: 7)) == 7


def test_the_guard_of_a_stopped_server_says_so(serve: Serve) -> None:
    with serve() as up:
        up.ask("/_mock/")
    with pytest.raises(WireError, match="the server has stopped"):
        up.pages.guard(lambda: None)


def test_an_operation_that_waits_when_the_loop_ends_is_told() -> None:
    told: list[str] = []
    asking = threading.Event()

    def ask() -> None:
        asking.set()
        try:
            guard(lambda: told.append("it ran"))
        except WireError as error:
            told.append(str(error))

    def end() -> None:
        thread.start()
        asking.wait()
        time.sleep(0.02)
        loop.stop()

    thread = threading.Thread(target=ask)
    with closing(asyncio.new_event_loop()) as loop:
        guard = LoopGuard(loop)
        loop.call_soon(end)
        loop.run_forever()
        thread.join(2)

    assert told == ["the server has stopped; nothing can be read or changed in it any more"]


# The log.


def test_the_access_log_names_all_but_the_query_and_what_no_route_has(serve: Serve) -> None:
    with serve() as up:
        up.ask("/api/create?token=secret&size=5")
        up.ask("/api/info/login=a&token=secret/more?size=5")
        up.ask("/api/cr%0Aeate?token=secret&size=5")
        up.ask("/_mock/?token=secret", verb="HEAD")
        refused(up, b"secret\r\n\r\n")

    parts = [line.split() for line in up.log]
    assert [one[:5] for one in parts] == [
        ["127.0.0.1", "GET", "/api/create", "200", "5"],
        ["127.0.0.1", "GET", "/api/info/…", "200", "5"],
        ["127.0.0.1", "GET", "/api/…", "200", "5"],
        ["127.0.0.1", "HEAD", "/_mock/", "200", "0"],
        ["127.0.0.1", "-", "-", "400", parts[4][4]],
    ]
    assert all(0 <= float(one[5].removesuffix("ms")) < 5000 for one in parts)


def test_nothing_is_logged_unless_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    with serving(Echo(), Pages().factory) as url:
        assert ask_url(url).status == 200

    assert capfd.readouterr() == ("", "")


def ask_url(url: str) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)) as connection:
        connection.request("GET", "/api/create")
        return connection.getresponse()


# Start and stop.


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def test_a_port_in_use_is_a_clear_error(up: Up) -> None:
    with (
        pytest.raises(WireError, match=rf"127\.0\.0\.1 port {up.address[1]}: the port is in use"),
        serving(Echo(), Pages().factory, port=up.address[1]),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("no-such-host.invalid", 0, "the host is unknown"),
        ("", 0, "the host is unknown"),
        ("a..b", 0, "the host is unknown"),
        ("192.0.2.1", 0, "no such address"),
        ("127.0.0.1", 65536, "ports are 1 to 65535"),
        ("127.0.0.1", -1, "ports are 1 to 65535"),
    ],
)
def test_an_address_that_cannot_be_had_is_a_clear_error(host: str, port: int, told: str) -> None:
    with pytest.raises(WireError, match=told), serving(Echo(), Pages().factory, host=host, port=port):
        pass


def test_a_name_is_listened_to_on_each_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ["127.0.0.1", "127.0.0.2"]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 0)) for host in hosts]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with running(Server(Echo(), Pages().factory), "both.invalid") as (_, port):
        monkeypatch.undo()
        for host in hosts:
            with connected((host, port)) as client:
                assert client.ask().status == 200


@pytest.mark.parametrize("order", [1, -1])
def test_an_address_of_a_name_that_is_switched_off_is_left_out(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 0)) for host in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found[::order])
    with running(Server(Echo(), Pages().factory), "both.invalid") as address:
        monkeypatch.undo()
        assert address[0] == "127.0.0.1"
        with connected(address) as client:
            assert client.ask().status == 200


def test_a_name_is_refused_where_the_port_of_one_of_its_addresses_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port)) for host in ("127.0.0.1", "127.0.0.2")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with (
            pytest.raises(WireError, match="the port is in use"),
            serving(Echo(), Pages().factory, host="b.invalid", port=port),
        ):
            pass


def test_the_waiting_answers_can_be_ended(serve: Serve) -> None:
    with serve() as up, up.connect() as waiting, up.connect() as other:
        waiting.send(get("/?latency=60000") + get("/two"))
        wait_for(lambda: len(up.server._waiting) == 1)

        assert on_loop(up, up.server.cancel_waiting) == 1
        assert waiting.closed()
        assert other.ask().status == 200


def test_a_stop_lets_answers_in_flight_finish_and_refuses_new_connections(serve: Serve) -> None:
    with ExitStack() as clients:
        with serve() as up:
            waiting, idle, half = (clients.enter_context(up.connect()) for _ in range(3))
            idle.ask()
            half.send(b"GET / HT")
            waiting.send(get("/?latency=200") + get("/two"))
            wait_for(lambda: bool(up.server._waiting))
            late = threading.Timer(0.1, waiting.send, [get("/late")])
            late.start()
            began = time.monotonic()
        took = time.monotonic() - began

        assert took < 1
        assert idle.closed()
        assert half.closed()
        assert waiting.answer().json["path"] == "/"
        assert waiting.answer().headers["connection"] == "close"
        late.join()
        assert waiting.closed()
        with pytest.raises(ConnectionRefusedError):
            Client(up.address)


def test_a_request_that_has_reached_a_stopping_server_is_answered(serve: Serve) -> None:
    for _ in range(5):
        with ExitStack() as clients:
            with serve() as up:
                used, fresh = (clients.enter_context(up.connect()) for _ in range(2))
                used.ask()
                used.send(get())
                fresh.send(get())

            assert (used.answer().status, fresh.answer().status) == (200, 200)


@pytest.mark.parametrize("path", ["/?latency=60000", "/_mock/slow", "/?size=15000000"])
def test_a_stop_waits_no_longer_than_its_limit_whatever_is_in_flight(serve: Serve, path: str) -> None:
    with ExitStack() as clients:
        with serve(stop_time=0.2) as up:
            clients.enter_context(up.connect()).send(get(path))
            time.sleep(0.05)
            began = time.monotonic()
        took = time.monotonic() - began
        assert not up.server._waiting
        up.pages.release.set()

    assert 0.2 <= took < 1


PROGRAM = """
    import sys
    sys.path.insert(0, {tests!r})
    from test_wire import Echo, Pages
    from mockserver.wire import Server, run

    run(Server(Echo(), Pages().factory), "127.0.0.1", 0, lambda host, port: print(port, flush=True))
    print("bye")
"""


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """A server in a process of its own."""
    program = textwrap.dedent(PROGRAM).format(tests=str(Path(__file__).parent))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, ("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_within_a_second_with_answers_finished(number: signal.Signals) -> None:
    with started() as (process, address):
        with connected(address) as client:
            client.ask()
            client.send(get("/?latency=300"))
            time.sleep(0.05)
            began = time.monotonic()
            process.send_signal(number)
            assert client.answer().status == 200
            assert process.wait(5) == 0
        assert time.monotonic() - began < 1
        assert process.communicate() == ("bye\n", None)


def test_a_page_that_hangs_does_not_keep_the_process_from_ending() -> None:
    with started() as (process, address), connected(address) as client:
        client.send(get("/_mock/slow"))
        time.sleep(0.1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)

        assert process.wait(5) == 0
        assert time.monotonic() - began < 2


def test_plain_asyncio_serves_where_uvloop_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with closing(fastest_loop()) as loop:
        assert type(loop).__module__.startswith("asyncio.")
