"""Formats: JSON, XML and CSV carry the same data, and JSON is the default."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST, WAYS, Way
from contract_tests.api.reply import Reply
from contract_tests.contract.outcome import Outcome
from contract_tests.decode.carries import carries
from contract_tests.decode.compare import formats_differ, reads_differ
from contract_tests.decode.model import Context
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks, difference_in_words
from contract_tests.redact.mask import SafeText

TURNS: tuple[tuple[Way, str | None], ...] = ((GET, None), *zip(cycle((POST, GET)), FORMATS[1:], strict=False))
"""Way and format of the calls for an unknown task; all tests of such a task share them."""


@pytest.mark.clause("format.default")
def test_without_format_the_answer_is_json(run: Run, checks: Checks) -> None:
    asked = [calls.info(run.me), run.unknown_task]
    if run.full:
        asked += [run.unknown_task.by(POST).but(token=None)]
    replies = [run.api.send_cached(call) for call in asked] + [reply for _, reply in run.pool.replies_if_any()]
    if run.full:
        replies += [run.pool.poller.poll(t, None, way) for t in run.pool.tasks() for way in WAYS]
    for reply in (r for r in (*replies, *run.pool.maker.created) if r.call.param("format") is None):
        written = reply.decoded.format if reply.decoded else ""
        checks.expect("format.default", written == "json", reply, "the body", written, "JSON")


@pytest.mark.clause("format.readable")
def test_every_answer_can_be_read_in_the_format_that_was_asked_for(run: Run) -> None:
    run.pool.replies_if_any()
    for way, fmt in run.pool.ways_and_formats(*TURNS):
        run.api.send_cached(run.unknown_task.but(format=fmt).by(way))


@pytest.mark.clause("formats.same")
def test_the_formats_of_one_task_carry_the_same_data(run: Run, checks: Checks) -> None:
    for task in run.pool.tasks():
        json = run.pool.poller.read(task, "json")
        if json.status == "ready":
            for fmt in run.pool.formats_of(task)[1:]:
                other = run.pool.poller.read(task, fmt)
                if _differs(checks, json, other) is not None:
                    again = run.pool.poller.poll(task)
                    if again.status != "ready" or reads_differ(json.model, again.model) is not None:
                        continue  # the reads differ, and not the formats
                _compare(checks, json, other)


def _compare(checks: Checks, json: Reply, other: Reply) -> None:
    """Compares another format with JSON in what is documented."""
    if not json.readable:
        checks.findings.could_not_read("formats.same", json)
    elif other.has_unknown_layout:
        _look_for_values(checks, json, other)
    elif other.decoded is None:
        checks.findings.could_not_read("formats.same", other)
    else:
        differs, expected = _differs(checks, json, other), "the same as in JSON"
        if differs is not None and json.status != other.status:
            differs = "status"
        found = difference_in_words(json.model, other.model, differs or "")
        checks.expect("formats.same", differs is None, other, f"{differs} in {other.call.format}", found, expected)


def _differs(checks: Checks, json: Reply, other: Reply) -> str | None:
    """The place where another format differs from JSON in what is documented; None also where one was not read."""
    if other.decoded is None or json.decoded is None:
        return None
    if json.call.method == "info" and "data" not in json.model:
        return None  # what info has beside data is nobody's promise, and CSV may lay it flat as data is laid
    return formats_differ(json.model, other.decoded, _context(checks, other))


def _context(checks: Checks, reply: Reply) -> Context:
    return Context(reply.call.method, known=checks.findings.known())


def _look_for_values(checks: Checks, json: Reply, other: Reply) -> None:
    """A layout that nobody knows must hold what JSON has; where it does, which member is which stays open."""
    assert other.response is not None, "it was answered"
    if carries(other.response.body, json.model, other.call.method) is False:
        found = SafeText(
            f"{other.call.format.upper()} that holds other values than JSON, in a layout that no choice covers"
        )
        checks.report("formats.same", other, "the body", found, "the data that JSON has")
    else:
        checks.findings.could_not_read("formats.same", other)


@pytest.mark.clause("formats.same")
def test_errors_say_the_same_in_every_format(run: Run, checks: Checks) -> None:
    for call in (run.unknown_task, run.unknown_task.but(id=None)) if run.full else (run.unknown_task,):
        json, *others = (run.api.send_cached(call.but(format=fmt).by(way)) for way, fmt in TURNS)
        for other in others:
            if json.says_like(other):  # a message may name the format
                checks.findings.mark_checked("formats.same")
                continue
            if _differs(checks, json, other) is not None and not run.api.send(json.call).says_like(json):
                checks.left_out("the message of one error differs from call to call")
                continue
            _compare(checks, json, other)


@pytest.mark.clause("formats.same", "quota.polling-free", "info.follows-format")
def test_info_says_the_same_in_every_format(run: Run, checks: Checks) -> None:
    json = run.api.units.shown or run.api.send(calls.info(run.me))
    looked = run.taken.in_each_format
    if looked.keys() >= {*FORMATS}:
        json = looked["json"]
    for fmt in FORMATS[1:]:
        other = looked[fmt] if looked.keys() >= {*FORMATS} else run.api.send(calls.info(run.me, fmt=fmt))
        run.api.remember(other)
        if _differs(checks, json, other) is not None:
            json, other, moving = _asked_again(run, checks, fmt)
            if moving:
                checks.left_out(f"{' and '.join(moving)} of info changes from call to call", Outcome.INCONCLUSIVE)
                json, other = _without(json, moving), _without(other, moving)
                if _differs(checks, json, other) is None:
                    continue
        _compare(checks, json, other)
    checks.judge_choice("info.follows-format")


ROUNDS = 3
"""How often info is asked in JSON before and after another format, until JSON has shown what moves by itself."""


def _asked_again(run: Run, checks: Checks, fmt: str) -> tuple[Reply, Reply, list[str]]:
    """New answers of info in JSON and in another format, with the members that are moving: which differ in JSON, too,
    from one call to the next. Where the formats still differ, JSON is steady in each of ROUNDS.
    """
    moving: list[str] = []
    first: Reply | None = None
    for turn in range(ROUNDS):
        run.api.sender.budget.allow_calls(3 if turn else 0)
        before, other, json = (run.api.send(calls.info(run.me, fmt=f)) for f in (None, fmt, None))
        first = first or before
        for one in (before, json):
            while place := reads_differ(_without(first, moving).model, _without(one, moving).model, "info"):
                name = place.rpartition(".")[2]
                if name in moving:
                    break
                moving.append(name)
        if moving or _differs(checks, json, other) is None:
            break
    return json, other, moving


def _without(reply: Reply, names: Collection[str]) -> Reply:
    """The reply without the members of these names, wherever they stand."""

    def rest(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: rest(member) for name, member in value.items() if name not in names}
        return [rest(entry) for entry in value] if isinstance(value, list) else value

    decoded = reply.decoded
    return reply if decoded is None else replace(reply, decoded=replace(decoded, model=rest(decoded.model)))


@pytest.mark.clause("formats.same")
def test_a_create_in_any_format_names_its_task(run: Run, checks: Checks) -> None:
    """A layout that nobody knows must hold a number. Where members can be told apart, `create.ok` says which."""
    run.pool.tasks()
    made = [reply for reply in run.pool.maker.created if reply.status == "ok"]
    for reply in (r for r in run.pool.maker.created if r.has_unknown_layout):
        assert reply.response is not None, "it was answered"
        if made and not re.search(rb"[0-9]", reply.response.body):
            found = SafeText(f"{reply.call.format.upper()} that holds no number, in a layout that no choice covers")
            checks.report("formats.same", reply, "the body", found, "the id of a new task, as in other formats")
        else:
            checks.findings.could_not_read("formats.same", reply)
