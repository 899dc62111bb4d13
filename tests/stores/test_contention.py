"""Stores that processes share: under contention, and with the accounts of several settings."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from mockserver.api.http import Request
from mockserver.assembly import open_gateway
from mockserver.core.clock import Clock
from mockserver.core.errors import StoreError
from mockserver.settings.loading import load
from mockserver.stores.opening import open_store
from mockserver.stores.store import Again
from support.in_process import LOGIN as DEMO
from support.in_process import Api
from support.stores import ANNA, LOGIN, SHARED, TASK, create, used

PROGRAM = """
    import sys
    from mockserver.core.tasks import LimitReached, Task
    from mockserver.stores.opening import open_store
    state, login = sys.argv[1:]
    store = open_store(state)
    print("up", flush=True)
    sys.stdin.readline()
    for number in range(10**6):
        # Every third create goes with other writes, and waits for all others.
        with store.transaction(write=number % 3 == 0):
            made = store.create_task(Task(0, login, "70000000001", 2, "::1", 1, 2, 3, 4), 1)
        if isinstance(made, LimitReached):
            break
        print(made.id, flush=True)
    store.close()
"""


@contextmanager
def creating(state: str) -> Iterator[subprocess.Popen[str]]:
    """A process that creates tasks of 3 units, from a line on its input until it is refused; it prints their ids."""
    arguments = [sys.executable, "-c", textwrap.dedent(PROGRAM), state, LOGIN]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


@SHARED
def test_processes_share_a_store_without_a_double_id_or_a_unit_too_many(state: str) -> None:
    limit = 1000
    with closing(open_store(state)) as store, ExitStack() as stack:
        store.put_account(replace(ANNA, daily_limit=limit))
        processes = [stack.enter_context(creating(state)) for _ in range(3)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        printed = [[int(line) for line in process.stdout or ()] for process in processes]

        ids = [one for own in printed for one in own]
        assert [process.wait() for process in processes] == [0, 0, 0]
        assert sorted(ids) == [task.id for task in store.tasks(LOGIN)]
        assert used(store) == 3 * len(ids)
        assert limit <= used(store) < limit + 3


@SHARED
def test_what_was_read_before_the_lock_is_read_anew_behind_it(state: str) -> None:
    clock = Clock(base=10**15, since=5, speed=0)
    with closing(open_store(state)) as store, closing(open_store(state)) as other:
        store.put_account(ANNA)
        number = create(store)
        with store.transaction():
            before = store.account(LOGIN), store.clock(LOGIN), store.read_task(number)
            assert None not in (before[0], before[2])
            other.put_account(replace(ANNA, demo=True))
            other.put_clock(LOGIN, clock)
            other.put_ready(replace(TASK, id=number, ready=99))
            store.lock()

            assert store.account(LOGIN) == replace(ANNA, demo=True)
            assert store.clock(LOGIN) == clock
            assert store.read_task(number) == replace(TASK, id=number, ready=99)


def opened(state: str, *accounts: str, **more: Any) -> Any:
    return open_gateway(load({"state": state, "accounts": accounts, **more})).mock


@SHARED
def test_a_mock_does_not_take_the_accounts_from_another_on_the_same_store(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite_file", "redis_transactions"):
        monkeypatch.setattr(f"mockserver.stores.{module}.LEAVING", 0.05)
    first, same = opened(state, "a:t", "b:t"), opened(state, "b:t", "a:t")
    for accounts in (["c:t"], ["a:t"], ["a:t", "b:other"], ["a:t", "b:t", "c:t"]):
        with pytest.raises(StoreError, match="another process uses it with"):
            opened(state, *accounts)
    first.store.close()
    with pytest.raises(StoreError, match="another process uses it with"):
        opened(state, "c:t")

    assert [account.login for account in same.store.accounts()] == ["a", "b"]
    same.store.close()
    with closing(opened(state, "c:t").store) as other:
        assert [account.login for account in other.accounts()] == ["c"]


@SHARED
def test_mocks_whose_settings_change_together_change_their_accounts(state: str) -> None:
    mocks = [opened(state, "a:t") for _ in range(3)]
    new = load({"state": state, "accounts": ("b:t",)})
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda mock: mock.configure(new.profile, new.simulation), mocks))

    for mock in mocks:
        assert [account.login for account in mock.store.accounts()] == ["b"]
        mock.store.close()


@SHARED
def test_a_create_without_an_account_leaves_nothing_that_hides_what_others_do(state: str) -> None:
    with closing(open_store(state)) as one, closing(open_store(state)) as other:
        one.put_account(ANNA)
        with pytest.raises(Again):
            one.create_task(replace(TASK, login="nobody@example.com"), 1)
        assert one.account(LOGIN) == ANNA
        create(other)
        assert one.account(LOGIN) == other.account(LOGIN) != ANNA


@SHARED
@pytest.mark.parametrize("login", ["test-1@example.com", "ann@example.com"])  # of the first, one is made on first use
def test_an_account_that_goes_while_a_task_is_made_for_it_is_nothing_to_other_calls(
    state: str, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Api(state=state), Api(state=state)
    other.mock.put_account(login, {"token": "test-token"})
    one.create(login=login, token="test-token")
    kind, dropped = type(one.mock.store), []

    def late(store: Any, *task: Any) -> Any:
        if not dropped:
            dropped.append(other.mock.drop_account(login))
        return create_task(store, *task)

    create_task = kind.create_task
    monkeypatch.setattr(kind, "create_task", late)
    credentials = ((login, "test-token"), (DEMO, "demo-token"), (DEMO, "demo-token"))
    queries = [f"login={name}&token={token}&phone=70001234567&source=2".encode() for name, token in credentials]
    turn = [Request("GET", b"/api/create", query, {}, b"", "127.0.0.1") for query in queries]
    gone, *others = [json.loads(response.body) for response in one.gateway.turn(turn)]

    assert [answer["status"] for answer in others] == ["ok", "ok"]
    assert gone["status"] == "ok" if login.startswith("test-") else gone["error_code"] == 401
    tasks = one.mock.store.tasks(DEMO)
    assert {task.id for task in tasks} == {answer["id"] for answer in others}
    assert other.used() == sum(task.cost for task in tasks)
    for api in (one, other):
        api.mock.store.close()
