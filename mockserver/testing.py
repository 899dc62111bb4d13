"""Checks for a program's own tests: `from mockserver.testing import assert_conforms`.

The same names as in `contract_tests`, for projects that have a folder of that name themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.data import PACKAGE

if TYPE_CHECKING:
    from contract_tests.captured.conforms import DoesNotConform, assert_conforms

__all__ = ["DoesNotConform", "assert_conforms"]

_SUITE = "contract_tests"


def __getattr__(name: str) -> Any:
    """A public name, loaded on its first use: an import of this module alone loads no schema."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _suite_beside_this_package():
        conforms = import_module(f"{_SUITE}.captured.conforms")
    globals().update({known: getattr(conforms, known) for known in __all__})
    return getattr(conforms, name)


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
