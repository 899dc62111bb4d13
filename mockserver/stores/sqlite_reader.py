"""Reads a state file beside the thread that uses it: what needs no lock, and nothing else of the store."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from mockserver.core.clock import Clock
from mockserver.core.errors import Refusal, StoreError
from mockserver.core.tasks import Account, fields_of_task
from mockserver.stores.sqlite import (
    READ_ACCOUNT,
    READ_CLOCK,
    READ_TASK,
    SqliteStore,
    account_of,
    clock_of,
    owner_of,
    task_of,
)
from mockserver.stores.sqlite_file import Row

T = TypeVar("T")
_MOST = 20_000  # accounts, tasks and clocks that are kept


class SqliteReader:
    """A connection of its own to the file of a store, whose reads wait for nobody. What it has read is kept: accounts
    until SQLite tells that something was committed (`PRAGMA data_version`), tasks and clocks until the number of the
    last change is another, too (see `SharedStore`): charges and new tasks leave them as they are.

    Used by one thread. What it can't tell now, the store can: then `begin` gives False, and the others raise
    StoreError.
    """

    def __init__(self, store: SqliteStore) -> None:
        self.faults, self.scenarios = store.faults, store.scenarios
        self._store = store
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()  # of the connection, which the other thread may close
        self._version = 0  # SQLite's number for what is there
        self._last: int | None = None  # the number of the last change
        self._accounts: dict[str, Account | None] = {}
        self._tasks: dict[int, Row] = {}
        self._clocks: dict[str | None, Clock | None] = {}
        store.file.beside = self.close

    def begin(self) -> bool:
        """Whether it can be read now, and the store knows of all that has changed."""
        if not self._store.file.is_sound():
            return False
        with self._lock:
            try:
                connection = self._connection or self._open()
                ((version,),) = connection.execute("PRAGMA data_version").fetchall()
                if version != self._version:
                    ((last,),) = connection.execute("SELECT last FROM changes").fetchall()
                    self._forget(whole=last != self._last or self._store.retention is not None)
                    self._version, self._last = version, last
            except sqlite3.Error:
                return False
        return self._last == self._store.known

    def account(self, login: str) -> Account | None:
        """See Store."""
        if login not in self._accounts:
            rows = self._rows(READ_ACCOUNT, login)
            self._accounts[login] = _made(account_of, rows[0]) if rows else None
        return self._accounts[login]

    def task_fields(self, task_id: int) -> tuple[Any, ...] | None:
        """The fields of the task, in their order."""
        fields = self._tasks.get(task_id)
        if fields is None and (rows := self._rows(READ_TASK, task_id)):
            task = _made(task_of, rows[0])
            fields = fields_of_task(task)
            if task.stub is None:  # its text may be long, and the store answers such a task
                self._tasks[task_id] = fields
        return fields

    def clock(self, login: str | None) -> Clock | None:
        """See Store."""
        if login not in self._clocks:
            rows = self._rows(READ_CLOCK, owner_of(login))
            self._clocks[login] = _made(clock_of, rows[0]) if rows else None
        return self._clocks[login]

    def _open(self) -> sqlite3.Connection:
        url = f"{self._store.file.path.as_uri()}?mode=rw"  # it is not made, where it has just gone
        self._connection = sqlite3.connect(url, timeout=0, isolation_level=None, check_same_thread=False, uri=True)
        self._version, self._last = 0, None
        return self._connection

    def _rows(self, statement: str, key: str | int) -> list[Row]:
        with self._lock:
            if self._connection is None:
                raise StoreError(f"{self._store.name}: is being opened anew")
            if len(self._accounts) + len(self._tasks) + len(self._clocks) >= _MOST:
                self._forget(whole=True)
            try:
                return self._connection.execute(statement, (key,)).fetchall()
            except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
                raise StoreError(f"{self._store.name}: can't be read beside its thread") from error

    def _forget(self, *, whole: bool) -> None:
        self._accounts.clear()
        if whole:
            self._tasks.clear()
            self._clocks.clear()

    def close(self) -> None:
        """Ends the use of the file; the next `begin` opens it again, where it is sound. From whichever thread."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _made(make: Callable[[Row], T], row: Row) -> T:
    """What the row holds. The store says what is wrong with it."""
    try:
        return make(row)
    except (ValueError, KeyError, Refusal) as error:
        raise StoreError("a value that no mock writes") from error
