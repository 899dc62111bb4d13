"""A long journal holds up nobody: what is new in it is read in parts, and what is known is not read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mockserver.stores import redis_journal
from mockserver.stores import redis_scripts as scripts
from mockserver.stores.journal import Pattern
from mockserver.stores.redis import RedisStore
from mockserver.stores.redis_link import Link, Script
from mockserver.web.control import Control
from support.control_in_process import counted
from support.in_process import LOGIN, Api
from support.redis_server import RedisServer

CALLS = 60


@pytest.fixture
def apis(redis: RedisServer) -> Iterator[tuple[Api, Api]]:
    """Two mocks on one Redis. One has made calls of two accounts."""
    state = redis.url
    one, other = Api(state=state), Api(state=state)
    with closing(one.mock.store), closing(other.mock.store):
        for number in range(CALLS):
            one.call("info", **({"login": "test-1@example.com", "token": "test-token"} if number % 3 else {}))
        yield one, other


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries each script was asked for."""
    monkeypatch.setattr(redis_journal, "_AT_ONCE", 5)
    monkeypatch.setattr(redis_journal, "_PART", 4)
    monkeypatch.setattr(redis_journal, "_LARGEST", 16)
    asked: list[int] = []
    run = Link.run

    def noting(link: Link, script: Script, *words: str | int) -> Any:
        if script is scripts.ENTRIES:
            asked.append(len(words))
        return run(link, script, *words)

    monkeypatch.setattr(Link, "run", noting)
    return asked


@pytest.mark.parametrize(
    ("body", "number"),
    [({}, CALLS), ({"method": "info"}, CALLS), ({"login": LOGIN}, CALLS // 3), ({"reason": "no such"}, 0)],
)
def test_a_count_frees_the_state_after_a_few_entries_and_reads_none_of_them_again(
    apis: tuple[Api, Api], asked: list[int], body: dict[str, Any], number: int
) -> None:
    one, other = apis
    control, held = counted(other, asked)

    def count() -> tuple[Any, int]:
        before = sum(asked)
        answer = control.handle("POST", "/requests/count", None, body)
        return answer.body.get("count"), sum(asked) - before

    read = CALLS // 3 if "login" in body else CALLS
    assert count() == (number, read)
    assert count() == (number, 0)
    one.call("info")
    assert count() == (number + (number > 0), 1)
    assert max(held) <= 5


def test_what_is_gone_is_not_counted_though_it_was_read(apis: tuple[Api, Api]) -> None:
    one, other = apis
    journal = other.mock.journal
    assert journal.count(Pattern({})).kept == CALLS
    with one.mock.store.transaction():
        one.mock.journal.clear(LOGIN)
    assert journal.count(Pattern({})).kept == CALLS * 2 // 3
    assert {entry.login for entry in journal.entries(Pattern({}))} == {"test-1@example.com"}


def test_a_redis_that_gives_numbers_again_is_read_anew(apis: tuple[Api, Api]) -> None:
    one, _ = apis
    store = one.mock.store
    assert isinstance(store, RedisStore)
    assert one.mock.journal.count(Pattern({"method": "info"})).kept == CALLS
    for key in store._link.ask("KEYS", store._key("*")):
        store._link.ask("DEL", key)
    one.call("info")  # which finds it out
    for _ in range(3):
        one.call("create", phone="70001234567", source=2)

    assert [entry.method for entry in one.mock.journal.entries(Pattern({}))][-3:] == ["create"] * 3
    assert one.mock.journal.last_number < CALLS


def test_a_count_asks_for_no_lock(apis: tuple[Api, Api]) -> None:
    _, other = apis
    store = other.mock.store
    assert isinstance(store, RedisStore)
    control = Control(other.mock, other.settings, lambda operation: operation(), lambda _: None)
    store._link.ask("SET", store._key("lock"), "another", "PX", 60_000)
    for path, body in (("/requests/count", {}), ("/requests/wait", {"count": 1})):
        assert control.handle("POST", path, None, body).status == 200
