"""What every store promises, and how one is opened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mockserver.core.clock import Clock
from mockserver.core.errors import NotFound, Refusal
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.faults import read_fault
from mockserver.faults.kinds import ASPECTS
from mockserver.faults.matching import Facts
from mockserver.stores.memory import MemoryStore
from mockserver.stores.opening import open_store
from mockserver.stores.store import Again, Store
from support.stores import ANNA, LOGIN, SHARED, TASK, create

# One store against a plain model of it.

AWKWARD = "o'hara\0Борис@example.com"
LOGINS = (LOGIN, AWKWARD, "server")
ACCOUNTS = (
    replace(ANNA, daily_limit=9),
    replace(ANNA, daily_limit=2**63 - 1, demo=True, delay="2s", seed=-(10**30), day=1, used=4, creates=2),
    replace(ANNA, daily_limit=0, token="", paid_until="", delay="never", seed=0, day=-1),
)
TASKS = (
    TASK,
    replace(TASK, id=7, ready=None, demo=True, failure=(None, None)),
    replace(TASK, ready=5, phone="", ip="\0'", cost=1, seed=0, failure=(0, "")),
    replace(TASK, ready=20, created=-5, failure=(999, 'нет,\n"да"')),
    replace(TASK, ready=None, polls=2, stub='{"id": "s1", "names": ["Вася"]}'),
)
logins = st.sampled_from(LOGINS)
accounts = st.builds(replace, st.sampled_from(ACCOUNTS), login=logins)
tasks = st.builds(replace, st.sampled_from(TASKS), login=logins)
clocks = st.sampled_from([None, Clock(), Clock(base=10**16, since=5, speed=0), Clock(since=-1, speed=0.1)])
creates = st.tuples(st.just("create_task"), tasks, st.sampled_from([1, 2]))
puts = st.one_of(
    st.tuples(st.just("put_account"), accounts),
    st.tuples(st.just("put_clock"), st.none() | logins, clocks),
)
polls = st.tuples(st.just("count_poll"), st.integers(1, 4), st.sampled_from([5, 30]))
readies = st.tuples(
    st.just("put_ready"),
    st.builds(
        replace, st.just(TASK), id=st.integers(1, 4), ready=st.sampled_from([None, 5, 30]), polls=st.none() | st.just(1)
    ),
)
resets = st.tuples(st.just("reset"), st.sampled_from([LOGIN, AWKWARD, LOGIN, "server", None]))
steps = st.sampled_from([creates, puts, creates, polls, resets, creates, readies, puts, creates, polls]).flatmap(
    lambda kind: kind
)


class Model:
    """The rules of a store, as plainly as they can be said. Its ids are those that the store gave."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.tasks: dict[int, Task] = {}
        self.clocks: dict[str | None, Clock] = {}

    def copy(self) -> Model:
        twin = Model()
        twin.accounts, twin.tasks, twin.clocks = dict(self.accounts), dict(self.tasks), dict(self.clocks)
        return twin

    def put_account(self, account: Account) -> None:
        self.accounts[account.login] = account

    def create_task(self, task: Task, day: int) -> Task | LimitReached | type[Again]:
        account = self.accounts.get(task.login)
        if account is None:
            return Again
        used = account.used if account.day == day else 0
        if used >= account.daily_limit:
            return LimitReached(used, account.daily_limit)
        self.accounts[task.login] = replace(account, day=day, used=used + task.cost, creates=account.creates + 1)
        return task

    def count_poll(self, task_id: int, now: int) -> Task | None:
        task = self.tasks.get(task_id)
        if task is not None and task.polls:
            last = task.polls == 1
            self.put_ready(replace(task, polls=task.polls - 1, ready=max(now, task.created) if last else None))
        return task

    def put_ready(self, task: Task) -> None:
        if task.id in self.tasks:
            self.tasks[task.id] = replace(self.tasks[task.id], ready=task.ready, polls=task.polls)

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        self.clocks.pop(login, None)
        if clock is not None:
            self.clocks[login] = clock

    def reset(self, login: str | None) -> None:
        def of(one: str | None) -> bool:
            return login is None or one == login

        self.tasks = {i: task for i, task in self.tasks.items() if not of(task.login)}
        self.clocks = {one: clock for one, clock in self.clocks.items() if not of(one)}
        self.accounts = {
            one: replace(account, used=0, creates=0) if of(one) else account for one, account in self.accounts.items()
        }

    def next_ready(self, now: int, login: str | None) -> int | None:
        following = {one for one in self.accounts if one not in self.clocks} if login is None else {login}
        own = [task for task in self.tasks.values() if task.login in following and task.polls is None]
        return min((task.ready for task in own if task.ready is not None and task.ready > now), default=None)


class Abort(Exception):
    pass


class Machine(RuleBasedStateMachine):
    """Drives a store and the model with the same steps and compares all that can be seen."""

    def __init__(self, opener: Callable[[], Store]) -> None:
        super().__init__()
        self.opener = opener
        self.store = opener()
        self.model = Model()
        self.given: set[int] = set()
        for login in LOGINS[:2]:
            self.step("put_account", replace(ANNA, login=login, daily_limit=20))

    def teardown(self) -> None:
        self.store.close()

    def step(self, name: str, *args: Any) -> None:
        expected = getattr(self.model, name)(*args)
        if expected is Again:
            with pytest.raises(Again):
                getattr(self.store, name)(*args)
            return
        found = getattr(self.store, name)(*args)
        if name == "create_task" and isinstance(expected, Task):
            assert found.id not in self.given
            self.given.add(found.id)
            self.model.tasks[found.id] = expected = replace(expected, id=found.id)
        assert found == expected
        self.same()

    @rule(step=steps)
    def alone(self, step: tuple[Any, ...]) -> None:
        self.step(*step)

    @rule(before=st.lists(steps, max_size=3), inside=st.lists(steps, max_size=3), after=st.lists(steps, max_size=3))
    def kept(self, before: list[Any], inside: list[Any], after: list[Any]) -> None:
        with self.store.transaction():
            for step in before:
                self.step(*step)
            with suppress(Abort), self.store.transaction():
                for step in inside:
                    self.step(*step)
                raise Abort  # the outermost counts
            for step in after:
                self.step(*step)

    @rule(before=st.lists(steps, max_size=3), inside=st.lists(steps, max_size=3), after=st.lists(steps, max_size=3))
    def undone(self, before: list[Any], inside: list[Any], after: list[Any]) -> None:
        model, given = self.model.copy(), set(self.given)
        with suppress(Abort), self.store.transaction(write=True):
            for step in before:
                self.step(*step)
            with self.store.transaction():
                for step in inside:
                    self.step(*step)
            for step in after:
                self.step(*step)
            raise Abort
        # An id that was never returned may be used again.
        self.model, self.given = model, given

    @invariant()
    def same(self) -> None:
        store, model = self.store, self.model
        everyone = list(model.accounts.values())
        assert list(store.accounts()) == everyone
        for offset, limit in ((0, 1), (1, 1), (1, 5), (9, 1), (0, 0)):
            assert list(store.accounts(offset, limit)) == everyone[offset : offset + limit]
        assert store.account_number() >= len(everyone)
        for login in LOGINS:
            assert store.account(login) == model.accounts.get(login)
            assert store.clock(login) == model.clocks.get(login)
        assert store.clock(None) == model.clocks.get(None)
        for task_id in {0, *self.given, max(self.given, default=0) + 1}:
            assert store.read_task(task_id) == model.tasks.get(task_id)
        for login in (None, *LOGINS):
            own = [replace(task, stub=None) for _, task in sorted(model.tasks.items()) if login in (None, task.login)]
            assert list(store.tasks(login)) == own
            assert list(store.tasks(login, 1, 2)) == own[1:3]
            assert list(store.tasks(login, newest_first=True)) == own[::-1]
            assert list(store.tasks(login, 1, 2, newest_first=True)) == own[::-1][1:3]
        for now in (-1, 5, 20):
            for login in (None, *LOGINS):
                assert store.next_ready(now, login) == model.next_ready(now, login)


class SharedMachine(Machine):
    """Each step is made by one of two users of the store, and the other sees it."""

    def __init__(self, opener: Callable[[], Store]) -> None:
        self.other = opener()
        super().__init__(opener)

    def teardown(self) -> None:
        self.other.close()
        super().teardown()

    @rule()
    def other_user(self) -> None:
        self.store, self.other = self.other, self.store

    @rule()
    def reopened(self) -> None:
        self.store.close()
        self.store = self.opener()


FEW = settings(
    max_examples=50,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # to explain would take minutes
)


def test_the_memory_store_follows_the_rules() -> None:
    run_state_machine_as_test(lambda: Machine(MemoryStore), settings=FEW)  # type: ignore[arg-type]  # any maker will do


@SHARED
def test_a_shared_store_follows_the_rules_also_when_it_is_reopened(empty_state: Callable[[], str]) -> None:
    def fresh() -> SharedMachine:
        state = empty_state()
        return SharedMachine(lambda: open_store(state))

    run_state_machine_as_test(fresh, settings=settings(FEW, max_examples=20))  # type: ignore[arg-type]  # any maker will do


def test_the_last_charge_may_pass_the_limit_and_the_next_create_is_refused(store: Store) -> None:
    store.put_account(replace(ANNA, daily_limit=4))
    create(store)
    create(store)

    assert store.create_task(TASK, 1) == LimitReached(used=6, of=4)
    assert isinstance(store.create_task(TASK, 2), Task)


def test_ids_are_not_reused_after_a_reset(store: Store) -> None:
    before = {create(store) for _ in range(3)}
    store.reset(None)
    after = {create(store)}
    store.reset(LOGIN)

    assert not before & (after | {create(store)})


@pytest.mark.parametrize("kind", ["memory", "sqlite"], indirect=True)
def test_an_undone_create_leaves_no_gap_in_the_ids(store: Store) -> None:
    first = create(store)
    with suppress(Abort), store.transaction():
        create(store)
        raise Abort

    assert create(store) == first + 1


def test_a_value_that_no_store_can_hold_is_not_found(store: Store) -> None:
    assert store.read_task(10**30) is None
    assert store.read_task(-(10**30)) is None
    assert store.account("\ud800@example.com") is None
    assert store.clock("\ud800@example.com") is None


def test_threads_may_use_a_store_in_turn(store: Store) -> None:
    ids: list[int] = []
    thread = Thread(target=lambda: ids.append(create(store)))
    thread.start()
    thread.join()

    assert store.read_task(ids[0]) == replace(TASK, id=ids[0])


# What changes while a mock runs.

FACTS = Facts("info", "GET", LOGIN, None, None, "json")


def test_a_fault_is_armed_struck_and_disarmed(store: Store) -> None:
    faults = store.faults
    first, second = (faults.arm(read_fault({"action": {"kind": "error"}, "times": 2})) for _ in range(2))
    struck = faults.strike(FACTS, 0, ASPECTS)

    assert struck == [replace(first, seen=1, struck=1).strike]
    assert faults.listed() == (replace(first, seen=1, struck=1), replace(second, seen=1))
    assert faults.strike(FACTS, 0, ["task"]) == []

    faults.disarm(first.id)
    assert [one.id for one in faults.listed()] == [second.id]
    with pytest.raises(NotFound, match=f"'f1' is not an armed fault; armed: {second.id}"):
        faults.disarm("f1")
    faults.clear(None)
    assert faults.arm(first.fault).id == "f3"


def test_calls_are_counted_in_windows(store: Store) -> None:
    left = [store.count_call(LOGIN, now, 2, 10) for now in (0, 5, 9, 10, 11, 12, 3)]

    assert left == [0, 0, 1, 0, 0, 8, 0]
    assert store.count_call("other", 12, 1, 10) == 0


def test_samples_are_numbered_for_each_login_and_purpose(store: Store) -> None:
    numbers = [store.next_sample(login, what) for login, what in [(LOGIN, "a"), (LOGIN, "a"), (LOGIN, "b"), ("", "a")]]

    assert numbers == [1, 2, 1, 1]


@pytest.mark.parametrize(("login", "left"), [(LOGIN, 2), (None, 1)])
def test_a_reset_drops_faults_and_counts(store: Store, login: str | None, left: int) -> None:
    store.faults.arm(read_fault({"match": {"login": LOGIN}, "action": {"kind": "error"}}))
    other = store.faults.arm(read_fault({"match": {"login": "other"}, "action": {"kind": "error"}}))
    for name in (LOGIN, "other"):
        store.count_call(name, 0, 1, 10)
        store.next_sample(name, "a")
    store.reset(login)

    assert store.faults.listed() == ((other,) if login else ())
    assert store.count_call(LOGIN, 0, 1, 10) == 0
    samples = store.next_sample
    assert (samples(LOGIN, "a"), samples("other", "a")) == (1, left)


# open_store.


@pytest.mark.parametrize(
    "address",
    [
        "postgres://:hidden@localhost/x",
        "redis://:hidden@",
        "redis://:hidden@localhost:port",
        "redis://:hidden@localhost/0/1",
        "redis://:hidden@localhost?db=1",
        "redis://:hidden@localhost?name=a b",
        "redis://localhost/0?password=hidden",
        "REDIS://:hidden@localhost",
        "redis:///hidden",
    ],
)
def test_an_address_is_refused_without_repeating_its_password(address: str) -> None:
    with pytest.raises(Refusal, match=r"state: \w+://.*allowed: memory, .* or the address of a Redis") as caught:
        open_store(address)

    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("state", ["", "memroy", "Memory", "state", ":memory:"])
def test_any_other_word_is_refused_with_what_is_allowed(state: str) -> None:
    with pytest.raises(Refusal, match=r"allowed: memory, or a file ending in \.db, or the address of a Redis"):
        open_store(state)


def test_a_misspelling_is_answered_with_a_suggestion() -> None:
    with pytest.raises(Refusal, match="did you mean 'memory'"):
        open_store("memroy")


@pytest.mark.parametrize("name", ["a.db", "a.sqlite", "a.sqlite3", "memory.db", "имя с пробелом?mode=ro.db"])
def test_a_path_opens_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store(name).close()

    assert [path.name for path in tmp_path.iterdir()] == [Path(name).name]


def test_the_memory_store_loads_no_other() -> None:
    program = """import sys, mockserver.stores.opening as s
s.open_store("memory")
print(sys.modules.keys() & {"sqlite3", "redis"})"""

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
