"""An account that may not create, such as one that is not paid: no promise is broken, and the run says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.contract.outcome import Outcome
from contract_tests.engine.task_maker import BARRED
from contract_tests.report.wording import asides
from mockserver.mutants.kit.answers import page
from mockserver.mutants.kit.context import Edit
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CREATED, where
from support.deviating import ACCOUNTS, deviating


def _error(code: int, message: str) -> Edit:
    content = json.dumps({"status": "error", "error_code": code, "message": message}).encode()
    return page(200, "application/json", content)


REFUSED: Mapping[str, tuple[int, str, Outcome]] = {
    "402": (402, "Sorry", Outcome.INCONCLUSIVE),
    "403": (403, "Forbidden", Outcome.INCONCLUSIVE),
    "words": (400, "Your access has expired", Outcome.INCONCLUSIVE),
    "Russian words": (-1, "Доступ к API не оплачен", Outcome.INCONCLUSIVE),
    "neither": (400, "No", Outcome.BROKEN),
    "a fault": (500, "Internal error", Outcome.BROKEN),
    "wrong credentials": (401, "Wrong login or token", Outcome.BROKEN),
}
"""The code and the message of every right create, and what is said of `create.ok`."""


@pytest.mark.parametrize("name", REFUSED)
def test_an_account_that_may_not_create_breaks_nothing_and_is_told_what_to_do(name: str) -> None:
    code, message, outcome = REFUSED[name]
    refusal: Any = lambda c: (c.server.charge(c.login, -c.task.cost), _error(code, message)(c))  # noqa: E731
    wrong = where(_error(401, "Wrong login or token"), lambda c: c.login in ACCOUNTS and not c.is_authorised)
    both: Edit = lambda c: (where(refusal, CREATED)(c), wrong(c))  # noqa: E731
    with deviating(Mutant("", response=both)) as target:
        report = target.examined().report

    assert {row.clause.id: row.outcome for row in report.rows}["create.ok"] is outcome
    if outcome is Outcome.INCONCLUSIVE:
        assert Outcome.BROKEN not in report.totals
        assert any(BARRED in sentence for sentence in asides(report))
        assert {row.clause.id: row.outcome for row in report.rows}["error.invalid-names"] is not Outcome.REFUTED
