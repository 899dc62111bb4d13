"""The ledger of a run: every send is written down before it goes out, so that a stopped run is not paid for twice.

A SQLite file. It holds neither credentials nor the phone: a call is known by a keyed digest, whose key is the token. Of
the answer to a create its HTTP status, its status word, its id and its code are kept, and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

from contract_tests.api.calls import Account
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.members import STATUSES
from contract_tests.transport.messages import Request

APPLICATION = 0x69666D6C
"""Marks the file as a ledger, in SQLite's header."""
LAYOUT = 3
RESUMABLE = timedelta(hours=24)
"""How old a stopped run may be: nobody knows how long a task can be asked for."""
LONGEST = 40
"""Characters of an id or a code that is kept; no service counts further."""
MOST = 10_000
"""Creates of a run that is resumed; no run has made a hundredth of them."""
MOST_UNITS = 10**15
"""More units than a create can have taken."""

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, target TEXT NOT NULL, kit TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT, crc INTEGER);
CREATE TABLE sends (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, at TEXT NOT NULL, method TEXT NOT NULL,
    call TEXT NOT NULL, units INTEGER NOT NULL, state TEXT NOT NULL, source INTEGER,
    http INTEGER, answer TEXT, crc INTEGER);
CREATE INDEX sends_of_a_run ON sends (run, call);
"""
_COLUMNS: Mapping[str, str] = {
    "runs": "id, key, target, kit, started, ended",
    "sends": "id, run, at, method, call, units, state, source, http, answer",
}
"""Of each table, those that the checksum of a line is made of: SQLite does not notice another value in one."""

SENT, ANSWERED, REFUSED, LOST, UNSENT = "sent", "answered", "refused", "lost", "not sent"
"""States of a send. One that is still `sent` when a run is taken up again is lost: the run died before its answer."""


class LedgerError(UsageError):
    """The ledger can't be read or written any more, so that nothing may be sent: it might be paid for twice."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A create of a run that was stopped: what it took, and its answer where that was kept."""

    number: int
    state: str
    source: int
    units: int
    http: int
    answer: Mapping[str, Any] | None
    """Those of KEPT that it had."""


KEPT = ("status", "id", "error_code")
"""The members of an answer to create that are kept."""


class Ledger:
    """One run's part of the file. resumed says that a stopped run goes on. Each method raises LedgerError where the
    file can't be read or written, was replaced, or is damaged.
    """

    def __init__(self, file: Path, connection: sqlite3.Connection, run: int, key: bytes, *, resumed: bool) -> None:
        self.resumed = resumed
        self._file = file
        self._identity = _identity(file)
        self._connection = connection
        self._run = run
        self._key = key
        ((self._last_before,),) = self._read("SELECT coalesce(max(id), 0) FROM sends")
        self._taken_up: set[int] = set()

    def creates(self) -> list[Entry]:
        """The creates of the run so far, of which some may have been charged."""
        return self._entries("TRUE")

    def known(self, request: Request) -> Entry | None:
        """The create of this very request, where it may have been charged before the run was stopped. Each is returned
        once: a run may send the same request for two tasks.
        """
        found = self._entries("call = ? AND id <= ?", self._digest(request), self._last_before)
        entry = next((entry for entry in found if entry.number not in self._taken_up), None)
        if entry is not None:
            self._taken_up.add(entry.number)
        return entry

    def _entries(self, condition: str, *values: object) -> list[Entry]:
        rows = self._read(
            "SELECT id, state, source, units, http, answer FROM sends WHERE run = ? AND method = 'create'"
            f" AND state NOT IN (?, ?) AND {condition} ORDER BY id LIMIT ?",
            *(self._run, UNSENT, REFUSED, *values, MOST + 1),
        )
        if len(rows) > MOST:
            raise self._error(f"the run that was stopped has more than {MOST:,} creates")
        return [self._entry(*row) for row in rows]

    def _entry(self, number: int, state: str, source: int, units: int, http: int | None, answer: str | None) -> Entry:
        numbers = all(type(each) is int for each in (source, units, http or 0))
        known = state in (SENT, ANSWERED, LOST) and numbers and 0 <= units < MOST_UNITS
        try:
            kept = None if answer is None else _kept(answer)
        except (ValueError, RecursionError):
            known = False
        if not known:
            raise self._error(f"line {number} is damaged")
        return Entry(number, LOST if state == SENT else state, source, max(1, units), http or 0, kept)

    def _read(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._error(str(error)) from None
        except UnicodeDecodeError:
            raise self._error("is damaged: it holds bytes that are no text") from None

    def _write(self, statement: str, *values: object, line: int | None = None) -> int:
        """Adds a line of a send, or changes that of the number, for good; its number."""
        return self._write_to("sends", statement, *values, line=line)

    def _write_to(self, table: str, statement: str, *values: object, line: int | None) -> int:
        if _identity(self._file) != self._identity:
            raise self._error("was removed or replaced while the run used it")
        try:
            return _write(self._connection, table, statement, *values, line=line)
        except sqlite3.Error as error:
            raise self._error(str(error)) from None

    def _error(self, why: str) -> LedgerError:
        return LedgerError(f"--ledger: {self._file}: {why}; nothing more was sent; name a new file")

    def begin(self, method: str, request: Request, *, source: int = 0, units: int = 0) -> int:
        """Writes down that a request is about to leave; the number of its line."""
        return self._write(
            "INSERT INTO sends (run, at, method, call, units, state, source) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(self._run, _now(), method, self._digest(request), units, SENT, source),
        )

    def end(self, number: int, state: str, *, units: int) -> None:
        """Writes down what came of a send."""
        self._write("UPDATE sends SET state = ?, units = ? WHERE id = ?", state, units, number, line=number)

    def keep(self, number: int, http: int, model: Mapping[str, Any]) -> None:
        """Writes down what a run that is resumed needs of the answer to a create: the members that KEPT names, each a
        number or a short word.
        """
        kept = {name: model[name] for name in KEPT if name in model and _is_plain(name, model[name])}
        update = "UPDATE sends SET http = ?, answer = ? WHERE id = ?"
        self._write(update, http, json.dumps(kept), number, line=number)

    def settle(self, number: int, units: int) -> None:
        """Writes down what a create has really taken."""
        self._write("UPDATE sends SET units = ? WHERE id = ?", units, number, line=number)

    def close_run(self) -> None:
        """Writes down that the run is complete, so that the next one begins anew."""
        self._write_to("runs", "UPDATE runs SET ended = ? WHERE id = ?", _now(), self._run, line=self._run)

    def _digest(self, request: Request) -> str:
        text = f"{request.http_method}\0{request.url}\0{request.body.hex()}"
        return hmac.new(self._key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def _is_plain(name: str, value: object) -> bool:
    """Whether a value may be kept: a status that is documented, a number, a text of digits and letters alone."""
    if name == "status":
        return value in STATUSES
    return type(value) in (int, str) and len(text := str(value)) <= LONGEST and text.isascii() and text.isalnum()


def _kept(answer: object) -> Mapping[str, Any]:
    """What `keep` has written of an answer. Raises ValueError and RecursionError where it has not written that."""
    kept = json.loads(answer) if isinstance(answer, str) else None
    if not isinstance(kept, dict) or not all(name in KEPT and _is_plain(name, value) for name, value in kept.items()):
        raise ValueError("no members of an answer that are kept")
    return kept


def _identity(file: Path) -> tuple[int, int] | None:
    """What distinguishes a file from another one of its name; None where there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116 - one call, for each send
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _write(connection: sqlite3.Connection, table: str, statement: str, *values: object, line: int | None = None) -> int:
    """Adds a line, or changes that of the number, for good; its number."""
    added = connection.execute(statement, values).lastrowid
    number = added or 0 if line is None else line
    connection.execute(f"UPDATE {table} SET crc = checksum({_COLUMNS[table]}) WHERE id = ?", (number,))
    connection.commit()
    return number


def _checksum(*values: object) -> int:
    return crc32(repr(values).encode("utf-8", "backslashreplace"))


def _is_whole(connection: sqlite3.Connection) -> bool:
    """Whether each line is as it was written."""
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        return False
    wrong = (f"SELECT 1 FROM {table} WHERE crc IS NOT checksum({columns})" for table, columns in _COLUMNS.items())
    try:
        return all(connection.execute(f"{each} LIMIT 1").fetchone() is None for each in wrong)
    except sqlite3.Error:  # bytes that are no text
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def open_ledger(file: Path, target: str, account: Account, clock: Callable[[], str] = _now) -> Iterator[Ledger]:
    """The ledger of a run on the target with the account: that of the last run that was stopped within a day, else a
    new one. The file is this run's alone while it lasts. Raises UsageError.
    """
    key = hashlib.sha256(account.token.encode("utf-8", "surrogateescape")).digest()
    whose = hmac.new(key, f"{target}\0{account.login}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
    with ExitStack() as closing:
        try:
            # Absolute, since SQLite has names of its own, such as :memory:.
            opened = sqlite3.connect(file.absolute(), timeout=0.2, isolation_level="IMMEDIATE")
            connection = closing.enter_context(contextlib.closing(opened))
            _prepare(connection, file)
            run, resumed = _run_of(connection, whose, target, clock())
        except sqlite3.Error as error:
            raise UsageError(f"--ledger: {file}: {_why(error)}") from None
        except UnicodeDecodeError:
            raise UsageError(f"--ledger: {file} is damaged: it holds bytes that are no text; name a new file") from None
        yield Ledger(file.absolute(), connection, run, key, resumed=resumed)


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    connection.create_function("checksum", -1, _checksum, deterministic=True)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    schema = _schema_of(connection)
    if not schema and not application:
        connection.executescript(
            f"BEGIN EXCLUSIVE; {_TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT}; COMMIT"
        )
        file.chmod(0o600)
    elif application != APPLICATION:
        raise UsageError(f"--ledger: {file} is a database, and no ledger; name another file")
    elif layout != LAYOUT:
        raise UsageError(
            f"--ledger: {file} was written by another version of the kit (layout {layout}); name a new file"
        )
    elif schema != _own_schema() or not _is_whole(connection):
        raise UsageError(
            f"--ledger: {file} is damaged: its tables or lines are not as they were written; name a new file"
        )


def _schema_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """What the file consists of: a view or a trigger of another's could run for ever, or change what is written."""
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name LIMIT 9").fetchall()


def _own_schema() -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES)
        return _schema_of(connection)


def _run_of(connection: sqlite3.Connection, whose: str, target: str, now: str) -> tuple[int, bool]:
    oldest = (datetime.fromisoformat(now) - RESUMABLE).isoformat(timespec="seconds")
    row = connection.execute(
        "SELECT id FROM runs WHERE key = ? AND ended IS NULL AND started >= ? ORDER BY id DESC LIMIT 1", (whose, oldest)
    ).fetchone()
    if row is not None:
        update = "UPDATE runs SET kit = ? WHERE id = ?"
        _write(connection, "runs", update, version("ifind-mock"), row[0], line=row[0])
        return row[0], True
    insert = "INSERT INTO runs (key, target, kit, started) VALUES (?, ?, ?, ?)"
    return _write(connection, "runs", insert, whose, target, version("ifind-mock"), now), False


def _why(error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text:
        return "another run is using it; wait for its end, or name another file"
    return f"{text}; name another file, or one that this program may write"
