"""The store in an SQLite file, which outlives its process.

Several processes may share a file, where their settings have the same accounts: accounts, tasks, clocks and counts are
read anew for each call, ids and charges are taken inside BEGIN IMMEDIATE, and one process waits for another's commit.
Another process may change what a transaction reads before its first write: a transaction that writes back what it has
read is opened with `write=True`.

Faults, scenarios, stubs, values, counts and the journal end with the last process that uses the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mockserver.core.clock import FASTEST, LATEST, Clock
from mockserver.core.delays import LONGEST, parse_delay
from mockserver.core.errors import StoreError
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.records import Change
from mockserver.profile.editions import EDITIONS
from mockserver.stores.call_log import remove_log
from mockserver.stores.journal import Entry
from mockserver.stores.log_journal import LogJournal
from mockserver.stores.retention import FEW
from mockserver.stores.shared_store import TOMBSTONES, Changes, SharedStore
from mockserver.stores.sqlite_file import PATIENCE, Row, SqliteFile
from mockserver.stores.state_run import WHOLE, Run
from mockserver.stores.store import Again, Made

_FARTHEST = LATEST + LONGEST  # when a task may be ready; no time is farther from 1970

_ACCOUNTS = "SELECT * FROM accounts ORDER BY place LIMIT ? OFFSET ?"
_CONFIGURED = "SELECT * FROM accounts WHERE configured <> '' ORDER BY place"
_ACCOUNT_NUMBER = "SELECT coalesce(max(place), 0) FROM accounts"
READ_ACCOUNT = "SELECT * FROM accounts WHERE login = ?"
_PUT_ACCOUNT = """INSERT INTO accounts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (login) DO UPDATE
    SET (token, daily_limit, paid_until, demo, delay, seed, day, used, creates, configured) = (excluded.token,
        excluded.daily_limit, excluded.paid_until, excluded.demo, excluded.delay, excluded.seed, excluded.day,
        excluded.used, excluded.creates, excluded.configured)"""

READ_TASK = "SELECT * FROM tasks WHERE id = ?"
_ADD = """INSERT INTO tasks SELECT NULL, login, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM accounts
    WHERE login = ? AND CASE day WHEN ? THEN used ELSE 0 END < daily_limit"""
# Takes only values that _ADD has taken before: a value that can't be stored is found before anything changes.
_CHARGE = """UPDATE accounts SET used = CASE day WHEN ? THEN used ELSE 0 END + ?, day = ?, creates = creates + 1
    WHERE login = ?"""
_FORGET = "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE id <= ? ORDER BY id LIMIT ?)"
_SEQUENCE = """INSERT INTO sqlite_sequence SELECT 'tasks', ?
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'tasks')"""
# Only the ids are sorted, which the index holds; and a stub may have a MiB.
_LISTED = """SELECT id, login, phone, source, ip, created, ready, cost, seed, demo, edition, fails, failure_code,
    failure_message, polls, NULL FROM tasks"""
_ORDERS = {False: "ORDER BY id", True: "ORDER BY id DESC"}
"""Likewise the lists below: by whether the newest come first."""
_OF = "WHERE id IN (SELECT id FROM tasks WHERE login = ?"
_TASKS = {newest: f"{_LISTED} {order} LIMIT ? OFFSET ?" for newest, order in _ORDERS.items()}
_TASKS_OF = {newest: f"{_LISTED} {_OF} {order} LIMIT ? OFFSET ?) {order}" for newest, order in _ORDERS.items()}
_PUT_READY = "UPDATE tasks SET ready = ?, polls = ? WHERE id = ?"
_NEXT_READY = "SELECT min(ready) FROM tasks WHERE login = ? AND ready > ? AND polls IS NULL"
_NEXT_READY_OF_ALL = """SELECT min(
        (SELECT min(ready) FROM tasks WHERE tasks.login = accounts.login AND ready > ? AND polls IS NULL))
    FROM accounts WHERE NOT EXISTS (SELECT 1 FROM clocks WHERE owner = 'login:' || accounts.login)"""
_UNCHARGE = "UPDATE accounts SET used = 0, creates = 0 WHERE used <> 0 OR creates <> 0"

READ_CLOCK = "SELECT base, since, speed FROM clocks WHERE owner = ?"
_PUT_CLOCK = "INSERT OR REPLACE INTO clocks VALUES (?, ?, ?, ?)"
_RECORDS = "SELECT kind, key, value, number FROM records WHERE number > ? ORDER BY place"
_PUT_RECORD = """INSERT INTO records VALUES (NULL, ?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE
    SET (value, number) = (excluded.value, excluded.number)"""
_NEXT_SAMPLE = "INSERT INTO samples VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1"
_RESET_ALL = ("DELETE FROM tasks", _UNCHARGE, "DELETE FROM clocks", "DELETE FROM windows", "DELETE FROM samples")
_RESET = (
    "DELETE FROM tasks WHERE login = ?",
    "UPDATE accounts SET used = 0, creates = 0 WHERE login = ?",
    "DELETE FROM windows WHERE login = ?",
    "DELETE FROM samples WHERE login = ?",
)


class SqliteStore(SharedStore):
    """A store in a file. Calls may come from several threads, one at a time. See SqliteFile for what becomes of a file
    in trouble.
    """

    is_read_beside = True

    def __init__(self, path: Path, *, patience: float = PATIENCE, run: Run = WHOLE) -> None:
        """Opens or makes the file; one of an earlier version is upgraded. Raises StoreError; a file of another program
        or a later version stays as it was. patience: seconds to wait for another process.
        """
        self.file = SqliteFile(path, patience, remove_log, run)
        self.journal: LogJournal
        super().__init__(LogJournal(self.file))
        self.file.begun, self.file.replaced = self._catch_up, self._replaced
        self.name = self.file.name
        self.trouble = self.file.trouble
        self.journal.add_held = self._add_held
        self._last = 0  # the highest id that was given out here

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:
        """What happens inside is kept together or not at all. The file is locked for writing from the first write on,
        with write=True from the start, so that what is read inside stays true.

        Raises StoreError where it could not be kept, at the end of the outermost block; and where it was, but for the
        clearing of the journal.
        """
        if self.file.depth:
            with self.file.transaction(write=write):
                yield
            return
        try:
            with self._in_step(), self.file.transaction(write=write):
                yield
        except BaseException:
            self.journal.give_up()
            raise
        self.journal.settle()

    def lock(self) -> None:
        self.file.lock()

    def settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        return self.file.settle(settled, change)

    def _replaced(self) -> None:
        # The file may be an older copy: an id that was given out is not given again.
        self.file.run("DELETE FROM sqlite_sequence WHERE name = 'tasks' AND seq < ?", (self._last,))
        self.file.run(_SEQUENCE, (self._last,))
        self._known = self._told = None

    def account(self, login: str) -> Account | None:
        rows = self.file.rows(READ_ACCOUNT, (login,))
        return self.file.made(account_of, rows[0]) if rows else None

    def accounts(self, offset: int = 0, limit: int | None = None) -> Sequence[Account]:
        rows = self.file.rows(_ACCOUNTS, (-1 if limit is None else limit, offset))
        return [self.file.made(account_of, row) for row in rows]

    def configured(self) -> Sequence[Account]:
        return [self.file.made(account_of, row) for row in self.file.rows(_CONFIGURED)]

    def account_number(self) -> int:
        ((number,),) = self.file.rows(_ACCOUNT_NUMBER)
        return int(number)

    def put_account(self, account: Account) -> None:
        seed = None if account.seed is None else str(account.seed)
        head = (account.login, account.token, account.daily_limit, account.paid_until, account.demo, account.delay)
        with self.transaction(write=True):
            self.file.run(_PUT_ACCOUNT, (*head, seed, account.day, account.used, account.creates, account.configured))
            self._changed()

    def drop_account(self, login: str) -> None:
        with self.transaction(write=True):
            self.file.run("DELETE FROM accounts WHERE login = ?", (login,))
            self._changed()

    def create_task(self, task: Task, day: int, after: int | None = None) -> Task | LimitReached:  # noqa: ARG002 - it is what was read
        with self.transaction(write=True):
            made = self.add_task(_columns(task), task.login, day, task.cost)
            if made is None:
                account = self.account(task.login)
                if account is None:
                    raise Again
                return LimitReached(account.used_on(day), account.daily_limit)
        return replace(task, id=made)

    def add_task(self, columns: Row, login: str, day: int, cost: int) -> int | None:
        """Charges and keeps a task in a transaction that writes; columns are those behind its login. Gives its id; None
        where the limit is reached, or there is no such account.
        """
        added = self.file.run(_ADD, (*columns, login, day))
        if not added.rowcount:
            return None
        self.file.run(_CHARGE, (day, cost, day, login))
        made = self._last = added.lastrowid or 0
        if self.retention is not None and (gone := self.retention.gone(made)) > 0:
            self.file.run(_FORGET, (gone, FEW))
        return made

    def read_task(self, task_id: int) -> Task | None:
        rows = self.file.rows(READ_TASK, (task_id,))
        return self.file.made(task_of, rows[0]) if rows else None

    def tasks(
        self, login: str | None, offset: int = 0, limit: int | None = None, *, newest_first: bool = False
    ) -> Sequence[Task]:
        part = (-1 if limit is None else limit, offset)
        statement, owner = (_TASKS, ()) if login is None else (_TASKS_OF, (login,))
        rows = self.file.rows(statement[newest_first], (*owner, *part))
        return [self.file.made(task_of, row) for row in rows]

    def put_ready(self, task: Task) -> None:
        with self.transaction(write=True):
            self.file.run(_PUT_READY, (task.ready, task.polls, task.id))
            self._changed()

    def next_ready(self, now: Micros, login: str | None) -> Micros | None:
        rows = (
            self.file.rows(_NEXT_READY_OF_ALL, (now,)) if login is None else self.file.rows(_NEXT_READY, (login, now))
        )
        ready: Micros | None = rows[0][0] if rows else None
        return ready

    def clock(self, login: str | None) -> Clock | None:
        rows = self.file.rows(READ_CLOCK, (owner_of(login),))
        return self.file.made(clock_of, rows[0]) if rows else None

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        with self.transaction(write=True):
            if clock is None:
                self.file.run("DELETE FROM clocks WHERE owner = ?", (owner_of(login),))
            else:
                self.file.run(_PUT_CLOCK, (owner_of(login), clock.base, clock.since, clock.speed))
            self._changed()

    def _changes(self, after: int | None) -> Changes | None:
        ((last, purged),) = self.file.rows("SELECT last, purged FROM changes")
        if last == after:
            return None
        whole = after is None or not purged <= after <= last
        rows = self.file.rows(_RECORDS, (-1 if whole else after,))
        return Changes(last, whole, [Change(*row) for row in rows])

    def _put_record(self, kind: str, key: str, value: str) -> int:
        # A record that is made anew after it was dropped has its place behind the others.
        self.file.run("DELETE FROM records WHERE kind = ? AND key = ? AND value IS NULL", (kind, key))
        return self._write_record(kind, key, value)

    def _drop_record(self, kind: str, key: str) -> int:
        return self._write_record(kind, key, None)

    def _write_record(self, kind: str, key: str, value: str | None) -> int:
        last = self._put_change()
        self.file.run(_PUT_RECORD, (kind, key, value, last))
        return last

    def _clear_records(self, kinds: Sequence[str]) -> int:
        for kind in kinds:
            self.file.run("DELETE FROM records WHERE kind = ?", (kind,))
        last = self._put_change()
        self.file.run("UPDATE changes SET purged = last")
        return last

    def _put_change(self) -> int:
        self.file.run("UPDATE changes SET last = last + 1")
        ((last,),) = self.file.rows("SELECT last FROM changes")
        if last % TOMBSTONES == 0:
            self.file.run("DELETE FROM records WHERE value IS NULL AND number <= ?", (last - TOMBSTONES,))
            self.file.run("UPDATE changes SET purged = max(purged, last - ?)", (TOMBSTONES,))
        return int(last)

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        with self.transaction(write=True):
            rows = self.file.rows("SELECT start, calls FROM windows WHERE login = ?", (login,))
            start, calls = rows[0] if rows else (now, 0)
            if not start <= now < start + period:
                start, calls = now, 0
            self.file.run("INSERT OR REPLACE INTO windows VALUES (?, ?, ?)", (login, start, calls + 1))
        left: Micros = start + period - now
        return 0 if calls < allowed else left

    def next_sample(self, login: str, what: str) -> int:
        with self.transaction(write=True):
            self.file.run(_NEXT_SAMPLE, (login, what))
            ((number,),) = self.file.rows("SELECT number FROM samples WHERE login = ? AND what = ?", (login, what))
        return int(number)

    def record(self, calls: Iterable[Made], entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        self._uncounted.update(calls)
        self._unwritten += entries
        self._add_held()

    def _add_held(self) -> None:
        try:
            self.journal.add_turn(self._uncounted, self._unwritten, lost_some=self._lost_some)
        except StoreError:
            self._hold()
        else:
            self._let_go()

    def calls(self) -> Mapping[Made, int]:
        return self.journal.calls()

    def reset(self, login: str | None) -> None:
        with self.transaction(write=True):
            if login is None:
                for statement in _RESET_ALL:
                    self.file.run(statement)
            else:
                for statement in _RESET:
                    self.file.run(statement, (login,))
                self.file.run("DELETE FROM clocks WHERE owner = ?", (owner_of(login),))
            super().reset(login)

    def close(self) -> None:
        self.journal.close()
        self.file.close()


def owner_of(login: str | None) -> str:
    """The key of what is the login's, with None the server's."""
    return "server" if login is None else f"login:{login}"


def _columns(task: Task) -> Row:
    head = (task.phone, task.source, task.ip, task.created, task.ready, task.cost, str(task.seed), task.demo)
    return (*head, task.edition, task.failure is not None, *(task.failure or (None, None)), task.polls, task.stub)


def task_of(row: Row) -> Task:
    """The task of a row. Raises what `SqliteFile.made` turns into a StoreError."""
    task_id, login, phone, source, ip, created, ready, cost, seed, demo, edition, fails, code, message, polls, stub = (
        row
    )
    failure = (code, message) if fails else None
    if str(source) not in EDITIONS[edition].sources or max(abs(created), abs(ready or 0)) > _FARTHEST:
        raise ValueError
    return Task(
        task_id, login, phone, source, ip, created, ready, cost, int(seed), bool(demo), edition, failure, polls, stub
    )


def account_of(row: Row) -> Account:
    """The account of a row, likewise."""
    _, login, token, limit, paid_until, demo, delay, seed, *counts = row
    if delay is not None:
        parse_delay(delay, "delay")
    return Account(login, token, limit, paid_until, bool(demo), delay, None if seed is None else int(seed), *counts)


def clock_of(row: Row) -> Clock:
    """The clock of a row, likewise."""
    base, since, speed = row
    if not (abs(base) <= _FARTHEST and 0 <= speed <= FASTEST):
        raise ValueError
    return Clock(base, since, speed)
