"""The suite's checks of answers, for projects that have a folder `contract_tests` themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from mockserver.data import PACKAGE

_SUITE = "contract_tests"


def conforms() -> ModuleType:
    """The module that holds `assert_conforms` and `DoesNotConform`, loaded once, so that they belong together."""
    return _module("captured.conforms")


def safe(text: str) -> str:
    """The text without what a terminal or a CI system takes for more than text."""
    shown: str = _module("report.visible").visible(text)
    return shown


@cache
def _module(name: str) -> ModuleType:
    with _suite_beside_this_package():
        return import_module(f"{_SUITE}.{name}")


@contextmanager
def _suite_beside_this_package() -> Iterator[None]:
    """Makes `contract_tests` mean the suite that is installed with this package.

    Where the name means a folder of the user's, that folder has it back afterwards, with the modules of it that were
    loaded; those of the suite live on without a name.
    """
    spec = getattr(sys.modules.get(_SUITE), "__spec__", None) or PathFinder.find_spec(_SUITE)
    places = (spec and spec.submodule_search_locations) or ()
    if any(Path(place).resolve().parent == PACKAGE.parent for place in places):
        yield
        return
    users = _taken_out()
    sys.path.insert(0, str(PACKAGE.parent))
    try:
        yield
    finally:
        sys.path.remove(str(PACKAGE.parent))
        _taken_out()
        sys.modules.update(users)


def _taken_out() -> dict[str, Any]:
    """The loaded modules of `contract_tests`, taken out of sys.modules."""
    names = [name for name in sys.modules if name.partition(".")[0] == _SUITE]
    return {name: sys.modules.pop(name) for name in names}
