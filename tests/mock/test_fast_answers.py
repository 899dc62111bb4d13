"""Fast answers: the bytes of a connection with them are those of one without, and of the Flask app, in every state."""

from __future__ import annotations

import gc
import re
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.assembly import open_gateway
from mockserver.formats.writers import FORMATS
from mockserver.profile.clauses import Clause
from mockserver.settings.limits import Limits
from mockserver.settings.loading import load
from mockserver.settings.table import SETTINGS
from mockserver.stores.journal import Pattern
from mockserver.web.app import make_app
from mockserver.wire import connection, fast_answers
from mockserver.wire.connection import Connection
from mockserver.wire.delivery import PendingRequest
from mockserver.wire.request_reader import Reader
from mockserver.wire.serving import fast_answers_of, mock_server, run_in_thread
from mockserver.wire.settings_file import SettingsFile
from support.control_in_process import ControlledApi
from support.in_process import CLAUSES, LOGIN, PHONE, TOKEN, Api
from support.raw_client import Got, connected

FORM = "application/x-www-form-urlencoded"
TEST = {"login": "test-x@example.com", "token": "test-token"}
SLOW = "70000000999"
OWN = {"content-length", "date", "server", "connection"}


class Wire:
    """The transport of one connection, and the server of it, which answers by the gateway as soon as it is asked."""

    limits = Limits()
    stopping = False
    held = 0
    logs = True

    def __init__(self, api: Api, *, fast: bool) -> None:
        self.api = api
        self.fast = fast_answers_of(api.gateway) if fast else None
        self.logged: list[str] = []
        self.answered_fast = 0
        self._sent = b""
        self._pending: list[PendingRequest] = []
        self.connection = Connection(self, self.fast)  # type: ignore[arg-type]
        self.connection.connection_made(self)  # type: ignore[arg-type]

    def ask(self, request: bytes) -> bytes:
        """The bytes that answer a request; its Date is left out."""
        self._sent = b""
        self.connection.data_received(request)
        while self._pending:
            pending = self._pending.pop(0)
            assert pending.request is not None
            response = self.api.gateway.answer(pending.request)
            pending.decided(response)
            pending.response = response  # without the wait for its latency
            pending.connection.advance()
        head, _, body = self._sent.partition(b"\r\n\r\n")
        return b"\r\n".join(line for line in head.split(b"\r\n") if line[:5] != b"Date:") + b"\r\n\r\n" + body

    def ask_known(self, request: bytes) -> bytes:
        """The same, by a client whose headers are known."""
        if self.fast is not None:
            fast = self.fast
            Reader(self.limits, "127.0.0.1", lambda read, *_: fast.learn(request, read)).feed(request)
        return self.ask(request)

    # What the connection calls.

    def submit(self, pending: PendingRequest) -> None:
        self._pending.append(pending)

    def sent(self, pending: PendingRequest, response: Any) -> None:
        self.logged.append(f"{pending.http_method} {pending.path} {len(response.body)} {response.reason}")

    def sent_fast(self, _peer: str, request: bytes, size: int, _began: float, reason: str) -> None:
        self.answered_fast += 1
        http_method, target = request.decode().split(" ")[:2]
        self.logged.append(f"{http_method} {target.partition('?')[0]} {size} {reason}")

    def write(self, data: bytes) -> None:
        self._sent += data

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else None

    def admits(self, _pending: PendingRequest) -> bool:
        return True

    def _nothing(self, *_: object, **__: object) -> None: ...

    def is_closing(self) -> bool:
        return False

    joined = set_write_buffer_limits = forget = look = close = abort = write_eof = _nothing


def request_of(
    operation: str, params: Mapping[str, Any], *, http_method: str = "GET", headers: str = "Host: t\r\n"
) -> bytes:
    """The bytes of a call, as most clients send it."""
    sent = urlencode({name: value for name, value in params.items() if value is not None})
    if http_method != "POST":
        return f"{http_method} /api/{operation}?{sent} HTTP/1.1\r\n{headers}\r\n".encode()
    head = f"POST /api/{operation} HTTP/1.1\r\n{headers}Content-Type: {FORM}\r\nContent-Length: {len(sent)}\r\n\r\n"
    return (head + sent).encode()


def call_of(operation: str, **more: Any) -> bytes:
    rest: dict[str, Any] = {"create": {"phone": PHONE, "source": 2}, "result": {"id": 1}}.get(operation, {})
    return request_of(operation, {"login": LOGIN, "token": TOKEN, **rest, **more})


def entries(api: Api) -> list[Any]:
    return list(api.mock.journal.entries(Pattern({})))


# That they are used at all, and for what.


@pytest.mark.parametrize("http_method", ["GET", "POST"])
@pytest.mark.parametrize("form", [None, "json", "xml", "csv"])
@pytest.mark.parametrize("profile", [{}, {"info.follows-format": "no", "xml.encoding": "cp1251"}])
def test_every_ordinary_call_is_answered_fast_once_its_client_is_known(
    http_method: str, form: str | None, profile: dict[str, str]
) -> None:
    wire = Wire(Api(profile), fast=True)
    credentials = {"login": LOGIN, "token": TOKEN}

    def fast(operation: str, **params: Any) -> bool:
        before = wire.answered_fast
        wire.ask(request_of(operation, {**credentials, **params, "format": form}, http_method=http_method))
        return wire.answered_fast > before

    for operation, params in (("info", {}), ("create", {"phone": PHONE, "source": 2}), ("result", {"id": 1})):
        fast(operation, **params)  # whose Content-Length may be another
        assert fast(operation, **params)
    wire.api.time.passes(2)
    assert fast("result", id=1)


def test_where_the_state_is_in_a_file_reads_are_answered_fast_and_creates_planned(tmp_path: Path) -> None:
    api = Api(state=str(tmp_path / "state.db"))
    wire, planned = Wire(api, fast=True), [0]
    plan = api.gateway.plan

    def counted(request: Any) -> Any:
        found = plan(request)
        planned[0] += found is not None
        return found

    api.gateway.plan = counted
    for call in ("create", "result", "info"):
        for _ in range(2):
            wire.ask(call_of(call))
    wire.api.time.passes(3)
    wire.ask(call_of("result"))

    assert (planned[0], wire.answered_fast) == (2, 5)


def test_creates_are_planned_by_the_accounts_of_the_file_that_is_there_now(tmp_path: Path) -> None:
    def put(token: str) -> None:
        known = api.mock.store.account(LOGIN)
        assert known is not None
        api.mock.store.put_account(replace(known, token=token))

    path, copy = tmp_path / "state.db", tmp_path / "copy.db"
    api = Api(state=str(path))
    with closing(sqlite3.connect(copy)) as to:
        api.mock.store.file.connection.backup(to)  # type: ignore[attr-defined]
    wire = Wire(api, fast=True)
    put("first")
    assert b'"status":"ok"' in wire.ask(call_of("create", token="first"))
    copy.replace(path)
    for part in ("-wal", "-shm"):
        path.with_name(path.name + part).unlink()
    put("second")  # as many changes as there were in the file before

    assert b'"status":"error"' in wire.ask(call_of("create", token="first"))
    assert b'"status":"ok"' in wire.ask(call_of("create", token="second"))


def test_other_headers_are_read_by_the_parser_first() -> None:
    wire = Wire(Api(), fast=True)
    for headers in ("Host: t\r\n", "Host: t\r\nAccept: */*\r\n", "Host: t\r\n", "Host: t\r\nAccept: */*\r\n"):
        wire.ask(request_of("info", {"login": LOGIN, "token": TOKEN}, headers=headers))

    assert wire.answered_fast == 2


def test_a_connection_beyond_the_limit_has_no_fast_answers() -> None:
    wire = Wire(Api(), fast=True)
    wire.connection.guest = True
    for _ in range(3):
        assert b'"status":"ok"' in wire.ask(call_of("info"))

    assert not wire.answered_fast


def test_a_failure_inside_is_answered_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[tuple[str, str]] = []
    monkeypatch.setattr(connection, "write_failure", lambda what, error: reported.append((what, type(error).__name__)))
    wire = Wire(Api(), fast=True)
    for _ in range(2):
        wire.ask(call_of("info"))
    monkeypatch.setattr(fast_answers, "info_answer", lambda *_: 1 / 0)
    wire.api.create()  # the units that are used, so another answer

    assert wire.ask(call_of("info")).startswith(b"HTTP/1.1 500 ")
    assert reported == [("a fast answer", "ZeroDivisionError")]


# That what is kept is bounded.


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 120))))
@settings(max_examples=50)
def test_no_more_bytes_are_kept_than_may_be(puts: list[tuple[int, int]]) -> None:
    kept: fast_answers._Kept[bytes] = fast_answers._Kept(100)
    for key, size in puts:
        kept.put((key,), bytes(size), size)
        assert sum(map(len, kept.values.values())) <= 100
    assert sum(size for _, size in puts) > 100 or kept.values.keys() == {(key,) for key, _ in puts}


def test_of_clients_that_send_other_headers_each_time_little_is_kept() -> None:
    wire = Wire(Api(), fast=True)
    for number in range(1000):
        for http_method in ("GET", "POST"):
            headers = f"Host: t\r\nTraceparent: {number}\r\n"
            wire.ask(request_of("info", {"login": LOGIN, "token": TOKEN}, http_method=http_method, headers=headers))
    wire.ask(call_of("info"))
    wire.ask(call_of("info"))

    assert wire.answered_fast == 1
    assert wire.fast is not None
    assert len(wire.fast._gets) <= 100
    assert len(wire.fast._posts) <= 100


# That they are the same.

CALLS = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(["create", "result", "result", "info"]),
        "login": st.sampled_from([LOGIN, LOGIN, TEST["login"], "made@example.com", "a%40b", "a@b"]),
        "token": st.sampled_from([None, None, None, "wrong"]),  # None is the right one
        "phone": st.sampled_from([PHONE, PHONE, SLOW, "70000000777", "70000000408", "70000000500", "70000000429"]),
        "source": st.sampled_from([2, 1, 3, 4, 9]),
        "id": st.sampled_from([1, 2, 3, "0002", 77]),
        "form": st.sampled_from([None, "json", "xml", "csv", "", "yaml"]),
        "http_method": st.sampled_from(["GET", "GET", "GET", "POST", "HEAD"]),
    }
)
TOKENS = {
    LOGIN: TOKEN,
    TEST["login"]: TEST["token"],
    "a%40b": "t-1",
    "a@b": "t-2",
    "made@example.com": "t-3",
    "phone@example.com": PHONE,
}
Step = tuple[str, Any, dict[str, Any]]
"""A call of the control API: a route, a body, and a query."""
CHANGES: list[Step] = [
    ("POST /faults", {"match": {"method": "result"}, "action": {"kind": "error", "code": 7}}, {}),
    ("POST /faults", {"match": {"login": LOGIN}, "action": {"kind": "garbage"}}, {}),
    ("POST /faults", {"match": {"nth": 2}, "action": {"kind": "stuck"}}, {}),
    ("DELETE /faults", None, {}),
    ("PUT /scenarios/one", {"steps": [{"times": 2}, {"action": {"kind": "error"}}]}, {}),
    ("PUT /scenarios/two", {"login": LOGIN, "steps": [{"account": {"used": "all"}}]}, {}),
    ("DELETE /scenarios", None, {}),
    ("PUT /clock", {"mode": "frozen", "now": "2031-01-01T00:00:00+03:00"}, {}),
    ("PUT /clock", {"mode": "frozen", "now": "2029-01-01T00:00:00+03:00", "login": LOGIN}, {}),
    ("PUT /clock", {"mode": "real"}, {}),
    ("POST /clock/advance", {"seconds": 1, "login": LOGIN}, {}),
    ("POST /clock/advance", {"to": "midnight"}, {}),
    ("PUT /profile", {"xml.encoding": "cp1251", "csv.encoding": "utf-16le", "quota.unit": "task"}, {}),
    ("PUT /profile", {"param.repeated": "first", "info.methods": "get", "info.shape": "list"}, {}),
    ("PUT /profile", {"edition": "A"}, {}),
    ("PUT /profile", {"edition": "C", "task.lifetime": "1s"}, {}),
    ("PUT /profile", {"rate.limit": "2/min"}, {}),
    ("PUT /profile", {"cors": "*"}, {}),
    ("PUT /profile", {"content-type.json": "text/x;a=%d%b", "http-method.other": "as-get"}, {}),
    ("DELETE /profile", None, {}),
    ("POST /reset", {}, {}),
    ("POST /reset", {"login": LOGIN}, {}),
    ("DELETE /requests", None, {}),
    ("PUT /accounts/made@example.com", {"token": "t-3", "demo": True, "seed": 5, "ready": "at once"}, {}),
    ("POST /accounts", {"login": "a%40b", "token": "t-1"}, {}),
    ("POST /accounts", {"login": "a@b", "token": "t-2"}, {}),
    ("POST /accounts", {"login": LOGIN, "daily_limit": 7}, {}),
    ("POST /accounts", {"login": LOGIN, "ready": {"after_polls": 1}}, {}),
    ("POST /accounts", {"login": LOGIN, "token": "changed"}, {}),
    ("POST /accounts", {"login": "phone@example.com", "token": PHONE}, {}),
    ("DELETE /accounts/made@example.com", None, {}),
    (f"DELETE /accounts/{LOGIN}", None, {}),
    ("POST /stubs", {"match": {"phone": PHONE, "source": 1}, "names": ["Вася", "Петя"]}, {}),
    ("POST /stubs", {"match": {"login": LOGIN}, "cost": 9, "ready": "at once"}, {}),
    ("POST /stubs", {"bodies": {"json": "{}", "csv": "x"}, "lenient": True, "ready": "at once"}, {}),
    ("DELETE /stubs", None, {}),
    ("PUT /tasks/1", {"ready": "at once"}, {}),
    ("PUT /tasks/2", {"ready": {"after_polls": 2}}, {}),
]


def call_like(drawn: Mapping[str, Any]) -> bytes:
    names = {"create": ("phone", "source"), "result": ("id",), "info": ()}[drawn["operation"]]
    params = {"login": drawn["login"], "token": drawn["token"] or TOKENS[drawn["login"]]}
    params |= {name: drawn[name] for name in (*names, "form")}
    params["format"] = params.pop("form")
    return request_of(drawn["operation"], params, http_method=drawn.get("http_method", "GET"))


def by_flask(client: Any, request: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    line, _, rest = request.partition(b"\r\n")
    http_method, target, _ = line.decode().split(" ")
    path, _, query = target.partition("?")
    body = rest.partition(b"\r\n\r\n")[2]
    answer = client.open(path, method=http_method, query_string=query, data=body, content_type=FORM if body else None)
    return answer.status_code, comparable(answer.headers.items()), answer.data


def comparable(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in headers if name.lower() not in OWN)


def read(answer: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    start, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    return int(start.split(" ")[1]), comparable(headers), body


@pytest.fixture(params=["memory", "file"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A setting `state` of each kind that has fast answers."""
    return "memory" if request.param == "memory" else str(tmp_path / "state.db")


class Mocks:
    """Three mocks to which the same happens: one with fast answers, one without, one of Flask, where it is asked. The
    first has its state where `state` says, the others in memory.
    """

    def __init__(self, *, by_flask: bool = True, state: str = "memory", **options: Any) -> None:
        self.by_flask = by_flask
        states = [state, *["memory"] * (1 + by_flask)]
        self.apis = [ControlledApi(state=one, **{"daily_limit": 60, "journal": 30, **options}) for one in states]
        self.fast, self.slow = Wire(self.apis[0], fast=True), Wire(self.apis[1], fast=False)
        last = self.apis[-1]
        self.flask = make_app(last.gateway, lambda operation: operation(), last.settings).test_client()

    def call(self, **call: Any) -> None:
        """Makes a call to each, and compares the answers."""
        request = call_like({"login": LOGIN, "token": None, "phone": PHONE, "source": 2, "form": None, **call})
        answer = self.fast.ask_known(request)
        assert answer == self.slow.ask(request)
        assert not self.by_flask or read(answer) == by_flask(self.flask, request)

    def begin(self) -> None:
        """Makes the tasks 1 to 5."""
        for login, phone, source in ((LOGIN, PHONE, 2), (TEST["login"], PHONE, 1), (LOGIN, SLOW, 3), (LOGIN, PHONE, 1)):
            self.call(operation="create", login=login, phone=phone, source=source)
        self.call(operation="create", phone="70000000500")

    def usual(self, form: str | None = None, http_method: str = "GET") -> None:
        """Makes calls that meet nearly every state."""
        more = {"form": form, "http_method": http_method}
        for login in TOKENS:
            self.call(operation="create", login=login, **more)
            self.call(operation="info", login=login, **more)
        last = [(one.login, one.id) for one in self.apis[0].mock.store.tasks(None)[-2:]]
        for login, task in ((LOGIN, 1), (TEST["login"], 2), (LOGIN, 3), (LOGIN, 4), (LOGIN, 5), *last):
            self.call(operation="result", login=login, id=task, **more)

    def change(self, route: str, body: Any, query: Mapping[str, Any]) -> None:
        """Makes a call of the control API."""
        for api in self.apis:
            told = api.tell(route, body, **query)
            assert told.status < 300 or told.status in {404, 409}, told

    def passes(self, seconds: float) -> None:
        for api in self.apis:
            api.time.passes(seconds)

    def compare(self) -> None:
        """Compares what they know of the calls, and what has become of their state."""
        one, other, third = (*self.apis, self.apis[1])[:3]
        assert entries(one) == entries(other)
        assert one.mock.journal.bodies() == other.mock.journal.bodies()
        assert one.mock.store.calls() == other.mock.store.calls() == third.mock.store.calls()
        lost = [[api.mock.journal.dropped(Pattern({"login": login})) for login in TOKENS] for api in (one, other)]
        assert lost[0] == lost[1]
        assert self.fast.logged == self.slow.logged
        assert one.mock.store.accounts() == other.mock.store.accounts()
        assert one.mock.store.tasks(None) == other.mock.store.tasks(None)


@pytest.mark.few(40)
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_each_change_changes_fast_answers_as_it_does_others(change: Step, anywhere: str) -> None:
    mocks = Mocks(by_flask=False, state=anywhere)
    mocks.begin()
    mocks.usual()
    mocks.change(*change)
    mocks.usual()
    mocks.usual("xml", "POST")
    mocks.passes(3)
    mocks.usual("csv")
    mocks.compare()


@pytest.mark.parametrize(
    "options",
    [
        {"plain": True},
        {"latency": "1ms"},
        {"journal": 0},
        {"delay": "uniform 1s..4s"},
        {"delay": "1 poll"},
        {"delay": "never"},
        {"delays": {"1": "5s"}},
        {"delays": {"phones": {PHONE: "5s"}}},
    ],
    ids=str,
)
def test_each_setting_changes_fast_answers_as_it_does_others(options: dict[str, Any]) -> None:
    mocks = Mocks(**options)
    mocks.begin()
    for seconds, form in enumerate((None, "json", "xml", "csv")):
        mocks.usual(form)
        mocks.passes(seconds)
    mocks.compare()


LIVE: Mapping[str, str] = {
    "profile": 'profile = "learned.toml"',
    "clauses": 'clauses = ["xml.encoding=cp1251", "info.shape=list"]',
    "edition": 'edition = "A"',
    "delay": 'delay = "5s"',
    "latency": 'latency = "1ms"',
    "daily_limit": "daily_limit = 7",
    "paid_until": 'paid_until = "2031-01-01"',
    "seed": "seed = 7",
    "plain": "plain = true",
    "scenarios": 'scenarios = ["rate-limiting"]',
    "accounts": f'[[accounts]]\nlogin = "{LOGIN}"\ntoken = "{TOKEN}"\ndemo = true',
    "delays": '[delays]\n2 = "7s"',
    "faults": '[[faults]]\nmatch = {method = "result"}\naction = {kind = "error", code = 7}',
    "stubs": f'[[stubs]]\nmatch = {{phone = "{PHONE}"}}\nready = "at once"',
}
"""Of each setting that can change while the mock runs, a file that gives it another value."""


@pytest.mark.parametrize("name", [one.name for one in SETTINGS if one.live])
def test_a_changed_file_changes_fast_answers_as_it_does_others(name: str, anywhere: str, tmp_path: Path) -> None:
    path, said = tmp_path / "mock.toml", list[str]()
    path.write_text("", encoding="utf-8")
    (tmp_path / "learned.toml").write_text('[profile]\n"info.shape" = "list"\n', encoding="utf-8")
    mocks = Mocks(state=anywhere, config=str(path))
    reading = partial(load, {"config": str(path)})
    files = [
        SettingsFile(reading, api.settings, api.gateway, lambda do: do(), said.append, run=lambda do: do())
        for api in mocks.apis
    ]
    mocks.begin()
    mocks.usual()
    path.write_text(f"{'' if name == 'daily_limit' else 'daily_limit = 60'}\n{LIVE[name]}\n", encoding="utf-8")
    for file in files * 2:
        file.look()
    mocks.usual()
    mocks.passes(3)
    mocks.usual("xml", "POST")
    mocks.compare()

    in_force = [line for line in said if "in force from now on" in line]
    assert len(in_force) == len(files)
    assert all(name in line for line in in_force)


@pytest.mark.few(40)
@pytest.mark.parametrize(
    "clause", [clause for clause in CLAUSES.values() if clause.default is not None], ids=lambda clause: clause.id
)
@pytest.mark.parametrize("others", [{}, {"result.times": "text", "csv.rows": "with-task"}], ids=str)
def test_fast_answers_follow_every_choice_of_a_clause(clause: Clause, others: dict[str, str]) -> None:
    for choice in clause.every_choice():
        fast, slow = (Wire(Api({**others, clause.id: choice}), fast=one) for one in (True, False))
        for seconds in (0, 3):
            for wire in (fast, slow):
                wire.api.time.passes(seconds)
            for form in FORMATS:
                for call in (
                    call_of("create", format=form),
                    call_of("result", format=form),
                    call_of("info", format=form),
                ):
                    assert fast.ask_known(call) == slow.ask(call)
        assert entries(fast.api) == entries(slow.api)


def test_a_phone_that_has_the_digits_of_a_time_is_written_as_it_is() -> None:
    mocks = Mocks(delay="0s")
    for phone in ("32516125678", "123456789012345", "987654321098765"):
        mocks.call(operation="create", phone=phone, source=2)
    for task in (1, 2, 3):
        for form in FORMATS:
            mocks.call(operation="result", id=task, form=form)


def test_a_ready_answer_that_was_kept_is_not_given_once_its_task_has_changed() -> None:
    mocks = Mocks()
    mocks.begin()
    mocks.passes(3)
    mocks.usual()
    mocks.change("PUT /clock", {"mode": "frozen", "now": "2030-01-01T12:00:01+03:00"}, {})
    mocks.change("PUT /tasks/1", {"ready": {"after": "30s"}}, {})
    mocks.usual()
    mocks.change("PUT /clock", {"mode": "frozen", "now": "2030-01-01T12:01:00+03:00"}, {})
    mocks.usual()
    mocks.compare()


STEPS = st.tuples(
    st.one_of(st.sampled_from(CHANGES), st.floats(0.1, 3.0)),  # a change, or seconds that pass
    st.sampled_from([None, *FORMATS]),
    st.sampled_from(["GET", "GET", "POST"]),
    st.lists(CALLS, max_size=3),
)


@given(steps=st.lists(STEPS, min_size=2, max_size=6))
@settings(max_examples=20)
def test_several_changes_change_fast_answers_as_they_do_others(steps: list[Any]) -> None:
    check_steps(Mocks(), steps)


@given(steps=st.lists(STEPS, min_size=2, max_size=6))
@settings(max_examples=8)
def test_so_they_do_where_the_state_is_in_a_file(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        mocks = Mocks(by_flask=False, state=f"{folder}/state.db")
        try:
            check_steps(mocks, steps)
        finally:
            mocks.apis[0].mock.store.close()


def check_steps(mocks: Mocks, steps: list[Any]) -> None:
    mocks.begin()
    for change, form, http_method, calls in steps:
        if isinstance(change, float):
            mocks.passes(change)
        else:
            mocks.change(*change)
        mocks.usual(form, http_method)
        for call in calls:
            mocks.call(**call)
    mocks.compare()


# On a socket.


@pytest.mark.parametrize("http_method", ["GET", "POST"])
def test_on_a_socket_it_is_the_same_whether_a_call_comes_alone_in_parts_or_with_others(http_method: str) -> None:
    log: list[str] = []
    settings = load({"delay": "0s"})
    server = mock_server(open_gateway(settings), settings, log.append)
    requests = [call_of("create"), call_of("result"), call_of("result", format="xml"), call_of("info"), call_of("none")]
    if http_method == "POST":
        requests = [posted(request) for request in requests]
    with run_in_thread(server) as address, connected(address) as client:
        answers = []
        for request in requests:
            first = client.send(request).answer()  # by the parser, which learns its headers
            answers += [(first, client.send(request).answer()) for _ in range(2)]  # alone
            client.send(request[:30])
            time.sleep(0.01)
            answers.append((first, client.send(request[30:]).answer()))
            client.send(request * 3)
            answers += [(first, client.answer()) for _ in range(3)]
    for first, other in answers:
        assert without_id(other) == without_id(first)
    shapes = [re.sub(r"[0-9.]+ms", "ms", re.sub(r"(used|ready in|ready:) .*", r"\1", line)) for line in log]
    sizes = {line: shapes.count(line) for line in shapes}
    assert len(log) == 7 * len(requests)
    assert set(sizes.values()) == {7}, sizes


def posted(request: bytes) -> bytes:
    """The call by POST."""
    _, target, _ = request.split(b" ", 2)
    path, _, query = target.partition(b"?")
    head = b"POST %b HTTP/1.1\r\nHost: t\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (path, FORM.encode(), len(query)) + query


def without_id(got: Got) -> tuple[Any, ...]:
    """The answer without what differs between creates, and the Date."""
    body = re.sub(rb'"(id|used)":[0-9]+', rb"", got.body)
    named = {name: value for name, value in got.headers.items() if name not in {"date", "x-mock-task", "x-mock-reason"}}
    return got.status, named, body


def test_what_calls_leave_behind_is_nothing_that_the_garbage_collector_looks_at() -> None:
    """Else it holds all calls for tens of milliseconds, again and again, once there is much of it."""
    wire = Wire(Api({}, daily_limit=10**6), fast=True)

    def looked_at(first: int, number: int) -> int:
        for phone in range(first, first + number):
            wire.ask_known(call_of("create", phone=str(70001230000 + phone)))
        wire.api.time.passes(3)
        for task in range(first + 1, first + number + 1):
            wire.ask_known(call_of("result", id=task))
            wire.ask(request_of("elsewhere", {}))
        gc.collect()
        gc.collect()  # a tuple of tuples is let go after these
        return len(gc.get_objects())

    before = looked_at(0, 20)
    after = looked_at(20, 300)

    assert wire.answered_fast > 600
    assert after - before < 100
