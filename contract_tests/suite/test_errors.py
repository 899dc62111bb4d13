"""Errors: their members, codes and messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, WAYS, Call, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.every_answer import check_server_fault
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import SafeText
from contract_tests.suite.deductions import Case, check_distinct, unknown_task
from contract_tests.suite.test_create import ROTATED

DOCUMENTED = "Not set param(s) login, token"
LARGE = 1024 * 1024 + 1
"""Bytes of a body: more than any form of this API needs."""


def _without_both(run: Run) -> list[Call]:
    """Calls that lack login and token, and nothing else."""
    create, result = (call.but(login=None, token=None) for call in (run.right_create, run.unknown_task))
    if not run.full:
        return [create, result.by(POST).but(format="xml")]
    return [c.by(way).but(format=fmt) for c in (create, result) for way in WAYS for fmt in (None, *calls.FORMATS)]


@pytest.mark.first
@pytest.mark.clause("error.missing")
def test_a_call_without_login_and_token_gets_the_documented_message(run: Run, checks: Checks) -> None:
    for call in _without_both(run):
        try:
            reply = run.api.send_cached(call)
        except NotChecked as why:
            checks.left_out(str(why))
            continue
        found, right = reply.model.get("message", SafeText("no member `message`")), reply.message == DOCUMENTED
        checks.expect("error.missing", right, reply, "message", found, repr(DOCUMENTED))
        right = type(reply.code) is int and reply.code == 400
        found = reply.model.get("error_code", SafeText("no member `error_code`"))
        checks.expect("error.missing", right, reply, "error_code", found, "400")


@pytest.mark.clause("error.missing-names")
def test_the_message_names_every_missing_parameter(run: Run, checks: Checks) -> None:
    send, reply = run.api.send_cached, run.api.send_cached(run.bare_result)
    # A message that is always the same names nothing that is missing.
    check_distinct(
        Case("a call without any parameter", reply),
        Case("one with a wrong token", send(run.wrong_token_call)),
        Case("one without id", send(run.unknown_task.but(id=None))),
    )
    named = _named(reply, "login", "token", "id")
    choices = {("login", "token", "id"): "all", ("login", "token"): "credentials-alone"}
    seen = choices.get(named, f"names {', '.join(named) or 'none'}")
    checks.choice("error.missing-names", seen, reply)
    if named:
        checks.note_error_kind("missing", reply, names=", ".join(named))
    if run.full and run.pool.probe.source_required:
        reply = run.api.send_cached(run.right_create.but(phone=None, source=None))
        both, expected = ("phone", "source"), "a message that names phone and source"
        holds = _named(reply, *both) == both
        checks.expect("error.missing-names", holds, reply, "message", reply.message, expected)


def _named(reply: Reply, *names: str) -> tuple[str, ...]:
    """Those of the names that stand in the message, in its order."""
    return tuple(dict.fromkeys(re.findall(rf"\b({'|'.join(names)})\b", reply.message)))


def _failing(run: Run) -> list[Call]:
    """Calls that fail in several ways; in a full run in every format and way, but for info, which may not be answered
    over POST (clause info.methods).
    """
    create, result, info = run.right_create, run.unknown_task, calls.info(run.me).but(token=None)
    kinds = [create.but(**{name: None}) for name in ("login", "token", "phone")]
    if not run.full:
        return [k.but(format=fmt).by(way) for k, (way, fmt) in zip(kinds, ROTATED, strict=True)]
    kinds += [create.but(phone="abc"), result, result.but(token=run.wrong_token), result.but(id="abc")]
    kinds += [result.but(id=None), info]
    return [k.but(format=fmt).by(GET if k is info else way) for k in kinds for way, fmt in run.pool.ways_and_formats()]


@pytest.mark.first
@pytest.mark.clause("error.members", "error.follows-format", "error.http-status")
def test_every_error_has_its_three_members(run: Run, checks: Checks) -> None:
    # What lacks an id is asked first after there are tasks, since a server might fall back to one of them. A run that
    # can make none sends it as an error that costs nothing.
    no_tasks = run.options.tasks or run.api.sender.budget.limits.units == 0
    for call in (*_failing(run), *([run.unknown_task.but(id=None)] if no_tasks else [])):
        try:
            reply = run.api.send_cached(call)
        except NotChecked as why:
            checks.left_out(str(why))
            continue
        run.api.checks.schema("error", reply, shows=("error.members",))
    checks.judge_choice("error.follows-format")
    checks.judge_choice("error.http-status")


@pytest.mark.clause("not-found", "server.never-breaks", "error.codes", "error.messages")
def test_an_unknown_method_is_answered_by_an_error(run: Run, checks: Checks) -> None:
    reply = run.api.send_unchecked(Call("nosuchmethod", run.me.params))
    check_server_fault(checks, reply)
    if reply.status == "error":
        lacking, wrong = run.api.send_cached(run.unknown_task.but(id=None)), run.api.send_cached(run.wrong_token_call)
        unknown_task(run)  # which tells whether errors can be compared
        if reply.says_like(lacking) or reply.says_like(wrong):
            raise NotChecked("an unknown method is answered by the error of a known one, so it may be taken for that")
        seen = "error"
        checks.note_error_kind("unknown-method", reply)
    else:
        seen = "html-404" if reply.http == 404 and reply.is_page else f"HTTP {reply.http}"
    checks.choice("not-found", seen, reply, of_any_page=True)


@pytest.mark.clause("server.never-breaks", "http-method.other", "error.codes", "error.messages")
def test_another_http_method_is_no_fault_of_the_server(run: Run, checks: Checks) -> None:
    for http_method in ("DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND") if run.full else ():
        reply = run.api.send_unchecked(replace(run.unknown_task, way=Way(http_method, "query")))
        check_server_fault(checks, reply)
    # A task that is there shows more than an unknown one, which is an error over any HTTP method.
    task = run.pool.tasks()[0]
    reply = run.api.send_unchecked(calls.result(run.me, task.id, way=Way("PUT", "query")))
    check_server_fault(checks, reply)
    if reply.status == "error":
        seen = "refused"
        checks.note_error_kind("http-method", reply)
    elif reply.status == "ready":
        seen = "as-get"
    else:
        seen = "refused by a page" if reply.http >= 400 else f"HTTP {reply.http} without an answer"
    checks.choice("http-method.other", seen, reply, of_any_page=True)


@pytest.mark.clause("server.never-breaks", "error.codes", "error.messages")
def test_a_huge_body_is_no_fault_of_the_server(run: Run, checks: Checks) -> None:
    if not run.target.provisioned:
        raise NotChecked("a megabyte is sent to a mock alone")
    reply = run.api.send_unchecked(run.unknown_task.by(POST).but(padding="x" * LARGE))
    check_server_fault(checks, reply)
    if reply.http == 413:
        checks.note_error_kind("too-large", reply)


@pytest.mark.last
@pytest.mark.clause("error.codes", "error.messages")
def test_errors_have_the_codes_and_messages_of_their_kinds(run: Run, checks: Checks) -> None:
    checks.note_error_kind("credentials", run.api.send_cached(run.wrong_token_call))
    checks.note_error_kind("unknown-task", run.api.send_cached(run.unknown_task))
    checks.note_error_kind("missing", run.api.send_cached(run.unknown_task.but(id=None)), names="id")
    codes, messages = checks.findings.expected("error.codes"), checks.findings.expected("error.messages")
    for kind, seen in checks.findings.kinds.items():
        for reply, fields in seen:
            code, text = codes[kind], messages[kind]
            checks.expect("error.codes", reply.code == code, reply, f"error_code, kind {kind}", reply.code, str(code))
            fits = _fits(reply.message, text, fields)
            checks.expect("error.messages", fits, reply, f"message, kind {kind}", reply.message, repr(text))


def _fits(message: str, template: str, fields: Mapping[str, str]) -> bool:
    """Whether the message is the template with its blanks filled, those that are not known with anything."""
    first, *rest = re.split(r"\{(\w+)\}", template)
    fixed = [first]
    for name, text in zip(rest[::2], rest[1::2], strict=True):
        if name in fields:
            fixed[-1] += fields[name] + text
        else:
            fixed.append(text)
    if len(fixed) == 1:
        return message == fixed[0]
    begin, *middle, end = fixed
    at = len(begin) if message.startswith(begin) else -1
    for text in middle:
        found = message.find(text, at) if at >= 0 else -1
        at = found + len(text) if found >= 0 else -1
    return at >= 0 and message.endswith(end) and at + len(end) <= len(message)
