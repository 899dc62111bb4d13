"""The HTTP libraries whose responses assert_conforms takes: each makes a call and gives its own response."""

from __future__ import annotations

import asyncio
import http.client
import io
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import django
import falcon.testing
import flask
import httpx
import requests
import starlette.applications
import starlette.responses
import starlette.routing
import starlette.testclient
import urllib3
from django.conf import settings
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import re_path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports a deprecated module
    import webob
    import webtest

WebObResponse = webob.Response
TOKEN = "secret-token"
URL = f"http://api.invalid/api/create?login=me@example.com&token={TOKEN}&phone=70001234567&source=2"
CREATED = b'{"status":"ok","id":1}'
BAD = b'{"status":"ok","id":"secret-value"}'


@dataclass
class Canned:
    """What every server here answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    chunked: bool = False
    base: str = ""  # the URL of the server on a socket


@dataclass(frozen=True)
class Sent:
    """A call: by GET, or by POST with a form."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    multipart: bool = False

    @property
    def target(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def http_method(self) -> str:
        return "GET" if self.form is None else "POST"

    @property
    def files(self) -> dict[str, Any] | None:
        return {"picture": ("a.png", b"\x89PNG")} if self.multipart else None


@contextmanager
def socket_server(canned: Canned) -> Iterator[str]:
    """A server of HTTP/1.1 that gives the canned answer to any call."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(canned.status)
            for name, value in canned.headers.items():
                self.send_header(name, value)
            framing = ("Transfer-Encoding", "chunked") if canned.chunked else ("Content-Length", str(len(canned.body)))
            self.send_header(*framing)
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command == "HEAD":
                return
            if canned.chunked:
                parts = [canned.body[:5], canned.body[5:], b""]
                self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts))
            else:
                self.wfile.write(canned.body)

        do_POST = do_HEAD = do_GET  # noqa: N815 - as the library looks for them

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library names it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# Clients on a socket.


def by_requests(canned: Canned, sent: Sent, **more: Any) -> requests.Response:
    return requests.request(
        sent.http_method,
        canned.base + sent.path,
        params=sent.query,
        data=sent.form,
        files=sent.files,
        timeout=10,
        **more,
    )


def by_httpx(canned: Canned, sent: Sent) -> httpx.Response:
    return httpx.request(
        sent.http_method, canned.base + sent.path, params=sent.query, data=sent.form, files=sent.files, trust_env=False
    )


def by_httpx_stream(canned: Canned, sent: Sent) -> httpx.Response:
    with httpx.stream(
        sent.http_method, canned.base + sent.path, params=sent.query, data=sent.form, files=sent.files, trust_env=False
    ) as response:
        response.read()
    return response


def by_httpx_async(canned: Canned, sent: Sent) -> httpx.Response:
    async def call() -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.request(
                sent.http_method, canned.base + sent.path, params=sent.query, data=sent.form, files=sent.files
            )

    return asyncio.run(call())


def by_aiohttp(canned: Canned, sent: Sent, *, read: bool = True) -> aiohttp.ClientResponse:
    async def call() -> aiohttp.ClientResponse:
        async with aiohttp.ClientSession() as session:
            response = await session.request(
                sent.http_method, canned.base + sent.path, params=sent.query, data=sent.form
            )
            if read:
                await response.read()
            response.release()
            return response

    return asyncio.run(call())


def by_urllib3(canned: Canned, sent: Sent, **more: Any) -> urllib3.BaseHTTPResponse:
    fields = {**(sent.form or {}), **(sent.files or {})} or None
    more |= {} if sent.form is None else {"encode_multipart": sent.multipart}
    return urllib3.PoolManager().request(
        sent.http_method, canned.base + sent.target, fields=fields, retries=False, **more
    )


def by_http_client(canned: Canned, sent: Sent) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(canned.base).netloc, timeout=10)
    form = None if sent.form is None else urlencode(sent.form)
    kind = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request(sent.http_method, sent.target, form, kind)
    return connection.getresponse()


def by_urllib(canned: Canned, sent: Sent) -> Any:
    data = None if sent.form is None else urlencode(sent.form).encode()
    try:
        return urllib.request.urlopen(canned.base + sent.target, data, timeout=10)
    except urllib.error.HTTPError as error:
        return error


# Test clients of frameworks.


def by_flask(canned: Canned, sent: Sent) -> Any:
    app = flask.Flask("canned")

    @app.route("/<path:_>", methods=["GET", "POST"])
    def answer(_: str) -> flask.Response:
        flask.request.get_data()
        return flask.Response(canned.body, canned.status, canned.headers)

    files = {"picture": (io.BytesIO(b"x"), "a.png")} if sent.multipart else {}
    data = None if sent.form is None else {**sent.form, **files}
    kind = {"content_type": "multipart/form-data"} if sent.multipart else {}
    return app.test_client().open(sent.path, method=sent.http_method, query_string=sent.query, data=data, **kind)


urlpatterns: list[Any] = []


def django_ready() -> None:
    if not settings.configured:
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="made-up", DATABASES={})
        django.setup()


def by_django(canned: Canned, sent: Sent) -> Any:
    return _of_django(canned, sent, Client())


def by_django_async(canned: Canned, sent: Sent) -> Any:
    return asyncio.run(_of_django(canned, sent, AsyncClient()))


def _of_django(canned: Canned, sent: Sent, client: Any) -> Any:
    django_ready()

    def answer(_: Any) -> HttpResponse:
        return HttpResponse(canned.body, status=canned.status, headers=canned.headers)

    urlpatterns[:] = [re_path(".*", answer)]
    if sent.form is None:
        return client.get(sent.target)
    if sent.multipart:
        return client.post(sent.target, sent.form)
    return client.post(sent.target, urlencode(sent.form), content_type="application/x-www-form-urlencoded")


def by_starlette(canned: Canned, sent: Sent) -> Any:
    async def answer(_: Any) -> starlette.responses.Response:
        return starlette.responses.Response(canned.body, canned.status, canned.headers)

    route = starlette.routing.Route("/{path:path}", answer, methods=["GET", "POST"])
    client = starlette.testclient.TestClient(starlette.applications.Starlette(routes=[route]))
    return client.request(sent.http_method, sent.path, params=sent.query, data=sent.form, files=sent.files)


def by_falcon(canned: Canned, sent: Sent) -> Any:
    def answer(_: Any, resp: falcon.Response, **__: Any) -> None:
        resp.data, resp.status, resp.content_type = canned.body, canned.status, canned.headers["Content-Type"]

    app = falcon.App()
    app.add_sink(answer)
    form = {} if sent.form is None else {"params": sent.form}
    return falcon.testing.simulate_request(app, sent.http_method, sent.target, **({} if sent.query else form))


def by_webtest(canned: Canned, sent: Sent) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response(f"{canned.status} Word", [*canned.headers.items(), ("Content-Length", str(len(canned.body)))])
        return [canned.body]

    client = webtest.TestApp(app)
    if sent.form is None:
        return client.get(sent.target, expect_errors=True)
    files = {"upload_files": [("picture", "a.png", b"x")]} if sent.multipart else {}
    return client.post(sent.target, dict(sent.form), expect_errors=True, **files)


CLIENTS: Mapping[str, Callable[[Canned, Sent], Any]] = {
    "requests": by_requests,
    "requests, streamed": lambda canned, sent: by_requests(canned, sent, stream=True),
    "httpx": by_httpx,
    "httpx, streamed and read": by_httpx_stream,
    "httpx, async": by_httpx_async,
    "aiohttp": by_aiohttp,
    "urllib3": by_urllib3,
    "urllib3, not preloaded": lambda canned, sent: by_urllib3(canned, sent, preload_content=False),
    "http.client": by_http_client,
    "urllib.request": by_urllib,
    "flask": by_flask,
    "django": by_django,
    "django, async": by_django_async,
    "starlette": by_starlette,
    "falcon": by_falcon,
    "webtest": by_webtest,
}
KEEP_URL = frozenset(CLIENTS) - {"http.client", "falcon"}
"""Whose responses know the URL of their request."""
KEEP_FORM = KEEP_URL - {"aiohttp", "urllib3", "urllib3, not preloaded", "urllib.request", "webtest"}
"""Whose responses know the form of their request."""
