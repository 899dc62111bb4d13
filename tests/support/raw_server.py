"""A server of raw bytes, turn by turn, for tests of the suite's transport."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

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
