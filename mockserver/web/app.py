"""The Flask app around one gateway, and what a WSGI server needs beside it: a lock, and threads that wait."""

from __future__ import annotations

import logging
import os
import re
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import click
from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import Rule

from mockserver.api.gateway import Gateway
from mockserver.api.http import API_PATHS, ENDED, Request, refusal, shown_path
from mockserver.api.http import Response as Answered
from mockserver.assembly import open_gateway
from mockserver.core.errors import IfindMockError
from mockserver.core.messages import SECOND, Delivery
from mockserver.settings.loading import load
from mockserver.settings.table import Settings
from mockserver.stores.trouble import to_standard_error
from mockserver.web.address import peer_of, with_usable_host
from mockserver.web.blueprint import Guard, body_of, control_blueprint
from mockserver.web.control import Control


class Waiting:
    """The answers that wait for their latency in threads of a WSGI server: the one place that waits there."""

    def __init__(self) -> None:
        self._ends: dict[threading.Event, str | None] = {}

    def wait(self, delivery: Delivery) -> bool:
        """Returns when the latency has passed, or at its end by a reset: whether it has passed."""
        if not delivery.latency:
            return True
        end = threading.Event()
        self._ends[end] = delivery.login
        ended = end.wait(delivery.latency / SECOND)
        del self._ends[end]
        return not ended

    def end(self, login: str | None) -> None:
        """Ends the waits of a login, with None all. They are answered with 503; whether the connection closes is up to
        the WSGI server (PEP 3333).
        """
        for end, whose in tuple(self._ends.items()):
            if login in (None, whose):
                end.set()


class _App(Flask):
    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _LENGTH.fullmatch(environ.get("CONTENT_LENGTH") or "0") is None:
            # Some servers let it pass, and Flask would take the body for an empty one.
            return _response(_NO_LENGTH)(environ, start_response)
        return super().wsgi_app(with_usable_host(environ), start_response)

    def log_exception(self, exc_info: Any) -> None:
        """The kind and the place of an error: its text, and the path, may hold a credential."""
        kind, _, trace = exc_info
        last = traceback.extract_tb(trace)[-1]
        to_standard_error(f"the web app failed with {kind.__name__} at {PurePath(last.filename).name}:{last.lineno}")


_LENGTH = re.compile("[0-9]{1,19}")
_NO_LENGTH = refusal(400, "malformed request: Content-Length is not a number, or has too many digits")


def _response(answered: Answered) -> Response:
    response = Response(answered.body, answered.status)
    del response.headers["Content-Type"]
    for name, value in answered.headers:
        response.headers.add(name, value)
    return response


def create_app(settings: Settings | None = None) -> Flask:
    """The complete app with a mock of its own, for `flask run`, gunicorn, granian, or Flask's test client.

    Without settings, it reads IFIND_MOCK_* and ifind-mock.toml, as `ifind-mock serve` does. Raises click.UsageError
    for wrong ones, which `flask run` shows as a message. A mock whose state is in memory needs a single process.
    """
    try:
        settings = load(environ=os.environ) if settings is None else settings
        gateway = open_gateway(settings)
    except IfindMockError as error:
        raise click.UsageError(str(error)) from None
    # The server of `flask run` logs request lines whole, and a query holds credentials.
    paths = Control(gateway.mock, settings, lambda _: None).paths()
    logging.getLogger("werkzeug").addFilter(_Requests(API_PATHS | paths))  # once, where they are the same
    lock = threading.Lock()

    def guard(operation: Callable[[], Any]) -> Any:
        with lock:  # which no answer holds while it waits
            return operation()

    return make_app(gateway, guard, settings)


@dataclass(frozen=True, slots=True)
class _Requests:
    """A filter of log records, which shows of a request its method and its route: the rest may hold a credential."""

    routes: frozenset[str]

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(self._shown(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True

    def _shown(self, text: str) -> str:
        if _PLAIN.fullmatch(text):
            return text
        found = _REQUEST.fullmatch(text)
        if found is None:
            return "…"  # a request that can't be read
        before, target, after = found.groups()
        path, mark, _ = target.partition("?")
        return f"{before}{shown_path(path, self.routes)}{'?…' if mark else ''}{after}"


_PLAIN = re.compile("[0-9-]{1,9}")  # a status, or a size
_REQUEST = re.compile(  # as werkzeug logs it, with the codes of colours
    r"((?:\x1b\[[0-9;]{1,9}m){0,3}(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE) )(\S+)"
    r"( HTTP/[0-9]\.[0-9](?:\x1b\[[0-9;]{1,9}m){0,3})"
)


def make_app(
    gateway: Gateway, guard: Guard, settings: Settings, end_waiting: Callable[[str | None], object] | None = None
) -> Flask:
    """The app around an open gateway. end_waiting ends answers that wait elsewhere, at a login's reset (None: all)."""
    waiting = Waiting()
    app = _App("mockserver", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's own provider has it
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.register_blueprint(control_blueprint(gateway.mock, guard, settings, end_waiting or waiting.end))

    def answer(path: str = "") -> Response:  # noqa: ARG001 - the gateway reads the path itself
        received = _request()
        answered = guard(lambda: gateway.answer(received))
        if not waiting.wait(answered.delivery):
            answered = ENDED
        return _response(answered)

    for rule in ("/", "/<path:path>"):
        # A rule without methods takes any, so that the gateway alone decides which are right.
        app.url_map.add(Rule(rule, endpoint="api", methods=None))
    app.view_functions["api"] = answer
    return app


def _request() -> Request:
    try:
        body, too_large = body_of(request), False
    except RequestEntityTooLarge:
        body, too_large = b"", True
    environ = request.environ
    return Request(
        http_method=request.method,
        path=environ.get("PATH_INFO", "").encode("latin-1"),
        query=environ.get("QUERY_STRING", "").encode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        peer=peer_of(environ),
        too_large=too_large,
    )
