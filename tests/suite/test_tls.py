"""The suite's transport: TLS is verified, and nothing else of the environment is used."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import Request, TransportError
from support.raw_server import OK, Turn, says, server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that it has signed itself, with its key."""
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
    with server(over_tls(certificate, OK)) as url, HttpClient() as client:
        response = client.send(Request("GET", url.replace("http", "https", 1)))

    assert (response.body, response.oddities) == (b"hi", ())
    assert not (tmp_path / "keys.log").exists()


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("localhost", True)])
def test_a_certificate_that_is_not_trusted_or_another_hosts_is_refused(
    host: str, trusted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate) if trusted else os.devnull)
    with (
        server(over_tls(certificate, OK)) as url,
        HttpClient() as client,
        pytest.raises(TransportError, match="trusted") as caught,
    ):
        client.send(Request("GET", url.replace("http", "https", 1).replace("127.0.0.1", host)))

    assert (caught.value.kind, caught.value.sent) == ("tls", False)


def test_what_is_no_tls_is_reported() -> None:
    with server(says(OK)) as url, HttpClient() as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", url.replace("http", "https", 1)))

    assert (caught.value.kind, caught.value.sent) == ("tls", False)


def test_a_body_that_may_be_cut_since_tls_did_not_end_is_reported(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    to_the_end = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nname\r\nhalf"
    with server(over_tls(certificate, to_the_end, farewell=False)) as url, HttpClient() as client:
        response = client.send(Request("GET", url.replace("http", "https", 1)))

    assert response.body.endswith(b"half")
    assert [oddity for oddity in response.oddities if "end of the body may be missing" in oddity]


def test_proxies_and_netrc_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login anna password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    seen: list[bytes] = []

    def keeps(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")

    with server(keeps, keeps) as url, HttpClient() as client:
        for _ in range(2):
            client.send(Request("GET", url))

    assert len(seen) == 2
    assert not any(word in request for request in seen for word in (b"Authorization", b"Cookie", b"http://"))
