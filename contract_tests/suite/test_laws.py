"""Laws: they hold for any call, in any order."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, Call
from contract_tests.api.reply import Reply, Unread
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.any_answer import is_by_api, server_fault
from contract_tests.contract.editions import COMMON_SOURCE
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, UnknownLayout, Unreadable
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.every_answer import check_server_fault
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import SafeText
from contract_tests.suite import edge_cases

LAW = "server.never-breaks"
TURNED_AWAY = (400, 403, 406)
"""HTTP statuses by which firewalls and web servers keep awkward values from an API."""


def _unbroken(api: ApiClient, checks: Checks, call: Call) -> None:
    """Sends an awkward call: no 5xx, a body that can be read, no header that the call has injected."""
    reply = api.send_unchecked(call)
    if reply.response is None:
        return
    checks.findings.mark_checked(LAW)
    if not reply.readable and reply.unread is Unread.TOO_LARGE:
        checks.findings.could_not_read(LAW, reply)
    if reply.http in TURNED_AWAY and reply.is_page and not api.target.provisioned:
        checks.left_out(f"a server in front of the API may have turned an awkward value away (HTTP {reply.http})")
        return
    for where, found, expected in _breaks(reply):
        checks.report(LAW, reply, where, SafeText(found), expected)
    if reply.status == "error":
        api.checks.schema("error", reply)


def _breaks(reply: Reply) -> Iterable[tuple[str, str, str]]:
    assert reply.response is not None, "the caller has an answer"
    http_method, operation = reply.call.way.http_method, reply.call.method
    fault = server_fault(reply.http, {}, of_task=False, http_method=http_method, operation=operation)
    if not fault.holds:
        yield "the HTTP status", str(reply.http), fault.expected
    elif _must_be_readable(reply) and not _readable(reply):
        yield "the body", reply.failure, "a body that can be read"
    if reply.response.header("x-injected") is not None:
        yield "the headers", "a header that the call has put there", "no header that comes from a parameter"


def _must_be_readable(reply: Reply) -> bool:
    """Whether the body owes to be read: it is neither a web server's own, nor too large for that."""
    own = is_by_api(reply.http, reply.call.way.http_method, reply.call.method)
    return own and (reply.readable or reply.unread is not Unread.TOO_LARGE)


def _readable(reply: Reply) -> bool:
    """Whether the body can be read in a format that the call names: which of several counts is an open point."""
    assert reply.response is not None, "the caller has an answer"
    asked = {v for k, v in (*reply.call.params, *reply.call.query) if k == "format" and v in FORMATS}
    for fmt in (*sorted(asked), "json"):
        with suppress(Unreadable):
            with suppress(UnknownLayout):
                read_answer(reply.response.body, fmt, Context(reply.call.method))
            return True
    return False


@pytest.mark.apart
@pytest.mark.clause(LAW)
def test_awkward_values_break_nothing(run: Run, checks: Checks) -> None:
    if not run.target.provisioned:
        sent = [calls.result(run.me, "9" * 400 + "'\"<&>]]>\x00\udcff", fmt="xml")]
    else:
        task, account = run.pool.tasks()[0], run.account("awkward", 1_000_000)
        sent = list(edge_cases.with_values(account, run.target.phones.ordinary, task.source, task.id))
        sent = sent if run.full else sent[::7]
    for call in sent:
        _unbroken(run.api, checks, call)


@pytest.mark.apart
@pytest.mark.clause(LAW)
def test_awkward_requests_break_nothing(run: Run, checks: Checks) -> None:
    if not run.target.provisioned:
        raise NotChecked("broken forms are sent to a mock alone")
    task, account = run.pool.tasks()[0], run.account("shapes", 1_000_000)
    for call in edge_cases.with_shapes(account, run.target.phones.ordinary, task.source, task.id):
        _unbroken(run.api, checks, call)


@pytest.mark.apart
@pytest.mark.clause(LAW)
def test_unknown_paths_break_nothing(run: Run, checks: Checks) -> None:
    if not run.target.provisioned:
        raise NotChecked("unknown paths are requested from a mock alone")
    for path in edge_cases.PATHS:
        check_server_fault(checks, run.api.send_unchecked(Call(path)))


@pytest.mark.apart
@pytest.mark.clause(LAW)
def test_generated_calls_break_nothing(run: Run, checks: Checks) -> None:
    if not run.target.provisioned:
        raise NotChecked("hundreds of generated calls are sent to a mock alone")
    from contract_tests.suite.generated import send_generated_calls

    account = run.account("made_up", 1_000_000)
    send_generated_calls(account, lambda call: _unbroken(run.api, checks, call), examples=150 if run.full else 30)


@pytest.mark.apart
@pytest.mark.clause(
    "task.ready-stays",
    "task.reads-equal",
    "task.new-id",
    "task.foreign",
    "quota.charged",
    "quota.polling-free",
    "credentials.refused",
)
def test_the_laws_hold_in_any_order_of_calls(run: Run) -> None:
    if not run.target.provisioned:
        raise NotChecked("long chains of creates, which would cost the account's units, are sent to a mock alone")
    from contract_tests.suite.generated import Chain, walk

    chain = Chain(run)
    chain.create(0)
    walk(chain, examples=8 if run.full else 2, steps=15)
    run.pool.poller.wait(chain.tasks[-1][0])
    for turn in range(len(chain.tasks)):
        chain.poll(turn)


@pytest.mark.clause("task.new-id")
def test_ids_are_never_given_twice(run: Run) -> None:
    run.pool.tasks()
    if not run.target.provisioned:
        return
    other = run.account("ids", 1_000_000)
    for account in (other, run.me, other):
        run.pool.maker.make(COMMON_SOURCE, account=account, way=GET)
