"""The control API under /_mock/: accounts, faults, clock, reset and health, in their final form."""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver.api.gateway import MAX_BODY
from mockserver.settings.loading import load
from mockserver.web import json_body
from mockserver.web.app import create_app
from mockserver.web.control import Control
from support.in_process import LOGIN, PHONE, TOKEN

AUTH = {"login": LOGIN, "token": TOKEN}


def client_of(**options: Any) -> FlaskClient:
    return create_app(load(options)).test_client()


@pytest.fixture
def client() -> FlaskClient:
    client = client_of()
    client.put("/_mock/clock", json={"mode": "frozen", "now": "2030-01-01T12:00:00+03:00"})
    return client


def api(client: FlaskClient, method: str, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/{method}", query_string={**AUTH, **params}).get_json()
    return answer


def test_health_reports_version_port_and_time(client: FlaskClient) -> None:
    answer = client.get("/_mock/health").get_json()

    assert (answer["status"], answer["port"], answer["now"]) == ("ok", 80, "2030-01-01T12:00:00+03:00")


def test_the_api_is_answered_beside_it(client: FlaskClient) -> None:
    number = api(client, "create", phone=PHONE, source=2)["id"]
    before = api(client, "result", id=number)["status"]
    client.post("/_mock/clock/advance", json={"seconds": 2})

    assert (before, api(client, "result", id=number)["status"]) == ("processing", "ready")


def test_a_made_up_account_is_reported_whole(client: FlaskClient) -> None:
    made = client.post("/_mock/accounts", json={})
    answer = made.get_json()
    info = api(client, "info", login=answer["login"], token=answer["token"])

    assert (made.status_code, info["status"], info["data"]["api_limit"]["of"]) == (201, "ok", 100)


def test_two_made_up_accounts_are_two(client: FlaskClient) -> None:
    one, two = (client.post("/_mock/accounts", json={}).get_json() for _ in range(2))

    assert one["login"] != two["login"]
    assert one["token"] != two["token"]


def test_a_change_of_an_account_keeps_what_it_does_not_name(client: FlaskClient) -> None:
    api(client, "create", phone="70000000001", source=2)
    changed = client.post("/_mock/accounts", json={"login": LOGIN, "daily_limit": 1})
    info = api(client, "info")

    assert changed.status_code == 200
    assert info["data"]["api_limit"] == {"used": 1, "of": 1}


def test_the_list_of_accounts_shows_no_token(client: FlaskClient) -> None:
    listed = client.get("/_mock/accounts")

    assert [a["login"] for a in listed.get_json()["accounts"]] == [LOGIN]
    assert TOKEN not in listed.text


def test_a_fault_is_armed_listed_and_taken_away(client: FlaskClient) -> None:
    document = {"match": {"method": "info"}, "action": {"kind": "latency", "delay": "0s"}, "times": 3}
    armed = client.post("/_mock/faults", json=document)
    api(client, "info")
    listed = client.get("/_mock/faults").get_json()["faults"]

    assert armed.status_code == 201
    assert listed == [{"id": "f1", **document, "after": 0, "probability": 1.0, "seen": 1, "struck": 1}]
    assert client.delete("/_mock/faults/f1").status_code == 204
    assert client.get("/_mock/faults").get_json() == {"faults": []}
    assert client.delete("/_mock/faults/f1").status_code == 404


def test_a_clock_of_a_login_is_its_own(client: FlaskClient) -> None:
    set_ = client.put("/_mock/clock", json={"mode": "frozen", "now": "2031-01-01T00:00:00+03:00", "login": LOGIN})

    assert set_.get_json() == {"mode": "frozen", "now": "2031-01-01T00:00:00+03:00", "speed": 0, "login": LOGIN}
    assert client.get(f"/_mock/clock?login={LOGIN}").get_json()["now"] == "2031-01-01T00:00:00+03:00"
    assert client.get("/_mock/clock").get_json()["now"] == "2030-01-01T12:00:00+03:00"


@pytest.mark.parametrize("to", ["midnight", "next-ready"])
def test_a_clock_is_put_forward_to_a_moment(client: FlaskClient, to: str) -> None:
    api(client, "create", phone=PHONE, source=2)
    message = client.post("/_mock/clock/advance", json={"to": to}).get_json()["now"]

    assert message == {"midnight": "2030-01-02T00:00:00+03:00", "next-ready": "2030-01-01T12:00:02+03:00"}[to]


def test_real_mode_sets_the_clock_back_to_real_time(client: FlaskClient) -> None:
    client.put("/_mock/clock", json={"mode": "real"})

    assert client.get("/_mock/clock").get_json()["mode"] == "real"
    assert not client.get("/_mock/clock").get_json()["now"].startswith("2030-01-01T12:00:00")


def test_a_reset_drops_tasks_charges_faults_and_clock_and_gives_no_id_twice(client: FlaskClient) -> None:
    number = api(client, "create", phone=PHONE, source=2)["id"]
    client.post("/_mock/faults", json={"action": {"kind": "error"}})
    assert client.post("/_mock/reset", json={}).status_code == 204

    assert client.get("/_mock/faults").get_json() == {"faults": []}
    assert api(client, "info")["data"]["api_limit"]["used"] == 0
    assert api(client, "result", id=number)["status"] == "error"
    assert api(client, "create", phone=PHONE, source=2)["id"] > number
    assert client.get("/_mock/clock").get_json()["mode"] == "real"


def test_a_reset_of_a_login_leaves_the_others(client: FlaskClient) -> None:
    test = {"login": "test-x@example.com", "token": "test-token"}
    api(client, "create", phone="70000000001", source=2, **test)
    api(client, "create", phone="70000000001", source=2)
    client.post("/_mock/reset", json={"login": "test-x@example.com"})

    assert api(client, "info", **test)["data"]["api_limit"]["used"] == 0
    assert api(client, "info")["data"]["api_limit"]["used"] == 1


def test_a_test_account_made_by_control_keeps_its_public_token(client: FlaskClient) -> None:
    client.post("/_mock/accounts", json={"login": "test-x@example.com", "daily_limit": 3})

    info = api(client, "info", login="test-x@example.com", token="test-token")
    assert info["data"]["api_limit"]["of"] == 3


def test_what_was_set_for_an_account_is_taken_back_by_null(client: FlaskClient) -> None:
    client.post("/_mock/accounts", json={"login": LOGIN, "delay": "9s", "seed": 5})
    changed = client.post("/_mock/accounts", json={"login": LOGIN, "delay": None, "seed": None}).get_json()

    assert (changed["delay"], changed["seed"]) == (None, None)


def test_a_reset_answers_with_503_what_waits_of_its_login() -> None:
    app = create_app(load({}))
    waiting = app.test_client()
    app.test_client().post("/_mock/faults", json={"action": {"kind": "latency", "delay": "60s"}})
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(lambda: waiting.get("/api/info", query_string=AUTH))
        while not app.test_client().get("/_mock/faults").get_json()["faults"][0]["struck"]:
            pass
        while not answer.done():  # the answer registers its wait after the fault has struck
            app.test_client().post("/_mock/reset", json={"login": LOGIN})

    assert answer.result().status_code == 503
    assert answer.result().get_json()["error_code"] == 503


def test_faults_of_the_settings_are_armed_anew_by_a_reset(tmp_path: Any) -> None:
    file = tmp_path / "c.toml"
    file.write_text("[[faults]]\naction = { kind = 'error' }")
    client = client_of(config=str(file))

    assert api(client, "info")["status"] == "error"
    client.post("/_mock/reset")
    assert api(client, "info")["status"] == "error"
    assert api(client, "info")["status"] == "ok"


@pytest.mark.parametrize(
    ("http_method", "path", "body", "status", "message"),
    [
        ("GET", "/_mock/helth", None, 404, "did you mean /_mock/health?"),
        ("POST", "/_mock", {}, 404, "GET /_mock/openapi.json has all routes"),
        ("POST", "/_mock/", {}, 404, "GET /_mock/openapi.json has all routes"),
        ("GET", "/_mock/a/b", None, 404, "GET /_mock/openapi.json has all routes"),
        ("PUT", "/_mock/health", {}, 405, "allowed: GET"),
        ("POST", "/_mock/faults/f1", None, 405, "allowed: GET, PUT, DELETE"),
        ("POST", "/_mock/accounts", {"logn": "a"}, 422, "did you mean 'login'?"),
        ("POST", "/_mock/accounts", {"login": "a b"}, 422, "login: this text is not a login; allowed"),
        ("POST", "/_mock/accounts", [], 422, "a list is not a table"),
        ("POST", "/_mock/accounts", "{", 400, "body: is not JSON"),
        ("POST", "/_mock/accounts", {"daily_limit": -1}, 422, "daily_limit: -1"),
        ("PUT", "/_mock/clock", {"mode": "frosen"}, 422, "did you mean 'frozen'?"),
        ("PUT", "/_mock/clock", {"now": "x"}, 422, "now: 'x' is not a time of the years 1971 to 2999"),
        ("PUT", "/_mock/clock", {"login": "nobody"}, 404, "login: 'nobody' is not an account"),
        ("PUT", "/_mock/clock", {"mode": "frozen", "speed": 5}, 422, "a frozen clock has none"),
        ("POST", "/_mock/clock/advance", {}, 422, "either seconds or to"),
        ("POST", "/_mock/clock/advance", {"seconds": -1}, 422, "seconds: -1"),
        ("POST", "/_mock/clock/advance", {"to": "next-ready"}, 409, "no task is on its way"),
        ("POST", "/_mock/reset?login=x", {}, 422, "'login' is not a key of the query; leave it out"),
        ("POST", "/_mock/faults", "[" * 100_000, 400, "body: is nested more than 32 deep"),
        ("PUT", "/_mock/clock", {"mode": "real", "speed": 0}, 422, "a clock of speed 0 is frozen"),
        ("POST", "/_mock/reset", {"login": "nobody"}, 404, "'nobody' is not an account"),
        ("POST", "/_mock/faults", {"action": {"kind": "reset"}}, 422, "run `ifind-mock serve`"),
    ],
)
def test_a_wrong_request_is_a_problem_that_names_place_and_remedy(
    client: FlaskClient, http_method: str, path: str, body: Any, status: int, message: str
) -> None:
    sent = (
        {"data": body, "content_type": "application/json"}
        if isinstance(body, str)
        else {"json": body}
        if body is not None
        else {}
    )
    response = client.open(path, method=http_method, **sent)

    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert message in response.get_json()["detail"]


@pytest.mark.parametrize("depth", [33, 500, 980, 2_000, 9_990, 100_000, 499_999])
@pytest.mark.parametrize("form", ["[{}]", '{{"a":{}}}', '{{"match":{}}}'])
@pytest.mark.parametrize("path", ["/_mock/faults", "/_mock/accounts", "/_mock/reset"])
def test_a_body_of_any_depth_is_answered(client: FlaskClient, depth: int, form: str, path: str) -> None:
    start, end = form.format("\0").split("\0")
    depth = min(depth, 1_000_000 // len(start + end))
    response = client.post(path, data=start * depth + "1" + end * depth, content_type="application/json")

    assert response.status_code == 400
    assert "body: is nested more than 32 deep" in response.get_json()["detail"]


@pytest.mark.parametrize("raw", [b" ", b"\r\n\t", b"\x0b", b"\x0c\n"])
def test_a_body_of_white_space_is_no_json(raw: bytes) -> None:
    assert json_body.read_json(b"") == {}
    with pytest.raises(json_body.Malformed, match="body: is not JSON"):
        json_body.read_json(raw)


@pytest.mark.parametrize("many", ["1,", "[],", "{},", '"",', '"\\\\",', '"\\",",', '{"a":1},'])
@pytest.mark.parametrize("start", ["[", '{"action": [', '["\\\\\\"", '])
def test_a_body_of_many_values_is_refused_unread(monkeypatch: pytest.MonkeyPatch, start: str, many: str) -> None:
    """The bound: 10,000 values. A body has room for half a million."""
    monkeypatch.setattr(json_body.json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(json_body.Malformed, match="holds more than 10000 values"):
        json_body.read_json((start + many * 10_001).encode())


@pytest.mark.parametrize("text", [",[{" * 30_000, '\\",' * 30_000, "\\" * 99_999, "\u20ac" * 99_999])
def test_a_long_text_counts_as_one_value(text: str) -> None:
    assert json_body.read_json(json.dumps({"message": text}).encode()) == {"message": text}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"login": "\\ud800"}', "login"),
        ('{"login": "a\\udfffb"}', "login"),
        ('{"\\udc00": 1}', "\\udc00"),
        ('{"match": {"login": "\\ud83d"}}', "match.login"),
        ('{"action": {"kind": "error", "message": "\\ude00\\ud83d"}}', "action.message"),
        ('{"a": [1, ["\\ud800"]]}', "a[1][0]"),
        ('"\\ud800"', "body"),
    ],
)
@pytest.mark.parametrize("path", ["/_mock/faults", "/_mock/accounts", "/_mock/reset", "/_mock/clock/advance"])
def test_half_a_surrogate_pair_is_refused_with_its_place(client: FlaskClient, path: str, text: str, place: str) -> None:
    response = client.post(path, data=text, content_type="application/json")

    assert response.status_code == 422
    assert response.get_json()["problems"][0]["where"] == place


def test_a_whole_surrogate_pair_is_a_character(client: FlaskClient) -> None:
    text = '{"action": {"kind": "error", "message": "\\ud83d\\ude00"}}'
    client.post("/_mock/faults", data=text, content_type="application/json")

    assert api(client, "info")["message"] == "\U0001f600"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "NaN",
            "Infinity",
            "-Infinity",
            '{"seconds": NaN}',
            '{"seconds": -Infinity}',
            "[1,]",
            "{'a': 1}",
            "01",
        ),
        *(
            '{"seconds": ' + "9" * 5000 + "}",
            '{"seconds": -' + "9" * 1001 + "}",
            '{"a": 1, "a": 2}',
            '{"match": {"nth": 1, "n\\u0074h": 2}}',
            "{} {}",
            "\0",
        ),
    ],
)
def test_what_is_no_json_or_has_two_readings_is_refused_as_such(client: FlaskClient, text: str) -> None:
    response = client.post("/_mock/clock/advance", data=text.encode(), content_type="application/json")

    assert response.status_code == 400
    assert "body: is not JSON" in response.get_json()["detail"]


def test_a_bug_of_the_app_is_told_in_a_line_without_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("s3cret")

    monkeypatch.setattr(Control, "answer", fails)
    response = client_of().get("/_mock/health")
    told = capsys.readouterr().err

    assert response.status_code == 500
    assert re.fullmatch(r"ifind-mock: the web app failed with ValueError at test_control\.py:\d+\n", told)
    assert "s3cret" not in response.text


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 204), (MAX_BODY + 1, 413), (MAX_BODY + 70_000, 413)])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_is_read_whole_or_not_at_all(client: FlaskClient, size: int, status: int, chunked: bool) -> None:
    """A chunked one has no length under gunicorn."""
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "" if chunked else str(size)}
    sent: dict[str, Any] = {"content_type": "application/json", "environ_overrides": environ}
    assert client.post("/_mock/reset", input_stream=BytesIO(b"{}".ljust(size)), **sent).status_code == status
    got = client.post("/api/info", input_stream=BytesIO(b" " * size), **sent).get_json()

    assert got["error_code"] == (400 if status == 204 else 413)


@pytest.mark.parametrize(
    "length", ["0" * 5000, "9" * 5000, "-1", "+7", "0x7", "7,7", "7_0", "\u0667", " 7", "7.0", "x"]
)
@pytest.mark.parametrize("path", ["/_mock/reset", "/api/info"])
def test_a_length_that_is_no_number_is_refused_as_on_the_wire_server(
    client: FlaskClient, path: str, length: str
) -> None:
    """Under a server that lets it pass. Flask alone takes the body for an empty one, and resets all."""
    environ = {"CONTENT_LENGTH": length}
    response = client.post(path, data=b'{"a":1}', content_type="application/json", environ_overrides=environ)

    assert response.status_code == response.get_json()["error_code"] == 400


@pytest.mark.parametrize("seconds", ["1e999", "1e400", "9" * 400, "-1e999", "1e12", "true", '"5"', "[]", "null"])
def test_a_number_beyond_the_range_is_refused(client: FlaskClient, seconds: str) -> None:
    text = f'{{"seconds": {seconds}}}'
    response = client.post("/_mock/clock/advance", data=text, content_type="application/json")

    assert response.status_code == 422
    assert response.get_json()["problems"][0]["where"] == "seconds"


def test_with_an_admin_token_no_route_but_health_answers_without_it() -> None:
    client = client_of(admin_token="s3cret")
    bare = client.get("/_mock/clock")
    right = client.get("/_mock/clock", headers={"Authorization": "Bearer s3cret"})
    wrong = client.get("/_mock/clock", headers={"Authorization": "Bearer s3cre"})

    assert [r.status_code for r in (bare, wrong, right)] == [401, 401, 200]
    assert "s3cret" not in bare.text + wrong.text
    assert client.get("/_mock/none").status_code == 401
    assert client.get("/api/info", query_string=AUTH).status_code == 200


def test_without_the_admin_token_health_tells_that_the_mock_runs_and_no_more() -> None:
    client = client_of(admin_token="s3cret")
    bare = client.get("/_mock/health")
    right = client.get("/_mock/health", headers={"Authorization": "Bearer s3cret"})

    assert {*bare.get_json()} == {"status", "version", "uptime"}
    assert {*bare.get_json()} < {*right.get_json()}
    assert client.get("/_mock/health", headers={"Authorization": "Bearer s3cre"}).status_code == 401
    assert client.post("/_mock/health").status_code == 401


@pytest.mark.parametrize("path", ["/_mock/faults/", "/_mock/faults//", "/_mock/faults/%20"])
def test_an_empty_id_takes_no_fault_away(client: FlaskClient, path: str) -> None:
    client.post("/_mock/faults", json={"action": {"kind": "stuck"}})
    response = client.delete(path)

    assert response.status_code == 404
    assert len(client.get("/_mock/faults").get_json()["faults"]) == 1


def test_an_oversized_body_is_an_answer_that_a_client_can_parse(client: FlaskClient) -> None:
    answer = client.post("/api/create", data=b"x" * (1024 * 1024 + 1), content_type="application/x-www-form-urlencoded")
    control = client.post("/_mock/reset", data=b" " * (1024 * 1024 + 1))

    assert (answer.status_code, answer.get_json()["error_code"]) == (413, 413)
    assert (control.status_code, control.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize(
    ("logged", "shown"),
    [
        ("GET /api/info?login=a&token=s3cret HTTP/1.1", "GET /api/info?… HTTP/1.1"),
        ("GET /api/info/s3cret HTTP/1.1", "GET /api/info/… HTTP/1.1"),
        ("\x1b[33mPOST /s3cret HTTP/1.1\x1b[0m", "\x1b[33mPOST /… HTTP/1.1\x1b[0m"),
        ("DELETE /_mock/faults/s3cret HTTP/1.1", "DELETE /_mock/faults/… HTTP/1.1"),
        ("GET /_mock/clock/advance HTTP/1.1", "GET /_mock/clock/advance HTTP/1.1"),
        ("GET http://a:s3cret@localhost/api/info HTTP/1.1", "GET /… HTTP/1.1"),
        ("s3cret /api/info HTTP/1.1", "…"),
        ("GET /api/info s3cret", "…"),
        ("Bad request syntax ('GET /s3cret')", "…"),
        ("200", "200"),
        ("-", "-"),
    ],
)
def test_the_log_of_flasks_own_server_shows_no_more_of_a_path_than_its_route(logged: str, shown: str) -> None:
    record = logging.LogRecord("werkzeug", logging.INFO, "", 0, "%s", (logged,), None)
    log = logging.getLogger("werkzeug")
    client_of()

    assert log.filter(record)
    assert record.getMessage() == shown
    assert len(log.filters) == 1
