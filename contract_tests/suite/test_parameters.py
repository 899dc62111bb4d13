"""Parameters: which are required, which value counts, in which order they are checked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, MULTIPART, POST, Account, Call
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.pool import TaskPool
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import Task
from contract_tests.findings.checks import Checks


def which(reply: Reply, known: dict[str, Reply]) -> str:
    """The name of the known error that the reply equals; empty where there is none."""
    return next((name for name, other in known.items() if reply.says_like(other)), "")


def _ready(pool: TaskPool) -> Task:
    return pool.tasks()[0]


@pytest.mark.clause("check.order")
def test_parameters_are_checked_before_credentials(run: Run, api: ApiClient, checks: Checks, me: Account) -> None:
    lacking = calls.result(me, 1).but(id=None)
    known = {"parameters-first": api.send_once(lacking), "credentials-first": api.send_once(run.wrong_token_call())}
    reply = api.send_once(lacking.but(token=run.wrong_token))
    checks.choice("check.order", which(reply, known) or "an answer of its own", reply)


@pytest.mark.clause("format.invalid")
def test_an_unknown_format_is_an_error_that_names_it(run: Run, api: ApiClient, checks: Checks, me: Account) -> None:
    reply = api.send_once(calls.result(me, run.unknown_id, fmt="bogus"))
    unknown = api.send_once(calls.result(me, run.unknown_id))
    if reply.says_like(unknown):
        seen = "json"
    else:
        seen = "error" if reply.status == "error" and "format" in reply.message else "an error that does not name it"
    checks.choice("format.invalid", seen, reply)


@pytest.mark.clause("check.format-first")
def test_an_unknown_format_is_not_refused_before_all_else(
    run: Run, api: ApiClient, checks: Checks, me: Account
) -> None:
    refused = api.send_once(calls.result(me, run.unknown_id, fmt="bogus"))
    if refused.says_like(api.send_once(calls.result(me, run.unknown_id))):
        raise NotChecked("an unknown format is not refused here")
    lacking = calls.result(me, 1).but(id=None)
    reply = api.send_once(lacking.but(format="bogus"))
    seen = which(reply, {"yes": refused, "no": api.send_once(lacking)})
    checks.choice("check.format-first", seen or "an answer of its own", reply)


@pytest.mark.clause("param.empty-is-missing")
def test_an_empty_value_counts_as_missing(api: ApiClient, checks: Checks, me: Account) -> None:
    lacking = calls.result(me, 1).but(id=None)
    reply = api.send_once(lacking.but(id=""))
    seen = "yes" if reply.says_like(api.send_once(lacking)) else "no"
    checks.choice("param.empty-is-missing", seen, reply)


@pytest.mark.clause("id.invalid")
def test_an_id_that_is_no_number_is_an_error_of_its_own(run: Run, api: ApiClient, checks: Checks, me: Account) -> None:
    reply = api.send_once(calls.result(me, "abc"))
    checks.expect_error("id.invalid", reply, "an error: the id is no number")
    unknown = reply.says_like(api.send_once(calls.result(me, run.unknown_id)))
    if reply.status == "error":
        checks.choice("id.invalid", "unknown" if unknown else "error", reply)


def _which_value(reply: Reply, *, first: str, second: str) -> str:
    """Which of two ids counted: the first is a ready task's, the second is unknown."""
    return {"ready": first, "error": second}.get(reply.status, "neither")


def _asked(api: ApiClient, pool: TaskPool, task: Task, call: Call) -> Reply:
    """The reply to a call that may be about a ready task, which is then compared with the earlier ones."""
    reply = api.send(call, section=task.section)
    if reply.status == "ready":
        pool.poller.compare(task, reply)
    return reply


@pytest.mark.clause("param.repeated")
def test_the_last_of_a_repeated_name_counts(
    run: Run, api: ApiClient, pool: TaskPool, checks: Checks, me: Account
) -> None:
    task = _ready(pool)
    call = calls.result(me, task.id)
    twice = replace(call, params=(*call.params, ("id", str(run.unknown_id))))
    for way in (GET, POST) if run.full else (GET,):
        reply = _asked(api, pool, task, twice.by(way))
        checks.choice("param.repeated", _which_value(reply, first="first", second="last"), reply)


@pytest.mark.clause("param.both")
def test_the_body_counts_where_the_query_says_otherwise(
    run: Run, api: ApiClient, pool: TaskPool, checks: Checks, me: Account
) -> None:
    task = _ready(pool)
    call = replace(calls.result(me, task.id, way=POST), query=(("id", str(run.unknown_id)),))
    reply = _asked(api, pool, task, call)
    checks.choice("param.both", _which_value(reply, first="body", second="query"), reply)


@pytest.mark.clause("param.multipart")
def test_a_multipart_form_is_read_like_any_form(api: ApiClient, pool: TaskPool, checks: Checks, me: Account) -> None:
    task = _ready(pool)
    reply = _asked(api, pool, task, calls.result(me, task.id, way=MULTIPART))
    seen = {"ready": "read", "error": "ignored"}.get(reply.status, "neither")
    checks.choice("param.multipart", seen, reply)
