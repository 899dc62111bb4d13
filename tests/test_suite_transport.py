"""The suite's transport: one answer as it came, or a failure with what came of it."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.transport import KINDS, Exchange, NoAnswer, Pacer, Request, Wire

Turn = Callable[[socket.socket], None]


@contextmanager
def server(*turns: Turn) -> Iterator[str]:
    """A server whose n-th connection takes the n-th turn, and is then closed."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for turn in turns:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    turn(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/info"
    finally:
        listening.close()


def says(*answers: bytes) -> Turn:
    """Reads a request and says the answer, once for each answer."""

    def turn(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(65536)
            connection.sendall(answer)

    return turn


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def failure(*turns: Turn, **settings: float) -> NoAnswer:
    with server(*turns) as url, Wire(**settings) as wire, pytest.raises(NoAnswer) as caught:  # type: ignore[arg-type]
        wire.send(Request("GET", url))
    return caught.value


def test_the_answer_is_kept_as_it_came() -> None:
    answer = b"HTTP/1.1 404 Nope\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\n\xff\x00b"
    with server(says(answer)) as url, Wire() as wire:
        exchange = wire.send(Request("GET", f"{url}?a=%00"))

    assert (exchange.status, exchange.body) == (404, b"\xff\x00b")
    assert exchange.headers[:2] == (("x-a", "1"), ("x-a", "2"))


def test_a_connection_is_used_again_and_a_closed_one_replaced() -> None:
    with server(says(OK, OK), says(OK)) as url, Wire() as wire:
        bodies = [wire.send(Request("GET", url)).body for _ in range(3)]

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

    with server(keeps, swallows, says(OK)) as url, Wire() as wire:
        wire.send(Request("GET", url))
        with pytest.raises(NoAnswer) as caught:
            wire.send(Request("GET", url), repeatable=False)

    assert caught.value.kind == "closed"
    assert (kept, len(seen)) == ([b""], 1)


def test_what_is_no_http_is_told_without_the_targets_bytes() -> None:
    with server(says(b"Ivan 70001234567 tok-1\r\n\r\n")) as url, Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url))

    assert caught.value.kind == "malformed"
    assert "Ivan" not in str(caught.value)
    assert b"Ivan" in caught.value.received


def test_a_redirect_to_itself_is_an_answer_and_not_followed() -> None:
    ring = b"HTTP/1.1 302 Found\r\nLocation: /api/info\r\nContent-Length: 0\r\n\r\n"
    with server(says(ring), says(OK)) as url, Wire() as wire:
        exchange = wire.send(Request("GET", url))

    assert (exchange.status, exchange.header("location")) == (302, "/api/info")


def test_nobody_there_is_unreachable() -> None:
    with server() as url:
        pass
    with Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url))

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
def test_what_a_client_may_tolerate_is_kept_and_told(name: str) -> None:
    rest, body, told = ODD[name]
    with server(says(b"HTTP/1.1 200 OK\r\n" + rest)) as url, Wire() as wire:
        exchange = wire.send(Request("GET", url))

    assert exchange.body == body
    assert [oddity for oddity in exchange.oddities if told in oddity]


@pytest.mark.parametrize(
    ("verb", "answer", "body"),
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
def test_what_is_right_http_is_an_answer_without_oddities(verb: str, answer: bytes, body: bytes) -> None:
    with server(says(answer)) as url, Wire() as wire:
        exchange = wire.send(Request(verb, url))

    assert (exchange.body, exchange.oddities) == (body, ())


def test_a_connection_that_is_to_be_kept_and_is_not_is_replaced() -> None:
    lie = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"
    with server(says(lie), says(lie)) as url, Wire() as wire:
        bodies = [wire.send(Request("GET", url)).body for _ in range(2)]

    assert bodies == [b"hi", b"hi"]


def dripping(begin: bytes, drop: bytes) -> Turn:
    """Says the beginning, then drop after drop until the caller has gone."""

    def turn(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(begin)
        while not gone(connection, 0.005):
            connection.sendall(drop)

    return turn


def gone(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side has ended the connection within so many seconds."""
    connection.settimeout(seconds)
    try:
        return not connection.recv(65536)
    except TimeoutError:
        return False


def hears_nothing(connection: socket.socket) -> None:
    """Reads not a byte, and waits until the test has seen enough."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    HEARD.wait(5)


HEARD = threading.Event()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW: dict[str, tuple[Turn, str, bytes]] = {
    "nothing comes": (dripping(b"", b""), "http", b""),
    "the head drips": (dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"), "http", b""),
    "headers drip": (dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "http", b""),
    "the body drips": (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"), "http", b""),
    "chunks drip": (dripping(CHUNKED, b"1\r\nx\r\n"), "http", b""),
    "a chunk's size drips": (dripping(CHUNKED + b"1;", b"x"), "http", b""),
    "trailers drip": (dripping(CHUNKED + b"0\r\n", b"X: y\r\n"), "http", b""),
    "to the end": (dripping(b"HTTP/1.0 200 OK\r\n\r\n", b"x"), "http", b""),
    "no handshake": (dripping(b"", b""), "https", b""),
    "the handshake drips": (dripping(b"\x16\x03\x03\x40\x00", b"\x00"), "https", b""),
    "the request is not read": (hears_nothing, "http", b"x" * 20_000_000),
}


@pytest.mark.parametrize("name", SLOW)
def test_one_deadline_holds_for_the_whole_call(name: str) -> None:
    turn, scheme, body = SLOW[name]
    HEARD.clear()
    with server(turn) as url, Wire(deadline=0.15) as wire:
        started = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            wire.send(Request("POST", url.replace("http", scheme, 1), body=body))
        took = time.monotonic() - started
        HEARD.set()

    assert caught.value.kind == "timeout"
    assert took < 1.5


def test_the_deadline_holds_where_no_connection_is_taken() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        with Wire(deadline=0.15) as wire, pytest.raises(NoAnswer) as caught:
            wire.send(Request("GET", f"http://127.0.0.1:{port}/"))
        for sock in waiting:
            sock.close()

    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


def test_the_deadline_holds_where_the_name_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [done.wait(5)][:0])
    with Wire(deadline=0.1) as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", "http://standin.example/api"))
    done.set()

    assert (caught.value.kind, caught.value.sent) == ("timeout", False)


def test_of_several_addresses_the_first_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as closed_url:
        pass
    with server(says(OK)) as url:
        ports = [int(u.split(":")[2].split("/")[0]) for u in (closed_url, url)]
        told = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)
        with Wire() as wire:
            exchange = wire.send(Request("GET", "http://standin.example/api"))

    assert exchange.body == b"hi"


def test_a_name_that_is_none_is_unreachable() -> None:
    with Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", f"http://{'a' * 70}.example/"))

    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "ftp://127.0.0.1/"),
        Request("GET", "http:///path"),
        Request("GET", "http://127.0.0.1:99999/"),
        Request("GET", "http://[::1/"),
    ],
)
def test_a_url_that_leads_nowhere_is_told(request_: Request) -> None:
    with Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(request_)

    assert (caught.value.kind, caught.value.sent) == ("unsendable", False)


def test_what_http_cannot_carry_is_not_sent() -> None:
    kinds = []
    for change in ("/a b", "/\u044f"):
        with server(says(OK)) as url, Wire() as wire, pytest.raises(NoAnswer) as caught:
            wire.send(Request("GET", url + change))
        kinds.append((caught.value.kind, caught.value.sent))
    with server(says(OK)) as url, Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url, (("X", "a\r\nb"),)))

    assert [*kinds, (caught.value.kind, caught.value.sent)] == [("unsendable", False)] * 3


FLOODS: dict[str, tuple[bytes, bytes]] = {
    "announced": (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n", b"x" * 0x4000),
    "in chunks": (CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
    "in small chunks": (CHUNKED, b"1\r\nx\r\n" * 3000),
    "in chunks with much beside": (CHUNKED, b"1;" + b"e" * 1000 + b"\r\nx\r\n"),
    "to the end": (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 0x4000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_body_beyond_the_cap_is_not_read_to_its_end(name: str) -> None:
    begin, more = FLOODS[name]
    sent = count()

    def floods(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(begin)
        while next(sent) < 1_000_000:
            connection.sendall(more)

    tracemalloc.start()
    caught = failure(floods, max_body=100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.kind == "too-large"
    assert len(caught.received) <= 64 * 1024
    assert peak < 4_000_000
    assert next(sent) * len(more) < 30_000_000  # the most of it in the sockets' own buffers


def test_an_answer_before_the_request_is_read_counts() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"

    def hangs_up(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(refusal)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with server(hangs_up) as url, Wire() as wire:
        exchange = wire.send(Request("POST", url, body=b"x" * 3_000_000))

    assert (exchange.status, exchange.body) == (413, b"no")


def test_an_answer_before_the_request_is_read_counts_though_the_server_stays() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    HEARD.clear()

    def stays(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.recv(1000)
        connection.sendall(refusal)
        HEARD.wait(5)

    with server(stays, says(OK)) as url, Wire(deadline=5) as wire:
        exchange = wire.send(Request("POST", url, body=b"x" * 20_000_000))
        HEARD.set()
        again = wire.send(Request("GET", url))

    assert (exchange.status, exchange.body) == (413, b"no")
    assert again.body == b"hi"


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody but itself has signed, with its key."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(path.with_name("key"))]
    name = ["-subj", "/CN=standin", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", *key, *name, "-out", str(path)], check=True, capture_output=True)
    return path


def over_tls(certificate: Path, answer: bytes, *, farewell: bool = True) -> Turn:
    """Answers over TLS, and ends it as it should be ended, or just hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key"))

    def turn(connection: socket.socket) -> None:
        with context.wrap_socket(connection.dup(), server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(answer)
            if farewell:
                tls.unwrap().close()

    return turn


def test_a_certificate_is_trusted_where_the_user_trusts_it(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    with server(over_tls(certificate, OK)) as url, Wire() as wire:
        exchange = wire.send(Request("GET", url.replace("http", "https", 1)))

    assert (exchange.body, exchange.oddities) == (b"hi", ())
    assert not (tmp_path / "keys.log").exists()


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("localhost", True)])
def test_a_certificate_that_is_not_trusted_or_another_hosts_is_refused(
    host: str, trusted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate) if trusted else os.devnull)
    with server(over_tls(certificate, OK)) as url, Wire() as wire, pytest.raises(NoAnswer, match="trusted") as caught:
        wire.send(Request("GET", url.replace("http", "https", 1).replace("127.0.0.1", host)))

    assert (caught.value.kind, caught.value.sent) == ("tls", False)


def test_what_is_no_tls_is_told() -> None:
    with server(says(OK)) as url, Wire() as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url.replace("http", "https", 1)))

    assert (caught.value.kind, caught.value.sent) == ("tls", False)


def test_a_body_whose_end_tls_does_not_vouch_for_is_told(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    to_the_end = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nname\r\nhalf"
    with server(over_tls(certificate, to_the_end, farewell=False)) as url, Wire() as wire:
        exchange = wire.send(Request("GET", url.replace("http", "https", 1)))

    assert exchange.body.endswith(b"half")
    assert [oddity for oddity in exchange.oddities if "end of the body may be missing" in oddity]


def test_nothing_of_the_environment_is_heeded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login anna password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    seen: list[bytes] = []

    def keeps(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")

    with server(keeps, keeps) as url, Wire() as wire:
        for _ in range(2):
            wire.send(Request("GET", url))

    assert len(seen) == 2
    assert not any(word in request for request in seen for word in (b"Authorization", b"Cookie", b"http://"))


# Anything at all.


@pytest.fixture(scope="module")
def babbler() -> Iterator[tuple[str, list[bytes]]]:
    """A server whose every connection gets what stands in the list."""
    listening = socket.create_server(("127.0.0.1", 0))
    said = [b""]

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(said[0])
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/info", said
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


PIECES = st.sampled_from(
    [
        *(
            b"HTTP/1.1 ",
            b"HTTP/1.0 ",
            b"HTTP/1.",
            b"200",
            b"100",
            b"204",
            b" OK",
            b"\r\n",
            b"\n",
            b"\r",
            b"\0",
            b" ",
            b"\t",
        ),
        *(
            b"Content-Length: ",
            b"Transfer-Encoding: ",
            b"chunked",
            b"0",
            b"2",
            b"-1",
            b"1e3",
            b"Connection: close",
            b";a=b",
        ),
        *(
            b"HTTP/1.1 200 OK\r\n",
            b"2\r\nhi\r\n",
            b"0\r\n\r\n",
            b"\r\n\r\n",
            b"hi",
            b"A: b\r\n",
            b":",
            b",",
            b"\xff\x80",
        ),
    ]
)
VALID = st.sampled_from([OK, CHUNKED + b"2\r\nhi\r\n0\r\n\r\n", b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nhi"])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A right answer with some bytes changed, left out or put in."""
    answer = bytearray(draw(VALID))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(answer)))
        answer[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=2) | PIECES)
    return bytes(answer)


@given(answer=st.binary(max_size=80) | st.lists(PIECES, max_size=25).map(b"".join) | mutated())
@settings(max_examples=400, deadline=None)
def test_whatever_comes_is_an_answer_or_none(babbler: tuple[str, list[bytes]], answer: bytes) -> None:
    url, said = babbler
    said[0] = answer
    with Wire(deadline=5) as wire:
        try:
            outcome: Exchange | NoAnswer = wire.send(Request("GET", url))
        except NoAnswer as failure:
            outcome = failure

    if isinstance(outcome, NoAnswer):
        assert outcome.kind in KINDS
        assert answer.startswith(outcome.received)
    else:
        assert outcome.body in (answer[-len(outcome.body) :], b"hi") or b"chunked" in answer.lower()


@given(noise=st.text(st.sampled_from("abcXYZ"), min_size=8, max_size=12), where=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_failure_tells_nothing_of_what_came(babbler: tuple[str, list[bytes]], noise: str, where: int) -> None:
    url, said = babbler
    lines = ["HTTP/1.1 200 OK", "A: b", "Transfer-Encoding: chunked", "", "2", "hi"]
    lines[where] = f"{noise} {noise}\0"
    said[0] = "\r\n".join([*lines, "", ""]).encode()
    with Wire(deadline=5) as wire, pytest.raises(NoAnswer) as caught:
        wire.send(Request("GET", url))

    assert noise not in str(caught.value)
    assert noise.encode() in caught.value.received


# The pace and the end of the run.


class FakeTime:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 5),
    gaps=st.lists(st.floats(0, 5) | st.just(0.0), min_size=1, max_size=40),
)
def test_the_pace_is_kept_in_any_stretch_of_time_and_nobody_waits_longer_than_needed(
    rate: float, burst: int, gaps: list[float]
) -> None:
    time_ = FakeTime()
    pacer = Pacer(rate, burst, clock=time_.clock, sleep=time_.sleep)
    went: list[float] = []
    for gap in gaps:
        time_.now += gap
        asked = time_.now
        assert pacer.wait()
        earliest = went[-burst] + 1 / rate if len(went) >= burst else asked
        assert time_.now <= max(asked, went[-1] + 1 / rate if went else asked, earliest) + 1e-6
        went.append(time_.now)

    for i, first in enumerate(went):
        for j in range(i, len(went)):
            assert j - i + 1 <= burst + rate * (went[j] - first) + 1e-6


def test_a_target_that_asks_for_patience_gets_it_once_and_half_the_pace_from_then_on() -> None:
    time_ = FakeTime()
    pacer = Pacer(clock=time_.clock, sleep=time_.sleep)
    pacer.wait()
    pacer.slow_down(10.0)
    went = []
    for _ in range(3):
        pacer.wait()
        went.append(time_.now)

    assert went == [10.0, 10.25, 10.5]


def test_nothing_is_sent_when_the_time_of_the_run_is_up_before_its_turn() -> None:
    time_ = FakeTime()
    pacer = Pacer(1.0, clock=time_.clock, sleep=time_.sleep)
    with server(says(OK, OK)) as url, Wire(pacer=pacer) as wire:
        wire.send(Request("GET", url))
        wire.end = 0.5
        with pytest.raises(NoAnswer, match="the time of the run is up") as caught:
            wire.send(Request("GET", url))

    assert (caught.value.kind, caught.value.sent, wire.calls) == ("timeout", False, 1)
    assert time_.now == 0.0


def test_no_call_outlasts_the_run() -> None:
    started = time.monotonic()
    caught = failure(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), end=started + 0.15)

    assert caught.kind == "timeout"
    assert time.monotonic() - started < 1.5
