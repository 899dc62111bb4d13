"""What a call costs does not grow with what is over, nor with what is another's."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver.api.mock import TEST_TOKEN
from mockserver.assembly import open_gateway
from mockserver.core.errors import Refusal
from mockserver.core.tasks import Account, Task
from mockserver.faults.armed import KEPT, ArmedFaults
from mockserver.faults.faults import Fault, read_fault
from mockserver.faults.matching import Facts
from mockserver.settings.loading import load
from mockserver.stores import memory
from mockserver.stores.memory import MemoryStore
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.store import Store
from mockserver.web import route
from mockserver.web.app import make_app
from mockserver.web.control import Control
from support.in_process import LOGIN, Api

# Faults.

OTHERS = [f"test-{number}@example.com" for number in range(500)]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Fault]:
    """The faults that a call was held against."""
    seen: list[Fault] = []
    fits = Fault.fits
    monkeypatch.setattr(Fault, "fits", lambda self, facts: (seen.append(self), fits(self, facts))[1])
    return seen


def one_shot(login: str | None, **more: Any) -> dict[str, Any]:
    return {"match": {"login": login} if login else {}, "action": {"kind": "error"}, **more}


@pytest.mark.parametrize(
    "document",
    [
        one_shot(LOGIN),
        one_shot(None),
        {**one_shot(None, times="always"), "match": {"nth": 1}},
        {**one_shot(LOGIN, times=5), "match": {"nth": 1, "login": LOGIN}},
    ],
)
def test_a_fault_that_is_over_is_held_against_no_call(looked_at: list[Fault], document: dict[str, Any]) -> None:
    api = Api()
    for _ in range(200):
        api.mock.arm(document)
    for _ in range(200):
        api.call("info")
    looked_at.clear()

    assert api.call("info")["status"] == "ok"
    assert looked_at == []


def test_a_fault_of_another_login_is_held_against_no_call(looked_at: list[Fault]) -> None:
    api = Api()
    for login in OTHERS:
        api.mock.arm(one_shot(login, times="always"))
    api.mock.arm(one_shot(LOGIN, times="always"))
    api.mock.arm(one_shot(None, times="always"))
    api.call("info")

    assert len(looked_at) == 2


def test_the_first_armed_strikes_first_whether_it_names_a_login_or_not() -> None:
    for logins in ((None, LOGIN, None), (LOGIN, None, LOGIN)):
        api = Api()
        ids = [api.mock.arm(one_shot(login)).id for login in logins]
        struck = [api.send("info").headers[-1][1].split()[1] for _ in ids]

        assert struck == ids


def test_of_the_faults_that_are_over_the_last_are_listed_and_the_others_forgotten() -> None:
    armed = ArmedFaults()
    first = armed.arm(read_fault(one_shot(LOGIN, times="always", probability=0)))
    facts = Facts("info", "GET", LOGIN, None, None, "json")
    for _ in range(KEPT + 200):
        armed.arm(read_fault(one_shot(LOGIN)))
        assert armed.strike(facts, 0, ["answer"]) != []

    listed = armed.listed()
    assert len(listed) == KEPT + 1
    assert (listed[0].id, listed[0].seen) == (first.id, KEPT + 200)
    assert [one.id for one in armed.listed(offset=1, limit=2)] == ["f202", "f203"]
    armed.disarm("f202")
    armed.clear(LOGIN)
    assert armed.listed() == ()
    assert not armed.may_strike(LOGIN)


def test_a_page_of_faults_with_long_texts_is_bounded_in_bytes_and_none_is_left_out() -> None:
    settings = load({})
    client = make_app(open_gateway(settings), lambda operation: operation(), settings).test_client()
    for _ in range(30):
        action = {"kind": "http", "status": 502, "body": "x" * 100_000}
        assert client.post("/_mock/faults", json={"action": action}).status_code == 201
    ids: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get(f"/_mock/faults?offset={offset}")
        assert len(page.data) < 1.2 * 2**20
        ids += [fault["id"] for fault in page.get_json()["faults"]]
        offset = page.get_json().get("next")

    assert ids == [f"f{number}" for number in range(1, 31)]


# Accounts.

MANY = 20_000


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A mock with many accounts."""
    path = tmp_path_factory.mktemp("crowd") / "state.db"
    settings = load({"state": "memory" if request.param == "memory" else str(path)})
    gateway = open_gateway(settings)
    with closing(gateway.mock.store) as opened:
        with opened.transaction(write=True):
            for number in range(MANY):
                opened.put_account(Account(f"user-{number}@example.com", "t", 9, "2030-01-01", day=1, used=1))
        yield make_app(gateway, lambda operation: operation(), settings).test_client()


def test_accounts_are_listed_in_pages(crowd: FlaskClient) -> None:
    first = crowd.get("/_mock/accounts")
    second = crowd.get("/_mock/accounts?limit=1000&offset=100").get_json()
    last = crowd.get("/_mock/accounts?offset=999999999").get_json()

    assert len(first.data) < 20_000
    assert (len(first.get_json()["accounts"]), first.get_json()["next"]) == (100, 100)
    assert (len(second["accounts"]), second["next"]) == (1000, 1100)
    assert first.get_json()["accounts"][-1]["login"] == "user-98@example.com"
    assert second["accounts"][0]["login"] == "user-99@example.com"
    assert last == {"accounts": []}


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit=-1", "offset=-1", "offset=9999999999", "page=2", "limit=1&limit=2"],
)
def test_a_page_beyond_the_bounds_is_refused(crowd: FlaskClient, query: str) -> None:
    assert crowd.get(f"/_mock/accounts?{query}").status_code == 422


def test_a_misspelt_login_is_looked_for_among_few(crowd: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    among: list[int] = []
    nearest = route.get_close_matches
    monkeypatch.setattr(
        route, "get_close_matches", lambda word, words, n: (among.append(len(words)), nearest(word, words, n=n))[1]
    )
    got = crowd.post("/_mock/reset", json={"login": "user-7@exmple.com"})

    assert got.status_code == 404
    assert "did you mean 'user-7@example.com'?" in got.get_json()["detail"]
    assert len(got.data) < 2000
    assert among == [route.NEAR]


def test_long_logins_cost_a_misspelt_one_little() -> None:
    mock = Api().mock
    for n in range(route.NEAR):
        mock.put_account(f"{'ab' * 90}{n}", {})
    control = Control(mock, load({}), lambda operation: operation(), lambda _: None)

    def seconds() -> float:
        began = time.process_time()
        assert control.handle("POST", "/reset", body={"login": "ba" * 90}).status == 404
        return time.process_time() - began

    assert min(seconds() for _ in range(5)) < 0.05  # comparing them takes 0.3 seconds


def test_made_up_accounts_are_named_without_a_search(crowd: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(kind: type[Store]) -> None:
        account = kind.account
        monkeypatch.setattr(kind, "account", lambda self, login: (asked.append(login), account(self, login))[1])

    counted(MemoryStore)
    counted(SqliteStore)
    logins = {crowd.post("/_mock/accounts", json={}).get_json()["login"] for _ in range(50)}

    assert len(logins) == 50
    assert 50 <= len(asked) <= 4 * 50


def test_a_reset_in_memory_leaves_the_accounts_to_their_next_use(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    for number in range(1000):
        store.put_account(Account(f"{number}@example.com", "t", 9, "2030-01-01", day=1, used=1))
    changed: list[Account] = []
    monkeypatch.setattr(memory, "replace", lambda one, **new: (changed.append(one), replace(one, **new))[1])
    store.reset(None)
    assert changed == []

    assert [account.used for account in store.accounts(0, 10)] == [0] * 10
    assert len(changed) == 10


def test_accounts_that_come_and_go_after_a_reset_leave_nothing_behind() -> None:
    store = MemoryStore()
    store.reset(None)

    def sizes() -> list[int]:
        return [len(held) for held in vars(store).values() if isinstance(held, dict | set | list)]

    before = sizes()
    for number in range(10):
        account = Account(f"{number}@example.com", "t", 9, "2030-01-01")
        with store.transaction():
            store.put_account(account)
            store.create_task(Task(0, account.login, "70000000001", 2, "", 1, 2, 1, 0), 1)
        with suppress(InterruptedError), store.transaction():
            store.drop_account(account.login)
            raise InterruptedError
        assert store.account(account.login) == replace(account, day=1, used=1, creates=1)
        store.reset(account.login)
        store.drop_account(account.login)

    assert sizes() == before


def test_a_reset_of_a_file_writes_what_was_charged_alone(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "state.db")) as store:
        with store.transaction(write=True):
            for number in range(1000):
                store.put_account(Account(f"{number}@example.com", "t", 9, "2030-01-01", day=1, used=int(number < 3)))
        before = store.file.connection.total_changes
        store.reset(None)

        assert 3 <= store.file.connection.total_changes - before < 20


@pytest.mark.parametrize("login", [None, LOGIN])
def test_a_page_of_tasks_leaves_what_stubs_have_found_in_the_file(login: str | None, tmp_path: Path) -> None:
    found = json.dumps({"id": "s1", "bodies": {"json": "x" * 2**20}})
    with closing(SqliteStore(tmp_path / "state.db")) as store:
        store.put_account(Account(LOGIN, "t", 9, "2030-01-01"))
        with store.transaction(write=True):
            for _ in range(8):
                store.create_task(Task(0, LOGIN, "70000000001", 2, "", 1, 2, 1, 0, stub=found), 1)
        tracemalloc.start()
        try:
            assert [task.id for task in store.tasks(login, 1, 5)] == [2, 3, 4, 5, 6]
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert most < 2**20


def test_a_reset_of_all_reaches_every_account_and_is_undone_whole(store: Store) -> None:
    spent = [Account(f"{number}@example.com", "t", 9, "2030-01-01", day=1, used=3, creates=2) for number in range(3)]
    for account in spent:
        store.put_account(account)

    def undone() -> None:
        with store.transaction():
            store.reset(None)
            assert [account.used for account in store.accounts()][-3:] == [0, 0, 0]
            raise InterruptedError

    with pytest.raises(InterruptedError):
        undone()
    assert list(store.accounts())[-3:] == spent

    store.reset(None)
    store.put_account(spent[0])
    assert [store.account(account.login).used for account in spent] == [3, 0, 0]  # type: ignore[union-attr]
    assert [account.creates for account in store.accounts()][-3:] == [2, 0, 0]


# Refusals.


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/_mock/accounts", {f"key-{number}": 1 for number in range(5_000)}),
        ("/_mock/faults", {"action": {"kind": "error"}, "match": {f"key-{number}": 1 for number in range(5_000)}}),
        ("/_mock/faults", {"action": {"kind": "error", **{f"key-{number}": 1 for number in range(5_000)}}}),
        ("/_mock/clock/advance", {f"key-{number}": 1 for number in range(5_000)}),
    ],
)
def test_of_many_unknown_keys_the_first_are_named_and_the_others_counted(path: str, document: dict[str, Any]) -> None:
    settings = load({})
    client = make_app(open_gateway(settings), lambda operation: operation(), settings).test_client()
    got = client.post(path, json=document)

    assert got.status_code == 422
    assert "key-9" in got.text
    assert "key-10" not in got.text
    assert "4990 more names are unknown" in got.text
    assert len(got.data) < 8000


@pytest.mark.parametrize("table", ["", "[profile]\n", '[profile."error.codes"]\n', "[[accounts]]\n", "[delays]\n"])
def test_of_many_unknown_keys_in_a_file_the_first_are_named(tmp_path: Path, table: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(table + "".join(f"key-{number} = 1\n" for number in range(5_000)))
    with pytest.raises(Refusal) as caught:
        load({"config": str(file)})

    assert "key-9" in str(caught.value)
    assert "key-10" not in str(caught.value)
    assert "4990 more names" in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        {"login": "x" * 900_000},
        {"x" * 900_000: 1},
        {"action": {"kind": "x" * 900_000}},
        {"action": {"kind": "error", "message": "x" * 900_000}},
        {"action": {"kind": "error", "code": "9" * 900_000}},
        {"action": {"kind": "latency", "delay": "uniform " + "1s.." * 200_000}},
        {"action": {"kind": "http", "status": 200, "content_type": "a/" + "b" * 900_000}},
        {"action": {"kind": "error"}, "times": "x" * 900_000},
        {"action": {"kind": "error"}, "match": {"login": "x" * 300_000, "phone": "7" * 300_000}},
        {"now": "2030" * 50_000, "mode": "x" * 300_000, "login": "x" * 300_000},
        {"to": "midnight" * 50_000, "seconds": "1" * 300_000},
    ],
)
def test_long_values_are_refused_soon_and_not_repeated(document: dict[str, Any]) -> None:
    settings = load({})
    client = make_app(open_gateway(settings), lambda operation: operation(), settings).test_client()
    body = json.dumps(document)
    for http_method, path in (
        ("POST", "/_mock/accounts"),
        ("POST", "/_mock/faults"),
        ("PUT", "/_mock/clock"),
        ("POST", "/_mock/clock/advance"),
        ("POST", "/_mock/reset"),
    ):
        began = time.process_time()
        got = client.open(path, method=http_method, data=body, content_type="application/json")

        assert got.status_code == 422
        assert len(got.data) < 8000
        assert time.process_time() - began < 0.5  # a backtracking pattern takes seconds


def test_a_query_of_many_names_is_looked_through_once() -> None:
    settings = load({})
    client = make_app(open_gateway(settings), lambda operation: operation(), settings).test_client()
    query = "&".join([*map(str, range(30_000)), "29999"])
    began = time.process_time()
    got = client.get(f"/_mock/accounts?{query}")

    assert "29999: is given more than once" in got.get_json()["detail"]
    assert time.process_time() - began < 1  # counting each name takes ten


def test_a_long_unknown_path_is_answered_shortly() -> None:
    settings = load({})
    client = make_app(open_gateway(settings), lambda operation: operation(), settings).test_client()

    assert len(client.get(f"/_mock/{'x' * 30_000}").data) < 2000
    assert len(client.delete(f"/_mock/faults/{'x' * 30_000}").data) < 2000


def test_a_task_is_nothing_that_the_garbage_collector_looks_at() -> None:
    """It looks at all that there is again and again, and holds every call meanwhile: half a second for a million."""
    api = Api(daily_limit=10**6, journal=0)
    api.create()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(500):
        api.create()
    gc.collect()

    assert len(gc.get_objects()) - before < 100


def test_what_a_scenario_changed_of_one_account_is_found_without_a_look_at_each() -> None:
    class Unlisted(dict[Any, Any]):
        def __iter__(self) -> Iterator[Any]:
            raise AssertionError("each account is looked at")

    api = Api()
    steps = [{"account": {"daily_limit": 7}}]
    api.mock.put_scenario("tight", {"steps": steps, "end": "last"})
    logins = [f"test-{number}@example.com" for number in range(3)]
    for login in logins:
        api.send("info", login=login, token=TEST_TOKEN)
    changes = api.mock.store.scenarios._changes
    for key, accounts in changes.items():
        changes[key] = Unlisted(accounts)
    api.mock.put_scenario("other", {"login": logins[1], "steps": steps})
    api.mock.reset(logins[0])

    limits = [account.daily_limit for account in map(api.mock.store.account, logins) if account]
    assert limits == [100, 7, 7]


def test_what_is_wrong_with_a_scenario_is_explained_before_the_mock_is_held_up() -> None:
    api = Api()
    control = Control(api.mock, api.settings, lambda _operation: pytest.fail("it is held up"), lambda _login: None)

    assert control.handle("PUT", "/scenarios/x", body={"steps": [{"tmies": 2}]}).status == 422
