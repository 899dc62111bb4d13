"""Opens the store that a setting names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mockserver.inputs import fields
from mockserver.stores.store import Store


def _memory(_state: str) -> Store:
    from mockserver.stores.memory import MemoryStore  # a store is loaded where it is used

    return MemoryStore()


def _sqlite(state: str) -> Store:
    from mockserver.stores.sqlite import SqliteStore

    return SqliteStore(Path(state))


STORES: Mapping[str, Callable[[str], Store]] = {"memory": _memory, "sqlite": _sqlite}


def kind_of_store(state: str) -> str:
    """The key in STORES of a setting `state`: `memory`, or the path of an SQLite file."""
    return "memory" if state == "memory" else "sqlite"


def open_store(state: str) -> Store:
    """The store of a setting `state`; a file is made where it is missing.

    Raises Refusal for a setting that names no store, StoreError for a file that can't be used.
    """
    return STORES[kind_of_store(state)](fields.state("state", state))
