"""The SQLite store: a failure while it is used damages nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mockserver.core.errors import StoreError
from mockserver.stores.sqlite import SqliteStore
from support.stores import ANNA, LOGIN, TASK, create, no_room_to_grow, used

# The SQLite file: what fails while it is used.


def test_a_commit_that_fails_keeps_nothing_and_leaves_the_store_usable(file_store: SqliteStore, path: Path) -> None:
    ids: list[int] = []

    def three() -> None:
        with no_room_to_grow(path.with_name("state.db-wal")), file_store.transaction():
            ids.extend(create(file_store) for _ in range(3))

    with pytest.raises(StoreError, match=r"state\.db: "):
        three()

    assert len(ids) == 3
    assert used(file_store) == 0
    assert file_store.read_task(ids[0]) is None
    assert file_store.read_task(create(file_store)) is not None
    assert used(file_store) == 3


def allow(store: SqliteStore, *, more: int) -> None:
    ((pages,),) = store.file.connection.execute("PRAGMA page_count")
    store.file.connection.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_disk_undoes_the_whole_transaction_also_where_the_error_was_caught(file_store: SqliteStore) -> None:
    file_store.put_account(replace(ANNA, daily_limit=10**9))
    kept = create(file_store)
    errors: list[StoreError] = []
    allow(file_store, more=0)

    def many() -> None:
        with file_store.transaction():
            for _ in range(200):
                try:
                    create(file_store)
                except StoreError as error:
                    errors.append(error)
                    allow(file_store, more=1000)  # room that comes too late for this transaction
                    assert used(file_store) == 3

    with pytest.raises(StoreError, match=r"state\.db: .*full; make room"):
        many()

    assert 1 < len(errors) < 200
    assert used(file_store) == 3
    assert file_store.read_task(kept + 1) is None
    create(file_store)
    assert used(file_store) == 6


def test_a_locked_file_refuses_writes_and_lets_reads_through(file_store: SqliteStore, path: Path) -> None:
    with closing(SqliteStore(path)) as other, other.transaction(write=True):
        with pytest.raises(StoreError, match=r"state\.db: .*locked; another process"):
            file_store.create_task(TASK, 1)
        with file_store.transaction():
            assert file_store.account(LOGIN) == ANNA

    assert used(file_store) == 0
    create(file_store)
    assert used(file_store) == 3


def test_a_write_after_another_process_has_written_takes_its_charge_into_account(
    file_store: SqliteStore, path: Path
) -> None:
    with closing(SqliteStore(path)) as other, file_store.transaction():
        assert used(file_store) == 0
        first = create(other)
        second = create(file_store)

        assert first != second
        assert used(file_store) == 6


def test_what_was_read_under_write_can_not_be_changed_by_another(file_store: SqliteStore, path: Path) -> None:
    with closing(SqliteStore(path, patience=0.0)) as other, other.transaction(write=True):
        assert other.account(LOGIN) == ANNA
        with pytest.raises(StoreError, match="locked"):
            create(file_store)


def test_a_value_that_can_not_be_stored_is_refused_and_spoils_nothing_else(file_store: SqliteStore) -> None:
    with file_store.transaction():
        made = create(file_store)
        for bad in (replace(TASK, ip="\ud800"), replace(TASK, cost=2**63), replace(TASK, ready=2**63)):
            with pytest.raises(StoreError, match="numbers of 64 bits and Unicode text alone"):
                file_store.create_task(bad, 1)
        with pytest.raises(StoreError, match="64 bits"):
            file_store.put_account(replace(ANNA, daily_limit=2**63))

    assert file_store.read_task(made) == replace(TASK, id=made)
    assert used(file_store) == 3


def test_a_refused_message_names_no_credential(file_store: SqliteStore) -> None:
    with pytest.raises(StoreError) as caught:
        file_store.put_account(replace(ANNA, token="hidden\ud800"))

    assert "hidden" not in str(caught.value)
