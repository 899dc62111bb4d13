"""The journal of a store that processes share keeps, drops and counts what that of a process in memory does."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockserver.stores import log_journal, memory_journal, redis_journal
from mockserver.stores.journal import Entry, Journal, Pattern
from mockserver.stores.memory import MemoryStore
from mockserver.stores.redis import RedisStore
from mockserver.stores.sqlite import SqliteStore
from support.redis_server import RedisServer

LOGINS = (None, "a", "o'hara\0Борис", "server", "b")
PATTERNS = (
    *({"login": login} if login else {} for login in LOGINS),
    *({"after": 3}, {"since": 4}, {"until": 9}, {"outcome": "error"}, {"method": "create"}, {"login": "a", "after": 2}),
    *({"fault": "f1"}, {"task": 7}, {"reason": "limit"}),
)
logins = st.sampled_from(LOGINS)
kinds = st.sampled_from(
    [
        {"method": "create", "outcome": "ok", "task": 7, "params": ("login", "token")},
        {"method": "create", "outcome": "limit", "error_code": 429, "reason": "limit reached: 1 of 1"},
        {"method": None, "http_method": None, "outcome": "page", "faults": ("f1", "s#1"), "in_body": True},
    ]
)


def steps(calls: st.SearchStrategy[object]) -> st.SearchStrategy[Any]:
    extends = st.tuples(st.just("extend"), logins, calls)
    others = st.tuples(st.sampled_from(["clear", "wait"]), logins, st.just([]))
    return st.lists(st.one_of(extends, extends, others), max_size=25)


TIGHT = {"ACCOUNTS": 2, "REMEMBERED": 2, "BODIES": 60, "LARGEST_BODY": 39}
LOOSE = {"ACCOUNTS": 20, "REMEMBERED": 10_000, "BODIES": 1000, "LARGEST_BODY": 39}
SCRIPTS = st.one_of(
    st.tuples(st.just(TIGHT), steps(st.tuples(st.tuples(kinds, st.sampled_from([None, 5, 40]))))),
    # Several at once: the bounds of all accounts together are kept at the end alone.
    st.tuples(st.just(LOOSE), steps(st.lists(st.tuples(kinds, st.none()), max_size=4))),
)
COMING_BACK = ("a", "b", None, "a", "b", "a")  # accounts that have lost all their entries, and call again
NUMBERS = count()


def entry(number: int, login: str | None, **values: object) -> Entry:
    plain = {
        "http_method": "GET", "phone": None, "source": 2, "format": "json", "params": (), "http_status": 200,
        "error_code": None, "task": None, "faults": (), "reason": "", "latency": 0, "request_size": 0,
        "response_size": 0, "content_type": "text/csv", "in_body": False,
    }  # fmt: skip
    return Entry(number=number, time=number * 3 % 10, real_time=number, login=login, **{**plain, **values})  # type: ignore[arg-type]


def seen(journal: Journal) -> list[object]:
    """All that can be asked of a journal."""
    found: list[object] = [journal.bodies(), journal.entry(3)]
    for keys in PATTERNS:
        pattern = Pattern(keys)
        found += [[*journal.entries(pattern)], [*journal.entries(pattern, newest_first=True)]]
        found += [journal.count(pattern), journal.nearest(pattern, 3)]
    return [*found, journal.last_number]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(script=SCRIPTS, size=st.integers(1, 3))
@example(
    script=(TIGHT, [("extend", login, [({"method": "info", "outcome": "ok"}, 5)]) for login in COMING_BACK]), size=1
)
def test_each_journal_keeps_drops_and_counts_the_same(
    script: tuple[dict[str, int], list[tuple[str, str | None, Any]]], size: int, tmp_path: Path, redis: RedisServer
) -> None:
    bounds, done = script
    with (
        mock.patch.multiple(memory_journal, **bounds),
        mock.patch.object(log_journal, "LARGEST_BODY", bounds["LARGEST_BODY"]),
        mock.patch.multiple(redis_journal, **bounds),
        closing(SqliteStore(tmp_path / f"{next(NUMBERS)}.db")) as in_file,
        closing(RedisStore(redis.url)) as in_redis,
    ):
        journals = [MemoryStore().journal, in_file.journal, in_redis.journal]
        waiters: list[tuple[object, ...]] = []
        for journal in journals:
            journal.size = size
        for verb, login, calls in done:
            if verb == "wait":
                waiters.append(tuple(one.wait(Pattern({"login": login} if login else {}), 2) for one in journals))
            for journal in journals:
                if verb == "clear":
                    journal.clear(login)
                numbers = count(journal.last_number + 1)
                journal.extend(
                    [(entry(next(numbers), login, **kind), b"x" * body if body else None) for kind, body in calls]
                )
            for mine, *others in zip(*map(seen, journals), strict=True):
                assert others == [mine, mine], size
            assert all(one.seen == other.seen for one, *others in waiters for other in others)  # type: ignore[attr-defined]
