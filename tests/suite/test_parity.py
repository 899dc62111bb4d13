"""Parity: two servers differ in the clauses whose choices differ and in no other, in either order."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from lxml import etree, html
from test_reports import check_junit
from test_right_servers import OPEN, covering_set
from test_sarif import the_run

from contract_tests.api.calls import Call
from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.ready_checks import TaskFacts
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context
from contract_tests.engine.api_client import ApiClient, TargetLost
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.private_texts import PrivateTexts
from contract_tests.engine.provision import UnreachableError
from contract_tests.parity.comparison import Agreement, AnswerPair, Comparison, PlaceComparison
from contract_tests.parity.observe import observe
from contract_tests.parity.parity import UNITS, _without, examine, run
from contract_tests.parity.parity_formats import RENDERERS, as_page, write_terminal
from contract_tests.parity.parity_report import ParityReport, by_clause
from contract_tests.parity.script import NO_ID, REFUSED, UNKNOWN
from contract_tests.redact.secrets import Secrets
from contract_tests.report.sarif import RUN
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import HttpResponse, Request
from mockserver.assembly import open_gateway
from mockserver.mutants.kit.answers import content
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.mutant import Mutant, unchanged
from mockserver.mutants.kit.when import INFO, XML
from mockserver.profile.profile import resolve
from mockserver.settings.loading import load
from mockserver.settings.table import Settings
from mockserver.wire.serving import serve_mock
from support.command import ifind
from support.deviating import deviating
from support.in_process import CLAUSES
from support.made_reports import HOSTILE
from support.standins.breaking import Breakage
from support.standins.people import PERSONAL
from support.standins.running import STANDINS, serving


@contextmanager
def mock(profile: dict[str, Any], seed: int = 0) -> Iterator[str]:
    settings = load({"delay": "100ms", "seed": seed}, {})
    settings = Settings(**{**vars(settings), "profile": resolve(CLAUSES, profile)})
    gateway = open_gateway(settings)
    with serve_mock(gateway, settings) as url:
        yield f"{url}/api"


def parity(a: str, b: str, *, ignored: tuple[str, ...] = (), **options: Any) -> ParityReport:
    return examine(a, b, CheckOptions(**{"environ": {}, "poll_timeout": 3.0, **options}), ignored=ignored)


def clauses(report: ParityReport, agreement: Agreement) -> set[str]:
    return {clause.clause for clause in report.clauses if clause.agreement is agreement}


def differences(report: ParityReport) -> str:
    return "\n".join(
        f"{p.clause}: {p.where}: {p.a} | {p.b} ({p.call})" for clause in report.clauses for p in clause.differences
    )


UNSEEN = {
    "task.lifetime": "a run is shorter than any",
    "quota.turns-at": "it shows once a day",
    "quota.charged-at": "the clause has a single choice",
    "rate.limit": "no run is fast enough to meet it",
}
"""Open clauses that no call of a run can show, and why."""
CHOICES = [
    (name, choice)
    for name, clause in OPEN.items()
    if name not in UNSEEN
    for choice in clause.every_choice()
    if choice != clause.default
]


VISIBLE: dict[str, dict[str, Any]] = {
    "xml.null": {"result.photo-empty": "null"},
    "csv.lacking": {"csv.encoding": "cp1251"},
}
"""Choices of other clauses without which a clause shows nothing."""


@pytest.mark.few(20)
@pytest.mark.once
@pytest.mark.parametrize(("clause", "choice"), CHOICES, ids=lambda v: v if isinstance(v, str) else "table")
def test_two_mocks_that_differ_in_one_clause_differ_in_that_clause_alone(
    clause: str, choice: Any, request: pytest.FixtureRequest
) -> None:
    if clause not in VISIBLE:  # a few rows show it as well
        request.getfixturevalue("few_rows")
    both = VISIBLE.get(clause, {})
    with mock(both) as a, mock({**both, clause: choice}, seed=1) as b:
        report = parity(a, b)

    assert clauses(report, Agreement.DIFFERS) == {clause}, differences(report)
    assert report.exit_code == 1


@pytest.mark.few(2)
@pytest.mark.parametrize("profile", covering_set()[:5], ids=lambda p: f"edition-{p['edition']}-root-{p['xml.root']}")
def test_two_mocks_of_one_profile_differ_in_nothing(profile: dict[str, Any]) -> None:
    with mock(profile) as a, mock(profile, seed=7) as b:
        report = parity(a, b)

    assert report.exit_code == 0, differences(report)
    assert not clauses(report, Agreement.DIFFERS)


@pytest.mark.few(2)
@pytest.mark.parametrize("phone", ["70001234567", "70000000000", "70000000001", "70000000777"])
def test_how_much_is_found_is_no_difference(phone: str) -> None:
    with mock({}) as a, mock({}, seed=5) as b:
        report = parity(a, b, phone=phone)

    assert report.exit_code == 0, differences(report)


def in_data(edit: Callable[[dict[str, Any]], object]) -> Edit:
    """An edit of the account in an answer of info."""

    def edited(context: CallContext) -> None:
        if context.operation == "info" and context.status != "error":
            data = context.body["data"]
            edit(data[0] if isinstance(data, list) else data)

    return edited


def ready(edit: Callable[[dict[str, Any]], object]) -> Edit:
    """An edit of a ready answer."""

    def edited(context: CallContext) -> None:
        if context.status == "ready":
            edit(context.body)

    return edited


def in_rows(edit: Callable[[dict[str, Any]], object], section: str = "data") -> Edit:
    return ready(lambda body: [edit(row) for row in body.get(section) or []])


def typed(content_type: str, test: Callable[[CallContext], bool]) -> Edit:
    """A Content-Type for the answers that pass the test."""

    def edit(context: CallContext) -> None:
        if test(context):
            others = [(name, value) for name, value in context.headers if name.lower() != "content-type"]
            context.headers = (*others, ("Content-Type", content_type))

    return edit


def as_text(fmt: str) -> Edit:
    return typed("text/plain", lambda context: context.format == fmt)


def of_code(code: int, other: int) -> Breakage:
    """Errors of one code with another one. The code is that of `antique` for its kind."""
    own = {401: 3}[code]

    def edit(context: CallContext) -> None:
        if context.body.get("error_code") == own:
            context.body["error_code"] = other

    return Breakage("made for a test", edit)


def where_json(change: Callable[[bytes], bytes]) -> Edit:
    def edit(context: CallContext) -> None:
        if context.format == "json" and context.content.startswith(b"{"):
            context.content = change(context.content)

    return edit


def cut(section: str, least: int) -> Edit:
    """No more than so many entries of a section, which cost as much."""

    def edited(body: dict[str, Any]) -> None:
        if body.get(section):
            body[section] = body[section][:least]

    return ready(edited)


FOUND: dict[str, tuple[Edit, Edit]] = {
    "nothing": (cut("data", 0), unchanged),
    "no name": (cut("names", 0), unchanged),
    "one row": (cut("data", 1), unchanged),
    "no photo": (ready(lambda body: body.update(photo="") if body.get("photo") else None), unchanged),
    "rows without a price": (in_rows(lambda row: row.update(price="", url="", description="")), unchanged),
    "text beyond ASCII": (in_rows(lambda row: row.update(title="plain", description="")), unchanged),
    "long texts": (in_rows(lambda row: row.update(description='a; "b", c\n' * 500)), unchanged),
    "long names": (in_rows(lambda entry: entry.update(name="Ж" * 300), "names"), unchanged),
    "another quota": (in_data(lambda data: data["api_limit"].update(of=1_000_000, used=999)), unchanged),
    "another date": (in_data(lambda data: data.update(api_time_limit="2041-01-01 00:00:00")), unchanged),
    "no date": (in_data(lambda data: data.update(api_time_limit="")), unchanged),
    "a date that is null": (in_data(lambda data: data.update(api_time_limit=None)), unchanged),
    "a demo": (in_data(lambda data: data.update(demo="1")), unchanged),
    "another history": (
        in_data(lambda data: data.update(history=[{"sum": 5}], bonus=None, tariff={"name": "x"})),
        in_data(lambda data: data.update(history=[], bonus="12.50", tariff=[])),
    ),
    "members that are null for some": (
        in_rows(lambda row: row.update(metro=None, images=[])),
        in_rows(lambda row: row.update(metro="Сокол", images=["a.jpg"])),
    ),
    "members that some rows lack": (
        ready(lambda body: [row.update(metro="x") for row in (body.get("data") or [])[:1]]),
        in_rows(lambda row: row.update(metro="y")),
    ),
    "what other sources find": (
        ready(lambda body: body.update(names=[{"name": "А"}], photo="") if body.get("data") else None),
        ready(lambda body: body.update(names=[], photo="") if body.get("data") else None),
    ),
}
"""What two accounts of one server may differ in, by what it is: the edits of both."""


@pytest.mark.few(6)
@pytest.mark.once
@pytest.mark.parametrize("what", FOUND)
@pytest.mark.parametrize("name", STANDINS)
def test_two_accounts_that_have_and_find_different_things_differ_in_nothing(what: str, name: str) -> None:
    one, other = (Breakage("made for a test", edit) for edit in FOUND[what])
    with serving(name, breakage=one, limit=50) as a, serving(name, breakage=other, limit=500) as b:
        report = parity(a.url, b.url, environ=a.env)

    assert report.exit_code == 0, differences(report)


def test_an_element_around_the_account_in_xml_is_no_list() -> None:
    around = content(lambda body: re.sub(b"<data>(.+)</data>", rb"<data><struct>\1</struct></data>", body), XML, INFO)
    with deviating() as plain, deviating(Mutant("", response=around)) as wrapped:
        report = parity(plain.url, wrapped.url, environ=plain.env)

    assert clauses(report, Agreement.DIFFERS) <= {"xml.item", "xml.layout"}, differences(report)


def test_every_open_clause_but_the_unseen_is_compared_between_two_mocks() -> None:
    visible = {clause: choice for others in VISIBLE.values() for clause, choice in others.items()}
    with mock(visible) as a, mock(visible, seed=1) as b:
        report = parity(a, b)

    assert set(OPEN) - clauses(report, Agreement.SAME) == set(UNSEEN)


@pytest.mark.few(1)
@pytest.mark.parametrize("other", [1, 2])
def test_the_order_of_the_two_changes_nothing(other: int) -> None:
    with mock({}) as a, mock(covering_set()[other]) as b:
        one, two = parity(a, b), parity(b, a)

    assert clauses(one, Agreement.DIFFERS) == clauses(two, Agreement.DIFFERS) != set()
    assert clauses(one, Agreement.SAME) == clauses(two, Agreement.SAME)


@pytest.mark.parametrize("name", STANDINS)
def test_a_stand_in_and_a_mock_of_its_profile_differ_in_nothing(name: str) -> None:
    with serving(name) as target, mock(dict(target.profile)) as local:
        report = parity(target.url, local, environ=target.env)

    assert report.exit_code == 0, differences(report)
    assert len(clauses(report, Agreement.SAME)) >= 60


def test_calls_that_are_refused_for_their_pace_are_sent_again_and_no_difference() -> None:
    with mock({"rate.limit": "15/s"}) as a, mock({}) as b:
        report = parity(a, b)
    row = next(clause for clause in report.clauses if clause.clause == "rate.limit")

    assert report.exit_code == 0, differences(report)
    assert (row.agreement, row.note) == (
        Agreement.OPEN,
        "A refused calls for their pace; they were sent again, slower",
    )


@pytest.mark.parametrize("name", STANDINS)
def test_few_units_are_taken_and_the_report_says_how_many(name: str) -> None:
    with serving(name) as target, mock({}) as local:
        report = parity(target.url, local, environ=target.env)
        tasks = sum(method == "create" for _, method, _ in target.calls)

    assert report.units[0] == target.units <= 12
    assert report.calls[0] <= len(target.calls) <= 90
    assert tasks <= UNITS + 4, "some are refused"


DIFFERENT: dict[str, tuple[str, str]] = {
    "no id in xml": ("courier", "create.ok"),
    "another word": ("bureau", "result.processing"),
    "no end_time in xml": ("antique", "result.ready"),
    "no names": ("bureau", "result.own-section"),
    "price as number": ("courier", "result.row-fields"),
    "another phone": ("antique", "result.row-phone"),
    "names as titles": ("bureau", "result.names"),
    "half a picture": ("bureau", "result.photo"),
    "cost of nothing": ("courier", "result.cost"),
    "no address": ("antique", "result.ip"),
    "ends before it begins": ("bureau", "result.times-ordered"),
    "xml is cut": ("courier", "format.readable"),
    "error_code as text": ("bureau", "error.members"),
    "other words": ("antique", "error.messages"),
    "source 3 is gone": ("bureau", "edition"),
    "one is never ready": ("courier", "result.becomes-ready"),
    "no answer to an odd id": ("antique", "server.never-breaks"),
    "500 for another method": ("bureau", "not-found"),
}
"""Breakages of a stand-in that is the same otherwise, and the clause under which parity reports them."""


@pytest.mark.few(6)
@pytest.mark.once
@pytest.mark.parametrize("breakage", DIFFERENT)
def test_a_server_that_breaks_a_clause_differs_from_one_that_keeps_it(breakage: str) -> None:
    name, clause = DIFFERENT[breakage]
    seconds = 1.0 if clause == "result.processing" else 0.05  # a poll has to come first, on a busy machine, too
    with serving(name, seconds=seconds) as right, serving(name, seconds=seconds, breakage=breakage) as broken:
        report = parity(right.url, broken.url, environ=right.env, poll_timeout=1.0 + 2 * seconds)

    assert clause in clauses(report, Agreement.DIFFERS), differences(report)
    assert report.exit_code == 1


def test_the_report_holds_no_credential_and_no_value_and_a_mock_gets_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, file = io.StringIO(), tmp_path / "report.json"
    sent: list[Request] = []
    send = HttpClient.send

    def recorded(wire: HttpClient, request: Request, **more: Any) -> HttpResponse:
        sent.append(request)
        return send(wire, request, **more)

    monkeypatch.setattr(HttpClient, "send", recorded)
    with serving("courier", breakage="token in errors") as target, mock({}) as local:
        code = run(target.url, local, CheckOptions(reports={"json": file}, environ=target.env), out)
    to_the_mock = [unquote_plus(f"{r.url} {r.body.decode()}") for r in sent if r.url.startswith(local[:-4])]
    seen = out.getvalue() + file.read_text(encoding="utf-8")

    assert code == 1
    assert json.loads(file.read_text(encoding="utf-8"))["totals"]["differs"] > 10
    assert "error.messages" in seen
    for secret in (*target.env.values(), *PERSONAL):
        assert secret not in seen
    assert len(to_the_mock) > 50
    assert not [request for request in to_the_mock for secret in target.env.values() if secret in request]


@pytest.mark.parametrize(
    ("unknown", "agreement"), [('{"status": "processing"}', Agreement.OPEN), (None, Agreement.DIFFERS)]
)
def test_where_an_unknown_task_is_not_refused_it_does_not_show_which_id_counts(
    unknown: str | None, agreement: Agreement
) -> None:
    def reply(code: int, message: str = "", body: str | None = None) -> Reply:
        error = json.dumps({"status": "error", "error_code": code, "message": message})
        content = (body or error).encode()
        call, decoded = Call("result"), read_answer(content, "json", Context("result"))
        return Reply(call, HttpResponse(Request("GET", ""), 200, (), content, 0.0), decoded)

    steps = {step.name: step for step in REFUSED if step.fmt in (None, "json")}
    twice, missing = steps["id twice, first a task's"], (reply(400, "no id"), reply(400, "no id"))
    answers = {
        UNKNOWN: (reply(404, "gone", unknown), reply(404, "gone")),
        NO_ID: missing,
        twice.name: (reply(0, "", '{"status": "processing"}'), reply(404, "gone")),
    }
    places = Comparison([AnswerPair(steps[name], both) for name, both in answers.items()]).places()

    assert {place.agreement for place in places if place.clause == "param.repeated"} == {agreement}


FLAT = b"status,cost,ip,create_time,end_time\r\nready,1,127.0.0.1,1,2\r\n"
A_ROW = b"title,price,time,phone,name,description,location,source,category,url\r\na,1,b,7,c,d,e,f,g,h\r\n"


@pytest.mark.parametrize(("a", "b", "is_compared"), [(FLAT, A_ROW, False), (FLAT, FLAT, True), (A_ROW, A_ROW, True)])
def test_how_found_rows_are_written_is_compared_where_both_found_some_or_none(
    a: bytes, b: bytes, is_compared: bool
) -> None:
    def places(body: bytes) -> set[str]:
        call = Call("result", (("format", "csv"),))
        decoded = read_answer(body, "csv", Context("result", "data"))
        reply = Reply(call, HttpResponse(Request("GET", ""), 200, (), body, 0.0), decoded)
        return {place for place, seen in observe(reply, TaskFacts(), {}).by_place.items() if seen.clause == "csv.rows"}

    assert bool(places(a) & places(b)) == is_compared


@pytest.mark.parametrize(
    ("message", "is_shown"),
    [
        ("Access denied", True),
        ("Access denied: ANNA.PETROVA@EXAMPLE.COM", False),
        ("no account for anna.petrova", False),
        ("balance of Прохора", False),
        (f"key {b'7f3a9c5be1d2408e'.hex()}", False),
        ("ask for +7 (000) 555-01-42", False),
    ],
)
def test_a_message_that_repeats_what_is_private_in_any_writing_is_not_shown(message: str, is_shown: bool) -> None:
    secrets = Secrets({"anna.petrova@example.com": "$IFIND_LOGIN", "7f3a9c5be1d2408e": "$IFIND_TOKEN"})
    names = frozenset(["anna.petrova@example.com", "anna.petrova"])
    private = PrivateTexts(secrets, frozenset(["прохора"]), frozenset(["0005550142"]), names)
    place = PlaceComparison("error.messages", Agreement.DIFFERS, "message, limit", "none", message)

    assert (_without(secrets, [private], place).b == message) == is_shown


def test_an_ignored_difference_is_listed_and_does_not_count() -> None:
    with mock({}) as a, mock({"xml.root": "r"}) as b:
        report = parity(a, b, ignored=("xml.root", "xml.item"))
    rows = {clause.clause: clause for clause in report.clauses}

    assert report.exit_code == 0
    assert rows["xml.root"].agreement is Agreement.IGNORED
    assert [(o.a, o.b) for o in rows["xml.root"].differences] == [("'response'", "'r'")]
    assert "no longer differs" in rows["xml.item"].note


def stated(tmp_path: Path, *entries: str, profile: str = "[profile]") -> Path:
    """A profile with tables [[uncovered]], and what stands before them."""
    file = tmp_path / "profile.toml"
    file.write_text("\n".join([profile, *(f"[[uncovered]]\n{entry}" for entry in entries)]), encoding="utf-8")
    return file


def tells_more(**members: Any) -> Breakage:
    return Breakage("made for a test", ready(lambda body: body.update(members)))


MEMBER = "(a member of no documentation)"
STATED: dict[str, tuple[Breakage, str, int]] = {
    "the members": (tells_more(balance=1, took=2), f'clause = "result.ready"\nwhere = "{MEMBER}"\nmembers = 2', 0),
    "fewer members": (tells_more(balance=1), f'clause = "result.ready"\nwhere = "{MEMBER}"\nmembers = 2', 0),
    "one more member": (tells_more(a=1, b=2, c=3), f'clause = "result.ready"\nwhere = "{MEMBER}"\nmembers = 2', 1),
    "members elsewhere": (tells_more(balance=1), f'clause = "info.body"\nwhere = "{MEMBER}"\nmembers = 1', 1),
    "the words": (Breakage("xml", response=as_text("xml")), 'clause = "content-type.xml"\nwords = ["text/plain"]', 0),
    "other words": (Breakage("xml", response=as_text("xml")), 'clause = "content-type.xml"\nwords = ["text/x"]', 1),
    "the clause": (Breakage("xml", response=as_text("xml")), 'clause = "content-type.xml"', 0),
    "another clause": (Breakage("json", response=as_text("json")), 'clause = "content-type.xml"', 1),
    "the place": (
        Breakage("price", in_rows(lambda row: row.update(price="x"))),
        'clause = "row.price"\nwhere = "data[].price"',
        0,
    ),
    "another place": (
        Breakage("demo", in_data(lambda data: data.update(demo=5))),
        'clause = "info.body"\nwhere = "data.api_time_limit"',
        1,
    ),
    "a kind of error": (of_code(401, 999), 'clause = "error.codes"\nwhere = "error_code, credentials"', 0),
    "another kind of error": (of_code(401, 999), 'clause = "error.codes"\nwhere = "error_code, invalid"', 1),
}
"""What a server does otherwise than another, an entry of [[uncovered]], and the exit code."""


@pytest.mark.few(4)
@pytest.mark.once
@pytest.mark.parametrize("what", STATED)
def test_a_difference_that_the_profile_states_is_counted_apart_and_any_other_is_new(what: str, tmp_path: Path) -> None:
    breakage, entry, code = STATED[what]
    own = '[profile]\n"content-type.xml" = "text/plain; charset=utf-8"'
    file = stated(tmp_path, f'{entry}\nwhat = "as was learned"', profile=own)
    with serving("antique") as a, serving("antique", breakage=breakage) as b:
        bare = parity(a.url, b.url, environ=a.env)
        report, turned = (parity(*urls, environ=a.env, profile=file) for urls in ((a.url, b.url), (b.url, a.url)))
    known = [clause for clause in report.clauses if clause.agreement is Agreement.UNCOVERED]

    assert bare.exit_code == 1
    assert report.exit_code == turned.exit_code == code, differences(report)
    assert bool(known) == (code == 0)
    assert {place.why for clause in known for place in clause.differences} <= {"as was learned"}


def test_words_are_stated_only_where_the_other_side_does_what_the_profile_says(tmp_path: Path) -> None:
    entry = 'clause = "json.indent"\nwords = ["tabs"]\nwhat = "tabs"'
    indented = Breakage(
        "tabs", response=where_json(lambda content: json.dumps(json.loads(content), indent="\t").encode())
    )
    with (
        serving("courier", breakage=indented) as target,
        mock({**target.profile, "json.indent": "none"}) as a_mock,
        mock({**target.profile, "json.indent": "4 spaces"}) as another,
    ):
        as_it_says = parity(target.url, a_mock, environ=target.env, profile=stated(tmp_path, entry))
        otherwise = parity(target.url, another, environ=target.env, profile=stated(tmp_path, entry))

    assert "json.indent" in clauses(as_it_says, Agreement.UNCOVERED), differences(as_it_says)
    assert "json.indent" in clauses(otherwise, Agreement.DIFFERS)


def test_a_difference_in_what_the_profile_did_not_see_counts(tmp_path: Path) -> None:
    unseen = '[profile]\n[unseen]\n"xml.root" = "no XML was read"\n"error.codes.invalid" = "none was met"'
    with mock({}) as a, mock({"xml.root": "r", "error.codes": {"invalid": 422}}) as b:
        report = parity(a, b, profile=stated(tmp_path, profile=unseen))

    assert clauses(report, Agreement.DIFFERS) == {"xml.root", "error.codes"}
    assert report.exit_code == 1


def test_the_command_says_what_the_profile_states(tmp_path: Path) -> None:
    file = stated(tmp_path, 'clause = "xml.root"\nwords = ["r"]\nwhat = "r (5 of 5 answers)"')
    with mock({}) as a, mock({"xml.root": "r"}) as b:
        done = ifind("parity", a, b, "--profile", file.name, "--json", "report.json", cwd=tmp_path)
        wrong = ifind("parity", a, b, "--profile", "none.toml", cwd=tmp_path)
    rows = {row["id"]: row for row in json.loads((tmp_path / "report.json").read_text())["clauses"]}

    assert (done.returncode, wrong.returncode) == (0, 2), done.stdout + done.stderr
    assert re.search(r"^UNCOVERED xml\.root .*\n.*the profile says: r \(5\s+of 5 answers\)", done.stdout, re.MULTILINE)
    assert "1 uncovered" in done.stdout
    assert rows["xml.root"]["outcome"] == "uncovered"
    assert {difference["uncovered"] for difference in rows["xml.root"]["differences"]} == {"r (5 of 5 answers)"}
    assert "none.toml" in wrong.stderr


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('clause = "xml.rot"', "did you mean 'xml.root'?"),
        ('what = "x"', "names no clause"),
        ('clause = "xml.root"\nword = "x"', "did you mean 'words'?"),
        ('clause = "xml.root"\nwords = "x"', "is not a list of texts"),
        ('clause = "xml.root"\nmembers = "2"', "is not a number"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_number_and_the_remedy(entry: str, message: str, tmp_path: Path) -> None:
    file = stated(tmp_path, 'clause = "xml.root"', entry)
    done = ifind("parity", "mock", "mock", "--profile", str(file), cwd=tmp_path)

    assert done.returncode == 2
    assert f"{file}: [[uncovered]] 2: " in done.stderr or f"{file}: [[uncovered]]: " in done.stderr, done.stderr
    assert message in done.stderr


def test_a_budget_that_does_not_suffice_is_exit_code_4_and_is_kept() -> None:
    with serving("bureau") as target, mock(dict(target.profile)) as local:
        report = parity(target.url, local, environ=target.env, budget=2)

    assert report.exit_code == 4, differences(report)
    assert target.units <= 2


def test_a_used_up_limit_is_no_difference() -> None:
    with serving("bureau", limit=1) as target, mock(dict(target.profile)) as local:
        report = parity(target.url, local, environ=target.env)
    rows = {clause.clause: clause for clause in report.clauses}

    assert report.exit_code == 0, differences(report)
    assert rows["result.photo"].agreement is Agreement.OPEN


def test_without_a_second_account_the_report_says_what_was_not_compared() -> None:
    with serving("bureau") as target, mock(dict(target.profile)) as local:
        alone = {name: value for name, value in target.env.items() if not name.endswith("2")}
        report = parity(target.url, local, environ=alone)
    row = next(clause for clause in report.clauses if clause.clause == "task.foreign-error")

    assert row.agreement is Agreement.OPEN
    assert "IFIND_LOGIN2" in row.note


def test_a_target_out_of_reach_and_one_without_credentials_have_different_errors() -> None:
    with serving("bureau") as target:
        gone = target.url
        with pytest.raises(UsageError, match="IFIND_LOGIN"):
            parity(gone, "mock")
    with pytest.raises(UnreachableError, match="can't be reached"):
        parity("mock", gone)


def test_a_target_that_goes_away_ends_the_run_with_what_was_compared_until_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Call] = []
    send = ApiClient.send

    def gone(api: ApiClient, call: Call, **more: Any) -> Reply:
        asked.append(call)
        if len(asked) == 30:
            raise TargetLost("no connection")
        return send(api, call, **more)

    monkeypatch.setattr(ApiClient, "send", gone)
    with mock({}) as a, mock({}) as b:
        report = parity(a, b)

    assert report.exit_code == 3
    assert "a target is gone" in report.stopped
    assert "create.ok" in clauses(report, Agreement.SAME)


def test_a_target_that_resets_connections_differs_from_one_that_does_not() -> None:
    with (
        serving("bureau", http=lambda number, *_: "reset" if number > 12 else None) as target,
        mock(dict(target.profile)) as local,
    ):
        report = parity(target.url, local, environ=target.env)

    assert report.exit_code == 1
    assert "server.never-breaks" in clauses(report, Agreement.DIFFERS)


def test_the_command_prints_a_table_and_gives_the_exit_code(tmp_path: Path) -> None:
    with mock({}) as a, mock({"row.phone": "number"}) as b:
        differs = ifind("parity", a, b, "--json", "report.json", cwd=tmp_path)
        ignored = ifind("parity", a, b, "--ignore", "row.phone", cwd=tmp_path)
        wrong = ifind("parity", a, b, "--ignore", "row.phon", cwd=tmp_path)
        unreachable = ifind("parity", a, "http://127.0.0.1:9/api", cwd=tmp_path)
    rows = {row["id"]: row for row in json.loads((tmp_path / "report.json").read_text())["clauses"]}

    assert [done.returncode for done in (differs, ignored, wrong, unreachable)] == [1, 0, 2, 3], differs.stdout
    assert "row.phone " in differs.stdout
    assert rows["row.phone"]["differences"][0]["where"] == "data[].phone"
    assert "did you mean 'row.phone'?" in wrong.stderr
    assert "127.0.0.1:9" in unreachable.stderr


def made_comparison(text: str = "x") -> ParityReport:
    """A report with a difference of each kind, whose texts are those of a target."""
    kinds = {"row.phone": Agreement.DIFFERS, "xml.root": Agreement.UNCOVERED, "cors": Agreement.SAME}
    places = [PlaceComparison(clause, kind, text, text, text, text, text) for clause, kind in kinds.items()]
    return ParityReport(text, text, by_clause(places, ()), (3, 3), (1, 1), 1, text, seconds=2.5)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_target_becomes_markup_of_the_page(text: str) -> None:
    page, tame = (html.document_fromstring(as_page(made_comparison(t)).decode()) for t in (text, "x" if text else ""))

    assert [e.tag for e in page.iter()] == [e.tag for e in tame.iter()]


def test_the_page_leads_with_what_differs_and_has_every_clause() -> None:
    report = made_comparison()
    page = html.document_fromstring(as_page(report).decode())
    rows = {li.get("id"): li.get("data-outcome") for li in page.xpath("//li[@class='clause']")}

    assert page.xpath("string(//h1)") == "1 clause differs"
    assert rows == {clause.clause: clause.agreement.name.lower() for clause in report.clauses}
    assert list(rows)[:2] == ["row.phone", "xml.root"]
    assert [li.get("id") for li in page.xpath("//li[details/@open]")] == ["row.phone"]


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_fails_what_differs_and_passes_what_is_known_to(text: str) -> None:
    root = etree.fromstring(RENDERERS["junit"].render(made_comparison(text)))
    check_junit(root, "time")
    fates = {str(case.get("name")).partition(":")[0]: [child.tag for child in case] for case in root.iter("testcase")}
    known = root.xpath("string(//testcase[starts-with(@name, 'xml.root')]/system-out)")

    assert fates["row.phone"] == ["failure"]
    assert fates["xml.root"] == ["system-out"]
    assert "it differs as the profile says" in known
    assert fates["cors"] == []
    assert fates["quota.unit"] == ["skipped"]
    assert fates.get("the run itself") == (["error"] if text else None)
    assert root[0].get("time") == "2.500"


@pytest.mark.parametrize("text", HOSTILE)
def test_sarif_has_an_error_where_it_differs_and_a_note_where_that_is_known(text: str) -> None:
    run = the_run(RENDERERS["sarif"].render(made_comparison(text)))
    levels = {result["ruleId"]: result["level"] for result in run["results"]}

    assert levels == {"row.phone": "error", "xml.root": "note"} | ({RUN: "error"} if text else {})
    assert len(run["tool"]["driver"]["rules"]) == len(made_comparison().clauses) + bool(text)


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_terminal_shows_what_differs_last_and_the_rest_where_it_is_wanted(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown, whole = io.StringIO(), io.StringIO()
    write_terminal(shown, made_comparison("a long text of a server " * 5))
    write_terminal(whole, made_comparison(), whole=True)

    assert max(map(len, shown.getvalue().splitlines())) <= columns
    assert re.search(r"UNCOVERED xml\.root.*DIFFERS row\.phone.*\n", shown.getvalue(), re.DOTALL)
    assert shown.getvalue().endswith("\nDIFFERS: 1 clause: row.phone - exit code 1\n")
    assert "--all lists" in shown.getvalue()
    assert not re.search(r"^cors\b", shown.getvalue(), re.MULTILINE)
    assert re.search(r"^cors +same$", whole.getvalue(), re.MULTILINE)


def test_a_target_elsewhere_is_not_called_without_a_yes(tmp_path: Path) -> None:
    done = ifind("parity", "https://api.invalid/api", "mock", cwd=tmp_path)

    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert f"{UNITS} creates" in done.stdout


def test_a_report_that_can_not_be_written_is_refused_before_any_call(tmp_path: Path) -> None:
    out = io.StringIO()
    with serving("bureau") as target:
        options = CheckOptions(reports={"json": tmp_path / "no" / "report.json"}, environ=target.env)
        code = run(target.url, "mock", options, out)

    assert code == 2
    assert f"there is no directory {tmp_path / 'no'}" in out.getvalue()
    assert not target.calls
