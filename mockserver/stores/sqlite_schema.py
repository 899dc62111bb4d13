"""The tables of a state file, its marks, and how a file of an earlier version becomes one of this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

APPLICATION_ID = 0x1F1D_30C4  # marks the file as ours, in bytes 68 to 71 of its head (sqlite.org/fileformat.html)
VERSION = 3

# Columns stand in the order of the records' fields. A seed may have 64 bits without a sign, or more: as text it fits.
_ACCOUNTS_AND_TASKS = (
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
)
_SHARED = (  # since version 3: before, each process kept these for itself
    # Without a value, a record was dropped. Places give the order in which the records were made.
    """CREATE TABLE records (
        place INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT, number INTEGER NOT NULL,
        UNIQUE (kind, key)) STRICT""",
    "CREATE INDEX records_number ON records (number)",
    # One row: the number of the last change, and of the last whose tombstones may be gone.
    "CREATE TABLE changes (last INTEGER NOT NULL, purged INTEGER NOT NULL) STRICT",
    "INSERT INTO changes VALUES (0, 0)",
    """CREATE TABLE windows (
        login TEXT PRIMARY KEY, start INTEGER NOT NULL, calls INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE samples (
        login TEXT, what TEXT, number INTEGER NOT NULL, PRIMARY KEY (login, what)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE calls (
        method TEXT, outcome TEXT, status INTEGER, number INTEGER NOT NULL,
        PRIMARY KEY (method, outcome, status)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE entries (
        number INTEGER PRIMARY KEY, time INTEGER NOT NULL, real_time INTEGER NOT NULL, owner TEXT NOT NULL, method TEXT,
        http_method TEXT, phone TEXT, source INTEGER, format TEXT NOT NULL, params TEXT NOT NULL, outcome TEXT NOT NULL,
        http_status INTEGER NOT NULL, error_code INTEGER, task INTEGER, faults TEXT NOT NULL, reason TEXT NOT NULL,
        latency INTEGER NOT NULL, request_size INTEGER NOT NULL, response_size INTEGER NOT NULL,
        content_type TEXT NOT NULL, in_body INTEGER NOT NULL) STRICT""",
    "CREATE INDEX entries_owner ON entries (owner)",
    # Of each account that has called: how many of its entries are kept, the number of the last, what it has lost.
    """CREATE TABLE rings (
        owner TEXT PRIMARY KEY, kept INTEGER NOT NULL, last INTEGER NOT NULL,
        lost TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX rings_last ON rings (kept > 0, last)",
    "CREATE TABLE bodies (number INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT",
    # One row: sums over the three tables, and whether nothing is known any more of some entries that are gone.
    """CREATE TABLE journal (
        last INTEGER NOT NULL, kept INTEGER NOT NULL, emptied INTEGER NOT NULL, bodies INTEGER NOT NULL,
        bytes INTEGER NOT NULL, forgotten INTEGER NOT NULL) STRICT""",
    "INSERT INTO journal VALUES (0, 0, 0, 0, 0, 0)",
)
SCHEMA: Sequence[str] = (
    *_ACCOUNTS_AND_TASKS,
    *_SHARED,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
UPGRADES: Mapping[int, Sequence[str]] = {
    1: ("ALTER TABLE tasks ADD COLUMN polls INTEGER", "ALTER TABLE tasks ADD COLUMN stub TEXT"),
    2: _SHARED,
}
"""What makes a file of a version one of the next."""
TABLES = (
    *("accounts", "tasks", "clocks", "records", "changes", "windows", "samples", "calls", "entries", "rings"),
    *("bodies", "journal"),
)
OF_A_RUN = ("records", "windows", "samples", "calls", "entries", "rings", "bodies")
"""The tables whose rows end with the last process that uses the file."""
END_OF_A_RUN: Sequence[str] = (
    *(f"DELETE FROM {table}" for table in OF_A_RUN),  # noqa: S608 - the names above
    "UPDATE changes SET last = last + 1, purged = last + 1",
    "UPDATE journal SET last = 0, kept = 0, emptied = 0, bodies = 0, bytes = 0, forgotten = 0",
)
