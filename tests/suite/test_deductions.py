"""What the suite says of an open clause was seen: on a server whose answers do not tell the cases apart, it says so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.outcome import Outcome
from mockserver.mutants.kit.answers import errors, header, page, setting, unknown_is_ready
from mockserver.mutants.kit.calls import believing, filling
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CREATE, INFO, OK, POST, RESULT, having, where
from support.deviating import deviating

UNITS = 1000.0  # seconds by which a counter is late that no run lives to see


@dataclass(frozen=True, slots=True)
class Blind:
    """A server that does not tell the cases of some clauses apart."""

    mutant: Mutant
    untold: Mapping[str, str]
    """Clauses that it leaves open, each with words of the reason."""
    profile: Mapping[str, Any] | None = None


def _any_id_is_ready(context: CallContext) -> None:
    """Answers any id, and none, as a ready task with one row."""
    unknown_is_ready(context)
    if context.operation == "result" and context.status == "error" and context.is_authorised:
        context.respond(
            status="ready", data=[], names=[], photo="", cost="1", ip="127.0.0.1", create_time=1, end_time=2
        )


def _counted_late(seconds: float) -> Any:
    """Info reports the units that were used some seconds ago."""

    def edit(context: CallContext) -> None:
        history = context.memory.setdefault("units", [])
        limit = context.body["data"]["api_limit"]
        history.append((time.monotonic(), limit["used"]))
        old = [used for at, used in history if at <= time.monotonic() - seconds]
        limit["used"] = (old or [history[0][1]])[-1]

    return where(edit, INFO, OK)


def _counting_every_call(context: CallContext) -> None:
    if context.operation == "info" and context.status == "ok":
        context.body["data"]["api_limit"]["used"] += context.count("calls of info")


def _format_is_ignored(context: CallContext) -> None:
    context.params.pop("format", None)


def _creates_anything(context: CallContext) -> None:
    filling(phone="70001234567", source="2")(context)
    believing()(context)
    if context.params.get("source") not in {"1", "2", "3", "4"}:
        context.params["source"] = "2"


NUMBERS = count(1)
PUT = having(http_method="PUT")
SAME_ERROR = Mutant("every error is the same", errors(setting(error_code=1, message="Error")))
ANY_ID = Mutant("any id is ready", _any_id_is_ready)
BLIND: Mapping[str, Blind] = {
    "any id is ready": Blind(
        ANY_ID,
        {
            "param.repeated": "not answered by an error",
            "param.both": "not answered by an error",
            "param.multipart": "not answered by an error",
            "check.order": "not answered by an error",
            "check.format-first": "not answered by an error",
            "param.empty-is-missing": "not answered by an error",
        },
    ),
    "every error is the same": Blind(
        SAME_ERROR,
        {
            "check.order": "answered by the same error",
            "check.format-first": "answered by the same error",
            "param.empty-is-missing": "answered by the same error",
            "id.invalid": "answered by the same error",
            "error.missing-names": "answered by the same error",
            "task.foreign-error": "answered by the same error",
            "not-found": "answered by the error of a known one",
        },
    ),
    "every error is the same, and a multipart form is not read": Blind(
        SAME_ERROR, {"param.multipart": "answered by the same error"}, {"param.multipart": "ignored"}
    ),
    "errors are numbered": Blind(
        Mutant("errors are numbered", errors(lambda b: b.update(message=f"{b['message']} ({next(NUMBERS)})"))),
        {
            "check.order": "differs from call to call",
            "not-found": "differs from call to call",
            "task.foreign-error": "differs from call to call",
            "check.format-first": "differs from call to call",
            "format.invalid": "differs from call to call",
            "id.invalid": "differs from call to call",
            "param.empty-is-missing": "differs from call to call",
        },
    ),
    "info never changes": Blind(
        Mutant("info never changes", where(lambda c: c.body["data"]["api_limit"].update(used=5), INFO, OK)),
        {"quota.charged-at": "info reports no unit right after the creates"},
    ),
    "info counts its own calls": Blind(
        Mutant("info counts its own calls", _counting_every_call), {"quota.charged-at": "change without a create"}
    ),
    "a form over POST is not read": Blind(
        Mutant("a form over POST is not read", call=where(lambda c: c.params.clear(), RESULT, POST)),
        {"param.both": "over POST no task is ready", "param.multipart": "over POST no task is ready"},
    ),
    "create takes any source": Blind(
        Mutant(
            "create takes any source",
            call=lambda c: c.params.update(source="2") if c.params.get("source") == "99" else None,
        ),
        {"edition": "accepts a source that no edition has"},
    ),
    "create takes anything": Blind(
        Mutant("create takes anything", call=where(_creates_anything, CREATE)), {"edition": "without a phone"}
    ),
}


@pytest.mark.once
@pytest.mark.parametrize("name", BLIND)
def test_where_the_cases_are_not_told_apart_no_choice_is_stated(name: str) -> None:
    blind = BLIND[name]
    with deviating(blind.mutant, blind.profile) as target:
        rows = target.rows(*blind.untold)

    for clause, reason in blind.untold.items():
        row = rows[clause]
        assert row.seen not in all_clauses()[clause].choices or row.seen == "", (clause, row)
        assert row.outcome in (Outcome.UNCHECKED, Outcome.REFUTED), (clause, row)
        assert reason in row.note or row.outcome is Outcome.REFUTED, (clause, row.note)


SEEN: Mapping[str, tuple[Mutant, Mapping[str, Any], dict[str, str]]] = {
    "any id is ready, and an unknown format is JSON": (
        ANY_ID,
        {"format.invalid": "json"},
        {"format.invalid": "json"},
    ),
    "every error is the same, and an unknown format is refused": (
        SAME_ERROR,
        {},
        {"format.invalid": "an error that does not name it"},
    ),
    "every error is the same, and the first of a name counts": (
        SAME_ERROR,
        {"param.repeated": "first"},
        {"param.repeated": "first"},
    ),
    "every error is the same, and the query counts": (
        SAME_ERROR,
        {"param.both": "query"},
        {"param.both": "query", "param.repeated": "last"},
    ),
    "PUT is not seen": (
        Mutant("PUT is not seen", response=where(page(200, "text/html", b""), PUT)),
        {},
        {"http-method.other": "HTTP 200 without an answer"},
    ),
    "PUT is answered as GET": (
        Mutant("PUT is answered as GET", call=where(lambda c: setattr(c, "http_method", "GET"), PUT)),
        {},
        {"http-method.other": "as-get"},
    ),
    "PUT is refused by a page": (
        Mutant("PUT is refused by a page", response=where(page(405, "text/html", b"<html>405</html>"), PUT)),
        {},
        {"http-method.other": "refused by a page"},
    ),
    "a plus is dropped": (Mutant("right"), {"phone.invalid": "strip"}, {"phone.invalid": "strip"}),
    "nothing is found for a phone with a plus": (
        Mutant(
            "nothing is found for a phone with a plus",
            call=lambda c: c.params.update(phone="70000000000") if "+" in c.params.get("phone", "") else None,
        ),
        {},
        {"phone.invalid": "accepted, and nothing is found"},
    ),
    "an origin is repeated": (
        Mutant(
            "an origin is repeated to who sends one",
            response=header("Access-Control-Allow-Origin", lambda _: "https://origin.example"),
        ),
        {},
        {"cors": "https://origin.example"},
    ),
    "edition A": (Mutant("right"), {"edition": "A"}, {"edition": "A"}),
    "edition C": (Mutant("right"), {"edition": "C"}, {"edition": "C"}),
}


@pytest.mark.once
@pytest.mark.parametrize("name", SEEN)
def test_where_an_answer_shows_the_choice_it_is_stated(name: str) -> None:
    mutant, profile, seen = SEEN[name]
    with deviating(mutant, profile) as target:
        rows = target.rows(*seen)

    assert {clause: rows[clause].seen for clause in seen} == seen, {clause: rows[clause].note for clause in seen}


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_a_counter_that_is_late_breaks_no_promise(seconds: float) -> None:
    with deviating(Mutant("the counter is late", _counted_late(seconds))) as target:
        rows = target.rows()

    assert {name for name, row in rows.items() if row.outcome is Outcome.BROKEN} == set()
    assert rows["quota.charged-at"].seen == "shown later than at create"
    assert rows["quota.charged"].outcome is Outcome.HOLDS


def test_a_counter_that_never_moves_is_no_charge() -> None:
    with deviating(Mutant("the counter is late", _counted_late(UNITS))) as target:
        rows = target.rows("quota.charged", "quota.charged-at", poll_timeout=0.5)

    assert rows["quota.charged"].outcome is Outcome.BROKEN
    assert rows["quota.charged-at"].seen == ""


def test_where_errors_repeat_what_was_sent_they_are_the_same_error() -> None:
    """An id that is no number is answered as an unknown one, in other words."""

    def named(context: CallContext) -> None:
        if context.operation == "result" and context.status == "error" and context.params.get("id"):
            context.body |= {"error_code": 404, "message": f"Task {context.params['id']} not found"}

    with deviating(Mutant("an error repeats the id", named)) as target:
        rows = target.rows("id.invalid")

    assert rows["id.invalid"].seen == "unknown"


def test_that_a_run_met_no_limit_of_its_rate_is_no_choice() -> None:
    with deviating() as target:
        row = target.rows("rate.limit")["rate.limit"]

    assert (row.outcome, row.seen) == (Outcome.UNCHECKED, "")


def test_info_that_ignores_format_is_a_choice_and_breaks_nothing() -> None:
    plain = Mutant("info is JSON", call=where(_format_is_ignored, INFO))
    with deviating(plain) as target:
        rows = target.rows()

    assert {name for name, row in rows.items() if row.outcome is Outcome.BROKEN} == set()
    assert rows["info.follows-format"].seen == "no"


def test_a_server_that_ignores_format_altogether_breaks_the_promise_of_formats() -> None:
    with deviating(Mutant("format is ignored", call=_format_is_ignored)) as target:
        run = target.examined()

    assert run.report.exit_code == 1
    assert [row.clause.id for row in run.report.rows if row.outcome is Outcome.BROKEN] == ["format.readable"]
