"""The profile: every open clause is a setting, and each of its choices can be seen in the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import data
from mockserver.core.errors import Refusal
from mockserver.profile.clauses import VALUES
from mockserver.profile.profile import resolve
from support.in_process import CLAUSES, LOGIN, PHONE, TOKEN, Api

OPEN = {c.id: c for c in CLAUSES.values() if c.default is not None}
# A value in place of the samples where the few calls could not show theirs.
SEEN_AS = {"rate.limit": ["10/s"], "task.lifetime": ["1h", "90.5m"]}
SEEN_WITH: dict[str, dict[str, str]] = {
    "csv.lacking": {"csv.encoding": "cp1251"},
    "xml.null": {"result.photo-empty": "null"},
}
"""The choices of other clauses under which the choices of a clause differ."""
CHOICES = [
    (clause.id, choice)
    for clause in OPEN.values()
    for choice in SEEN_AS.get(clause.id, clause.every_choice())
    if choice not in (clause.default, "off", "kept")
]
FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    f'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n{LOGIN}\r\n'
    f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{TOKEN}\r\n--x--\r\n'
).encode()


def transcript(profile: dict[str, Any]) -> list[Any]:
    """The answers to a series of calls: status, headers and body of each."""
    api = Api(profile)
    api.account(LOGIN, daily_limit=3)
    answers: list[Any] = []

    def send(method: str, **params: Any) -> bytes:
        response = api.send(method, **params)
        answers.append((response.status, response.headers, response.body))
        return response.body

    formats = ("json", "xml", "csv")
    for form in formats:
        send("info", format=form)
        send("nothing", format=form)
        send("create", login=None, token=None, format=form)
        send("result", id="999", format=form)
        send("result", id="x", format=form)
        send("info", token="wrong", format=form)
    send("create", source=9, phone="x", login="", format="yaml")
    send("create", login=None, format="yaml")
    send("create", token="wrong", phone="7x0001234567")
    send("info", format="yaml")
    send("info", http_method="POST", body=b"token=wrong", headers={"content-type": FORM})
    send("info", http_method="POST", login=f"{LOGIN}&login=x")
    send("info", http_method="PUT")
    send(
        "info",
        http_method="POST",
        login=None,
        body=MULTIPART,
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    api.gateway.answer(api_request(b"login=a&login=" + LOGIN.encode() + b"&token=" + TOKEN.encode(), answers, api))
    send("create", phone="7-000-000-01-00", source=2)
    send("create", phone=PHONE, source=None)
    send("create", phone=PHONE, source=4)
    send("create", phone=PHONE, source=12)
    for source, phone in ((2, "70000000777"), (1, "70000000001"), (3, "70000000000")):
        login = {"login": f"test-{source}@example.com", "token": "test-token"}
        number = json.loads(send("create", phone=phone, source=source, **login)).get("id", 0)
        send("result", id=number, **login)
        send("result", id=number)
        api.time.passes(2)
        for form in formats:
            send("result", id=number, format=form, **login)
    api.create("70000000100", **login)
    send("create", phone=PHONE, source=2)
    send("info", **login)
    api.time.passes(7200)
    send("result", id=number, **login)
    send("info", **login)
    api.time.passes(12 * 3600 - 7200)
    send("info", **login)
    return answers


def api_request(query: bytes, answers: list[Any], api: Api) -> Any:
    from mockserver.api.http import Request

    request = Request("GET", b"/api/info", query, {}, b"", "127.0.0.1")
    response = api.gateway.answer(request)
    answers.append((response.status, response.headers, response.body))
    return request


DEFAULT = transcript({})


@pytest.mark.parametrize(("clause", "choice"), CHOICES, ids=[f"{c}={str(v)[:20]}" for c, v in CHOICES])
def test_a_choice_other_than_the_default_changes_the_answers(clause: str, choice: Any) -> None:
    others = SEEN_WITH.get(clause, {})

    assert transcript({**others, clause: choice}) != (transcript(others) if others else DEFAULT)


def test_the_same_profile_gives_the_same_bytes() -> None:
    assert transcript({}) == DEFAULT


@pytest.mark.parametrize("clause", OPEN)
def test_a_wrong_choice_is_refused_by_the_clauses_name(clause: str) -> None:
    with pytest.raises(Refusal, match=clause.replace(".", r"\.")):
        resolve(CLAUSES, {clause: "\x00"})


def test_every_clause_has_a_known_grade_and_an_id_of_its_own() -> None:
    rows = data.toml("schemas", "clauses.toml")["clause"]

    assert {clause.grade for clause in CLAUSES.values()} == {"documented", "law", "observed", "sister", "assumed"}
    assert len(CLAUSES) == len(rows)


@pytest.mark.parametrize("clause", OPEN)
def test_every_default_and_sample_is_a_choice_that_its_clause_takes(clause: str) -> None:
    for choice in OPEN[clause].every_choice():
        assert resolve(CLAUSES, {clause: choice}).choices[clause] is not None


def test_a_misspelt_clause_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Refusal, match=r"did you mean 'error\.http-status'"):
        resolve(CLAUSES, {"error.http_status": "body"})


def test_a_clause_that_is_not_open_is_no_setting() -> None:
    with pytest.raises(Refusal, match="not open"):
        resolve(CLAUSES, {"create.ok": "yes"})


def test_all_wrong_clauses_are_reported_at_once() -> None:
    with pytest.raises(Refusal) as caught:
        resolve(CLAUSES, {"row.phone": "x", "xml.root": "1x", "error.codes": {"limt": 1, "rate": "x"}})

    assert len(caught.value.problems) == 4


def test_true_false_and_null_stand_for_choices_of_their_own_names_too() -> None:
    chosen = resolve(CLAUSES, {"result.sections": False, "csv.header": False, "result.photo-empty": None}).choices

    assert [chosen[c] for c in ("result.sections", "csv.header", "result.photo-empty")] == ["false", "no", "null"]


@pytest.mark.parametrize("clause", ["xml.root", "xml.item"])
def test_a_name_that_the_encoding_of_xml_lacks_is_refused(clause: str) -> None:
    assert resolve(CLAUSES, {clause: "Ответ", "xml.encoding": "cp1251"}).choices[clause] == "Ответ"
    with pytest.raises(Refusal, match=rf"{clause}.*xml\.encoding = 'cp1251' lacks"):
        resolve(CLAUSES, {clause: "答え", "xml.encoding": "cp1251"})


@pytest.mark.parametrize(
    ("written", "names"),
    [("item", "item item"), ("item{n}", "item0 item1"), ("row-{n+1}", "row-1 row-2"), ("_Я1{n}", "_Я10 _Я11")],
)
def test_the_name_of_a_lists_entry_may_have_its_number(written: str, names: str) -> None:
    name = resolve(CLAUSES, {"xml.item": written}).rendering.xml_item

    assert f"{name(0)} {name(1)}" == names


def test_every_kind_of_value_is_described_and_used() -> None:
    readme = data.path("schemas", "README.md").read_text(encoding="utf-8")
    used = {clause.value for clause in CLAUSES.values()} - {None}

    assert used == {*VALUES}
    assert [kind for kind in VALUES if f"| `{kind}` |" not in readme] == []


@pytest.mark.parametrize("written", ["item{m}", "{n}", "item{n}x", "item{n+2}", "1{n}", "item{n"])
def test_a_name_with_any_other_blank_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match=r"xml\.item.*'item\{n\}' or 'row'"):
        resolve(CLAUSES, {"xml.item": written})


def test_a_learnt_entry_is_read_for_its_choice() -> None:
    learnt = {"row.phone": {"choice": "number", "grade": "observed", "date": "2030-01-01"}}

    assert resolve(CLAUSES, learnt).choices["row.phone"] == "number"


@pytest.mark.parametrize(("choice", "written"), [("text", f'"phone":"{PHONE}"'), ("number", f'"phone":{PHONE}')])
def test_a_row_writes_its_phone_as_the_clause_row_phone_says(choice: str, written: str) -> None:
    api = Api(profile={"row.phone": choice}, delay="0s")
    number = api.create(PHONE)

    assert written in api.send("result", id=number).body.decode()
