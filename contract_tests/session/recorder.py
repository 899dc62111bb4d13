"""A plugin of pytest that keeps what each test of a run has found broken."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from contract_tests.session.plugin import CHECKS, clauses_of


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """A test that was run: the clauses that it names, and the promises and laws that it found broken."""

    clauses: tuple[str, ...]
    broken: tuple[str, ...]


class Recorder:
    """For `examine`. seen maps tests, by names such as `test_result.py::test_a_task_becomes_ready`, in their order."""

    def __init__(self) -> None:
        self.seen: dict[str, RecordedTest] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        # Pytest's own account of a failure takes long to make, and the suite tells each in other words.
        config.option.tbstyle = "value"

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if CHECKS in item.stash:
            broken = {finding.clause.id: None for finding in item.stash[CHECKS].own if finding.binding}
            self.seen[item.nodeid] = RecordedTest(clauses_of(item), tuple(broken))
