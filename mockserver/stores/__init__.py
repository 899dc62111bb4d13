"""Opens the store that a setting names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.tasks import Store

SUFFIXES = (".db", ".sqlite", ".sqlite3")
_ALLOWED = ("memory", "FILE.db")
_ABSENT = ("redis",)


def open_store(state: str) -> Store:
    """The store of a setting `state`: `memory`, or the path of an SQLite file, which is made where it is missing.

    A word is a path where it holds a separator or ends in one of SUFFIXES. Raises Refusal for a setting that names no
    store, StoreError for a file that can't be used.
    """
    scheme, mark, _ = state.partition("://")
    if mark:
        # The rest of such an address may hold a password.
        raise Refusal(_scheme_problem(scheme))
    if "/" in state or "\\" in state or state.endswith(SUFFIXES):
        return _sqlite(state)
    if state in _WORDS:
        return _WORDS[state]()
    raise Refusal(unknown("state", state, _ALLOWED, noun="store"))


def _scheme_problem(scheme: str) -> Problem:
    allowed = f"allowed: {', '.join(_ALLOWED)}"
    what = "is not available in this version" if scheme in _ABSENT else "is no store"
    return Problem("state", f"{scheme}:// {what}", allowed)


def _memory() -> Store:
    from mockserver.stores.memory import MemoryStore  # noqa: PLC0415 - only what is used is loaded at start-up

    return MemoryStore()


def _sqlite(state: str) -> Store:
    from mockserver.stores.sqlite import SqliteStore  # noqa: PLC0415 - only what is used is loaded at start-up

    return SqliteStore(Path(state))


_WORDS: Mapping[str, Callable[[], Store]] = MappingProxyType({"memory": _memory})
