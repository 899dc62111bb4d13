"""The control API is closed to web pages and strangers, on both servers, before any route is looked for."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mockserver.api.gateway import MAX_BODY
from mockserver.web.door import Door
from support.asking import HOST, Ask
from support.in_process import LOGIN, TOKEN

JSON = "application/json"


@pytest.fixture
def ask(asks: Callable[..., Ask]) -> Ask:
    return asks()


HERE = [
    "localhost",
    "LOCALHOST:1",
    "localhost.",
    "mock.localhost:8080",
    "127.0.0.1",
    "127.8.9.1:80",
    "[::1]:8080",
    None,
]
HERE += ["[::ffff:127.0.0.1]:1", ""]
ELSEWHERE = ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", "evillocalhost"]
ELSEWHERE += ["192.168.0.7:8080", "10.0.0.1", "0.0.0.0:8080", "[::]:8080", "[2001:db8::1]", "[::ffff:10.0.0.1]", "mock"]
ELSEWHERE += [
    "localhost:8080@evil.example",
    "localhost,evil.example",
    "::1",
    "[::1",
    "2130706433",
    "\xe9",
    "localhost..",
    "x" * 300,
]


@pytest.mark.parametrize("host", HERE)
def test_a_request_to_a_name_of_this_machine_is_answered(ask: Ask, host: str | None) -> None:
    assert ask(Host=host).status == 200


@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize("path", ["/_mock/accounts", "/_mock/none"])
def test_a_request_to_any_other_name_is_refused(ask: Ask, host: str, path: str) -> None:
    got = ask(path, Host=host)

    assert got.status in (400, 403)  # the wire server itself refuses what can be no host
    assert LOGIN not in got.body
    assert len(got.body) < 1500


def test_the_name_that_the_setting_host_gives_the_mock_is_one_of_this_machine() -> None:
    door = Door(None, "My-Machine")

    assert door.refused({"mockserver.asked_host": "my-machine:8080"}) is None
    assert door.refused({"mockserver.asked_host": "my-machines:8080"}) is not None


def test_what_a_proxy_says_of_the_host_counts_for_nothing(ask: Ask) -> None:
    assert ask(Host="evil.example", X_Forwarded_Host=HOST, Forwarded=f"host={HOST}", X_Host=HOST).status == 403


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "http://evil.example", "https://localhost", "http://localhost", "http://localhost:8081", "*"),
        *("http://127.0.0.1:8080", "http://localhost:8080.evil.example", "http://localhost:8080/", "localhost:8080"),
        *("file://", "chrome-extension://abc", "ftp://localhost:8080", "http://localhost:8080, http://evil.example"),
    ],
)
@pytest.mark.parametrize("http_method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "BREW"])
def test_a_page_from_elsewhere_is_refused(asks: Callable[..., Ask], origin: str, http_method: str) -> None:
    for options in ({}, {"clauses": ["cors=*"]}):
        got = asks(**options)("/_mock/reset", http_method, Origin=origin)

        assert got.status in (403, 400)
        assert not [name for name in got.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("origin", ["http://localhost:8080", "https://localhost:8080", "HTTP://LocalHost:8080"])
def test_a_page_of_the_mocks_own_is_answered(ask: Ask, origin: str) -> None:
    got = ask("/_mock/reset", "POST", b"{}", Origin=origin, Sec_Fetch_Site="same-origin", Content_Type=JSON)

    assert got.status == 204


def test_a_port_that_goes_without_saying_may_be_left_out(ask: Ask) -> None:
    assert ask(Host="localhost", Origin="http://localhost").status == 200
    assert ask(Host="localhost:80", Origin="http://localhost").status == 200
    assert ask(Host="localhost", Origin="https://localhost:443").status == 200


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("Cross-Site", 403), ("x", 403), ("none", 200)])
def test_what_another_site_sets_off_is_refused(ask: Ask, site: str, status: int) -> None:
    assert ask(Sec_Fetch_Site=site).status == status


@pytest.mark.parametrize(
    "kind",
    [
        *(None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"),
        *("text/plain; application/json", "text/plain, application/json", "application/jsonp", "application/json, a/b"),
    ],
)
@pytest.mark.parametrize("body", [b"{}", b" ", b'{"login": "x"}'])
def test_a_body_of_any_type_but_json_is_refused_with_what_to_add(ask: Ask, kind: str | None, body: bytes) -> None:
    got = ask("/_mock/reset", "POST", body, Content_Type=kind)

    assert got.status == 415
    assert "add the header Content-Type: application/json" in json.loads(got.body)["detail"]


@pytest.mark.parametrize("kind", [JSON, "Application/JSON", "application/json; charset=utf-8", "application/json;"])
def test_json_is_read_and_no_body_needs_no_type(ask: Ask, kind: str) -> None:
    assert ask("/_mock/reset", "POST", b"{}", Content_Type=kind).status == 204
    assert ask("/_mock/reset", "POST", b"").status == 204


@pytest.mark.parametrize("http_method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_without_the_admin_token_every_path_tells_the_same(asks: Callable[..., Ask], http_method: str) -> None:
    ask = asks(admin_token="s3cret")
    paths = ["/_mock", "/_mock/", "/_mock/clock", "/_mock/none", "/_mock/faults/f1", "/_mock/../api/info", "/_mock//"]
    paths += ["/_mock/clock?callback=x", "/%5fmock/clock", "/_mock%2Fclock", "/_mock/%00", "/_mock/%ff", "/_mock/%0A"]
    told = {
        ask(path, http_method, b"{}" if http_method == "POST" else b"", Content_Type="text/plain")[::2]
        for path in paths
    }

    assert len(told) == 1
    assert {status for status, _ in told} == {401}


def test_with_an_admin_token_any_host_is_right_and_another_page_is_not(asks: Callable[..., Ask]) -> None:
    ask = asks(admin_token="s3cret")
    bearer = {"Authorization": "bearer s3cret", "Host": "mock.example:8080"}

    assert ask(**bearer).status == 200
    assert ask(**bearer, Origin="http://mock.example:8080").status == 200
    assert ask(**bearer, Origin="http://evil.example").status == 403
    assert ask("/_mock/reset", "POST", b"{}", **bearer, Content_Type="text/plain").status == 415


def test_a_body_that_is_too_large_is_refused_after_the_door(asks: Callable[..., Ask]) -> None:
    ask, large = asks(), b" " * (MAX_BODY + 1)

    assert ask("/_mock/reset", "POST", large, Content_Type=JSON, Host="evil.example").status == 403
    assert ask("/_mock/reset", "POST", large, Content_Type=JSON).status == 413


@pytest.mark.parametrize("second", ["Bearer s3cret", "Bearer wrong", "Basic abc", ""])
def test_two_authorization_headers_are_refused(asks: Callable[..., Ask], second: str) -> None:
    ask = asks(admin_token="s3cret")
    for joint in ("\r\nAuthorization: ", ",", ", "):  # a WSGI server joins them, as CGI does (RFC 3875, 4.1.18)
        assert ask(Authorization=f"Bearer s3cret{joint}{second}").status in (400, 401)


PATHS_OUTSIDE = [
    "//_mock/accounts",
    "/_mock;x/accounts",
    "/_MOCK/accounts",
    "/api/../_mock/accounts",
    "/_mockx",
    "/./_mock",
]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("//_mock/health", 200), ("///_mock/health", 200), ("/%5fmock/health", 200), ("/_mock//health", 404)),
        *(("/./_mock/health", 404), ("/_mock/../_mock/health", 404), ("//_mockx/health", 404)),
    ],
)
def test_both_servers_take_the_same_paths_for_the_control_apis(
    asks: Callable[..., Ask], path: str, status: int
) -> None:
    got = asks(admin_token="s3cret")(path, Authorization="Bearer s3cret")

    assert (json.loads(got.body).get("error_code") or got.status) == status


@pytest.mark.parametrize("path", PATHS_OUTSIDE)
def test_no_spelling_of_a_path_leads_around_the_door(asks: Callable[..., Ask], path: str) -> None:
    got = asks(clauses=["cors=*"])(path, "GET", Host="evil.example")

    assert got.status in (403, 404) or json.loads(got.body)["error_code"] == 404
    assert LOGIN not in got.body


@pytest.mark.parametrize("name", ["X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override"])
def test_a_header_does_not_change_the_http_method(ask: Ask, name: str) -> None:
    assert ask("/_mock/reset", "GET", **{name: "POST"}).status == 405
    assert ask("/_mock/reset?_method=POST", "GET").status == 405


@pytest.mark.parametrize(
    ("path", "http_method", "body", "status"),
    [
        ("/_mock/accounts", "POST", b"{}", 201),
        ("/_mock/accounts", "GET", b"", 200),
        ("/_mock/none", "GET", b"", 404),
        ("/_mock/health", "OPTIONS", b"", 405),
        ("/_mock/health?callback=x", "GET", b"", 422),
        ("/_mock/health", "HEAD", b"", 200),
    ],
)
def test_an_answer_is_neither_stored_nor_guessed_at_nor_lent_to_a_page(
    asks: Callable[..., Ask], path: str, http_method: str, body: bytes, status: int
) -> None:
    got = asks(clauses=["cors=*"])(path, http_method, body, Content_Type=JSON, Origin=f"http://{HOST}")
    headers = {name.lower(): value for name, value in got.headers.items()}

    assert got.status == status
    assert headers["content-type"] in (JSON, "application/problem+json")
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not {name for name in headers if name.startswith("access-control")} | ({"set-cookie"} & set(headers))


def test_the_api_itself_is_open_to_every_page(asks: Callable[..., Ask]) -> None:
    path = f"/api/info?login={LOGIN}&token={TOKEN}"
    got = asks(clauses=["cors=*"])(path, Host="evil.example", Origin="http://evil.example", Sec_Fetch_Site="cross-site")

    assert got.status == 200
    assert got.headers["Access-Control-Allow-Origin"] == "*"


PAGE = "http://app.example:3000"


@pytest.fixture
def lent(asks: Callable[..., Ask]) -> Ask:
    """A mock that lets in the pages of two origins."""
    return asks(control_origin=[PAGE, "HTTPS://Other.Example:443"], admin_token="s3cret")


@pytest.mark.parametrize("origin", [PAGE, "https://other.example", "https://OTHER.example:443"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
@pytest.mark.parametrize(("token", "status"), [("Bearer s3cret", 200), ("Bearer wrong", 401), (None, 401)])
def test_a_page_of_a_named_origin_may_read_what_it_is_answered(
    lent: Ask, origin: str, site: str | None, token: str | None, status: int
) -> None:
    got = lent("/_mock/clock", Origin=origin, Sec_Fetch_Site=site, Authorization=token)

    assert got.status == status
    assert got.headers["Access-Control-Allow-Origin"] == origin
    assert got.headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", ["/_mock/clock", "/_mock/none", "/_mock/faults/f1", "/_mock/health"])
def test_a_page_of_a_named_origin_may_ask_what_it_may_send_without_a_token(lent: Ask, path: str) -> None:
    got = lent(path, "OPTIONS", Origin=PAGE, Access_Control_Request_Method="PUT", Sec_Fetch_Site="cross-site")

    assert (got.status, got.body) == (204, "")
    assert got.headers["Access-Control-Allow-Origin"] == PAGE
    assert got.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, DELETE"
    assert got.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


@pytest.mark.parametrize(
    "origin",
    [
        *("http://app.example", "https://app.example:3000", "http://app.example:30000", "http://app.example:3000/"),
        *("http://app.example:3000.evil.example", "http://x.app.example:3000", "null", "", "*", "http://other.example"),
    ],
)
@pytest.mark.parametrize("http_method", ["GET", "OPTIONS", "POST"])
def test_a_page_of_any_other_origin_is_refused_though_some_are_let_in(lent: Ask, origin: str, http_method: str) -> None:
    asked = {"Access_Control_Request_Method": "GET"} if http_method == "OPTIONS" else {}
    got = lent("/_mock/health", http_method, Origin=origin, Authorization="Bearer s3cret", **asked)

    assert got.status == 403
    assert not [name for name in got.headers if name.lower().startswith("access-control")]


def test_a_page_that_is_let_in_needs_a_host_of_this_machine_where_there_is_no_token(asks: Callable[..., Ask]) -> None:
    ask = asks(control_origin=[PAGE])

    assert ask(Origin=PAGE, Host="evil.example").status == 403
    assert ask(Origin=PAGE, Sec_Fetch_Site="cross-site").status == 200
    assert ask(Sec_Fetch_Site="cross-site").status == 403  # a link on a page, or an image
    assert ask("/_mock/reset", "POST", b"{}", Origin=PAGE, Content_Type="text/plain").status == 415
