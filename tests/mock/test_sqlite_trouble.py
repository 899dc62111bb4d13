"""The SQLite store in trouble: it says so once, loses nothing acknowledged, and goes on once the cause is gone."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from mockserver.api.http import Request
from mockserver.core.errors import StoreError
from mockserver.stores import sqlite_file, trouble
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.trouble import Trouble
from support.in_process import PHONE, Api
from support.processes import serving
from support.raw_client import connected
from support.stores import ANNA, another_user, create
from support.wire_server import get


class Down(NamedTuple):
    """A mock whose file gets into trouble, and a sound copy of the file."""

    api: Api
    path: Path
    copy: Path

    @property
    def store(self) -> SqliteStore:
        store = self.api.mock.store
        assert isinstance(store, SqliteStore)
        return store

    def run(self, statement: str) -> None:
        self.store.file.connection.execute(statement).fetchall()


def allow(down: Down, more: int) -> None:
    ((pages,),) = down.store.file.connection.execute("PRAGMA page_count")
    down.run(f"PRAGMA max_page_count = {pages + more}")


def full(down: Down) -> Callable[[], object]:
    allow(down, 0)
    return lambda: allow(down, 1000)


def locked(down: Down) -> Callable[[], object]:
    other = sqlite3.connect(down.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def read_only(down: Down) -> Callable[[], object]:
    down.run("PRAGMA query_only = ON")
    return lambda: down.run("PRAGMA query_only = OFF")


def moved(down: Down) -> Callable[[], object]:
    away = down.path.rename(down.path.with_name("away.db"))
    return lambda: away.rename(down.path)


def directory_moved(down: Down) -> Callable[[], object]:
    folder = down.path.parent
    away = folder.rename(folder.with_name("away"))
    return lambda: away.rename(folder)


def removed(down: Down) -> Callable[[], object]:
    down.path.unlink()
    return lambda: shutil.copy(down.copy, down.path)


def directory_removed(down: Down) -> Callable[[], object]:
    shutil.rmtree(down.path.parent)
    return lambda: (down.path.parent.mkdir(), shutil.copy(down.copy, down.path))


def replaced(down: Down) -> Callable[[], object]:
    down.path.unlink()
    with closing(sqlite3.connect(down.path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    return lambda: (down.path.unlink(), shutil.copy(down.copy, down.path))


def emptied(down: Down) -> Callable[[], object]:
    down.run("PRAGMA wal_checkpoint(TRUNCATE)")
    down.path.write_bytes(b"")
    return lambda: shutil.copy(down.copy, down.path)


def damaged(down: Down) -> Callable[[], object]:
    down.run("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = down.path.read_bytes()
    with down.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (len(whole) - 4096))
    down.run("PRAGMA cache_size = 1")  # so that the pages are read again
    down.run("PRAGMA shrink_memory")
    return lambda: shutil.copy(down.copy, down.path)


TROUBLES = {
    full: "full; make room on the disk",
    locked: "database is locked; another process is writing to it",
    read_only: "the file and its directory must be writable",
    moved: "was removed or moved; put it back",
    directory_moved: "was removed or moved; put it back",
    removed: "was removed or moved; put it back",
    directory_removed: "was removed or moved; put it back",
    replaced: "was not made by ifind-mock",
    emptied: "was cut short; put a sound copy in its place",
    damaged: "malformed; put a sound copy in its place",
}


@pytest.fixture
def down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Down]:
    monkeypatch.setattr(sqlite_file, "RETRY", 0.0)
    monkeypatch.setattr(sqlite_file, "BUSY", 0.01)
    folder = tmp_path / "here"
    folder.mkdir()
    path, copy = folder / "state.db", tmp_path / "copy.db"
    api = Api(state=str(path), daily_limit=10**6)
    for _ in range(5):
        api.create()
    with closing(sqlite3.connect(copy)) as to:
        api.mock.store.file.connection.backup(to)  # type: ignore[attr-defined]
    yield Down(api, path, copy)
    api.mock.store.close()


@pytest.mark.parametrize("strike", TROUBLES, ids=lambda strike: strike.__name__)
def test_a_trouble_is_said_once_and_so_is_its_end_and_nothing_acknowledged_is_lost(
    down: Down, strike: Callable[[Down], Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    mend = strike(down)
    failed = [down.api.call("create", phone=PHONE, source=2) for _ in range(60)]
    during = capsys.readouterr().err.splitlines()
    mend()
    end = time.monotonic() + 5
    while down.api.call("info")["status"] == "error" and time.monotonic() < end:
        time.sleep(0.01)  # a file that was found unsound again is left alone for a while
    used = down.api.used()
    made = down.api.create()
    after = [line for line in capsys.readouterr().err.splitlines() if "calls of its journal" not in line]
    down.api.create()

    errors = [answer for answer in failed if answer["status"] == "error"]
    assert errors, "it was no trouble"
    assert {answer["error_code"] for answer in errors} == {500}
    assert all(down.api.call("result", id=number)["status"] == "processing" for number in (1, 2, 3, 4, 5, made))
    kept = [answer["id"] for answer in failed if answer["status"] == "ok"]
    assert all(down.api.call("result", id=number)["status"] == "processing" for number in kept)
    assert down.api.used() - used == used / (5 + len(kept)) * 2, "each create is charged once"
    assert len(during) == 1
    assert str(down.path) in during[0]
    assert TROUBLES[strike] in during[0]
    assert len(after) == 1
    assert str(down.path) in after[0]
    assert "works again" in after[0]
    assert capsys.readouterr().err == ""
    assert "demo-token" not in during[0] + after[0]


@pytest.mark.parametrize("strike", TROUBLES, ids=lambda strike: strike.__name__)
def test_other_accounts_from_the_settings_in_the_middle_of_a_trouble_do_not_keep_it_from_ending(
    down: Down,
    strike: Callable[[Down], Callable[[], object]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite_file, "LEAVING", 0.01)
    mock = down.api.mock
    more = replace(mock.simulation, accounts=(*mock.simulation.accounts, ANNA))
    mend = strike(down)
    with suppress(StoreError):
        mock.configure(mock.profile, more)
    down.api.call("info")
    mend()
    end = time.monotonic() + 5
    while down.api.call("info")["status"] == "error" and time.monotonic() < end:
        time.sleep(0.01)

    assert down.api.create() > 5
    assert "failed with" not in capsys.readouterr().err


def test_a_copy_that_may_not_be_written_is_taken_once_it_may(capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory() as directory, another_user(Path(directory)):
        path = Path(directory) / "state.db"
        with closing(SqliteStore(path)) as store:
            store.put_account(ANNA)
            shutil.copy(path, path.with_name("copy.db"))
            path.unlink()
            path.with_name("copy.db").rename(path).chmod(0o444)
            with pytest.raises(StoreError, match="may not be read and written; change its rights"):
                create(store)
            path.chmod(0o644)
            time.sleep(sqlite_file.RETRY)
            with store.transaction(write=True):
                made = create(store)
            assert store.read_task(made) is not None

    begun, over = capsys.readouterr().err.splitlines()
    assert "may not be read and written" in begun
    assert "works again" in over


def test_a_directory_that_may_not_be_entered_is_told_and_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory() as directory, another_user(Path(directory)):
        folder = Path(directory) / "here"
        folder.mkdir()
        with closing(SqliteStore(folder / "state.db")) as store:
            store.put_account(ANNA)
            folder.chmod(0)
            with pytest.raises(StoreError, match="Permission denied; the file and its directory must be writable"):
                create(store)
            folder.chmod(0o755)
            time.sleep(sqlite_file.RETRY)
            assert store.read_task(create(store)) is not None

    assert [line.count("works again") for line in capsys.readouterr().err.splitlines()] == [0, 1]


def test_where_its_log_is_removed_it_goes_on_and_the_file_has_all(
    down: Down, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("state.db-wal", "state.db-shm"):
        down.path.with_name(part).unlink()
    made = down.api.create()
    for part in ("state.db-wal", "state.db-shm"):  # as after a kill: the log of now with the file of now
        shutil.copy(down.path.with_name(part), down.copy.with_name(part.replace("state", "copy")))
    shutil.copy(down.path, down.copy)

    with closing(SqliteStore(down.copy)) as again:
        assert all(again.read_task(number) for number in range(1, made + 1))
    assert "its log, a file beside it, was removed" in capsys.readouterr().err


@pytest.mark.parametrize("share", [0, 0.5])
def test_where_its_log_is_cut_short_that_is_said_and_the_file_stays_sound(
    down: Down, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    """What stood in the log alone is lost. SQLite would go on, and spoil the file."""
    given = [down.api.create() for _ in range(20)]
    log = Path(f"{down.path}-wal")
    os.truncate(log, int(log.stat().st_size * share))
    failed = down.api.call("create", phone=PHONE, source=2)
    made = [down.api.create() for _ in range(20)]
    told = capsys.readouterr().err.splitlines()
    down.store.close()
    with closing(sqlite3.connect(down.path)) as file:
        kept = {number for (number,) in file.execute("SELECT id FROM tasks")}
        sound = file.execute("PRAGMA integrity_check").fetchall()

    assert failed["error_code"] == 500
    assert [line.partition(str(down.path))[2][:20] for line in told] == ["-wal: was cut short;", ": works again, with "]
    assert not set(made) & set(given)
    assert set(made) <= kept
    assert sound == [("ok",)]


def test_a_log_that_another_program_writes_into_the_file_is_no_trouble(
    down: Down, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        with closing(sqlite3.connect(down.path)) as other:
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall() == [(0, 0, 0)]
        down.api.create()

    assert capsys.readouterr().err == ""


def test_an_older_copy_gives_no_id_twice(down: Down) -> None:
    before = {down.api.create() for _ in range(7)}
    mend = removed(down)
    down.api.call("info")
    mend()
    end = time.monotonic() + 5
    while down.api.call("info")["status"] == "error" and time.monotonic() < end:
        time.sleep(0.01)  # a file that was found missing is left alone for a while

    assert down.api.create() == max(before) + 1


def test_a_file_that_is_replaced_between_two_calls_is_told(down: Down, capsys: pytest.CaptureFixture[str]) -> None:
    before = [down.api.create() for _ in range(7)]
    down.copy.replace(down.path)
    made = [down.api.create() for _ in range(3)]
    (line,) = capsys.readouterr().err.splitlines()

    assert f"{down.path}: was replaced" in line
    assert min(made) > max(before)


def test_a_locked_file_holds_up_one_turn_and_not_every_one(down: Down, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY", 0.5)
    end = locked(down)
    began = time.monotonic()
    answers = [down.api.call("create", phone=PHONE, source=2)["status"] for _ in range(20)]
    end()

    assert answers == ["error"] * 20
    assert 0.5 <= time.monotonic() - began < 5  # 20 times 0.5 seconds would be 10


def test_a_file_that_stays_unsound_is_not_looked_through_at_every_call(
    down: Down, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    monkeypatch.setattr(sqlite_file, "RETRY", 60.0)
    monkeypatch.setattr(sqlite_file, "check_file", lambda path, _end: looks.append(path))
    damaged(down)
    for _ in range(20):
        down.api.call("create", phone=PHONE, source=2)

    assert looks == []


def test_where_nobody_reads_standard_error_a_trouble_holds_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    call = get("/api/info?login=demo@example.com&token=demo-token")
    with serving("--access-log", "--state", str(path), cwd=tmp_path) as mock:
        parts = urlsplit(mock.api)
        with connected((parts.hostname or "", parts.port or 0)) as client:
            for _ in range(100):  # a pipe that nobody reads holds 64 KiB: some thousand lines
                client.send(call * 30)
                assert [client.answer().json["status"] for _ in range(30)] == ["ok"] * 30
            path.rename(tmp_path / "away")
            assert client.send(call).answer().json["status"] == "error"


def test_control_calls_name_the_trouble(down: Down) -> None:
    removed(down)
    with pytest.raises(StoreError, match=r"state\.db: was removed or moved"), down.store.transaction(write=True):
        pass


STRANGE = {
    "accounts": ["seed = 'abc'", f"seed = '{'9' * 5000}'", "delay = 'soon'", "delay = hex(zeroblob(9999))"],
    "tasks": ["edition = 'Z'", "source = 99", "seed = 'x'", "created = -1 << 63", "ready = 1 << 62"],
    "clocks": ["speed = 9e999", "speed = -1", "base = 1 << 62", "base = -1 << 63"],
}


@pytest.mark.parametrize(("table", "change"), [(table, change) for table in STRANGE for change in STRANGE[table]])
def test_a_value_that_no_mock_writes_is_an_error_of_the_calls_that_need_it(
    down: Down, capsys: pytest.CaptureFixture[str], table: str, change: str
) -> None:
    """The other calls of their turn are answered. Where the mock needs it at its start, it does not start."""
    down.api.account("demo@example.com", delay="1s")
    down.api.mock.set_clock("demo@example.com", frozen=True, now=None, speed=None)
    number = down.api.create()
    with closing(sqlite3.connect(down.path)) as other:
        other.execute(f"UPDATE {table} SET {change}")
        other.commit()
    query = f"login=demo@example.com&token=demo-token&id={number}".encode()
    calls = [Request("GET", b"/api/result", query, {}, b"", ""), Request("GET", b"/api/create", b"", {}, b"", "")]
    needs, other_call = (json.loads(response.body) for response in down.api.gateway.turn(calls))

    assert needs["error_code"] == 500
    assert other_call["error_code"] == 400
    assert "holds a value that no mock writes" in capsys.readouterr().err
    if table == "accounts":
        with pytest.raises(StoreError, match="holds a value that no mock writes"):
            Api(state=str(down.path))


def test_a_text_that_is_none_is_not_shown(down: Down) -> None:
    down.run("UPDATE accounts SET token = CAST(x'733363726574ff' AS TEXT)")
    with pytest.raises(StoreError) as told:
        down.store.account("demo@example.com")

    assert "token" in str(told.value)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("made", ["VIEW v AS SELECT 1", "TRIGGER t AFTER INSERT ON tasks BEGIN SELECT 1; END"])
def test_a_file_with_what_would_run_by_itself_is_refused(down: Down, made: str) -> None:
    with closing(sqlite3.connect(down.copy)) as other:
        other.execute(f"CREATE {made}")
    with pytest.raises(StoreError, match="has a view or a trigger"):
        SqliteStore(down.copy)


def test_a_trouble_that_comes_and_goes_is_said_a_few_times_and_again_where_it_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(trouble, "monotonic", lambda: now[0])
    lines: list[str] = []
    of_the_file = Trouble("file", lines.append)
    for _ in range(100):
        of_the_file.begins("full")
        of_the_file.is_over()
    assert [line.split(".")[0] for line in lines] == ["full", "file: works again"] * trouble.OFTEN

    of_the_file.begins("locked")
    of_the_file.begins("full")
    assert lines[-1].startswith("locked")
    now[0] += trouble.QUIET + 1
    of_the_file.begins("full")
    of_the_file.begins("full")
    of_the_file.is_over()
    assert [line.split(".")[0] for line in lines[-3:]] == ["locked", "full", "file: works again"]
