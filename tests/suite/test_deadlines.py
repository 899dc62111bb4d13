"""The suite's transport: one deadline holds for a whole call, and the bytes that are read have a limit."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from itertools import count

import pytest

from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import Request, TransportError
from support.raw_server import CHUNKED, OK, Turn, failure, says, server, slowly


def hears_nothing(connection: socket.socket) -> None:
    """Reads not a byte, and waits until the test has seen enough."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    HEARD.wait(5)


HEARD = threading.Event()


SLOW: dict[str, tuple[Turn, str, int]] = {
    "nothing comes": (slowly(b"", b""), "http", 0),
    "the head comes slowly": (slowly(b"HTTP/1.1 200 OK\r\nX: ", b"x"), "http", 0),
    "headers come slowly": (slowly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "http", 0),
    "the body comes slowly": (slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"), "http", 0),
    "chunks come slowly": (slowly(CHUNKED, b"1\r\nx\r\n"), "http", 0),
    "a chunk's size comes slowly": (slowly(CHUNKED + b"1;", b"x"), "http", 0),
    "trailers come slowly": (slowly(CHUNKED + b"0\r\n", b"X: y\r\n"), "http", 0),
    "to the end": (slowly(b"HTTP/1.0 200 OK\r\n\r\n", b"x"), "http", 0),
    "no handshake": (slowly(b"", b""), "https", 0),
    "the handshake comes slowly": (slowly(b"\x16\x03\x03\x40\x00", b"\x00"), "https", 0),
    "the request is not read": (hears_nothing, "http", 20_000_000),
}


@pytest.mark.parametrize("name", SLOW)
def test_one_deadline_holds_for_the_whole_call(name: str) -> None:
    turn, scheme, size = SLOW[name]
    HEARD.clear()
    with server(turn) as url, HttpClient(deadline=0.15) as client:
        started = time.monotonic()
        with pytest.raises(TransportError) as caught:
            client.send(Request("POST", url.replace("http", scheme, 1), body=b"x" * size))
        took = time.monotonic() - started
        HEARD.set()

    assert caught.value.kind == "timeout"
    assert took < 10


def test_the_deadline_holds_where_no_connection_is_taken() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        with HttpClient(deadline=0.15) as client, pytest.raises(TransportError) as caught:
            client.send(Request("GET", f"http://127.0.0.1:{port}/"))
        for sock in waiting:
            sock.close()

    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


def test_the_deadline_holds_where_the_name_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [done.wait(5)][:0])
    with HttpClient(deadline=0.1) as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", "http://standin.example/api"))
    done.set()

    assert (caught.value.kind, caught.value.sent) == ("timeout", False)


def test_of_several_addresses_the_first_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as closed_url:
        pass
    with server(says(OK)) as url:
        ports = [int(u.split(":")[2].split("/")[0]) for u in (closed_url, url)]
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        with HttpClient() as client:
            response = client.send(Request("GET", "http://standin.example/api"))

    assert response.body == b"hi"


def test_a_name_that_is_none_is_unreachable() -> None:
    with HttpClient() as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", f"http://{'a' * 70}.example/"))

    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "ftp://127.0.0.1/"),
        Request("GET", "http:///path"),
        Request("GET", "http://127.0.0.1:99999/"),
        Request("GET", "http://[::1/"),
    ],
)
def test_a_url_that_leads_nowhere_is_reported(request_: Request) -> None:
    with HttpClient() as client, pytest.raises(TransportError) as caught:
        client.send(request_)

    assert (caught.value.kind, caught.value.sent) == ("unsendable", False)


def test_what_http_cannot_carry_is_not_sent() -> None:
    kinds = []
    for change in ("/a b", "/\u044f"):
        with server(says(OK)) as url, HttpClient() as client, pytest.raises(TransportError) as caught:
            client.send(Request("GET", url + change))
        kinds.append((caught.value.kind, caught.value.sent))
    with server(says(OK)) as url, HttpClient() as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", url, (("X", "a\r\nb"),)))

    assert [*kinds, (caught.value.kind, caught.value.sent)] == [("unsendable", False)] * 3


FLOODS: dict[str, tuple[bytes, bytes]] = {
    "announced": (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n", b"x" * 0x4000),
    "in chunks": (CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
    "in small chunks": (CHUNKED, b"1\r\nx\r\n" * 3000),
    "in chunks with much beside": (CHUNKED, b"1;" + b"e" * 1000 + b"\r\nx\r\n"),
    "to the end": (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 0x4000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_body_beyond_the_cap_is_not_read_to_its_end(name: str) -> None:
    begin, more = FLOODS[name]
    sent = count()

    def floods(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(begin)
        while next(sent) < 1_000_000:
            connection.sendall(more)

    tracemalloc.start()
    caught = failure(floods, max_body=100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.kind == "too-large"
    assert len(caught.received) <= 64 * 1024
    assert peak < 4_000_000
    assert next(sent) * len(more) < 30_000_000  # the most of it in the sockets' own buffers


def test_an_answer_before_the_request_is_read_counts() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"

    def hangs_up(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(refusal)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with server(hangs_up) as url, HttpClient() as client:
        response = client.send(Request("POST", url, body=b"x" * 3_000_000))

    assert (response.status, response.body) == (413, b"no")


def test_an_answer_before_the_request_is_read_counts_though_the_server_stays() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    HEARD.clear()

    def stays(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.recv(1000)
        connection.sendall(refusal)
        HEARD.wait(5)

    with server(stays, says(OK)) as url, HttpClient(deadline=5) as client:
        response = client.send(Request("POST", url, body=b"x" * 20_000_000))
        HEARD.set()
        again = client.send(Request("GET", url))

    assert (response.status, response.body) == (413, b"no")
    assert again.body == b"hi"
