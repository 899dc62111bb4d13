"""The wire server: kept connections, pipelining, and clients that end, wait or go away."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from contextlib import ExitStack

import pytest

from mockserver.wire.connection import SLICE
from support.wire_server import Serve, Up, get, lines, on_loop, wait_for

# Keep-alive and pipelining.


@pytest.mark.parametrize(
    ("request_", "kept", "header"),
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
def test_a_connection_is_kept_as_version_and_header_say(
    up: Up, request_: bytes, kept: bool, header: str | None
) -> None:
    with up.connect() as client:
        got = client.send(request_).answer()

        assert (got.status, got.headers.get("connection")) == (200, header)
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
        slow.send(get("/?latency=1500"))
        assert quick.ask().status == 200

        assert not select.select([slow.socket], [], [], 0)[0]
        assert slow.answer().status == 200
        assert time.monotonic() - began >= 1.49


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
        assert len(up.echo.turns) <= 6  # those of one connection come one after another
        assert len(up.echo.threads) == 1


def test_a_pipelined_request_is_decided_after_those_before_it(serve: Serve) -> None:
    """Also where an earlier one is the control API's, which takes longer: it may arm what the next one is to meet."""
    with serve() as up, up.connect() as client:
        client.send(get("/_mock/slow") + get() * 3)
        time.sleep(0.1)
        assert up.echo.turns == []
        up.pages.release.set()
        assert [client.answer().status for _ in range(4)] == [200] * 4
        assert sum(up.echo.turns) == 3


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


def test_a_client_that_ends_in_the_middle_of_a_request_is_answered_with_400(up: Up) -> None:
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
            wait_for(lambda: len(up.server.outbox) == 1)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_for(lambda: not up.server.outbox)

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


def test_a_connection_whose_last_answer_follows_one_that_was_read_late_ends_once(
    serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve() as up, up.connect() as client:
        client.send(get("/?size=3000000") + get("/?size=10", "Connection: close"))
        wait_for(lambda: any(not connection._writable for connection in up.server._connections))

        assert [len(client.answer().body) for _ in range(2)] == [3_000_000, 10]
        assert client.closed()
        wait_for(lambda: not up.server._connections)
    assert lines(capfd) == ""


def test_a_large_answer_arrives_whole(up: Up) -> None:
    assert len(up.ask("/?size=20000000").body) == 20_000_000
