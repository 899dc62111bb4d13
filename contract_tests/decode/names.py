"""Documented names of members, however a server spells them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from contract_tests.contract.members import COLUMNS, DOCUMENTED


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


_KNOWN = {_folded(name): name for name in DOCUMENTED}
ENOUGH = 6  # of a row's ten fields, by which a row is recognised although some are missing


def known_name(name: str) -> str | None:
    """The documented name that is meant, such as `error_code` by `errorCode`; None for any other name."""
    return name if name in DOCUMENTED else _known(name[:_LONGEST])


REMEMBERED = 10_000  # names that were looked at, which come again in each entry


@lru_cache(REMEMBERED)
def _known(name: str) -> str | None:
    return _KNOWN.get(_folded(name))


_LONGEST = 40  # characters of a name that may be a documented one


def is_row(names: Iterable[str | None]) -> bool:
    """Whether the names are those of a row of data."""
    return len({*names} & {*COLUMNS}) >= ENOUGH
