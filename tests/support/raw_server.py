"""A server of raw bytes, turn by turn, for tests of the suite's transport."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import Request, TransportError

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


def failure(*turns: Turn, **settings: float) -> TransportError:
    with server(*turns) as url, HttpClient(**settings) as client, pytest.raises(TransportError) as caught:  # type: ignore[arg-type]
        client.send(Request("GET", url))
    return caught.value


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def gone(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side has ended the connection within so many seconds."""
    connection.settimeout(seconds)
    try:
        return not connection.recv(65536)
    except TimeoutError:
        return False


def slowly(begin: bytes, more: bytes) -> Turn:
    """Says the beginning, then some bytes again and again until the caller has gone."""

    def turn(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(begin)
        while not gone(connection, 0.005):
            connection.sendall(more)

    return turn


@contextmanager
def talking(said: list[bytes]) -> Iterator[str]:
    """A server that gives each caller the answer in the list, and then hangs up; the URL of its API."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=50)

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(said[0])
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@contextmanager
def impatient(base: str, refusal: Callable[[], bytes | None] = lambda: None) -> Iterator[str]:
    """A proxy before the API at a URL, whose connections are kept until the next request comes, and end then. refusal:
    what it says to a request by itself; None passes the request on.
    """
    host, port = urlsplit(base).hostname or "", urlsplit(base).port or 80
    listening = socket.create_server(("127.0.0.1", 0), backlog=50)

    def relay(client: socket.socket) -> None:
        with client, suppress(OSError):
            request = _whole_request(client)
            if (refused := refusal()) is not None:
                client.sendall(refused)
                return
            with socket.create_connection((host, port)) as server:
                server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                answer = b"".join(iter(lambda: server.recv(65536), b""))
            client.sendall(answer.replace(b"Connection: close\r\n", b"", 1))
            client.recv(1)

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=relay, args=(client,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}{urlsplit(base).path}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _whole_request(client: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        if not (chunk := client.recv(65536)):
            return request
        request += chunk
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while len(body) < int(length[1] if length else 0):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
