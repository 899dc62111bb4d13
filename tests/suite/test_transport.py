"""The suite's transport keeps what came as evidence, over real sockets."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from contract_tests.api.calls import Call
from contract_tests.budget.budget import Budget, Limits
from contract_tests.budget.sender import Sender
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import Request, TransportError
from support.command import ifind
from support.processes import serving as command_serving
from support.raw_server import OK, Turn, failure, impatient, says, server


def test_the_answer_is_kept_as_it_came() -> None:
    answer = b"HTTP/1.1 404 Nope\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\n\xff\x00b"
    with server(says(answer)) as url, HttpClient() as client:
        response = client.send(Request("GET", f"{url}?a=%00"))

    assert (response.status, response.body) == (404, b"\xff\x00b")
    assert response.headers[:2] == (("x-a", "1"), ("x-a", "2"))


def test_what_stands_beside_an_answer_is_kept_too() -> None:
    early = b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
    answer = b"HTTP/1.1 200 All right\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Debug: b\r\n\r\n"
    with server(says(early + answer)) as url, HttpClient() as client:
        kept = client.send(Request("GET", url))

    assert kept.body == b"hi"
    assert all(part in kept.beside for part in (b"</a>", b"All right", b"X-Debug: b".lower()))


def sent(client: HttpClient, url: str) -> bytes:
    """The body of the answer; the call is sent again only where a kept connection is reported to have ended."""
    try:
        return client.send(Request("GET", url)).body
    except TransportError as failure:
        if not failure.stale:
            raise
        return client.send(Request("GET", url)).body


def test_a_connection_is_used_again_and_a_closed_one_replaced() -> None:
    with server(says(OK, OK), says(OK)) as url, HttpClient() as client:
        bodies = [sent(client, url) for _ in range(3)]

    assert bodies == [b"hi"] * 3


def test_what_is_not_repeatable_gets_a_connection_of_its_own_and_is_sent_once() -> None:
    kept: list[bytes] = []
    seen: list[bytes] = []

    def keeps(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK)
        kept.append(connection.recv(65536))

    def swallows(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))

    with server(keeps, swallows, says(OK)) as url, HttpClient() as client:
        client.send(Request("GET", url))
        with pytest.raises(TransportError) as caught:
            client.send(Request("GET", url), repeatable=False)

    assert caught.value.kind == "closed"
    assert (kept, len(seen)) == ([b""], 1)


def test_what_is_no_http_is_reported_without_the_targets_bytes() -> None:
    with (
        server(says(b"Ivan 70001234567 tok-1\r\n\r\n")) as url,
        HttpClient() as client,
        pytest.raises(TransportError) as caught,
    ):
        client.send(Request("GET", url))

    assert caught.value.kind == "malformed"
    assert "Ivan" not in str(caught.value)
    assert b"Ivan" in caught.value.received


def test_a_redirect_to_itself_is_an_answer_and_not_followed() -> None:
    ring = b"HTTP/1.1 302 Found\r\nLocation: /api/info\r\nContent-Length: 0\r\n\r\n"
    with server(says(ring), says(OK)) as url, HttpClient() as client:
        response = client.send(Request("GET", url))

    assert (response.status, response.header("location")) == (302, "/api/info")


def test_a_closed_port_is_unreachable() -> None:
    with server() as url:
        pass
    with HttpClient() as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", url))

    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "closed"),
        (b"hello, who is there?\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", "malformed"),
        (b"HTTP/1.1 200 OK\r\nA" + b"a" * 70_000, "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi, and more", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed"),
        (b"\r\n\r\n", "malformed"),
        (b"\x16\x03\x01\x00\x02\x02\x28\r\n\r\n", "malformed"),
        (b"HTTP/0.9 200 OK\r\n\r\n", "malformed"),
        (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "malformed"),
        (b"HTTP/11.1 200 OK\r\n\r\n", "malformed"),
        (b"http/1.1 200 OK\r\n\r\n", "malformed"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "malformed"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nA: \0b\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\n folded: at once\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhi", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2e9\r\n\r\nhi", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 50 + b"\r\n\r\nhi", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\nhi", "closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhi", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi!!", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"x" * 90_000, "malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 30_000, "malformed"),
        (b"HTTP/1.1 204 None\r\n\r\nhi, and more", "malformed"),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\nhi", "malformed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "closed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, "malformed"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", "malformed"),
        (b"HTTP/1.1 199 Mine\r\n\r\n" + b"HTTP/1.1 103 Early\r\n\r\n" * 8 + b"HTTP/1.1 200 OK\r\n\r\n", "malformed"),
    ],
)
def test_what_is_no_answer_is_a_failure_with_its_evidence(answer: bytes, kind: str) -> None:
    caught = failure(says(answer))

    assert caught.kind == kind
    assert answer.startswith(caught.received)
    assert len(caught.received) <= 64 * 1024


ODD: dict[str, tuple[bytes, bytes, str]] = {
    "gzip": (b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", b"\x1f\x8b\x08", "Content-Encoding"),
    "two framings": (b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"", "both Content-Length"),
    "bare line feeds": (b"Content-Length: 2\n\nhi", b"hi", "bare line feed"),
    "folded": (b"A: b\r\n  c\r\nContent-Length: 2\r\n\r\nhi", b"hi", "folded"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_a_client_may_tolerate_is_kept_and_reported(name: str) -> None:
    rest, body, expected = ODD[name]
    with server(says(b"HTTP/1.1 200 OK\r\n" + rest)) as url, HttpClient() as client:
        response = client.send(Request("GET", url))

    assert response.body == body
    assert [oddity for oddity in response.oddities if expected in oddity]


@pytest.mark.parametrize(
    ("http_method", "answer", "body"),
    [
        ("GET", b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 204 None\r\nContent-Length: 2000\r\n\r\n", b""),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nto the end\r\n", b"to the end\r\n"),
        ("GET", b"HTTP/1.1 200\r\nConnection: close\r\n\r\nto the end", b"to the end"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nT: x\r\n\r\n", b"hi"),
        ("GET", b"HTTP/1.1 200 OK\r\nX: \xff\xe9\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
    ],
)
def test_what_is_right_http_is_an_answer_without_oddities(http_method: str, answer: bytes, body: bytes) -> None:
    with server(says(answer)) as url, HttpClient() as client:
        response = client.send(Request(http_method, url))

    assert (response.body, response.oddities) == (body, ())


def test_a_connection_that_is_to_be_kept_and_is_not_is_replaced() -> None:
    lie = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"
    with server(says(lie), says(lie)) as url, HttpClient() as client:
        bodies = [sent(client, url) for _ in range(2)]

    assert bodies == [b"hi", b"hi"]


def test_a_kept_connection_that_ended_is_no_failure_of_the_target() -> None:
    lie = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"
    with server(says(lie), says(lie), says(lie)) as url, HttpClient() as client:
        sender = Sender(url.removesuffix("/info"), client, Budget(Limits(units=0, pauses=(0.0, 0.0))))
        bodies = [sender.send_idempotent(Call("info")).body for _ in range(2)]

    assert bodies == [b"hi", b"hi"]
    assert sender.retried == []


DOWN = b"HTTP/1.1 500 Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("pauses", "then"), [((), ()), ((0.0, 0.0), (DOWN, DOWN))], ids=["where nothing is tried twice", "before two tries"]
)
def test_a_kept_connection_that_ended_eats_no_try(pauses: tuple[float, ...], then: tuple[bytes, ...]) -> None:
    """The target reads the second request on the kept connection, and ends that without a byte."""
    turns = [reads(says(OK)), *(says(answer) for answer in then), says(OK)]
    with server(*turns) as url, HttpClient() as client:
        sender = Sender(url.removesuffix("/info"), client, Budget(Limits(units=0, pauses=pauses)))
        bodies = [sender.send_idempotent(Call("info")).body for _ in range(2)]

    assert bodies == [b"hi", b"hi"]
    assert sender.budget.calls == 2
    assert len(sender.log) == 2 + len(then), "a request on a connection that had ended is none of the calls"


IDLE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("turn", [says(OK, IDLE), says(OK + IDLE)], ids=["in place of an answer", "behind an answer"])
def test_a_408_on_a_connection_that_was_idle_is_no_answer(turn: Turn) -> None:
    with server(turn, says(OK)) as url, HttpClient() as client:
        sender = Sender(url.removesuffix("/info"), client, Budget(Limits(units=0, pauses=())))
        bodies = [sender.send_idempotent(Call("info")).body for _ in range(2)]

    assert bodies == [b"hi", b"hi"]
    assert (sender.budget.calls, sender.retried) == (2, [])


def test_a_408_on_a_new_connection_is_the_answer() -> None:
    with server(says(IDLE)) as url, HttpClient() as client:
        assert client.send(Request("GET", url)).status == 408


def reads(turn: Turn) -> Turn:
    """Takes the turn, then reads one more request and says nothing."""

    def more(connection: socket.socket) -> None:
        turn(connection)
        connection.recv(65536)

    return more


def test_a_create_never_leaves_on_a_kept_connection() -> None:
    created = b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"status":"ok","id":1}'
    with server(reads(says(OK)), says(created)) as url, HttpClient() as client:
        sender = Sender(url.removesuffix("/info"), client, Budget(Limits(units=1, pauses=())))
        sender.send_idempotent(Call("info"))
        response, _ = sender.send_create(Call("create", (("source", "2"),)))

    assert response.body.endswith(b'"id":1}')
    assert [call.method for call, _ in sender.log] == ["info", "create"]


def test_no_command_takes_a_kept_connection_that_ended_for_a_fault(tmp_path: Path) -> None:
    """On a mock nothing is tried twice; a connection that a server before it ends is no fault of the mock."""
    with command_serving("--delay", "100ms", cwd=tmp_path) as mock, impatient(mock.api) as url:
        checked = ifind("check", url, "--only", "info.answers", "--only", "task.ready-stays", cwd=tmp_path)
        learned = ifind("learn", url, "--out", "p.toml", cwd=tmp_path)
        compared = ifind("parity", url, mock.api, cwd=tmp_path)

    for ended in (checked, learned, compared):
        assert ended.returncode == 0, ended.stdout + ended.stderr
