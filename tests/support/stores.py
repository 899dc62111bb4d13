"""Stores that are open, with an account and a task to put into them."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from mockserver.core.tasks import Account, Task
from mockserver.stores.opening import STORES, open_store
from mockserver.stores.sqlite import SqliteStore
from mockserver.stores.store import Store
from support.redis_server import RedisServer, redis_server

LOGIN = "anna@example.com"
ANNA = Account(LOGIN, "demo-token", daily_limit=100, paid_until="2030-01-01")
TASK = Task(0, LOGIN, "70000000001", source=2, ip="127.0.0.1", created=10, ready=20, cost=3, seed=2**64 - 1)


@contextmanager
def no_room_to_grow(file: Path) -> Iterator[None]:
    """No file of this process grows longer than that one is now."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis for all tests of a process; each test uses a state of its own in it."""
    with redis_server() as server:
        yield server


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of store. A test is given those that it names, else all."""
    named: str = request.param
    return named


@pytest.fixture
def empty_state(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the setting `state` of another empty store of the kind each time."""
    if kind == "memory":
        return lambda: "memory"
    if kind == "sqlite":
        numbers = count(1)
        return lambda: str(tmp_path / f"state-{next(numbers)}.db")
    server: RedisServer = request.getfixturevalue("redis")
    return lambda: server.url


@pytest.fixture
def state(empty_state: Callable[[], str]) -> str:
    """The setting `state` of an empty store of the kind."""
    return empty_state()


SHARED = pytest.mark.parametrize("kind", ["sqlite", "redis"], indirect=True)
"""A test of stores that several processes share."""


@pytest.fixture
def store(state: str) -> Iterator[Store]:
    with closing(open_store(state)) as opened:
        opened.put_account(ANNA)
        yield opened


def used(store: Store) -> int:
    account = store.account(LOGIN)
    assert account is not None
    return account.used


def create(store: Store) -> int:
    made = store.create_task(TASK, 1)
    assert isinstance(made, Task)
    return made.id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def file_store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, patience=0.0)) as opened:
        opened.put_account(ANNA)
        yield opened


@contextmanager
def another_user(directory: Path | None = None) -> Iterator[None]:
    """Root may write to anything, so the rights of files are tried as another user, to whom the directory is given."""
    root = os.geteuid() == 0
    if root:
        if directory is not None:
            os.chown(directory, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


_NOBODY = 65534
