"""A state file that gets into trouble while tasks are created: nothing acknowledged is lost, and the mock goes on."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from support.processes import Serving, serving
from support.raw_client import Client, connected
from support.torture import Torture

Trouble: TypeAlias = "Callable[[Serving, Path, Path], Callable[[], object]]"
"""From the mock, its file and a sound copy to what ends the trouble."""


def full(mock: Serving, _path: Path, _copy: Path) -> Callable[[], object]:
    pid, size = mock.process.pid, resource.RLIMIT_FSIZE
    before = resource.prlimit(pid, size, (4096, resource.getrlimit(size)[1]))
    return lambda: resource.prlimit(pid, size, before)


def locked(_mock: Serving, path: Path, _copy: Path) -> Callable[[], object]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def read_only(_mock: Serving, path: Path, copy: Path) -> Callable[[], object]:
    _remove(path)
    shutil.copy(copy, path)
    path.chmod(0o444)
    return lambda: path.chmod(0o666)


def moved(_mock: Serving, path: Path, _copy: Path) -> Callable[[], object]:
    away = path.rename(path.with_name("away"))
    return lambda: away.rename(path)


def removed(_mock: Serving, path: Path, copy: Path) -> Callable[[], object]:
    _remove(path)
    return lambda: _put(copy, path)


def damaged(_mock: Serving, path: Path, copy: Path) -> Callable[[], object]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE sqlite_sequence SET seq = seq")  # so that the mock reads the file anew
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
    return lambda: _put(copy, path)


def _remove(path: Path) -> None:
    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)


def _put(copy: Path, path: Path) -> None:
    shutil.copyfile(copy, path)
    path.chmod(0o666)


# Root may write to a read-only file: tests/mock/test_sqlite_trouble.py tries that as another user.
TROUBLES: tuple[Trouble, ...] = (full, locked, moved, removed, damaged, *(() if os.geteuid() == 0 else (read_only,)))
CREATE = "/api/create?login=demo@example.com&token=demo-token&source=2&phone=70001234567"


def create(client: Client) -> int | None:
    """The id of a new task; None where the mock refuses it with a server error."""
    answer = json.loads(client.ask(CREATE).body)
    assert answer["status"] == "ok" or answer["error_code"] == 500
    number: int | None = answer.get("id")
    return number


def back_up(path: Path, copy: Path) -> None:
    with closing(sqlite3.connect(path)) as of, closing(sqlite3.connect(copy)) as to:
        of.backup(to)


def test_a_file_in_trouble_loses_nothing_that_was_acknowledged(torture: Torture) -> None:
    rounds = torture.scale(short=1, long=100)
    chance = random.Random(rounds)
    acknowledged: list[int] = []
    refused, slowest = 0, 0.0
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        path, copy = folder / "state.db", folder / "copy"
        arguments = ("--state", str(path), "--daily-limit", str(10**9), "--delay", "0s")
        with serving(*arguments, cwd=folder) as mock:
            mock.control("PUT", "/clock", b'{"mode": "frozen"}')  # no day ends while the charges are counted
            parts = urlsplit(mock.api)
            began = time.monotonic()
            with connected((parts.hostname or "", parts.port or 0)) as client:
                for trouble in (one for _ in range(rounds) for one in chance.sample(TROUBLES, len(TROUBLES))):
                    acknowledged += [number for _ in range(50) if (number := create(client)) is not None]
                    back_up(path, copy)
                    end_it = trouble(mock, path, copy)
                    tries = [create(client) for _ in range(300)]
                    assert None in tries, f"{trouble.__name__} was no trouble"
                    acknowledged += [number for number in tries if number is not None]
                    refused += tries.count(None)
                    end_it()
                    ended = time.monotonic()
                    while (number := create(client)) is None:
                        assert time.monotonic() - ended < 5, f"{trouble.__name__} does not end"
                        time.sleep(0.02)
                    acknowledged.append(number)
                    slowest = max(slowest, time.monotonic() - ended)
            took = time.monotonic() - began
            mock.process.send_signal(signal.SIGTERM)
            assert mock.process.wait(5) == 0
            assert mock.process.stderr is not None
            said = [line for line in mock.process.stderr if str(path) in line]
        with closing(sqlite3.connect(path)) as opened:
            kept = dict(opened.execute("SELECT id, cost FROM tasks").fetchall())
            ((used,),) = opened.execute("SELECT sum(used) FROM accounts").fetchall()
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    torture.figure(f"troubles of a state file: {', '.join(one.__name__ for one in TROUBLES)}", rounds * len(TROUBLES))
    torture.figure("acknowledged creates, all there, charged once, ids unique", len(acknowledged))
    torture.figure("creates refused with a server error meanwhile", refused)
    torture.figure("lines about it on standard error", len(said))
    torture.figure("until it works again", f"{slowest:.1f} s at most")

    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(kept)
    assert used == sum(kept.values())
    # Each is said once, and its end; what comes again and again, a few times a minute.
    assert len(said) == 2 * len(TROUBLES) if rounds == 1 else len(said) <= 10 * len(TROUBLES) * (1 + took / 60)
