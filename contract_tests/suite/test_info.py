"""info: the account's units."""

from __future__ import annotations

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, POST
from contract_tests.api.reply import Reply, answered
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.values import account_shape
from contract_tests.engine.every_answer import check_server_fault
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks

UNKNOWN_METHOD = (404, 405, 501)
"""HTTP statuses by which a web server refuses an HTTP method."""


def _replies(run: Run) -> list[Reply]:
    return [run.api.send_cached(calls.info(run.me, fmt=fmt)) for fmt in (None, *FORMATS[1:])]


@pytest.mark.clause("info.answers")
def test_info_is_answered_for_the_account(run: Run, checks: Checks) -> None:
    for reply in _replies(run):
        found, expected = reply.status or reply.model.get("status"), "neither an error nor a task's status"
        checks.expect("info.answers", answered(reply), reply, "status", found, expected)


@pytest.mark.clause("info.body")
def test_info_has_the_units_of_the_day(run: Run, checks: Checks) -> None:
    for reply in _replies(run):
        if answered(reply):
            checks.schema("info", reply, shows=("info.body",))


@pytest.mark.clause("info.shape")
def test_the_data_of_info_is_an_object(run: Run, checks: Checks) -> None:
    reply = run.api.send_cached(calls.info(run.me))
    if reply.readable and not answered(reply):
        raise NotChecked("info is not answered")
    checks.choice("info.shape", account_shape(reply.model), reply)


@pytest.mark.clause("info.methods", "server.never-breaks")
def test_info_is_answered_over_get_and_post(run: Run, checks: Checks) -> None:
    if not answered(run.api.send_cached(calls.info(run.me))):
        raise NotChecked("info is not answered over GET")
    reply = run.taken.over_post or run.api.send_unchecked(calls.info(run.me, way=POST))
    check_server_fault(checks, reply)
    checks.choice("info.methods", "both" if answered(reply) else "get", reply, of_any_page=reply.http in UNKNOWN_METHOD)


@pytest.mark.clause("info.csv")
def test_the_account_is_laid_flat_in_csv(run: Run, checks: Checks) -> None:
    run.api.send_cached(calls.info(run.me, fmt="csv"))
    checks.judge_choice("info.csv")
