"""Parity: a server differs from another in what was chosen otherwise, and in nothing else, whichever is named first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contract_tests.parity.report import Outcome, ParityReport
from contract_tests.parity.run import ParityOptions, examine
from driving import CLAUSES
from mockserver.core.profile import resolve
from mockserver.gateway import open_gateway
from mockserver.settings import Settings, load
from mockserver.web import make_app
from mockserver.wire import serving
from test_contract_suite import OPEN, covering_set


@contextmanager
def mock(profile: dict[str, Any], seed: int = 0) -> Iterator[str]:
    settings = load({"delay": "100ms", "seed": seed}, {})
    settings = Settings(**{**vars(settings), "profile": resolve(CLAUSES, profile)})
    gateway = open_gateway(settings)
    with serving(gateway, lambda guard: make_app(gateway, guard, settings)) as url:
        yield f"{url}/api"


def parity(a: str, b: str, **more: Any) -> ParityReport:
    return examine(ParityOptions(a, b, **{"environ": {}, **more}))


def clauses(report: ParityReport, outcome: Outcome) -> set[str]:
    return {row.clause for row in report.rows if row.outcome is outcome}


def told(report: ParityReport) -> str:
    return "\n".join(f"{r.clause}: {o.where}: {o.a} | {o.b} ({o.call})" for r in report.rows for o in r.differences)


UNSEEN = {"task.lifetime", "quota.turns-at", "quota.charged-at", "rate.limit"}
"""What no call of a run shows."""
CHOICES = [
    (name, choice)
    for name, clause in OPEN.items()
    if name not in UNSEEN
    for choice in clause.every_choice()
    if choice != clause.default
]
FOLLOWS: dict[str, set[str]] = {}
"""What else must differ where a clause does, and why."""


@pytest.mark.parametrize(("clause", "choice"), CHOICES, ids=lambda v: v if isinstance(v, str) else "table")
def test_two_mocks_that_differ_in_one_clause_differ_in_that_clause_alone(clause: str, choice: Any) -> None:
    with mock({}) as a, mock({clause: choice}, seed=1) as b:
        report = parity(a, b)

    assert clauses(report, Outcome.DIFFERS) == {clause} | FOLLOWS.get(clause, set()), told(report)
    assert report.exit_code == 1


SPREAD = covering_set()[:: max(1, len(covering_set()) // 5)][:5]


@pytest.mark.parametrize("profile", SPREAD, ids=lambda p: f"edition-{p['edition']}-root-{p['xml.root']}")
def test_two_mocks_of_one_profile_differ_in_nothing(profile: dict[str, Any]) -> None:
    with mock(profile) as a, mock(profile, seed=7) as b:
        report = parity(a, b)

    assert report.exit_code == 0, told(report)
    assert not clauses(report, Outcome.DIFFERS)
