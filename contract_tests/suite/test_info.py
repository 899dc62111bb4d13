"""info: the account's units."""

from __future__ import annotations

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST
from contract_tests.api.reply import Reply, answered
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.any_answer import UNKNOWN_METHOD
from contract_tests.contract.values import account_shape
from contract_tests.engine.every_answer import check_server_fault
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks


def _over_post(run: Run) -> Reply:
    if run.taken.over_post is None:
        run.taken.over_post = run.api.send_unchecked(calls.info(run.me, way=POST))
    return run.taken.over_post


def _replies(run: Run) -> list[Reply]:
    """The answers in each format: over GET, or over POST where that alone is answered."""
    way = GET if answered(run.api.send_cached(calls.info(run.me))) or not answered(_over_post(run)) else POST
    return [run.api.send_cached(calls.info(run.me, fmt=fmt, way=way)) for fmt in (None, *FORMATS[1:])]


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
    reply = _replies(run)[0]
    if reply.readable and not answered(reply):
        raise NotChecked("info is not answered")
    if reply.has_unknown_layout:
        checks.judge_choice("info.shape")
    else:
        checks.choice("info.shape", account_shape(reply.model), reply)


@pytest.mark.clause("info.methods", "server.never-breaks")
def test_info_is_answered_over_get_and_post(run: Run, checks: Checks) -> None:
    over_get, over_post = run.api.send_cached(calls.info(run.me)), _over_post(run)
    check_server_fault(checks, over_post)
    if not answered(over_get) and not answered(over_post):
        raise NotChecked("info is answered neither over GET nor over POST")
    seen = "both" if answered(over_post) else "get"
    refused_by_page = over_post.http in UNKNOWN_METHOD
    checks.choice("info.methods", seen if answered(over_get) else "POST alone", over_post, of_any_page=refused_by_page)


@pytest.mark.clause("info.csv")
def test_the_account_is_laid_flat_in_csv(run: Run, checks: Checks) -> None:
    run.api.send_cached(calls.info(run.me, fmt="csv"))
    checks.judge_choice("info.csv")
