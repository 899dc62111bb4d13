"""The store in an SQLite file, which outlives its process.

When the outermost transaction has returned, its writes survive the death of the process (kill -9). A
power cut may take the last moments, never the file (WAL with synchronous=NORMAL: sqlite.org/pragma.html).

Several processes may share a file, where their settings have the same accounts: nothing is cached, ids and charges are
taken inside BEGIN IMMEDIATE, and one process waits for another's commit. Another process may change what a transaction
reads before its first write: a transaction that writes back what it has read is opened with `write=True`.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from mockserver.core.clock import FASTEST, LATEST, Clock
from mockserver.core.delays import LONGEST, parse_delay
from mockserver.core.errors import Refusal, StoreError
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.profile.editions import EDITIONS
from mockserver.standard_error import write_line
from mockserver.stores.store import Store
from mockserver.stores.trouble import Trouble

APPLICATION_ID = 0x1F1D_30C4  # marks the file as ours, in bytes 68 to 71 of its head (sqlite.org/fileformat.html)
VERSION = 2
PATIENCE = 5.0  # seconds to wait for another process when the file is opened
LEAVING = 2.0  # seconds to wait for another process that was told to stop, where its accounts are to be changed
BUSY = 1.0  # seconds to wait for another process's transaction later on: the caller of the mock waits, too

RETRY = 0.5  # seconds between two attempts to open a file that was found damaged or missing; more for a large one

_NEEDED = (3, 37, 0)
_FARTHEST = LATEST + LONGEST  # when a task may be ready; no time is farther from 1970
_PARTS = ("", "-wal", "-shm")  # the file, its log, and the log's index (sqlite.org/walformat.html)
_GONE = "was removed or moved; put it back, or end the mock and start it again for a new one"

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
_Place: TypeAlias = "tuple[int, int] | None"
"""Device and number of the file to which a path leads; None where it leads to none."""

# Columns stand in the order of the records' fields. A seed may have 64 bits without a sign, or more: as text it fits.
_SCHEMA = (
    """CREATE TABLE accounts (
        place INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, token TEXT NOT NULL, daily_limit INTEGER NOT NULL,
        paid_until TEXT NOT NULL, demo INTEGER NOT NULL, delay TEXT, seed TEXT, day INTEGER NOT NULL,
        used INTEGER NOT NULL, creates INTEGER NOT NULL,
        configured TEXT NOT NULL) STRICT""",
    """CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL, phone TEXT NOT NULL, source INTEGER NOT NULL,
        ip TEXT NOT NULL, created INTEGER NOT NULL, ready INTEGER, cost INTEGER NOT NULL, seed TEXT NOT NULL,
        demo INTEGER NOT NULL, edition TEXT NOT NULL,
        fails INTEGER NOT NULL, failure_code INTEGER, failure_message TEXT, polls INTEGER,
        stub TEXT) STRICT""",
    "CREATE INDEX tasks_ready ON tasks (login, ready)",
    """CREATE TABLE clocks (
        owner TEXT PRIMARY KEY, base INTEGER NOT NULL, since INTEGER NOT NULL, speed REAL NOT NULL) STRICT""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
_UPGRADE = (  # from version 1
    "ALTER TABLE tasks ADD COLUMN polls INTEGER",
    "ALTER TABLE tasks ADD COLUMN stub TEXT",
    f"PRAGMA user_version = {VERSION}",
)
_PROBES = ("SELECT * FROM accounts LIMIT 1", "SELECT * FROM tasks LIMIT 1", "SELECT * FROM clocks LIMIT 1")

_ACCOUNTS = "SELECT * FROM accounts ORDER BY place LIMIT ? OFFSET ?"
_CONFIGURED = "SELECT * FROM accounts WHERE configured <> '' ORDER BY place"
_ACCOUNT_NUMBER = "SELECT coalesce(max(place), 0) FROM accounts"
_READ_ACCOUNT = "SELECT * FROM accounts WHERE login = ?"
_PUT_ACCOUNT = """INSERT INTO accounts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (login) DO UPDATE
    SET (token, daily_limit, paid_until, demo, delay, seed, day, used, creates, configured) = (excluded.token,
        excluded.daily_limit, excluded.paid_until, excluded.demo, excluded.delay, excluded.seed, excluded.day,
        excluded.used, excluded.creates, excluded.configured)"""

_READ_TASK = "SELECT * FROM tasks WHERE id = ?"
_ADD = """INSERT INTO tasks SELECT NULL, login, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM accounts
    WHERE login = ? AND CASE day WHEN ? THEN used ELSE 0 END < daily_limit"""
# Takes only values that _ADD has taken before: a value that can't be stored is found before anything changes.
_CHARGE = """UPDATE accounts SET used = CASE day WHEN ? THEN used ELSE 0 END + ?, day = ?, creates = creates + 1
    WHERE login = ?"""
_SEQUENCE = """INSERT INTO sqlite_sequence SELECT 'tasks', ?
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'tasks')"""
# Only the ids are sorted, which the index holds; and a stub may have a MiB.
_LISTED = """SELECT id, login, phone, source, ip, created, ready, cost, seed, demo, edition, fails, failure_code,
    failure_message, polls, NULL FROM tasks"""
_TASKS = f"{_LISTED} ORDER BY id LIMIT ? OFFSET ?"
_OF = "WHERE id IN (SELECT id FROM tasks WHERE login = ? ORDER BY id LIMIT ? OFFSET ?) ORDER BY id"
_TASKS_OF = f"{_LISTED} {_OF}"
_PUT_READY = "UPDATE tasks SET ready = ?, polls = ? WHERE id = ?"
_NEXT_READY = "SELECT min(ready) FROM tasks WHERE login = ? AND ready > ? AND polls IS NULL"
_NEXT_READY_OF_ALL = """SELECT min(
        (SELECT min(ready) FROM tasks WHERE tasks.login = accounts.login AND ready > ? AND polls IS NULL))
    FROM accounts WHERE NOT EXISTS (SELECT 1 FROM clocks WHERE owner = 'login:' || accounts.login)"""
_UNCHARGE = "UPDATE accounts SET used = 0, creates = 0 WHERE used <> 0 OR creates <> 0"

_READ_CLOCK = "SELECT base, since, speed FROM clocks WHERE owner = ?"
_PUT_CLOCK = "INSERT OR REPLACE INTO clocks VALUES (?, ?, ?, ?)"

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""Codes of a content that is not what was written: the statements are right, so a table that is missing is one."""
_REMEDIES: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: "another process is writing to it: end that one, or name another file",
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_READONLY: "the file and its directory must be writable",
    sqlite3.SQLITE_CANTOPEN: "the file and its directory must be writable",
    sqlite3.SQLITE_CORRUPT: "put a sound copy in its place, or name another file",
    sqlite3.SQLITE_NOTADB: "put a sound copy in its place, or name another file",
    sqlite3.SQLITE_ERROR: "put a sound copy in its place, or name another file",
    sqlite3.SQLITE_IOERR: "make room on the disk, or see what is wrong with it",
}


class SqliteStore(Store):
    """Accounts, tasks and clocks in one file, the rest in the process (see Store). Calls may come from several
    threads, one at a time.

    Once a write has failed inside a transaction, nothing of the transaction is kept: its further writes raise
    StoreError, and so does the end of the outermost block, also where the first StoreError was caught inside.

    A failure is said once on standard error, and so is its end. A file that was removed takes no more writes, since
    they would be lost; one that was found damaged, too. Both are looked at again until a sound file is there.
    """

    waits = is_shared = True

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        """Opens or makes the file; one of an earlier version is upgraded. Raises StoreError; a file of another program
        or a later version stays as it was.
        """
        super().__init__()
        self._path = _absolute(path)
        self.name = str(self._path)
        self._patience = patience
        self._depth = 0
        self._writing = False
        self._failed: str | None = None
        self.trouble = Trouble(self.name, write_line)
        self._parts = [self._path.with_name(self._path.name + part) for part in _PARTS]
        self._places: list[_Place] | None = None  # of the parts, as they were opened
        self._last = 0  # the highest id that was given out here
        self._sizes = (0, 0)  # of the file and its log, when they were last looked at
        self._broken: str | None = None  # why the file is not used
        self._next_try = 0.0
        self._busy = 0.0  # seconds for which another process is waited for
        self._open(_check_file(self._path, time.monotonic() + patience))

    def _open(self, version: int = VERSION, patience: float | None = None) -> None:
        patience = self._patience if patience is None else patience
        self._places = None
        if version != VERSION:
            self._upgrade()
        self._connection = self._connected(patience)
        try:
            self._prepare(patience)
            self._places, self._sizes = self._found(), self._measured()
        except BaseException:
            self._connection.close()
            raise

    def _upgrade(self) -> None:
        """Brings the file of an earlier version to this one, alone with it: a process of the earlier version could not
        use it any more.
        """
        end = time.monotonic() + self._patience
        while not self._alone():
            if time.monotonic() > end:
                remedy = "end that process, and start this one again"
                raise StoreError(
                    f"{self._path}: was made by an earlier ifind-mock, and another process uses it; {remedy}"
                )
            time.sleep(random.uniform(0.005, 0.03))  # noqa: S311 - nothing secret
            if _check_file(self._path, end) == VERSION:  # that process was doing the same
                return
        try:
            with self.transaction(write=True):
                # Done already, where a process was killed after its commit: the version was in the log alone. And a
                # file that a process was killed in making is empty again.
                if self._rows("PRAGMA user_version") == [(1,)]:
                    for statement in _UPGRADE:
                        self._run(statement)
        finally:
            self._connection.close()

    def _connected(self, timeout: float) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._path, timeout=timeout, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(_sentence(self._path, error)) from error

    def _prepare(self, patience: float) -> None:
        if self._empty():
            with self.transaction(write=True):
                # Another process may have been first.
                for statement in _SCHEMA if self._empty() else ():
                    self._run(statement)
        # After the schema: so the mark is in the file itself from its first byte on, and never in the log alone.
        self._write_ahead(time.monotonic() + patience)
        self._run("PRAGMA synchronous = NORMAL")
        if self._rows("SELECT 1 FROM sqlite_schema WHERE type IN ('view', 'trigger') LIMIT 1"):
            raise StoreError(f"{self._path}: has a view or a trigger, which no mock makes; name another file")
        for probe in _PROBES:
            self._rows(probe)
        self._wait_for_others(min(patience, BUSY))

    def _wait_for_others(self, seconds: float) -> None:
        self._busy = seconds
        self._run(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def _found(self) -> list[_Place]:
        return [_place(part) for part in self._parts]

    def _look(self) -> None:
        """Makes sure that the file is the one that was opened, and sound. Raises StoreError where it is not."""
        if self._broken is not None:
            if time.monotonic() < self._next_try:
                raise StoreError(self._broken)
            self._mend()
        elif self._places is None:
            return  # it is being opened
        elif self._found() != self._places:
            self._mend()
        elif (shorter := self._cut_short()) is not None:
            self._leave()
            raise self._breaks(f"{shorter}: was cut short; {_REMEDIES[sqlite3.SQLITE_CORRUPT]}")
        # Where another process is in the way, it is waited for once, and then not in every turn.
        patience = 0.0 if self.trouble.now is not None else min(self._patience, BUSY)
        if patience != self._busy:
            self._wait_for_others(patience)

    def _cut_short(self) -> Path | None:
        """The file or its log, where it is shorter than it was before: SQLite would go on with what it remembers of it,
        and spoil the file. A log that another program has emptied into the file, as backups do, is not cut short.
        """
        before, self._sizes = self._sizes, self._measured()
        cut = next((part for part, old, new in zip(self._parts, before, self._sizes, strict=False) if new < old), None)
        return None if cut == self._parts[1] and self._empties() else cut

    def _empties(self) -> bool:
        """Whether all that is known of the log can be read, and so written into the file."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint").fetchall()
        except sqlite3.Error:
            return False
        return True

    def _measured(self) -> tuple[int, int]:
        return _size(self._parts[0]), _size(self._parts[1])

    def _mend(self) -> None:
        """Goes on with the file that is there, where one is. Raises StoreError."""
        began = time.monotonic()
        try:
            self._reopen()
        except StoreError as error:
            self._breaks(str(error))
            # A large file takes its time to be looked through, in which nothing else is answered.
            self._next_try = time.monotonic() + max(RETRY, 20 * (time.monotonic() - began))
            raise
        self._broken = None

    def _reopen(self) -> None:
        places, damaged = self._places, self._places is None
        if places is not None and self._found() == places:
            self.trouble.is_over()
            return
        try:
            empty = not self._path.stat().st_size
        except OSError as error:
            absent = isinstance(error, FileNotFoundError | NotADirectoryError)
            denied = f"{error.strerror}; {_REMEDIES[sqlite3.SQLITE_READONLY]}"
            raise StoreError(f"{self._path}: {_GONE if absent else denied}") from error
        if empty:
            raise StoreError(self._broken or f"{self._path}: {_GONE}")
        self._broken = None
        if places is not None and _place(self._parts[0]) == places[0]:
            # What the log held is still in the connection.
            self.trouble.begins(f"{self._path}: its log, a file beside it, was removed; leave it there")
            self._run("PRAGMA wal_checkpoint(TRUNCATE)")
        version = _check_file(self._path, 0)
        self._connection.close()
        self._open(version, min(self._patience, BUSY))
        if damaged and (problem := self._rows("PRAGMA quick_check(1)")) != [("ok",)]:
            self._leave()
            remedy = _REMEDIES[sqlite3.SQLITE_CORRUPT]
            raise StoreError(f"{self._path}: is damaged ({' '.join(str(problem[0][0]).split())}); {remedy}")
        if self.trouble.now is None and places is not None and _place(self._parts[0]) != places[0]:
            write_line(f"{self._path}: was replaced; what the file that is there now lacks is gone")
        self.trouble.is_over("works again, with the file that is there now")
        with self.transaction(write=True):
            # The copy may be older: an id that was given out is not given again.
            self._run("DELETE FROM sqlite_sequence WHERE name = 'tasks' AND seq < ?", (self._last,))
            self._run(_SEQUENCE, (self._last,))

    def _leave(self) -> None:
        """Closes the file, so that another can be put in its place."""
        self._places = None
        self._connection.close()

    def _breaks(self, text: str) -> StoreError:
        """Uses the file no more until it is mended. Gives the error to raise."""
        self._broken = text
        self._next_try = time.monotonic() + RETRY
        self.trouble.begins(text)
        return StoreError(text)

    def _write_ahead(self, end: float) -> None:
        """Switches the log on, or finds it on. SQLite does not wait where two processes do so at once."""
        mode = ""
        while mode != "wal":
            try:
                ((mode,),) = self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.Error as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise self._failure(error) from error
                time.sleep(0.01)
            else:
                if mode != "wal":
                    raise StoreError(f"{self._path}: can't hold a write-ahead log there; name a file on a local disk")

    def _empty(self) -> bool:
        return not self._rows("SELECT 1 FROM sqlite_schema LIMIT 1")

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:
        """What happens inside is kept together or not at all. The file is locked for writing from the first write on,
        with write=True from the start, so that what is read inside stays true.

        Raises StoreError where it could not be kept, at the end of the outermost block.
        """
        if not self._depth:
            self._look()
        self._depth += 1
        try:
            if write:
                self._lock()
            yield
            if self._depth == 1:
                self._commit()
        except BaseException:
            if self._depth == 1:
                self._roll_back()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._writing, self._failed = False, None

    def _lock(self) -> None:
        if self._failed:
            raise StoreError(self._failed)
        if not self._writing:
            # A reading transaction can't become a writing one if another process has written since.
            self._commit()
            self._run("BEGIN IMMEDIATE")
            self._writing = True

    def _commit(self) -> None:
        if self._failed:
            raise StoreError(self._failed)
        if not self._connection.in_transaction:
            return
        if self._writing and self._places is not None and _place(self._parts[0]) != self._places[0]:
            self._failed = f"{self._path}: {_GONE}"
            raise self._breaks(self._failed)
        self._run("COMMIT")
        if self._writing:
            self.trouble.is_over()

    def _roll_back(self) -> None:
        try:
            self._connection.rollback()
        except sqlite3.ProgrammingError:
            return  # it was closed, which undoes as much
        except sqlite3.Error as error:
            raise StoreError(_sentence(self._path, error)) from error

    def _run(self, statement: str, values: Row = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except (OverflowError, UnicodeEncodeError) as error:
            # Found before the statement ran: nothing is half done.
            raise StoreError(f"{self._path}: it holds numbers of 64 bits and Unicode text alone") from error
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _rows(self, statement: str, values: Row = ()) -> list[Row]:
        if self._depth and not self._connection.in_transaction:
            # Several reads in one transaction cost half of what they cost alone.
            self._run("BEGIN")
        try:
            return self._connection.execute(statement, values).fetchall()
        except (OverflowError, UnicodeEncodeError):
            # A value that can't be stored (a number beyond 64 bits, a lone surrogate) is not in the file.
            return []
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> StoreError:
        text = _sentence(self._path, error)
        if self._places is not None:  # else it is being opened, and whoever opens it says so
            self.trouble.begins(text)
        if self._depth:
            # SQLite itself may have undone the whole transaction (sqlite.org/lang_transaction.html), so all of it goes.
            self._failed = text
            self._roll_back()
        if _code(error) in _DAMAGED and self._places is not None:
            self._leave()
            return self._breaks(text)
        return StoreError(text)

    def settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        """See Store. An open connection keeps a lock on the file until it is closed, or its process is dead."""
        self._look()  # else a file that was removed would be made anew, and empty
        try:
            return self._settle(settled, change)
        except StoreError as error:
            # The file may be closed. It is opened again when it is next needed.
            self._broken, self._next_try = str(error), time.monotonic()
            raise

    def _settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        end = time.monotonic() + min(self._patience, LEAVING)
        # Read before it is settled, and held from then on: no other process can be alone with the file any more.
        while not settled():
            self._connection.close()
            alone = self._alone()
            if alone:
                try:
                    with self.transaction(write=True):
                        change()
                finally:
                    self._connection.close()
            elif time.monotonic() > end:
                self._open()
                return settled()
            else:
                # Without a connection: else two processes that start at once would each wait for the other.
                time.sleep(random.uniform(0.005, 0.03))  # noqa: S311 - nothing secret
            self._open()
        return True

    def _alone(self) -> bool:
        """Connects where no other connection to the file is open, and keeps others out until it is closed."""
        self._places = None
        self._connection = self._connected(0)
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._connection.close()
            if _code(error) != sqlite3.SQLITE_BUSY:
                raise self._failure(error) from error
            return False
        return True

    def _made(self, make: Callable[[Row], T], row: Row) -> T:
        """What the row holds. Raises StoreError for values that were not written so: SQLite does not check them."""
        try:
            return make(row)
        except (ValueError, KeyError, Refusal):
            text = f"{self._path}: holds a value that no mock writes; {_REMEDIES[sqlite3.SQLITE_CORRUPT]}"
            if self._places is not None:
                self.trouble.begins(text)
            raise StoreError(text) from None

    def account(self, login: str) -> Account | None:
        rows = self._rows(_READ_ACCOUNT, (login,))
        return self._made(_account, rows[0]) if rows else None

    def accounts(self, offset: int = 0, limit: int | None = None) -> Sequence[Account]:
        rows = self._rows(_ACCOUNTS, (-1 if limit is None else limit, offset))
        return [self._made(_account, row) for row in rows]

    def configured(self) -> Sequence[Account]:
        return [self._made(_account, row) for row in self._rows(_CONFIGURED)]

    def account_number(self) -> int:
        ((number,),) = self._rows(_ACCOUNT_NUMBER)
        return int(number)

    def put_account(self, account: Account) -> None:
        seed = None if account.seed is None else str(account.seed)
        head = (account.login, account.token, account.daily_limit, account.paid_until, account.demo, account.delay)
        with self.transaction(write=True):
            self._run(_PUT_ACCOUNT, (*head, seed, account.day, account.used, account.creates, account.configured))

    def drop_account(self, login: str) -> None:
        with self.transaction(write=True):
            self._run("DELETE FROM accounts WHERE login = ?", (login,))

    def create_task(self, task: Task, day: int) -> Task | LimitReached:
        with self.transaction(write=True):
            added = self._run(_ADD, (*_columns(task), task.login, day))
            if not added.rowcount:
                account = self.account(task.login)
                if account is None:
                    raise KeyError(task.login)
                return LimitReached(account.used_on(day), account.daily_limit)
            self._run(_CHARGE, (day, task.cost, day, task.login))
        assert added.lastrowid is not None
        self._last = added.lastrowid
        return replace(task, id=added.lastrowid)

    def read_task(self, task_id: int) -> Task | None:
        rows = self._rows(_READ_TASK, (task_id,))
        return self._made(_task, rows[0]) if rows else None

    def tasks(self, login: str | None, offset: int = 0, limit: int | None = None) -> Sequence[Task]:
        part = (-1 if limit is None else limit, offset)
        rows = self._rows(_TASKS, part) if login is None else self._rows(_TASKS_OF, (login, *part))
        return [self._made(_task, row) for row in rows]

    def put_ready(self, task: Task) -> None:
        with self.transaction(write=True):
            self._run(_PUT_READY, (task.ready, task.polls, task.id))

    def next_ready(self, now: Micros, login: str | None) -> Micros | None:
        rows = self._rows(_NEXT_READY_OF_ALL, (now,)) if login is None else self._rows(_NEXT_READY, (login, now))
        ready: Micros | None = rows[0][0] if rows else None
        return ready

    def clock(self, login: str | None) -> Clock | None:
        rows = self._rows(_READ_CLOCK, (_owner(login),))
        return self._made(_clock, rows[0]) if rows else None

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        with self.transaction(write=True):
            if clock is None:
                self._run("DELETE FROM clocks WHERE owner = ?", (_owner(login),))
            else:
                self._run(_PUT_CLOCK, (_owner(login), clock.base, clock.since, clock.speed))

    def reset(self, login: str | None) -> None:
        with self.transaction(write=True):
            if login is None:
                self._run("DELETE FROM tasks")
                self._run(_UNCHARGE)
                self._run("DELETE FROM clocks")
            else:
                self._run("DELETE FROM tasks WHERE login = ?", (login,))
                self._run("UPDATE accounts SET used = 0, creates = 0 WHERE login = ?", (login,))
                self._run("DELETE FROM clocks WHERE owner = ?", (_owner(login),))
        super().reset(login)

    def close(self) -> None:
        self._connection.close()


def _columns(task: Task) -> Row:
    head = (task.phone, task.source, task.ip, task.created, task.ready, task.cost, str(task.seed), task.demo)
    return (*head, task.edition, task.failure is not None, *(task.failure or (None, None)), task.polls, task.stub)


def _task(row: Row) -> Task:
    task_id, login, phone, source, ip, created, ready, cost, seed, demo, edition, fails, code, message, polls, stub = (
        row
    )
    failure = (code, message) if fails else None
    if str(source) not in EDITIONS[edition].sources or max(abs(created), abs(ready or 0)) > _FARTHEST:
        raise ValueError
    return Task(
        task_id, login, phone, source, ip, created, ready, cost, int(seed), bool(demo), edition, failure, polls, stub
    )


def _account(row: Row) -> Account:
    _, login, token, limit, paid_until, demo, delay, seed, *counts = row
    if delay is not None:
        parse_delay(delay, "delay")
    return Account(login, token, limit, paid_until, bool(demo), delay, None if seed is None else int(seed), *counts)


def _clock(row: Row) -> Clock:
    base, since, speed = row
    if not (abs(base) <= _FARTHEST and 0 <= speed <= FASTEST):
        raise ValueError
    return Clock(base, since, speed)


def _owner(login: str | None) -> str:
    return "server" if login is None else f"login:{login}"


def _place(path: Path) -> _Place:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    """Bytes of the file; 0 where it is gone in this very moment, which is noticed the next time."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except OSError:
        raise StoreError(
            f"{path}: the working directory does not exist any more; change to another, or name a whole path"
        ) from None


def _sentence(path: Path, error: Exception) -> str:
    remedy = _REMEDIES.get(_code(error))
    # Python shows a text that is not in UTF-8, which may be a token.
    what = str(error).partition(" with text")[0]
    return f"{path}: {what}; {remedy}" if remedy else f"{path}: {what}"


def _code(error: Exception) -> int:
    """SQLite's code, without the detail above its lowest byte (sqlite.org/rescode.html); 0 where there is none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _check_file(path: Path, end: float) -> int:
    """The version of the file, VERSION for one that is still to be made. Refuses a file that can't be used, or is
    another program's, and leaves it as it is. A torn one may be in the making by another process, and is read again
    until the moment `end`.

    Raises StoreError.
    """
    if sqlite3.sqlite_version_info < _NEEDED:
        have = sqlite3.sqlite_version
        raise StoreError(f"{path}: needs SQLite 3.37 or newer, this Python has {have}; use the state memory")
    try:
        if not path.parent.is_dir():
            raise StoreError(f"{path}: the directory {path.parent} is missing; make it, or name another file")
        if not path.exists():
            return VERSION
        if not path.is_file():
            raise StoreError(f"{path}: is not an ordinary file; name another")
        if not os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise StoreError(f"{path}: may not be read and written; change its rights, or name another file")
        return _checked_version(path, *_mark_and_version(path, end)) if path.stat().st_size else VERSION
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; name another file") from error


def _mark_and_version(path: Path, end: float) -> tuple[int, int]:
    """Both are 0 where the file is no database."""
    # Immutable: SQLite neither locks nor repairs the file. Not read without SQLite: closing a handle of our own would
    # drop the locks that another store of this process has on it (sqlite.org/howtocorrupt.html, 2.2).
    while True:
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as head:
                ((mark,),) = head.execute("PRAGMA application_id").fetchall()
                ((version,),) = head.execute("PRAGMA user_version").fetchall()
                return mark, version
        except sqlite3.Error as error:
            if _code(error) == sqlite3.SQLITE_NOTADB:
                return 0, 0
            if _code(error) != sqlite3.SQLITE_CORRUPT or time.monotonic() > end:
                raise StoreError(_sentence(path, error)) from error
        time.sleep(0.01)


def _checked_version(path: Path, mark: int, version: int) -> int:
    if mark != APPLICATION_ID:
        raise StoreError(f"{path}: was not made by ifind-mock, and is left as it is; name another file")
    if not 1 <= version <= VERSION:
        what = f"has format {version}, this ifind-mock reads formats 1 to {VERSION}"
        raise StoreError(f"{path}: {what}; name another file, or take the ifind-mock that made it")
    return version
