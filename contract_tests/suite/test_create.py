"""create: a phone and a source become a task."""

from __future__ import annotations

from contextlib import suppress
from itertools import cycle, product

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST, WAYS
from contract_tests.api.reply import Reply, units
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import (
    COMMON_SOURCE,
    NEITHER_EDITION,
    SOURCE_READ,
    TWO_EDITIONS,
    UNKNOWN_SOURCE,
)
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.run import Run
from contract_tests.engine.task_maker import BARRED
from contract_tests.findings.checks import Checks

ROTATED = ((GET, "json"), (POST, "xml"), (POST, "csv"))
"""Way and format of create without a login, a token, a phone; the test of an error's members shares the calls."""


@pytest.mark.clause("credentials.refused")
def test_a_wrong_token_is_refused_while_the_task_is_processing(run: Run, checks: Checks) -> None:
    """Runs first, since the task is ready later."""
    run.pool.shared(COMMON_SOURCE)
    reply = run.api.send_cached(run.wrong_token_call)
    where, expected = "status of result of a new task, with a wrong token", "an error: the credentials are wrong"
    checks.expect_error("credentials.refused", reply, expected, where)


@pytest.mark.clause("quota.polling-free", "quota.charged-at")
def test_info_tells_the_units_before_a_task_is_first_asked_for(run: Run) -> None:
    """The tasks are polled after this, while they are processing; info must report the same units later. Where info is
    asked before creates, it has shown that already.
    """
    first = units(run.api.send_cached(calls.info(run.me)))
    for source, _ in run.pool.plan():
        with suppress(NotChecked):
            run.pool.shared(source)
    if not run.pool.probe.on_demand:
        with suppress(NotChecked):
            _with_a_plus(run)  # the last create that may cost
    if run.api.units.is_prompt:
        return
    now = units(run.api.send(calls.info(run.me)))
    if first is None or now is None:
        raise NotChecked("info does not report the used units")
    if not any(task.own for task in run.pool.maker.accepted) or now.used < first.used:
        raise NotChecked("no task was made, or the day of the limit turned")
    # A task that was polled already may have been charged when it was ready.
    ready = sum(task.ready.cost or 0 for task in run.pool.maker.accepted if task.ready is not None)
    run.api.units.is_prompt = now.used - first.used > ready
    if not run.api.units.is_prompt:
        raise NotChecked("info reports no unit right after the creates: it may be late")


def _make_all(run: Run) -> None:
    """Makes the shared tasks; in a full run, one more for every source, way and format that the budget holds."""
    pool = run.pool
    pool.tasks()
    if not run.full or pool.crossed_creates:
        return
    pool.crossed_creates = True
    if not run.target.provisioned:
        with suppress(NotChecked):
            _with_a_plus(run)  # the other create that costs: it comes first, so that a unit is left for it
    for fmt, way, source in product((None, *FORMATS), (POST, GET), pool.probe.edition.sources):
        if not run.api.sender.budget.holds(source):
            run.api.checks.left_out(f"the budget does not hold {way} create, {fmt or 'no format'}, source {source}")
            continue
        with suppress(NotChecked):
            pool.maker.make(source, way=way, fmt=fmt)


@pytest.mark.clause("create.ok", "task.new-id")
def test_create_answers_ok_and_a_new_id(run: Run) -> None:
    _make_all(run)


@pytest.mark.clause("create.methods")
def test_create_is_answered_over_get_and_post(run: Run, checks: Checks) -> None:
    _make_all(run)
    maker = run.pool.maker
    taken = [reply for reply in maker.trial_replies.values() if reply.status == "ok"]
    for way in WAYS:
        if not any(reply.call.way == way and reply.status == "ok" for reply in (*maker.created, *taken)):
            try:
                maker.make(COMMON_SOURCE, way=way)
            except NotChecked as why:
                checks.left_out(str(why), why.outcome)
    accepted = {_looked_up(reply) for reply in maker.replies if reply.status == "ok"}
    for reply in (*maker.created, *taken):
        if reply.status == "error" and _looked_up(reply) not in accepted:
            continue  # what is refused in every way is not refused for the way
        where, expected = f"status, over {reply.call.way}", "'ok': create over GET and over POST"
        checks.expect_status("create.methods", reply, reply.status == "ok", expected, where)


def _looked_up(reply: Reply) -> tuple[str | None, str | None]:
    """What a create looks up: a source and a phone."""
    return reply.call.param("source"), reply.call.param("phone")


@pytest.mark.clause("sources.documented")
def test_every_documented_source_can_be_asked_for(run: Run, checks: Checks) -> None:
    _make_all(run)
    if not run.pool.probe.source_required:
        raise NotChecked("source is not a parameter here (edition A)")
    documented = {str(source) for source in run.pool.probe.edition.sources if source <= 4}
    asked = [reply for reply in run.pool.maker.replies if reply.call.param("source") in documented]
    for reply in asked:
        source = reply.call.param("source")
        where, expected = f"status, for source {source}", f"'ok': a task for source {source}"
        checks.expect_status("sources.documented", reply, reply.status == "ok", expected, where)
    if left_out := documented - {str(reply.call.param("source")) for reply in asked}:
        raise run.pool.why_not(int(min(left_out)))
    if run.pool.probe.unproven is not None:
        raise run.pool.probe.unproven


@pytest.mark.first
@pytest.mark.clause("edition")
def test_a_source_of_no_edition_is_asked_for_before_units_are_spent(run: Run) -> None:
    """Where it is accepted, an accepted source shows no edition."""
    if not run.options.tasks:
        assert isinstance(run.pool.probe.any_source, bool)


@pytest.mark.clause("edition")
def test_the_sources_are_those_of_an_edition(run: Run, checks: Checks) -> None:
    pool, edition = run.pool, run.pool.probe.edition
    if pool.probe.unproven is not None:
        raise pool.probe.unproven
    accepted = {reply.call.param("source"): reply for reply in pool.maker.replies if reply.status == "ok"}
    if not accepted:
        raise NotChecked("no create was accepted")
    own = {"B": "4", "C": "11"}.get(edition.name)
    if not pool.probe.any_source:
        wrong = SOURCE_READ if edition.name == "A" else NEITHER_EDITION
        seen = edition.name if own in accepted else wrong
        with suppress(NotChecked):
            if run.options.with_others and seen == "B" and pool.probe.has_newer_sources:
                seen = TWO_EDITIONS
    elif edition.name != "A":
        raise NotChecked("create accepts a source that no edition has, so those that it accepts show none")
    elif run.api.send_cached(run.right_create.but(phone=None)).status != "error":
        raise NotChecked("create accepts a call without a phone, so what it accepts shows nothing")
    else:
        seen = "A"
    checks.choice("edition", seen, accepted.get(own, next(iter(accepted.values()))))


@pytest.mark.first
@pytest.mark.clause("create.required")
def test_create_without_a_required_parameter_is_an_error(run: Run, checks: Checks) -> None:
    pool, trial_replies = run.pool, run.pool.maker.trial_replies
    required = ["login", "token", "phone"]
    if pool.probe.source_required and (run.full or None not in trial_replies):
        required.append("source")
    for name, turn in zip(required, cycle(ROTATED), strict=False):
        for way, fmt in pool.ways_and_formats(turn):
            _without(name, run.api.send_cached(run.right_create.but(**{name: None}, format=fmt).by(way)), checks)
    bare = trial_replies.get(None)
    if bare is not None and (bare.status == "error" or pool.probe.edition.required):
        if bare.status != "error" and UNKNOWN_SOURCE not in trial_replies and pool.probe.unproven is not None:
            raise pool.probe.unproven  # it may be edition A, which requires no source
        _without("source", bare, checks)


def _without(name: str, reply: Reply, checks: Checks) -> None:
    where, expected = f"status, without {name}", f"an error: {name} is required"
    checks.expect_error("create.required", reply, expected, where)


def _with_a_plus(run: Run) -> Reply:
    return run.api.send_cached(run.right_create.but(phone=f"+{run.target.phones.ordinary}"))


@pytest.mark.clause("phone.invalid")
def test_a_phone_with_a_plus_is_refused_or_stripped(run: Run, checks: Checks) -> None:
    reply = _with_a_plus(run)
    if reply.status == "error":
        if not run.pool.maker.accepted:
            raise NotChecked("no create is accepted, with or without a plus")
        checks.choice("phone.invalid", "error", reply)
    elif reply.status == "ok":
        # A phone that is stripped has what the same phone without a plus has.
        plain = run.pool.poller.wait(run.pool.ready(COMMON_SOURCE))
        with_plus = run.pool.poller.until_done(run.pool.maker.accept(reply, COMMON_SOURCE))
        if with_plus.status != "ready":
            raise NotChecked("the task of a phone with a plus did not become ready")
        if not plain.model.get("data"):
            raise NotChecked("nothing was found for the phone, so it does not show whether a plus is dropped")
        seen = "strip" if with_plus.model.get("data") else "accepted, and nothing is found"
        checks.choice("phone.invalid", seen, reply)
        if run.full or run.options.with_others:
            with suppress(NotChecked):
                _take_any_text(run, checks)


def _take_any_text(run: Run, checks: Checks) -> None:
    """Notes where create takes a phone without a digit, which stripping leaves empty."""
    reply = run.api.send_cached(run.right_create.but(phone="abc"))
    if reply.status == "ok":
        run.pool.maker.accept(reply, COMMON_SOURCE)
        checks.choice("phone.invalid", "any text is taken", reply)


@pytest.mark.clause("error.invalid-names", "error.codes", "error.messages")
def test_the_refusal_of_a_bad_value_names_its_parameter(run: Run, checks: Checks) -> None:
    plus = _with_a_plus(run)
    for name, value in (("id", "abc"), ("format", "bogus")):
        reply = run.api.send_cached(run.unknown_task.but(**{name: value}))
        same = reply.says_like(run.api.send_cached(run.unknown_task))
        if reply.status == "error" and name in reply.message and not same:
            checks.findings.mark_checked("error.invalid-names")
            checks.note_error_kind("invalid", reply, names=name)
    if run.pool.maker.barred:
        raise NotChecked(BARRED, Outcome.INCONCLUSIVE)
    bad = {"phone": plus.call} if plus.status == "error" else {}
    if run.full or (not bad and "invalid" not in checks.findings.kinds):
        bad.setdefault("phone", run.right_create.but(phone="abc"))
    if run.full and run.pool.probe.source_required:
        bad["source"] = run.right_create.but(source=str(UNKNOWN_SOURCE))
    for name, call in bad.items():
        reply = run.api.send_cached(call)
        names, found = reply.status == "error" and name in reply.message, reply.message or reply.status
        expected = f"an error that names {name}"
        if checks.expect("error.invalid-names", names, reply, "message", found, expected):
            checks.note_error_kind("invalid", reply, names=name)
