"""The resources of the control API: accounts, faults and the profile are made, put, read and taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mockserver import data
from mockserver.inputs.fields import Field
from mockserver.settings.files import clauses
from mockserver.web.control import route_table
from mockserver.web.route import NOTHING, Route
from support.control_in_process import ControlledApi
from support.in_process import LOGIN, PHONE, TOKEN

KIT = {"login": "kit@example.com", "token": "kit-token"}
FAULT = {"action": {"kind": "error", "code": 500}, "match": {"method": "info"}}
RESOURCES = ("accounts", "faults", "clock", "profile", "delay")


@pytest.fixture
def api() -> ControlledApi:
    return ControlledApi()


def state(api: ControlledApi) -> Mapping[str, Any]:
    api.time.passes(0)
    return {name: api.told(f"GET /{name}") for name in RESOURCES}


# Accounts.


def test_an_account_is_put_read_and_taken_away(api: ControlledApi) -> None:
    made = api.tell("PUT /accounts/kit@example.com", {"token": "kit-token", "daily_limit": 3})
    shown = api.told("GET /accounts/kit@example.com")

    assert (made.status, made.body["token"], made.body["daily_limit"]) == (201, "kit-token", 3)
    assert shown == {key: value for key, value in made.body.items() if key != "token"}
    assert api.call("info", **KIT)["status"] == "ok"
    assert api.tell("DELETE /accounts/kit@example.com").status == 204
    assert api.call("info", **KIT)["error_code"] == 401
    assert api.tell("GET /accounts/kit@example.com").status == 404
    assert api.tell("DELETE /accounts/kit@example.com").status == 404


@pytest.mark.parametrize("body", [{}, {"daily_limit": 7}, {"token": "t", "demo": True, "seed": 3, "delay": "1s"}])
def test_the_same_put_again_changes_nothing(api: ControlledApi, body: dict[str, Any]) -> None:
    first = api.tell("PUT /accounts/kit@example.com", body)
    before = state(api)
    second = api.tell("PUT /accounts/kit@example.com", body)

    assert (first.status, second.status) == (201, 200)
    assert (second.body, state(api)) == (first.body, before)


def test_tasks_are_listed_oldest_or_newest_first(api: ControlledApi) -> None:
    made = [api.create() for _ in range(3)]

    assert [task["id"] for task in api.told("GET /tasks")["tasks"]] == made
    assert [task["id"] for task in api.told("GET /tasks", order="newest", limit="2")["tasks"]] == made[:0:-1]
    assert [task["id"] for task in api.told("GET /tasks", order="newest", offset="2", login=LOGIN)["tasks"]] == made[:1]


@pytest.mark.parametrize("phone", [PHONE, "70000000000", "70000000777", "70000000500", "70000000408"])
@pytest.mark.parametrize("profile", [{}, {"csv.encoding": "cp1251", "error.http-status": "mirror"}])
def test_the_answers_of_a_task_are_those_of_polls_and_looking_counts_none(phone: str, profile: dict[str, Any]) -> None:
    api = ControlledApi()
    api.told("PUT /profile", profile)
    ready = {"after_polls": 3} if phone == PHONE else {"after": "1s"}
    api.told("POST /accounts", {"login": LOGIN, "ready": ready})
    task = api.create(phone)
    for _ in range(4):
        shown = api.told(f"GET /tasks/{task}/answers")
        assert shown == api.told(f"GET /tasks/{task}/answers")
        for form, answer in shown.items():
            state = api.told(f"GET /tasks/{task}")
            before = api.mock.store.read_task(task)
            polled = api.send("result", id=task, format=form)
            if state["polls_left"]:
                api.mock.store.put_ready(before)
            encoding = "cp1251" if profile and form == "csv" else "utf-8"
            assert (answer["http_status"], answer["body"]) == (polled.status, polled.body.decode(encoding))
            assert answer["content_type"] == dict(polled.headers)["Content-Type"]
        api.send("result", id=task)
        api.time.passes(1)


def test_a_put_takes_back_what_it_leaves_out_and_a_post_does_not(api: ControlledApi) -> None:
    api.told("PUT /accounts/kit@example.com", {"token": "t", "daily_limit": 7, "demo": True})
    posted = api.told("POST /accounts", {"login": "kit@example.com", "seed": 1})
    put = api.told("PUT /accounts/kit@example.com", {"seed": 1})

    assert (posted["token"], posted["daily_limit"], posted["demo"], posted["seed"]) == ("t", 7, True, 1)
    assert (put["token"] != "t", put["daily_limit"], put["demo"], put["seed"]) == (True, 100, False, 1)


def test_the_charges_of_an_account_outlive_a_put(api: ControlledApi) -> None:
    api.create(PHONE)
    used = api.used()

    assert used > 0
    assert api.told(f"PUT /accounts/{LOGIN}", {"token": TOKEN})["used"] == used
    assert api.used() == used


def test_with_an_account_goes_all_that_hangs_on_it_and_a_new_one_of_its_login_starts_anew(api: ControlledApi) -> None:
    api.told("PUT /accounts/kit@example.com", {"token": "kit-token"})
    number = api.create(**KIT)
    api.told("PUT /clock", {"mode": "frozen", "login": KIT["login"]})
    api.told("POST /faults", {"action": {"kind": "stuck"}, "match": {"login": KIT["login"]}})
    api.told("DELETE /accounts/kit@example.com")
    again = api.told("PUT /accounts/kit@example.com", {"token": "kit-token"})

    assert api.ended == [KIT["login"]]
    assert api.call("result", id=number, **KIT)["status"] == "error"
    assert (again["used"], api.told("GET /faults")["faults"]) == (0, [])
    assert api.told("GET /clock", login=KIT["login"])["mode"] == "real"


def test_a_body_names_no_other_login_than_its_path(api: ControlledApi) -> None:
    assert api.tell("PUT /accounts/a@example.com", {"login": "b@example.com"}).status == 409
    assert api.tell("PUT /accounts/a@example.com", {"login": "a@example.com"}).status == 201
    assert api.tell("GET /accounts/b@example.com").status == 404


@pytest.mark.parametrize("login", ["a/b", "a/b/", "a//", "/", "//", "/a", "ф@пример.рф", "a%2Fb", "?", "a;b", "..."])
def test_a_login_of_any_characters_has_a_path(api: ControlledApi, login: str) -> None:
    others = {f"{login}/", f"{login}x", login.removesuffix("/")} - {login, ""}
    for one in others:
        api.told("POST /accounts", {"login": one})

    assert api.told(f"PUT /accounts/{login}", {"daily_limit": 7})["login"] == login
    assert api.told(f"GET /accounts/{login}")["login"] == login
    assert api.tell(f"DELETE /accounts/{login}").status == 204
    assert {api.told(f"GET /accounts/{one}")["daily_limit"] for one in others} == {100}


@pytest.mark.parametrize("login", ["a b", "a\x00", "x" * 255, "\u200b", ".", ".."])
def test_what_can_be_no_login_is_not_found(api: ControlledApi, login: str) -> None:
    assert {api.tell(f"{verb} /accounts/{login}").status for verb in ("GET", "PUT", "DELETE")} == {404}


# Faults.


def test_a_fault_is_put_under_an_id_of_ones_own(api: ControlledApi) -> None:
    made = api.tell("PUT /faults/outage", FAULT)
    answer = api.call("info")
    shown = api.told("GET /faults/outage")

    assert (made.status, made.body["id"], made.body["struck"]) == (201, "outage", 0)
    assert answer["error_code"] == 500
    assert (shown["seen"], shown["struck"]) == (1, 1)
    assert api.tell("DELETE /faults/outage").status == 204
    assert api.tell("GET /faults/outage").status == 404


def test_a_fault_that_is_put_again_is_armed_anew_in_its_place(api: ControlledApi) -> None:
    api.told("PUT /faults/a", FAULT)
    api.told("POST /faults", {**FAULT, "action": {"kind": "error", "code": 501}})
    first = api.call("info")["error_code"]
    again = api.tell("PUT /faults/a", FAULT)
    order = [fault["id"] for fault in api.told("GET /faults")["faults"]]

    assert (again.status, again.body["struck"], order) == (200, 0, ["a", "f2"])
    assert [first, *(api.call("info").get("error_code") for _ in range(3))] == [500, 500, 501, None]


def test_the_same_put_of_a_fault_again_changes_nothing(api: ControlledApi) -> None:
    api.told("POST /faults", FAULT)
    first = api.told("PUT /faults/f7", FAULT)
    before = state(api)

    assert api.told("PUT /faults/f7", FAULT) == first
    assert state(api) == before


def test_no_fault_gets_an_id_that_somebody_has_chosen(api: ControlledApi) -> None:
    api.told("PUT /faults/f2", FAULT)
    api.told("PUT /faults/f3", FAULT)
    ids = [api.told("POST /faults", FAULT)["id"] for _ in range(3)]

    assert len({*ids, "f2", "f3"}) == 5


@pytest.mark.parametrize("wrong", ["a b", "a/b", "x" * 65, "ф", ".."])
def test_an_id_of_ones_own_has_plain_characters(api: ControlledApi, wrong: str) -> None:
    assert api.tell(f"PUT /faults/{wrong}", FAULT).status == 404
    assert api.told("GET /faults") == {"faults": []}


# The delay.


def test_the_delay_of_the_server_is_that_of_new_tasks_until_it_is_taken_back(api: ControlledApi) -> None:
    """Where nothing else says how long they take."""

    def is_ready(phone: str = PHONE) -> bool:
        return bool(api.call("result", id=api.create(phone))["status"] == "ready")

    before = api.told("GET /delay")
    assert not is_ready()
    assert api.told("PUT /delay", {"delay": "0s"}) == api.told("GET /delay") == {"delay": "0s"}
    assert is_ready()
    assert not is_ready("70000000408")
    api.told("POST /accounts", {"login": LOGIN, "delay": "1h"})
    assert not is_ready()
    api.told("POST /accounts", {"login": LOGIN, "delay": None})
    assert is_ready()
    assert api.tell("DELETE /delay").status == 204
    assert api.told("GET /delay") == before
    assert not is_ready()


@pytest.mark.parametrize("body", [{}, {"delay": "soon"}, {"delay": None}, {"delay": "1s", "source": 1}])
def test_a_wrong_delay_is_refused_and_changes_nothing(api: ControlledApi, body: Any) -> None:
    before = api.told("GET /delay")
    assert api.tell("PUT /delay", body).status == 422
    assert api.told("GET /delay") == before


# The profile.


def test_the_profile_names_every_open_clause_with_its_grade(api: ControlledApi) -> None:
    shown = api.told("GET /profile")
    known = {name: clause for name, clause in clauses().items() if clause.default is not None}

    assert {*shown} == {*known}
    assert {name: (row["choice"], row["grade"]) for name, row in shown.items()} == {
        name: (clause.default, clause.grade) for name, clause in known.items()
    }


def test_parsing_rules_and_rendering_follow_a_profile_at_once(api: ControlledApi) -> None:
    def seen() -> tuple[Any, ...]:
        response = api.send("create", phone="")
        query = api.gateway.mock.profile.parsing.repeated_last
        return response.status, dict(response.headers)["Content-Type"], json.loads(response.body)["error_code"], query

    before = seen()
    changed = api.told(
        "PUT /profile",
        {
            "error.http-status": "mirror",
            "content-type.json": "text/html",
            "error.codes": {"missing": 402},
            "param.repeated": "first",
        },
    )

    assert before == (200, "application/json; charset=utf-8", 400, True)
    assert seen() == (402, "text/html", 402, False)
    assert changed["error.codes"]["choice"]["invalid"] == 400  # of a table, what is not named stays
    assert api.tell("DELETE /profile").status == 204
    assert seen() == before


def test_a_profile_that_was_read_can_be_put_back(api: ControlledApi) -> None:
    api.told("PUT /profile", {"row.phone": "number", "xml.root": "root", "error.messages": {"limit": "stop"}})
    shown = api.told("GET /profile")
    api.told("DELETE /profile")

    assert api.told("PUT /profile", shown) == shown


@pytest.mark.parametrize(
    ("body", "place", "message"),
    [
        ({"row.phone": "number", "row.fone": "x"}, "", "'row.fone' is not a clause; did you mean 'row.phone'?"),
        ({"row.phone": "number", "xml.root": "1"}, "xml.root", "'1' does not fit"),
        ({"row.phone": "number", "error.codes": {"limit": "402"}}, "error.codes.limit", "write 402, without quotes"),
        ({"row.phone": "number", "error.codes": {"limits": 402}}, "error.codes", "did you mean 'limit'?"),
        ({"row.phone": "number", "create.ok": "x"}, "create.ok", "this clause is not open"),
        ({"row.phone": "number", "xml.item": None}, "xml.item", "null does not fit"),
        ({"row.phone": "number", "xml.root": {"choice": True}}, "xml.root", "true does not fit"),
        ({"row.phone": "number", "json.escapes": 1}, "json.escapes", "is not a choice of this clause"),
        ([], "", "a list is not a table"),
        ({"row.phone": "number", "xml.encoding": "cp1251", "xml.root": "Größe"}, "xml.root", "lacks"),
    ],
)
def test_of_a_wrong_profile_nothing_is_taken(api: ControlledApi, body: Any, place: str, message: str) -> None:
    before = api.told("GET /profile")
    handled = api.tell("PUT /profile", body)

    assert handled.status in (409, 422)
    assert message in handled.body["detail"]
    assert handled.body["problems"][0].get("where", "") == place
    assert api.told("GET /profile") == before


def test_a_reset_of_all_takes_a_profile_back_and_that_of_a_login_does_not(api: ControlledApi) -> None:
    api.told("PUT /profile", {"row.phone": "number"})
    api.told("POST /reset", {"login": LOGIN})
    kept = api.told("GET /profile")["row.phone"]["choice"]
    api.told("POST /reset", {})

    assert (kept, api.told("GET /profile")["row.phone"]["choice"]) == ("number", "text")


# What holds for every route.


def rows() -> Iterator[tuple[str, Route]]:
    for path, methods in route_table().items():
        yield from ((f"{name} {path}", row) for name, row in methods.items())


WITH_A_BODY = {name: row for name, row in rows() if row.body is not NOTHING}
PARTS = {"login": "kit@example.com", "id": "1", "name": "flaky-network", "number": "1"}


def leaves(shape: Mapping[str, Any], place: str = "") -> Iterator[tuple[list[str], Any]]:
    """The places of numbers, true and false in a JSON Schema, with a value that fits each."""
    path = place.split("\0") if place else []
    kind = shape.get("type")
    if kind in ("integer", "number"):
        yield path, max(shape.get("minimum", 0), 1) if shape.get("maximum", 1) >= 1 else shape["minimum"]
    elif kind == "boolean":
        yield path, True
    for option in (*shape.get("anyOf", ()), *shape.get("oneOf", ())):
        yield from leaves(option, place)
    for key, inner in shape.get("properties", {}).items():
        if key == "choice":  # of a profile's entry with notes; the entry itself is looked at
            continue
        yield from leaves(inner, f"{place}\0{key}" if place else key)


def tables(shape: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tables that a JSON Schema allows at its top."""
    if "properties" in shape:
        yield shape
    for option in (*shape.get("anyOf", ()), *shape.get("oneOf", ())):
        yield from tables(option)


def document(shape: Mapping[str, Any], path: list[str], value: Any) -> Any:
    """A body with the value at the place, and with what its tables need beside it."""
    if not path:
        return value
    head, *rest = path
    table = next(one for one in tables(shape) if head in one["properties"])
    properties = table["properties"]
    needed = {key: example(properties[key]) for key in table.get("required", ()) if key != head}
    return {**needed, head: document(properties[head], rest, value)}


def example(shape: Mapping[str, Any]) -> Any:
    found = [*shape.get("examples", ()), *shape.get("enum", ())]
    return found[0] if found else "2s" if shape.get("type") == "string" else max(shape.get("minimum", 1), 1)


NUMBERS = [
    pytest.param(name, path, value, id=f"{name} {'.'.join(path)}")
    for name, row in WITH_A_BODY.items()
    for path, value in leaves(row.body.shape)
]


@pytest.mark.parametrize(("name", "path", "value"), NUMBERS)
def test_a_number_true_or_false_in_quotes_is_told_so(
    api: ControlledApi, name: str, path: list[str], value: Any
) -> None:
    row = WITH_A_BODY[name]
    written = json.dumps(value)
    route = re.sub(r"<(?:path:)?(\w+)>", lambda part: PARTS[part[1]], name)
    handled = api.tell(route, document(row.body.shape, path, written))

    assert handled.status == 422, handled
    assert f'"{written}" is a text; write ' in handled.body["detail"]
    assert ", without quotes" in handled.body["detail"]
    assert ".".join(path) in {one.get("where") for one in handled.body["problems"]}


@pytest.mark.parametrize("name", WITH_A_BODY)
@pytest.mark.parametrize("body", ["text", 1, [], None, True])
def test_a_body_that_is_no_table_is_refused(api: ControlledApi, name: str, body: Any) -> None:
    route = re.sub(r"<(?:path:)?(\w+)>", lambda part: PARTS[part[1]], name)
    if body is not None:  # which is no body
        assert api.tell(route, body).status == 422


@pytest.mark.parametrize("name", [name for name, _ in rows()])
def test_an_unknown_key_is_refused_with_what_was_meant_and_nothing_is_half_done(api: ControlledApi, name: str) -> None:
    row = dict(rows())[name]
    route = re.sub(r"<(?:path:)?(\w+)>", lambda part: PARTS[part[1]], name)
    api.told("PUT /accounts/kit@example.com", {})
    before = state(api)
    good = row.body.example or {}
    in_body = api.tell(route, {**good, "no-such-key": 1})
    in_query = api.tell(route, good or None, **{"no-such-key": "1"})

    assert (in_body.status, in_query.status) == (422, 422)
    assert "'no-such-key' is not a" in in_body.body["detail"]
    assert "'no-such-key' is not a key of the query" in in_query.body["detail"]
    assert state(api) == before


def test_lists_are_paged(api: ControlledApi) -> None:
    for number in range(5):
        api.told(f"PUT /accounts/{number}@example.com", {})
        api.told("POST /faults", FAULT)
    listed: dict[str, list[Any]] = {}
    for name, row in rows():
        if "offset" not in row.query:
            continue
        key, offset = name.removeprefix("GET /"), 0
        while offset is not None:
            page = api.told(name, limit="2", offset=str(offset))
            assert len(page[key]) <= 2
            listed[key] = [*listed.get(key, []), *page[key]]
            offset = page.get("next")

    assert (len(listed["accounts"]), len(listed["faults"])) == (6, 5)
    assert "clauses.toml" in listed["schemas"]


# Schemas, metrics.


def test_the_files_of_schemas_are_served_as_they_are(api: ControlledApi) -> None:
    names = api.told("GET /schemas", limit="1000")["schemas"]
    root = data.path("schemas")

    assert {*names} == {file.relative_to(root).as_posix() for file in root.rglob("*.*")}
    for name in names:
        served = api.told(f"GET /schemas/{name}")
        assert served.content == data.path("schemas", name).read_bytes()


@pytest.mark.parametrize("name", ["../pyproject.toml", "clauses", "json", "json/../clauses.toml", "/etc/passwd", "x"])
def test_no_other_file_is_served(api: ControlledApi, name: str) -> None:
    assert api.tell(f"GET /schemas/{name}").status == 404


SAMPLE = re.compile(
    r'(ifind_mock_\w+)(?:\{(\w+="(?:[^"\\\n]|\\[\\n"])*"(?:,\w+="(?:[^"\\\n]|\\[\\n"])*")*)\})? ([0-9.e+]+)'
)


def metrics(api: ControlledApi) -> dict[str, float]:
    """The samples of the metrics, each of which has its help and its type before it."""
    found: dict[str, float] = {}
    announced: set[str] = set()
    for line in api.told("GET /metrics").content.decode().splitlines():
        if line.startswith("# "):
            announced.add(" ".join(line.split(" ")[1:3]))
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert {f"HELP {sample[1]}", f"TYPE {sample[1]}"} <= announced
        found[f"{sample[1]}{{{sample[2] or ''}}}"] = float(sample[3])
    return found


def test_metrics_count_calls_and_a_reset_takes_nothing_back(api: ControlledApi) -> None:
    api.create()
    api.send("info", token="wrong")
    api.send('x"\\\n', login=None)
    api.told("POST /faults", FAULT)
    api.time.passes(2)
    found = metrics(api)
    api.told("POST /reset", {})

    assert found['ifind_mock_calls_total{method="create",outcome="ok",status="200"}'] == 1
    assert found['ifind_mock_calls_total{method="info",outcome="credentials",status="200"}'] == 1
    assert found['ifind_mock_calls_total{method="other",outcome="unknown-method",status="200"}'] == 1
    assert (found["ifind_mock_faults{}"], found["ifind_mock_uptime_seconds{}"]) == (1, 2)
    assert metrics(api)["ifind_mock_faults{}"] == 0
    assert metrics(api)['ifind_mock_calls_total{method="create",outcome="ok",status="200"}'] == 1


def test_the_version_of_a_metric_may_hold_any_text(api: ControlledApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.web.routes.metrics.version", lambda _: 'a"b\\c\nd')

    assert r'version="a\"b\\c\nd"' in next(name for name in metrics(api) if name.startswith("ifind_mock_info"))


def test_every_field_of_a_body_says_what_it_is_for() -> None:
    def helps(shape: Mapping[str, Any], place: str) -> Iterator[str]:
        for key, inner in shape.get("properties", {}).items():
            if not inner.get("description"):
                yield f"{place}.{key}"
            yield from helps(inner, f"{place}.{key}")

    answers = [field for _, row in rows() for field in row.answers.values() if isinstance(field, Field)]
    fields = [*(row.body for row in WITH_A_BODY.values()), *answers]

    assert [place for field in fields for place in helps(field.shape, "")] == []
