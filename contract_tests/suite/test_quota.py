"""The daily limit: which calls cost units, and what happens when it is used up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import product

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, Way
from contract_tests.api.reply import Reply, units
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import COMMON_SOURCE
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import Task
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import SafeText

PLENTY = 1_000_000
LATE = 1.0
"""Seconds that info gets beyond the time for a task, such as for a counter that is renewed each minute."""


def _charges(run: Run) -> list[tuple[Task, int, Reply]]:
    """Tasks, each with the units that its create took, and the answer of info that shows it."""
    account, phones = run.account("charged", PLENTY), run.target.phones
    plain: list[tuple[Way, str | None]] = [(GET, None)]
    by_phone = {phones.ordinary: run.pool.ways_and_formats(*plain), phones.hundred: plain, phones.nothing: plain}
    before, _ = run.api.units_now(account)
    charges = []
    for phone, ways in ((phone, ways) for phone, ways in by_phone.items() if phone):
        for source, (way, fmt) in product(run.pool.probe.edition.sources, ways):
            task = run.pool.maker.make(source, phone, account=account, way=way, fmt=fmt)
            after, shown = run.api.units_now(account)
            if after.used >= before.used:  # else the day of the limit has turned in between
                charges.append((task, after.used - before.used, shown))
            before = after
    return charges


@pytest.mark.clause("quota.charged")
def test_a_create_takes_its_cost_at_once(run: Run, checks: Checks) -> None:
    for task, taken, shown in _charges(run):
        ready = run.pool.poller.wait(task)
        cost, found = _known_cost(task), SafeText(f"{taken} more than before")
        holds = taken >= 1 and (taken == cost or not isinstance(ready.model.get("cost"), str))
        where = f"data.api_limit.used, after create by {task.reply.call.name} for source {task.source}"
        checks.expect("quota.charged", holds, shown, where, found, f"{cost} more, the task's cost, and 1 at least")


@pytest.mark.last
@pytest.mark.clause("quota.charged", "quota.charged-at")
def test_all_creates_together_take_their_cost(run: Run, checks: Checks) -> None:
    """The same on the user's account, where others may create, too: at least the costs of the run's own tasks."""
    before = units(run.api.send_cached(calls.info(run.me)))
    run.pool.tasks()
    after, reply = run.api.units_now(run.me, known=True)
    made = [task for task in run.pool.maker.accepted if task.account == run.me and task.own]
    own = [task for task in made if task.failed is None]  # what a failed task takes is not written
    taken = sum(map(_known_cost, own))
    if before is not None and not run.target.provisioned:
        for pause in _until_shown(run, own):
            if after.used - before.used >= taken or after.used < before.used:
                break
            run.api.sender.pause(pause)
            run.api.sender.budget.allow_calls(1)
            after, reply = run.api.units_now(run.me)
    if before is None or run.api.units.day_turned or after.used < before.used:
        raise NotChecked("the day of the limit turned during the run")
    more, expected = after.used - before.used, f"{taken} more at least, for {len(own)} tasks"
    where, found = "data.api_limit.used, since the run began", SafeText(f"{more or 'no'} more than before")
    if checks.expect("quota.charged", more >= taken, reply, where, found, expected) and own:
        _note_when_charged(run, checks)


def _note_when_charged(run: Run, checks: Checks) -> None:
    """Notes when the units of creates were shown, where nothing else moves the counter."""
    watch = run.api.units
    if not watch.idle_looks:
        run.api.units_now(run.me)
    if watch.moves_by_itself:
        raise NotChecked("the used units of info change without a create")
    if watch.is_prompt is not None and watch.shown is not None:
        checks.choice("quota.charged-at", "create" if watch.is_prompt else "shown later than at create", watch.shown)


def _until_shown(run: Run, tasks: Sequence[Task]) -> list[float]:
    """Pauses, in seconds, between calls of info: what a create took may show as late as a task may become ready."""
    last = max((task.made for task in tasks), default=0.0)
    left = last + run.options.poll_timeout + LATE - time.monotonic()
    return [share * left for share in (0.1, 0.2, 0.3, 0.4)] if left > 0 else []


def _known_cost(task: Task) -> int:
    """The units that the task's create takes: what it states, and 1 at least."""
    return max(1, (task.ready.cost if task.ready else None) or 1)


@pytest.mark.clause("quota.polling-free")
def test_asking_takes_no_unit(run: Run, checks: Checks) -> None:
    tasks = run.pool.tasks()
    if not run.full and "quota.polling-free" in checks.findings.first_checked:
        return
    if run.target.phones.never is not None:
        tasks = [run.pool.shared(COMMON_SOURCE, run.target.phones.never), *tasks]
    before, _ = run.api.units_now(run.me, known=True)
    for way, fmt in run.pool.ways_and_formats((GET, "json")):
        for task in tasks if run.full else tasks[:1]:
            run.pool.poller.poll(task, fmt, way)
        after, reply = run.api.units_now(run.me)
        run.api.units.check_free(checks, reply, before, after, f"after result was asked for by {way} in {fmt}")
        before = after


@pytest.mark.clause("quota.refuses", "quota.message", "error.codes", "error.messages")
def test_a_used_up_limit_refuses_the_next_create(run: Run, checks: Checks) -> None:
    account = run.account("limited", 1)
    run.pool.maker.make(COMMON_SOURCE, account=account)
    shown = units(run.api.send(calls.info(account)))
    fields = {"used": str(shown.used), "of": str(shown.of)} if shown else {"of": "1"}
    for source in run.pool.probe.edition.sources:
        for way, fmt in run.pool.ways_and_formats():
            call = calls.create(account, run.target.phones.ordinary, source, way=way, fmt=fmt)
            reply = run.api.send_cached(call)
            where, expected = f"status, by {call.name} for source {source}", "an error: the limit of 1 unit is used up"
            if checks.expect_error("quota.refuses", reply, expected, where):
                named, expected = "daily limit" in reply.message.lower(), "a message that names the daily limit"
                checks.expect("quota.message", named, reply, "message", reply.message, expected)
                checks.note_error_kind("limit", reply, **fields)
    now, reply = run.api.units_now(account)
    where = "data.api_limit.used, of an account whose limit is used up"
    checks.expect("quota.charged", now.used >= 1, reply, where, now.used, "at least 1")
    where, expected = "data.api_limit.of", "1, the account's limit"
    checks.expect("info.body", now.of == 1, reply, where, now.of, expected)


@pytest.mark.clause("quota.refuses")
def test_a_limit_of_nothing_refuses_the_first_create(run: Run, checks: Checks) -> None:
    account = run.account("barred", 0)
    for way, fmt in run.pool.ways_and_formats():
        reply = run.api.send_cached(calls.create(account, run.target.phones.ordinary, COMMON_SOURCE, way=way, fmt=fmt))
        where = f"status, by {reply.call.name}, of an account that has no unit"
        checks.expect_error("quota.refuses", reply, "an error: the limit is 0", where)
