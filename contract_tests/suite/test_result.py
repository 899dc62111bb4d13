"""result: a task is processing until it is ready, and then has what was found."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from types import MappingProxyType

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST, WAYS, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import COMMON_SOURCE
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.ready_checks import CheckResult, ShownChoice, TaskFacts, check
from contract_tests.contract.values import address, is_near
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import SafeText
from contract_tests.suite.deductions import Case, unknown_task, which
from contract_tests.suite.test_formats import TURNS


@pytest.mark.clause("result.processing")
def test_a_new_task_is_processing(run: Run, checks: Checks) -> None:
    if run.target.phones.never is not None:
        task = run.pool.shared(COMMON_SOURCE, run.target.phones.never)
        for way in WAYS:
            for fmt in FORMATS:
                reply = run.pool.poller.poll(task, fmt, way)
                expected = "'processing', as the task is not done"
                checks.expect_status("result.processing", reply, reply.status == "processing", expected)
    else:
        run.pool.tasks()
    if not run.pool.poller.processing:
        raise NotChecked("every task was ready when it was first asked for")
    for reply in run.pool.poller.processing:
        run.api.checks.schema("processing", reply, shows=("result.processing",))


@pytest.mark.clause("result.becomes-ready")
def test_a_task_becomes_ready(run: Run) -> None:
    run.pool.tasks()


@pytest.mark.clause("result.methods")
def test_result_is_answered_over_get_and_post(run: Run, checks: Checks) -> None:
    task = run.pool.shared(COMMON_SOURCE)
    replies: dict[Way, Reply] = {}
    for way in WAYS:
        waiting = (reply for reply in run.pool.poller.processing if reply.call.way == way)
        seen = (r for (_, w), r in task.reads.items() if w == way)
        replies[way] = next(seen, None) or next(waiting, None) or run.pool.poller.poll(task, "json", way)
    if all(reply.status == "error" for reply in replies.values()):
        raise NotChecked("the task is answered by an error over GET and over POST alike")
    for way, reply in replies.items():
        where, expected = f"status, over {way}", "'processing' or 'ready': result over GET and over POST"
        checks.expect_status("result.methods", reply, reply.status in ("processing", "ready"), expected, where)


@pytest.mark.clause("result.required")
def test_result_without_a_required_parameter_is_an_error(run: Run, checks: Checks) -> None:
    task = run.pool.shared(COMMON_SOURCE)
    turns: dict[str, tuple[Way, str | None]] = {"login": (POST, "csv"), "token": (GET, "xml"), "id": (GET, None)}
    for name, turn in turns.items():
        for way, fmt in run.pool.ways_and_formats(turn):
            reply = run.api.send_cached(calls.result(run.me, task.id, fmt=fmt, way=way).but(**{name: None}))
            where, expected = f"status, without {name}", f"an error: {name} is required"
            checks.expect_error("result.required", reply, expected, where)


@pytest.mark.clause("result.ready", "result.own-section", "result.cost")
def test_a_ready_answer_has_its_documented_members(run: Run, checks: Checks) -> None:
    for task, reply in run.pool.replies():
        if reply.decoded is None or reply.status != "ready":
            continue
        rows = reply.decoded.rows
        if rows is None:
            ordinary = task.phone != run.target.phones.awkward
            shows = ("result.ready", "result.own-section", "result.cost")
            run.api.checks.schema(f"ready-{task.section}", reply, shows=shows, believed=ordinary)
        else:
            holds = rows == task.section or not reply.model.get(rows)  # a line of names alone is of any section
            expected = f"the rows of {task.section}, which source {task.source} fills"
            found = SafeText(f"the rows of {rows}" if rows else "no rows")
            checks.expect("result.own-section", holds, reply, "the rows", found, expected)


@pytest.mark.clause("result.row-fields", "row.time", "row.price", "row.source")
def test_a_row_has_its_ten_fields(run: Run) -> None:
    for task, reply in run.pool.replies("data"):
        ordinary = task.phone != run.target.phones.awkward
        rows = reply.model.get("data")
        for i, row in enumerate(rows if isinstance(rows, list) else []):
            run.api.sender.budget.check_time()
            there = ("time", "price", "source") if ordinary and isinstance(row, dict) else ()
            believed = [f"row.{name}" for name in there if name in row]
            shows = ("result.row-fields", *believed)
            run.api.checks.schema("row", reply, part=row, at=f"data[{i}]", shows=shows, believed=ordinary)


READY: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "rows carry the phone that was asked for": ("result.row-phone", ("data",)),
        "a row's phone is text": ("row.phone", ("data",)),
        "a row's category is text": ("row.category", ("data",)),
        "names is a list of entries with a name": ("result.names", ("names",)),
        "a photo is base64 of a picture": ("result.photo", ("photo",)),
        "a photo is one line, with its padding": ("result.photo-lines", ("photo",)),
        "ip is the address that created the task": ("result.ip", ()),
        "a task does not end before it began": ("result.times-ordered", ()),
        "times are Unix seconds": ("result.times", ()),
        "sections that a source does not fill are there and empty": ("result.sections", ()),
        "a photo that is not there is an empty text": ("result.photo-empty", ()),
        "cost is the number of records": ("quota.unit", ("data", "names")),
    }
)
"""Clauses of ready answers, by what they say, with the sections of the answers that show them; none: all."""


@pytest.mark.parametrize(
    ("clause", "sections"), [pytest.param(*r, id=n, marks=pytest.mark.clause(r[0])) for n, r in READY.items()]
)
def test_in_a_ready_answer(run: Run, checks: Checks, clause: str, sections: tuple[str, ...]) -> None:
    replies = run.pool.replies(*sections)
    from_elsewhere = clause == "result.ip" and _seen_from_elsewhere(run, [reply for _, reply in replies])
    if from_elsewhere:
        checks.left_out(FROM_ELSEWHERE, Outcome.INCONCLUSIVE)
    loopback = run.target.loopback and not from_elsewhere
    for task, reply in replies:
        decoded = reply.decoded
        facts = TaskFacts(task.phone, task.section, loopback, forwarded=not run.target.own_mock)
        if clause == "result.row-phone" and not task.phone:
            checks.left_out(f"--tasks does not name the phone of task {task.id}")
        if decoded is None or reply.status != "ready" or not decoded.can_show(clause):
            continue
        for found in check(clause, reply.model, facts, rows_only=decoded.rows is not None):
            run.api.sender.budget.check_time()
            if isinstance(found, ShownChoice):
                checks.choice(clause, found.choice, reply)
            else:
                value = SafeText(found.found) if found.found else found.value
                checks.expect(clause, found.holds, reply, found.path, value, found.expected)


FROM_ELSEWHERE = (
    "each answer has an address that is none of this machine or of a private network, which is right where a tunnel or"
    " a proxy stands in between: check the server by its own URL"
)


def _seen_from_elsewhere(run: Run, replies: Sequence[Reply]) -> bool:
    """Whether a server that is called on this machine sees the calls come from elsewhere, all of them alike."""
    seen = [address(reply.model.get("ip")) for reply in replies if "ip" in reply.model]
    near = any(ip is None or is_near(ip) for ip in seen)
    return run.target.loopback and not run.target.own_mock and not near


@pytest.mark.clause("result.empty")
def test_where_nothing_is_found_the_list_is_empty(run: Run, checks: Checks) -> None:
    nothing = run.target.phones.nothing
    for task, reply in run.pool.replies("data", "names"):
        facts = TaskFacts(task.phone, task.section, nothing=nothing is not None and task.phone == nothing)
        for found in check("result.empty", reply.model, facts) if facts.nothing or reply.status == "ready" else ():
            assert isinstance(found, CheckResult)
            holds, expected = found.holds and reply.http == 200, f"{found.expected}, with HTTP status 200"
            checks.expect("result.empty", holds, reply, found.path, found.value, expected)


@pytest.mark.clause("task.ready-stays", "task.reads-equal")
def test_a_ready_task_stays_ready_and_says_the_same(run: Run, checks: Checks) -> None:
    run.pool.replies()
    turns = cycle(run.pool.ways_and_formats())
    if run.full:
        # Times count seconds: after a second, a time that is made anew at each read shows.
        time.sleep(max(0.0, run.pool.tasks()[0].ready_since + 1.1 - time.monotonic()))
        for task in run.pool.tasks():
            for way, fmt in islice(turns, 6):
                run.pool.poller.poll(task, fmt, way)
    elif "task.reads-equal" not in checks.findings.first_checked:
        run.pool.poller.poll(run.pool.tasks()[0])


@pytest.mark.clause("task.unknown")
def test_an_unknown_task_is_never_ready(run: Run, checks: Checks) -> None:
    for number in [run.unknown_id, 0, -1, 10**30] if run.full else [run.unknown_id]:
        for way, fmt in run.pool.ways_and_formats(*TURNS):
            reply = run.api.send_cached(calls.result(run.me, number, way=way, fmt=fmt))
            expected = "no ready answer: the task is unknown"
            checks.expect_status("task.unknown", reply, reply.status != "ready", expected)
    checks.note_error_kind("unknown-task", run.api.send_cached(run.unknown_task))


@pytest.mark.clause("task.foreign", "task.foreign-error")
def test_another_accounts_task_is_not_readable(run: Run, checks: Checks) -> None:
    other, tasks, send = run.second(), run.pool.tasks(), run.api.send_cached
    refused = []
    for task in tasks if run.full else tasks[:1]:
        for way, fmt in run.pool.ways_and_formats((POST, "json")):
            reply = run.api.send(calls.result(other, task.id, way=way, fmt=fmt))
            expected = "no ready answer: the task is another account's"
            checks.expect_status("task.foreign", reply, reply.status != "ready", expected)
            refused += [reply] if fmt in (None, "json") and reply.status == "error" else []
    known = {
        "unknown-task": unknown_task(run),
        "credentials": Case("a call with a wrong token", send(run.wrong_token_call)),
    }
    for reply in refused:
        checks.choice("task.foreign-error", which(reply, known, "neither answer"), reply)


@pytest.mark.clause("error.members", "error.codes", "error.messages")
def test_a_task_that_fails_ends_in_an_error(run: Run, checks: Checks) -> None:
    phone = run.target.phones.failing
    if phone is None:
        raise NotChecked("no phone is known whose task fails")
    task = run.pool.shared(COMMON_SOURCE, phone)
    run.pool.poller.until_done(task)
    for way, fmt in run.pool.ways_and_formats():
        reply = run.pool.poller.poll(task, fmt, way)
        checks.expect_error("error.members", reply, "'error': the task has failed")
    checks.note_error_kind("failed-task", run.pool.poller.poll(task))
