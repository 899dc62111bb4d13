"""create, result and info, in the default profile: what the documentation and its laws promise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.in_process import LOGIN, PHONE, TOKEN, Api, reason

ROW = ["title", "price", "time", "phone", "name", "description", "location", "source", "category", "url"]
READY = ["status", "data", "names", "photo", "cost", "ip", "create_time", "end_time"]


@pytest.fixture
def api() -> Api:
    return Api()


def test_create_answers_ok_and_a_new_id(api: Api) -> None:
    first = api.call("create", phone=PHONE, source=2)
    second = api.call("create", phone=PHONE, source=2)

    assert list(first) == ["status", "id"]
    assert first["id"] != second["id"]


def test_a_new_task_is_processing(api: Api) -> None:
    assert api.call("result", id=api.create()) == {"status": "processing"}


def test_a_task_is_ready_when_its_delay_has_passed_and_not_before(api: Api) -> None:
    number = api.create()

    api.time.passes(1.999999)
    before = api.call("result", id=number)["status"]
    api.time.passes(0.000001)
    after = api.call("result", id=number)["status"]

    assert (before, after) == ("processing", "ready")


def test_a_ready_answer_has_the_documented_members_in_their_order(api: Api) -> None:
    answer = api.ready()

    assert list(answer) == READY
    assert all(list(row) == ROW for row in answer["data"])


def test_cost_is_text_and_times_are_unix_seconds_two_seconds_apart(api: Api) -> None:
    answer = api.ready()

    assert answer["cost"] == str(max(1, len(answer["data"])))
    assert answer["end_time"] - answer["create_time"] == 2


def test_ip_is_the_address_that_created_the_task(api: Api) -> None:
    number = json.loads(api.send("create", phone=PHONE, source=2, peer="192.0.2.7").body)["id"]
    api.time.passes(2)

    assert api.call("result", id=number)["ip"] == "192.0.2.7"


@pytest.mark.parametrize(("source", "section"), [(1, "names"), (2, "data"), (3, "photo"), (4, "photo")])
def test_a_source_fills_its_own_section_alone(api: Api, source: int, section: str) -> None:
    answer = api.ready("70000000001", source)

    filled = [name for name in ("data", "names", "photo") if answer[name]]
    assert filled == [section]


def test_two_reads_of_a_ready_task_are_equal_to_the_byte(api: Api) -> None:
    number = api.create()
    api.time.passes(2)
    first = api.send("result", id=number).body
    api.time.passes(86_400)

    assert api.send("result", id=number).body == first


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, "login, token, phone, source"),
        ({"phone": PHONE, "source": "2"}, "login, token"),
        ({"login": LOGIN, "token": TOKEN}, "phone, source"),
        ({"login": LOGIN, "token": TOKEN, "phone": "", "source": "2"}, "phone"),
    ],
)
def test_missing_parameters_are_named_in_the_documentations_order(api: Api, given: dict[str, str], names: str) -> None:
    answer = api.call("create", **{"login": None, "token": None, **given})

    assert answer == {"status": "error", "error_code": 400, "message": f"Not set param(s) {names}"}


@pytest.mark.parametrize("method", ["create", "result", "info"])
@pytest.mark.parametrize(
    "wrong", [{"token": "other"}, {"login": "nobody@example.com"}, {"login": LOGIN.upper()}, {"token": TOKEN + " "}]
)
def test_wrong_credentials_are_refused_by_every_method(api: Api, method: str, wrong: dict[str, str]) -> None:
    answer = api.call(method, phone=PHONE, source=2, id=api.create(), **wrong)

    assert (answer["status"], answer["error_code"]) == ("error", 401)


@pytest.mark.parametrize(
    "phone", ["+79991231212", "7999123121x", "123456", "1" * 16, "７００01234567", "70001234567\n"]
)
def test_a_phone_that_is_not_7_to_15_ascii_digits_is_refused_by_name(api: Api, phone: str) -> None:
    assert api.call("create", phone=phone, source=2)["message"] == "Wrong value of param(s) phone"


@pytest.mark.parametrize("source", ["0", "5", "11", "2.0", "02", " 2", "two"])
def test_an_unknown_source_is_refused_by_name(api: Api, source: str) -> None:
    assert api.call("create", phone=PHONE, source=source)["message"] == "Wrong value of param(s) source"


def test_a_refused_create_takes_no_unit(api: Api) -> None:
    api.call("create", phone="x", source="9")

    assert api.used() == 0


@pytest.mark.parametrize("wanted", ["0", "999", "99999999999999999"])
def test_an_unknown_id_is_an_error_and_never_ready(api: Api, wanted: str) -> None:
    assert api.call("result", id=wanted)["error_code"] == 404


@pytest.mark.parametrize("wanted", ["x", "-1", "1.0", "１", "1" * 30])
def test_an_id_that_is_no_number_is_refused_by_name(api: Api, wanted: str) -> None:
    assert api.call("result", id=wanted)["message"] == "Wrong value of param(s) id"


def test_another_accounts_task_is_answered_as_an_unknown_one(api: Api) -> None:
    number = api.create()
    other = {"login": "test-other@example.com", "token": "test-token"}

    assert api.call("result", id=number, **other) == api.call("result", id=999, **other)


def test_info_reports_what_is_used_of_the_limit() -> None:
    api = Api(daily_limit=7)
    cost = api.ready("70000000001")["cost"]

    assert api.call("info") == {
        "status": "ok",
        "data": {"api_limit": {"used": int(cost), "of": 7}, "api_time_limit": "2099-12-31", "demo": "0"},
    }


def test_polling_is_free(api: Api) -> None:
    number = api.create()
    used = api.used()
    for _ in range(5):
        api.call("result", id=number)
        api.time.passes(1)

    assert api.used() == used


def test_a_used_up_limit_refuses_and_says_so() -> None:
    api = Api(daily_limit=1)
    api.create("70000000001")
    answer = api.call("create", phone="70000000001", source=2)

    assert answer == {"status": "error", "error_code": 429, "message": "The daily limit is reached: 1 of 1"}
    assert reason(api.send("create", phone=PHONE, source=2)) == "limit reached: 1 of 1"


def test_the_whole_cost_is_charged_though_it_passes_the_limit() -> None:
    api = Api(daily_limit=1)
    api.create("70000000100")

    assert api.used() == 100


def test_the_limit_is_new_at_midnight_in_moscow_and_not_a_moment_before() -> None:
    api = Api(daily_limit=1)
    api.create("70000000001")

    api.time.passes(12 * 3600 - 0.000001)
    before = api.used()
    api.time.passes(0.000001)

    assert (before, api.used()) == (1, 0)


def test_test_accounts_are_made_on_first_use_and_share_nothing(api: Api) -> None:
    for n in (1, 2):
        api.create(login=f"test-{n}@example.com", token="test-token")

    assert api.used(login="test-1@example.com", token="test-token") == api.used(
        login="test-2@example.com", token="test-token"
    )
    assert api.used() == 0


def test_a_demo_account_sees_no_url() -> None:
    api = Api()
    api.account(LOGIN, demo=True)

    assert {row["url"] for row in api.ready("70000000100")["data"]} == {"hidden_in_demo"}
    assert api.call("info")["data"]["demo"] == "1"


def test_magic_nothing_is_found(api: Api) -> None:
    answer = api.ready("70000000000")

    assert (answer["data"], answer["cost"]) == ([], "1")


def test_magic_a_hundred_records(api: Api) -> None:
    answer = api.ready("70000000100", 1)

    assert (len(answer["names"]), answer["cost"]) == (100, "100")


def test_magic_never_ready(api: Api) -> None:
    number = api.create("70000000408")
    api.time.passes(10**7)

    assert api.call("result", id=number) == {"status": "processing"}


def test_magic_limit_reached(api: Api) -> None:
    answer = api.call("create", phone="70000000429", source=2)

    assert (answer["error_code"], "daily limit" in answer["message"]) == (429, True)
    assert api.used() == 0


def test_magic_the_task_fails(api: Api) -> None:
    number = api.create("70000000500")
    before = api.call("result", id=number)
    api.time.passes(2)

    assert before == {"status": "processing"}
    assert api.call("result", id=number) == {"status": "error", "error_code": 500, "message": "The task failed"}


def test_magic_a_proxys_html(api: Api) -> None:
    response = api.send("create", phone="70000000502", source=2, format="xml")

    assert (response.status, response.headers[0]) == (502, ("Content-Type", "text/html"))
    assert b"502 Bad Gateway" in response.body


def test_magic_a_minute_of_processing(api: Api) -> None:
    number = api.create("70000000999")
    api.time.passes(59.999)
    before = api.call("result", id=number)["status"]
    api.time.passes(0.001)

    assert (before, api.call("result", id=number)["status"]) == ("processing", "ready")


@pytest.mark.parametrize("method", ["create", "result", "info"])
def test_get_post_and_head_are_answered_and_other_http_methods_are_not(api: Api, method: str) -> None:
    statuses = {
        http_method: api.send(method, http_method=http_method).status
        for http_method in ("GET", "POST", "HEAD", "PUT", "DELETE", "FOO")
    }

    assert statuses == {"GET": 200, "POST": 200, "HEAD": 200, "PUT": 405, "DELETE": 405, "FOO": 405}


OTHERS = ("PUT", "PATCH", "DELETE", "PROPFIND", "get")


@pytest.mark.parametrize("method", ["create", "result", "info"])
@pytest.mark.parametrize("http_method", OTHERS)
def test_other_http_methods_may_be_answered_as_get(method: str, http_method: str) -> None:
    api = Api({"http-method.other": "as-get"})
    sent = {"phone": PHONE, "source": 2, "id": 1}
    response = api.send(method, http_method=http_method, **sent)

    assert (response.status, reason(response)) == (200, reason(Api().send(method, **sent)))


@pytest.mark.parametrize("http_method", OTHERS)
def test_what_is_answered_as_get_has_its_parameters_from_the_query_alone(http_method: str) -> None:
    api = Api({"http-method.other": "as-get"})
    form = {"content-type": "application/x-www-form-urlencoded"}
    response = api.send("info", http_method=http_method, token=None, body=f"token={TOKEN}".encode(), headers=form)

    assert json.loads(response.body)["message"] == "Not set param(s) token"


def test_with_other_http_methods_as_get_head_and_options_are_as_ever_and_post_too() -> None:
    given, usual = Api({"http-method.other": "as-get"}), Api()
    for http_method in ("GET", "HEAD", "OPTIONS", "POST"):
        assert given.send("info", http_method=http_method) == usual.send("info", http_method=http_method)


def test_where_info_takes_get_alone_its_post_is_another_http_method() -> None:
    api = Api({"http-method.other": "as-get", "info.methods": "get"})
    form = {"content-type": "application/x-www-form-urlencoded"}
    asked = {"http_method": "POST", "token": None, "body": f"token={TOKEN}".encode(), "headers": form}

    assert json.loads(api.send("info", **asked).body)["message"] == "Not set param(s) token"
    assert json.loads(api.send("create", **asked).body)["message"] == "Not set param(s) phone, source"
    assert json.loads(api.send("info", http_method="POST").body)["status"] == "ok"


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
def test_info_may_be_json_whatever_the_format(form: str) -> None:
    api = Api({"info.follows-format": "no"})

    assert api.send("info", format=form) == api.send("info")
    assert api.send("info", format=form, token="x") == Api().send("info", format=form, token="x")


@pytest.mark.parametrize(("choice", "empty"), [("null", None), ("false", False)])
@pytest.mark.parametrize(("source", "own"), [(1, "names"), (2, "data"), (3, "photo")])
@pytest.mark.parametrize("phone", ["70000000000", "70000000001"])
def test_sections_of_other_sources_may_be_null_or_false(
    choice: str, empty: object, source: int, own: str, phone: str
) -> None:
    answer, usual = (Api(profile).ready(phone, source) for profile in ({"result.sections": choice}, {}))
    others = {"data", "names", "photo"} - {own}

    assert list(answer) == READY
    assert answer == {**usual, **dict.fromkeys(others, empty)}


def test_a_wrong_http_method_is_answered_with_the_right_ones(api: Api) -> None:
    assert dict(api.send("info", http_method="PUT").headers)["Allow"] == "HEAD, GET, POST"


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/api/creat", "/api/create/", "//api/create", "/x"])
def test_an_unknown_path_is_an_error_that_a_client_can_parse(api: Api, path: str) -> None:
    from mockserver.api.http import Request

    answer = json.loads(api.gateway.answer(Request("GET", path.encode(), b"", {}, b"", "::1")).body)

    assert answer == {"status": "error", "error_code": 404, "message": "Unknown method"}


@given(st.dictionaries(st.sampled_from(["login", "token", "phone", "source", "format", "id"]), st.text()))
def test_no_answer_repeats_what_was_sent_as_token(params: dict[str, str]) -> None:
    token = "s3cret-" + params.pop("token", "")
    response = Api().send("create", **{**params, "token": token})

    assert b"s3cret-" not in response.body
    assert all("s3cret-" not in value for _, value in response.headers)
