"""Stores that are open, with an account and a task to put into them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
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


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis for all tests of a process; each test uses a state of its own in it."""
    with redis_server() as server:
        yield server


@pytest.fixture(params=STORES)
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The setting `state` of an empty store of each kind."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        return server.url
    return "memory" if request.param == "memory" else str(tmp_path / "state.db")


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
