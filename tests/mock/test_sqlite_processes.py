"""The SQLite store: several processes on one file, and the death of one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from mockserver.stores.sqlite import SqliteStore
from support.processes import serving
from support.stores import ANNA, LOGIN, create, used
from support.wire_server import wait_for

# The SQLite file: several processes, and the death of one.


def test_a_second_store_of_the_process_leaves_the_locks_of_the_first_alone(file_store: SqliteStore, path: Path) -> None:
    """POSIX drops all locks of a process on a file when the process closes any handle of it, so opening a store may
    not look into the file on its own.
    """
    SqliteStore(path).close()
    program = (
        "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode = DELETE'))"
    )
    other = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)

    assert "database is locked" in other.stderr, other.stdout
    create(file_store)


def test_mocks_on_one_file_whose_log_was_removed_all_go_on(path: Path) -> None:
    options = ("--state", str(path), "--daily-limit=1000")
    with serving(*options, cwd=path.parent) as one, serving(*options, cwd=path.parent) as other:
        one.get("create", phone="70001234567", source=2)
        other.get("info")
        path.with_name(f"{path.name}-wal").unlink()

        def all_work() -> bool:
            made = [mock.get("create", phone="70001234567", source=2) for mock in (one, other)]
            return all(b'"ok"' in answer for answer in made)

        wait_for(all_work)


def test_others_that_write_again_and_again_keep_no_write_from_the_file(path: Path) -> None:
    """They have it for nine tenths of the time. A wait that sleeps ever longer misses the rest."""
    over, has_it = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            while not over.is_set():
                other.execute("BEGIN IMMEDIATE")
                has_it.set()
                time.sleep(0.045)
                other.execute("COMMIT")
                time.sleep(0.005)

    with closing(SqliteStore(path)) as store:
        writer = threading.Thread(target=write)
        writer.start()
        try:
            made = []
            for _ in range(30):
                has_it.clear()
                assert has_it.wait(10)
                made.append(store.next_sample(LOGIN, "x"))
        finally:
            over.set()
            writer.join()

    assert made == [*range(1, 31)]


PROGRAM = """
    import sys
    from pathlib import Path
    from mockserver.core.tasks import LimitReached, Task
    from mockserver.stores.sqlite import SqliteStore
    path, login, group = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    print("up", flush=True)
    sys.stdin.readline()
    store = SqliteStore(path)
    while True:
        with store.transaction():
            made = [store.create_task(Task(0, login, "70000000001", 2, "::1", 1, 2, 3, 4), 1) for _ in range(group)]
        if any(isinstance(one, LimitReached) for one in made):
            break
        print(*[one.id for one in made], flush=True)
    store.close()
"""


@contextmanager
def creating(path: Path, *, group: int) -> Iterator[subprocess.Popen[str]]:
    """A process that creates tasks of 3 units, `group` in a transaction, from a line on its input until it is refused.
    It prints the ids of each transaction once that has returned.
    """
    arguments = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(path), LOGIN, str(group)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_kill_9_loses_nothing_that_was_acknowledged(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put_account(replace(ANNA, daily_limit=10**9))
    with creating(path, group=3) as process:
        begin(process)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(100)]
        process.kill()
        lines += [line for line in process.stdout if line.endswith("\n")]
    printed = [int(word) for line in lines for word in line.split()]

    with closing(SqliteStore(path)) as store:
        stored = [i for i in range(1, max(printed) + 10) if store.read_task(i)]
        assert set(printed) <= set(stored)
        assert len(stored) % 3 == 0
        assert used(store) == 3 * len(stored)
        assert create(store) not in stored


def test_processes_that_make_the_file_at_once_all_get_it(path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from mockserver.stores.sqlite import SqliteStore
        print("up", flush=True)
        sys.stdin.readline()
        for name in sys.argv[1:]:
            SqliteStore(Path(name)).close()
    """
    names = [str(path.with_name(f"{number}.db")) for number in range(10)]
    arguments = [sys.executable, "-c", textwrap.dedent(program), *names]
    processes = [
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        begin(process)

    assert [process.communicate()[1] for process in processes] == ["", "", ""]
