"""Formats: JSON, XML and CSV carry the same data, and JSON is the default."""

from __future__ import annotations

from itertools import cycle

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST, WAYS, Way
from contract_tests.api.reply import Reply, units
from contract_tests.decode.compare import as_encoded, difference, plain, plain_account
from contract_tests.engine.every_answer import check_free
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import Task
from contract_tests.findings.checks import Checks
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
                if _differs(checks, json, other, task) is not None:
                    again = run.pool.poller.poll(task)
                    if difference(json.model, again.model) is not None:
                        continue  # the reads differ, and not the formats
                _compare(checks, json, other, task)


def _compare(checks: Checks, json: Reply, other: Reply, task: Task | None) -> None:
    """Compares another format with JSON."""
    for reply in (other, json):
        if not reply.readable:
            checks.findings.could_not_read("formats.same", reply)
            return
    differs = _differs(checks, json, other, task)
    where, found = f"{differs} in {other.decoded.format if other.decoded else ''}", SafeText("not what JSON has")
    checks.expect("formats.same", differs is None, other, where, found, "the same as in JSON")


def _differs(checks: Checks, json: Reply, other: Reply, task: Task | None) -> str | None:
    """The place where another format differs from JSON; of rows alone (CSV), their section only is compared."""
    if other.decoded is None or json.decoded is None:
        return None
    turned = plain_account if json.call.method == "info" else plain
    one, two = turned(json.model), turned(other.model)
    if other.decoded.rows is not None:
        section = other.decoded.rows
        one = {"status": one.get("status"), section: _columns(one.get(section), two.get(section))}
    if task is not None and other.decoded.format == "csv" and other.decoded.rows is None:
        one = {name: member for name, member in one.items() if not isinstance(member, list) or name in two}
    differs = difference(one, two)
    if differs is not None and other.decoded.format == "csv":
        encoding = checks.findings.known().get("csv.encoding", "cp1251")
        differs = difference(as_encoded(one, encoding), two) if encoding == "cp1251" else differs
    return differs


def _columns(rows: object, shown: object) -> object:
    """The rows with the columns that CSV has: it may lack an undocumented field."""
    first = shown[0] if isinstance(shown, list) and shown else None
    if not isinstance(rows, list) or not isinstance(first, dict):
        return rows
    return [{k: v for k, v in row.items() if k in first} if isinstance(row, dict) else row for row in rows]


@pytest.mark.clause("formats.same")
def test_errors_say_the_same_in_every_format(run: Run, checks: Checks) -> None:
    for call in (run.unknown_task, run.unknown_task.but(id=None)) if run.full else (run.unknown_task,):
        json, *others = (run.api.send_cached(call.but(format=fmt).by(way)) for way, fmt in TURNS)
        for other in others:
            _compare(checks, json, other, None)


@pytest.mark.clause("formats.same", "quota.polling-free")
def test_info_says_the_same_in_every_format(run: Run, checks: Checks) -> None:
    json = run.api.units.shown or run.api.send(calls.info(run.me))
    for fmt in FORMATS[1:]:
        other = run.api.send(calls.info(run.me, fmt=fmt))
        run.api.remember(other)
        if difference(plain_account(json.model), plain_account(other.model)) is not None:
            known, json = run.api.units.shown, run.api.send(calls.info(run.me))  # something was used in between
            before, after = units(known) if known else None, units(json)
            if before and after:
                check_free(checks, json, before, after, "since the last task was made")
        _compare(checks, json, other, None)


@pytest.mark.clause("formats.same")
def test_a_create_says_the_same_in_every_format(run: Run, checks: Checks) -> None:
    run.pool.tasks()
    made = [r for r in run.pool.maker.created if r.status == "ok" and r.decoded is not None]
    for reply in made:
        found, others = ", ".join(sorted(reply.model)), ", ".join(sorted(made[0].model))
        expected = f"those of another format: {others}"
        checks.expect("formats.same", found == others, reply, "the members", SafeText(found), expected)
