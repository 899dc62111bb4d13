"""A wire server that is up, with a gateway and an application that do what a test asks of them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import uvloop

from mockserver.api.http import Request, Response
from mockserver.core.messages import Delivery
from mockserver.settings.limits import Limits
from mockserver.standard_error import STANDARD_ERROR
from mockserver.wire.guards import LoopGuard, StateGuard, ThreadGuard
from mockserver.wire.server import Server
from mockserver.wire.serving import run_in_thread
from support.raw_client import Client, Got, connected

JSON = (("Content-Type", "application/json"),)


def said(request: Request) -> bytes:
    """What the fake gateway answers: the request as it understood it."""
    return json.dumps(
        {
            "http_method": request.http_method,
            "path": request.path.decode("latin-1"),
            "query": request.query.decode("latin-1"),
            "headers": dict(request.headers),
            "body": request.body.decode("latin-1"),
            "peer": request.peer,
            "too_large": request.too_large,
        }
    ).encode()


def lines(capfd: pytest.CaptureFixture[str]) -> str:
    """What has been written to standard error up to now."""
    STANDARD_ERROR.flush(10)
    return capfd.readouterr().err


@dataclass
class Echo:
    """A gateway that does what the query asks of it."""

    turns: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def turn(self, requests: Iterable[Request]) -> Sequence[Response]:
        self.threads.add(threading.get_ident())
        answers = [self.one(request) for request in requests]
        self.turns.append(len(answers))
        return answers

    def one(self, request: Request) -> Response:
        wanted = {name: values[-1] for name, values in parse_qs(request.query.decode("latin-1")).items()}
        if "boom" in wanted:
            raise ValueError("the token is secret-token")
        headers = JSON + tuple((name, value) for name, value in wanted.items() if name.startswith("X-"))
        body = b"x" * int(wanted["size"]) if "size" in wanted else said(request)
        delivery = Delivery(int(wanted.get("latency", "0")) * 1000, transport=wanted.get("transport", "whole"))
        status = 413 if request.too_large else int(wanted.get("status", "200"))
        return Response(status, headers, body, delivery, wanted.get("reason", ""))


@dataclass
class Pages:
    """A WSGI application and its factory."""

    made: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    closed: list[str] = field(default_factory=list)

    def factory(self, guard: StateGuard) -> WSGIApplication:
        self.made += 1
        self.guard = guard
        return self.application

    def application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/_mock/boom":
            raise ValueError("the token is secret-token")
        if path == "/_mock/slow":
            self.release.wait(5)
        if path == "/_mock/guard":
            body = str(self.guard(threading.get_ident)).encode()
        elif path == "/_mock/guard-raises":
            body = self.refused().encode()
        else:
            plain = {name: value for name, value in environ.items() if isinstance(value, str)}
            body = json.dumps(plain | {"body": environ["wsgi.input"].read().decode("latin-1")}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def refused(self) -> str:
        try:
            self.guard(lambda: int("none"))
        except ValueError:
            return "ValueError"
        return "nothing"


@dataclass
class Up:
    """A server that runs, and its parts."""

    server: Server
    address: tuple[str, int]
    echo: Echo
    pages: Pages
    log: list[str]

    def connect(self) -> AbstractContextManager[Client]:
        return connected(self.address)

    def ask(self, path: str = "/api/create", **more: object) -> Got:
        with self.connect() as client:
            return client.ask(path, **more)  # type: ignore[arg-type]


Serve = Callable[..., AbstractContextManager[Up]]


# Each kind of loop with one place of the state: neither knows of the other.
KINDS = [(uvloop.new_event_loop, LoopGuard), (asyncio.new_event_loop, ThreadGuard)]


@pytest.fixture(params=KINDS, ids=["uvloop", "asyncio, and a thread for the state"], scope="module")
def serve(request: pytest.FixtureRequest) -> Serve:
    @contextmanager
    def start(**limits: float) -> Iterator[Up]:
        new_loop, guard = request.param
        echo, pages, log = Echo(), Pages(), list[str]()
        chosen = Limits(**{"stop_time": 0.3, **limits})  # type: ignore[arg-type]
        server = Server(echo.turn, pages.factory, limits=chosen, access_log=log.append, make_guard=guard)
        with run_in_thread(server, loop_factory=new_loop) as address:
            yield Up(server, address, echo, pages, log)

    return start


@pytest.fixture(scope="module")
def up(serve: Serve) -> Iterator[Up]:
    """A server with the usual limits, for tests that leave it as it was."""
    with serve() as made:
        yield made


def on_loop(up: Up, operation: Callable[[], object]) -> object:
    async def run() -> object:
        return operation()

    return asyncio.run_coroutine_threadsafe(run(), up.server._loop).result()


def get(path: str = "/api/create", *more: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: t", *more, "", ""]).encode("latin-1")


def refused(up: Up, request: bytes) -> int:
    """The status with which the server refuses a request and closes; its body reads like an error of the API."""
    with up.connect() as client:
        got = client.send(request).answer()
        assert got.json["status"] == "error"
        assert got.json["error_code"] == got.status
        assert "secret" not in got.json["message"]
        assert got.headers["connection"] == "close"
        assert client.closed()
    return got.status


CHUNKED = b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n"


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
