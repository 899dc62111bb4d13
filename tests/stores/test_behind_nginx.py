"""Two mocks on one Redis, behind nginx as a load balancer: with many clients, and with a Redis that is killed."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import pytest

from support.nginx import nginx
from support.processes import Serving, serving
from support.redis_server import RedisServer, redis_server

CLIENTS, LIMIT = 64, 300
PASSWORD = "hidden-word"
ONE_RECORD = "70000000001"


@dataclass
class Balanced:
    redis: RedisServer
    mocks: list[Serving]
    shown: str  # the state, as messages show it
    url: str


@pytest.fixture
def balanced(tmp_path: Path) -> Iterator[Balanced]:
    with ExitStack() as stack:
        server = stack.enter_context(redis_server("--requirepass", PASSWORD))
        shown = server.url
        state = shown.replace("redis://", f"redis://:{PASSWORD}@")
        mocks = [stack.enter_context(serving("--state", state, "--delay", "0s", cwd=tmp_path)) for _ in range(2)]
        ports = [urlsplit(mock.api).port or 0 for mock in mocks]
        yield Balanced(server, mocks, shown, stack.enter_context(nginx(ports)))


@dataclass
class Client:
    """A client with a connection of its own to the balancer, on which it calls one after another."""

    url: str
    login: str
    ids: list[int] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    answered_by: set[str | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)

    def call(self, operation: str, **params: Any) -> Any:
        query = urlencode({"login": self.login, "token": "test-token", **params})
        self._connection.request("GET", f"/api/{operation}?{query}")
        answer = self._connection.getresponse()
        self.answered_by.add(answer.headers["X-Answered-By"])
        return json.loads(answer.read())

    def create(self) -> bool:
        answer = self.call("create", phone=ONE_RECORD, source=1)
        if answer["status"] == "ok":
            self.ids.append(answer["id"])
            return True
        self.errors.append(answer)
        return False

    def close(self) -> None:
        self._connection.close()

    @property
    def used(self) -> int:
        return int(self.call("info")["data"]["api_limit"]["used"])


@pytest.fixture
def many(balanced: Balanced) -> Iterator[list[Client]]:
    """Clients of one account."""
    login = "test-many@example.com"
    account = json.dumps({"login": login, "token": "test-token", "daily_limit": LIMIT}).encode()
    balanced.mocks[0].control("POST", "/accounts", account)
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Client(balanced.url, login))) for _ in range(CLIENTS)]


def all_at_once(clients: list[Client], work: Callable[[Client], object]) -> list[threading.Thread]:
    barrier = threading.Barrier(len(clients))

    def begin(client: Client) -> None:
        barrier.wait()
        work(client)

    threads = [threading.Thread(target=begin, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    return threads


def until(happens: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_many_clients_lose_no_task_and_reach_the_limit_exactly(balanced: Balanced, many: list[Client]) -> None:
    def spend_all(client: Client) -> None:
        while client.create():
            pass

    for thread in all_at_once(many, spend_all):
        thread.join()
    ids = [one for client in many for one in client.ids]
    reader = many[0]

    assert {error["error_code"] for client in many for error in client.errors} == {429}
    assert len(ids) == len(set(ids)) == LIMIT == reader.used
    assert {reader.call("result", id=one)["status"] for one in ids} == {"ready"}
    assert {address for client in many for address in client.answered_by} == {
        urlsplit(mock.api).netloc for mock in balanced.mocks
    }


def test_a_redis_that_is_killed_and_started_again_loses_and_doubles_nothing(
    balanced: Balanced, many: list[Client]
) -> None:
    clients = many[:16]

    def create_some(client: Client) -> None:
        while len(client.ids) < 12:
            if not client.create():
                time.sleep(0.01)

    threads = all_at_once(clients, create_some)
    until(lambda: sum(len(client.ids) for client in clients) > 40)
    balanced.redis.kill()
    until(lambda: all(client.errors for client in clients))
    with pytest.raises(HTTPError) as refused:
        balanced.mocks[0].control("GET", "/accounts", b"")
    balanced.redis.start()
    for thread in threads:
        thread.join()
    with refused.value:
        detail = json.loads(refused.value.read())["detail"]
    ids = sorted(one for client in clients for one in client.ids)
    reader = clients[0]

    assert (refused.value.code, detail.partition(" (")[0]) == (503, f"{balanced.shown}: can't be reached")
    assert {error["error_code"] for client in clients for error in client.errors} == {500}
    assert len(set(ids)) == len(ids) == reader.used
    assert {reader.call("result", id=one)["status"] for one in ids} == {"ready"}
    for mock in balanced.mocks:
        mock.process.send_signal(signal.SIGTERM)
        _, told = mock.process.communicate()
        about = [line.partition("name=")[2].partition(": ")[2] for line in told.splitlines() if "redis://" in line]
        assert [line.partition(" (")[0] for line in about] == ["can't be reached", "works again"]
        assert PASSWORD not in told
