"""Every route answers whatever a request and its server say of the address, and health names one that can be called."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import waitress.server
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.web.app import create_app
from mockserver.wire.serving import mock_server, run_in_thread
from support.in_process import LOGIN, TOKEN

HOSTS = {
    "": None,
    "localhost": ("localhost", 80),
    "LocalHost:8080": ("LocalHost", 8080),
    "my_mock.example.com:1": ("my_mock.example.com", 1),
    "127.0.0.1:8080": ("127.0.0.1", 8080),
    "[::1]:8080": ("::1", 8080),
    "[::1]": ("::1", 80),
    "mock:": ("mock", 80),
    "0.0.0.0:8080": ("127.0.0.1", 8080),
    "[::]:8080": ("::1", 8080),
    **dict.fromkeys(("::1", "::1:8080", "a b", "[::1", "]", ":80", "x:port", "x:0", "x:65536", "x:99999999"), None),
    **dict.fromkeys(("a@b", "a/b", "a?b", "a#b", "a,b", "-", "%41", "a\\b", "[v1.x]:3", '"x"', "é", "a:b:c"), None),
    **dict.fromkeys(("unix:/x", "waitress.invalid", "Waitress.Invalid.:80", "invalid", "INVALID.:80", "x" * 300), None),
}
"""The address that health names for a Host header; None for the one that is bound."""
BOUND: dict[tuple[str, str], tuple[str, int]] = {
    ("127.0.0.1", "8080"): ("127.0.0.1", 8080),
    ("0.0.0.0", "8080"): ("127.0.0.1", 8080),
    ("::", "8080"): ("::1", 8080),
    ("::1", "8080"): ("::1", 8080),
    ("fe80::1%eth0", "8080"): ("fe80::1%eth0", 8080),
    ("mock.example.com", "8080"): ("mock.example.com", 8080),
    # As waitress, gunicorn, uWSGI and others name a wildcard and a Unix socket.
    ("waitress.invalid", "8080"): ("127.0.0.1", 8080),
    ("waitress.invalid", "/run/mock.sock"): ("127.0.0.1", 80),
    ("/run/mock.sock", ""): ("127.0.0.1", 80),
    ("unix", ""): ("unix", 80),
    ("unix:/run/mock.sock", "0"): ("127.0.0.1", 80),
    ("", ""): ("127.0.0.1", 80),
    ("localhost", "None"): ("127.0.0.1", 80),
}
"""The address that health names for SERVER_NAME and SERVER_PORT of a request without a usable Host."""


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(load({"admin_token": "t"}))  # with a token, any Host may be asked for


def ask(client: FlaskClient, path: str, http_method: str = "GET", **environ: Any) -> tuple[int, Any]:
    """Answer of the app itself: the client of some versions of werkzeug can't read each Host."""
    more = {"HTTP_AUTHORIZATION": "Bearer t", **environ}
    request = EnvironBuilder(path=path, method=http_method, environ_overrides=more).get_environ()
    answer = Response(*run_wsgi_app(client.application, request, buffered=True))
    return answer.status_code, answer.get_json(silent=True)


@pytest.mark.parametrize("bound", [("127.0.0.1", "8080"), ("::", "8080"), ("/run/mock.sock", "")])
@pytest.mark.parametrize("host", HOSTS)
def test_health_names_the_address_by_which_it_was_asked_else_the_one_that_is_bound(
    app: Flask, host: str, bound: tuple[str, str]
) -> None:
    status, health = ask(app.test_client(), "/_mock/health", HTTP_HOST=host, SERVER_NAME=bound[0], SERVER_PORT=bound[1])

    assert status == 200
    assert (health["host"], health["port"]) == (HOSTS[host] or BOUND[bound])


@pytest.mark.parametrize("bound", BOUND)
def test_what_is_bound_is_named_so_that_it_can_be_called(app: Flask, bound: tuple[str, str]) -> None:
    status, health = ask(app.test_client(), "/_mock/health", HTTP_HOST="", SERVER_NAME=bound[0], SERVER_PORT=bound[1])
    host, port = BOUND[bound]

    assert status == 200
    assert (health["host"], health["port"]) == (host, port)
    assert health["api"] == f"http://{f'[{host}]' if ':' in host else host}:{port}/api"


def test_health_names_the_prefix_and_the_scheme_under_which_the_app_is_mounted(app: Flask) -> None:
    environ = {"HTTP_HOST": "a.example", "SCRIPT_NAME": "/under/it", "wsgi.url_scheme": "https"}
    _, health = ask(app.test_client(), "/_mock/health", **environ)

    assert health["api"] == "https://a.example:443/under/it/api"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("bound", [("waitress.invalid", "/run/mock.sock"), ("", "")])
def test_every_route_answers_behind_a_unix_socket_and_with_any_host(
    app: Flask, host: str, bound: tuple[str, str]
) -> None:
    environ = {"HTTP_HOST": host, "SERVER_NAME": bound[0], "SERVER_PORT": bound[1], "REMOTE_ADDR": ""}
    client = app.test_client()
    paths = [str(rule) for rule in app.url_map.iter_rules() if "any " not in rule.endpoint]
    answers = {
        (path, http_method): ask(
            client, path.replace("<fault_id>", "f1").replace("<path:path>", "api"), http_method, **environ
        )
        for path in (*paths, "/_mock", "/_mock/none", f"/api/info?login={LOGIN}&token={TOKEN}")
        for http_method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")
    }

    assert [key for key, (status, _) in answers.items() if status >= 500] == []
    assert answers[f"/api/info?login={LOGIN}&token={TOKEN}", "GET"][1]["status"] == "ok"


@pytest.mark.parametrize("peer", ["", "localhost", "<local>", "unix:", None])
def test_the_address_of_a_caller_that_has_none_is_this_machine(app: Flask, peer: str | None) -> None:
    client = app.test_client()
    query = f"login={LOGIN}&token={TOKEN}"
    _, made = ask(client, f"/api/create?{query}&phone=70000000001&source=2", REMOTE_ADDR=peer)
    client.post("/_mock/clock/advance", json={"seconds": 5}, headers={"Authorization": "Bearer t"})
    _, ready = ask(client, f"/api/result?{query}&id={made['id']}")

    assert ready["ip"] == "127.0.0.1"


@contextmanager
def waitress_on(app: Flask, **where: Any) -> Iterator[None]:
    server = waitress.server.create_server(app, clear_untrusted_proxy_headers=True, **where)
    thread = Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.close()
        server.trigger.close()
        thread.join()


def over(family: socket.AddressFamily, address: Any, head: str) -> tuple[int, Any]:
    with socket.socket(family) as client:
        client.settimeout(10)
        client.connect(address)
        client.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        received = b"".join(iter(lambda: client.recv(65536), b""))
    return int(received.split()[1]), json.loads(received.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    ("head", "api"),
    [
        ("GET /_mock/health HTTP/1.0", "http://127.0.0.1:80/api"),
        ("GET /_mock/health HTTP/1.1\r\nHost: localhost", "http://localhost:80/api"),
        ("GET /_mock/health HTTP/1.1\r\nHost: [::1]:8080", "http://[::1]:8080/api"),
        ("GET /_mock/health HTTP/1.1\r\nHost: :::", "http://127.0.0.1:80/api"),
    ],
)
def test_a_real_unix_socket_is_served(app: Flask, tmp_path: Path, head: str, api: str) -> None:
    path = str(tmp_path / "mock.sock")
    with waitress_on(app, unix_socket=path):
        status, health = over(socket.AF_UNIX, path, f"{head}\r\nAuthorization: Bearer t")

    assert (status, health["api"]) == (200, api)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"])
@pytest.mark.parametrize("head", ["GET /_mock/health HTTP/1.0", "GET /_mock/health HTTP/1.1\r\nHost: 0.0.0.0"])
def test_the_address_that_health_names_can_be_called(host: str, head: str) -> None:
    settings = load({"host": host, "admin_token": "t"})
    with run_in_thread(mock_server(open_gateway(settings), settings), host) as (bound, port):
        family = socket.AF_INET6 if ":" in bound else socket.AF_INET
        loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound, bound)
        head = head.replace("0.0.0.0", f"0.0.0.0:{port}" if family == socket.AF_INET else f"[::]:{port}")
        status, health = over(family, (loopback, port), f"{head}\r\nAuthorization: bearer t")
        again = urllib.request.Request(
            health["api"].replace("/api", "/_mock/health"), headers={"Authorization": "Bearer t"}
        )
        named = json.loads(urllib.request.urlopen(again, timeout=10).read())

    assert status == 200
    assert urlsplit(health["api"]).port == port
    assert (named["host"], named["port"]) == (loopback, port) == (health["host"], health["port"])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("form", ["{} s3cret", "{}  s3cret", " {} s3cret "])
def test_the_scheme_of_the_admin_token_has_no_case(scheme: str, form: str) -> None:
    client = create_app(load({"admin_token": "s3cret"})).test_client()

    assert ask(client, "/_mock/health", HTTP_AUTHORIZATION=form.format(scheme))[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        *("", "Bearer", "Bearer ", "s3cret", "Bearers3cret", "Bearer S3CRET", "Bearer s3cre", "Bearer s3cret1"),
        *(
            "Basic s3cret",
            "Bearer Bearer s3cret",
            "Bearer s3cret s3cret",
            "Bearer sécret",
            "Bearer\ts3cret",
            "token s3cret",
        ),
    ],
)
def test_another_token_or_scheme_is_refused(sent: str) -> None:
    client = create_app(load({"admin_token": "s3cret"})).test_client()
    status, told = ask(client, "/_mock/health", HTTP_AUTHORIZATION=sent)

    assert status == 401
    assert "s3cret" not in json.dumps(told)
