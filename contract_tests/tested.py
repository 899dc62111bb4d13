"""What each test of the run that is under way, or was the last one of this process, has found broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from contract_tests.plugin import VERDICT, clauses_of


@dataclass(frozen=True, slots=True)
class Tested:
    """A test that was run: the clauses that it names, and the promises and laws that it found broken."""

    clauses: tuple[str, ...]
    broken: tuple[str, ...]


_KEPT: dict[str, Tested] = {}


def pytest_sessionstart() -> None:
    _KEPT.clear()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    if VERDICT in item.stash:
        broken = {finding.clause.id: None for finding in item.stash[VERDICT].own if finding.binding}
        _KEPT[item.nodeid] = Tested(clauses_of(item), tuple(broken))


def tested() -> Mapping[str, Tested]:
    """The tests by name, such as `test_result.py::test_ip_is_…`, in the order in which they ran."""
    return MappingProxyType(dict(_KEPT))
