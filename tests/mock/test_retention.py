"""How many tasks are kept, and what they take."""

from __future__ import annotations

import gc
import random
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.tasks import Task
from mockserver.stores.memory import MemoryStore
from mockserver.stores.retention import FEW, Retention
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.store import Store
from support.in_process import Api
from support.stores import ANNA, LOGIN, TASK, create


class Stop(Exception):
    """Has a transaction undone."""


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(3))
def test_of_all_tasks_the_last_ones_are_kept_whatever_happens_between(store: Store, seed: int) -> None:
    """Creates by several accounts, polls, resets and transactions that fail, against a list of what should be there."""
    chance, logins, keep = random.Random(seed), [f"{name}@example.com" for name in "abc"], 120
    store.retention = Retention(keep, 0, lambda: 0)
    for login in logins:
        store.put_account(replace(ANNA, login=login, daily_limit=10**6))
    kept: dict[int, Task] = {}
    last = 0
    for _ in range(600):
        login, step, before = chance.choice(logins), chance.random(), (dict(kept), last)
        with suppress(Stop), store.transaction(write=True):
            if step < 0.9:
                ready, polls = chance.choice([(chance.randrange(10**6), None), (last, None), (None, None), (None, 2)])
                made = store.create_task(replace(TASK, login=login, ready=ready, polls=polls), 1)
                assert isinstance(made, Task)
                kept[made.id], last = made, made.id
                kept = {one: task for one, task in kept.items() if one > last - keep}
            elif step < 0.99 and kept:
                task = replace(chance.choice([*kept.values()]), ready=chance.randrange(10**6), polls=None)
                store.put_ready(task)
                kept[task.id] = task
            else:
                store.reset(login)
                kept = {one: task for one, task in kept.items() if task.login != login}
            if chance.random() < 0.2:
                kept, last = before
                raise Stop
        now = chance.randrange(10**6)
        for one in (None, *logins):
            own = [task for task in kept.values() if one in (None, task.login)]
            offset = chance.randrange(5)
            assert list(store.tasks(one, offset, 7)) == own[offset : offset + 7]
            assert list(store.tasks(one, offset, 7, newest_first=True)) == own[::-1][offset : offset + 7]
            later = [task.ready for task in own if task.ready is not None and task.polls is None and task.ready > now]
            assert store.next_ready(now, one) == min(later, default=None)
        asked = chance.randrange(last + 1)
        assert store.read_task(asked) == kept.get(asked)
    assert len(store.tasks(None)) == len(kept)


def test_a_file_that_was_kept_whole_loses_its_oldest_tasks_a_few_at_a_time(file_store: SqliteStore) -> None:
    with file_store.transaction(write=True):
        file_store.put_account(replace(ANNA, daily_limit=10**6))
        first, *_ = [create(file_store) for _ in range(100)]
    file_store.retention = Retention(20, 0, lambda: 0)
    left = []
    for _ in range(12):
        create(file_store)
        left.append(len(file_store.tasks(None)))

    assert left == [91, 82, 73, 64, 55, 46, 37, 28, 20, 20, 20, 20]
    assert file_store.read_task(first) is None


def test_a_task_in_memory_takes_a_stated_number_of_bytes_and_gives_them_back() -> None:
    store, many = MemoryStore(), 5_000
    store.put_account(replace(ANNA, daily_limit=10**9))
    tracemalloc.start()
    try:
        empty = tracemalloc.get_traced_memory()[0]
        for number in range(many):
            now = 10**15 + number
            store.create_task(replace(TASK, phone=f"7000{number:07}", seed=0, created=now, ready=now + 10**6), 1)
        full = tracemalloc.get_traced_memory()[0]
        store.reset(LOGIN)
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert (full - empty) / many < 500
    assert after - empty < 0.01 * (full - empty)


def test_with_a_limit_the_tasks_in_memory_take_no_more_than_those_that_are_kept() -> None:
    """Also where ever more are made, of ever more accounts."""
    store = MemoryStore()
    store.retention = Retention(1000, 0, lambda: 0)
    sizes = []
    tracemalloc.start()
    try:
        for number in range(12_000):
            login = f"{number // 100}@example.com"
            if number % 100 == 0:
                store.put_account(replace(ANNA, login=login, daily_limit=10**9))
            store.create_task(replace(TASK, login=login, created=number, ready=number), 1)
            if number % 3000 == 2999:
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()

    assert len(store.tasks(None)) == 1000
    assert sizes[-1] - sizes[0] < 100_000  # the accounts stay


def test_a_task_that_is_no_longer_kept_is_unknown() -> None:
    api = Api(keep_tasks=2, delay="0s")
    first, second, third = (api.create() for _ in range(3))

    assert api.call("result", id=first)["error_code"] == api.call("result", id=999)["error_code"]
    assert [api.call("result", id=one)["status"] for one in (second, third)] == ["ready"] * 2


@pytest.mark.parametrize("state", ["memory", "state.db"])
def test_a_task_that_is_too_old_is_unknown_once_others_are_created(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its age is in real time: the mock's own clock stands still meanwhile."""
    monkeypatch.chdir(tmp_path)
    api = Api(keep_for="1h", delay="0s", daily_limit=10_000, state=state)
    api.mock.set_clock(None, frozen=True, now=None, speed=None)
    old = [api.create() for _ in range(3 * FEW)]
    api.time.passes(1800)
    young = api.create()
    api.time.passes(1800 + 36)
    last = [api.create() for _ in range(4)]

    assert {api.call("result", id=one)["status"] for one in old} == {"error"}
    assert {api.call("result", id=one)["status"] for one in (young, *last)} == {"ready"}


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=60), st.integers(0, 20))
def test_what_is_gone_is_too_old_or_too_far_back_and_no_younger_task_goes(
    creates: list[tuple[int, int]], number: int
) -> None:
    """At most a hundredth of its time later, once another is created."""
    age, now, made = 1000, 0, [0]
    retention = Retention(number, age, lambda: now)
    for passes, times in creates:
        now += passes
        for _ in range(times):
            made.append(now)
            last = len(made) - 1
            gone = retention.gone(last)
            assert all(now - made[one] >= age or (number and one <= last - number) for one in range(1, gone + 1))
            kept = range(max(gone, 0) + 1, last)
            assert all(now - made[one] <= age * 1.01 and (not number or one > last - number) for one in kept)
