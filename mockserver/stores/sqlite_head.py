"""What is seen of a state file from outside, and how an error of SQLite is said."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from mockserver.core.errors import StoreError
from mockserver.machine_time import monotonic
from mockserver.stores.sqlite_schema import APPLICATION_ID, VERSION

_NEEDED = (3, 37, 0)

Place: TypeAlias = "tuple[int, int] | None"
"""Device and number of the file to which a path leads; None where it leads to none."""
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""Codes of a content that is not what was written: the statements are right, so a table that is missing is one."""
REMEDIES: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: "another process is writing to it for long: see what holds that one up, or name another file",
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_READONLY: "the file and its directory must be writable",
    sqlite3.SQLITE_CANTOPEN: "the file and its directory must be writable",
    sqlite3.SQLITE_CORRUPT: "put a sound copy in its place, or name another file",
    sqlite3.SQLITE_NOTADB: "put a sound copy in its place, or name another file",
    sqlite3.SQLITE_ERROR: "put a sound copy in its place, or name another file",
    sqlite3.SQLITE_IOERR: "make room on the disk, or see what is wrong with it",
}


def place_of(path: Path | str) -> Place:
    """The place of the file to which the path leads."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a text takes half the time, and this is asked for each call
    except OSError:
        return None
    return found.st_dev, found.st_ino


def size_of(path: Path | str) -> int:
    """Bytes of the file; 0 where there is none, as in the moment in which it goes, which is noticed the next time."""
    try:
        return os.stat(path).st_size  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return 0


def absolute(path: Path) -> Path:
    """The path from the root on; that of the file itself, where a link leads there: SQLite has its log beside that.
    Raises StoreError.
    """
    try:
        whole = path.absolute()
    except OSError:
        raise StoreError(
            f"{path}: the working directory does not exist any more; change to another, or name a whole path"
        ) from None
    try:
        return whole.resolve() if os.path.islink(whole) else whole  # noqa: PTH114 - raises nothing
    except (OSError, RuntimeError):
        raise StoreError(f"{path}: this link leads nowhere; name another file") from None


def sentence(path: Path, error: Exception) -> str:
    """What is wrong with the file, and what to do."""
    remedy = REMEDIES.get(code_of(error))
    # Python shows a text that is not in UTF-8, which may be a token.
    what = str(error).partition(" with text")[0]
    return f"{path}: {what}; {remedy}" if remedy else f"{path}: {what}"


def code_of(error: Exception) -> int:
    """SQLite's code, without the detail above its lowest byte (sqlite.org/rescode.html); 0 where there is none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def check_file(path: Path, end: float) -> int:
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
    beside = [path.with_name(path.name + part) for part in ("-wal", "-journal")]
    while True:
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as head:
                if any(map(size_of, beside)):
                    # A process that dies while it writes its log into the file, or makes the file, or one that does so
                    # now, leaves it shorter than its first page says. With what stands beside it it is whole, or empty;
                    # without, only so is that page read.
                    head.execute("PRAGMA writable_schema = ON")
                ((mark,),) = head.execute("PRAGMA application_id").fetchall()
                ((version,),) = head.execute("PRAGMA user_version").fetchall()
                return mark, version
        except sqlite3.Error as error:
            if code_of(error) == sqlite3.SQLITE_NOTADB:
                return 0, 0
            if code_of(error) != sqlite3.SQLITE_CORRUPT or monotonic() > end:
                raise StoreError(sentence(path, error)) from error
        time.sleep(0.01)


def _checked_version(path: Path, mark: int, version: int) -> int:
    if mark != APPLICATION_ID:
        raise StoreError(f"{path}: was not made by ifind-mock, and is left as it is; name another file")
    if not 1 <= version <= VERSION:
        what = f"has format {version}, this ifind-mock reads formats 1 to {VERSION}"
        raise StoreError(f"{path}: {what}; name another file, or take the ifind-mock that made it")
    return version
