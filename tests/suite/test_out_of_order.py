"""What a service answers to any call is not about the call: maintenance, a lock against guessing. Neither breaks a
promise, and nothing that was not seen holds for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from contract_tests.contract.outcome import Outcome
from contract_tests.engine import api_client
from contract_tests.engine.out_of_order import OUT
from contract_tests.report.report import Report
from contract_tests.report.wording import asides
from mockserver.mutants.kit.answers import page
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CREATE, CREATED, INFO, READY, RESULT, having, read, where
from support.deviating import ACCOUNTS, deviating

HTML = b"<html><head><title>Maintenance</title></head></html>"


def _error(code: int, message: str, http: int = 200) -> Edit:
    content = json.dumps({"status": "error", "error_code": code, "message": message}).encode()
    return page(http, "application/json", content)


@dataclass
class Window:
    """Answers by a fault for some calls, and gives back what their creates have taken."""

    fault: Edit
    first: int
    calls: int = 10**6
    sent: int = 0

    def __call__(self, context: CallContext) -> None:
        self.sent += 1
        if self.first <= self.sent < self.first + self.calls:
            if context.operation == "create" and context.status == "ok" and context.task is not None:
                context.server.charge(context.login, -context.task.cost)
            self.fault(context)


def _found(report: Report, outcome: Outcome) -> dict[str, str]:
    return {row.clause.id: row.note for row in report.rows if row.outcome is outcome}


FAULTS: Mapping[str, tuple[Edit, int]] = {
    "an error_code over 200": (_error(503, "Out of order"), 1),
    "words over 200": (_error(1, "Ведутся технические работы"), 1),
    "an error over 500": (_error(500, "Internal error", 500), 3),
    "a page over 200": (page(200, "text/html", HTML), 1),
    "a page over 502": (page(502, "text/html", HTML), 3),
}
"""An answer, and how often a call that costs nothing is sent before it is believed."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "REFUSED_PAUSES", (0.01, 0.01))


@pytest.mark.few(6)
@pytest.mark.once
@pytest.mark.parametrize("first", [1, 15, 40])
@pytest.mark.parametrize("name", FAULTS)
def test_a_moment_in_which_every_call_meets_a_fault_breaks_nothing(name: str, first: int) -> None:
    fault, tries = FAULTS[name]
    with deviating(Mutant("", response=Window(fault, first, 2 * tries))) as target:
        report = target.examined().report

    assert _found(report, Outcome.BROKEN) == {}
    assert report.exit_code == 0
    assert report.retried or _found(report, Outcome.INCONCLUSIVE)


def test_faults_of_every_call_to_the_end_leave_inconclusive_what_they_kept_from_being_seen() -> None:
    with deviating(Mutant("", response=Window(FAULTS["an error_code over 200"][0], 15))) as target:
        report = target.examined().report

    assert _found(report, Outcome.BROKEN) == {}
    assert {clause: _found(report, Outcome.INCONCLUSIVE)[clause] for clause in ("task.ready-stays", "formats.same")}
    assert any(OUT in sentence for sentence in asides(report))


def test_a_service_that_is_out_of_order_from_the_beginning_is_not_checked() -> None:
    with deviating(Mutant("", response=Window(FAULTS["an error_code over 200"][0], 1))) as target:
        report = target.examined().report

    assert report.exit_code == 3
    assert report.stopped.endswith(OUT)


def test_an_http_status_of_500_to_the_end_is_broken() -> None:
    with deviating(Mutant("", response=Window(FAULTS["a page over 502"][0], 15))) as target:
        report = target.examined().report

    assert {*_found(report, Outcome.BROKEN)} == {"server.never-breaks"}


_GONE = _error(503, "Service unavailable, try later")
OWN: Mapping[str, tuple[Edit, str]] = {
    "ready tasks": (where(_GONE, RESULT, READY, read(lambda n: n > 1)), "task.ready-stays"),
    "creates": (where(_GONE, CREATE, having(status="ok")), "create.ok"),
    "info": (where(_GONE, INFO), "info.answers"),
}


@pytest.mark.parametrize("name", OWN)
def test_a_fault_that_other_calls_do_not_meet_is_judged(name: str) -> None:
    edit, clause = OWN[name]
    with deviating(Mutant("", response=edit)) as target:
        assert target.rows(clause)[clause].outcome is Outcome.BROKEN


def test_a_create_that_was_answered_by_a_fault_and_taken_is_not_sent_again() -> None:
    creates: list[str] = []
    with deviating(
        Mutant("", response=where(_error(500, "Fault"), CREATED, lambda c: not creates.append(c.login)))
    ) as at:
        report = at.examined(budget=3).report

    assert len(creates) <= 4
    assert report.spent.units >= len(creates)


LOCKS: Mapping[str, Edit] = {
    "an error": _error(403, "Your address is blocked"),
    "a page": page(403, "text/html", b"<html><body>Forbidden</body></html>"),
}


@pytest.mark.parametrize("name", LOCKS)
def test_an_address_that_is_locked_since_a_wrong_token_was_tried_accuses_nothing(name: str) -> None:
    def lock(context: CallContext) -> None:
        if context.memory.get("locked"):
            if context.operation == "create" and context.status == "ok" and context.task is not None:
                context.server.charge(context.login, -context.task.cost)
            LOCKS[name](context)
        elif context.login in ACCOUNTS and context.token and not context.is_authorised:
            context.memory["locked"] = True

    with deviating(Mutant("", response=lock)) as target:
        report = target.examined().report

    assert _found(report, Outcome.BROKEN) == {}
    assert "it may be locked" in _found(report, Outcome.INCONCLUSIVE)["create.ok"]
    assert report.spent.units == 0
