"""Every kind of fault on a real socket, as real clients meet it, on both event loops."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import requests
import uvloop

from mockserver.assembly import open_gateway
from mockserver.faults.kinds import KINDS
from mockserver.settings.loading import load
from mockserver.wire.server import Server
from mockserver.wire.serving import mock_server, opened, run_in_thread
from support.in_process import LOGIN, PHONE, TOKEN
from support.needed import not_here
from support.raw_client import Client, connected
from support.wire_server import lines, wait_for


@dataclass
class Running:
    """A mock that is up. Each test has a login of its own."""

    server: Server
    gateway: Any
    address: tuple[str, int]
    logins: int = 0

    def login(self) -> str:
        self.logins += 1
        return f"test-{self.logins}@example.com"

    def path(self, login: str = LOGIN, method: str = "info", **params: object) -> str:
        token = TOKEN if login == LOGIN else "test-token"
        rest = "".join(f"&{name}={value}" for name, value in params.items())
        return f"/api/{method}?login={login}&token={token}{rest}"

    def url(self, login: str, **params: object) -> str:
        return f"http://{self.address[0]}:{self.address[1]}{self.path(login, **params)}"

    def arm(self, *actions: Mapping[str, Any], times: Any = 1, **match: Any) -> str:
        """The login of its own, whose calls meet the faults."""
        login = self.login()
        for action in actions:
            fault = {"match": {"login": login, **match}, "action": {**action}, "times": times}
            if self.server is None:
                self.gateway.mock.arm(fault)
            else:
                self.server.guard(partial(self.gateway.mock.arm, fault))
        return login

    def get(self, login: str, *more: str, verb: str = "GET", version: str = "1.1", **params: object) -> bytes:
        lines = [f"{verb} {self.path(login, **params)} HTTP/{version}", "Host: t", *more, "", ""]
        return "\r\n".join(lines).encode()


@pytest.fixture(params=["memory", "sqlite"], scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """On each store with one of the two kinds of loop."""
    if request.param == "memory":
        state, new_loop = "memory", uvloop.new_event_loop
    else:
        state, new_loop = str(tmp_path_factory.mktemp("state") / "state.db"), asyncio.new_event_loop
    settings = load({"delay": "0s", "state": state})
    with opened(settings) as (gateway, server), run_in_thread(server, loop_factory=new_loop) as address:
        yield Running(server, gateway, address)


@dataclass(frozen=True)
class Case:
    """A fault, and the outcome that each client reports."""

    action: Mapping[str, Any]
    curl: int = 0  # its exit code
    python: str = "ok"  # http.client: what it raises, or what reading the body gives; the next ones likewise
    requests: str = "ok"
    node: str = "ok"
    php: str = "ok"


NOT_JSON = {"python": "no JSON", "requests": "no JSON", "node": "no JSON", "php": "no JSON"}
CASES: Mapping[str, Case] = {
    "error": Case({"kind": "error"}),
    "http": Case({"kind": "http", "status": 503, "body": "<p>Busy"}, **NOT_JSON),
    "stuck": Case({"kind": "stuck"}),
    "fail-task": Case({"kind": "fail-task"}),
    "latency": Case({"kind": "latency", "delay": "10ms"}),
    "garbage": Case({"kind": "garbage"}, **NOT_JSON),
    "wrong-format": Case({"kind": "wrong-format"}, **NOT_JSON),
    "dribble": Case({"kind": "dribble", "rate": 1000}),
    "reset": Case({"kind": "reset"}, 56, "ConnectionResetError", "ConnectionError", "ECONNRESET", "no answer"),
    "empty": Case({"kind": "empty"}, 52, "RemoteDisconnected", "ConnectionError", "ECONNRESET", "no answer"),
    # PHP's file_get_contents gives what has come.
    "truncate": Case({"kind": "truncate"}, 18, "IncompleteRead", "ChunkedEncodingError", "ECONNRESET", "no JSON"),
}
NODE = """
const get = url => new Promise(done => {
    const failed = error => done(error.code);
    require("http").get(url, {agent: false}, answer => {
        const pieces = [];
        answer.on("data", piece => pieces.push(piece)).on("error", failed).on("end", () => {
            try { JSON.parse(Buffer.concat(pieces)); done("ok"); } catch { done("no JSON"); }
        });
    }).on("error", failed);
});
(async () => { for (const url of process.argv.slice(1)) console.log(await get(url)); })();
"""
PHP = """
$quiet = stream_context_create(['http' => ['ignore_errors' => true]]);
foreach (array_slice($argv, 1) as $url) {
    $body = @file_get_contents($url, false, $quiet);
    echo $body === false || !$http_response_header ? 'no answer' : (json_decode($body) ? 'ok' : 'no JSON'), "\n";
}
"""


def by_curl(urls: list[str]) -> list[int]:
    return [subprocess.run(["curl", "-sS", url], capture_output=True, check=False).returncode for url in urls]


def by_python(urls: list[str]) -> list[str]:
    def get(url: str) -> str:
        host, _, path = url.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host, timeout=5)
        try:
            connection.request("GET", f"/{path}")
            return "ok" if json.loads(connection.getresponse().read()) else ""
        except ValueError:
            return "no JSON"
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    return [get(url) for url in urls]


def by_requests(urls: list[str]) -> list[str]:
    def get(url: str) -> str:
        try:
            return "ok" if requests.get(url, timeout=5).json() else ""
        except ValueError:
            return "no JSON"
        except requests.RequestException as error:
            return type(error).__name__

    return [get(url) for url in urls]


def by_process(*command: str) -> Callable[[list[str]], list[str]]:
    def run(urls: list[str]) -> list[str]:
        if shutil.which(command[0]) is None:
            not_here(command[0])
        return subprocess.run([*command, *urls], capture_output=True, text=True, check=True).stdout.splitlines()

    return run


CLIENTS: Mapping[str, Callable[[list[str]], list[Any]]] = {
    "curl": by_curl,
    "python": by_python,
    "requests": by_requests,
    "node": by_process("node", "-e", NODE),
    "php": by_process("php", "-r", PHP, "--"),
}


def test_every_kind_has_its_case() -> None:
    assert CASES.keys() == KINDS.keys()


@pytest.mark.parametrize("client", CLIENTS)
def test_each_kind_is_met_by_real_clients_as_promised(running: Running, client: str) -> None:
    urls = []
    for case in CASES.values():
        login = running.arm(case.action, times="always")
        method = "create" if KINDS[case.action["kind"]].aspect == "task" else "info"
        urls.append(running.url(login, method=method, phone=PHONE, source=2))

    assert dict(zip(CASES, CLIENTS[client](urls), strict=True)) == {
        name: getattr(case, client) for name, case in CASES.items()
    }


# Which bytes leave.


def received(running: Running, sent: bytes) -> bytes:
    """All bytes up to the end of the connection; raises ConnectionResetError where it is reset."""
    with connected(running.address) as client:
        client.send(sent)
        got = b""
        while piece := client.socket.recv(65536):
            got += piece
    return got


@pytest.mark.parametrize(
    ("action", "size"),
    [
        ({"kind": "truncate"}, 48),
        ({"kind": "truncate", "size": 0}, 0),
        ({"kind": "truncate", "size": 7}, 7),
        ({"kind": "truncate", "size": 96}, 96),
        ({"kind": "truncate", "size": 97}, 96),
        ({"kind": "truncate", "size": 1_000_000}, 96),
    ],
)
@pytest.mark.parametrize("more", [(), ("Connection: close",)])
def test_a_truncated_body_is_shorter_than_announced(
    running: Running, action: Mapping[str, Any], size: int, more: tuple[str, ...]
) -> None:
    head, _, body = received(running, running.get(running.arm(action), *more)).partition(b"\r\n\r\n")

    assert b"Content-Length: 97" in head
    assert len(body) == size
    assert (b"Connection: close" in head) == bool(more)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", ["reset", "empty", "truncate", "dribble"])
def test_of_an_answer_without_a_body_the_head_is_broken(running: Running, verb: str, version: str, kind: str) -> None:
    action = {"kind": kind} | ({"rate": 5000} if kind == "dribble" else {})
    page = {"kind": "http", "status": 204 if verb == "GET" else 200, "body": "body"}
    sent = running.get(running.arm(page, action), verb=verb, version=version)
    if kind == "reset":
        with pytest.raises(ConnectionResetError):
            received(running, sent)
    elif kind == "dribble":
        with connected(running.address) as client:
            assert client.send(sent).answer(head=True).status in (200, 204)
    else:
        assert received(running, sent) == {"empty": b"", "truncate": b"HTTP"}[kind]


def test_dribbled_bytes_come_at_their_rate_and_the_connection_is_kept(running: Running) -> None:
    login = running.arm({"kind": "dribble", "rate": 200})
    with connected(running.address) as client:
        client.send(running.get(login))
        began = time.monotonic()
        got, times = b"", []
        while len(got.partition(b"\r\n\r\n")[2]) < 97:
            got += client.socket.recv(65536)
            times.append(time.monotonic() - began)

        assert times[-1] == pytest.approx(97 / 200, abs=0.25)
        assert len(times) >= 5
        assert client.send(running.get(login)).answer().status == 200


def test_a_dribble_of_a_byte_a_second_sends_a_byte_a_second_and_works_little(running: Running) -> None:
    login = running.arm({"kind": "dribble", "rate": 1})
    with connected(running.address) as client:
        client.send(running.get(login))
        before, began = time.process_time(), time.monotonic()
        body = b""
        while time.monotonic() - began < 1.5:
            if select.select([client.socket], [], [], 0.1)[0]:
                body += client.socket.recv(65536)

        assert body.partition(b"\r\n\r\n")[2] == b"{"
        assert time.process_time() - before < 0.8


# Pipelined and kept connections.


@pytest.mark.parametrize("kind", ["reset", "empty", "truncate"])
def test_earlier_answers_go_out_whole_and_later_requests_are_not_answered(running: Running, kind: str) -> None:
    login = running.arm({"kind": kind}, nth=3)
    large = running.arm({"kind": "http", "status": 200, "body": "x" * 90_000}, times="always")
    with connected(running.address) as client:
        client.send(running.get(login) + running.get(large) + running.get(login) + running.get(login) * 3)
        assert client.answer().json["status"] == "ok"
        time.sleep(0.05)  # a reset must not overtake what this client has not read yet
        assert len(client.answer().body) == 90_000
        if kind == "reset":
            assert client.answer().json["status"] == "ok"
            with pytest.raises(ConnectionResetError):
                client.file.read()
        else:
            assert client.answer().json["status"] == "ok"
            rest = client.file.read()
            assert rest.count(b"HTTP/1.1") == (kind == "truncate")
    wait_for(lambda: running.server.held == 0)


def test_a_reset_waits_for_a_client_that_reads_slowly(
    running: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mockserver.wire.delivery._PATIENCE", 0.3)
    large = running.arm({"kind": "http", "status": 200, "body": "x" * 99_000}, times="always")
    login = running.arm({"kind": "reset"})
    with connected(running.address) as client:
        client.send(running.get(large) * 30 + running.get(login))
        for _ in range(30):
            time.sleep(0.02)
            assert len(client.answer().body) == 99_000
        with pytest.raises(ConnectionResetError):
            client.file.read()
    assert lines(capfd) == ""


def test_a_connection_that_ends_behind_much_that_is_read_slowly_ends_once(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    large = running.arm({"kind": "http", "status": 200, "body": "x" * 99_000}, times="always")
    end = running.get(running.login(), "Connection: close")
    for answers in range(1, 31):  # the system takes some of them, and of those the last one in part
        with connected(running.address) as client:
            client.send(running.get(large) * answers + end)
            time.sleep(0.01)
            assert {len(client.answer().body) for _ in range(answers)} == {99_000}
            assert client.file.read().endswith(b"}")
    assert lines(capfd) == ""


def test_calls_behind_the_broken_one_are_decided_where_they_were_read_with_it(running: Running) -> None:
    login = running.arm({"kind": "empty"})
    with connected(running.address) as client:
        client.send(running.get(login) + running.get(login, method="create", phone=PHONE, source=2))

        assert client.file.read() == b""
    with connected(running.address) as client:
        answer = client.send(running.get(login)).answer().json
        assert answer["data"]["api_limit"]["used"] > 0


def test_a_kept_connection_is_broken_at_the_call_that_the_fault_meets(running: Running) -> None:
    for kind in ("reset", "empty", "truncate"):
        login = running.arm({"kind": kind}, nth=3)
        session = requests.Session()
        assert [session.get(running.url(login), timeout=5).status_code for _ in range(2)] == [200, 200]
        with pytest.raises(requests.RequestException):
            session.get(running.url(login), timeout=5)
        assert session.get(running.url(login), timeout=5).status_code == 200
        session.close()


def test_a_client_that_still_sends_reads_the_end_and_no_reset(running: Running) -> None:
    login = running.arm({"kind": "empty"})
    with connected(running.address) as client:
        client.send(running.get(login))
        for _ in range(20):
            with suppress(OSError):
                client.send(running.get(login) * 100)

        assert client.socket.recv(1) == b""


def test_the_access_log_says_how_an_answer_was_broken() -> None:
    settings = load({})
    gateway = open_gateway(settings)
    log: list[str] = []
    with run_in_thread(mock_server(gateway, settings, log.append)) as address:
        running = Running(None, gateway, address)  # type: ignore[arg-type]
        assert received(running, running.get(running.arm({"kind": "truncate", "size": 7})))[-7:] == b'{"statu'
        assert received(running, running.get(running.arm({"kind": "empty"}))) == b""
    assert [re.search(" 200 .*ms fault f. ([a-z]+) ", line)[1] for line in log] == ["truncate", "empty"]  # type: ignore[index]


# Together, and ended.


def test_a_call_meets_a_fault_of_each_aspect(running: Running) -> None:
    login = running.arm(
        {"kind": "latency", "delay": "150ms"},
        {"kind": "error", "code": 418, "message": "x" * 100},
        {"kind": "wrong-format", "format": "xml"},
        {"kind": "truncate", "size": 30},
        {"kind": "empty"},  # of the aspect of the one before: it is left for the next call
    )
    began = time.monotonic()
    head, _, body = received(running, running.get(login)).partition(b"\r\n\r\n")

    assert time.monotonic() - began >= 0.14
    assert b"Content-Type: application/json" in head
    assert body.startswith(b"<?xml")
    assert len(body) == 30
    assert received(running, running.get(login)) == b""


@pytest.mark.parametrize("action", [{"kind": "reset"}, {"kind": "empty"}, {"kind": "truncate", "size": 3}])
def test_a_reset_of_the_login_before_a_late_answer_is_broken_gives_a_503(
    running: Running, action: Mapping[str, Any]
) -> None:
    login = running.arm({"kind": "latency", "delay": "60s"}, action)
    with connected(running.address) as client:
        client.send(running.get(login))
        wait_for(lambda: len(running.server.outbox) == 1)
        running.server._loop.call_soon_threadsafe(running.server.outbox.end, login)

        assert client.answer().status == 503
        assert client.closed()


def test_a_reset_of_the_login_has_a_dribbled_answer_sent_to_its_end(running: Running) -> None:
    login = running.arm({"kind": "dribble", "rate": 1})
    with connected(running.address) as client:
        client.send(running.get(login))
        assert client.file.readline() == b"HTTP/1.1 200 OK\r\n"
        wait_for(lambda: len(running.server.outbox) == 1)
        running.server._loop.call_soon_threadsafe(running.server.outbox.end, login)
        while client.file.readline() != b"\r\n":
            pass

        assert json.loads(client.file.read(97))["status"] == "ok"
        assert client.send(running.get(login)).answer().status == 200


def test_a_stop_has_a_dribbled_answer_sent_to_its_end() -> None:
    settings = load({})
    gateway = open_gateway(settings)
    with run_in_thread(mock_server(gateway, settings)) as address:
        running = Running(None, gateway, address)  # type: ignore[arg-type]
        client = Client(address)
        client.send(running.get(running.arm({"kind": "dribble", "rate": 1})))
        assert client.file.readline() == b"HTTP/1.1 200 OK\r\n"
    assert client.file.read().endswith(b"}}")
    client.close()


@pytest.mark.parametrize("rate", [1, 100_000])
def test_a_client_that_leaves_a_dribbled_answer_is_noticed(running: Running, rate: int) -> None:
    login = running.arm(
        {"kind": "http", "status": 200, "body": "x" * 100_000}, {"kind": "dribble", "rate": rate}, times="always"
    )
    clients = [Client(running.address).send(running.get(login) * 3) for _ in range(3)]
    for client in clients:
        client.file.readline()
        client.close()

    wait_for(lambda: not running.server.outbox)
    wait_for(lambda: running.server.held == 0)


def test_behind_a_dribbled_answer_no_more_is_read_than_may_wait(running: Running) -> None:
    login = running.arm({"kind": "dribble", "rate": 1})
    with connected(running.address) as client:
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.send(running.get(login) * 100_000)

        assert running.server.held < 2 * running.server.limits.queued
