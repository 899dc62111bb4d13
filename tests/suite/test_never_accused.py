"""What breaks no promise is not called broken: mocks that are right, and differ in what nobody has promised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import count, cycle
from typing import Any, cast

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import MULTIPART, POST, Account, Call, Way
from contract_tests.api.reply import Reply
from contract_tests.captured.capture import Asked, Capture
from contract_tests.captured.judge import judge
from contract_tests.contract.members import COLUMNS
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.ready_checks import CheckResult, TaskFacts, check
from contract_tests.decode.model import Context
from contract_tests.engine import tasks
from contract_tests.engine.every_answer import check_readable, check_server_fault, read
from contract_tests.engine.options import GivenTask
from contract_tests.findings.checks import Checks
from contract_tests.findings.findings import Findings
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets
from contract_tests.suite.test_laws import _breaks
from contract_tests.transport.messages import HttpResponse, Request
from mockserver.mutants.kit.answers import content, errors, header, page, ready, rows, setting, table
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CREATE, CSV, ERROR, INFO, JSON, OK, READY, RESULT, XML, having, source, where
from support.deviating import ACCOUNTS, PHONE, deviating


def _made_anew(context: CallContext) -> None:
    """Members beside the documented ones, which differ at each read and in each format."""
    number = context.count("answers")
    context.body |= {
        "balance": number * 0.1234567890123456,
        "demo_mode": number % 2 == 0,
        "request_id": f"r{number}",
        "format": context.asked_format,
        "took": {"ms": number},
        "tags": [] if number % 2 else ["a", number],
        "poll": f"https://127.0.0.1/api/result?n={number}",
    }
    for row in context.body.get("data") or () if context.status == "ready" else ():
        row |= {"rank": number, "seen": None}


def _decimals(context: CallContext) -> None:
    """A DECIMAL column, as PHP's database drivers give it."""
    if context.status == "ready":
        context.body["cost"] += ".00"
    if context.operation == "info" and context.status == "ok":
        limit = context.body["data"]["api_limit"]
        context.body["data"]["api_limit"] = {name: f"{units}.00" for name, units in limit.items()}


def _phones(write: Callable[[str], object]) -> Edit:
    return rows(lambda row: row.update(phone=write(row["phone"])))


def _empty(value: object) -> Edit:
    """Sections that the source does not fill, as some value."""
    return ready(lambda body: body.update({s: value for s in ("data", "names", "photo") if not body.get(s)}), JSON)


def _columns(names: str) -> Edit:
    """Other names of the columns of data."""
    return table(lambda lines: [names.split(), *lines[1:]] if len(lines[0]) == len(names.split()) else lines)


def _spread(content: bytes) -> bytes:
    return re.sub(rb"<(status|cost|error_code|id|of|used)>([^<]*)<", rb"<\1>\n  \2\n<", content)


def _typed(content: bytes) -> bytes:
    return re.sub(rb"<([a-z_]+)(?=>)", rb'<\1 type="string"', content)


def _reversed(lines: list[list[str]]) -> list[list[str]]:
    return [line[::-1] for line in lines]


def _half(members: dict[str, Any]) -> dict[str, Any]:
    return {"create_time": members["create_time"] + 0.25, "end_time": members["end_time"] + 0.5}


def _numbered(body: dict[str, Any]) -> None:
    """A message that is worded anew each time, but for the documented one."""
    if not body["message"].startswith("Not set"):
        body["message"] += f" ({next(NUMBERS)})"


def _name_format(context: CallContext) -> None:
    if not context.body["message"].startswith("Not set"):
        context.body["message"] += f" ({context.asked_format})"


NUMBERS = count(1)
UNNAMED = "f1 f2 f3 f4 f5 f6 f7 f8 f9 f10"
RUSSIAN = "Заголовок Цена Дата Телефон Имя Описание Адрес Источник Категория Ссылка"
RIGHT: Mapping[str, tuple[Mutant, tuple[str, ...]]] = {
    "members beside the documented ones are made anew": (Mutant("", _made_anew), ()),
    "costs and counters are decimals": (Mutant("", _decimals), ()),
    "a phone begins with 8": (Mutant("", _phones(lambda phone: f"8{phone[1:]}")), ()),
    "a phone has a plus, brackets and dashes": (
        Mutant("", _phones(lambda p: f"+{p[0]} ({p[1:4]}) {p[4:7]}-{p[7:9]}-{p[9:]}")),
        (),
    ),
    "a phone is a number": (Mutant("", _phones(int)), ("row.phone",)),
    "sections that a source does not fill are null": (Mutant("", _empty(None)), ("result.sections",)),
    "sections that a source does not fill are false": (Mutant("", _empty(False)), ("result.sections",)),
    "info ignores format": (
        Mutant("", call=where(lambda c: c.params.pop("format", None), INFO)),
        ("info.follows-format",),
    ),
    "the code of every error is -1": (
        Mutant("", errors(setting(error_code=-1), lambda c: c.body["error_code"] != 400)),
        (),
    ),
    "xml has white space around texts": (Mutant("", response=content(_spread, XML)), ("xml.layout",)),
    "xml has an attribute on each element": (Mutant("", response=content(_typed, XML)), ("xml.layout",)),
    "csv has its columns in another order": (
        Mutant("", response=where(table(_reversed), RESULT, READY)),
        ("csv.rows",),
    ),
    "csv has names in Russian": (Mutant("", response=where(_columns(RUSSIAN), RESULT, READY)), ("csv.rows",)),
    "csv has names that say nothing": (Mutant("", response=where(_columns(UNNAMED), RESULT, READY)), ("csv.rows",)),
    "csv has one name of its own, a comment as some writers begin": (
        Mutant("", response=where(_columns("#title " + " ".join(COLUMNS[1:])), RESULT, READY)),
        ("csv.rows",),
    ),
    "a charset is told as a Content-Encoding": (Mutant("", response=header("Content-Encoding", lambda _: "UTF-8")), ()),
    "times have a fraction": (Mutant("", ready(lambda body: body.update(_half(body)))), ("result.times",)),
    "times are ISO 8601": (
        Mutant("", ready(setting(create_time="2030-01-01T10:00:00+03:00", end_time="2030-01-01T07:00:05Z"))),
        ("result.times",),
    ),
    "a create is answered with 201": (
        Mutant("", where(lambda c: setattr(c, "http", 201), CREATE, OK)),
        ("error.http-status",),
    ),
    "errors of credentials are JSON": (
        Mutant(
            "",
            call=where(lambda c: c.params.pop("format", None), lambda c: c.params.get("token", "").startswith("wrong")),
        ),
        ("error.follows-format",),
    ),
    "errors are numbered": (Mutant("", errors(_numbered)), ("error.messages",)),
    "errors name the format": (
        Mutant("", where(_name_format, ERROR)),
        ("error.messages",),
    ),
    "errors have a time": (Mutant("", where(lambda c: c.body.update(time=c.count("errors")), ERROR)), ()),
}
"""What a server does, and the assumptions that it refutes, if any."""


@pytest.mark.few(12)
@pytest.mark.once
@pytest.mark.parametrize("name", RIGHT)
def test_what_nobody_has_promised_breaks_nothing(name: str) -> None:
    mutant, refuted = RIGHT[name]
    with deviating(mutant) as target:
        report = target.examined().report
    rows_ = {row.clause.id: row for row in report.rows}

    assert [(r.clause.id, r.note) for r in report.rows if r.outcome in (Outcome.BROKEN, Outcome.ERROR)] == []
    assert report.exit_code == 0
    assert [clause for clause in refuted if rows_[clause].outcome is not Outcome.REFUTED] == []


def _by_others(every: int) -> Mutant:
    """A mock on which somebody else uses the account at some of the run's calls."""

    def charge(context: CallContext) -> None:
        if context.count("calls") % every == 0:
            context.server.charge(context.login, 1)

    return Mutant("", where(charge, lambda c: c.operation in ("result", "info") and c.status != "error"))


def _to_and_fro() -> Mutant:
    """A mock whose servers know of the units one later than the other."""

    def shift(context: CallContext) -> None:
        context.body["data"]["api_limit"]["used"] += context.count("looks") % 2

    return Mutant("", where(shift, INFO, OK))


@pytest.mark.parametrize(
    ("mutant", "code"),
    [(_by_others(2), 0), (_by_others(7), 0), (_to_and_fro(), 4)],  # what info shows counts as taken by the run
    ids=["often", "seldom", "to and fro"],
)
def test_units_that_somebody_else_takes_accuse_nothing(mutant: Mutant, code: int) -> None:
    with deviating(mutant) as target:
        report = target.examined().report
    rows_ = {row.clause.id: row for row in report.rows}

    assert [(r.clause.id, r.note) for r in report.rows if r.outcome in (Outcome.BROKEN, Outcome.ERROR)] == []
    assert rows_["quota.polling-free"].outcome is Outcome.INCONCLUSIVE
    assert report.exit_code == code


@pytest.mark.parametrize(
    ("http_method", "operation", "status", "faults"),
    [
        ("PROPFIND", "result", 501, 0),
        ("PROPFIND", "result", 500, 1),
        ("PUT", "create", 503, 1),
        ("DELETE", "create", 501, 0),
        ("GET", "result", 501, 1),
        ("POST", "result", 501, 1),
        ("POST", "create", 501, 1),
        ("GET", "info", 501, 0),
        ("POST", "info", 501, 0),
        ("POST", "info", 500, 1),
    ],
)
def test_501_says_that_a_method_is_unknown_where_nobody_documents_it(
    http_method: str, operation: str, status: int, faults: int
) -> None:
    findings = Findings("http://127.0.0.1", Mask({}), Secrets(), {})
    call = Call(operation, Account("anna@example.com", "7f3a9c5be1d2408e").params, Way(http_method, "query"))
    reply = Reply(call, HttpResponse(Request(http_method, ""), status, (), b"", 0.0), None)
    check_server_fault(Checks(findings, ()), reply)
    captured = judge(Capture(b"", status), Asked(operation, http_method=http_method))

    assert len(findings.all) == faults
    assert [where for where, *_ in _breaks(reply)] == ["the HTTP status"] * faults
    assert [p.clause for p in captured.problems if p.path == "HTTP status"] == ["server.never-breaks"] * faults


PAGE = b"<html><body>Method Not Allowed</body></html>"
JSON_OF_SERVER = b'{"detail": "Method Not Allowed"}'


@pytest.mark.parametrize("body", [b"", PAGE, JSON_OF_SERVER], ids=["empty", "page", "json"])
@pytest.mark.parametrize(
    ("http_method", "operation", "status", "outcome"),
    [
        ("PUT", "result", 405, Outcome.INCONCLUSIVE),
        ("PATCH", "create", 501, Outcome.INCONCLUSIVE),
        ("POST", "info", 405, Outcome.INCONCLUSIVE),
        ("POST", "create", 413, Outcome.INCONCLUSIVE),
        ("GET", "result", 414, Outcome.INCONCLUSIVE),
        ("POST", "create", 405, Outcome.BROKEN),
        ("GET", "result", 200, Outcome.BROKEN),
        ("", "result", 405, Outcome.BROKEN),
        ("PUT", "result", 500, Outcome.BROKEN),
    ],
)
def test_a_captured_answer_of_the_web_server_itself_breaks_nothing(
    http_method: str, operation: str, status: int, outcome: Outcome, body: bytes
) -> None:
    assert judge(Capture(body, status), Asked(operation, "json", http_method=http_method)).outcome is outcome


ME = Account("anna@example.com", "7f3a9c5be1d2408e")


@pytest.mark.parametrize("body", [b"", PAGE, JSON_OF_SERVER], ids=["empty", "page", "json"])
@pytest.mark.parametrize(
    ("call", "status", "is_accused"),
    [
        (calls.info(ME), 405, False),
        (calls.info(ME, way=POST), 404, False),
        (calls.info_for_page(ME), 403, False),
        (calls.result(ME, 1, way=MULTIPART), 415, False),
        (calls.result(ME, 1, way=Way("PUT", "query")), 405, False),
        (calls.create(ME, PHONE, 2, way=POST), 413, False),
        (calls.result(ME, 1), 405, True),
        (calls.create(ME, PHONE, 2, way=POST), 415, True),
        (calls.result(ME, 1, way=POST), 200, True),
    ],
)
def test_an_answer_by_the_web_server_itself_to_what_nobody_documents_breaks_nothing(
    call: Call, status: int, is_accused: bool, body: bytes
) -> None:
    checks = Checks(Findings("http://127.0.0.1", Mask({}), Secrets(), {}), ())
    reply = read(Reply(call, HttpResponse(Request("GET", ""), status, (), body, 0.0), None), Context(call.method))

    assert not check_readable(checks, reply).readable
    assert bool(checks.findings.all) == is_accused


OF_INFO: Mapping[str, tuple[Mutant, str, str]] = {
    "POST alone, else a page": (
        Mutant("", response=where(page(405, "text/html", PAGE), INFO, having(http_method="GET"))),
        "info.methods",
        "POST alone",
    ),
    "POST alone, else an error": (
        Mutant(
            "",
            where(lambda c: c.respond(status="error", error_code=405, message="POST"), INFO, having(http_method="GET")),
        ),
        "info.methods",
        "POST alone",
    ),
    "a list": (
        Mutant("", response=content(lambda body: b"[%b]" % body, INFO, OK, JSON)),
        "info.shape",
        "a list in place of an object",
    ),
    "a text": (
        Mutant("", response=where(page(200, "text/plain", b"7 of 1000"), INFO, OK)),
        "info.shape",
        "a text in place of an object",
    ),
}
"""How info is answered, the assumption that this refutes, and its word."""


@pytest.mark.parametrize("name", OF_INFO)
def test_how_info_is_called_and_what_it_answers_is_an_assumption(name: str) -> None:
    mutant, clause, seen = OF_INFO[name]
    with deviating(mutant) as target:
        rows_ = target.rows("info.answers", "format.readable", "format.default", clause)

    assert {row.clause.id for row in rows_.values() if row.outcome is Outcome.BROKEN} == set()
    assert (rows_[clause].outcome, rows_[clause].seen) == (Outcome.REFUTED, seen)
    assert (rows_["info.answers"].outcome is Outcome.HOLDS) == (clause == "info.methods")


def test_an_info_that_is_cut_can_not_be_read() -> None:
    with deviating(Mutant("", response=content(lambda body: body[:-3], INFO, OK, JSON))) as target:
        assert target.rows("info.answers", "format.default")["format.default"].outcome is Outcome.BROKEN


def test_an_error_over_an_http_method_that_nobody_documents_has_the_members_of_any_error() -> None:
    asked = Asked("result", "json", http_method="PUT")

    assert judge(Capture(b'{"status": "error"}', 405), asked).outcome is Outcome.BROKEN
    assert (
        judge(Capture(b'{"status": "error", "error_code": 405, "message": "no"}', 405), asked).outcome is Outcome.HOLDS
    )


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "172.17.0.1", "10.0.2.2", "fd00::5", "::ffff:192.168.65.1"])
def test_a_server_behind_a_forwarded_port_sees_another_address_of_this_network(ip: str) -> None:
    local = ip in ("127.0.0.1", "::1")
    assert [r.holds for r in _addresses(ip, forwarded=True)] == [True]
    assert [r.holds for r in _addresses(ip, forwarded=False)] == [local]


@pytest.mark.parametrize("ip", ["203.0.113.7", "8.8.8.8", "2001:db8::1", "localhost", None])
def test_no_forwarded_port_explains_an_address_elsewhere(ip: str | None) -> None:
    assert [r.holds for r in _addresses(ip, forwarded=True)] == [False]


def _addresses(ip: str | None, *, forwarded: bool) -> list[CheckResult]:
    found = list(check("result.ip", {"ip": ip}, TaskFacts(loopback=True, forwarded=forwarded)))
    assert all(isinstance(result, CheckResult) for result in found)
    return cast("list[CheckResult]", found)


@pytest.mark.parametrize(
    ("edit", "outcome"),
    [
        (ready(setting(ip="172.17.0.1")), Outcome.HOLDS),
        (ready(setting(ip="203.0.113.7")), Outcome.INCONCLUSIVE),
        (ready(setting(ip="203.0.113.7"), XML), Outcome.BROKEN),
        (ready(setting(ip="elsewhere")), Outcome.BROKEN),
    ],
    ids=["a container", "a tunnel", "XML alone", "no address"],
)
def test_a_server_may_see_the_calls_come_from_elsewhere_all_alike(edit: Edit, outcome: Outcome) -> None:
    with deviating(Mutant("", edit)) as target:
        assert target.rows("result.ip")["result.ip"].outcome is outcome


def _fails(context: CallContext) -> None:
    context.respond(status="error", error_code=500, message="The task failed")


def _is_first(context: CallContext) -> bool:
    return context.params.get("id") == "1"


FAILING: Mapping[str, tuple[Mutant, int, Outcome, int]] = {
    "one task": (Mutant("", where(_fails, RESULT, _is_first)), 1000, Outcome.INCONCLUSIVE, 0),
    "one task, and there is no unit for another": (
        Mutant("", where(_fails, RESULT, _is_first)),
        1,
        Outcome.UNAFFORDABLE,
        4,
    ),
    "one task is not known": (
        Mutant("", call=where(lambda c: c.params.update(id="77"), RESULT, _is_first)),
        1000,
        Outcome.BROKEN,
        1,
    ),
    "each task": (
        Mutant("", where(_fails, RESULT, lambda c: len(c.params.get("id", "")) < 9)),
        1000,
        Outcome.BROKEN,
        1,
    ),
}
"""What a server does, the budget, and what the run says."""


@pytest.mark.parametrize("name", FAILING)
def test_one_task_that_fails_breaks_no_promise_and_leaves_the_others_their_time(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "IMPATIENT", 0.2)
    mutant, budget, outcome, code = FAILING[name]
    with deviating(mutant, delay="300ms") as target:
        report = target.examined(only=("result.becomes-ready",), budget=budget).report

    assert [(row.outcome, report.exit_code) for row in report.rows] == [(outcome, code)]


def test_a_task_of_before_that_is_not_kept_any_more_breaks_no_promise() -> None:
    with deviating() as target:
        rows_ = target.rows(
            "result.becomes-ready", "result.methods", tasks=(GivenTask(77, 2, PHONE),), poll_timeout=0.2
        )

    assert rows_["result.becomes-ready"].outcome is Outcome.INCONCLUSIVE
    assert rows_["result.becomes-ready"].note.startswith("a task of source 2 was made before this run and is not kept")
    assert rows_["result.methods"].outcome is not Outcome.BROKEN


@pytest.mark.parametrize(
    ("conditions", "broken"),
    [
        ((source("1"),), {"create.ok"}),
        ((having(http_method="POST"),), {"create.ok", "create.methods"}),
        ((having(http_method="GET"),), {"create.ok", "create.methods"}),
    ],
    ids=["a source", "POST", "GET"],
)
def test_what_is_refused_in_every_way_is_not_refused_for_the_way(conditions: Any, broken: set[str]) -> None:
    refused = where(lambda c: c.respond(status="error", error_code=400, message="Wrong source"), CREATE, *conditions)
    with deviating(Mutant("", refused)) as target:
        rows_ = target.rows("create.ok", "create.methods")

    assert {row.clause.id for row in rows_.values() if row.outcome is Outcome.BROKEN} == broken


EMPTY_TABLES: Mapping[str, bytes] = {"no byte": b"", "a line of names": f"{','.join(COLUMNS)}\r\n".encode()}


@pytest.mark.parametrize("name", EMPTY_TABLES)
def test_a_table_without_a_row_breaks_nothing_where_nothing_was_found(name: str) -> None:
    empty = where(content(lambda _: EMPTY_TABLES[name]), RESULT, READY, CSV)
    only = ("format.readable", "result.own-section", "formats.same", "server.never-breaks")
    with deviating(Mutant("", response=empty)) as target:
        nothing = target.rows(*only, environ={**target.env, "IFIND_PHONE": "70000000000"})
        something = target.rows(*only)

    assert {row.clause.id for row in nothing.values() if row.outcome is Outcome.BROKEN} == set()
    assert {row.clause.id for row in something.values() if row.outcome is Outcome.BROKEN}
    captured = judge(Capture(EMPTY_TABLES[name], 200), Asked("result", "csv", source=1))
    assert captured.outcome in (Outcome.HOLDS, Outcome.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("status", "body", "is_broken"),
    [(403, PAGE, False), (400, PAGE, False), (403, b"", True), (200, PAGE, True), (500, PAGE, True)],
)
def test_a_firewall_that_turns_an_awkward_value_away_breaks_nothing(status: int, body: bytes, is_broken: bool) -> None:
    turned_away = where(page(status, "text/html" if body else "text/plain", body), _is_awkward, RESULT)
    with deviating(Mutant("", response=turned_away)) as target:
        row = target.rows("server.never-breaks")["server.never-breaks"]

    assert (row.outcome is Outcome.BROKEN) == is_broken


def _is_awkward(context: CallContext) -> bool:
    return "<" in context.params.get("id", "")


def test_an_account_that_is_locked_since_a_wrong_token_was_tried_accuses_nothing() -> None:
    def lock(context: CallContext) -> None:
        number = context.count("calls")
        if not context.is_authorised:
            context.memory["end"] = number + 5
        if number <= context.memory.get("end", 0):
            context.respond(status="error", error_code=403, message="Try later")

    with deviating(Mutant("", where(lock, lambda c: c.login in ACCOUNTS and bool(c.token)))) as target:
        rows_ = target.rows("create.ok", "info.answers", "credentials.refused")

    assert {row.clause.id for row in rows_.values() if row.outcome is Outcome.BROKEN} == set()
    assert "it may be locked" in rows_["create.ok"].note


NOISE = cycle((0, 2, 2, 1, 3, 0, 1, 1, 2))
CHANGING: Mapping[str, Edit] = {
    "used": lambda context: context.body["data"]["api_limit"].update(used=next(NOISE)),
    "api_time_limit": lambda context: context.body["data"].update(api_time_limit=f"{next(NOISE)} seconds are left"),
}


@pytest.mark.parametrize("name", CHANGING)
def test_what_info_shows_anew_at_each_call_is_not_compared_between_formats(name: str) -> None:
    with deviating(Mutant("", where(CHANGING[name], INFO, OK))) as target:
        row = target.rows("formats.same")["formats.same"]

    assert row.outcome is Outcome.INCONCLUSIVE
    assert row.note.endswith(f"{name} of info changes from call to call")


@pytest.mark.parametrize("name", CHANGING)
def test_what_changes_at_each_call_hides_nothing_beside_it(name: str) -> None:
    def change(context: CallContext) -> None:
        CHANGING[name](context)
        if context.asked_format == "csv":
            context.body["data"]["api_limit"]["of"] = 7

    with deviating(Mutant("", where(change, INFO, OK))) as target:
        assert target.rows("formats.same")["formats.same"].outcome is Outcome.BROKEN


def test_used_units_that_stay_as_they_are_must_be_those_of_json() -> None:
    def more(context: CallContext) -> None:
        context.body["data"]["api_limit"]["used"] += 2

    with deviating(Mutant("", where(more, INFO, OK, CSV))) as target:
        assert target.rows("formats.same")["formats.same"].outcome is Outcome.BROKEN


def test_a_layout_that_nobody_knows_leaves_the_rest_inconclusive_for_a_plain_reason() -> None:
    unnamed = where(table(lambda lines: [["x"], [" / ".join(map(str, lines))]], quoting=1), RESULT, READY, CSV)
    with deviating(Mutant("", response=unnamed)) as target:
        rows_ = target.rows()

    assert {name for name, row in rows_.items() if row.outcome is Outcome.BROKEN} == set()
    assert rows_["formats.same"].outcome is Outcome.INCONCLUSIVE
    assert rows_["formats.same"].note.startswith("an answer has a layout that no choice covers: ")
    assert PHONE not in rows_["formats.same"].note
