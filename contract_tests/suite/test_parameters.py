"""Parameters: which are required, which value counts, in which order they are checked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, MULTIPART, POST, Call
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.suite.deductions import Case, check_distinct, unknown_task, which

OWN = "an answer of its own"


def _lacking(run: Run) -> Case:
    return Case("a call without id", run.api.send_cached(run.unknown_task.but(id=None)))


@pytest.mark.clause("check.order")
def test_parameters_are_checked_before_credentials(run: Run, checks: Checks) -> None:
    check_distinct(unknown_task(run))
    wrong = Case("a call with a wrong token", run.api.send_cached(run.wrong_token_call))
    reply = run.api.send_cached(run.unknown_task.but(id=None, token=run.wrong_token))
    checks.choice(
        "check.order", which(reply, {"parameters-first": _lacking(run), "credentials-first": wrong}, OWN), reply
    )


@pytest.mark.clause("format.invalid")
def test_an_unknown_format_is_an_error_that_names_it(run: Run, checks: Checks) -> None:
    unknown, lacking = unknown_task(run), _lacking(run)
    asked, reply = unknown.reply, run.api.send_cached(run.unknown_task.but(format="bogus"))
    if reply.status != "error" or (reply.says_like(asked) and asked.says_like(lacking.reply)):
        # An error that answers everything does not show what became of the format: a ready task does.
        asked, call = run.pool.poller.read(run.pool.tasks()[0]), _about_a_ready_task(run)
        reply = run.api.send(call.but(format="bogus"))
        if asked.status != "ready":
            raise NotChecked("no task is ready, and an unknown task is answered by no error")
    if reply.status == asked.status != "error" or reply.says_like(asked):
        seen = "json"
    elif reply.status == "error":
        seen = "error" if "format" in reply.message.lower() else "an error that does not name it"
    else:
        seen = "neither an error nor JSON"
    checks.choice("format.invalid", seen, reply)


@pytest.mark.clause("check.format-first")
def test_an_unknown_format_is_not_refused_before_all_else(run: Run, checks: Checks) -> None:
    unknown, lacking = unknown_task(run), _lacking(run)
    refused = Case("an unknown format", run.api.send_cached(run.unknown_task.but(format="bogus")))
    check_distinct(unknown, refused)
    reply = run.api.send_cached(run.unknown_task.but(id=None, format="bogus"))
    checks.choice("check.format-first", which(reply, {"yes": refused, "no": lacking}, OWN), reply)


@pytest.mark.clause("param.empty-is-missing")
def test_an_empty_value_counts_as_missing(run: Run, checks: Checks) -> None:
    lacking, unknown = _lacking(run), unknown_task(run)
    check_distinct(lacking, unknown)
    reply = run.api.send_cached(run.unknown_task.but(id=""))
    otherwise = "no" if reply.status == "error" else "neither an error nor a missing value"
    checks.choice("param.empty-is-missing", which(reply, {"yes": lacking}, otherwise), reply)


@pytest.mark.clause("id.invalid")
def test_an_id_that_is_no_number_is_an_error_of_its_own(run: Run, checks: Checks) -> None:
    unknown, lacking = unknown_task(run), _lacking(run)
    reply = run.api.send_cached(run.unknown_task.but(id="abc"))
    check_distinct(unknown, lacking)
    otherwise = "no error"
    if reply.status == "error":
        otherwise = "error" if re.search(r"\bid\b", reply.message) else "an error that does not name it"
    checks.choice("id.invalid", which(reply, {"unknown": unknown}, otherwise), reply)


def _check_unknown_is_refused(run: Run) -> None:
    """Raises NotChecked where a ready answer does not show which task was asked for."""
    check_distinct(Case("a call for an unknown task", run.api.send_cached(run.unknown_task)))


def _about_a_ready_task(run: Run) -> Call:
    return calls.result(run.me, run.pool.tasks()[0].id)


def _read(run: Run, call: Call) -> Reply:
    """The answer to a call that may be about the run's first ready task."""
    task = run.pool.tasks()[0]
    reply = run.api.send(call, section=task.section)
    if reply.status == "ready":
        run.pool.poller.compare(task, reply)
    return reply


def _check_post(run: Run) -> None:
    """Raises NotChecked where a plain form does not show the ready task either."""
    task = run.pool.tasks()[0]
    if not any(way == POST for _, way in task.reads) and run.pool.poller.poll(task, "json", POST).status != "ready":
        raise NotChecked("over POST no task is ready, so it does not show what else a body may be")


def _which_counts(run: Run, clause: str, call: Call, turned: Call, *, ready: str, error: str) -> None:
    """Notes which of two values of id counts, a ready task's or an unknown one's. turned: the call with the two in each
    other's place; it must show the opposite where the error may be about the two values.
    """
    _check_unknown_is_refused(run)
    reply = _read(run, call)
    if reply.status == "ready":
        seen = ready
    elif reply.status == "error":
        of_unknown = reply.says_like(unknown_task(run).reply) and not reply.says_like(_lacking(run).reply)
        seen = error if of_unknown or _read(run, turned).status == "ready" else "neither: two values are refused"
    else:
        seen = "neither"
    run.api.checks.choice(clause, seen, reply)


@pytest.mark.clause("param.repeated")
def test_the_last_of_a_repeated_name_counts(run: Run) -> None:
    call = _about_a_ready_task(run)
    unknown, known = ("id", str(run.unknown_id)), ("id", str(run.pool.tasks()[0].id))
    twice, turned = (
        replace(call.but(id=None), params=(*call.but(id=None).params, *ids))
        for ids in ((known, unknown), (unknown, known))
    )
    for way in (GET, POST) if run.full else (GET,):
        _which_counts(run, "param.repeated", twice.by(way), turned.by(way), ready="first", error="last")


@pytest.mark.clause("param.both")
def test_the_body_counts_where_the_query_says_otherwise(run: Run) -> None:
    _check_post(run)
    call, unknown = _about_a_ready_task(run).by(POST), str(run.unknown_id)
    both = replace(call, query=(("id", unknown),))
    turned = replace(call.but(id=unknown), query=(("id", str(run.pool.tasks()[0].id)),))
    _which_counts(run, "param.both", both, turned, ready="body", error="query")


@pytest.mark.clause("param.multipart")
def test_a_multipart_form_is_read_like_any_form(run: Run, checks: Checks) -> None:
    _check_unknown_is_refused(run)
    _check_post(run)
    reply = _read(run, _about_a_ready_task(run).by(MULTIPART))
    seen = "read" if reply.status == "ready" else "refused" if reply.http >= 400 else "neither"
    if reply.status == "error":
        nothing = run.api.send_cached(run.bare_result)
        if nothing.says_like(unknown_task(run).reply):
            if checks.findings.expected("param.multipart") == "ignored":
                raise NotChecked("two calls are answered by the same error, so a form may be ignored or refused")
            seen = "ignored or refused"
        else:
            seen = which(reply, {"ignored": Case("a call without any parameter", nothing)}, "refused")
    checks.choice("param.multipart", seen, reply, of_any_page=reply.http >= 400)
