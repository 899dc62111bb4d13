"""The SQLite store: which files it opens, and how it refuses the others."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mockserver.core.errors import StoreError
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.sqlite_schema import APPLICATION_ID, VERSION
from support.stores import ANNA, TASK, another_user

# The SQLite file: what may not be opened.


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


def killed_in_a_checkpoint(path: Path, whole: Path, pages: int) -> None:
    """As a process leaves the file that dies while it writes the log into it, page by page: so many are written. Those
    that come to stand in `whole`.
    """
    log = path.with_name("live.db-wal").read_bytes()
    path.write_bytes(path.with_name("live.db").read_bytes())
    path.with_name(f"{path.name}-wal").write_bytes(log)
    with closing(sqlite3.connect(path.with_name("live.db"), isolation_level=None)) as last:
        last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(whole.read_bytes()[: pages * 4096])


def foreign_database_that_is_half_written(path: Path) -> None:
    live = path.with_name("live.db")
    with closing(sqlite3.connect(live, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE theirs (x)")
        other.executemany("INSERT INTO theirs VALUES (?)", [("x" * 3000,)] * 9)
        killed_in_a_checkpoint(path, live, pages=1)


def newer_version(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as later:
        later.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("login;token\n" * 50), "was not made by ifind-mock"),
        (lambda path: path.write_bytes(b"\0"), "was not made by ifind-mock"),
        (foreign_database, "was not made by ifind-mock"),
        (foreign_database_with_a_log, "was not made by ifind-mock"),
        (foreign_database_that_is_half_written, "was not made by ifind-mock"),
        (newer_version, rf"has format {VERSION + 1}, this ifind-mock reads formats 1 to {VERSION}; name another file"),
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


def test_a_torn_file_is_refused_unless_another_process_completes_it_in_time(path: Path) -> None:
    SqliteStore(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096])
    with pytest.raises(StoreError, match="malformed"):
        SqliteStore(path, patience=0.0)

    def complete() -> None:
        with path.open("ab") as file:
            file.write(whole[4096:])

    other = threading.Timer(0.2, complete)
    other.start()
    SqliteStore(path).close()
    other.join()


@pytest.mark.parametrize("pages", [1, 2, 20, 40])
def test_a_process_that_dies_while_it_writes_the_log_into_the_file_loses_nothing(pages: int, path: Path) -> None:
    live = path.with_name("live.db")
    with closing(SqliteStore(live)) as store:
        with store.transaction():
            store.put_account(replace(ANNA, daily_limit=10_000))
            made = [store.create_task(replace(TASK, phone=f"7000{number:0200d}"), 1) for number in range(800)]
        assert live.stat().st_size < 40 * 4096 < path.with_name("live.db-wal").stat().st_size
        killed_in_a_checkpoint(path, live, pages)

    with closing(SqliteStore(path, patience=0.0)) as store:
        assert [*store.tasks(ANNA.login)] == made
        assert store.file.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_missing_directory_is_reported_and_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match=r"the directory .*absent is missing; make it"):
        SqliteStore(path.parent / "absent" / "state.db")

    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("name", ["", "folder.db", "/dev/null", "a\0b.db", "x" * 300 + ".db"])
def test_what_is_no_file_is_refused(name: str, path: Path) -> None:
    (path.parent / "folder.db").mkdir()
    with pytest.raises(StoreError):
        SqliteStore(path.parent / name)


def test_a_file_that_may_not_be_written_is_refused() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "state.db"
        SqliteStore(path).close()
        path.chmod(0o444)
        path.parent.chmod(0o755)

        with another_user(), pytest.raises(StoreError, match=r"state\.db: may not be read and written"):
            SqliteStore(path)


@pytest.mark.parametrize(("start", "end"), [(100, 4096), (4096, None)])
def test_a_corrupt_file_is_reported_as_such(start: int, end: int | None, path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put_account(ANNA)
    whole = path.read_bytes()
    tail = whole[end:] if end else b""
    path.write_bytes(whole[:start] + b"\xff" * (len(whole) - start - len(tail)) + tail)

    with pytest.raises(StoreError, match=r"state\.db: .*(malformed|corrupt).*; put a sound copy in its place"):
        SqliteStore(path)


def test_a_file_that_was_cut_short_is_reported_as_such(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put_account(ANNA)
    os.truncate(path, 4096)

    with pytest.raises(StoreError, match=r"state\.db: .*malformed"):
        SqliteStore(path)


def test_an_empty_file_is_taken(path: Path) -> None:
    path.touch()
    with closing(SqliteStore(path)) as store:
        assert not store.accounts()


@pytest.mark.parametrize("pages", [1, 2, None])
@pytest.mark.parametrize("version", [1, VERSION])
def test_a_creation_that_was_cut_short_is_completed(version: int, pages: int | None, path: Path) -> None:
    """The file as a process leaves it that dies in its first commit: so many of its pages written, or all, the journal
    that takes them back still there.
    """
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as half:
        half.execute("PRAGMA cache_size = 1")
        half.execute("BEGIN IMMEDIATE")
        half.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        half.execute(f"PRAGMA user_version = {version}")
        half.execute("CREATE TABLE half (x)")
        half.execute("INSERT INTO half VALUES (zeroblob(100000))")
        copy.with_name("copy.db-journal").write_bytes(path.with_name("state.db-journal").read_bytes())
        half.execute("COMMIT")
        copy.write_bytes(path.read_bytes()[: None if pages is None else pages * 4096])

    with closing(SqliteStore(copy, patience=0.0)) as store:
        assert not store.accounts()
