"""State that may make its users wait has a thread of its own: the loop goes on, and one thing at a time touches it."""

from __future__ import annotations

import asyncio
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from mockserver.api.http import Request, Response
from mockserver.core.messages import Delivery
from mockserver.settings.limits import Limits
from mockserver.settings.loading import load
from mockserver.stores import sqlite_file
from mockserver.wire.failures import WireError
from mockserver.wire.guards import LoopGuard, StateGuard, ThreadGuard
from mockserver.wire.server import Server
from mockserver.wire.serving import LoopFactory, opened, run_in_thread
from support.in_process import LOGIN, PHONE, TOKEN
from support.raw_client import Client, connected
from support.wire_server import JSON, Pages, get, wait_for

CREATE = f"/api/create?login={LOGIN}&token={TOKEN}&phone={PHONE}&source=2"
HEALTH = b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
INFO = f"/api/info?login={LOGIN}&token={TOKEN}"


Connect = Callable[[tuple[str, int]], Client]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects clients, which are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda address: stack.enter_context(connected(address))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The state file while another process writes into it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_lock_of_another_process_holds_nothing_but_the_calls_that_need_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connect: Connect
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY", 60.0)  # nothing here waits so long, on however busy a machine
    path = tmp_path / "state.db"
    settings = load({"state": str(path), "latency": "100ms", "limits": ["idle_time=200ms", "request_time=100ms"]}, {})
    with opened(settings) as (_, server), run_in_thread(server) as address:

        def sent(request: bytes) -> Client:
            return connect(address).send(request)

        late = sent(get(INFO))  # decided, and sent when its latency has passed
        wait_for(lambda: len(server.outbox) == 1)
        with locked(path):
            held = sent(get(CREATE))
            wait_for(lambda: isinstance(server.guard, ThreadGuard) and server.guard._began is not None)
            half, idle, waiting = sent(b"GET / HT"), sent(b""), sent(get(CREATE))

            for path in ("openapi.json", "schemas", "schemas/clauses.toml"):
                assert sent(HEALTH.replace(b"health", path.encode())).answer().status == 200
            got = sent(HEALTH).answer()
            assert (got.status, got.json["status"], "now" in got.json) == (200, "ok", False)
            assert late.answer().json["status"] == "ok"
            assert half.answer().status == 408
            assert idle.closed()
            assert select.select([held.socket], [], [], 0.05)[0] == []
        assert [client.answer().json["id"] for client in (held, waiting)] == [1, 2]
        assert "now" in sent(HEALTH).answer().json


@dataclass
class Slow:
    """A gateway of which each turn waits until it is released, and that notes what it has decided."""

    release: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    begun: int = 0
    cost: float = 0.0
    decided: list[str] = field(default_factory=list)

    def turn(self, requests: Iterable[Request]) -> Sequence[Response]:
        self.begun += 1
        assert self.release.acquire(timeout=10)
        answers = []
        for request in requests:
            time.sleep(self.cost)
            self.decided.append(request.path.decode())
            answers.append(Response(200, JSON, request.path))
        return answers


@contextmanager
def served(slow: Slow, **limits: float) -> Iterator[tuple[Server, tuple[str, int]]]:
    chosen = Limits(**{"stop_time": 0.2, **limits})  # type: ignore[arg-type]
    server = Server(slow.turn, Pages().factory, limits=chosen, make_guard=ThreadGuard)
    with run_in_thread(server) as address:
        yield server, address


def test_answers_keep_the_order_of_their_requests_while_turns_wait(connect: Connect) -> None:
    slow = Slow()
    with served(slow) as (_, address):
        client, other = connect(address), connect(address)
        slow.cost = 0.004  # seconds, so that a turn leaves requests for the next
        client.send(get("/1"))
        wait_for(lambda: slow.begun == 1)
        numbers, letters = [f"/{number}" for number in range(2, 12)], [f"/{letter}" for letter in "abcdefgh"]
        client.send(b"".join(map(get, (*numbers[:8], "/_mock/", *numbers[8:]))))
        other.send(b"".join(map(get, letters)))
        slow.release.release(50)

        assert [client.answer().status for _ in range(12)] == [200] * 12
        assert [other.answer().body.decode() for _ in letters] == letters
        assert [path for path in slow.decided if path in numbers] == numbers
        assert [path for path in slow.decided if path in letters] == letters
        assert slow.begun >= 3


def test_what_comes_while_a_turn_waits_is_decided_together_in_the_next_one(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.wire.server._TURN_TIME", 10.0)  # a busy machine splits no turn
    slow = Slow()
    with served(slow) as (server, address):
        clients = [connect(address) for _ in range(20)]
        clients[0].send(get("/"))
        wait_for(lambda: slow.begun == 1)
        for client in clients[1:]:
            client.send(get("/"))
        wait_for(lambda: len(server._batch) == 19)
        slow.release.release(2)
        assert [client.answer().status for client in clients] == [200] * 20
        assert slow.begun == 2


def test_the_request_of_a_client_that_has_gone_is_not_decided(connect: Connect) -> None:
    slow = Slow()
    with served(slow) as (server, address):
        first = connect(address).send(get("/first"))
        wait_for(lambda: slow.begun == 1)
        gone, stays = connect(address).send(get("/gone")), connect(address).send(get("/stays"))
        wait_for(lambda: len(server._batch) == 2)
        gone.close()
        wait_for(lambda: len(server._batch) == 1)
        slow.release.release(2)

        assert [client.answer().body for client in (first, stays)] == [b"/first", b"/stays"]
        assert slow.decided == ["/first", "/stays"]


def test_a_client_that_goes_while_its_request_is_decided_leaves_nothing_behind(connect: Connect) -> None:
    slow = Slow()
    with served(slow) as (server, address):
        client = connect(address).send(get("/gone") * 3)
        wait_for(lambda: slow.begun == 1)
        client.close()
        wait_for(lambda: not server._connections)
        slow.release.release(1)
        wait_for(lambda: len(slow.decided) == 3)
        slow.release.release(1)
        other = connect(address)
        assert [other.ask(path).status for path in ("/other", "/_mock/")] == [200, 200]

    assert (server.held, len(server.outbox)) == (0, 0)


def test_a_stop_does_not_wait_for_a_turn_and_what_is_left_is_not_decided(connect: Connect) -> None:
    slow, ended = Slow(), threading.Event()
    with served(slow) as (server, address):
        clients = [connect(address).send(get("/1"))]
        wait_for(lambda: slow.begun == 1)
        clients.append(connect(address).send(get("/2")))
        wait_for(lambda: len(server._batch) == 1)
        began = time.monotonic()
    took = time.monotonic() - began
    server.release(ended.set)

    assert took < 5
    assert [client.answer().status for client in clients] == [503, 503]
    assert all(client.closed() for client in clients)
    assert not ended.is_set()  # a turn still touches the state
    with pytest.raises(WireError, match="the server has stopped"):
        server.guard(lambda: None)
    slow.release.release(5)
    assert ended.wait(5)
    assert slow.decided == ["/1"]


def test_operations_that_wait_when_the_server_stops_raise(connect: Connect) -> None:
    slow = Slow()
    with ThreadPoolExecutor(1) as pool:
        with served(slow) as (server, address):
            connect(address).send(get("/"))
            wait_for(lambda: slow.begun == 1)
            asked = pool.submit(server.guard, lambda: "it ran")
            wait_for(lambda: isinstance(server.guard, ThreadGuard) and not server.guard._jobs.empty())
        with pytest.raises(WireError, match="the server has stopped"):
            asked.result(5)
        slow.release.release(5)


def test_pages_that_need_no_state_are_answered_however_many_others_wait_for_it(connect: Connect) -> None:
    slow = Slow()
    with served(slow) as (server, address):
        connect(address).send(get("/"))
        wait_for(lambda: slow.begun == 1)
        first = [connect(address).send(get("/_mock/guard")) for _ in range(10)]
        wait_for(lambda: server.guard.is_held)
        more = [connect(address).send(get("/_mock/guard")) for _ in range(10)]
        assert connect(address).ask("/_mock/").status == 200
        slow.release.release()

        assert {client.answer().status for client in (*first, *more)} == {200}


@pytest.mark.parametrize("make_guard", [LoopGuard, ThreadGuard])
@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_neither_turns_nor_operations_ever_run_at_the_same_time(
    new_loop: LoopFactory, make_guard: type[StateGuard]
) -> None:
    inside: list[str] = []
    seen: list[str] = []

    def touch(what: str) -> str:
        inside.append(what)
        time.sleep(0.0001)  # lets any other thread come in
        seen.append(what)
        together = len(inside)
        inside.remove(what)
        assert together == 1, inside
        return what

    def turn(requests: Iterable[Request]) -> Sequence[Response]:
        return [Response(200, JSON, touch("turn").encode(), Delivery(latency=100)) for _ in requests]

    server = Server(turn, Pages().factory, make_guard=make_guard)
    with run_in_thread(server, loop_factory=new_loop) as address, ThreadPoolExecutor(4) as pool:

        def call() -> bool:
            with connected(address) as client:
                client.send(get("/") * 20)
                return all(client.answer().body == b"turn" for _ in range(20))

        calls = [pool.submit(call) for _ in range(2)]
        operations = [pool.submit(lambda: [server.guard(lambda: touch("op")) for _ in range(20)]) for _ in range(2)]
        assert all(one.result(10) for one in calls)
        assert all(one.result(10) == ["op"] * 20 for one in operations)

    assert sorted(seen) == ["op"] * 40 + ["turn"] * 40
