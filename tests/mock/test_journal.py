"""The journal: what it keeps of a call, what it drops, what it never holds."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.api.http import Request
from mockserver.api.stub_documents import STUB
from mockserver.core.errors import StoreError
from mockserver.stores.journal import ACCOUNTS, BODIES, LARGEST_BODY, REMEMBERED, Entry, Pattern
from mockserver.stores.memory_journal import MemoryJournal
from support.in_process import LOGIN, PHONE, TOKEN, Api
from support.slips import FORM, places

ALL = Pattern({})
SECRET = "s3cret-t0ken"


@pytest.fixture
def api() -> Api:
    return Api()


def kept(api: Api, **keys: Any) -> list[Entry]:
    return list(api.mock.journal.entries(Pattern(keys)))


def journal_of(size: int) -> MemoryJournal:
    journal = MemoryJournal()
    journal.size = size
    return journal


def made(number: int, **values: Any) -> Entry:
    plain: dict[str, Any] = {
        "time": number * 10,
        "real_time": number,
        "login": LOGIN,
        "method": "info",
        "http_method": "GET",
        "phone": None,
        "source": None,
        "format": "json",
        "params": (),
        "outcome": "ok",
        "http_status": 200,
        "error_code": None,
        "task": None,
        "faults": (),
        "reason": "",
        "latency": 0,
        "request_size": 0,
        "response_size": 0,
        "content_type": "",
        "in_body": False,
    }
    return Entry(**{"number": number, **plain, **values})


def test_an_entry_says_what_was_called_and_what_came_of_it(api: Api) -> None:
    task = api.create()
    api.time.passes(2)
    api.mock.set_clock(LOGIN, frozen=True, now=5_000_000, speed=None)
    sent = api.send("result", id=task, format="csv")
    (created, read) = kept(api)

    assert (created.method, created.phone, created.source, created.task, created.outcome) == (
        "create",
        PHONE,
        2,
        task,
        "ok",
    )
    assert created.params == ("login", "token", "phone", "source")
    assert (read.method, read.phone, read.source, read.task, read.format) == ("result", PHONE, 2, task, "csv")
    assert (read.login, read.http_method, read.http_status, read.error_code) == (LOGIN, "GET", 200, None)
    assert (read.time, read.real_time) == (5_000_000, api.time.micros)
    assert (read.response_size, read.content_type) == (len(sent.body), "text/csv; charset=utf-8")
    assert (read.outcome, read.reason[:9]) == ("processing", "ready in ")
    assert api.mock.journal.bodies()[read.number] == sent.body


@pytest.mark.parametrize(
    ("method", "params", "outcome", "code"),
    [
        ("create", {"phone": None, "source": 1}, "missing", 400),
        ("create", {"phone": "x", "source": 1}, "invalid", 400),
        ("create", {"phone": PHONE, "source": 1, "token": "other"}, "credentials", 401),
        ("create", {"phone": "70000000429", "source": 1}, "limit", 429),
        ("create", {"phone": "70000000502", "source": 1}, "page", None),
        ("result", {"id": 77}, "unknown-task", 404),
        ("nothing", {}, "unknown-method", 404),
        ("info", {"http_method": "PUT"}, "http-method", 405),
        ("info", {}, "ok", None),
    ],
)
def test_what_comes_of_a_call_is_the_kind_of_its_error_or_its_status(
    api: Api, method: str, params: dict[str, Any], outcome: str, code: int | None
) -> None:
    sent = api.send(method, **params)
    (entry,) = kept(api)

    assert (entry.outcome, entry.error_code, entry.http_status) == (outcome, code, sent.status)
    assert kept(api, outcome="error") == ([entry] if code else [])


def test_a_failed_task_and_what_struck_are_kept(api: Api) -> None:
    task = api.create("70000000500")
    api.time.passes(2)
    fault = api.mock.arm({"match": {"method": "result"}, "action": {"kind": "latency", "delay": "3s"}}).id
    api.send("result", id=task)
    entry = kept(api)[-1]

    assert (entry.outcome, entry.task, entry.phone) == ("failed-task", task, "70000000500")
    assert (entry.faults, entry.latency) == ((fault,), 3_000_000)
    assert kept(api, fault=fault) == [entry]


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", b"/", b"", {}, b"", ""),
        Request("GET", b"/api/info/x", b"", {}, b"", ""),
        Request("POST", b"/api/info", b"", FORM, b"", "", too_large=True),
        Request("POST", b"/api/info", b"&" * 2000, FORM, b"", ""),
        Request("BREW", b"/api/info", b"", {}, b"", ""),
        Request("OPTIONS", b"/api/info", b"", {}, b"", ""),
        Request("HEAD", b"/api/create", b"login=demo%40example.com", {}, b"", ""),
    ],
    ids=lambda one: f"{one.http_method} {one.path.decode()}",
)
@pytest.mark.parametrize("profile", [{}, {"cors": "*", "not-found": "html-404"}], ids=["default", "open"])
def test_every_request_has_an_entry(request_: Request, profile: dict[str, Any]) -> None:
    api = Api(profile)
    response = api.gateway.answer(request_)
    (entry,) = kept(api)

    assert (entry.http_status, entry.response_size) == (response.status, len(response.body))
    assert entry.http_method == (None if request_.http_method == "BREW" else request_.http_method)


@pytest.mark.parametrize("secret", [SECRET, "79990001122", "987654321987654321"])
@pytest.mark.parametrize("place", [name for name, _ in places("")])
def test_no_entry_holds_a_token_wherever_it_was_sent(api: Api, secret: str, place: str) -> None:
    api.account(LOGIN, token=secret)
    api.gateway.answer(dict(places(secret))[place])
    (entry,) = kept(api)

    assert secret not in str(entry._replace(time=0, real_time=0)).casefold()


def test_a_phone_that_is_the_token_is_not_kept_where_the_two_were_exchanged(api: Api) -> None:
    api.account(LOGIN, token="79990001122")
    api.send("create", phone="79990001122", token=PHONE, source=2)

    assert kept(api)[0].phone is None


def test_a_body_that_repeats_the_token_is_not_kept(api: Api) -> None:
    for action in ({"kind": "http", "status": 500, "body": f"<p>{TOKEN}"}, {"kind": "error", "message": TOKEN}):
        api.mock.arm({"action": action})
    for _ in range(3):
        api.send("info")

    assert list(api.mock.journal.bodies()) == [3]


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
@pytest.mark.parametrize("where", ["names", "bodies", "failure"])
def test_a_body_that_repeats_the_token_by_a_stub_or_a_failed_task_is_not_kept(api: Api, where: str, form: str) -> None:
    token = 's3cret"/&<ü'
    api.account(LOGIN, token=token)
    if where == "failure":
        api.mock.arm({"action": {"kind": "fail-task", "message": token}})
    else:
        found = {"names": [token]} if where == "names" else {"bodies": {form: f"it is {token}"}}
        api.mock.store.stubs.put(STUB("", {"match": {"phone": PHONE}, "lenient": True, **found}))
    api.send("create", token=token, phone=PHONE, source=1)
    api.time.passes(5)
    body = api.send("result", token=token, id=1, format=form).body

    assert b"s3cret" in body
    assert list(api.mock.journal.bodies()) == [1]


@pytest.mark.parametrize(
    ("path", "http_method", "outcome"),
    [("/api/info", "PUT", "http-method"), ("/api/inof", "GET", "unknown-method"), ("/info", "GET", "unknown-method")],
)
def test_a_call_that_is_refused_at_once_is_its_account_s(api: Api, path: str, http_method: str, outcome: str) -> None:
    query = f"login={LOGIN}&token={TOKEN}".encode()
    api.gateway.answer(Request(http_method, path.encode(), query, {}, b"", ""))
    (entry,) = kept(api, login=LOGIN)

    assert (entry.outcome, entry.params) == (outcome, ("login", "token"))


def test_a_login_that_has_no_account_is_not_kept(api: Api) -> None:
    api.send("info", login="nobody@example.com")
    (entry,) = kept(api)

    assert (entry.login, entry.outcome, entry.reason[:13]) == (None, "credentials", "unknown login")


@given(calls=st.integers(0, 30), size=st.integers(1, 10))
def test_of_one_account_the_last_are_kept_and_the_others_counted(calls: int, size: int) -> None:
    journal = journal_of(size)
    for number in range(1, calls + 1):
        journal.add(made(number), b"x")

    assert [entry.number for entry in journal.entries(ALL)] == list(range(max(1, calls - size + 1), calls + 1))
    assert [entry.number for entry in journal.entries(ALL, newest_first=True)] == list(
        range(calls, max(0, calls - size), -1)
    )
    assert journal.dropped(Pattern({"login": LOGIN})) == max(0, calls - size)


def test_an_account_that_calls_much_takes_nothing_from_another() -> None:
    journal = journal_of(5)
    journal.add(made(1, login="quiet"), None)
    for number in range(2, 1000):
        journal.add(made(number, login="loud"), None)

    quiet = Pattern({"login": "quiet"})
    assert (journal.count(quiet).kept, journal.count(quiet).dropped) == (1, 0)


def test_of_many_accounts_those_that_called_last_are_kept() -> None:
    journal = journal_of(2)
    logins = [f"a{n}" for n in range(2 * ACCOUNTS + 3)]
    for number, login in enumerate(logins, start=1):
        journal.add(made(2 * number, login="busy"), None)
        journal.add(made(2 * number + 1, login=login), None)
        assert journal.count(Pattern({"login": "busy"})).kept == min(number, 2)
    first, last = Pattern({"login": logins[0]}), Pattern({"login": logins[-1]})

    assert sum(1 for _ in journal.entries(ALL)) <= 2 * ACCOUNTS
    assert [journal.dropped(one) for one in (first, last, Pattern({"login": "never called"}))] == [1, 0, 0]
    journal.add(made(900, login=logins[0]), None)
    assert (journal.count(first).kept, journal.dropped(first)) == (1, 1)


def test_the_last_call_of_all_is_found_without_a_look_at_every_account() -> None:
    journal = journal_of(1000)
    for number in range(1, 20_001):
        journal.add(made(number, login=f"test-{number}@example.com"), None)

    def seconds() -> float:
        began = perf_counter()
        assert next(journal.entries(ALL, newest_first=True)).number == 20_000
        assert journal.entry(10_000)
        return perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.001


def test_what_is_forgotten_on_purpose_is_not_dropped() -> None:
    journal = journal_of(1)
    for number in range(ACCOUNTS + 1):
        journal.add(made(number, login=f"a{number}"), None)
    gone = Pattern({"login": "a0"})
    assert journal.dropped(gone) == 1
    journal.clear("a0")

    assert (journal.dropped(gone), journal.count(Pattern({"login": "a1"})).kept) == (0, 1)


def test_when_too_many_accounts_are_gone_it_is_said_that_nothing_is_known() -> None:
    journal = journal_of(1)
    for number in range(REMEMBERED + ACCOUNTS + 1):
        journal.add(made(number, login=f"a{number}"), None)

    assert journal.dropped(Pattern({"login": "a0"})) is None
    assert journal.dropped(Pattern({"login": "a1"})) == 1
    assert journal.dropped(ALL) is None
    journal.reset(None)
    assert journal.dropped(ALL) == 0


def test_the_bodies_that_are_kept_are_bounded() -> None:
    journal = journal_of(1000)
    for number in range(1, 200):
        journal.add(made(number), b"x" * LARGEST_BODY)
    journal.add(made(200), b"x" * (LARGEST_BODY + 1))
    bodies = journal.bodies()

    assert sum(map(len, bodies.values())) <= BODIES
    assert set(bodies) == set(range(200 - BODIES // LARGEST_BODY, 200))


@pytest.mark.parametrize("login", [LOGIN, None])
def test_a_reset_drops_the_entries_of_its_login(login: str | None) -> None:
    api = Api(journal=2)
    for _ in range(5):
        api.send("info")
        api.send("info", login="test-1@example.com", token="test-token")
    api.mock.reset(login)
    mine, other = Pattern({"login": LOGIN}), Pattern({"login": "test-1@example.com"})

    assert (api.mock.journal.count(mine).kept, api.mock.journal.dropped(mine)) == (0, 0)
    assert api.mock.journal.count(other).kept == (2 if login else 0)
    api.send("info")
    assert [entry.number for entry in kept(api, login=LOGIN)] == [11]


def test_without_a_size_nothing_is_kept() -> None:
    api = Api(journal=0)
    api.send("info")

    assert kept(api) == []


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"method": "create"}, [1, 2]),
        ({"method": "create", "source": 3}, [2]),
        ({"http_method": "POST"}, [3]),
        ({"login": "b"}, [4]),
        ({"phone": PHONE}, [1]),
        ({"format": "xml"}, [2]),
        ({"outcome": "ready"}, [3]),
        ({"outcome": "error"}, [1, 2]),
        ({"outcome": "limit"}, [2]),
        ({"fault": "f2"}, [4]),
        ({"task": 8}, [3]),
        ({"http_status": 502}, [4]),
        ({"reason": "limit"}, [2]),
        ({"after": 2}, [3, 4]),
        ({"since": 20, "until": 40}, [2, 3]),
    ],
    ids=str,
)
def test_a_pattern_picks_its_entries_and_no_other(keys: Mapping[str, Any], numbers: list[int]) -> None:
    journal = journal_of(10)
    journal.add(made(1, method="create", phone=PHONE, source=2, outcome="invalid"), None)
    journal.add(made(2, method="create", source=3, format="xml", outcome="limit", reason="limit reached: 1"), None)
    journal.add(made(3, method="result", http_method="POST", outcome="ready", task=8), None)
    journal.add(made(4, login="b", faults=("f1", "f2"), http_status=502, outcome="page"), None)

    assert [entry.number for entry in journal.entries(Pattern(keys))] == numbers
    assert [one.number for one, _ in journal.nearest(Pattern(keys), 4) if one.number in numbers] == []


@pytest.mark.parametrize(
    ("keys", "dropped"),
    [
        ({}, 8),
        ({"login": LOGIN}, 8),
        ({"login": "b"}, 0),
        ({"method": "create"}, 4),
        ({"method": "result"}, 0),
        ({"outcome": "error"}, 4),
        ({"outcome": "limit", "method": "create"}, 4),
        ({"outcome": "ok", "method": "create"}, 0),
        ({"since": 80}, 8),
        ({"since": 81}, 0),
        ({"after": 7}, 8),
        ({"after": 8}, 0),
        ({"phone": PHONE}, 8),
    ],
    ids=str,
)
def test_what_was_dropped_counts_where_it_may_have_fitted(keys: Mapping[str, Any], dropped: int) -> None:
    journal = journal_of(2)
    for number in range(1, 11):
        odd = number % 2
        journal.add(made(number, method="create" if odd else "info", outcome="limit" if odd else "ok"), None)

    assert journal.dropped(Pattern(keys)) == dropped


def test_the_nearest_differ_least_and_are_of_the_account_or_of_none() -> None:
    journal = journal_of(10)
    journal.add(made(1, method="create", phone="70000000001", source=2), None)
    journal.add(made(2, method="create", phone="70000000002", source=2), None)
    journal.add(made(3, method="create", phone=PHONE, source=2, login="b"), None)
    journal.add(made(4, method="create", phone=PHONE, source=2, login=None), None)
    journal.add(made(5, method="info"), None)
    wanted = Pattern({"login": LOGIN, "method": "create", "phone": PHONE, "source": 2})

    found = [(entry.number, keys) for entry, keys in journal.nearest(wanted, 3)]
    assert found == [(4, ["login"]), (2, ["phone"]), (1, ["phone"])]


def test_a_waiter_is_woken_once_and_counts_what_is_kept_already() -> None:
    journal, woken = journal_of(10), list[int]()
    journal.add(made(1, method="create"), None)
    waiter = journal.wait(Pattern({"login": LOGIN, "method": "create"}), 3)
    waiter.begin(lambda: woken.append(waiter.seen))
    gone = journal.wait(ALL, 2)
    gone.begin(lambda: pytest.fail("it has left"))
    journal.leave(gone)
    journal.leave(gone)
    journal.add(made(2, method="create", login=None), None)
    journal.add(made(3, method="info"), None)
    for number in (4, 5, 6):
        journal.add(made(number, method="create"), None)

    assert (waiter.reached, woken) == (True, [3])
    late = journal.wait(Pattern({"login": LOGIN}), 2)
    late.begin(lambda: woken.append(-1))
    assert woken == [3, -1]


@pytest.mark.parametrize(("reset", "ended"), [(None, [True, True]), (LOGIN, [True, False]), ("b", [False, False])])
def test_a_reset_ends_the_waits_for_calls_of_its_login(reset: str | None, ended: list[bool]) -> None:
    journal, woken = journal_of(10), list[str]()
    waiters = [journal.wait(Pattern({"login": LOGIN}), 1), journal.wait(ALL, 1)]
    for waiter in waiters:
        waiter.begin(lambda: woken.append("woken"))
    journal.reset(reset)

    assert ([one.ended for one in waiters], len(woken)) == (ended, sum(ended))


def test_where_the_store_fails_the_entry_says_so_and_has_real_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    for verb in ("account", "clock", "read_task"):
        monkeypatch.setattr(api.mock.store, verb, fail)
    api.send("create", phone=PHONE, source=2)
    (entry,) = kept(api)

    assert (entry.outcome, entry.time) == ("server", api.time.micros)


def test_the_answer_is_the_same_with_and_without_a_journal() -> None:
    with_, without = Api(), Api(journal=0)

    for method, params in (("create", {"phone": PHONE, "source": 2}), ("result", {"id": 1}), ("info", {}), ("x", {})):
        assert with_.send(method, **params) == without.send(method, **params)
