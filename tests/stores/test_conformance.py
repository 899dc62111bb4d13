"""Two mocks on one store are one mock: whatever either is asked, the answers are those of a single mock in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from support.control_in_process import ControlledApi
from support.redis_server import RedisServer

LOGINS = ("test-a@example.com", "test-b@example.com")
PHONES = ("70000000000", "70000000001", "70000000100", "70001234567")
ERROR = {"kind": "error", "code": 503}

FAULTS: tuple[dict[str, Any], ...] = (
    {"match": {"method": "create"}, "action": ERROR, "times": 2},
    {"match": {"login": LOGINS[0]}, "action": {"kind": "latency", "delay": "uniform 1s..5s"}, "after": 1, "times": 3},
    {"match": {"method": "result", "nth": 2}, "action": {"kind": "http", "status": 502, "body": "no"}},
    {"match": {"login": LOGINS[1]}, "action": {"kind": "garbage"}, "probability": 0.5},
    {"match": {"method": "create", "login": LOGINS[0]}, "action": {"kind": "fail-task"}, "times": 1},
)
SCENARIOS: tuple[dict[str, Any], ...] = (
    {"steps": [{"times": 2, "action": ERROR}, {"times": 1}, {"action": {"kind": "reset"}, "times": 1}]},
    {"login": LOGINS[0], "steps": [{"match": {"method": "create"}, "account": {"used": "all"}}], "end": "repeat"},
    {"login": LOGINS[1], "steps": [{"times": 1, "action": ERROR, "advance": "3s"}, {"times": 2}], "end": "last"},
)
STUBS: tuple[dict[str, Any], ...] = (
    {"match": {"phone": PHONES[1]}, "data": [{"title": "a"}, {"title": "b"}], "cost": 2, "lenient": True},
    {"match": {"login": LOGINS[0]}, "names": ["Вася"], "ready": {"after_polls": 1}},
)
CHOICES: tuple[dict[str, Any], ...] = (
    {"error.http-status": "mirror"},
    {"rate.limit": "3/min"},
    {"quota.unit": "task", "result.times": "text"},
)

sides = st.integers(0, 1)
logins = st.sampled_from(LOGINS)
whose = st.sampled_from([{}, {"login": LOGINS[0]}, {"login": LOGINS[1]}])
_told = st.one_of(
    st.tuples(st.just("POST /faults"), st.sampled_from(FAULTS)),
    st.tuples(st.just("POST /faults"), st.sampled_from(FAULTS)),
    st.tuples(st.just("PUT /faults/mine"), st.sampled_from(FAULTS)),
    st.tuples(st.sampled_from(["DELETE /faults/mine", "DELETE /faults/f1"]), st.none()),
    st.tuples(st.sampled_from(["PUT /scenarios/one", "PUT /scenarios/two"]), st.sampled_from(SCENARIOS)),
    st.tuples(st.just("DELETE /scenarios/one"), st.none()),
    st.tuples(st.just("POST /stubs"), st.sampled_from(STUBS)),
    st.tuples(st.just("DELETE /stubs/s1"), st.none()),
    st.tuples(st.just("PUT /profile"), st.sampled_from(CHOICES)),
    st.tuples(st.just("DELETE /profile"), st.none()),
    st.tuples(st.just("POST /clock/advance"), st.builds(lambda who: {"seconds": 3, **who}, whose)),
    st.tuples(st.just("POST /clock/advance"), st.builds(lambda who: {"to": "next-ready", **who}, whose)),
    st.tuples(st.just("PUT /clock"), st.builds(lambda who: {"mode": "frozen", **who}, whose)),
    st.tuples(
        st.sampled_from([f"PUT /accounts/{login}" for login in LOGINS]),
        st.just({"daily_limit": 3, "token": "test-token"}),
    ),
    st.tuples(st.sampled_from([f"DELETE /accounts/{login}" for login in LOGINS]), st.none()),
    st.tuples(st.just("PUT /tasks/1"), st.just({"ready": {"after_polls": 2}})),
    st.tuples(st.just("POST /reset"), whose),
    st.tuples(st.just("DELETE /requests"), st.none()),
)
LISTS = ("faults", "scenarios", "stubs", "profile", "clock", "accounts", "tasks", "requests")


class Mocks(RuleBasedStateMachine):
    """Two mocks on a store, and one in memory as their model."""

    def __init__(self, state: str) -> None:
        super().__init__()
        options: dict[str, Any] = {
            "delay": "uniform 1s..3s",
            "latency": "uniform 0s..1s",
            "journal": 6,
            "daily_limit": 9,
        }
        self.model = ControlledApi(**options)
        self.shared = [ControlledApi(state=state, **options) for _ in range(2)]

    def teardown(self) -> None:
        for mock in (self.model, *self.shared):
            mock.mock.store.close()

    def same(self, side: int, ask: Callable[[ControlledApi], Any]) -> None:
        assert ask(self.shared[side]) == ask(self.model)

    @rule(side=sides, login=logins, phone=st.sampled_from(PHONES), source=st.integers(1, 2))
    def create(self, side: int, login: str, phone: str, source: int) -> None:
        self.call(side, "create", login=login, phone=phone, source=source)

    @rule(side=sides, login=logins, number=st.integers(1, 4), form=st.sampled_from(["json", "xml", "csv"]))
    def result(self, side: int, login: str, number: int, form: str) -> None:
        self.call(side, "result", login=login, id=number, format=form)

    @rule(side=sides, login=logins)
    def info(self, side: int, login: str) -> None:
        self.call(side, "info", login=login)

    def call(self, side: int, operation: str, **params: Any) -> None:
        self.same(side, lambda mock: mock.send(operation, token="test-token", **params))

    @rule(side=sides, told=_told)
    def tell(self, side: int, told: tuple[str, Any]) -> None:
        self.same(side, lambda mock: mock.tell(*told))

    @rule(seconds=st.sampled_from([1, 4]))
    def time_passes(self, seconds: int) -> None:
        for mock in (self.model, *self.shared):
            mock.time.passes(seconds)

    @rule(side=sides, keys=st.sampled_from([{}, {"method": "create"}, {"login": LOGINS[0]}, {"outcome": "error"}]))
    def counted(self, side: int, keys: dict[str, Any]) -> None:
        self.same(side, lambda mock: mock.tell("POST /requests/count", {**keys, "exactly": 2}))

    @invariant()
    def all_that_is_listed_is_the_same(self) -> None:
        for name in LISTS:
            for side in (0, 1):
                self.same(side, lambda mock, name=name: mock.tell(f"GET /{name}"))  # type: ignore[misc]
        for side in (0, 1):
            self.same(side, lambda mock: mock.mock.store.calls())


FEW = settings(
    max_examples=15,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # to explain would take minutes
)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_two_mocks_on_one_store_answer_as_one_mock_in_memory(kind: str, tmp_path: Path, redis: RedisServer) -> None:
    numbers = count()

    def fresh() -> Mocks:
        return Mocks(redis.url if kind == "redis" else str(tmp_path / f"{next(numbers)}.db"))

    run_state_machine_as_test(fresh, settings=FEW)  # type: ignore[arg-type]  # any maker will do


def test_the_documents_of_these_tests_are_taken() -> None:
    mock = ControlledApi()
    for login in LOGINS:
        mock.call("info", login=login, token="test-token")
    documents = [
        ("POST /faults", FAULTS),
        ("PUT /scenarios/one", SCENARIOS),
        ("POST /stubs", STUBS),
        ("PUT /profile", CHOICES),
    ]
    for route, those in documents:
        for one in those:
            assert mock.tell(route, one).status < 300, (json.dumps(one), mock.tell(route, one))
