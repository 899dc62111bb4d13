"""The suite's transport: one answer as it came, or a failure with what came of it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from contract_tests.transport import NoAnswer, Pacer, Request, Wire

Turn = Callable[[socket.socket], None]


@contextmanager
def server(*turns: Turn) -> Iterator[str]:
    """A server whose n-th connection takes the n-th turn, and is then closed."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for turn in turns:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    turn(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/info"
    finally:
        listening.close()


def says(*answers: bytes) -> Turn:
    """Reads a request and says the answer, once for each answer."""

    def turn(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(65536)
            connection.sendall(answer)

    return turn


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def failure(*turns: Turn, **settings: float) -> NoAnswer:
    with server(*turns) as url, Wire(**settings) as wire, pytest.raises(NoAnswer) as caught:  # type: ignore[arg-type]
        wire.send(Request("GET", url))
    return caught.value


def test_the_answer_is_kept_as_it_came() -> None:
    answer = b"HTTP/1.1 404 Nope\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\n\xff\x00b"
    with server(says(answer)) as url, Wire() as wire:
        exchange = wire.send(Request("GET", f"{url}?a=%00"))

    assert (exchange.status, exchange.body) == (404, b"\xff\x00b")
    assert exchange.headers[:2] == (("x-a", "1"), ("x-a", "2"))


def test_a_connection_is_used_again_and_a_closed_one_replaced() -> None:
    with server(says(OK, OK), says(OK)) as url, Wire() as wire:
        bodies = [wire.send(Request("GET", url)).body for _ in range(3)]

    assert bodies == [b"hi"] * 3


def test_what_is_not_repeatable_gets_a_connection_of_its_own_and_is_sent_once() -> None:
    kept: list[bytes] = []
    seen: list[bytes] = []

    def keeps(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK)
        kept.append(connection.recv(65536))

    def swallows(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))

    with server(keeps, swallows, says(OK)) as url, Wire() as wire:
        wire.send(Request("GET", url))
        with pytest.raises(NoAnswer) as caught:
            wire.send(Request("GET", url), repeatable=False)

    assert caught.value.kind == "closed"
    assert (kept, len(seen)) == ([b""], 1)


def test_what_is_no_http_is_told_without_the_targets_bytes() -> None:
    with server(says(b"Ivan 70001234567 tok-1\r\n\r\n")) as url, Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url))

    assert caught.value.kind == "malformed"
    assert "Ivan" not in str(caught.value)
    assert b"Ivan" in caught.value.received


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with (
        server(says(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")) as url,
        Wire() as wire,
    ):
        assert wire.send(Request("GET", url)).status == 302


def test_nobody_there_is_unreachable() -> None:
    with server() as url:
        pass
    with Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url))

    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "closed"),
        (b"hello, who is there?\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", "malformed"),
        (b"HTTP/1.1 200 OK\r\nA" + b"a" * 70_000, "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi, and more", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed"),
    ],
)
def test_what_is_no_answer_is_a_failure_with_its_evidence(answer: bytes, kind: str) -> None:
    caught = failure(says(answer))

    assert caught.kind == kind
    assert answer.startswith(caught.received[:60])


def test_the_deadline_holds_against_a_drip() -> None:
    def drips(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x")
            time.sleep(0.01)

    started = time.monotonic()
    caught = failure(drips, deadline=0.2)

    assert caught.kind == "timeout"
    assert caught.received
    assert time.monotonic() - started < 2


def test_a_body_beyond_the_cap_is_not_read_to_its_end() -> None:
    def floods(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

    caught = failure(floods, max_body=100_000)

    assert caught.kind == "too-large"
    assert len(caught.received) <= 64 * 1024


def test_an_answer_before_the_request_is_read_counts() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"

    def hangs_up(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(refusal)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with server(hangs_up) as url, Wire() as wire:
        exchange = wire.send(Request("POST", url, body=b"x" * 3_000_000))

    assert (exchange.status, exchange.body) == (413, b"no")


def test_a_certificate_that_nobody_signed_is_not_trusted() -> None:
    with server(says(OK)) as url, Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url.replace("http://", "https://")))

    assert (caught.value.kind, caught.value.sent) == ("tls", False)


def test_the_pace_is_kept() -> None:
    pacer = Pacer(100.0, burst=3)
    started = time.monotonic()
    for _ in range(13):
        pacer.wait()

    assert 0.09 <= time.monotonic() - started < 1
