"""The requests of the control API: list, count, wait and export what the journal has."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest

from mockserver.api.http import Request
from mockserver.core.errors import StoreError
from mockserver.inputs.fields import Field
from mockserver.settings.loading import load
from mockserver.stores.journal import AMONG, Pattern
from mockserver.web.app import make_app
from mockserver.web.control import Control, Handled, route_table
from mockserver.wire.server import Server
from mockserver.wire.serving import mock_server, run_in_thread
from support.command import ifind
from support.in_process import LOGIN, OPENED, PHONE, TOKEN, Api
from support.raw_client import Client, connected
from support.wire_server import wait_for

LOGIN_2 = "test-2@example.com"


class Asked:
    """A mock and its control API, in this process."""

    def __init__(self, **options: Any) -> None:
        self.api = Api(**options)
        self.control = Control(self.api.mock, load(), lambda do: do(), lambda _: None)

    def ask(self, http_method: str, path: str, query: dict[str, str] | None = None, body: Any = None) -> Handled:
        handled = self.control.handle(http_method, path, query, body)
        row = route_table()["/requests/<number>" if path[-1].isdigit() else path][http_method]
        if isinstance(field := row.answers.get(handled.status), Field):
            jsonschema.validate(handled.body, field.schema)
        return handled

    def numbers(self, **query: str) -> list[int]:
        return [entry["number"] for entry in self.ask("GET", "/requests", query).body["requests"]]

    def count(self, **body: Any) -> Handled:
        return self.ask("POST", "/requests/count", body=body)

    def wait(self, **body: Any) -> Handled:
        return self.ask("POST", "/requests/wait", body=body)


@pytest.fixture
def asked() -> Asked:
    """Three calls of the default account (a task, a poll of it, info), one of another, one of none."""
    made = Asked()
    task = made.api.create()
    made.api.time.passes(1)
    made.api.call("result", id=task)
    made.api.send("info", http_method="POST", format="csv")
    made.api.send("info", login=LOGIN_2, token="test-token")
    made.api.send("info", login="nobody", token=TOKEN)
    return made


def test_calls_are_listed_in_pages_either_way_and_one_by_one(asked: Asked) -> None:
    first = asked.ask("GET", "/requests", {"limit": "2"}).body

    assert ([entry["number"] for entry in first["requests"]], first["next"], first["dropped"]) == ([1, 2], 2, 0)
    assert asked.numbers(limit="2", offset="2") == [3, 4]
    assert asked.numbers(order="newest", limit="2") == [5, 4]
    assert asked.ask("GET", "/requests/2").body == first["requests"][1]
    assert first["requests"][1] == {
        **first["requests"][1],
        "method": "result",
        "phone": PHONE,
        "params": ["login", "token", "id"],
        "outcome": "processing",
        "time": "2030-01-01T12:00:01+03:00",
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"login": LOGIN}, [1, 2, 3]),
        ({"method": "info", "http_method": "POST"}, [3]),
        ({"phone": PHONE, "source": "2"}, [1, 2]),
        ({"task": "1", "outcome": "ok"}, [1]),
        ({"outcome": "error"}, [5]),
        ({"http_status": "200", "format": "csv"}, [3]),
        ({"reason": "unknown"}, [5]),
        ({"after": "4"}, [5]),
        ({"since": "2030-01-01T12:00:01 03:00"}, [2, 3, 4, 5]),  # a plus that was not escaped
        ({"since": "2030-01-01T09:00:01Z", "until": "2030-01-01T12:00:02"}, [2, 3, 4, 5]),
        ({"until": "2030-01-01 12:00:01"}, [1]),
    ],
    ids=str,
)
def test_a_query_picks_by_every_key(asked: Asked, query: dict[str, str], numbers: list[int]) -> None:
    asked.api.send("nothing", login=None)

    assert [number for number in asked.numbers(**query) if number < 6] == numbers


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"source": "two"}, ["source"]),
        ({"metod": "info"}, [""]),
        ({"method": "inof", "since": "now"}, ["method", "since"]),
        ({"limit": "0"}, ["limit"]),
        ({"order": "random"}, ["order"]),
    ],
    ids=str,
)
def test_a_wrong_query_is_refused(asked: Asked, query: dict[str, str], places: list[str]) -> None:
    refused = asked.ask("GET", "/requests", query)

    assert refused.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [one.get("where", "") for one in refused.body["problems"]] == places
    assert all(one["remedy"] for one in refused.body["problems"])


@pytest.mark.parametrize(
    ("http_method", "path", "sent", "where"),
    [
        ("GET", "/requests", {"method": "info", "phone": PHONE}, "phone"),
        ("GET", "/requests.har", {"since": "2030-01-01", "until": "2029-01-01"}, "until"),
        ("POST", "/requests/count", {"since": "2030-01-01", "until": "2030-01-01"}, "until"),
        ("POST", "/requests/count", {"exactly": 1, "at_least": 1}, "exactly"),
        ("POST", "/requests/count", {"at_least": 2, "at_most": 1}, "at_most"),
        ("POST", "/requests/wait", {"match": {"method": "info", "source": 2}}, "match.source"),
    ],
)
def test_what_nothing_could_fit_is_a_conflict(
    asked: Asked, http_method: str, path: str, sent: dict[str, Any], where: str
) -> None:
    query, body = (sent, None) if http_method == "GET" else (None, sent)
    refused = asked.ask(http_method, path, query, body)

    assert (refused.status, refused.body["problems"][0]["where"]) == (409, where)
    assert "count" not in refused.body  # it is no verification


@pytest.mark.parametrize(
    ("http_method", "path", "body", "where"),
    [
        ("GET", "/requests", None, "login"),
        ("GET", "/requests.har", None, "login"),
        ("DELETE", "/requests", None, "login"),
        ("POST", "/requests/count", {"login": "demmo@example.com"}, "login"),
        ("POST", "/requests/wait", {"match": {"login": "demmo@example.com"}}, "match.login"),
    ],
)
def test_a_login_without_an_account_is_unknown(
    asked: Asked, http_method: str, path: str, body: Any, where: str
) -> None:
    unknown = asked.ask(http_method, path, {} if body else {"login": "demmo@example.com"}, body)

    assert (unknown.status, unknown.body["problems"][0]["where"]) == (404, where)
    assert "did you mean 'demo@example.com'?" in unknown.body["detail"]


def test_a_call_that_is_not_there_is_told_apart_from_one_that_was_dropped() -> None:
    asked = Asked(journal=1)
    asked.api.send("info")
    asked.api.send("info")

    details = [asked.ask("GET", f"/requests/{number}").body["detail"] for number in (1, 9)]
    assert ["was dropped" in details[0], "has not come yet" in details[1]] == [True, True]


@pytest.mark.parametrize(("login", "left"), [(LOGIN, [4, 5]), (None, [])])
def test_what_came_can_be_forgotten(asked: Asked, login: str | None, left: list[int]) -> None:
    assert asked.ask("DELETE", "/requests", {"login": login} if login else {}).status == HTTPStatus.NO_CONTENT
    assert asked.numbers() == left
    assert asked.api.used() > 0


def test_without_a_journal_the_routes_say_how_to_have_one() -> None:
    asked = Asked(journal=0)

    for http_method, path in (("GET", "/requests"), ("GET", "/requests.har"), ("POST", "/requests/count")):
        refused = asked.ask(http_method, path)
        assert (refused.status, "--journal" in refused.body["detail"]) == (422, True)


# Verification.


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({}, True),
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
        ({"exactly": 3}, False),
        ({"at_least": 2, "at_most": 2}, True),
        ({"at_least": 3}, False),
        ({"at_most": 1}, False),
        ({"at_least": 0}, True),
    ],
    ids=str,
)
def test_a_count_holds_or_fails_with_what_was_seen(asked: Asked, expected: dict[str, int], holds: bool) -> None:
    counted = asked.count(phone=PHONE, **expected)

    assert counted.status == (200 if holds else 409)
    assert (counted.body["count"], counted.body["inconclusive"]) == (2, False)
    if not holds:
        few = expected.get("exactly", expected.get("at_least", 0)) > 2
        assert ("nearest" in counted.body) == few
        assert counted.body.get("numbers") == (None if few else [1, 2])


def test_a_failed_verification_shows_the_nearest_calls_and_what_differs(asked: Asked) -> None:
    wanted = {"login": LOGIN, "method": "result", "phone": PHONE, "source": 3, "since": "2030-01-01T12:00:02+03:00"}
    failed = asked.count(**wanted, at_least=1).body

    assert [(one["request"]["number"], sorted(one["differs"])) for one in failed["nearest"]] == [
        (2, ["since", "source"]),
        (1, ["method", "since", "source"]),
        (3, ["method", "phone", "since", "source"]),
    ]
    assert failed["nearest"][0]["differs"] == {
        "source": {"wanted": 3, "was": 2},
        "since": {"wanted": "2030-01-01T12:00:02+03:00", "was": "2030-01-01T12:00:01+03:00"},
    }
    assert "expected: at least 1" in failed["detail"]


def test_the_calls_of_another_account_are_no_near_misses_and_those_of_none_are(asked: Asked) -> None:
    asked.ask("DELETE", "/requests", {"login": LOGIN})
    nearest = asked.count(login=LOGIN, method="info", exactly=1).body["nearest"]

    assert [(one["request"]["number"], one["differs"]) for one in nearest] == [
        (5, {"login": {"wanted": LOGIN, "was": None}})
    ]


@pytest.mark.parametrize(
    ("expected", "status", "inconclusive"),
    [
        ({}, 200, True),
        ({"at_least": 3}, 200, False),
        ({"at_least": 4}, 409, True),
        ({"at_least": 6}, 409, False),
        ({"at_most": 2}, 409, False),
        ({"at_most": 4}, 409, True),
        ({"at_most": 5}, 200, False),
        ({"exactly": 3}, 409, True),
        ({"exactly": 5}, 409, True),
        ({"exactly": 2}, 409, False),
        ({"exactly": 6}, 409, False),
    ],
    ids=str,
)
def test_nothing_is_claimed_that_dropped_calls_could_change(
    expected: dict[str, int], status: int, inconclusive: bool
) -> None:
    asked = Asked(journal=3)
    for _ in range(5):
        asked.api.send("info")
    counted = asked.count(method="info", login=LOGIN, **expected)

    assert (counted.status, counted.body["count"], counted.body["dropped"]) == (status, 3, 2)
    assert counted.body["inconclusive"] is inconclusive
    assert ("inconclusive" in counted.body.get("title", "")) == (inconclusive and status == 409)
    assert asked.count(method="create", login=LOGIN, exactly=0).status == 200  # what was dropped could not fit


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"exactly": "2"}, "exactly"),
        ({"exactly": -1}, "exactly"),
        ({"exacty": 1}, ""),
        ({"nth": 1}, ""),
        ({"source": "2"}, "source"),
        ({"outcome": "fine"}, "outcome"),
    ],
    ids=str,
)
def test_a_wrong_expectation_is_refused_with_its_place(asked: Asked, body: dict[str, Any], where: str) -> None:
    refused = asked.count(**body)

    assert (refused.status, refused.body["problems"][0].get("where", "")) == (422, where)


# Waiting, in this process.


def test_a_wait_for_what_has_come_answers_at_once(asked: Asked) -> None:
    started = monotonic()

    assert asked.wait(match={"phone": PHONE}, count=2, timeout="60s") == (
        200,
        {"count": 2, "dropped": 0, "inconclusive": False},
        {},
        False,
    )
    assert monotonic() - started < 30


def test_a_wait_that_ends_tells_the_nearest_and_leaves_nothing_behind(asked: Asked) -> None:
    late = asked.wait(match={"login": LOGIN, "method": "create"}, count=2, timeout="10ms")

    assert (late.status, late.body["count"], late.is_problem) == (408, 1, True)
    assert [one["request"]["number"] for one in late.body["nearest"]] == [3, 2, 5]
    assert asked.api.mock.journal._waiters == {}


def test_a_wait_whose_transaction_fails_leaves_nothing_behind(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def failing(**_: Any) -> Iterator[None]:
        yield
        raise StoreError("the disk is full")

    monkeypatch.setattr(asked.api.mock.store, "transaction", failing)

    assert asked.control.handle("POST", "/requests/wait", body={}).status == 503
    assert asked.api.mock.journal._waiters == {}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"timeout": 5}, "timeout"),
        ({"timeout": "601s"}, "timeout"),
        ({"timeout": "never"}, "timeout"),
        ({"count": 0}, "count"),
        ({"match": {"exactly": 2}}, "match"),
    ],
    ids=str,
)
def test_a_wrong_wait_is_refused_with_its_place(asked: Asked, body: dict[str, Any], where: str) -> None:
    refused = asked.wait(**body)

    assert (refused.status, refused.body["problems"][0]["where"]) == (422, where)


def test_the_nearest_are_looked_for_among_few(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(Pattern, "differing", lambda _, entry: looked.append(entry.number) or ["method"])
    for _ in range(3 * AMONG):
        asked.api.send("info")
    for login in (None, LOGIN):
        looked.clear()
        asked.count(method="create", exactly=9, **({"login": login} if login else {}))
        assert 0 < len(looked) <= 2 * AMONG


# Waiting, on the wire server.


@dataclass
class Served:
    """A mock on its server."""

    server: Server
    api: Api
    address: tuple[str, int]

    def parked(self, client: Client, timeout: str = "30s", **match: Any) -> Client:
        """Has the client wait, and waits until it does."""
        before = len(self.server.outbox)
        ask(client, "POST", "/_mock/requests/wait", {"match": match, "timeout": timeout})
        wait_for(lambda: len(self.server.outbox) > before)
        return client


def ask(client: Client, http_method: str, path: str, body: Any = None) -> Client:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{http_method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    return client.send(f"{head}Content-Type: application/json\r\n\r\n".encode() + content)


@pytest.fixture(params=["memory", "sqlite"], scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    memory = request.param == "memory"
    api = Api(state="memory" if memory else str(tmp_path_factory.mktemp("state") / "state.db"))
    OPENED.remove(api.mock.store)  # it serves more than one test
    server = mock_server(api.gateway, load())
    with closing(api.mock.store), run_in_thread(server) as address:
        yield Served(server, api, address)


INFO = f"/api/info?login={LOGIN}&token={TOKEN}"


def test_many_waits_hold_nobody_and_are_answered_by_one_call(served: Served) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(served.address)) for _ in range(500)]
        for client in clients:
            ask(client, "POST", "/_mock/requests/wait", {"match": {"login": LOGIN}, "timeout": "60s"})
        # Half a second on an idle machine: each wait is a call of the control API, with SQLite a transaction.
        wait_for(lambda: len(served.server.outbox) == len(clients), 30)
        other = stack.enter_context(connected(served.address))
        assert ask(other, "GET", "/_mock/health").answer().status == 200
        assert ask(other, "GET", INFO).answer().status == 200
        answers = [client.answer() for client in clients]

    assert {(got.status, got.json["count"]) for got in answers} == {(200, 1)}
    assert (len(served.server.outbox), served.api.mock.journal._waiters) == (0, {})


def test_a_client_that_leaves_ends_its_wait(served: Served) -> None:
    with connected(served.address) as client:
        served.parked(client, method="create")
    wait_for(lambda: len(served.server.outbox) == 0)
    wait_for(lambda: served.api.mock.journal._waiters == {})


def test_at_the_deadline_the_wait_is_a_problem_and_the_connection_goes_on(served: Served) -> None:
    with connected(served.address) as client:
        got = served.parked(client, "30ms", method="create").answer()
        ask(client, "POST", "/_mock/requests/wait", {"match": {"method": "create"}, "timeout": "0s"})
        assert client.answer().status == 408
        assert (got.status, got.headers["content-type"], got.json["count"]) == (408, "application/problem+json", 0)
        assert (got.headers["cache-control"], served.api.mock.journal._waiters) == ("no-store", {})
        assert ask(client, "GET", INFO).answer().status == 200


def test_a_reset_answers_the_waits_of_its_login_alone(served: Served) -> None:
    with connected(served.address) as ended, connected(served.address) as other, connected(served.address) as reset:
        served.parked(ended, method="create", login=LOGIN)
        served.parked(other, method="create", login=LOGIN_2)
        assert ask(reset, "POST", "/_mock/reset", {"login": LOGIN}).answer().status == 204
        got = ended.answer()

        assert (got.status, got.json["title"], got.headers["connection"]) == (503, "The wait ended", "close")
        assert ended.closed()
        assert len(served.server.outbox) == 1


def test_what_follows_a_wait_on_its_connection_is_answered_after_it(served: Served) -> None:
    with connected(served.address) as client, connected(served.address) as other:
        served.parked(client, method="create", after=10**6)
        ask(ask(client, "GET", "/_mock/health"), "GET", INFO)
        assert ask(other, "POST", "/_mock/reset", {}).answer().status == 204
        answers = [client.answer() for _ in range(3)]

        assert [got.status for got in answers] == [503, 200, 200]
        assert answers[-1].headers["connection"] == "close"


def test_a_server_that_stops_answers_those_who_wait() -> None:
    api = Api()
    server = mock_server(api.gateway, load())
    with ExitStack() as stack:
        with run_in_thread(server) as address:
            client = Served(server, api, address).parked(stack.enter_context(connected(address)), method="create")
            started = monotonic()
        got = client.answer()

    assert (got.status, got.headers["content-type"]) == (503, "application/problem+json")
    assert monotonic() - started < 20


def test_waits_leave_the_places_that_are_kept_for_the_control_api() -> None:
    api = Api()
    server = mock_server(api.gateway, load({"limits": "connections=2,control_connections=2"}))
    with ExitStack() as stack, run_in_thread(server) as address:
        served = Served(server, api, address)
        first, _second = (served.parked(stack.enter_context(connected(address)), method="create") for _ in range(2))
        for _ in range(5):
            client = stack.enter_context(connected(address))
            got = ask(client, "POST", "/_mock/requests/wait", {"timeout": "30s"}).answer()
            assert (got.status, "do not wait" in got.json["message"]) == (503, True)
        assert len(next(iter(api.mock.journal._waiters.values()))) == 2
        assert ask(client, "GET", "/_mock/health").answer().status == 200
        first.close()
        wait_for(lambda: len(server.outbox) == 1)
        served.parked(client, method="create")


# Waiting, under WSGI.


def test_under_wsgi_a_wait_holds_its_own_thread_alone() -> None:
    api, lock = Api(), threading.Lock()

    def guard(operation: Callable[[], Any]) -> Any:
        with lock:
            return operation()

    app = make_app(api.gateway, guard, load())

    def post(path: str, body: Any) -> Any:
        return app.test_client().post(f"/_mock{path}", json=body)

    def parked(count: int) -> bool:
        return sum(map(len, api.mock.journal._waiters.values())) == count

    with ThreadPoolExecutor(3) as threads:
        reached = threads.submit(post, "/requests/wait", {"match": {"login": LOGIN}, "timeout": "60s"})
        ended = threads.submit(post, "/requests/wait", {"match": {"login": LOGIN_2}, "timeout": "60s"})
        late = threads.submit(post, "/requests/wait", {"match": {"method": "create"}, "timeout": "300ms"})
        assert post("/requests/wait", {"match": {"method": "create"}, "timeout": "0s"}).status_code == 408
        wait_for(lambda: parked(3))
        assert app.test_client().get(INFO).status_code == 200
        assert (reached.result(5).status_code, reached.result().json["count"]) == (200, 1)
        assert post("/reset", {"login": LOGIN_2}).status_code == 204
        assert (ended.result(5).status_code, ended.result().json["title"]) == (503, "The wait ended")
        assert (late.result(5).status_code, late.result().mimetype) == (408, "application/problem+json")

    assert api.mock.journal._waiters == {}


# Export.


@pytest.fixture(scope="module")
def har(tmp_path_factory: pytest.TempPathFactory) -> Path:
    asked = Asked(delay="0s", profile={"csv.encoding": "cp1251"})
    tasks = count(1)
    for form in ("json", "xml", "csv"):
        for source in (1, 2, 3):
            asked.api.send("create", phone=PHONE, source=source, format=form)
            asked.api.send("result", id=next(tasks), format=form)
    fields = f"login={LOGIN}&token={TOKEN}".encode()
    asked.api.gateway.answer(
        Request("POST", b"/api/info", b"", {"content-type": "application/x-www-form-urlencoded"}, fields, "127.0.0.1")
    )
    asked.api.send("info", http_method="HEAD")
    asked.api.send(TOKEN, token=TOKEN)
    asked.api.send("info", login=TOKEN, token=LOGIN)
    for action in ({"kind": "http", "status": 502, "body": f"<p>{TOKEN}</p>"}, {"kind": "truncate"}):
        asked.api.mock.arm({"action": action})
        asked.api.send("info")
    file = tmp_path_factory.mktemp("har") / "calls.har"
    file.write_bytes(asked.ask("GET", "/requests.har").body.content)
    return file


def test_an_archive_has_bodies_of_a_mebibyte_the_newest_ones() -> None:
    asked = Asked()
    asked.api.mock.arm({"action": {"kind": "http", "status": 200, "body": "x" * 60_000}, "times": "always"})
    for _ in range(30):
        asked.api.send("info")
    entries = json.loads(asked.ask("GET", "/requests.har").body.content)["log"]["entries"]
    has_body = ["text" in entry["response"]["content"] for entry in entries]

    assert has_body == [False] * 13 + [True] * 17


def test_our_own_validate_reads_the_archive_and_finds_what_it_should(har: Path) -> None:
    result = ifind("validate", har.name, cwd=har.parent)

    assert "ignored: 1 by OPTIONS or HEAD, 1 of other addresses" in result.stdout
    assert "22 answers: 20 holds, 2 not checked" in result.stdout
    assert result.stderr.count("its body was not kept") == 2


def test_the_archive_has_every_member_that_its_readers_need_and_no_credential(har: Path) -> None:
    content = har.read_text()
    log = json.loads(content)["log"]

    assert not [secret for secret in (TOKEN, LOGIN, LOGIN.replace("@", "%40")) if secret in content]
    assert (log["version"], set(log["creator"])) == ("1.2", {"name", "version"})
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        assert entry["time"] == sum(entry["timings"][part] for part in ("send", "wait", "receive"))
        request, response = entry["request"], entry["response"]
        sizes = {"headersSize", "bodySize", "cookies", "headers", "httpVersion"}
        assert {"method", "url", "queryString", *sizes} <= set(request)
        assert {"status", "statusText", "content", "redirectURL", *sizes} <= set(response)
        assert {"size", "mimeType"} <= set(response["content"])
        assert urlsplit(request["url"]).scheme == "http"
        pairs = [(one["name"], one["value"]) for one in request["queryString"]]
        assert parse_qsl(urlsplit(request["url"]).query) == pairs


def test_an_archive_that_leaves_calls_out_says_so() -> None:
    asked = Asked()
    for _ in range(3):
        asked.api.send("info")
    whole, part = (
        json.loads(asked.ask("GET", "/requests.har", query).body.content)["log"] for query in ({}, {"limit": "2"})
    )

    assert [len(log["entries"]) for log in (whole, part)] == [3, 2]
    assert ["left out" in log["comment"] for log in (whole, part)] == [False, True]
