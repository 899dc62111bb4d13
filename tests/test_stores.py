"""What every store promises, and what the SQLite file promises beyond it."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mockserver.core.clock import Clock
from mockserver.core.errors import Refusal, StoreError
from mockserver.core.tasks import Account, LimitReached, Store, Task
from mockserver.stores import open_store
from mockserver.stores.memory import MemoryStore
from mockserver.stores.sqlite import APPLICATION_ID, SqliteStore

LOGIN = "anna@example.com"
ANNA = Account(LOGIN, "demo-token", daily_limit=100, paid_until="2030-01-01")
TASK = Task(0, LOGIN, "70000000001", source=2, ip="127.0.0.1", created=10, ready=20, cost=3, seed=2**64 - 1)

# One store against a plain model of it.

AWKWARD = "o'hara\0Борис@example.com"
LOGINS = (LOGIN, AWKWARD, "server")
ACCOUNTS = (
    replace(ANNA, daily_limit=9),
    replace(ANNA, daily_limit=2**63 - 1, demo=True, delay="2s", seed=-(10**30), day=1, used=4, creates=2),
    replace(ANNA, daily_limit=0, token="", paid_until="", delay="", seed=0, day=-1),
)
TASKS = (
    TASK,
    replace(TASK, id=7, ready=None, demo=True, failure=(None, None)),
    replace(TASK, ready=5, phone="", ip="\0'", cost=1, seed=0, failure=(0, "")),
    replace(TASK, ready=20, created=-5, failure=(999, 'нет,\n"да"')),
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
resets = st.tuples(st.just("reset"), st.sampled_from([LOGIN, AWKWARD, LOGIN, "server", None]))
steps = st.sampled_from([creates, puts, creates, resets, creates, puts, creates]).flatmap(lambda kind: kind)


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

    def create_task(self, task: Task, day: int) -> Task | LimitReached | type[KeyError]:
        account = self.accounts.get(task.login)
        if account is None:
            return KeyError
        used = account.used if account.day == day else 0
        if used >= account.daily_limit:
            return LimitReached(used, account.daily_limit)
        self.accounts[task.login] = replace(account, day=day, used=used + task.cost, creates=account.creates + 1)
        return task

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

    def next_ready(self, now: int, logins: Sequence[str]) -> int | None:
        ready = [task.ready for task in self.tasks.values() if task.login in logins and task.ready is not None]
        return min((time for time in ready if time > now), default=None)


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
        if expected is KeyError:
            with pytest.raises(KeyError):
                getattr(self.store, name)(*args)
            return
        found = getattr(self.store, name)(*args)
        if isinstance(expected, Task):
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
        with suppress(Abort), self.store.transaction():
            for step in before:
                self.step(*step)
            with self.store.transaction():
                for step in inside:
                    self.step(*step)
            for step in after:
                self.step(*step)
            raise Abort
        # An id that nobody was told may be given again.
        self.model, self.given = model, given

    @invariant()
    def same(self) -> None:
        store, model = self.store, self.model
        assert list(store.accounts()) == list(model.accounts.values())
        for login in LOGINS:
            assert store.account(login) == model.accounts.get(login)
            assert store.clock(login) == model.clocks.get(login)
        assert store.clock(None) == model.clocks.get(None)
        for task_id in {0, *self.given, max(self.given, default=0) + 1}:
            assert store.read_task(task_id) == model.tasks.get(task_id)
        for now in (-1, 5, 20):
            for some in ((), LOGINS[:1], LOGINS[1:], LOGINS):
                assert store.next_ready(now, some) == model.next_ready(now, some)


class FileMachine(Machine):
    @rule()
    def reopened(self) -> None:
        self.store.close()
        self.store = self.opener()


FEW = settings(
    max_examples=80,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # to explain would take minutes
)


def test_the_memory_store_follows_the_rules() -> None:
    run_state_machine_as_test(lambda: Machine(MemoryStore), settings=FEW)  # type: ignore[arg-type]  # any maker will do


def test_the_sqlite_store_follows_the_rules_also_when_it_is_reopened(tmp_path: Path) -> None:
    numbers = count()

    def fresh() -> FileMachine:
        path = tmp_path / f"{next(numbers)}.db"
        return FileMachine(lambda: SqliteStore(path))

    run_state_machine_as_test(fresh, settings=FEW)  # type: ignore[arg-type]  # any maker will do


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(open_store("memory" if request.param == "memory" else str(tmp_path / "state.db"))) as opened:
        opened.put_account(ANNA)
        yield opened


def used(store: Store) -> int:
    account = store.account(LOGIN)
    assert account is not None
    return account.used


def create(store: Store) -> int:
    made = store.create_task(TASK, 1)
    assert isinstance(made, Task)
    return made.id


def test_the_last_charge_may_pass_the_limit_and_the_next_create_is_refused(store: Store) -> None:
    store.put_account(replace(ANNA, daily_limit=4))
    create(store)
    create(store)

    assert store.create_task(TASK, 1) == LimitReached(used=6, of=4)
    assert isinstance(store.create_task(TASK, 2), Task)


def test_ids_are_never_given_again_after_a_reset(store: Store) -> None:
    before = {create(store) for _ in range(3)}
    store.reset(None)
    after = {create(store)}
    store.reset(LOGIN)

    assert not before & (after | {create(store)})


def test_an_undone_create_leaves_no_gap_in_the_ids(store: Store) -> None:
    first = create(store)
    with suppress(Abort), store.transaction():
        create(store)
        raise Abort

    assert create(store) == first + 1


def test_what_no_store_can_hold_is_not_there(store: Store) -> None:
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


# open_store.


@pytest.mark.parametrize("state", ["redis://:hidden@localhost:1/0", "postgres://:hidden@localhost/x"])
def test_an_address_is_refused_without_repeating_its_password(state: str) -> None:
    with pytest.raises(
        Refusal, match=r"state: (redis|postgres)://.*allowed: memory, or a file ending in \.db"
    ) as caught:
        open_store(state)

    assert "hidden" not in str(caught.value)


def test_redis_is_refused_by_name() -> None:
    with pytest.raises(Refusal, match="redis:// is not available in this version"):
        open_store("redis://localhost")


@pytest.mark.parametrize("state", ["", "memroy", "Memory", "state", ":memory:"])
def test_any_other_word_is_refused_with_what_is_allowed(state: str) -> None:
    with pytest.raises(Refusal, match=r"allowed: memory, or a file ending in \.db"):
        open_store(state)


def test_a_misspelling_is_answered_with_a_suggestion() -> None:
    with pytest.raises(Refusal, match="did you mean 'memory'"):
        open_store("memroy")


@pytest.mark.parametrize("name", ["a.db", "a.sqlite", "a.sqlite3", "memory.db", "имя с пробелом?mode=ro.db"])
def test_a_path_opens_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store(name).close()

    assert [path.name for path in tmp_path.iterdir()] == [Path(name).name]


def test_the_memory_store_does_not_load_sqlite() -> None:
    program = "import sys, mockserver.stores as s; s.open_store('memory'); sys.exit('sqlite3' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# The SQLite file: what may not be opened.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")


def foreign_database_with_a_log(path: Path) -> None:
    """As a crash of the other application leaves it: rows in the log alone."""
    with closing(sqlite3.connect(path.with_name("live.db"), isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE theirs (x)")
        for end in ("", "-wal"):
            path.with_name(path.name + end).write_bytes(path.with_name("live.db" + end).read_bytes())


def newer_version(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("login;token\n" * 50), "was not made by ifind-mock"),
        (lambda path: path.write_bytes(b"\0"), "was not made by ifind-mock"),
        (foreign_database, "was not made by ifind-mock"),
        (foreign_database_with_a_log, "was not made by ifind-mock"),
        (newer_version, "has format 2, this ifind-mock reads format 1"),
    ],
)
def test_another_applications_file_is_refused_and_left_as_it_is(
    make: Callable[[Path], object], message: str, path: Path
) -> None:
    make(path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(StoreError, match=rf"state\.db: {message}"):
        SqliteStore(path)

    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_missing_directory_is_told_and_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no directory .*absent; make it"):
        SqliteStore(path.parent / "absent" / "state.db")

    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("name", ["", "folder.db", "/dev/null", "a\0b.db", "x" * 300 + ".db"])
def test_what_is_no_file_is_refused(name: str, path: Path) -> None:
    (path.parent / "folder.db").mkdir()
    with pytest.raises(StoreError):
        SqliteStore(path.parent / name)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write to anything, so the file's rights are tried as another user."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_not_be_written_is_refused() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "state.db"
        SqliteStore(path).close()
        path.chmod(0o444)
        path.parent.chmod(0o755)

        with without_privileges(), pytest.raises(StoreError, match=r"state\.db: may not be read and written"):
            SqliteStore(path)


@pytest.mark.parametrize(("start", "end"), [(100, 4096), (4096, None)])
def test_a_corrupt_file_is_told_as_such(start: int, end: int | None, path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put_account(ANNA)
    whole = path.read_bytes()
    tail = whole[end:] if end else b""
    path.write_bytes(whole[:start] + b"\xff" * (len(whole) - start - len(tail)) + tail)

    with pytest.raises(StoreError, match=r"state\.db: .*(malformed|corrupt).*; put a sound copy in its place"):
        SqliteStore(path)


def test_a_file_that_was_cut_short_is_told_as_such(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put_account(ANNA)
    os.truncate(path, 4096)

    with pytest.raises(StoreError, match=r"state\.db: .*malformed"):
        SqliteStore(path)


def test_an_empty_file_is_taken(path: Path) -> None:
    path.touch()
    with closing(SqliteStore(path)) as store:
        assert not store.accounts()


def test_a_creation_that_was_cut_short_is_made_good(path: Path) -> None:
    """The file as a process leaves it that dies in its first commit: its pages written, the journal that takes them
    back still there.
    """
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as half:
        half.execute("PRAGMA cache_size = 1")
        half.execute("BEGIN IMMEDIATE")
        half.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        half.execute("PRAGMA user_version = 1")
        half.execute("CREATE TABLE half (x)")
        half.execute("INSERT INTO half VALUES (zeroblob(100000))")
        copy.with_name("copy.db-journal").write_bytes(path.with_name("state.db-journal").read_bytes())
        half.execute("COMMIT")
        copy.write_bytes(path.read_bytes())

    with closing(SqliteStore(copy)) as store:
        assert not store.accounts()


# The SQLite file: what fails while it is used.


@pytest.fixture
def file_store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, patience=0.0)) as opened:
        opened.put_account(ANNA)
        yield opened


@contextmanager
def no_room_to_grow(file: Path) -> Iterator[None]:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def test_a_commit_that_fails_keeps_nothing_and_leaves_the_store_usable(file_store: SqliteStore, path: Path) -> None:
    ids: list[int] = []

    def three() -> None:
        with no_room_to_grow(path.with_name("state.db-wal")), file_store.transaction():
            ids.extend(create(file_store) for _ in range(3))

    with pytest.raises(StoreError, match=r"state\.db: "):
        three()

    assert len(ids) == 3
    assert used(file_store) == 0
    assert file_store.read_task(ids[0]) is None
    assert file_store.read_task(create(file_store)) is not None
    assert used(file_store) == 3


def allow(store: SqliteStore, *, more: int) -> None:
    ((pages,),) = store._connection.execute("PRAGMA page_count")
    store._connection.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_disk_undoes_the_whole_transaction_also_where_the_error_was_caught(file_store: SqliteStore) -> None:
    file_store.put_account(replace(ANNA, daily_limit=10**9))
    kept = create(file_store)
    errors: list[StoreError] = []
    allow(file_store, more=0)

    def many() -> None:
        with file_store.transaction():
            for _ in range(200):
                try:
                    create(file_store)
                except StoreError as error:
                    errors.append(error)
                    allow(file_store, more=1000)  # room that comes too late for this transaction
                    assert used(file_store) == 3

    with pytest.raises(StoreError, match=r"state\.db: .*full; make room"):
        many()

    assert 1 < len(errors) < 200
    assert used(file_store) == 3
    assert file_store.read_task(kept + 1) is None
    create(file_store)
    assert used(file_store) == 6


def test_a_locked_file_refuses_writes_and_lets_reads_through(file_store: SqliteStore, path: Path) -> None:
    with closing(SqliteStore(path)) as other, other.transaction(write=True):
        with pytest.raises(StoreError, match=r"state\.db: .*locked; another process"):
            file_store.create_task(TASK, 1)
        with file_store.transaction():
            assert file_store.account(LOGIN) == ANNA

    assert used(file_store) == 0
    create(file_store)
    assert used(file_store) == 3


def test_a_write_after_another_process_has_written_takes_its_charge_into_account(
    file_store: SqliteStore, path: Path
) -> None:
    with closing(SqliteStore(path)) as other, file_store.transaction():
        assert used(file_store) == 0
        first = create(other)
        second = create(file_store)

        assert first != second
        assert used(file_store) == 6


def test_what_was_read_under_write_can_not_be_changed_by_another(file_store: SqliteStore, path: Path) -> None:
    with closing(SqliteStore(path, patience=0.0)) as other, other.transaction(write=True):
        assert other.account(LOGIN) == ANNA
        with pytest.raises(StoreError, match="locked"):
            create(file_store)


def test_a_value_that_can_not_be_stored_is_refused_and_spoils_nothing_else(file_store: SqliteStore) -> None:
    with file_store.transaction():
        made = create(file_store)
        for bad in (replace(TASK, ip="\ud800"), replace(TASK, cost=2**63), replace(TASK, ready=2**63)):
            with pytest.raises(StoreError, match="numbers of 64 bits and Unicode text alone"):
                file_store.create_task(bad, 1)
        with pytest.raises(StoreError, match="64 bits"):
            file_store.put_account(replace(ANNA, daily_limit=2**63))

    assert file_store.read_task(made) == replace(TASK, id=made)
    assert used(file_store) == 3


def test_a_refused_message_names_no_credential(file_store: SqliteStore) -> None:
    with pytest.raises(StoreError) as caught:
        file_store.put_account(replace(ANNA, token="hidden\ud800"))

    assert "hidden" not in str(caught.value)


# The SQLite file: several processes, and the death of one.


def test_a_second_store_of_the_process_leaves_the_locks_of_the_first_alone(file_store: SqliteStore, path: Path) -> None:
    """POSIX drops all locks of a process on a file when the process closes any handle of it, so opening a store may
    not look into the file on its own.
    """
    SqliteStore(path).close()
    program = (
        "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode = DELETE'))"
    )
    other = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)

    assert "database is locked" in other.stderr, other.stdout
    create(file_store)


PROGRAM = """
    import sys
    from pathlib import Path
    from mockserver.core.tasks import LimitReached, Task
    from mockserver.stores.sqlite import SqliteStore
    path, login, group = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    print("up", flush=True)
    sys.stdin.readline()
    store = SqliteStore(path)
    while True:
        with store.transaction():
            made = [store.create_task(Task(0, login, "70000000001", 2, "::1", 1, 2, 3, 4), 1) for _ in range(group)]
        if any(isinstance(one, LimitReached) for one in made):
            break
        print(*[one.id for one in made], flush=True)
    store.close()
"""


@contextmanager
def creating(path: Path, *, group: int) -> Iterator[subprocess.Popen[str]]:
    """A process that creates tasks of 3 units, `group` in a transaction, from a line on its input until it is refused.
    It prints the ids of each transaction once that has returned.
    """
    arguments = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(path), LOGIN, str(group)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_kill_9_loses_nothing_that_was_acknowledged(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put_account(replace(ANNA, daily_limit=10**9))
    with creating(path, group=3) as process:
        begin(process)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(100)]
        process.kill()
        lines += [line for line in process.stdout if line.endswith("\n")]
    told = [int(word) for line in lines for word in line.split()]

    with closing(SqliteStore(path)) as store:
        stored = [i for i in range(1, max(told) + 10) if store.read_task(i)]
        assert set(told) <= set(stored)
        assert len(stored) % 3 == 0
        assert used(store) == 3 * len(stored)
        assert create(store) not in stored


def test_two_processes_share_a_file_without_a_double_id_or_a_unit_too_many(path: Path) -> None:
    limit = 1000
    with closing(SqliteStore(path)) as store:
        store.put_account(replace(ANNA, daily_limit=limit))
        with creating(path, group=1) as one, creating(path, group=1) as two:
            begin(one)
            begin(two)
            told = [[int(line) for line in process.stdout or ()] for process in (one, two)]
            assert one.wait() == two.wait() == 0

        ids = told[0] + told[1]
        assert len(set(ids)) == len(ids)
        assert all(store.read_task(i) for i in ids)
        assert used(store) == 3 * len(ids)
        assert limit <= used(store) < limit + 3


def test_processes_that_make_the_file_at_once_all_get_it(path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from mockserver.stores.sqlite import SqliteStore
        print("up", flush=True)
        sys.stdin.readline()
        for name in sys.argv[1:]:
            SqliteStore(Path(name)).close()
    """
    names = [str(path.with_name(f"{number}.db")) for number in range(10)]
    arguments = [sys.executable, "-c", textwrap.dedent(program), *names]
    processes = [
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        begin(process)

    assert [process.communicate()[1] for process in processes] == ["", "", ""]
