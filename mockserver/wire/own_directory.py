"""Temporary directories of a mock. One whose process was killed is removed by the next mock that makes one.

A file in each is locked while a process of its mock lives: the system takes the lock away with the last of them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

_LOCKS = os.name == "posix"
if _LOCKS:
    import fcntl

_LOCK = ".lock"
"""The name of the file. A directory without one, as on systems without locks, is never taken for one that was left."""


@contextmanager
def own_directory(purpose: str) -> Iterator[Path]:
    """A directory `ifind-mock-PURPOSE-…` for this user alone, as long as the context lasts. Raises OSError."""
    prefix = f"ifind-mock-{purpose}-"
    if _LOCKS:
        _clear(prefix)
    made, lock = _made(prefix)
    process = os.getpid()
    try:
        yield made
    finally:
        if process == os.getpid():  # else it is still used by the process from which this one was forked
            shutil.rmtree(made, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _made(prefix: str) -> tuple[Path, int | None]:
    """A new directory, and its lock, where the system has such."""
    while True:
        made = Path(mkdtemp(prefix=prefix))
        if not _LOCKS:
            return made, None
        lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            (made / _LOCK).unlink()
            os.close(lock)
            return made, None
        if os.fstat(lock).st_nlink:
            return made, lock
        os.close(lock)  # another mock has taken it for one that was left, in the moment before it was locked


def _clear(prefix: str) -> None:
    """Removes the directories of this user that mocks have left which were killed."""
    for found in Path(gettempdir()).glob(f"{prefix}*"):
        try:
            lock = os.open(found / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or none of ours
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if found.lstat().st_uid == os.getuid():
                shutil.rmtree(found, ignore_errors=True)
        except OSError:
            continue  # its mock lives, or another removes it at this moment
        finally:
            os.close(lock)
