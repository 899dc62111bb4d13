"""What a session of pytest keeps: the run, its options, and what stopped it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from contract_tests.engine.options import CheckOptions
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks

SUITE = Path(__file__).resolve().parents[1] / "suite"
RUN = pytest.StashKey[Run]()
OPTIONS = pytest.StashKey[CheckOptions]()
STOPPED = pytest.StashKey[tuple[int, str]]()
"""The exit code of a run that could not begin or go on, and why."""
CHECKS = pytest.StashKey[Checks]()
"""Of a test: its checks."""
CLOSING = pytest.StashKey[ExitStack]()
ERRORS = pytest.StashKey[list[str]]()
"""Errors of the suite itself."""


def in_suite(item: pytest.Item) -> bool:
    """Whether a test is one of the suite's."""
    return SUITE in item.path.parents


def clauses_of(item: pytest.Item) -> tuple[str, ...]:
    """The clauses that a test names."""
    return tuple(str(name) for mark in item.iter_markers("clause") for name in mark.args)
