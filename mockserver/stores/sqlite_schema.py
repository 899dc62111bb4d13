"""The tables of a state file, its marks, and how a file of an earlier version becomes one of this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

APPLICATION_ID = 0x1F1D_30C4  # marks the file as ours, in bytes 68 to 71 of its head (sqlite.org/fileformat.html)
VERSION = 4

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
    # The journal has a log of its own since then.
    3: tuple(f"DROP TABLE IF EXISTS {table}" for table in ("calls", "entries", "rings", "bodies", "journal")),
}
"""What makes a file of a version one of the next."""
TABLES = ("accounts", "tasks", "clocks", "records", "changes", "windows", "samples")
OF_A_RUN = ("records", "windows", "samples")
"""The tables whose rows end with the last process that uses the file."""
END_OF_A_RUN: Sequence[str] = (
    *(f"DELETE FROM {table}" for table in OF_A_RUN),  # noqa: S608 - the names above
    "UPDATE changes SET last = last + 1, purged = last + 1",
)
