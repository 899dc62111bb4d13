"""Thousands of slow, half-open and vanishing connections, and an hour of everything: nothing stalls or grows."""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver.settings.table import DEFAULT_ACCOUNT
from support.processes import Serving, serving
from support.raw_client import connected
from support.torture import Torture, Usage

MIB = 1024 * 1024
ACCOUNT = "login={login}&token={token}".format(**DEFAULT_ACCOUNT)
LATE = "login=test-late@example.com&token=test-token"
LARGE = "login=test-large@example.com&token=test-token"
FAULTS = (
    {"match": {"login": "test-late@example.com"}, "action": {"kind": "latency", "delay": "1h"}, "times": "always"},
    {
        "match": {"login": "test-large@example.com"},
        "action": {"kind": "http", "status": 200, "body": "x" * 100_000},
        "times": "always",
    },
)


def address(server: Serving) -> tuple[str, int]:
    parts = urlsplit(server.api)
    return parts.hostname or "", parts.port or 0


def call(query: str, method: str = "info", *more: str) -> bytes:
    return "\r\n".join([f"GET /api/{method}?{query} HTTP/1.1", "Host: t", *more, "", ""]).encode()


# Clients that do harm. Each sends, and its connection stays open until the server ends it, or it goes away itself.

Client = Callable[[socket.socket, float], Awaitable[object]]
"""Is given an open connection, and the seconds after which the server may end it."""


async def send(opened: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(opened, data)


async def drip(opened: socket.socket, begin: bytes) -> None:
    await send(opened, begin)
    while True:
        await asyncio.sleep(0.5)
        await send(opened, b"x")


async def until_ended(opened: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(opened, 65536):
        pass


async def silent(opened: socket.socket, _seconds: float) -> None:
    await until_ended(opened)


async def slow_head(opened: socket.socket, _seconds: float) -> None:
    await drip(opened, b"GET /api/info HTTP/1.1\r\nHost: t\r\nX: ")


async def slow_body(opened: socket.socket, _seconds: float) -> None:
    await drip(opened, call(ACCOUNT, "create", "Content-Length: 1000000"))


async def half_head(opened: socket.socket, _seconds: float) -> None:
    await send(opened, b"GET /api/info HTTP/1.1\r\nHo")
    opened.shutdown(socket.SHUT_WR)
    await until_ended(opened)


async def late_and_half_closed(opened: socket.socket, seconds: float) -> None:
    await send(opened, call(LATE))
    opened.shutdown(socket.SHUT_WR)
    await asyncio.sleep(seconds)


async def late_and_gone(opened: socket.socket, _seconds: float) -> None:
    await send(opened, call(LATE))
    await asyncio.sleep(0.2)


async def late_and_reset(opened: socket.socket, _seconds: float) -> None:
    await send(opened, call(LATE) * 100)
    await asyncio.sleep(0.2)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def bodies_behind_a_late_answer(opened: socket.socket, seconds: float) -> None:
    body = call(ACCOUNT, "info", "Content-Length: 100000") + b"x" * 100_000
    with suppress(TimeoutError):
        await asyncio.wait_for(send(opened, call(LATE) + body * 20), seconds)


async def unread_answers(opened: socket.socket, seconds: float) -> None:
    await send(opened, call(LARGE) * 100)
    await asyncio.sleep(3 * seconds)


async def no_http(opened: socket.socket, _seconds: float) -> None:
    await send(opened, bytes.fromhex("16030100f8010000f40303") + bytes(240))
    await until_ended(opened)


async def gone_at_once(opened: socket.socket, _seconds: float) -> None:
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


HARMFUL: tuple[Client, ...] = (
    silent, slow_head, slow_body, half_head, late_and_half_closed, late_and_gone, late_and_reset,
    bodies_behind_a_late_answer, unread_answers, no_http, gone_at_once,
)  # fmt: skip


async def harm(number: int, where: tuple[str, int], seconds: float, longest: float) -> int:
    """So many harmful clients, of every kind, for at most the longest time. Gives how many were open at once."""
    running: list[asyncio.Task[None]] = []
    opened = most = 0

    async def one(client: Client) -> None:
        nonlocal opened, most
        with socket.socket() as connection, suppress(OSError):
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await asyncio.get_running_loop().sock_connect(connection, where)
            opened += 1
            most = max(most, opened)
            try:
                await client(connection, seconds)
            finally:
                opened -= 1

    for client in itertools.islice(itertools.cycle(HARMFUL), number):
        running.append(asyncio.create_task(one(client)))
        await asyncio.sleep(0.0005)
    _, left = await asyncio.wait(running, timeout=longest)
    for task in left:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return most


@dataclass
class Honest:
    """Clients that call as clients do, each in a thread of its own, and what they met."""

    where: tuple[str, int]
    number: int = 2
    calls: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def calling(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(self.number)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join(30)

    def _work(self, number: int) -> None:
        login = f"login=test-{number}@example.com&token=test-token"
        while not self.ended.wait(0.005):
            try:
                with connected(self.where) as client:
                    made = self._ask(client.send(call(f"{login}&phone=70001234567&source=2", "create")).answer)
                    task = f"{login}&id={made.get('id')}"
                    for format_ in ("json", "xml", "csv"):
                        self._ask(
                            client.send(call(f"{task}&format={format_}", "result")).answer, read=format_ == "json"
                        )
                    self._ask(client.send(b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n").answer)
            except (OSError, EOFError, AssertionError) as error:
                self.wrong.append(repr(error))

    def _ask(self, answer: Callable[[], object], *, read: bool = True) -> Mapping[str, object]:
        began = time.monotonic()
        got = answer()
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.calls += 1
        body = getattr(got, "body", b"")
        if getattr(got, "status", 0) != 200 or b'"error"' in body:
            self.wrong.append(body.decode("utf-8", "replace"))
        return json.loads(body) if read else {}


def settled(server: Serving, before: Usage) -> Usage:
    """What the server uses once all connections are gone, as far as they go."""
    end = time.monotonic() + 15
    while (now := Usage.of(server.process.pid)).descriptors > before.descriptors and time.monotonic() < end:
        time.sleep(0.05)
    return now


def arm(server: Serving) -> None:
    for fault in FAULTS:
        server.control("POST", "/faults", json.dumps(fault).encode())


def times(seconds: float) -> list[str]:
    """The options of a server that gives each client so long; a kept connection longer, for honest ones use them."""
    given = {"request_time": seconds, "unread_time": seconds, "idle_time": max(4 * seconds, 10)}
    return [f"--limit={name}={time}s" for name, time in given.items()]


def files_for(number: int) -> None:
    """Lets this process, and those that it starts, open enough files for so many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = number + 300
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            pytest.fail(f"{needed} files have to be open at a time; raise ulimit -n")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def test_slow_half_open_and_vanishing_connections_stall_nobody(torture: Torture, tmp_path: Path) -> None:
    number = torture.scale(short=400, long=5000)
    seconds = torture.scale(short=1, long=40)
    files_for(number)
    options = (f"--limit=connections={number + 100}", *times(seconds), "--daily-limit=1000000000", "--delay=0s")
    with serving(*options, cwd=tmp_path) as server:
        arm(server)
        honest = Honest(address(server))
        with honest.calling():
            time.sleep(0.5)
            before = Usage.of(server.process.pid)
            with watching(server) as watched:
                open_at_once = asyncio.run(harm(number, address(server), seconds, 4 * seconds))
            peak = max(watched)
            time.sleep(0.2)
        after = settled(server, before)

    assert honest.wrong == []
    assert honest.slowest < 5
    assert after.descriptors <= before.descriptors
    assert after.threads <= before.threads + 1
    assert peak - before.memory < 64 * MIB + number * 64 * 1024
    torture.figure("harmful connections, of 11 kinds", number)
    torture.figure("of them open at a time", open_at_once)
    torture.figure("calls of honest clients meanwhile, all answered", honest.calls)
    torture.figure("the slowest of these answers", f"{honest.slowest:.2f} s")
    torture.figure("memory before, at most, after", mib(before.memory, peak, after.memory))
    torture.figure("descriptors before, after", f"{before.descriptors}, {after.descriptors}")


def mib(*sizes: int) -> str:
    return ", ".join(f"{size / MIB:.0f}" for size in sizes) + " MiB"


@contextmanager
def watching(server: Serving) -> Iterator[list[int]]:
    """The memory that a server uses, again and again."""
    seen: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            seen.append(Usage.of(server.process.pid).memory)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@pytest.mark.once
@pytest.mark.parametrize("state", ["memory", "state.db"])
def test_a_soak_leaves_memory_descriptors_and_threads_flat(torture: Torture, tmp_path: Path, state: str) -> None:
    """Honest and harmful clients, faults, clocks and resets, again and again; compared after each reset."""
    seconds = torture.scale(short=3, long=1800)
    options = (*times(1), f"--state={state}", "--daily-limit=1000000000", "--delay=0s")
    seen: list[Usage] = []
    with serving(*options, cwd=tmp_path) as server:
        honest = Honest(address(server), number=3)
        end = time.monotonic() + seconds
        with honest.calling():
            while time.monotonic() < end or len(seen) < 4:
                arm(server)
                server.control("PUT", "/clock", b'{"login": "test-0@example.com", "speed": 60}')
                asyncio.run(harm(60, address(server), 1, 0.7))
                server.control("POST", "/reset")
                seen.append(Usage.of(server.process.pid))
    # A reset may come between a create and the polls of its task.
    wrong = [one for one in honest.wrong if '"error_code":404' not in one]
    warm, last = seen[len(seen) // 3], seen[-1]
    growth = last.memory - warm.memory

    assert wrong == []
    assert growth < 8 * MIB
    assert last.descriptors - warm.descriptors < 100  # those of the clients that are open at the moment
    assert min(one.threads for one in seen[-20:]) <= warm.threads  # those of control calls end a moment later
    torture.figure(f"soak, state {state.replace('state.db', 'in a file')}", f"{seconds} s")
    torture.figure("calls, all answered", honest.calls)
    torture.figure("resets", len(seen))
    torture.figure("the slowest answer", f"{honest.slowest:.2f} s")
    torture.figure("memory after a third, at the end", mib(warm.memory, last.memory))
    torture.figure("descriptors likewise", f"{warm.descriptors}, {last.descriptors}")
    torture.figure("threads likewise", f"{warm.threads}, {last.threads}")
