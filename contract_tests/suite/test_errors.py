"""Errors: their members, codes and messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, WAYS, Account, Call, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import ANY_SOURCE
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.every_answer import check_below_500
from contract_tests.engine.pool import TaskPool
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import Shape
from contract_tests.suite.test_create import ROTATED

DOCUMENTED = "Not set param(s) login, token"
LARGE = 1024 * 1024 + 1
"""Bytes of a body: more than any form of this API needs."""


def _without_both(run: Run, me: Account) -> list[Call]:
    """Calls that lack login and token, and nothing else."""
    create = calls.create(me, run.target.phones.ordinary, ANY_SOURCE)
    result = calls.result(me, run.unknown_id)
    whole = [c.but(login=None, token=None) for c in (create, result)]
    if not run.full:
        return [whole[0], whole[1].by(POST).but(format="xml")]
    return [c.by(way).but(format=fmt) for c in whole for way in WAYS for fmt in (None, *calls.FORMATS)]


@pytest.mark.first
@pytest.mark.clause("error.missing")
def test_a_call_without_login_and_token_gets_the_documented_message(
    run: Run, api: ApiClient, checks: Checks, me: Account
) -> None:
    for call in _without_both(run, me):
        try:
            reply = api.send_once(call)
        except NotChecked as why:
            checks.left_out(str(why))
            continue
        found, right = reply.model.get("message", Shape("nothing")), reply.message == DOCUMENTED
        checks.expect("error.missing", right, reply, where="message", found=found, expected=repr(DOCUMENTED))
        right = type(reply.code) is int and reply.code == 400
        checks.expect("error.missing", right, reply, where="error_code", found=reply.code, expected="400")


@pytest.mark.clause("error.missing-names")
def test_the_message_names_every_missing_parameter(
    run: Run, pool: TaskPool, api: ApiClient, checks: Checks, me: Account
) -> None:
    reply = api.send_once(calls.result(me, 1).but(id=None, token=None))
    if reply.says_like(api.send_once(run.wrong_token_call())):
        raise NotChecked("a call without a token is answered as one with a wrong token, which names nothing")
    named = _named(reply, "token", "id")
    seen = {("token", "id"): "all", ("token",): "credentials-alone"}.get(named, f"names {', '.join(named) or 'none'}")
    checks.choice("error.missing-names", seen, reply)
    if named:
        checks.kind("missing", reply, names=", ".join(named))
    if run.full and pool.probe.source_required:
        reply = api.send_once(calls.create(me, run.target.phones.ordinary, None).but(phone=None))
        both, expected = (
            _named(reply, "phone", "source") == ("phone", "source"),
            "a message that names phone and source",
        )
        checks.expect("error.missing-names", both, reply, where="message", found=reply.message, expected=expected)


def _named(reply: Reply, *names: str) -> tuple[str, ...]:
    """Those of the names that stand in the message, in its order."""
    found = re.findall(rf"\b({'|'.join(names)})\b", reply.message)
    return tuple(dict.fromkeys(found))


def _canonical(run: Run, pool: TaskPool, me: Account) -> list[Call]:
    """Calls that fail in several ways; in a full run in every format and way."""
    create = calls.create(me, run.target.phones.ordinary, ANY_SOURCE)
    result = calls.result(me, run.unknown_id)
    kinds = [create.but(**{name: None}) for name in ("login", "token", "phone")]
    if not run.full:
        return [k.but(format=fmt).by(way) for k, (way, fmt) in zip(kinds, ROTATED, strict=True)]
    kinds += [create.but(phone="abc"), result, result.but(token=run.wrong_token), result.but(id="abc")]
    kinds += [result.but(id=None), calls.info(me).but(token=None)]
    return [k.but(format=fmt).by(way) for k in kinds for way, fmt in pool.crossed()]


@pytest.mark.first
@pytest.mark.clause("error.members", "error.follows-format", "error.http-status")
def test_every_error_has_its_three_members(
    run: Run, pool: TaskPool, api: ApiClient, checks: Checks, me: Account
) -> None:
    # What lacks an id is asked first after there are tasks, since a server might fall back to one of them.
    for call in (*_canonical(run, pool, me), *_missing_id(run, me)):
        try:
            reply = _asked(api, call)
        except NotChecked as why:
            checks.left_out(str(why))
            continue
        api.checks.schema("error", reply, shows=("error.members",))
    checks.settle("error.follows-format")
    checks.settle("error.http-status")


def _missing_id(run: Run, me: Account) -> list[Call]:
    """An error that costs nothing, for a run that can make no task."""
    free = run.options.tasks or run.api.sender.budget.limits.units == 0
    return [calls.result(me, 1).but(id=None)] if free else []


def _asked(api: ApiClient, call: Call) -> Reply:
    """A call over POST may not be known to info (clause info.methods)."""
    return api.send_once(call.by(GET) if call.method == "info" else call)


@pytest.mark.clause("not-found", "server.never-breaks", "error.codes", "error.messages")
def test_an_unknown_method_is_answered_by_an_error(api: ApiClient, checks: Checks, me: Account) -> None:
    reply = api.send_unchecked(Call("nosuchmethod", me.params))
    check_below_500(checks, reply)
    if reply.status == "error":
        seen = "error"
        checks.kind("unknown-method", reply)
    else:
        page = reply.response is not None and b"<html" in reply.response.body.lower()[:1000]
        kind = (reply.response.header("content-type") or "") if reply.response else ""
        seen = "html-404" if reply.http == 404 and (page or "html" in kind) else f"HTTP {reply.http}"
    checks.choice("not-found", seen, reply)


@pytest.mark.clause("server.never-breaks", "error.codes", "error.messages")
def test_another_http_method_is_no_fault_of_the_server(run: Run, api: ApiClient, checks: Checks, me: Account) -> None:
    http_methods = ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND") if run.full else ("PUT",)
    for http_method in http_methods:
        reply = api.send_unchecked(replace(calls.result(me, run.unknown_id), way=Way(http_method, "query")))
        check_below_500(checks, reply)
        unknown = api.send_once(calls.result(me, run.unknown_id))
        if http_method == "PUT" and reply.status == "error" and not reply.says_like(unknown):
            checks.kind("http-method", reply)


@pytest.mark.clause("server.never-breaks", "error.codes", "error.messages")
def test_a_huge_body_is_no_fault_of_the_server(run: Run, api: ApiClient, checks: Checks, me: Account) -> None:
    if not run.target.provisioned:
        raise NotChecked("a megabyte is sent to a mock alone")
    call = calls.result(me, run.unknown_id, way=POST).but(padding="x" * LARGE)
    reply = api.send_unchecked(call)
    check_below_500(checks, reply)
    if reply.http == 413:
        checks.kind("too-large", reply)


@pytest.mark.last
@pytest.mark.clause("error.codes", "error.messages")
def test_errors_have_the_codes_and_messages_of_their_kinds(
    run: Run, api: ApiClient, checks: Checks, me: Account
) -> None:
    checks.kind("credentials", api.send_once(run.wrong_token_call()))
    checks.kind("unknown-task", api.send_once(calls.result(me, run.unknown_id)))
    checks.kind("missing", api.send_once(calls.result(me, 1).but(id=None)), names="id")
    codes, messages = checks.findings.expected("error.codes"), checks.findings.expected("error.messages")
    for kind, seen in checks.findings.kinds.items():
        for reply, fields in seen:
            where, found, expected = f"error_code, kind {kind}", reply.code, codes[kind]
            checks.expect("error.codes", found == expected, reply, where=where, found=found, expected=str(expected))
            fits, where = _fits(reply.message, messages[kind], fields), f"message, kind {kind}"
            found, expected = reply.message, repr(messages[kind])
            checks.expect("error.messages", fits, reply, where=where, found=found, expected=expected)


def _fits(message: str, template: str, fields: Mapping[str, str]) -> bool:
    parts = re.split(r"\{(\w+)\}", template)
    blanks = {name: re.escape(fields[name]) if name in fields else ".*" for name in parts[1::2]}
    pattern = "".join(blanks[p] if i % 2 else re.escape(p) for i, p in enumerate(parts))
    return re.fullmatch(pattern, message, re.DOTALL) is not None
