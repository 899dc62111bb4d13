"""The ready scenarios: each takes a small client, on a real socket, through the course that it promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mockserver.assembly import open_gateway
from mockserver.settings.files import ready_scenarios
from mockserver.settings.loading import load
from mockserver.web.control import Control
from mockserver.wire.serving import mock_server, run_in_thread
from support.small_client import SmallClient


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[tuple[str, int], Control]]:
    settings = load({"delay": "0s"})
    gateway = open_gateway(settings)
    with run_in_thread(mock_server(gateway, settings)) as bound:
        yield bound, Control(gateway.mock, settings, lambda operation: operation(), lambda _: None)


def one_task(client: SmallClient) -> None:
    task = client.create()
    assert task is not None
    list(client.polls(task))


def two_tasks(client: SmallClient) -> None:
    one_task(client)
    one_task(client)


def tasks(number: int) -> Callable[[SmallClient], None]:
    def run(client: SmallClient) -> None:
        for task in [client.create() for _ in range(number)]:
            if task is not None:
                list(client.polls(task))

    return run


COURSES: dict[str, tuple[Callable[[SmallClient], None], list[str], list[float]]] = {
    "flaky-network": (
        one_task,
        [
            *("create: ConnectionResetError", "create: RemoteDisconnected", "create: IncompleteRead"),
            *("create: HTTP 504", "create: ok", "result: ready"),
        ],
        [0.5, 1.0, 1.5, 2.0],
    ),
    "html-outage": (
        one_task,
        [
            *["create: HTTP 502"] * 2,
            *["create: HTTP 503"] * 3,
            *("create: no JSON in text/html", "create: ok", "result: ready"),
        ],
        [0.5, 1.0, 1.0, 1.0, 1.0, 3.0],
    ),
    "quota-runs-out": (
        tasks(5),
        [*["create: ok"] * 3, *["create: error 429"] * 2, *["result: ready"] * 3],
        [],
    ),
    "slow-queue": (
        two_tasks,
        ["create: ok", *["result: processing"] * 5, "result: ready"] * 2,
        [],
    ),
    "midnight-turn": (
        tasks(4),
        [*["create: error 429"] * 2, *["create: ok"] * 2, *["result: ready"] * 2],
        [],
    ),
    "half-the-tasks-fail": (
        tasks(4),
        [*["create: ok"] * 4, *["result: ready", "result: error 500"] * 2],
        [],
    ),
    "format-regression": (
        two_tasks,
        [
            *("create: ok", "result: ready", "create: ok"),
            *["result: no JSON in application/json"] * 3,
            "result: ready",
        ],
        [0.5, 1.0, 1.5],
    ),
    "rate-limiting": (
        tasks(3),
        [
            *["create: ok"] * 2,
            *["create: HTTP 429"] * 2,
            *("create: ok", "result: ready"),
            *["result: HTTP 429"] * 2,
            *["result: ready"] * 2,
        ],
        [2.0] * 4,
    ),
}


def test_every_ready_scenario_has_its_course_and_says_what_it_shows() -> None:
    assert COURSES.keys() == ready_scenarios().keys()
    for document in ready_scenarios().values():
        assert document["about"].endswith(".")


@pytest.mark.parametrize("name", COURSES)
def test_a_ready_scenario_takes_a_client_through_its_course(
    address: tuple[tuple[str, int], Control], name: str
) -> None:
    program, log, waits = COURSES[name]
    bound, control = address
    client = SmallClient(bound, f"test-{name}@example.com")
    assert control.handle("PUT", f"/scenarios/{name}", body={"login": client.login}).status == 201
    program(client)

    assert client.log == log
    assert client.waits == waits
