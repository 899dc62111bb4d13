"""The Flask app and the wire server give the same answer to any request, since both ask one gateway."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from mockserver.api.gateway import Gateway
from mockserver.assembly import open_gateway
from mockserver.settings.loading import Settings, load
from mockserver.web.app import make_app
from mockserver.wire.serving import serve_mock
from support.in_process import LOGIN, PHONE, TOKEN, Time

SERVERS_OWN = {"content-length", "date", "server", "connection"}
FORM = "application/x-www-form-urlencoded"
GOOD = f"login={LOGIN}&token={TOKEN}&phone={PHONE}&source=2".encode()


def opened() -> tuple[Gateway, Settings]:
    settings = load({}, {})
    return open_gateway(settings, Time()), settings


@pytest.fixture(scope="module")
def wire() -> Iterator[tuple[str, int]]:
    with serve_mock(*opened()) as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port)


@pytest.fixture(scope="module")
def flask() -> FlaskClient:
    gateway, settings = opened()
    return make_app(gateway, lambda operation: operation(), settings).test_client()


def by_wire(
    address: tuple[str, int], http_method: str, target: bytes, kind: str, body: bytes
) -> tuple[int, Any, bytes]:
    head = b"%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % (http_method.encode(), target)
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(head + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind.encode(), len(body)) + body)
        answer = HTTPResponse(client, method=http_method)
        answer.begin()
        return answer.status, comparable(answer.getheaders()), answer.read()


def by_flask(client: FlaskClient, http_method: str, target: bytes, kind: str, body: bytes) -> tuple[int, Any, bytes]:
    path, _, query = target.partition(b"?")
    answer = client.open(
        "/",
        method=http_method,
        query_string=query.decode("latin-1"),
        input_stream=BytesIO(body),  # the client would make a form of an empty body of the type
        content_length=len(body),
        content_type=kind,
        headers={"Host": "localhost"},
        # As a WSGI server passes it; the client would take a path such as //a for a host.
        environ_overrides={"REMOTE_ADDR": "127.0.0.1", "PATH_INFO": unquote_to_bytes(path).decode("latin-1")},
    )
    return answer.status_code, comparable(answer.headers.items()), answer.data


def comparable(headers: Any) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in headers if name.lower() not in SERVERS_OWN)


TARGETS = st.one_of(
    st.builds(
        lambda path, query: path + (b"?" + query if query else b""),
        st.sampled_from(
            [
                b"/api/create",
                b"/api/result",
                b"/api/info",
                b"/api/none",
                b"/api",
                b"/",
                b"/a//b",
                b"/api/%63reate",
                b"/a%0Ab",
            ]
        ),
        st.sampled_from(
            [b"", GOOD, GOOD + b"&format=xml", GOOD + b"&id=1&format=csv", b"login=%FF&token=%00&phone[]=1"]
        ),
    ),
    st.text("abcxyz/._~%41-", max_size=20).map(lambda text: b"/" + text.replace("%", "%25").encode()),
)


@given(
    http_method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    target=TARGETS,
    kind=st.sampled_from([FORM, "multipart/form-data; boundary=x", "text/plain", "application/json"]),
    body=st.sampled_from(
        [
            b"",
            GOOD,
            b"phone=%D0%B9",
            b"\xff\x00&=",
            b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n1\r\n--x--\r\n',
        ]
    ),
)
def test_status_headers_and_body_are_the_same(
    wire: tuple[str, int], flask: FlaskClient, http_method: str, target: bytes, kind: str, body: bytes
) -> None:
    assert by_wire(wire, http_method, target, kind, body) == by_flask(flask, http_method, target, kind, body)


@pytest.mark.parametrize("path", [b"/_mock/health", b"/_mock/none", b"/_mock", b"/_mock/accounts"])
def test_the_control_routes_are_the_same_too(wire: tuple[str, int], flask: FlaskClient, path: bytes) -> None:
    one, other = by_wire(wire, "GET", path, FORM, b""), by_flask(flask, "GET", path, FORM, b"")

    assert one[:2] == other[:2]
    if path != b"/_mock/health":  # it has the port
        assert one[2] == other[2]


def test_a_body_over_the_limit_is_the_same(wire: tuple[str, int], flask: FlaskClient) -> None:
    body = b"a=" + b"x" * (1024 * 1024)

    assert by_wire(wire, "POST", b"/api/create", FORM, body) == by_flask(flask, "POST", b"/api/create", FORM, body)
