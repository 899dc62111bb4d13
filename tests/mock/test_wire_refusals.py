"""The wire server: refusals, limits, and failures inside."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.wire.connection import SLICE
from support.wire_server import CHUNKED, Serve, Up, get, lines, refused, wait_for

# What is refused.


@pytest.mark.parametrize(
    "request_",
    {
        "length and coding": CHUNKED + b"Content-Length: 3\r\n\r\n0\r\n\r\n",
        "length twice": get("/", "Content-Length: 1", "Content-Length: 1") + b"x",
        "type twice": get("/", "Content-Type: text/plain", "Content-Type: application/json"),
        "site twice": get("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: none"),
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
        "length with many zeros": get("/", f"Content-Length: {'0' * 5000}"),
        "length with some zeros": get("/", f"Content-Length: {'0' * 19}1") + b"x",
        "chunk size with many digits": CHUNKED + b"\r\n" + b"f" * 5000 + b"\r\n",
        "offer of an upgrade to a bad host": get("/", "Connection: Upgrade", "Upgrade: h2c").replace(
            b"Host: t", b"Host: /"
        ),
        "connect": b"CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n",
        "bare word as target": get("secret"),
        "asterisk of another method": get("*"),
        "foreign scheme": get("ftp://t/secret"),
        "space in target": get("/a secret"),
        "raw letter in target": get("/?secret=\xff"),
        "control character in target": get("/\x01"),
        "unknown method": b"SECRET / HTTP/1.1\r\nHost: t\r\n\r\n",
        "method in small letters": b"get / HTTP/1.1\r\nHost: t\r\n\r\n",
        "no protocol": b"GET / secret\r\n\r\n",
        "later version": b"GET / HTTP/1.2\r\nHost: t\r\n\r\n",
        "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "tls": bytes.fromhex("16030100f8010000f40303") + bytes(240),
    }.items(),
    ids=lambda item: item[0].replace(" ", "-"),
)
def test_a_malformed_request_is_refused_in_the_shape_of_an_api_error(up: Up, request_: tuple[str, bytes]) -> None:
    assert refused(up, request_[1]) == 400


@pytest.mark.parametrize(
    "host",
    ["a b/c", "a b", "a/c", "a?b", "a#b", "me@a", "http://a", "a:b", "a:80:80", ":80", "a:99999", "a:000080", "a\\b",
     "<a>", '"a"', "a%zz", "a%4", "\xe4.example", "::1", "[::1", "[]", "[:::]", "[1.2.3.4]", "[::1]x", "[::1%a b]",
     "a\tb", "x" * 256, "0" * 60_000],
)  # fmt: skip
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_host_that_no_url_has_is_refused(up: Up, host: str, version: str) -> None:
    assert refused(up, get(version=version).replace(b"Host: t", b"Host: " + host.encode("latin-1"))) == 400
    if not {" ", "/", "?", "#", "@", "\t", "\xe4"} & {*host} and len(host) < 30_000:
        assert refused(up, get(f"http://{host}/api/create")) == 400


@pytest.mark.parametrize(
    "host",
    ["", "t", "T.example.", "a_b", "x" * 255, "a:", "a:0", "a:65535", "127.0.0.1:80", "[::1]", "[fe80::1%25e0]:80",
     "xn--e1afmkfd.xn--p1ai", "%D0%B0", "a,b;c=d"],
)  # fmt: skip
def test_a_host_as_a_url_has_it_is_taken(up: Up, host: str) -> None:
    """An empty one, too: a client that knows none must send it (RFC 9112, 3.2)."""
    with up.connect() as client:
        assert (
            client.send(get().replace(b"Host: t", b"Host: " + host.encode())).answer().json["headers"]["host"] == host
        )


def test_a_chunk_size_may_have_many_zeros(up: Up) -> None:
    """They change no number, and the digits of a chunk's size are read one by one."""
    with up.connect() as client:
        client.send(CHUNKED + b"\r\n" + b"0" * 5000 + b"3\r\nabc\r\n" + b"0" * 5000 + b"\r\n\r\n")

        assert client.answer().json["body"] == "abc"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 505),
        (CHUNKED.replace(b"chunked", b"gzip, chunked") + b"\r\n0\r\n\r\n", 501),
        (CHUNKED.replace(b"chunked", b"xchunked") + b"\r\n0\r\n\r\n", 501),
    ],
)
def test_what_http_allows_and_this_server_does_not_is_named(up: Up, request_: bytes, status: int) -> None:
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
        got = client.ask("/a?b=c", http_method="POST" if body else "GET", headers=offer, body=body)

        assert (got.status, got.json["query"], got.json["body"]) == (200, "b=c", body.decode())
        assert client.ask().status == 200


def test_an_offered_upgrade_does_not_lift_a_limit(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 9999999"))

        assert client.answer().status == 413


def test_an_upgrade_does_not_turn_a_body_into_a_request(up: Up) -> None:
    offer = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    with up.connect() as client:
        got = client.ask(http_method="POST", headers=offer, body=get("/inner"))

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
        assert 0.08 <= time.monotonic() - began < 8
        assert client.closed()


def test_the_time_of_a_request_does_not_run_while_an_answer_is_awaited(serve: Serve) -> None:
    with serve(request_time=1, pipelined=1) as up, up.connect() as client:
        client.send(get("/?latency=1200") + b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 8001\r\n\r\n" + b"x" * 8000)
        assert client.answer().status == 200
        time.sleep(0.04)

        assert client.send(b"x").answer().status == 200


def test_an_idle_connection_is_closed_without_an_answer(serve: Serve) -> None:
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
    errors = lines(capfd)
    assert "the gateway failed with ValueError at wire_server.py:" in errors
    assert "secret-token" not in errors + got.body.decode()


def test_a_bug_in_the_application_is_a_500_and_the_server_lives_on(up: Up, capfd: pytest.CaptureFixture[str]) -> None:
    with up.connect() as client:
        assert client.ask("/_mock/boom?token=secret-token").status == 500
        assert client.ask("/_mock/").status == 200
    errors = lines(capfd)
    assert "the WSGI application failed with ValueError at wire_server.py:" in errors
    assert "secret-token" not in errors


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
