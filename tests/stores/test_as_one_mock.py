"""Two mocks on one store answer as one: as a mock with its state in memory answers the same calls."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Barrier, Lock
from typing import Any, Unpack
from unittest import mock
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockserver.api.http import Request
from mockserver.assembly import open_gateway
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses
from mockserver.settings.loading import load
from mockserver.settings.table import SettingValues
from mockserver.stores import redis_transactions, shared_store, sqlite
from mockserver.stores.journal import Pattern
from mockserver.web.app import make_app
from mockserver.web.control import Control
from mockserver.web.route import Guard
from mockserver.wire.serving import serve_mock
from support.in_process import LOGIN, PHONE, TOKEN, Time
from support.stores import no_room_to_grow
from support.wire_server import wait_for

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


@pytest.fixture(params=["sqlite", "redis"])
def kind(request: pytest.FixtureRequest) -> str:
    named: str = request.param
    return named


IN_A_FILE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


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
    told("PUT /delay", st.sampled_from([{"delay": "0s"}, {"delay": "1 poll"}, {"delay": "never"}])),
    told("DELETE /delay"),
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


LISTS = ("faults", "scenarios", "stubs", "requests", "accounts", "tasks", "clock", "profile", "delay", "metrics")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(script=SCRIPTS, tombstones=st.sampled_from([3, 10_000]))
@example(script=[(0, ("tell", ("DELETE /stubs/s1", None), {})), (1, ("tell", ("POST /reset", {}), {}))], tombstones=3)
def test_any_calls_to_either_are_answered_as_by_one_mock_in_memory(
    script: list[tuple[int, tuple[str, tuple[Any, ...], dict[str, Any]]]],
    tombstones: int,
    empty_state: Callable[[], str],
) -> None:
    """Also where a process is so far behind that it reads all records anew."""
    state = empty_state()
    with (
        mock.patch.object(sqlite, "TOMBSTONES", tombstones),
        mock.patch.object(redis_transactions, "TOMBSTONES", tombstones),
        mocks(state, state) as (time, opened),
        mocks("memory") as (model_time, (model,)),
    ):
        for place, (verb, how, params) in script:
            time.passes(0.5)
            model_time.passes(0.5)
            assert getattr(opened[place], verb)(*how, **params) == getattr(model, verb)(*how, **params)
        for name in LISTS:
            assert [one.tell(f"GET /{name}") for one in opened] == [model.tell(f"GET /{name}")] * 2


def test_calls_at_once_in_two_processes_meet_a_rule_as_often_as_it_says(pair: list[OneMock]) -> None:
    """Each mock has a thread of its own here, and each thread a connection to the file."""
    one, two = pair
    calls, steps = 60, [{"times": 25, "action": {"kind": "error", "code": 501}}]
    one.tell("DELETE /faults")
    one.tell("POST /faults", {"match": {"nth": 70}, "action": {"kind": "error", "code": 502}})
    one.tell("POST /faults", {"match": {}, "action": {"kind": "error", "code": 503}, "times": 30, "after": 40})
    two.tell("PUT /scenarios/s", {"steps": steps, "login": LOGIN})
    two.tell("PUT /profile", {"rate.limit": "1000/min"})
    began = Barrier(2)

    def work(mine: OneMock) -> list[int]:
        began.wait()
        return [json.loads(mine.call("info")[2]).get("error_code") for _ in range(calls)]

    with ThreadPoolExecutor(2) as threads:
        codes = Counter(code for codes in threads.map(work, pair) for code in codes)

    # The scenario's calls are counted by the faults, too. The 70th is that of the first fault, and counted by both.
    assert codes == {501: 25, 502: 1, 503: 30, None: 2 * calls - 56}
    assert sum(one.mock.store.calls().values()) == sum(two.mock.store.calls().values()) == 2 * calls
    assert [entry.number for entry in one.mock.journal.entries(Pattern({}))] == [118, 119, 120]
    assert one.mock.journal.dropped(Pattern({})) == 117


def test_counts_of_a_turn_that_fails_are_taken_back(pair: list[OneMock]) -> None:
    one, two = pair
    one.tell("PUT /faults/f", {"match": {}, "action": {"kind": "error"}, "times": 2})
    before = one.tell("GET /faults"), two.tell("GET /scenarios")
    with suppress(ZeroDivisionError), one.mock.store.transaction():
        assert one.call("create", phone=PHONE, source=1)[0] == 200
        one.mock.set_profile(resolve(clauses(), {"row.phone": "number"}))
        raise ZeroDivisionError

    assert (one.tell("GET /faults"), two.tell("GET /scenarios")) == before
    assert one.mock.profile.choices["row.phone"] == "text"


def test_a_turn_that_fails_hides_no_change_of_another_process(pair: list[OneMock]) -> None:
    one, two = pair
    one.tell("DELETE /faults")
    one.tell("DELETE /scenarios")
    with suppress(ZeroDivisionError), one.mock.store.transaction(write=True):
        one.mock.arm({"action": {"kind": "error", "code": 501}})
        raise ZeroDivisionError
    two.tell("POST /faults", {"action": {"kind": "error", "code": 502}})

    assert json.loads(one.call("info")[2])["error_code"] == 502


@pytest.mark.parametrize(
    ("resource", "first", "second"),
    [
        ("faults", {"action": {"kind": "error"}, "times": 2}, {"action": {"kind": "error"}, "times": 3}),
        ("stubs", {"match": {"phone": PHONE}, "cost": 1}, {"match": {"source": 1}, "cost": 2}),
        ("scenarios", {"steps": [{"account": {"daily_limit": 5}}]}, {"steps": [{}], "end": "last"}),
    ],
)
def test_what_is_put_anew_is_in_every_process_as_in_the_first(
    pair: list[OneMock], state: str, resource: str, first: Any, second: Any
) -> None:
    one, two = pair
    one.tell("POST /reset", {})
    for number in range(4):
        one.tell(f"PUT /{resource}/n{number}", first if number == 1 else second)
        two.call("info")
    account = two.tell("GET /accounts")
    for route in (f"DELETE /{resource}/n0", f"PUT /{resource}/n0", f"PUT /{resource}/n1", f"DELETE /{resource}/n2"):
        one.tell(
            route,
            None
            if "DELETE" in route
            else first
            if "n0" in route
            else {**second, "match": {}}
            if resource == "stubs"
            else second,
        )
    with mocks(state) as (_, (three,)):
        told = [each.tell(f"GET /{resource}") for each in (one, two, three)]

        assert told[0] == told[1] == told[2]
        assert [entry.get("id", entry.get("name")) for entry in told[0][1][resource]] != []
        assert two.tell("GET /accounts") == account or resource == "scenarios"


def test_what_a_scenario_has_changed_is_as_before_where_another_process_takes_it_away(pair: list[OneMock]) -> None:
    one, two = pair
    one.tell("POST /reset", {})
    before = one.tell("GET /accounts")
    one.tell("PUT /scenarios/s", {"steps": [{"match": {"method": "info"}, "account": {"daily_limit": 5}}]})
    one.tell("DELETE /scenarios/midnight-turn")
    two.call("info")
    assert one.tell("GET /accounts") != before
    one.tell("DELETE /scenarios/s")

    assert two.tell("GET /accounts") == before


@pytest.mark.parametrize(
    "route", [("POST /reset", {"login": LOGIN}), ("POST /reset", {}), ("DELETE /accounts/x", None)]
)
def test_a_reset_ends_what_waits_in_the_other_process_and_nothing_that_comes_later(
    pair: list[OneMock], route: tuple[str, Any]
) -> None:
    one, two = pair
    two.tell("PUT /accounts/x", {})
    waiter = one.mock.journal.wait(Pattern({"login": "x"} if route[1] is None else {}), 1)
    one.ended.clear()
    assert two.tell(*route)[0] == 204
    one.mock.watch()
    (login,) = one.ended

    assert login == {"POST": (route[1] or {}).get("login"), "DELETE": "x"}[route[0].split()[0]]
    assert waiter.ended == (login in (None, waiter.pattern.login))
    one.call("info")
    one.mock.watch()
    assert one.ended == [login]
    assert two.ended[-1:] == [login], "its own are ended by its control API"


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("name", ["look", "_of", "dropped"])
def test_a_waiter_counts_a_call_once_that_another_process_answers_while_the_wait_begins(
    pair: list[OneMock], name: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    journal, steps = one.mock.journal, iter(range(100))
    wrapped = getattr(journal, name)

    def then_a_call_comes(*args: Any, **more: Any) -> Any:
        given = wrapped(*args, **more)
        if next(steps) == at:
            two.call("info")
        return given

    two.call("info")
    monkeypatch.setattr(journal, name, then_a_call_comes)
    waiter = journal.wait(Pattern({"method": "info"}), 9)
    monkeypatch.undo()
    two.call("info")
    one.mock.watch()

    assert waiter.seen == one.tell("POST /requests/count", {"method": "info"})[1]["count"]


def test_a_wait_and_an_answer_that_waits_see_what_another_process_does(state: str) -> None:
    read = load(arguments={**SETTINGS, "state": state})
    with ExitStack() as stack:
        one, two = (open_gateway(read) for _ in range(2))
        for gateway in (one, two):
            stack.callback(gateway.mock.store.close)
        served = stack.enter_context(serve_mock(one, read))
        guard = _locked()
        wsgi = make_app(two, guard, read).test_client()
        threads = stack.enter_context(ThreadPoolExecutor(4))

        def asked(path: str, body: Any = None) -> int:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(served + path, data, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code

        wait = {"match": {"method": "info"}, "count": 2, "timeout": "20s"}
        info = f"/api/info?{urlencode({'login': LOGIN, 'token': TOKEN})}"
        waits = [threads.submit(asked, "/_mock/requests/wait", wait), threads.submit(asked, "/_mock/requests/wait", {})]
        wait_for(lambda: len(one.mock.journal._waiters) == 1)
        assert (wsgi.get(info).status_code, asked(info)) == (200, 200)
        assert [one.result(20) for one in waits] == [200, 200]

        late = {"match": {"method": "info"}, "action": {"kind": "latency", "delay": "20s"}, "times": "always"}
        assert wsgi.post("/_mock/faults", json=late).status_code == 201
        answers = [threads.submit(asked, info), threads.submit(lambda: wsgi.get(info).status_code)]
        wait_for(lambda: sum(guard(two.mock.store.calls).values()) == 4)
        assert asked("/_mock/reset", {"login": LOGIN}) == 204
        assert wsgi.post("/_mock/reset", json={"login": LOGIN}).status_code == 204
        assert [one.result(20) for one in answers] == [503, 503]


def _locked() -> Guard:
    lock = Lock()

    def guard(operation: Callable[[], Any]) -> Any:
        with lock:
            return operation()

    return guard


# The settings, and the end of a process.


def test_rules_of_the_settings_are_put_once_and_those_of_other_settings_take_their_place(state: str) -> None:
    other: SettingValues = {"faults": [{"action": {"kind": "reset"}}], "profile": {"row.phone": "number"}}
    with mocks(state, state) as (time, (one, two)), closing(OneMock(state, time, other).mock.store):
        for asked in (one, two):
            assert [fault["action"]["kind"] for fault in asked.tell("GET /faults")[1]["faults"]] == ["reset"]
        one.tell("PUT /faults/mine", {"action": {"kind": "error"}})
        new = load(arguments={**SETTINGS, **other, "state": state, "delay": "1s"})
        two.mock.configure(new.profile, new.simulation)
        two.tell("PUT /profile", {"row.phone": "text"})
        two.tell("PUT /delay", {"delay": "3 polls"})
        one.mock.configure(new.profile, new.simulation)

        assert [fault["id"] for fault in one.tell("GET /faults")[1]["faults"]] == ["f2", "mine"]
        assert one.mock.profile.choices["row.phone"] == two.mock.profile.choices["row.phone"] == "text"
        assert one.tell("GET /delay")[1] == two.tell("GET /delay")[1] == {"delay": "3 polls"}
        two.tell("POST /reset", {})
        assert one.tell("GET /delay")[1] == two.tell("GET /delay")[1] == {"delay": "1s"}
        assert [fault["id"] for fault in one.tell("GET /faults")[1]["faults"]] == ["f4"]
        assert one.mock.profile.choices["row.phone"] == two.mock.profile.choices["row.phone"] == "number"


def test_rules_counts_and_the_journal_end_with_the_last_process_and_tasks_stay(state: str) -> None:
    with mocks(state) as (_, (one,)):
        one.tell("DELETE /scenarios")
        one.call("create", phone=PHONE, source=1)
        one.tell("PUT /faults/mine", {"action": {"kind": "error"}})
        one.tell("PUT /profile", {"row.phone": "number"})
        with mocks(state) as (_, (two,)):
            assert [fault["id"] for fault in two.tell("GET /faults")[1]["faults"]] == ["f1", "mine"]
            one.mock.store.close()
            with mocks(state) as (_, (three,)):
                assert len(three.tell("GET /requests")[1]["requests"]) == 1
                assert three.mock.profile.choices["row.phone"] == "number"
    with mocks(state) as (_, (one,)):
        assert [fault["id"] for fault in one.tell("GET /faults")[1]["faults"]] == ["f1"]
        assert one.tell("GET /requests")[1]["requests"] == []
        assert one.mock.profile.choices["row.phone"] == "text"
        assert one.mock.store.calls() == {}
        assert len(one.tell("GET /tasks")[1]["tasks"]) == 1


@IN_A_FILE
def test_they_end_with_a_process_that_is_killed(state: str) -> None:
    program = """
        import os, sys
        from mockserver.assembly import open_gateway
        from mockserver.settings.loading import load
        open_gateway(load(arguments={"state": sys.argv[1]})).mock.arm({"action": {"kind": "error"}})
        os._exit(0)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program), state], check=True)
    with closing(sqlite3.connect(state)) as file:
        assert file.execute("SELECT count(*) FROM records WHERE kind = 'fault'").fetchall() == [(1,)]
    with mocks(state) as (_, (one,)):
        assert [fault["id"] for fault in one.tell("GET /faults")[1]["faults"]] == ["f1"]
        assert one.tell("GET /faults")[1]["faults"][0]["match"] == {"method": "info", "nth": 3}


# What can't be written, or be read.


@IN_A_FILE
@pytest.mark.parametrize(("held", "dropped"), [(1000, 0), (2, None)])
def test_calls_that_can_t_be_written_are_written_later_or_not_known_any_more(
    state: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    held: int,
    dropped: int | None,
) -> None:
    monkeypatch.setattr(shared_store, "UNWRITTEN", held)
    with mocks(state, state, journal=10) as (_, (one, two)):
        one.call("result", id=7)
        with no_room_to_grow(Path(f"{state}-calls-1")):
            for _ in range(3):
                one.call("result", id=7)
            for each in (one, two):
                assert each.tell("POST /requests/count", {"exactly": 1})[1]["inconclusive"]
                assert each.tell("POST /requests/wait", {"match": {}, "count": 2, "timeout": "0s"})[1]["inconclusive"]
                assert each.tell("POST /requests/count", {"at_least": 1})[0] == 200
                assert each.tell("GET /requests")[1]["dropped"] is None
        assert sum(two.mock.store.calls().values()) == 1
        assert two.mock.journal.dropped(Pattern({})) is None
        one.call("result", id=7)

        begun, over = capsys.readouterr().err.splitlines()
        assert f"{state}: the journal beside it can't be written (File too large); make room on the disk" in begun
        assert "the journal: works again" in over
        assert sum(two.mock.store.calls().values()) == 5
        assert two.mock.journal.count(Pattern({})).kept == 1 + min(held + 1, 4)
        assert two.mock.journal.dropped(Pattern({})) == dropped
        two.tell("POST /reset", {})
        assert one.mock.journal.count(Pattern({})).dropped == 0


@IN_A_FILE
@pytest.mark.parametrize("route", ["DELETE /requests", "DELETE /requests?login=demo@example.com", "POST /reset"])
def test_a_journal_that_can_t_be_cleared_is_said_not_to_be(state: str, route: str) -> None:
    path, _, login = route.partition("?login=")
    query, body = ({"login": login} if login else {}), ({} if path.startswith("POST") else None)
    with mocks(state, state) as (_, (one, two)):

        def kept() -> list[int]:
            return [each.mock.journal.count(Pattern({})).kept for each in (one, two)]

        one.call("info")
        with no_room_to_grow(Path(f"{state}-calls-1")):
            assert one.control.handle(*path.split(), query, body).status == 503
            one.call("info")  # which is held
            status, told = one.control.handle(*path.split(), query, body)[:2]
            assert (status, "make room on the disk" in told["detail"]) == (503, True)
            assert kept() == [1, 1]
        one.call("info")
        assert kept() == [3, 3]
        assert one.control.handle(*path.split(), query, body).status < 300
        assert kept() == [0, 0]
        two.call("info")
        assert kept() == [1, 1]


@pytest.mark.parametrize("value", ["{", "[]", '[1, {"action": {"kind": "of a later version"}}]'])
def test_a_record_that_can_t_be_read_is_an_error_with_a_remedy(pair: list[OneMock], value: str) -> None:
    one, two = pair
    with one.mock.store.transaction(write=True):
        one.mock.store.put_record("fault", "f9", value)
    (status, told) = two.tell("GET /faults")

    assert status == 503
    assert f"{one.mock.store.name}: holds a record that this ifind-mock can't read; use one version" in told["detail"]
    assert json.loads(two.call("info")[2])["error_code"] == 500
    with one.mock.store.transaction(write=True):
        one.mock.store.drop_record("fault", "f9")
    assert two.tell("GET /faults")[0] == 200


def test_a_process_that_comes_later_lists_everything_in_the_same_order(state: str) -> None:
    with mocks(state) as (time, (one,)):
        for name in ("a", "b", "a"):
            one.tell(f"PUT /faults/{name}", {"action": {"kind": "error"}})
            one.tell(f"PUT /scenarios/{name}", {"steps": [{"times": 1}]})
            one.tell(f"PUT /stubs/{name}", {"match": {"phone": f"7000111{ord(name):04}"}, "names": []})
        with closing((later := OneMock(state, time, {})).mock.store):
            for name in ("faults", "scenarios", "stubs"):
                assert later.tell(f"GET /{name}") == one.tell(f"GET /{name}")
                assert "b" in str(later.tell(f"GET /{name}"))
