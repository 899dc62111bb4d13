"""The wire server: requests and answers, with bodies and expectations."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from mockserver.api.gateway import MAX_BODY
from mockserver.wire.failures import WireError
from mockserver.wire.server import Server
from mockserver.wire.serving import run_in_thread
from support.raw_client import connected
from support.wire_server import Echo, Pages, Serve, Up, get, refused

# What a request says.


def test_a_request_reaches_the_gateway_with_its_parts(up: Up) -> None:
    got = up.ask(
        "/api/cr%65ate?phone=%37&a=b?c", http_method="POST", headers="X-One: 1\r\nx-one: 2\r\n", body=b"a=1\xff"
    )

    assert got.json == {
        "http_method": "POST",
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


def test_options_of_the_whole_server_are_answered(up: Up) -> None:
    with up.connect() as client:
        got = client.ask("*", http_method="OPTIONS")

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
        context = run_in_thread(Server(Echo().turn, Pages().factory), "::1")
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
        got = client.ask("/?size=77", http_method="HEAD")

        assert got.headers["content-length"] == "77"
        assert client.ask("/?size=3").body == b"xxx"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_no_length(up: Up, status: int) -> None:
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


# Bodies and expectations.


def test_a_client_that_expects_100_continue_gets_it(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n")

        assert client.answer().status == 100
        assert client.send(b"abc").answer().json["body"] == "abc"


def test_100_continue_is_not_sent_after_the_body_or_without_one(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        assert client.answer().json["body"] == "abc"

        client.send(get("/", "Expect: 100-continue"))
        assert client.answer().status == 200


def test_100_continue_is_not_sent_to_http_1_0(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.02)

        assert client.send(b"abc").answer().json["body"] == "abc"


def test_100_continue_waits_for_the_answers_before_it(up: Up) -> None:
    with up.connect() as client:
        client.send(get("/one?latency=50"))
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")

        assert client.answer().json["path"] == "/one"
        assert client.answer().status == 100
        assert client.send(b"abc").answer().json["body"] == "abc"


def test_another_expectation_is_refused(up: Up) -> None:
    assert refused(up, get("/", "Expect: tea")) == 417


def test_a_body_of_the_greatest_size_is_read(up: Up) -> None:
    assert len(up.ask(http_method="POST", body=b"x" * MAX_BODY).json["body"]) == MAX_BODY


def test_the_gateway_answers_a_body_that_is_too_large_and_the_connection_closes(up: Up) -> None:
    with up.connect() as client:
        got = client.ask(http_method="POST", body=b"x" * (5 * MAX_BODY))

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


def test_a_client_that_expects_100_continue_does_not_send_a_body_that_is_too_large(up: Up) -> None:
    with up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 9999999999\r\n\r\n")

        assert client.answer().status == 413


def test_an_endless_body_is_cut_off(serve: Serve) -> None:
    with serve(linger_size=100_000) as up, up.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n")
        with pytest.raises(ConnectionError):
            client.send(b"x" * 50_000_000)

        assert up.ask().status == 200
