"""The mock over TLS: real clients trust its certificate, faults are the same, and a mistaken port is told."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import select
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mockserver.core.errors import Refusal
from mockserver.settings.limits import Limits
from mockserver.testing import Account, Mock
from mockserver.wire import server as wire_server
from mockserver.wire.certificates import Certificates, certificates
from mockserver.wire.connection import Connection
from mockserver.wire.failures import WireError
from mockserver.wire.server import Server
from mockserver.wire.serving import run_in_thread
from support.in_process import LOGIN, TOKEN
from support.needed import not_here
from support.processes import COMMAND, environment, serving
from support.wire_server import Echo, Pages, get, wait_for

API = f"info?login={LOGIN}&token={TOKEN}"
NAMES = ("mock.local", "пример.рф", "192.0.2.7", "fe80::1%eth0")


@pytest.fixture(scope="module")
def made() -> Iterator[Certificates]:
    with certificates(NAMES) as made:
        yield made


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with Mock(tls=True, delay="0s") as mock:
        yield mock


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"], scope="module")
def address(request: pytest.FixtureRequest, made: Certificates) -> Iterator[tuple[str, int]]:
    server = Server(Echo().turn, Pages().factory, tls=made.context)
    with run_in_thread(server, loop_factory=request.param) as bound:
        yield bound


@contextmanager
def secure(address: tuple[str, int], authority: Path | None, name: str = "127.0.0.1") -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(address, timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False) as tls,
    ):
        yield tls


def received(tls: ssl.SSLSocket) -> bytes:
    """All that comes until TLS is ended as it should be."""
    pieces = []
    while piece := tls.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


# The certificate.


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "i-find.pro", "mock.local", "пример.рф", "192.0.2.7"]
)
def test_the_certificate_is_for_this_machine_the_api_and_the_names_that_are_given(
    name: str, address: tuple[str, int], made: Certificates
) -> None:
    with secure(address, made.authority, name) as tls:
        tls.sendall(get(version="1.0"))
        assert received(tls).startswith(b"HTTP/1.1 200 OK")


def test_the_certificate_is_for_no_other_name(address: tuple[str, int], made: Certificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError), secure(address, made.authority, "i-find.pro.example.com"):
        pass


def test_no_key_stays_in_a_file_and_the_ca_goes_at_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    modes: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def loading(self: ssl.SSLContext, certificate: Path, key: Path) -> None:
        modes.extend(stat.S_IMODE(one.stat().st_mode) for one in (key, key.parent))
        load(self, certificate, key)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", loading)
    with certificates(()) as made:
        files = {path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes()}
        assert files == {made.authority}
        assert "PRIVATE" not in made.authority.read_text()

    assert modes == [0o600, 0o700]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_no_key_stays_where_the_start_is_ended_while_one_is_made(tmp_path: Path, number: signal.Signals) -> None:
    made, command = tmp_path / "made", tmp_path / "openssl"
    made.mkdir()
    command.write_text("#!/bin/sh\nfor last; do case $before in -keyout) echo key > $last;; esac; before=$last; done\n")
    with command.open("a") as file:
        file.write(f"kill -{number:d} $PPID\nexec sleep 5\n")
    command.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    ended = subprocess.run(
        [*COMMAND, "serve", "--port", "0", "--tls"],
        cwd=tmp_path,
        env=environment(PATH=path, TMPDIR=str(made)),
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", "")
    assert list(made.iterdir()) == []


def test_the_ca_stays_where_the_setting_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with certificates((), "ca.pem") as made:
        assert made.authority == tmp_path / "ca.pem"
    assert "BEGIN CERTIFICATE" in made.authority.read_text()
    with pytest.raises(Refusal, match=r"none/ca\.pem: can't be written: No such file"), certificates((), "none/ca.pem"):
        pass


def test_without_openssl_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WireError, match="--tls: the command openssl is not installed; install it"), certificates(()):
        pass
    (tmp_path / "openssl").write_text("#!/bin/sh\necho 'no such curve' >&2; exit 1")
    (tmp_path / "openssl").chmod(0o755)
    with pytest.raises(WireError, match="--tls: openssl req failed: no such curve"), certificates(()):
        pass


# Clients.

CLIENTS = {
    "curl": ["curl", "-sS", "URL"],
    "python": [
        sys.executable,
        "-c",
        "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())",
        "URL",
    ],
    "node": ["node", "-e", "fetch(process.argv[1]).then(r => r.text()).then(console.log)", "URL"],
    "php": ["php", "-d", "openssl.cafile=CA", "-r", "echo file_get_contents($argv[1]);", "URL"],
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_is_told_of_the_ca_trusts_the_mock(client: str, mock: Mock) -> None:
    if shutil.which(CLIENTS[client][0]) is None:
        not_here(client)
    words = {"URL": f"{mock.url}/{API}", "openssl.cafile=CA": f"openssl.cafile={mock.ca_file}"}
    variables = dict.fromkeys(("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"), str(mock.ca_file))
    ran = subprocess.run(
        [words.get(word, word) for word in CLIENTS[client]],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(ran.stdout)["status"] == "ok"


def test_serve_names_the_ca_and_the_variables_that_clients_read(tmp_path: Path) -> None:
    with serving("--tls", "--tls-ca", "my ca.pem", cwd=tmp_path) as up:
        context = ssl.create_default_context(cafile=tmp_path / "my ca.pem")
        connection = http.client.HTTPSConnection(up.api.split("/")[2], context=context)
        connection.request("GET", "/_mock/health")
        told = json.load(connection.getresponse())
        connection.close()
        up.process.terminate()
        _, err = up.process.communicate(timeout=5)

    quoted = f"'{tmp_path / 'my ca.pem'}'"
    assert told["api"] == up.api
    assert up.api.startswith("https://127.0.0.1:")
    assert f"CA: {tmp_path / 'my ca.pem'}\n" in err
    names = (
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "CURL_CA_BUNDLE",
        "openssl.cafile",
        "curl.cainfo",
    )
    assert [name for name in names if f"{name}={quoted}" not in err] == []
    assert f"try: curl --cacert {quoted} 'https://" in err


# Connections.


def test_requests_follow_each_other_on_a_connection(address: tuple[str, int], made: Certificates) -> None:
    with secure(address, made.authority) as tls:
        tls.sendall(get("/api/create?size=300000") + get("/api/create?latency=50") * 20 + get(version="1.0"))
        answers = received(tls).split(b"HTTP/1.1 200 OK")[1:]

    assert len(answers) == 22
    assert answers[0].endswith(b"x" * 300000)


def test_a_refused_request_is_answered_while_its_body_still_comes(address: tuple[str, int], made: Certificates) -> None:
    with secure(address, made.authority) as tls:
        tls.sendall(b"POST /api/create HTTP/1.1\r\nHost: t\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1_000_000)
        time.sleep(0.1)
        tls.sendall(b"x" * 1_000_000)
        answer = received(tls)  # up to the end of TLS, which comes a while later

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in answer


def test_silent_clients_do_not_keep_others_out(made: Certificates) -> None:
    limits = Limits(connections=3, control_connections=2)
    server = Server(Echo().turn, Pages().factory, tls=made.context, limits=limits)
    with ExitStack() as clients, run_in_thread(server) as bound:
        for _ in range(20):
            clients.enter_context(socket.create_connection(bound))
        with secure(bound, made.authority) as tls:
            tls.sendall(get(version="1.0"))
            assert received(tls).startswith(b"HTTP/1.1 200 OK")


def test_it_stops_within_a_second_whatever_its_clients_do(made: Certificates) -> None:
    server = Server(Echo().turn, Pages().factory, tls=made.context)
    with ExitStack() as clients:
        with run_in_thread(server) as bound:
            clients.enter_context(socket.create_connection(bound))  # says nothing
            for path in ("/api/create", "/api/create?latency=60000"):
                clients.enter_context(secure(bound, made.authority)).sendall(get(path))
            time.sleep(0.1)
            begun = time.monotonic()
        assert time.monotonic() - begun < 10


FAULTS: dict[str, dict[str, Any]] = {
    "empty": {},
    "truncate": {"size": 10},
    "dribble": {"rate": 400},
    "garbage": {},
    "http": {"status": 502, "body": "<p>"},
}


@contextmanager
def called(mock: Mock, account: Account) -> Iterator[ssl.SSLSocket]:
    """A connection on which info has been called."""
    host, port = mock.url.split("/")[2].split(":")
    with secure((host, int(port)), mock.ca_file) as tls:
        tls.sendall(get(f"/api/info?login={account.login}&token={account.token}", "Connection: close"))
        yield tls


def test_every_fault_on_the_socket_works_under_tls(mock: Mock) -> None:
    account = mock.account()
    bodies, took = {}, {}
    for kind, settings in {"none": {}, **FAULTS}.items():
        if kind != "none":
            account.faults.arm(kind, **settings)
        begun = time.monotonic()
        with called(mock, account) as tls:
            bodies[kind] = received(tls).partition(b"\r\n\r\n")[2]
        took[kind] = time.monotonic() - begun

    assert json.loads(bodies["none"])["status"] == "ok"
    assert bodies["empty"] == b""
    assert bodies["truncate"] == bodies["none"][:10]
    assert bodies["dribble"] == bodies["none"]
    assert took["dribble"] > 0.1
    assert bodies["http"] == b"<p>"
    with pytest.raises(ValueError, match=r"."):
        json.loads(bodies["garbage"])


def test_a_reset_ends_the_connection_below_tls(mock: Mock) -> None:
    account = mock.account()
    account.faults.arm("reset")
    with called(mock, account) as tls:
        poll = select.poll()
        poll.register(tls, select.POLLIN)
        wait_for(lambda: any(seen & select.POLLERR for _, seen in poll.poll(0)))  # as a RST alone brings about
        with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):  # and not the end of TLS; builds of Python differ
            received(tls)


# Mistaken ports.


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(wire_server, "write_line", lines.append)
    return lines


def test_plain_http_on_the_port_of_tls_is_answered_and_told_once(said: list[str], made: Certificates) -> None:
    with run_in_thread(Server(Echo().turn, Pages().factory, tls=made.context)) as bound:
        for _ in range(2):
            connection = http.client.HTTPConnection(*bound, timeout=5)
            connection.request("POST", "/api/create", body=b"login=a&token=secret")
            answer = connection.getresponse()
            told = json.load(answer)
            connection.close()

    assert (answer.status, told["message"]) == (
        400,
        "plain HTTP was sent to a port that speaks HTTPS: call it with https://",
    )
    assert said == ["a client speaks plain HTTP to this port, which speaks HTTPS: it has to call it with https://"]


def test_tls_on_a_plain_port_is_told_once(said: list[str], made: Certificates) -> None:
    with run_in_thread(Server(Echo().turn, Pages().factory)) as bound:
        for _ in range(2):
            with pytest.raises(ssl.SSLError), secure(bound, made.authority):
                pass
        wait_for(lambda: bool(said))

    assert len(said) == 1
    assert "speaks TLS to this port, which speaks plain HTTP: call it with http://" in said[0]


def test_a_client_that_does_not_trust_the_certificate_is_told(said: list[str], made: Certificates) -> None:
    with run_in_thread(Server(Echo().turn, Pages().factory, tls=made.context)) as bound:
        with pytest.raises(ssl.SSLCertVerificationError), secure(bound, None):
            pass
        wait_for(lambda: bool(said))

    assert said == ["a TLS handshake failed (TLSV1_ALERT_UNKNOWN_CA): does the client trust the CA's certificate?"]


_SOON = Limits(idle_time=0.2, request_time=0.3)


@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_pooled_connection_that_does_not_answer_the_end_of_tls_ends_no_time_limit(
    made: Certificates, new_loop: Callable[[], asyncio.AbstractEventLoop], capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server(Echo().turn, Pages().factory, tls=made.context, limits=_SOON)
    with (
        run_in_thread(server, loop_factory=new_loop) as address,
        secure(address, made.authority) as pooled,
    ):
        pooled.sendall(get("/api/info"))
        wait_for(lambda: any(one.transport.is_closing() for one in tuple(server._connections)))
        with secure(address, made.authority) as half:
            half.sendall(b"GET /api/info HTTP/1.1\r\n")
            assert b" 408 " in half.recv(4096)

    assert capsys.readouterr().err == ""


def test_a_failure_in_the_time_limits_of_one_connection_ends_it_and_no_other_limit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check, failing = Connection.check, []

    def fails(connection: Connection, now: float) -> None:
        failing[:] = failing or [connection]
        if connection is failing[0]:
            raise ValueError
        check(connection, now)

    monkeypatch.setattr(Connection, "check", fails)
    server = Server(Echo().turn, Pages().factory, limits=_SOON)
    with run_in_thread(server) as address, socket.create_connection(address, timeout=5) as first:
        assert first.recv(1) == b""
        with socket.create_connection(address, timeout=5) as half:
            half.sendall(b"GET /api/info HTTP/1.1\r\n")
            assert b" 408 " in half.recv(4096)

    assert "the time limits of a connection failed with ValueError" in capsys.readouterr().err
