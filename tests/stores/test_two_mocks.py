"""What one of two mocks on a store is told holds for the other from its next call on."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from mockserver.stores.journal import Pattern
from support.control_in_process import ControlledApi
from support.stores import SHARED

pytestmark = SHARED
PAIR = "test-pair@example.com"
INFO = {"login": PAIR, "token": "test-token"}


@pytest.fixture
def pair(state: str) -> tuple[ControlledApi, ControlledApi]:
    """Two mocks on one store, which are closed at the end of the test (`conftest.py`)."""
    return ControlledApi(state=state), ControlledApi(state=state)


def test_a_fault_strikes_as_often_as_it_says_whichever_mock_is_called(
    pair: tuple[ControlledApi, ControlledApi],
) -> None:
    one, other = pair
    one.told("POST /faults", {"match": {"method": "info"}, "action": {"kind": "error"}, "after": 1, "times": 3})
    answers = [mock.call("info")["status"] for mock in (other, one, one, other, one, other)]

    assert answers == ["ok", "error", "error", "error", "ok", "ok"]
    assert [mock.told("GET /faults")["faults"][0]["seen"] for mock in pair] == [4, 4]


def test_calls_of_one_reach_who_waits_at_the_other(pair: tuple[ControlledApi, ControlledApi]) -> None:
    one, other = pair
    woken: list[int] = []
    waiter = other.mock.journal.wait(Pattern({"method": "info"}), 2)
    waiter.begin(lambda: woken.append(1))
    for mock in (one, other):
        assert woken == []
        mock.call("info")
    other.mock.watch()

    assert waiter.seen == 2
    assert woken == [1]


@pytest.mark.parametrize("login", [PAIR, None])
def test_a_reset_at_one_ends_what_waits_at_the_other(
    login: str | None, pair: tuple[ControlledApi, ControlledApi]
) -> None:
    one, other = pair
    one.call("info", **INFO)
    one.told("POST /reset", {} if login is None else {"login": login})
    other.mock.watch()
    other.mock.watch()

    assert other.ended == [login]
    assert one.ended == [login]


def test_what_is_told_while_they_run_ends_with_the_last_of_them(
    state: str, pair: tuple[ControlledApi, ControlledApi]
) -> None:
    one, other = pair
    number = one.create()
    other.told("POST /faults", {"action": {"kind": "error"}, "times": "always"})
    other.told("PUT /profile", {"error.http-status": "mirror"})
    one.mock.store.close()
    with closing((third := ControlledApi(state=state)).mock.store):
        other.mock.store.close()
        assert third.send("info").status == 500
        assert len(third.told("GET /requests")["requests"]) == 2
    with closing((last := ControlledApi(state=state)).mock.store):
        assert last.told("GET /requests")["requests"] == []
        assert last.mock.store.calls() == {}
        assert last.call("result", id=number)["status"] == "processing"
        assert last.send("info", token="wrong").status == 200


def test_a_quota_is_exact_for_callers_of_two_mocks_at_once(state: str) -> None:
    barrier = threading.Barrier(2)
    made: list[list[str]] = []

    def spend() -> None:
        mock = ControlledApi(state=state, daily_limit=40)
        with closing(mock.mock.store):
            barrier.wait()
            calls = [mock.call("create", phone="70000000001", source=1) for _ in range(40)]
            made.append([call["status"] for call in calls])

    threads = [threading.Thread(target=spend) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one.count("ok") for one in made) == 40
