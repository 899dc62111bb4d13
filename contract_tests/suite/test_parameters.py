"""Parameters: which are required, which value counts, in which order they are checked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, MULTIPART, POST, Call
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks


@pytest.mark.clause("check.order")
def test_parameters_are_checked_before_credentials(run: Run, checks: Checks) -> None:
    lacking, send = run.unknown_task.but(id=None), run.api.send_cached
    known = {"parameters-first": send(lacking), "credentials-first": send(run.wrong_token_call)}
    reply = send(lacking.but(token=run.wrong_token))
    checks.choice("check.order", reply.like_one_of(known, "an answer of its own"), reply)


@pytest.mark.clause("format.invalid")
def test_an_unknown_format_is_an_error_that_names_it(run: Run, checks: Checks) -> None:
    reply = run.api.send_cached(run.unknown_task.but(format="bogus"))
    named = reply.status == "error" and "format" in reply.message
    otherwise = "error" if named else "an error that does not name it"
    seen = reply.like_one_of({"json": run.api.send_cached(run.unknown_task)}, otherwise)
    checks.choice("format.invalid", seen, reply)


@pytest.mark.clause("check.format-first")
def test_an_unknown_format_is_not_refused_before_all_else(run: Run, checks: Checks) -> None:
    refused = run.api.send_cached(run.unknown_task.but(format="bogus"))
    if refused.says_like(run.api.send_cached(run.unknown_task)):
        raise NotChecked("an unknown format is not refused here")
    lacking = run.unknown_task.but(id=None)
    reply = run.api.send_cached(lacking.but(format="bogus"))
    seen = reply.like_one_of({"yes": refused, "no": run.api.send_cached(lacking)}, "an answer of its own")
    checks.choice("check.format-first", seen, reply)


@pytest.mark.clause("param.empty-is-missing")
def test_an_empty_value_counts_as_missing(run: Run, checks: Checks) -> None:
    lacking = run.unknown_task.but(id=None)
    reply = run.api.send_cached(lacking.but(id=""))
    checks.choice("param.empty-is-missing", reply.like_one_of({"yes": run.api.send_cached(lacking)}, "no"), reply)


@pytest.mark.clause("id.invalid")
def test_an_id_that_is_no_number_is_an_error_of_its_own(run: Run, checks: Checks) -> None:
    reply = run.api.send_cached(run.unknown_task.but(id="abc"))
    checks.expect_error("id.invalid", reply, "an error: the id is no number")
    seen = reply.like_one_of({"unknown": run.api.send_cached(run.unknown_task)}, "error")
    if reply.status == "error":
        checks.choice("id.invalid", seen, reply)


def _about_a_ready_task(run: Run) -> Call:
    return calls.result(run.me, run.pool.tasks()[0].id)


def _which_counts(run: Run, clause: str, call: Call, *, ready: str, error: str) -> None:
    """Notes which of two choices a call shows whose first id is a ready task's; the other id is unknown."""
    task = run.pool.tasks()[0]
    reply = run.api.send(call, section=task.section)
    if reply.status == "ready":
        run.pool.poller.compare(task, reply)
    run.api.checks.choice(clause, {"ready": ready, "error": error}.get(reply.status, "neither"), reply)


@pytest.mark.clause("param.repeated")
def test_the_last_of_a_repeated_name_counts(run: Run) -> None:
    call = _about_a_ready_task(run)
    twice = replace(call, params=(*call.params, ("id", str(run.unknown_id))))
    for way in (GET, POST) if run.full else (GET,):
        _which_counts(run, "param.repeated", twice.by(way), ready="first", error="last")


@pytest.mark.clause("param.both")
def test_the_body_counts_where_the_query_says_otherwise(run: Run) -> None:
    call = replace(_about_a_ready_task(run), way=POST, query=(("id", str(run.unknown_id)),))
    _which_counts(run, "param.both", call, ready="body", error="query")


@pytest.mark.clause("param.multipart")
def test_a_multipart_form_is_read_like_any_form(run: Run) -> None:
    _which_counts(run, "param.multipart", _about_a_ready_task(run).by(MULTIPART), ready="read", error="ignored")
