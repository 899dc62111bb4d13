"""The table of stores: which setting `state` names each, and how it is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from mockserver.core.errors import Problem, Refusal, StoreError, cut
from mockserver.core.written import shown
from mockserver.inputs import fields
from mockserver.stores.state_run import WHOLE, Run
from mockserver.stores.store import Store


@dataclass(frozen=True, slots=True)
class StoreKind:
    """A kind of store."""

    open: Callable[[str, Run], Store]
    pattern: str
    """What the setting `state` matches from end to end, where it names such a store."""
    allowed: str
    """What the setting is then, in words."""
    metavar: str
    """The same in short, for the command line."""


def _memory(_state: str, _run: Run) -> Store:
    from mockserver.stores.memory import MemoryStore  # a store is loaded where it is used

    return MemoryStore()


def _sqlite(state: str, run: Run) -> Store:
    from mockserver.stores.sqlite import SqliteStore

    return SqliteStore(Path(state), run=run)


def _redis(state: str, run: Run) -> Store:
    if find_spec("redis") is None:
        raise StoreError(f"{without_password(state)}: needs redis-py: pip install 'ifind-mock[redis]'")
    from mockserver.stores.redis import RedisStore

    return RedisStore(state, run)


_SCHEME = "[A-Za-z][A-Za-z0-9+.-]+://"  # of a URL; a drive of Windows has one letter

STORES: Mapping[str, StoreKind] = {
    "memory": StoreKind(_memory, "memory", "memory", "memory"),
    "sqlite": StoreKind(_sqlite, rf"(?!{_SCHEME})[\s\S]*\.(db|sqlite|sqlite3)", "a file ending in .db", "FILE.db"),
    "redis": StoreKind(
        _redis,
        r"rediss?://([^/?#@\s]*@)?([^/?#@:\s\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[0-9]{0,5})?"
        r"(\?name=[A-Za-z0-9_.-]{1,64})?",
        "the address of a Redis, such as redis://localhost:6379/0?name=ci",
        "redis://HOST",
    ),
}


def kind_of_store(state: str) -> str | None:
    """The key in STORES of a setting `state`; None where it names no store."""
    return next((name for name, kind in STORES.items() if re.fullmatch(kind.pattern, state)), None)


def without_password(state: str) -> str:
    """The setting as a message shows it: without the user and the password of an address."""
    return re.sub(rf"\A({_SCHEME})[^/?#]*@", r"\1", state)


def open_store(state: str, run: Run = WHOLE) -> Store:
    """The store of a setting `state`; a file is made where it is missing.

    Raises Refusal for a setting that names no store, StoreError for a file that can't be used.
    """
    return STORES[kind_of_store(STATE("state", state)) or ""].open(state, run)


def look_after(state: str) -> None:
    """Raises StoreError for a file that is not there, where a mock has used it and `open_store` would make another."""
    if kind_of_store(state) == "sqlite" and not Path(state).exists():
        raise StoreError(
            f"{state}: was removed or moved; put it back, or end the mock and start it again for a new one"
        )


def end_run(state: str) -> None:
    """Ends the run of a state whose processes were parts of a mock and have ended, where no other process uses it. That
    of a Redis ends when the next one begins.
    """
    if kind_of_store(state) == "sqlite" and Path(state).exists():
        with suppress(StoreError):  # then the next process that begins one does it
            open_store(state, Run(begins=False)).close()


def _named(where: str, state: str) -> str:
    if kind_of_store(state) is not None:
        return state
    # What follows a scheme may hold a password.
    scheme, colon, _ = state.partition(":")
    what = f"{cut(scheme)}://… is not a state" if scheme and colon else f"{shown(state)} is not a state"
    near = "did you mean 'memory'? " if get_close_matches(state.lower(), ["memory"]) else ""
    raise Refusal(Problem(where, what, f"{near}allowed: {_ALLOWED}"))


_ALLOWED = ", or ".join(kind.allowed for kind in STORES.values())
_PATTERN = fields.matching("|".join(kind.pattern for kind in STORES.values()), "a state", _ALLOWED)
STATE = replace(fields.path.then(_named), shape={**_PATTERN.shape, **fields.path.shape}, allowed=_ALLOWED)
"""Where state is kept: a row of STORES."""
