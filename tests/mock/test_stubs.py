"""Stubs: what a user has found on a phone, in every format, for all or for one login and source."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from lxml import etree

from contract_tests import assert_conforms
from mockserver import data
from mockserver.api.stub_documents import STUB
from mockserver.core.errors import FEW, NotFound, Refusal
from mockserver.faults.stubs import Stub
from mockserver.people.people import FIELDS
from mockserver.people.pictures import portrait
from mockserver.web.control import Control
from support.in_process import LOGIN, PHONE, Api, reason

ROW = dict.fromkeys(FIELDS, "x") | {"phone": PHONE, "price": "100", "time": "2030-01-15 09:30:00", "source": "avito.ru"}
WITHOUT_PHONE = {name: text for name, text in ROW.items() if name != "phone"}
PHOTO = b64encode(portrait("x")).decode()
MATCH = {"phone": PHONE}
OTHER = {"login": "test-x@example.com", "token": "test-token"}


def put(api: Api, document: Mapping[str, Any], stub_id: str | None = None) -> Stub:
    return api.mock.store.stubs.put(STUB("", document), stub_id)[0]


def names(answer: Mapping[str, Any]) -> list[str]:
    return [entry["name"] for entry in answer["names"]]


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
@pytest.mark.parametrize(
    ("source", "found"), [(1, {"names": ["Вася", 'a "b", c']}), (2, {"data": [ROW, ROW]}), (3, {"photo": PHOTO})]
)
def test_a_stub_is_written_in_every_format_as_made_up_data_is(form: str, source: int, found: Any) -> None:
    api = Api(delay="0s")
    put(api, {"match": MATCH, **found})
    response = api.send("result", id=api.create(source=source), format=form)

    assert_conforms(response.body, method="result", format=form, source=source, phone=PHONE)
    text = response.body.decode()
    assert {"json": r"a \"b\", c", "xml": 'a "b", c', "csv": 'a ""b"", c'}[form] in text or source != 1
    assert PHOTO in text or source != 3
    assert text.count("avito.ru") == 2 or source != 2


@pytest.mark.parametrize("digits", [1000, 5000])
def test_a_phone_with_more_digits_than_a_number_may_have_stays_a_text(digits: int) -> None:
    api = Api({"row.phone": "number"}, delay="0s")
    put(api, {"match": MATCH, "data": [{"phone": "9" * digits}], "lenient": True})
    (row,) = json.loads(api.send("result", id=api.create()).body, parse_int=len)["data"]

    assert row["phone"] == (1000 if digits == 1000 else "9" * 5000)


def test_of_a_text_with_many_problems_few_are_looked_for() -> None:
    text = '{"status": "ready", "data": [' + "{}," * 30_000 + "{}]}"
    began = time.process_time()
    with pytest.raises(Refusal) as refused:
        STUB("", {"match": MATCH, "bodies": {"json": text}})

    assert len(refused.value.problems) == FEW
    assert time.process_time() - began < 1  # all of them take five


def test_a_row_may_write_its_phone_in_any_way() -> None:
    api = Api({"row.phone": "number"}, delay="0s")
    put(api, {"match": MATCH, "data": [{**ROW, "phone": "8 (000) 123-45-67"}, ROW]})

    assert [row["phone"] for row in api.call("result", id=api.create())["data"]] == ["8 (000) 123-45-67", int(PHONE)]


def test_a_row_without_a_phone_has_the_one_that_is_searched_in_its_place() -> None:
    api = Api(delay="0s")
    put(api, {"data": [WITHOUT_PHONE]})
    (row,) = api.call("result", id=api.create("70000000123"))["data"]

    assert row["phone"] == "70000000123"
    assert list(row) == list(FIELDS)


def test_a_section_that_a_stub_leaves_out_is_made_up_as_without_it() -> None:
    plain, api = Api(delay="0s"), Api(delay="0s")
    put(api, {"match": MATCH, "names": ["Вася"]})

    assert api.call("result", id=api.create(source=2))["data"] == plain.call("result", id=plain.create())["data"]
    assert names(api.call("result", id=api.create(source=1))) == ["Вася"]


def test_the_nearest_stub_is_taken_login_before_phone_before_source() -> None:
    api = Api(delay="0s")
    matches: list[dict[str, Any]] = [
        {},
        {"source": 1},
        {"phone": PHONE},
        {"phone": PHONE, "source": 1},
        {"login": LOGIN},
        {"login": LOGIN, "source": 1},
        {"login": LOGIN, "phone": PHONE},
        {"login": LOGIN, "phone": PHONE, "source": 1},
    ]
    for match in matches:
        put(api, {"match": match, "names": [json.dumps(match)]})
    for match in reversed(matches):
        assert names(api.call("result", id=api.create(source=1))) == [json.dumps(match)]
        stub = next(one for one in api.mock.store.stubs.listed() if one.match.entries == match)
        api.mock.store.stubs.drop(stub.id)


def test_a_stub_of_a_login_is_nobody_elses() -> None:
    api = Api(delay="0s")
    put(api, {"match": {"login": LOGIN}, "names": ["Вася"]})

    assert names(api.call("result", id=api.create(source=1))) == ["Вася"]
    assert names(api.call("result", id=api.create(source=1, **OTHER), **OTHER)) != ["Вася"]


def test_units_follow_the_records_of_the_stub_or_what_it_says() -> None:
    api = Api()
    costs = []
    for more in ({"names": ["a"] * 5}, {"names": []}, {"names": ["a"] * 5, "cost": 2}, {"cost": 7}):
        put(api, {"match": MATCH, **more})
        before = api.used()
        api.create(source=1)
        costs.append(api.used() - before)

    assert costs == [5, 1, 2, 7]


def test_a_stub_says_when_its_tasks_are_ready() -> None:
    api = Api()
    put(api, {"match": MATCH, "ready": {"after_polls": 1}})
    number = api.create()

    assert [api.call("result", id=number)["status"] for _ in range(2)] == ["processing", "ready"]
    assert api.call("result", id=api.create("70000000123"))["status"] == "processing"


def test_a_stub_of_a_magic_phone_takes_its_place_and_one_of_all_phones_does_not() -> None:
    api = Api(delay="0s")
    put(api, {"names": ["Вася"]})
    assert api.call("create", phone="70000000429", source=1)["status"] == "error"
    put(api, {"match": {"phone": "70000000429"}, "names": ["Петя"]})

    assert names(api.call("result", id=api.create("70000000429", source=1))) == ["Петя"]


@pytest.mark.parametrize("change", ["put", "drop", "reset of another", "restart"])
def test_a_task_keeps_the_answer_that_it_was_made_with(change: str, tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    api = Api(state=state)
    stub = put(api, {"match": MATCH, "names": ["Вася"], "bodies": {"csv": "name\r\nВася\r\n"}})
    number = api.create(source=1)
    api.time.passes(2)
    before = [api.send("result", id=number, format=form).body for form in ("json", "xml", "csv")]
    if change == "put":
        put(api, {"match": MATCH, "names": ["Петя"]})
    elif change == "drop":
        api.mock.store.stubs.drop(stub.id)
    elif change == "reset of another":
        api.mock.reset(OTHER["login"])
    else:
        api.mock.store.close()
        time, api = api.time, Api(state=state)
        api.time.micros = time.micros

    assert [api.send("result", id=number, format=form).body for form in ("json", "xml", "csv")] == before


def test_the_reason_names_the_stub() -> None:
    api = Api(delay="0s")
    put(api, {"match": MATCH, "names": ["Вася", "Петя"]}, "our-phone")

    assert reason(api.send("result", id=api.create(source=1))) == "ready: stub our-phone, 2 records"


# Whole bodies.

XML = (
    '<?xml version="1.0"?><response><status>ready</status><data/><names><item><name>Вася</name></item></names><photo/>'
    "<cost>1</cost><ip>127.0.0.1</ip><create_time>1</create_time><end_time>2</end_time></response>"
)
JSON = {"status": "ready", "names": [{"name": "Вася"}], "cost": "1", "ip": "::1", "create_time": 1, "end_time": 2}


def test_a_whole_body_is_sent_as_it_is_in_its_format_alone() -> None:
    api = Api(delay="0s")
    put(api, {"match": MATCH, "bodies": {"xml": XML, "csv": "name\nВася\n"}})
    number = api.create(source=1)
    responses = {form: api.send("result", id=number, format=form) for form in ("json", "xml", "csv")}

    assert responses["xml"].body == XML.encode()
    assert responses["csv"].body == "name\nВася\n".encode()
    assert dict(responses["csv"].headers)["Content-Type"] == "text/csv; charset=utf-8"
    assert json.loads(responses["json"].body)["status"] == "ready"


@pytest.mark.parametrize(("choice", "written"), [("raw", "Вася"), ("escaped", r"\u0412\u0430\u0441\u044f")])
def test_a_body_of_json_is_written_as_the_profile_writes_json(choice: str, written: str) -> None:
    api = Api({"json.escapes": choice}, delay="0s")
    put(api, {"match": MATCH, "bodies": {"json": JSON}})
    response = api.send("result", id=api.create(source=1))

    assert json.loads(response.body) == JSON
    assert written in response.body.decode()


@pytest.mark.parametrize("form", ["xml", "csv"])
def test_a_body_of_json_is_what_a_fault_sends_as_json_in_place_of_another_format(form: str) -> None:
    api = Api(delay="0s")
    put(api, {"match": MATCH, "bodies": {"json": JSON}})
    number = api.create(source=1)
    api.mock.arm({"action": {"kind": "wrong-format", "format": "json"}})

    assert json.loads(api.send("result", id=number, format=form).body) == JSON


def test_a_body_of_csv_is_in_the_charset_that_is_named() -> None:
    api = Api({"csv.encoding": "cp1251"}, delay="0s")
    put(api, {"match": MATCH, "bodies": {"csv": "name\nВася\n"}})
    response = api.send("result", id=api.create(source=1), format="csv")

    assert response.body.decode("cp1251") == "name\nВася\n"


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
def test_lenient_takes_what_the_documentation_does_not(form: str) -> None:
    api = Api({"row.phone": "number"}, delay="0s")
    put(api, {"match": MATCH, "data": [{"price": 9.5, "titel": None, "phone": "none"}, {}], "lenient": True})
    body = api.send("result", id=api.create(), format=form).body
    text = body.decode()
    put(api, {"match": MATCH, "bodies": {form: "<oops"}, "lenient": True})

    assert "9.5" in text
    if form == "json":
        assert json.loads(text)["data"] == [{"price": 9.5, "phone": "none", "titel": None}, {"phone": int(PHONE)}]
    elif form == "xml":
        assert len(etree.fromstring(body).findall("data/item")) == 2
    assert api.send("result", id=api.create(), format=form).body == b"<oops"


# What is refused.


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"data": [{**ROW, "price": 100}]},
            "data[0].price: 100 is not a text; write it in quotes, or say lenient = true",
        ),
        ({"data": [ROW, {"title": "x"}]}, "data[1].price: is missing; add it, or say lenient = true"),
        ({"data": [{**ROW, "phone": " "}]}, "data[0].phone: ' ' is blank; leave it out"),
        (
            {"match": MATCH, "data": [{**ROW, "phone": "70000000123"}]},
            "data[0].phone: is not the phone that is searched",
        ),
        ({"photo": "aGVsbG8="}, "photo: is no picture; write a PNG, JPEG, GIF or WebP as base64, in one line, or say"),
        ({"data": ROW}, "data: a table is not a list"),
        ({"data": [{"price tag": "1"}]}, "data[0].price tag: 'price tag' is not a name of a field"),
        ({"data": [{**ROW, "title": ["x"]}]}, "data[0].title: a list can't stand in a row"),
        ({"data": [{**ROW, "title": "\x01"}]}, "data[0].title: the character '\\x01' can't stand in XML"),
        ({"names": [{"name": "Вася"}]}, "names[0]: a table is not a text"),
        ({"names": "Вася"}, "names: a text is not a list"),
        ({"photo": "a.png"}, "photo: is no picture; write a PNG"),
        ({"bodies": {"json": {"status": "ready"}}}, "bodies.json.cost: is missing; add it"),
        ({"bodies": {"json": "{"}}, "bodies.json: is not JSON"),
        ({"bodies": {"json": {**JSON, "cost": 1}}}, "bodies.json.cost: 1 is not a text"),
        ({"bodies": {"xml": "<response>"}}, "bodies.xml: is not XML"),
        (
            {"bodies": {"xml": XML.replace("cost", "costs")}},
            "bodies.xml: line 1: Element 'costs': This element is not expected",
        ),
        (
            {"bodies": {"xml": "<!DOCTYPE response [<!ENTITY e 'x'>]><response>&e;</response>"}},
            "bodies.xml: has entities of its own; write their text in their place, or say lenient = true",
        ),
        (
            {"bodies": {"csv": "name,age\nВася,3\n"}},
            "bodies.csv: its header is none of a ready answer; write title,price",
        ),
        ({"bodies": {"csv": "name\nВася,3\n"}}, "bodies.csv: line 2 has 2 cells, the header has 1"),
        (
            {"bodies": {"xml": '<!DOCTYPE response [<!ENTITY a "1">]><response>&a;</response>'}},
            "bodies.xml: has entities of its own; write their text in their place",
        ),
        ({"bodies": {"csv": ""}}, "bodies.csv: its header is none of a ready answer"),
        ({"bodies": {"csv": '"'}}, "bodies.csv: is not CSV"),
        ({"bodies": {"yaml": ""}}, "bodies: 'yaml' is not a key; allowed: json, xml, csv"),
        ({"bodies": {"json": {"a": float("nan")}}}, "bodies.json: holds what JSON in UTF-8 has not"),
        ({"bodies": {"json": {"a": "\ud800"}}}, "bodies.json: holds what JSON in UTF-8 has not"),
        (
            {"bodies": {"json": {"a": date(2030, 1, 1)}}},
            "holds what JSON in UTF-8 has not, such as a date",
        ),
        ({"match": {"phon": PHONE}, "names": []}, "match: 'phon' is not a key; did you mean 'phone'"),
        ({"match": {"phone": "+7"}, "names": []}, "match.phone: '+7' is not a phone"),
        ({"match": {"source": "2"}, "names": []}, 'match.source: "2" is a text; write 2, without quotes'),
        ({"match": MATCH}, "has nothing in it; give it data, names, photo, bodies, ready or cost"),
        ({"name": []}, "'name' is not a key; did you mean 'names'"),
        ({"cost": 0}, "cost: 0 is not allowed"),
        ({"ready": "soon"}, "ready: 'soon' is not a readiness"),
    ],
)
def test_a_wrong_stub_is_refused_with_its_place_and_a_remedy(document: Any, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        STUB("", document)

    assert message in str(caught.value)


OTHER_ROWS = {
    "json": {**JSON, "data": [ROW, {**ROW, "phone": "70009999999"}]},
    "xml": XML.replace(
        "<data/>", "<data><item>" + "".join(f"<{k}>{v}</{k}>" for k, v in ROW.items()) + "</item></data>"
    ),
    "csv": ",".join(FIELDS) + "\n" + ",".join(ROW[name] for name in FIELDS) + "\n",
}


@pytest.mark.parametrize("form", OTHER_ROWS)
def test_a_whole_body_has_the_phone_that_is_searched(form: str) -> None:
    phone = "70009999999" if form != "json" else PHONE
    document = {"match": {"phone": phone}, "bodies": {form: OTHER_ROWS[form]}}

    with pytest.raises(
        Refusal, match=rf"bodies\.{form}: row [12] has not the phone that is searched; set it right, or"
    ):
        STUB("", document)
    STUB("", {**document, "lenient": True})
    STUB("", {**document, "match": {}})
    if form != "json":
        STUB("", {**document, "match": MATCH})


def test_what_is_wrong_in_a_long_body_is_told_shortly() -> None:
    with pytest.raises(Refusal) as caught:
        STUB("", {"bodies": {"xml": XML.replace("<photo", f"<cost>{'x' * 90_000}</cost><photo")}})

    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", ["x", "", " ", "1", 1, -1, 1.5, None, "missing"])
def test_a_row_is_allowed_where_the_schema_of_a_row_allows_it(name: str, value: Any) -> None:
    row = {key: text for key, text in ROW.items() if key != name} | ({} if value == "missing" else {name: value})
    if name == "phone" and value == "missing":
        row["phone"] = PHONE  # the one that is searched
    schema = json.loads(data.path("schemas", "json", "row.schema.json").read_bytes())
    try:
        STUB("", {"data": [row]})
        allowed = True
    except Refusal:
        allowed = False

    assert allowed == Draft202012Validator(schema).is_valid(row)


def test_a_stub_of_sections_is_set_without_a_library_that_takes_its_time() -> None:
    program = (
        "import sys; from mockserver.api.stub_documents import STUB; STUB('', {'names': ['a'], 'photo': ''}); "
        "sys.exit(bool({'jsonschema', 'lxml'} & {*sys.modules}))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_refused_stub_changes_nothing() -> None:
    api = Api(delay="0s")
    stub = put(api, {"match": MATCH, "names": ["Вася"]})
    put(api, {"match": {"phone": "70000000123"}, "names": []}, "b")
    with pytest.raises(Refusal, match=f"match: is that of the stub '{stub.id}'; change that one, or delete it"):
        put(api, {"match": MATCH, "names": ["Петя"]}, "b")

    assert [one.id for one in api.mock.store.stubs.listed()] == [stub.id, "b"]
    assert names(api.call("result", id=api.create(source=1))) == ["Вася"]


# The settings and the control API.


def test_stubs_of_the_settings_hold_from_the_start_and_after_a_reset(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"delay = '0s'\n[[stubs]]\nmatch = {{ phone = '{PHONE}' }}\nnames = ['Вася']\n")
    api = Api(config=str(file))
    put(api, {"match": MATCH, "names": ["Петя"]})
    put(api, {"match": {"login": LOGIN}, "names": ["Петя"]})
    api.mock.reset(LOGIN)
    assert names(api.call("result", id=api.create(source=1))) == ["Петя"]
    api.mock.reset(None)

    assert names(api.call("result", id=api.create(source=1))) == ["Вася"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names = [3]", r"stubs\[0\].names\[0\]: 3 is not a text; write it in quotes"),
        ("data = [{ title = 'x' }]", r"stubs\[0\].data\[0\].price: is missing; add it, or say lenient = true"),
        ("names = []\n[[stubs]]\nphoto = ''", "stubs: two stubs have the same match; put them into one"),
    ],
)
def test_a_wrong_stub_in_the_settings_is_refused_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"[[stubs]]\n{text}\n")
    with pytest.raises(Refusal, match=message):
        Api(config=str(file))


@pytest.fixture
def control() -> Control:
    api = Api(delay="0s")
    return Control(api.mock, api.settings, lambda operation: operation(), lambda _: None)


def test_stubs_are_made_listed_read_and_deleted(control: Control) -> None:
    document = {"match": MATCH, "names": ["Вася"]}
    made = control.handle("POST", "/stubs", body=document)
    again = control.handle("POST", "/stubs", body=document)
    put = [control.handle("PUT", "/stubs/mine", body={"ready": "at once"}) for _ in range(2)]

    assert (made.status, again.status, [one.status for one in put]) == (201, 200, [201, 200])
    assert made.body == again.body == {"id": "s1", **document}
    assert control.handle("GET", "/stubs/mine").body == {"id": "mine", "ready": "at once"}
    assert control.handle("GET", "/stubs", {"limit": "1"}).body == {"stubs": [made.body], "next": 1}
    assert control.handle("DELETE", "/stubs/s1").status == 204
    assert control.handle("DELETE", "/stubs/s1").status == 404
    assert control.handle("DELETE", "/stubs").status == 204
    assert control.handle("GET", "/stubs").body == {"stubs": []}


def test_a_wrong_stub_is_a_problem_of_the_control_api(control: Control) -> None:
    answer = control.handle("POST", "/stubs", body={"names": ["Вася"], "photo": "?"})

    assert answer.status == 422
    assert answer.body["problems"][0]["where"] == "photo"
    assert control.handle("GET", "/stubs").body == {"stubs": []}


def test_an_unknown_stub_is_not_found() -> None:
    with pytest.raises(NotFound, match="'s9' is not a stub; stubs: none"):
        Api().mock.store.stubs.drop("s9")
