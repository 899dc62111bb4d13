"""When a task is ready: by time, at once, after polls, or never; for an account, a phone or one task."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.errors import NotFound, Refusal
from mockserver.core.messages import SECOND
from mockserver.inputs.accounts import ACCOUNT
from mockserver.inputs.readiness import READY
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.sqlite_schema import APPLICATION_ID, UPGRADES, VERSION
from mockserver.web.control import Control
from support.in_process import LOGIN, PHONE, TOKEN, Api, reason

OTHER = {"login": "test-x@example.com", "token": "test-token"}


@pytest.fixture(params=["memory", "sqlite"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory" if request.param == "memory" else str(tmp_path / "state.db")


def put(api: Api, ready: Any, login: str = LOGIN) -> None:
    api.mock.put_account(login, ACCOUNT("", {"ready": ready}))


def statuses(api: Api, number: int, polls: int, **params: Any) -> list[str]:
    return [api.call("result", id=number, **params)["status"] for _ in range(polls)]


@given(st.integers(0, 12))
def test_after_n_polls_n_are_answered_as_processing_and_every_later_one_as_ready(n: int) -> None:
    api = Api()
    put(api, {"after_polls": n})

    assert statuses(api, api.create(), n + 3) == ["processing"] * n + ["ready"] * 3


def test_the_reason_counts_down() -> None:
    api = Api()
    put(api, {"after_polls": 3})
    number = api.create()
    reasons = [reason(api.send("result", id=number)) for _ in range(3)]

    assert reasons == ["ready after 2 more polls", "ready after 1 more poll", "ready at the next poll"]


@pytest.mark.parametrize(
    ("ready", "seconds"), [("at once", 0), ({"after": "7s"}, 7), ({"after": "uniform 7s..7s"}, 7), ("never", None)]
)
def test_an_account_is_ready_by_time_at_once_or_never(ready: Any, seconds: int | None) -> None:
    api = Api()
    put(api, ready)
    number = api.create()
    task = api.mock.store.read_task(number)
    assert task is not None

    assert task.ready == (None if seconds is None else task.created + seconds * SECOND)
    assert statuses(api, number, 3) == ["ready" if seconds == 0 else "processing"] * 3


def test_readiness_takes_the_place_of_the_delay_and_null_gives_it_back_to_the_server() -> None:
    api = Api(delay="9s")
    put(api, {"after_polls": 1})
    account = api.mock.store.account(LOGIN)
    assert account is not None
    assert (account.delay, account.ready) == ("1 poll", {"after_polls": 1})

    put(api, None)
    assert reason(api.send("result", id=api.create())) == "ready in 9.000 s"


@pytest.mark.parametrize("ready", ["at once", "never", {"after": "2s"}, {"after_polls": 3}, None])
def test_the_control_api_shows_readiness_as_it_was_written(ready: Any) -> None:
    api = Api()
    put(api, ready)
    account = api.mock.store.account(LOGIN)

    assert account is not None
    assert account.ready == ready


def test_a_phone_and_the_whole_server_may_be_ready_after_polls(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("delay = '1 poll'\n[delays.phones]\n70000000002 = '2 polls'\n")
    api = Api(config=str(file))

    assert statuses(api, api.create(), 3) == ["processing", "ready", "ready"]
    assert statuses(api, api.create("70000000002"), 3) == ["processing", "processing", "ready"]


def test_an_account_of_the_settings_may_be_ready_after_polls(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"[[accounts]]\nlogin = '{LOGIN}'\ntoken = '{TOKEN}'\nready = {{after_polls = 1}}\n")
    api = Api(config=str(file))

    assert statuses(api, api.create(), 2) == ["processing", "ready"]


def test_only_a_right_poll_of_the_owner_counts(state: str) -> None:
    api = Api(state=state)
    put(api, {"after_polls": 1})
    number = api.create()
    wrong: list[Mapping[str, Any]] = [
        {"token": "wrong"},
        {"login": "nobody@example.com"},
        {"token": None},
        {"format": "yaml"},
        {"http_method": "PUT"},
        OTHER,
    ]
    for params in wrong:
        assert api.call("result", **{"id": number, **params})["status"] == "error"
    for fault in ({"kind": "error"}, {"kind": "http", "status": 200, "body": "{}"}, {"kind": "stuck"}):
        api.mock.arm({"match": {"method": "result"}, "action": fault})
        api.send("result", id=number)
    api.call("info")

    assert statuses(api, number, 2) == ["processing", "ready"]


def test_the_task_ends_with_the_last_poll_that_is_answered_as_processing(state: str) -> None:
    api = Api(state=state)
    put(api, {"after_polls": 2})
    number = api.create()
    for _ in range(2):
        api.time.passes(10)
        api.call("result", id=number)
    api.time.passes(10)
    answers = [api.send("result", id=number).body for _ in range(2)]
    found = api.call("result", id=number)

    assert answers[0] == answers[1]
    assert found["end_time"] - found["create_time"] == 20


def test_a_task_that_polls_made_ready_stays_so_when_its_clock_is_set_back() -> None:
    api = Api()
    put(api, {"after_polls": 1})
    number = api.create()
    api.mock.set_clock(LOGIN, frozen=True, now=0, speed=None)
    assert statuses(api, number, 2) == ["processing", "ready"]
    found = api.call("result", id=number)

    assert found["end_time"] >= found["create_time"]
    with pytest.raises(Refusal, match="no task is on its way"):
        api.mock.advance_to(LOGIN, "next-ready")


def test_a_failing_task_fails_after_its_polls() -> None:
    api = Api()
    put(api, {"after_polls": 1})
    number = api.create("70000000500")

    assert statuses(api, number, 2) == ["processing", "error"]


def test_polls_survive_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    seen = []
    number = None
    for _ in range(4):
        api = Api(state=state)
        if number is None:
            put(api, {"after_polls": 2})
            number = api.create()
        seen += statuses(api, number, 1)
        api.mock.store.close()

    assert seen == ["processing", "processing", "ready", "ready"]


def test_polls_of_several_processes_are_counted_exactly(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    maker = Api(state=state)
    put(maker, {"after_polls": 40})
    number = maker.create()
    seen: list[str] = []

    def poll() -> None:
        api = Api(state=state)
        own: list[str] = []
        while len(own) < 20:
            # A poll that waits too long for the file is answered with an error, and does not count.
            own += [status for status in statuses(api, number, 1) if status != "error"]
        seen.extend(own)

    pollers = [threading.Thread(target=poll) for _ in range(3)]
    for one in pollers:
        one.start()
    for one in pollers:
        one.join()

    assert (seen.count("processing"), seen.count("ready")) == (40, 20)


class Abort(Exception):
    pass


def test_a_poll_that_is_undone_does_not_count(state: str) -> None:
    api = Api(state=state)
    put(api, {"after_polls": 1})
    number = api.create()
    with suppress(Abort), api.mock.store.transaction():
        assert statuses(api, number, 2) == ["processing", "ready"]
        raise Abort

    assert statuses(api, number, 2) == ["processing", "ready"]


def test_a_poll_that_cannot_be_kept_is_answered_with_an_error_and_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    api = Api(state=str(path))
    put(api, {"after_polls": 1})
    number = api.create()
    assert isinstance(api.mock.store, SqliteStore)
    api.mock.store.file._patience = 0.0
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert statuses(api, number, 2) == ["error", "error"]

    assert statuses(api, number, 2) == ["processing", "ready"]


# One task.


@pytest.fixture
def api(state: str) -> Iterator[Api]:
    opened = Api(state=state)
    yield opened
    opened.mock.store.close()


def set_ready(api: Api, number: int, ready: Any) -> None:
    api.mock.set_ready(number, READY("ready", ready))


def test_one_task_is_made_ready_and_no_other(api: Api) -> None:
    first, second = api.create(), api.create()
    set_ready(api, first, "at once")
    found = api.call("result", id=first)

    assert found["status"] == "ready"
    assert found["end_time"] == found["create_time"]
    assert api.call("result", id=second)["status"] == "processing"


def test_the_time_of_a_task_counts_from_its_creation_so_that_a_repetition_changes_nothing(api: Api) -> None:
    number = api.create()
    for _ in range(3):
        api.time.passes(1)
        set_ready(api, number, {"after": "5s"})
    assert reason(api.send("result", id=number)) == "ready in 2.000 s"
    api.time.passes(2)

    assert statuses(api, number, 1) == ["ready"]


def test_the_polls_of_a_task_count_from_then_on(api: Api) -> None:
    number = api.create()
    statuses(api, number, 3)
    set_ready(api, number, {"after_polls": 2})
    api.time.passes(100)

    assert statuses(api, number, 3) == ["processing", "processing", "ready"]


def test_a_task_that_never_was_to_be_ready_can_be_freed(api: Api) -> None:
    number = api.create("70000000408")
    set_ready(api, number, {"after": "3s"})
    api.mock.advance_to(LOGIN, "next-ready")

    assert statuses(api, number, 1) == ["ready"]


@pytest.mark.parametrize("ready", ["never", {"after": "1h"}, {"after_polls": 1}])
def test_what_is_ready_stays_ready(api: Api, ready: Any) -> None:
    number = api.create()
    api.time.passes(2)
    with pytest.raises(Refusal, match="ready: the task is ready, and stays so"):
        set_ready(api, number, ready)
    before = api.send("result", id=number).body
    for same in ("at once", {"after": "1s"}, {"after_polls": 0}):
        set_ready(api, number, same)

    assert api.send("result", id=number).body == before


def test_a_task_that_is_not_there_is_told_so(api: Api) -> None:
    with pytest.raises(NotFound, match="id: 7 is not a task; GET /_mock/tasks lists them"):
        set_ready(api, 7, "at once")


def test_next_ready_knows_the_new_time_of_a_task(api: Api) -> None:
    first, second = api.create(), api.create()
    set_ready(api, first, {"after": "9s"})
    set_ready(api, second, {"after_polls": 5})
    start = api.mock.now(LOGIN)
    clock = api.mock.advance_to(LOGIN, "next-ready")

    assert clock.now(api.time()) - start == 9 * SECOND
    with pytest.raises(Refusal, match="no task is on its way by time"):
        api.mock.advance_to(LOGIN, "next-ready")


def test_tasks_are_listed_read_and_made_ready_by_control(state: str) -> None:
    api = Api(state=state)
    control = Control(api.mock, api.settings, lambda operation: operation(), lambda _: None)
    first, second, other = api.create(), api.create("70000000500"), api.create(**OTHER)
    shown = control.handle("GET", f"/tasks/{first}").body
    listed = control.handle("GET", "/tasks", {"login": LOGIN, "limit": "1"}).body
    assert listed == {"tasks": [shown], "next": 1}
    assert [one["id"] for one in control.handle("GET", "/tasks").body["tasks"]] == [first, second, other]
    assert (shown["status"], shown["created_at"], shown["ready_at"], shown["polls_left"]) == (
        *("processing", "2030-01-01T12:00:00+03:00", "2030-01-01T12:00:02+03:00", None),
    )

    for _ in range(2):
        waits = control.handle("PUT", f"/tasks/{first}", body={"ready": {"after_polls": 1}})
        ends = control.handle("PUT", f"/tasks/{second}", body={"ready": "at once"})
        assert (waits.status, waits.body["status"], waits.body["polls_left"]) == (200, "processing", 1)
        assert (ends.status, ends.body["status"], ends.body["ready_at"]) == (200, "failed", ends.body["created_at"])
    late = control.handle("PUT", f"/tasks/{second}", body={"ready": "never"})
    assert (late.status, late.body["problems"][0]["where"]) == (409, "ready")
    assert [control.handle("PUT", f"/tasks/{one}", body={"ready": "never"}).status for one in (99, 0, "x")] == [404] * 3
    assert control.handle("PUT", f"/tasks/{first}", body={}).body["problems"][0]["what"] == "is missing"


# As people write it.


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2s", 'ready: \'2s\' is a delay; write {"after": "2s"}'),
        ("3 polls", "ready: '3 polls' is a delay; write {\"after_polls\": 3}"),
        ("at onec", "ready: 'at onec' is not a readiness; did you mean 'at once'"),
        ("soon", "ready: 'soon' is not a readiness; allowed: 'at once', 'never', {\"after\""),
        (3, "ready: 3 is not a readiness; allowed: 'at once', 'never', {\"after\""),
        (True, "ready: true is not a readiness; allowed"),
        ({}, "ready: needs either after or after_polls"),
        ({"after": "2s", "after_polls": 1}, "ready: needs either after or after_polls"),
        ({"after_pols": 3}, "ready: 'after_pols' is not a key; did you mean 'after_polls'"),
        ({"after": "never"}, "ready.after: 'never' is not a time; write 'never' in place of the table"),
        (
            {"after": "2 polls"},
            "ready.after: '2 polls' is not a time; write {\"after_polls\": 2} in place of the table",
        ),
        (
            {"after": 2},
            "ready.after: 2 is not a delay; allowed: '2s', '250ms', '1.5m', 'uniform 1s..5s', 'lognormal 2s ",
        ),
        ({"after": "soon"}, "'soon' is not a delay; allowed: '2s', '250ms', '1.5m', 'uniform 1s..5s', 'lognormal 2s "),
        ({"after_polls": "3"}, 'ready.after_polls: "3" is a text; write 3, without quotes'),
        ({"after_polls": -1}, "ready.after_polls: -1 is not allowed; allowed: whole numbers from 0"),
        ({"after_polls": 1.5}, "ready.after_polls: 1.5 is not allowed"),
    ],
)
def test_a_wrong_readiness_is_refused_with_its_place_and_a_remedy(value: Any, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        ACCOUNT("", {"ready": value})

    assert message in str(caught.value)


def test_ready_and_delay_together_are_refused() -> None:
    with pytest.raises(Refusal, match=r"ready: stands beside delay; leave one of them out"):
        ACCOUNT("", {"ready": "never", "delay": "2s"})


def test_an_answers_latency_is_no_number_of_polls() -> None:
    with pytest.raises(Refusal, match="an answer is not polled for; use a duration"):
        Api(latency="3 polls")


# State files of the version before.

VERSION_1 = f"""
    CREATE TABLE accounts (
        place INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, token TEXT NOT NULL, daily_limit INTEGER NOT NULL,
        paid_until TEXT NOT NULL, demo INTEGER NOT NULL, delay TEXT, seed TEXT, day INTEGER NOT NULL,
        used INTEGER NOT NULL, creates INTEGER NOT NULL, configured TEXT NOT NULL) STRICT;
    CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL, phone TEXT NOT NULL, source INTEGER NOT NULL,
        ip TEXT NOT NULL, created INTEGER NOT NULL, ready INTEGER, cost INTEGER NOT NULL, seed TEXT NOT NULL,
        demo INTEGER NOT NULL, edition TEXT NOT NULL,
        fails INTEGER NOT NULL, failure_code INTEGER, failure_message TEXT) STRICT;
    CREATE INDEX tasks_ready ON tasks (login, ready);
    CREATE TABLE clocks (
        owner TEXT PRIMARY KEY, base INTEGER NOT NULL, since INTEGER NOT NULL, speed REAL NOT NULL) STRICT;
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = 1;
    INSERT INTO accounts VALUES (1, 'demo@example.com', 'demo-token', 100, '2099-12-31', 0, NULL, NULL, 0, 0, 0, '');
    INSERT INTO tasks VALUES
        (7, 'demo@example.com', '70001234567', 2, '127.0.0.1', 10, 20, 3, '0', 0, 'B', 0, NULL, NULL);
"""


@pytest.fixture(params=range(1, VERSION))
def old_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file of each earlier version."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.executescript(VERSION_1)
        for earlier in range(1, request.param):
            old.executescript(";".join(UPGRADES[earlier]))
        old.execute(f"PRAGMA user_version = {request.param}")
    return path


def test_a_state_file_of_the_version_before_is_upgraded_with_what_it_holds(old_file: Path) -> None:
    api = Api(state=str(old_file))
    put(api, {"after_polls": 1})

    assert api.call("result", id=7)["status"] == "ready"
    assert api.create(PHONE) == 8
    assert statuses(api, 8, 2) == ["processing", "ready"]
    api.mock.store.close()
    assert statuses(Api(state=str(old_file)), 8, 1) == ["ready"]


def test_several_processes_upgrade_a_file_once(old_file: Path) -> None:
    stores: list[SqliteStore] = []
    openers = [threading.Thread(target=lambda: stores.append(SqliteStore(old_file))) for _ in range(3)]
    for one in openers:
        one.start()
    for one in openers:
        one.join()

    assert [store.read_task(7) is not None for store in stores] == [True] * 3
    for store in stores:
        store.close()


def test_a_file_that_an_earlier_version_still_uses_is_refused_with_a_remedy(old_file: Path) -> None:
    with closing(sqlite3.connect(old_file)) as other:
        other.execute("SELECT * FROM tasks").fetchall()
        with pytest.raises(Exception, match=r"state\.db: .*another process uses it; end that process"):
            SqliteStore(old_file, patience=0.0)
    SqliteStore(old_file, patience=0.0).close()


@pytest.mark.parametrize("upgraded", [False, True])
def test_a_file_of_a_killed_process_is_upgraded_with_what_its_log_holds(
    upgraded: bool, old_file: Path, tmp_path: Path
) -> None:
    """The last process of the earlier version was killed, or the one that upgraded it: its writes are in the log."""
    left = tmp_path / "left.db"
    with closing(sqlite3.connect(old_file, isolation_level=None)) as killed:
        killed.execute("PRAGMA wal_autocheckpoint = 0")
        killed.execute("UPDATE tasks SET cost = 9")
        if upgraded:
            ((version,),) = killed.execute("PRAGMA user_version")
            for earlier in range(version, VERSION):
                for statement in (*UPGRADES[earlier], f"PRAGMA user_version = {earlier + 1}"):
                    killed.execute(statement)
        for end in ("", "-wal"):
            left.with_name(left.name + end).write_bytes(old_file.with_name(old_file.name + end).read_bytes())
    for _ in range(2):
        with closing(SqliteStore(left, patience=0.0)) as store:
            task = store.read_task(7)

            assert task is not None
            assert (task.cost, task.polls) == (9, None)
