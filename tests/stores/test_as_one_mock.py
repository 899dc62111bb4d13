"""Two mocks on one store answer as one: as a mock with its state in memory answers the same calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Unpack
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.api.http import Request
from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.settings.table import SettingValues
from mockserver.web.control import Control
from support.in_process import LOGIN, PHONE, TOKEN, Time
from support.stores import SHARED

OTHER = "test-x@example.com"
SETTINGS: SettingValues = {
    "journal": 3,
    "daily_limit": 12,
    "accounts": [{"login": LOGIN, "token": TOKEN}],
    "faults": [{"match": {"method": "info", "nth": 3}, "action": {"kind": "error", "code": 503}, "times": 2}],
    "scenarios": ["midnight-turn"],
    "stubs": [{"match": {"phone": "70001110000"}, "names": ["Вася"], "ready": "at once"}],
}


class OneMock:
    """A mock and its control API in this process."""

    def __init__(self, state: str, time: Time, changed: SettingValues) -> None:
        read = load(arguments={**SETTINGS, **changed, "state": state})
        self.gateway = open_gateway(read, time, monotonic=lambda: time.ran)
        self.mock = self.gateway.mock
        self.ended: list[str | None] = []
        self.control = Control(self.mock, read, lambda operation: operation(), self.ended.append)

    def call(self, operation: str, **params: Any) -> Any:
        """Status, headers and body of the API's answer."""
        credentials = {"login": LOGIN, "token": TOKEN}
        if params.get("login") == OTHER:
            credentials["token"] = "test-token"
        query = urlencode({**credentials, **params}).encode()
        answer = self.gateway.answer(Request("GET", f"/api/{operation}".encode(), query, {}, b"", "127.0.0.1"))
        return answer.status, answer.headers, answer.body, answer.delivery

    def tell(self, route: str, body: Any = None, **query: Any) -> Any:
        """Status and body of the control API's answer."""
        http_method, _, path = route.partition(" ")
        handled = self.control.handle(http_method, path, query, body)
        body = getattr(handled.body, "content", handled.body)
        return handled.status, re.sub(rb'state="\w+"', b"", body) if isinstance(body, bytes) else body


@contextmanager
def mocks(*states: str, **changed: Unpack[SettingValues]) -> Iterator[tuple[Time, list[OneMock]]]:
    time = Time()
    with ExitStack() as stack:
        opened = [OneMock(state, time, changed) for state in states]
        for one in opened:
            stack.enter_context(closing(one.mock.store))
        yield time, opened


@pytest.fixture
def pair(state: str) -> Iterator[list[OneMock]]:
    with mocks(state, state) as (_, opened):
        yield opened


# Any calls, to either of the two.

logins = st.sampled_from([LOGIN, OTHER])
maybe_logins = st.none() | logins
matches = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["create", "info"]),
        "login": logins,
        "nth": st.integers(1, 3),
    },
)
actions = st.sampled_from(
    [
        {"kind": "error", "code": 500, "message": "try later"},
        {"kind": "latency", "delay": "uniform 1s..5s"},
        {"kind": "garbage"},
        {"kind": "http", "status": 502, "body": "<p>"},
    ]
)
faults = st.fixed_dictionaries(
    {"match": matches, "action": actions},
    optional={"times": st.sampled_from([1, 2, "always"]), "probability": st.sampled_from([0.5, 1])},
)
steps = st.fixed_dictionaries(
    {"times": st.integers(1, 2)},
    optional={
        "match": st.sampled_from([{}, {"method": "info"}]),
        "action": st.sampled_from([{"kind": "pass"}, {"kind": "error"}]),
        "advance": st.sampled_from(["1s", "midnight"]),
        "account": st.sampled_from([{"daily_limit": 3}, {"used": "all"}, {"demo": True}]),
    },
)
scenarios = st.fixed_dictionaries(
    {"steps": st.lists(steps, min_size=1, max_size=2)},
    optional={"login": logins, "end": st.sampled_from(["pass", "repeat", "last"])},
)
stubs = st.fixed_dictionaries(
    {"names": st.lists(st.sampled_from(["Вася", "Оля"]), max_size=2)},
    optional={"match": st.fixed_dictionaries({}, optional={"phone": st.just(PHONE), "login": logins})},
)
choices = st.sampled_from([{"error.http-status": "mirror"}, {"row.phone": "number"}, {"rate.limit": "2/min"}])
names = st.sampled_from(["one", "two"])


def told(route: str, body: Any = st.none(), **query: st.SearchStrategy[Any]) -> Any:  # noqa: B008 - it is no list
    asked = st.fixed_dictionaries(query).map(lambda asked: {key: one for key, one in asked.items() if one is not None})
    return st.tuples(st.just("tell"), st.tuples(st.just(route), body), asked)


def called(operation: str, **params: st.SearchStrategy[Any]) -> Any:
    return st.tuples(st.just("call"), st.just((operation,)), st.fixed_dictionaries(params))


def with_login(body: dict[str, Any]) -> Any:
    return maybe_logins.map(lambda login: {**body, **({"login": login} if login else {})})


CALLS = st.one_of(
    called("create", phone=st.sampled_from([PHONE, "70001110000", "70000000429"]), source=st.just(3), login=logins),
    called("result", id=st.integers(1, 4), login=logins),
    called("info", login=logins),
)
TOLD = st.one_of(
    told("POST /faults", faults),
    told("PUT /faults/one", faults),
    told("DELETE /faults", login=logins),
    told("DELETE /faults/f1"),
    told("PUT /scenarios/one", scenarios),
    told("PUT /scenarios/two", scenarios),
    told("DELETE /scenarios/one", login=maybe_logins),
    told("POST /stubs", stubs),
    told("DELETE /stubs/s1"),
    told("PUT /profile", choices),
    told("DELETE /profile"),
    told("POST /clock/advance", with_login({"seconds": 5})),
    told("PUT /clock", with_login({"mode": "frozen"})),
    told("POST /reset", with_login({})),
    told("POST /reset", st.just({"login": OTHER})),
    told("POST /accounts", st.just({"login": OTHER, "daily_limit": 2})),
    told("DELETE /accounts/test-x@example.com"),
    told("DELETE /requests", login=logins),
)
READ = st.one_of(
    told("GET /faults"),
    told("GET /scenarios"),
    told("GET /stubs"),
    told("GET /requests", login=logins),
    told("GET /requests.har"),
    told("GET /requests/2"),
    told("POST /requests/count", st.just({"method": "info", "exactly": 1})),
    told("GET /accounts"),
    told("GET /clock", login=logins),
    told("GET /metrics"),
)
SCRIPTS = st.lists(st.tuples(st.integers(0, 1), st.one_of(CALLS, CALLS, TOLD, READ)), max_size=40)


LISTS = ("faults", "scenarios", "stubs", "requests", "accounts", "tasks", "clock", "profile", "metrics")


@SHARED
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(script=SCRIPTS)
def test_any_calls_to_either_are_answered_as_by_one_mock_in_memory(
    script: list[tuple[int, tuple[str, tuple[Any, ...], dict[str, Any]]]], empty_state: Callable[[], str]
) -> None:
    state = empty_state()
    with mocks(state, state) as (time, opened), mocks("memory") as (model_time, (model,)):
        for place, (verb, how, params) in script:
            time.passes(0.5)
            model_time.passes(0.5)
            assert getattr(opened[place], verb)(*how, **params) == getattr(model, verb)(*how, **params)
        for name in LISTS:
            assert [one.tell(f"GET /{name}") for one in opened] == [model.tell(f"GET /{name}")] * 2
