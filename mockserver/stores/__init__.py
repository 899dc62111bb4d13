"""Opens the store that a setting names."""

from __future__ import annotations

from pathlib import Path

from mockserver.core.tasks import Store
from mockserver.inputs import fields


def open_store(state: str) -> Store:
    """The store of a setting `state`: `memory`, or the path of an SQLite file, which is made where it is missing.

    Raises Refusal for a setting that names no store, StoreError for a file that can't be used.
    """
    name = fields.state("state", state)
    if name == "memory":
        from mockserver.stores.memory import MemoryStore

        return MemoryStore()
    from mockserver.stores.sqlite import SqliteStore

    return SqliteStore(Path(name))
