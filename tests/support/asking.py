"""Asks a mock over HTTP with any headers, on both servers: `serve` and WSGI."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from http.client import HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import pytest
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.web.app import create_app
from mockserver.wire.serving import serve_mock

HOST = "localhost:8080"


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: str


Ask = Callable[..., Got]
"""ask(path, http_method, body, **headers): with a Host of this machine, unless the headers have one (None: without)."""


def over_a_socket(address: tuple[str, int]) -> Ask:
    def ask(path: str = "/_mock/health", http_method: str = "GET", body: bytes = b"", **headers: str | None) -> Got:
        sent = {"Host": HOST, "Content-Length": str(len(body)), "Connection": "close"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[dict-item]
        version = "HTTP/1.0" if sent["Host"] is None else "HTTP/1.1"
        lines = [f"{http_method} {path} {version}", *(f"{k}: {v}" for k, v in sent.items() if v is not None), "", ""]
        with socket.create_connection(address, timeout=10) as client:
            client.sendall("\r\n".join(lines).encode("latin-1") + body)
            answer = HTTPResponse(client, method=http_method)
            answer.begin()
            return Got(answer.status, dict(answer.getheaders()), answer.read().decode())

    return ask


def of_the_app(client: FlaskClient) -> Ask:
    def ask(path: str = "/_mock/health", http_method: str = "GET", body: bytes = b"", **headers: str | None) -> Got:
        sent = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        path, _, query = path.partition("?")
        environ = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query}
        environ |= {f"HTTP_{k.upper().replace('-', '_')}": v or "" for k, v in sent.items() if k != "Content-Type"}
        kind = sent.get("Content-Type")
        builder = EnvironBuilder("/", method=http_method, data=body, content_type=kind, environ_overrides=environ)
        # The app itself: the client of some versions of werkzeug can't read each Host.
        answer = Response(*run_wsgi_app(client.application, builder.get_environ(), buffered=True))
        return Got(answer.status_code, dict(answer.headers), answer.get_data(as_text=True))

    return ask


@pytest.fixture(scope="module", params=["wire", "WSGI"])
def asks(request: pytest.FixtureRequest) -> Iterator[Callable[..., Ask]]:
    """Makes a server of options, and gives what asks it."""
    with ExitStack() as stack:
        made: dict[str, Ask] = {}

        def server(**options: Any) -> Ask:
            key = repr(options)
            if key not in made and request.param == "WSGI":
                made[key] = of_the_app(create_app(load(options)).test_client())
            elif key not in made:
                settings = load(options)
                url = stack.enter_context(serve_mock(open_gateway(settings), settings))
                made[key] = over_a_socket(("127.0.0.1", int(url.rpartition(":")[2])))
            return made[key]

        yield server
