"""A plugin of pytest that records what each test of a run has found broken."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from contract_tests.session.stash import CHECKS, clauses_of


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """A test that was run."""

    clauses: tuple[str, ...]
    """The clauses that it names."""
    broken: tuple[str, ...]
    """The promises and laws that it found broken."""


class Recorder:
    """For `examine`. seen maps tests, by names such as `test_result.py::test_a_task_becomes_ready`, in their order."""

    def __init__(self) -> None:
        self.seen: dict[str, RecordedTest] = {}

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if CHECKS in item.stash:
            broken = {finding.clause.id: None for finding in item.stash[CHECKS].own if finding.binding}
            self.seen[item.nodeid] = RecordedTest(clauses_of(item), tuple(broken))
