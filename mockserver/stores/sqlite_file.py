"""A state file and its life: it is opened, upgraded, looked after and mended. What its tables mean is not known here.

When the outermost transaction has returned, its writes survive the death of the process (kill -9). A
power cut may take the last moments, never the file (WAL with synchronous=NORMAL: sqlite.org/pragma.html).
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from mockserver.core.errors import Refusal, StoreError
from mockserver.machine_time import monotonic
from mockserver.standard_error import write_line
from mockserver.stores.sqlite_head import (
    DAMAGED,
    REMEDIES,
    Place,
    absolute,
    check_file,
    code_of,
    place_of,
    sentence,
    size_of,
)
from mockserver.stores.sqlite_schema import END_OF_A_RUN, OF_A_RUN, SCHEMA, TABLES, UPGRADES, VERSION
from mockserver.stores.state_run import Run
from mockserver.stores.trouble import Trouble

PATIENCE = 5.0  # seconds to wait for another process when the file is opened
LEAVING = 2.0  # seconds to wait for another process that was told to stop, where its accounts are to be changed
BUSY = 1.0  # seconds to wait for another process's transaction later on: the caller of the mock waits, too

_SHORT, _LONG = 0.0002, 0.002  # seconds between two tries, and later
_SOON = 0.01  # seconds of the first
_TRIES = 3  # to be alone with the file when it is opened
RETRY = 0.5  # seconds between two attempts to open a file that was found damaged or missing; more for a large one

_PARTS = ("", "-wal", "-shm")  # the file, its log, and the log's index (sqlite.org/walformat.html)
_GONE = "was removed or moved; put it back, or end the mock and start it again for a new one"

_UNFIT = "it holds numbers of 64 bits and Unicode text alone"

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]


class SqliteFile:
    """One connection to a file. Calls may come from several threads, one at a time.

    Once a write has failed inside a transaction, nothing of the transaction is kept: its further writes raise
    StoreError, and so does the end of the outermost block, also where the first StoreError was caught inside.

    A failure is said once, and so is its end. A file that was removed takes no more writes, since
    they would be lost; one that was found damaged, too. Both are looked at again until a sound file is there.
    """

    begun: Callable[[], object] = staticmethod(lambda: None)
    """Is called when a transaction has begun, and when it begins to write: what is read from now on may be new."""
    replaced: Callable[[], object] = staticmethod(lambda: None)
    """Is called when another file may be there, in a transaction that writes."""
    beside: Callable[[], object] = staticmethod(lambda: None)
    """Is called to close what else this process has open of the file. It is opened again once `is_sound`."""

    def __init__(self, path: Path, patience: float, clear_run: Callable[[Path], object], run: Run) -> None:
        """Opens or makes the file; one of an earlier version is upgraded. Raises StoreError; a file of another program
        or a later version stays as it was. patience: seconds to wait for another process. clear_run is called with the
        whole path where this process begins a run of the file, or ends one, and no other can use it meanwhile.
        """
        self.path = self._path = absolute(path)
        self.name = str(self._path)
        self._patience = patience
        self._clear_run = clear_run
        self._run = run
        self.depth = 0
        """How many transactions are open, one inside another."""
        self._writing = False
        self._failed: str | None = None
        self.trouble = Trouble(self.name, write_line)
        self._parts = [self._path.with_name(self._path.name + part) for part in _PARTS]
        self._names = [str(part) for part in self._parts]
        self._places: list[Place] | None = None  # of the parts, as they were opened
        self._sizes = (0, 0)  # of the file and its log, when they were last looked at
        self._broken: str | None = None  # why the file is not used
        self._next_try = 0.0
        self._busy = 0.0  # seconds for which another process is waited for
        version = check_file(self._path, monotonic() + patience)
        if run.begins and version == VERSION and size_of(self._path):
            self._begin_run()
        self._open(version)

    def _open(self, version: int = VERSION, patience: float | None = None) -> None:
        patience = self._patience if patience is None else patience
        self._places = None
        if version != VERSION:
            self._upgrade()
        self.connection = self._connected(patience)
        try:
            self._prepare(patience)
            self._places, self._sizes = self._found(), self._measured()
        except BaseException:
            self.connection.close()
            raise

    def _begin_run(self) -> None:
        """Takes away what ends with the last process that uses the file, where that one has ended."""
        for _ in range(_TRIES):
            if self._alone():
                break
            # Two that start at once may keep each other from being alone.
            time.sleep(random.uniform(0.001, 0.005))  # noqa: S311 - nothing secret
        else:
            return
        try:
            with self.transaction(write=True):
                self._refuse_strange()
                if not self._empty() and any(map(self._first_of, OF_A_RUN)):
                    for statement in END_OF_A_RUN:
                        self.run(statement)
                self._clear_run(self._path)
        finally:
            self.connection.close()

    def _refuse_strange(self) -> None:
        if self.rows("SELECT 1 FROM sqlite_schema WHERE type IN ('view', 'trigger') LIMIT 1"):
            raise StoreError(f"{self._path}: has a view or a trigger, which no mock makes; name another file")

    def _upgrade(self) -> None:
        """Brings the file of an earlier version to this one, alone with it: a process of the earlier version could not
        use it any more.
        """
        end = monotonic() + self._patience
        while not self._alone():
            if monotonic() > end:
                remedy = "end that process, and start this one again"
                raise StoreError(
                    f"{self._path}: was made by an earlier ifind-mock, and another process uses it; {remedy}"
                )
            time.sleep(random.uniform(0.005, 0.03))  # noqa: S311 - nothing secret
            if check_file(self._path, end) == VERSION:  # that process was doing the same
                return
        try:
            with self.transaction(write=True):
                # Done already, where a process was killed after its commit: the version was in the log alone. And a
                # file that a process was killed in making is empty again.
                ((version,),) = self.rows("PRAGMA user_version")
                for earlier in range(version or VERSION, VERSION):
                    for statement in (*UPGRADES[earlier], f"PRAGMA user_version = {earlier + 1}"):
                        self.run(statement)
                for statement in END_OF_A_RUN if version else ():
                    self.run(statement)
                self._clear_run(self._path)
        finally:
            self.connection.close()

    def _connected(self, timeout: float) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._path, timeout=timeout, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(sentence(self._path, error)) from error

    def _prepare(self, patience: float) -> None:
        if self._empty():
            with self.transaction(write=True):
                if self._empty():  # else another process was first
                    self._clear_run(self._path)
                    for statement in SCHEMA:
                        self.run(statement)
        # After the schema: so the mark is in the file itself from its first byte on, and never in the log alone.
        self._write_ahead(monotonic() + patience)
        self.run("PRAGMA synchronous = NORMAL")
        self._refuse_strange()
        for table in TABLES:
            self._first_of(table)
        self._wait_for_others(min(patience, BUSY))

    def _first_of(self, table: str) -> list[Row]:
        return self.rows(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608 - a name that stands in our own table

    def _wait_for_others(self, seconds: float) -> None:
        self._busy = seconds
        self.run(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def _found(self) -> list[Place]:
        return [place_of(part) for part in self._names]

    def _look(self) -> None:
        """Makes sure that the file is the one that was opened, and sound. Raises StoreError where it is not."""
        if self._broken is not None:
            if monotonic() < self._next_try:
                raise StoreError(self._broken)
            self._mend()
        elif self._places is None:
            return  # it is being opened
        elif self._found() != self._places:
            self._mend()
        elif (shorter := self._cut_short()) is not None:
            self._leave()
            raise self._breaks(f"{shorter}: was cut short; {REMEDIES[sqlite3.SQLITE_CORRUPT]}")
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
            self.connection.execute("PRAGMA wal_checkpoint").fetchall()
        except sqlite3.Error:
            return False
        return True

    def _measured(self) -> tuple[int, int]:
        return size_of(self._names[0]), size_of(self._names[1])

    def _mend(self) -> None:
        """Goes on with the file that is there, where one is. Raises StoreError."""
        began = monotonic()
        try:
            self._reopen()
        except StoreError as error:
            self._breaks(str(error))
            # A large file takes its time to be looked through, in which nothing else is answered.
            self._next_try = monotonic() + max(RETRY, 20 * (monotonic() - began))
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
            denied = f"{error.strerror}; {REMEDIES[sqlite3.SQLITE_READONLY]}"
            raise StoreError(f"{self._path}: {_GONE if absent else denied}") from error
        if empty:
            raise StoreError(self._broken or f"{self._path}: {_GONE}")
        self._broken = None
        if places is not None and place_of(self._parts[0]) == places[0]:
            # What the log held is still in the connection.
            self.trouble.begins(f"{self._path}: its log, a file beside it, was removed; leave it there")
            with suppress(StoreError):  # unless another process has begun a new one, and done the same
                self.run("PRAGMA wal_checkpoint(TRUNCATE)")
        version = check_file(self._path, 0)
        self._leave()
        self._open(version, min(self._patience, BUSY))
        if damaged and (problem := self.rows("PRAGMA quick_check(1)")) != [("ok",)]:
            self._leave()
            remedy = REMEDIES[sqlite3.SQLITE_CORRUPT]
            raise StoreError(f"{self._path}: is damaged ({' '.join(str(problem[0][0]).split())}); {remedy}")
        if self.trouble.now is None and places is not None and place_of(self._parts[0]) != places[0]:
            write_line(f"{self._path}: was replaced; what the file that is there now lacks is gone")
        self.trouble.is_over("works again, with the file that is there now")
        with self.transaction(write=True):
            self.replaced()

    def is_sound(self) -> bool:
        """Whether it can be read: the file at the path is the one that was opened, and no trouble is known. From
        whichever thread.
        """
        places = self._places
        return places is not None and self.trouble.now is None and place_of(self._names[0]) == places[0]

    def _leave(self) -> None:
        """Closes the file, so that another can be put in its place, or another process is alone with it."""
        self._places = None
        self.beside()
        self.connection.close()

    def _breaks(self, text: str) -> StoreError:
        """Uses the file no more until it is mended. Gives the error to raise."""
        self._broken = text
        self._next_try = monotonic() + RETRY
        self.trouble.begins(text)
        return StoreError(text)

    def _write_ahead(self, end: float) -> None:
        """Switches the log on, or finds it on. SQLite does not wait where two processes do so at once."""
        mode = ""
        while mode != "wal":
            try:
                ((mode,),) = self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.Error as error:
                if code_of(error) != sqlite3.SQLITE_BUSY or monotonic() > end:
                    raise self._failure(error) from error
                time.sleep(0.01)
            else:
                if mode != "wal":
                    raise StoreError(f"{self._path}: can't hold a write-ahead log there; name a file on a local disk")

    def _empty(self) -> bool:
        return not self.rows("SELECT 1 FROM sqlite_schema LIMIT 1")

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:
        """What happens inside is kept together or not at all. The file is locked for writing from the first write on,
        with write=True from the start, so that what is read inside stays true.

        Raises StoreError where it could not be kept, at the end of the outermost block.
        """
        if not self.depth:
            self._look()
        self.depth += 1
        try:
            if write:
                self.lock()
            elif self.depth == 1:
                self._begin()
            yield
            if self.depth == 1:
                self._commit()
        except BaseException:
            if self.depth == 1:
                self._roll_back()
            raise
        finally:
            self.depth -= 1
            if not self.depth:
                self._writing, self._failed = False, None

    def lock(self) -> None:
        """Has the transaction that is open write from now on. Raises StoreError."""
        if self._failed:
            raise StoreError(self._failed)
        if not self._writing:
            # A reading transaction can't become a writing one if another process has written since.
            self._commit()
            self._begin_writing()
            self._writing = True
            self._begin()

    def _begin_writing(self) -> None:
        """Takes the lock. SQLite's own wait begins with a millisecond, and another process is mostly done sooner. Later
        it sleeps for 0.1 s at a time, in which others that write often have the lock again and again.
        """
        patience, began = self._busy, monotonic()
        if self._places is None or not patience:
            self.run("BEGIN IMMEDIATE")
            return
        self._wait_for_others(0)
        while not self._takes_lock(last=(waited := monotonic() - began) >= patience):
            pause = _SHORT if waited < _SOON else _LONG
            time.sleep(random.uniform(pause / 2, pause * 3 / 2))  # noqa: S311 - nothing secret
        self._wait_for_others(patience)

    def _takes_lock(self, *, last: bool) -> bool:
        """Whether it takes the lock now. Raises StoreError, also where another has it at the last try."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if last or code_of(error) != sqlite3.SQLITE_BUSY:
                raise self._failure(error) from error
            return False
        return True

    def _begin(self) -> None:
        if self._places is not None:  # else it is being opened
            self.begun()

    def _commit(self) -> None:
        if self._failed:
            raise StoreError(self._failed)
        if not self.connection.in_transaction:
            return
        if self._writing and self._places is not None and place_of(self._names[0]) != self._places[0]:
            self._failed = f"{self._path}: {_GONE}"
            raise self._breaks(self._failed)
        self.run("COMMIT")
        if self._writing:
            self.trouble.is_over()

    def _roll_back(self) -> None:
        try:
            self.connection.rollback()
        except sqlite3.ProgrammingError:
            return  # it was closed, which undoes as much
        except sqlite3.Error as error:
            raise StoreError(sentence(self._path, error)) from error

    def run(self, statement: str, values: Row = ()) -> sqlite3.Cursor:
        """Runs a statement that writes. Raises StoreError."""
        try:
            return self.connection.execute(statement, values)
        except (OverflowError, UnicodeEncodeError) as error:
            # Found before the statement ran: nothing is half done.
            raise StoreError(f"{self._path}: {_UNFIT}") from error
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        """The rows that a statement reads. Raises StoreError."""
        if self.depth and not self.connection.in_transaction:
            # Several reads in one transaction cost half of what they cost alone.
            self.run("BEGIN")
        try:
            return self.connection.execute(statement, values).fetchall()
        except (OverflowError, UnicodeEncodeError):
            # A value that can't be stored (a number beyond 64 bits, a lone surrogate) is not in the file.
            return []
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> StoreError:
        text = sentence(self._path, error)
        if self._places is not None:  # else it is being opened, and whoever opens it says so
            self.trouble.begins(text)
        if self.depth:
            # SQLite itself may have undone the whole transaction (sqlite.org/lang_transaction.html), so all of it goes.
            self._failed = text
            self._roll_back()
        if code_of(error) in DAMAGED and self._places is not None:
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
            self._broken, self._next_try = str(error), monotonic()
            raise

    def _settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        end = monotonic() + min(self._patience, LEAVING)
        # Read before it is settled, and held from then on: no other process can be alone with the file any more.
        while not settled():
            self._leave()
            alone = self._alone()
            if alone:
                try:
                    with self.transaction(write=True):
                        change()
                finally:
                    self.connection.close()
            elif monotonic() > end:
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
        self.connection = self._connected(0)
        try:
            self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            self.connection.close()
            if code_of(error) != sqlite3.SQLITE_BUSY:
                raise self._failure(error) from error
            return False
        return True

    def made(self, make: Callable[[Row], T], row: Row) -> T:
        """What the row holds. Raises StoreError for values that were not written so: SQLite does not check them."""
        try:
            return make(row)
        except (ValueError, KeyError, Refusal):
            text = f"{self._path}: holds a value that no mock writes; {REMEDIES[sqlite3.SQLITE_CORRUPT]}"
            if self._places is not None:
                self.trouble.begins(text)
            raise StoreError(text) from None

    def close(self) -> None:
        """Ends the use of the file, and its run, where this process may and no other uses it."""
        places = self._places
        self._leave()
        if self._run.ends and places is not None and place_of(self._names[0]) == places[0]:
            with suppress(StoreError):  # then the next one does it
                if self._alone():
                    self._clear_run(self._path)
                    self.connection.close()
