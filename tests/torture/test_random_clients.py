"""Clients that do anything at any moment, while answers are reset: nothing fails inside, and nothing is left behind."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest

from mockserver.core.errors import IfindMockError
from support.torture import Torture
from support.wire_server import CHUNKED, Serve, Up, get, lines, on_loop, wait_for

LIMITS = {
    "connections": 20,
    "control_connections": 5,
    "request_time": 0.3,
    "idle_time": 0.4,
    "control_time": 0.2,
    "unread_time": 0.3,
    "linger_time": 0.1,
    "linger_size": 100_000,
    "pipelined": 6,
    "queued": 3000,
    "queued_total": 40_000,
    "head": 16_384,
}
UPGRADE = ("Connection: Upgrade", "Upgrade: h2c")
PIECES = (
    *(get(f"/?latency={latency}") for latency in (0, 1, 5, 30, 200)),
    *(get(path) for path in ("/?size=300000", "/?size=5000&latency=20", "/_mock/", "/_mock/guard", "*", "http://[/a")),
    *(get() * 50, get("/?latency=10") * 40, get(version="1.0"), get("/", "Connection: close")),
    get("/", "Content-Length: 20000") + b"x" * 20_000,
    *(get("/", "Content-Length: 9999999"), get("/", "Content-Length: 30") + b"abc", b"x" * 70_000),
    *(CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"\r\n5\r\nhe", get("/", "Transfer-Encoding: x")),
    *(get("/", *UPGRADE, "Content-Length: 3") + b"abc", get("/", *UPGRADE, "Host: x")),
    *(get("/", "Expect: 100-continue", "Content-Length: 4"), b"wxyz"),
    *(b"GET / HT", b"\r\n", b"nonsense\r\n\r\n", b"\x16\x03\x01", b"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n"),
)


def act(chance: random.Random, client: socket.socket) -> None:
    """One thing that a client does: it sends (at once or in pieces), reads, waits, ends its side, prepares to reset."""
    piece = chance.choice(PIECES)
    match chance.randrange(20):
        case 0 | 1 | 2:
            client.settimeout(0.05)
            with suppress(TimeoutError):
                client.recv(chance.choice([1, 100, 65536]))
        case 3 | 4:
            time.sleep(chance.choice([0.001, 0.02, 0.1]))
        case 5:
            client.shutdown(socket.SHUT_WR)
        case 6:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case 7:
            for at in range(0, min(len(piece), 60), 7):
                client.sendall(piece[at : at + 7])
        case _:
            client.settimeout(0.2)
            client.sendall(piece)


def clients(chance: random.Random, up: Up, end: float) -> int:
    """One client after another until the time has come; gives their number."""
    number = 0
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(up.address, timeout=2) as client:
            number += 1
            for _ in range(chance.randrange(9)):
                act(chance, client)
    return number


@pytest.mark.once
def test_clients_that_do_anything_leave_nothing_behind(
    torture: Torture, serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    seconds = torture.scale(short=2, long=600)
    numbers: list[int] = []
    with serve(**LIMITS) as up:
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=lambda n=n: numbers.append(clients(random.Random(n), up, end))) for n in range(40)
        ]
        for thread in threads:
            thread.start()
        while time.monotonic() < end:
            time.sleep(0.13)
            with suppress(IfindMockError):
                on_loop(up, lambda: up.server.outbox.end(None))
        for thread in threads:
            thread.join()
        wait_for(lambda: not up.server._connections)

        assert (up.server.held, len(up.server.outbox), len(up.server._guests), len(up.server._coming)) == (0, 0, 0, 0)
        assert up.ask().status == 200
    # What some of them send looks like the beginning of TLS.
    assert [line for line in lines(capfd).splitlines() if "speaks TLS to this port" not in line] == []
    torture.figure("connections that did anything at any moment, with nothing left behind", sum(numbers))
