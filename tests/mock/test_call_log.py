"""The log of calls beside a state file: what was added is read by all, in one order, whatever becomes of a part."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mockserver.core.errors import StoreError
from mockserver.stores import call_log, log_journal
from mockserver.stores.call_log import CallLog, LogReader, framed
from mockserver.stores.journal import Count, Journal, MuchLeft, Pattern
from mockserver.stores.log_journal import LogJournal
from mockserver.stores.sqlite import SqliteStore
from support.control_in_process import counted
from support.in_process import LOGIN, Api
from support.processes import serving
from support.wire_server import wait_for


def read(reader: LogReader) -> list[object]:
    return [record for part in iter(reader.part, []) for record, _ in part]


def file_of(path: Path, number: int = 1) -> Path:
    return path.with_name(f"{path.name}-calls-{number}")


@pytest.fixture
def logs(path: Path) -> Iterator[tuple[CallLog, CallLog, LogReader]]:
    one, other, reader = CallLog(path), CallLog(path), LogReader(path)
    with closing(one), closing(other), closing(reader):
        yield one, other, reader


def test_two_write_and_all_read_the_same(logs: tuple[CallLog, CallLog, LogReader], path: Path) -> None:
    one, other, reader = logs
    given = [("a", 1, b"\0" * 3_000_000), ("b", None), ("c", ("d",))]
    for log, record in zip((one, other, one), given, strict=True):
        log.append(record)

    assert read(reader) == given
    assert read(reader) == []
    other.append("e")
    assert read(reader) == ["e"]
    with closing(LogReader(path)) as later:
        assert read(later) == [*given, "e"]


def test_a_record_may_hold_what_records_begin_with(
    logs: tuple[CallLog, CallLog, LogReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a text in windows-1251 may."""
    monkeypatch.setattr(call_log, "_PART", 100)
    one, _, reader = logs
    begin = call_log._MARK + call_log._HEAD.pack(5, 0)
    given = [b"x" * size + begin + b"y" * size for size in (10, 90, 1000)]
    for record in given:
        one.append(record)

    assert read(reader) == given


@pytest.mark.parametrize("kept", [1, 7, 12, 20, -1])
def test_a_record_that_was_written_in_part_hides_no_other(
    logs: tuple[CallLog, CallLog, LogReader], path: Path, kept: int
) -> None:
    """As a full disk leaves it, or a kill."""
    one, _, reader = logs
    one.append("before")
    with file_of(path).open("ab") as file:
        file.write(framed("x" * 100)[:kept])
    assert read(reader) == ["before"]
    one.append("after")

    assert read(reader) == ["after"]


@pytest.mark.parametrize("text", [pickle.dumps(Path("x")), b"garbage", b""])
def test_what_no_mock_has_written_is_an_error_and_runs_nothing(path: Path, text: bytes) -> None:
    with closing(SqliteStore(path)) as store:
        head = call_log._HEAD.pack(len(text), call_log.crc32(text))
        file_of(path).write_bytes(call_log._MARK + head + text)
        for in_parts in (False, True, False):  # it does not go on behind that
            store.journal.in_parts = in_parts
            with pytest.raises(
                StoreError, match="the journal beside it holds a record that this ifind-mock can't read"
            ):
                store.journal.count(Pattern({}))


def looked_at_in_parts(journal: Journal) -> None:
    journal.in_parts = True
    try:
        journal.look()
    except MuchLeft as left:
        while left.read_on():
            pass
    journal.in_parts = False


def test_a_log_that_grows_long_is_summed_up_and_nothing_asked_of_it_changes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads all the time, whoever reads at last, in parts or not, and a mock in memory are told the same."""
    mocks = [Api(state=state, journal=7) for state in ("memory", *[str(path)] * 4)]
    monkeypatch.setattr(call_log, "LONGEST", 3000)
    monkeypatch.setattr(call_log, "_PART", 700)
    monkeypatch.setattr(log_journal, "_FEW", 0)
    numbers = count()

    def seen(api: Api) -> object:
        journal = api.mock.journal
        patterns = [Pattern(keys) for keys in ({}, {"login": LOGIN}, {"login": "test-1@example.com"})]
        entries = [[*journal.entries(one)] for one in patterns]
        counts = [journal.count(one) for one in patterns]
        return entries, counts, journal.bodies(), journal.last_number, dict(api.mock.store.calls())

    for turn in range(60):
        login = {0: "test-1@example.com", 1: "test-2@example.com"}.get(next(numbers) % 9, LOGIN)
        for api in (mocks[0], mocks[1 + turn % 2]):
            api.call("info", login=login, token="demo-token" if login == LOGIN else "test-token")
        assert seen(mocks[1]) == seen(mocks[0])
        if turn % 7 == 0:
            looked_at_in_parts(mocks[4].mock.journal)
    looked_at_in_parts(mocks[4].mock.journal)
    assert seen(mocks[2]) == seen(mocks[3]) == seen(mocks[4]) == seen(mocks[0])

    def is_short() -> bool:
        mocks[1].call("info")  # one that was not summed up, as the thread was busy, is with the next
        names = [one.name for one in path.parent.iterdir() if "-calls-" in one.name]
        return len(names) <= 4 and file_of(path) not in path.parent.iterdir()

    wait_for(is_short)


@pytest.mark.parametrize("route", ["/requests", "/requests/1", "/requests.har", "/metrics", "/requests/count"])
def test_the_state_is_free_while_a_long_log_is_read(path: Path, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    monkeypatch.setattr(call_log, "_PART", 1000)
    monkeypatch.setattr(log_journal, "_FEW", 1)
    writing, reading = Api(state=str(path)), Api(state=str(path))
    for _ in range(40):
        writing.call("info")
    read: list[int] = []
    take = LogJournal._take_part

    def noting(journal: LogJournal, part: Sequence[tuple[Any, bool]]) -> None:
        read.append(len(part))
        take(journal, part)

    monkeypatch.setattr(LogJournal, "_take_part", noting)
    control, held = counted(reading, read)
    answered = control.handle("POST" if route.endswith("count") else "GET", route)

    assert answered.status == 200
    assert (sum(held), max(held) <= 5) == (40, True)


def test_a_link_to_a_state_file_leads_to_its_log_too(path: Path) -> None:
    link, loop = path.with_name("link.db"), path.with_name("loop.db")
    link.symlink_to(path.name)
    one, two = Api(state=str(link)), Api(state=str(path))
    for api in (one, two, one):
        api.call("info")
    assert {api.mock.journal.count(Pattern({})).kept for api in (one, two)} == {3}
    for api in (one, two):
        api.mock.store.close()
    assert sorted(path.parent.iterdir()) == [link, path]

    loop.symlink_to(loop)
    with pytest.raises(StoreError, match=r"loop\.db: "):
        SqliteStore(loop)


def damaged(data: bytes) -> bytes:
    """The second of three records is zeros."""
    first, second = (match.start() for match in [*re.finditer(re.escape(call_log._MARK), data)][1:3])
    return data[:first] + b"\0" * (second - first) + data[second:]


HARM: dict[str, Callable[[Path], object]] = {
    "emptied": lambda log: os.truncate(log, 0),
    "cut": lambda log: os.truncate(log, log.stat().st_size // 2),
    "removed": Path.unlink,
    "replaced": lambda log: (log.unlink(), log.write_bytes(b"")),
    "zeros in it": lambda log: log.write_bytes(damaged(log.read_bytes())),
    "a byte of the last one": lambda log: log.write_bytes(log.read_bytes()[:-1] + b"?"),
    "a byte of each": lambda log: log.write_bytes(log.read_bytes().replace(b"info", b"inf0")),
    "zeros": lambda log: log.write_bytes(b"\0" * log.stat().st_size),
}


@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("was_read", [False, True])
@pytest.mark.parametrize("harm", HARM)
def test_what_others_do_to_a_log_is_said_and_what_was_lost_makes_counts_inconclusive(
    path: Path, harm: str, was_read: bool, goes_on: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (Api(state=str(path)) for _ in range(2))
    for _ in range(3):
        one.call("info")
    if was_read:
        assert [api.mock.journal.count(Pattern({})) for api in (one, two)] == [Count(Pattern({}), 3, 0)] * 2
    HARM[harm](file_of(path))
    lost = not was_read or harm not in ("zeros in it", "a byte of the last one", "a byte of each", "zeros")
    if goes_on:
        one.call("info")
        two.call("info")
    counts = [api.mock.journal.count(Pattern({})) for api in (one, two)]

    for count_ in counts:
        assert count_.kept <= 3 + 2 * goes_on
        assert (count_.dropped is None) == lost
    assert (
        "calls of its journal, the files state.db-calls-*, are lost: another program" in capsys.readouterr().err
    ) == lost
    for api in (one, two):
        api.call("reset")


@pytest.mark.parametrize("harm", ["no file", "cut", "damaged"])
def test_a_sum_that_others_have_harmed_is_lost_and_what_came_later_counts(path: Path, harm: str) -> None:
    one = Api(state=str(path))
    with closing(CallLog(path)) as log:
        one.call("info")
        log._open(2)
        one.call("info")
        one.mock.journal._log._open(2)
        one.call("info")
        one.mock.journal._sum_up(2)
    sums = file_of(path).with_name(f"{path.name}-calls-2.sums")
    assert not file_of(path).exists()
    assert sums.exists()
    if harm == "no file":
        sums.unlink()
    else:
        data = sums.read_bytes()
        sums.write_bytes(data[:-1] if harm == "cut" else data.replace(b"info", b"inf0"))
    count_ = Api(state=str(path)).mock.journal.count(Pattern({}))

    assert (count_.kept, count_.dropped) == (1, None)


def test_it_ends_with_the_last_process_that_uses_the_file(path: Path) -> None:
    one, two = (SqliteStore(path) for _ in range(2))
    for store in (one, two):
        store.record([("info", "ok", 200)], ())
    one.close()
    assert sum(two.calls().values()) == 2
    two.close()

    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("left", ["-calls-7", "-calls-7.sums", "-calls-7.sums.99"])
def test_what_any_process_has_left_of_a_log_goes_at_the_beginning_and_the_end_of_a_run(path: Path, left: str) -> None:
    """As a sum that came late, for a file that another process has summed up, and the draft of a process that died."""
    others = [path.with_name(f"{path.name}-calls-{end}") for end in ("mine", "7.sums.txt")]

    def leave() -> None:
        path.with_name(path.name + left).write_bytes(framed(("calls", ((("info", "ok", 200), 5),))))

    SqliteStore(path).close()
    for other in others:
        other.touch()
    leave()
    with closing(SqliteStore(path)) as store:
        assert store.calls() == {}
        leave()

    assert {*path.parent.iterdir()} == {path, *others}


def test_a_sum_that_came_late_goes_with_the_next(path: Path) -> None:
    log = CallLog(path)
    for number in (5, 3, 6):
        log.sum_up(number, [])

    assert [one.name for one in path.parent.iterdir()] == [f"{path.name}-calls-6.sums"]


def test_a_process_that_was_killed_leaves_its_calls_to_others_and_none_to_the_next(path: Path) -> None:
    with serving("--state", str(path), cwd=path.parent) as mock:
        other = Api(state=str(path))
        for _ in range(3):
            mock.get("info")
        mock.process.kill()
        mock.process.wait()
    assert other.mock.journal.count(Pattern({})).kept == 3
    other.mock.store.close()

    with closing(SqliteStore(path)) as later:
        assert later.journal.count(Pattern({})).kept == 0


def test_the_directory_is_listed_once_however_often_the_log_is_looked_at(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be one in which many others keep files."""
    one, other = Api(state=str(path)), Api(state=str(path))
    listings: list[str] = []
    for name in ("listdir", "scandir"):
        lists = getattr(call_log.os, name)
        monkeypatch.setattr(
            call_log.os, name, lambda place, name=name, lists=lists: (listings.append(name), lists(place))[1]
        )
    waiter = other.mock.journal.wait(Pattern({"method": "create"}), 50)

    for _ in range(20):
        other.mock.watch()
    for number in range(1, 21):
        one.create()
        other.mock.watch()
        assert other.mock.journal.count(Pattern({})).kept == waiter.seen == number
    assert len(listings) <= 2  # once to read, and once to write
