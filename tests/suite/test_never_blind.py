"""What breaks a promise is named, whatever layout it stands in: mocks that are wrong in one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.contract.outcome import Outcome
from mockserver.mutants.kit.answers import header, page, ready, setting, table
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CREATED, CSV, PROCESSING, READY, RESULT, XML, where
from support.deviating import deviating

FATAL = b"PHP Fatal error:  Uncaught Error: Call to undefined function row() in /var/www/api.php:12\n"


def _lines_lost(lines: list[list[str]]) -> list[list[str]]:
    """A table whose names say nothing, without its second row."""
    return [[f"f{n}" for n, _ in enumerate(lines[0])], *lines[1:2], *lines[3:]]


def _says(text: bytes, content_type: str = "text/csv; charset=utf-8") -> Any:
    return page(200, content_type, text)


WRONG: Mapping[str, tuple[Mutant, str]] = {
    "a sentence in place of csv": (Mutant("", response=where(_says(b"Access denied"), RESULT, READY, CSV)), "format"),
    "a sentence with commas in place of csv": (
        Mutant("", response=where(_says(b"Sorry, no access, ask us\r\n"), RESULT, READY, CSV)),
        "format",
    ),
    "a fault of PHP in place of csv": (Mutant("", response=where(_says(FATAL), RESULT, READY, CSV)), "format.readable"),
    "a page in place of xml": (
        Mutant("", response=where(_says(b"<html><body><p>Oops</p></body></html>", "text/html"), RESULT, READY, XML)),
        "format.readable",
    ),
    "xml of something else": (
        Mutant("", response=where(_says(b"<r><s>wait</s><t>a moment</t></r>", "text/xml"), RESULT, READY, XML)),
        "formats.same",
    ),
    "csv of somebody else without names": (
        Mutant(
            "", response=where(_says(b"a title,1,2030-01-01 00:00:00,79990000000,b,c,d,avito.ru,e,f\r\n"), READY, CSV)
        ),
        "formats.same",
    ),
    "a row is lost under names that say nothing": (
        Mutant("", response=where(table(_lines_lost), RESULT, READY)),
        "formats.same",
    ),
    "an id in words": (
        Mutant("", response=where(_says(b"ok,notanumber\r\n"), CREATED, CSV)),
        "create.ok",
    ),
    "a create without a number": (Mutant("", response=where(_says(b"fine\r\n"), CREATED, CSV)), "format"),
    "a create in xml without a number": (
        Mutant("", response=where(_says(b"<r><s>fine</s></r>", "text/xml"), CREATED, XML)),
        "formats.same",
    ),
    "xml that is labelled gzip and is none": (
        Mutant("", response=where(header("Content-Encoding", lambda _: "gzip"), RESULT, READY, XML)),
        "format.readable",
    ),
    "a cost of nothing with a fraction": (Mutant("", ready(setting(cost="0.00"))), "result.cost"),
    "a cost in words": (Mutant("", ready(setting(cost="two"))), "result.cost"),
    "another phone with 8": (
        Mutant("", ready(lambda b: [row.update(phone="89990000000") for row in b.get("data") or ()])),
        "result.row-phone",
    ),
    "an end before the beginning, as text": (
        Mutant("", ready(setting(create_time="2030-01-01 10:00:00", end_time="2030-01-01 09:59:59"))),
        "result.times-ordered",
    ),
    "a documented member that is made anew": (
        Mutant("", where(lambda c: c.body.update(end_time=c.body["end_time"] + c.count("reads")), READY)),
        "task.reads-equal",
    ),
}
"""What a server does, and the promise that it breaks, or how its name begins."""


@pytest.mark.few(8)
@pytest.mark.once
@pytest.mark.parametrize("name", WRONG)
def test_what_breaks_a_promise_is_named_in_any_layout(name: str) -> None:
    mutant, clause = WRONG[name]
    with deviating(mutant) as target:
        report = target.examined(poll_timeout=1.0).report
    broken = [row.clause.id for row in report.rows if row.outcome is Outcome.BROKEN]

    assert report.exit_code == 1
    assert [found for found in broken if found.startswith(clause)], [
        (r.clause.id, r.outcome, r.note) for r in report.rows
    ]
    assert Outcome.ERROR not in {row.outcome for row in report.rows}


STRANGE: Mapping[str, tuple[Mutant, str]] = {
    "create": (Mutant("", where(lambda c: c.body.update(status="created"), CREATED)), "create.ok"),
    "processing": (Mutant("", where(lambda c: c.body.update(status="wait"), PROCESSING)), "result.processing"),
    "ready": (Mutant("", where(lambda c: c.body.update(status="done"), READY)), "result.ready"),
    "ready, in another case": (Mutant("", where(lambda c: c.body.update(status="Ready"), READY)), "result.ready"),
    "ready, without one": (Mutant("", where(lambda c: c.body.pop("status"), READY)), "result.ready"),
    "ready in xml": (Mutant("", where(lambda c: c.body.update(status="done"), READY, XML)), "result.ready"),
}


@pytest.mark.once
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_status_is_one_finding_and_leaves_the_rest_inconclusive(name: str) -> None:
    mutant, clause = STRANGE[name]
    with deviating(mutant, delay="400ms") as target:
        report = target.examined(poll_timeout=1.0).report

    assert [row.clause.id for row in report.rows if row.outcome is Outcome.BROKEN] == [clause]
    assert report.exit_code == 1


@pytest.mark.few(2)
@pytest.mark.parametrize("cost", ["9" * 5000, "1" + "0" * 400 + ".00", "1e999", "-1", "٣"])
def test_a_cost_beyond_reason_ends_no_run(cost: str) -> None:
    with deviating(Mutant("", ready(setting(cost=cost)))) as target:
        report = target.examined().report

    assert not report.errors
    assert Outcome.ERROR not in {row.outcome for row in report.rows}


def test_a_text_of_eleven_megabytes_is_read_in_every_format() -> None:
    long = "длинно " * 900_000

    def lengthen(context: CallContext) -> None:
        for row in context.body.get("data") or () if context.status == "ready" else ():
            row["description"] = long

    with deviating(Mutant("", lengthen)) as target:
        rows = target.rows("formats.same", phone="70000000001")

    assert rows["formats.same"].outcome is Outcome.HOLDS, rows["formats.same"].note


def test_a_server_that_charges_nothing_is_found_also_where_its_tasks_state_a_cost_of_0() -> None:
    def give_back(context: CallContext) -> None:
        if context.task is not None:
            context.server.charge(context.login, -context.task.cost)

    def free(context: CallContext) -> None:
        where(give_back, CREATED)(context)
        ready(setting(cost="0"))(context)

    with deviating(Mutant("", free)) as target:
        row = target.rows("quota.charged", poll_timeout=0.3)["quota.charged"]

    assert row.outcome is Outcome.BROKEN
