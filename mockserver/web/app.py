"""The Flask app around one gateway, and what a WSGI server needs beside it: a lock, and threads that wait."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Unpack
from weakref import WeakSet
from wsgiref.types import StartResponse, WSGIEnvironment

import click
from flask import Flask, Response, request
from werkzeug.exceptions import InternalServerError
from werkzeug.routing import BaseConverter, Rule

from mockserver.api import http
from mockserver.api.gateway import MAX_BODY, Gateway
from mockserver.api.http import API_PATHS, ENDED, HAND_OVER, SOON, Request, refusal, shown_path
from mockserver.assembly import open_gateway
from mockserver.core.errors import IfindMockError, Problem, Refusal
from mockserver.core.messages import SECOND
from mockserver.core.written import kind_of
from mockserver.machine_time import monotonic
from mockserver.settings.loading import load
from mockserver.settings.table import Settings, SettingValues
from mockserver.standard_error import STANDARD_ERROR, write_failure
from mockserver.stores.opening import kind_of_store, look_after
from mockserver.stores.state_run import PART, Run
from mockserver.web.address import peer_of, with_usable_host
from mockserver.web.control import Control, control_failure, control_paths
from mockserver.web.dashboard.pages import Dashboard
from mockserver.web.dashboard.sessions import Sessions
from mockserver.web.docs import Docs
from mockserver.web.door import CONTROL, Door
from mockserver.web.route import Guard


class Left(Exception):
    """The state was left for a fork before an operation could begin: the request is to be answered anew."""


class Waiting:
    """The answers that wait in threads of a WSGI server: the one place that waits there."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.wait: Callable[[threading.Event, float], object] = threading.Event.wait
        """Waits until the event, at most so many seconds."""
        self._ends: dict[threading.Event, str | None] = {}

    def sent(self, response: http.Response) -> http.Response:
        """The response, when its latency has passed, or what it waits for has come; a 503 after a reset of its login.
        Whether the connection then closes is up to the WSGI server (PEP 3333).
        """
        delivery, later = response.delivery, response.later
        if not delivery.latency and later is None:
            return response
        over = threading.Event()
        self._ends[over] = delivery.login
        try:
            if later is not None:
                self._guard(lambda: later.begin(over.set))
            self._wait(over, delivery.latency / SECOND, is_answered=later is None)
        finally:
            was_ended = self._ends.pop(over, over) is over  # by a reset
        if later is None:
            return ENDED if was_ended else response
        if was_ended:
            self._guard(later.leave)
            return response
        settled: http.Response = self._guard(later.response)
        return settled

    def _wait(self, over: threading.Event, seconds: float, *, is_answered: bool) -> None:
        end = monotonic() + seconds
        try:
            self.wait(over, seconds)
        except Left:
            if not is_answered:
                raise
            over.wait(end - monotonic())

    def end(self, login: str | None) -> None:
        """Ends the waits of a login, with None all."""
        for over, whose in tuple(self._ends.items()):
            if login in (None, whose):
                self._ends.pop(over, None)
                over.set()


class _AnyPath(BaseConverter):
    """Any path, also one that begins with a slash, or has a line break."""

    part_isolating = False
    regex = r"[\s\S]*"


@dataclass(frozen=True, slots=True)
class _Answers:
    """What answers in a process."""

    gateway: Gateway
    guard: Guard
    control: Control
    dashboard: Dashboard
    docs: Docs
    waiting: Waiting

    def answer(self, received: Request) -> Response:
        """The response to Flask's request. Raises Left where nothing has been done."""
        if CONTROL.match(request.path) is not None:
            environ = request.environ
            answered = self.dashboard.answer(environ, received) or self.docs.answer(environ, received)
            answered = answered or self.control.answer(environ, received)
        else:
            answered = self.guard(lambda: self.gateway.answer(received))
        if answered.later is not None and (hand_over := request.environ.get(HAND_OVER)) is not None:
            hand_over(answered)
            return _sent(answered)
        return _sent(self.waiting.sent(answered))


class _App(Flask):
    is_divided = False  # whether each process that has the app has state of its own

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.is_divided and environ.get("wsgi.multiprocess"):
            return _refused(environ, _DIVIDED)(environ, start_response)
        if _LENGTH.fullmatch(environ.get("CONTENT_LENGTH") or "0") is None:
            # Some servers let it pass, and Flask would take the body for an empty one.
            return _sent(_NO_LENGTH)(environ, start_response)
        return super().wsgi_app(with_usable_host(environ), start_response)

    def log_exception(self, exc_info: Any) -> None:
        """The kind and the place of an error: its text, and the path, may hold a credential."""
        write_failure("the web app", exc_info[1])


def _refused(environ: WSGIEnvironment, problem: Problem) -> Response:
    is_control = CONTROL.match(environ.get("PATH_INFO", ""))
    return _sent(control_failure(503, problem) if is_control else refusal(503, str(problem)))


_LENGTH = re.compile("[0-9]{1,19}")
_DIVIDED = Problem(
    "",
    "the mock keeps its state in this process, and its server says that it has several (wsgi.multiprocess): what is"
    " made in one is unknown to the others",
    "run one process with threads, such as gunicorn --workers 1 --threads 4, or keep the state in a file, such as"
    " IFIND_MOCK_STATE=state.db",
)
_NO_LENGTH = refusal(400, "malformed request: Content-Length is not a number, or has too many digits")


def create_app(settings: Settings | None = None, **values: Unpack[SettingValues]) -> Flask:
    """The complete app with a mock of its own, for `flask run`, gunicorn, granian, or Flask's test client.

    values are settings by name: `create_app(delay="0s")`. For all others it reads IFIND_MOCK_* and ifind-mock.toml, as
    `ifind-mock serve` does; settings of `mockserver.load` stand in place of all of them. Raises click.UsageError for
    wrong ones, which `flask run` shows as a message. A mock whose state is in memory needs a single process: where the
    server says that it has several, each answer is a 503 that says so.
    """
    try:
        settings = _settings(settings, values)
        opened = _Opened(settings)
    except IfindMockError as error:
        raise click.UsageError(str(error)) from None
    # The server of `flask run` logs request lines whole, and a query holds credentials.
    log = logging.getLogger("werkzeug")
    log.addFilter(_Requests(API_PATHS | control_paths()))  # once, where they are the same
    if not log.hasHandlers():  # it would write to standard error itself, and wait for it
        log.addHandler(_Lines())
    return _app(opened.answers, is_divided=not opened.is_shared)


class _Opened:
    """The mock of an app. A connection to a state that processes share is never carried into a forked process: it ends
    before the fork, and each process opens one when it is first asked. Raises IfindMockError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opening = threading.Lock()
        store = self._open(Run(ends=False)).gateway.mock.store
        self.is_shared = store.is_shared
        if kind_of_store(settings.state) == "sqlite":
            self._settings = replace(settings, state=store.name)  # the server may change its directory
        if self.is_shared:
            _OPENED.add(self)

    def answers(self) -> _Answers:
        """What answers in this process."""
        answers = self._answers
        if answers is None:
            with self._opening:
                look_after(self._settings.state)
                answers = self._answers or self._open(PART)
        return answers

    def _open(self, run: Run) -> _Answers:
        gateway = open_gateway(self._settings, owns_sockets=False, run=run)
        is_shared = gateway.mock.store.is_shared
        self._lock = lock = threading.Lock()

        def guard(operation: Callable[[], Any], patience: float = -1) -> Any:
            if not lock.acquire(timeout=patience):  # no answer holds it while it waits
                raise TimeoutError
            try:
                if self._answers is not answers:
                    raise Left
                return operation()
            finally:
                lock.release()

        def soon(operation: Callable[[], Any]) -> Any:
            return guard(operation, SOON if is_shared else -1)

        answers = _answers_of(gateway, guard, self._settings, None, soon)
        self._answers: _Answers | None = answers
        return answers

    def leave(self) -> None:
        """Ends the connection, and keeps others from the state until `go_on`."""
        self._opening.acquire()
        self._lock.acquire()
        if self._answers is not None:
            self._answers.gateway.mock.store.close()
            self._answers = None

    def go_on(self) -> None:
        """Ends what `leave` has begun."""
        self._lock.release()
        self._opening.release()


_OPENED: WeakSet[_Opened] = WeakSet()
_LEFT: list[_Opened] = []


def _leave() -> None:
    for opened in _OPENED:
        opened.leave()
        _LEFT.append(opened)


def _go_on() -> None:
    while _LEFT:
        _LEFT.pop().go_on()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_leave, after_in_parent=_go_on, after_in_child=_go_on)


_OF_SERVE = frozenset({"port", "workers", "tls", "tls_names", "tls_ca", "limits", "access_log"})
"""Settings that change nothing of the app: a file may have them, since `serve` may read it, too."""


def _settings(whole: Any, values: SettingValues) -> Settings:
    if whole is None:
        settings = load(environ=os.environ, arguments=values)
        if idle := [name for name in values if name in _OF_SERVE]:
            raise Refusal(*(Problem(name, "is for `ifind-mock serve`", "set it on the WSGI server") for name in idle))
        return settings
    by_name = "settings are given by name, such as delay='0s', or whole, as mockserver.load returns them"
    if not isinstance(whole, Settings):
        raise Refusal(Problem("", f"{kind_of(whole)} stands where settings should", by_name))
    if values:
        raise Refusal(Problem(", ".join(values), "is given beside whole settings", "give it to mockserver.load"))
    return whole


class _Lines(logging.Handler):
    """Writes log records to standard error without waiting for it, where the program has not said where they go."""

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:  # which it may say later
            STANDARD_ERROR.write(self.format(record))


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


_FAILED = Problem("", "an error of the mock's own", "see its standard error, and report it")


def make_app(
    gateway: Gateway,
    guard: Guard,
    settings: Settings,
    end_waiting: Callable[[str | None], object] | None = None,
    soon: Guard | None = None,
) -> Flask:
    """The app around an open gateway. end_waiting ends answers that wait elsewhere, at a login's reset (None: all).
    soon is as in Control.
    """
    answers = _answers_of(gateway, guard, settings, end_waiting, soon)
    return _app(lambda: answers, is_divided=not gateway.mock.store.is_shared)


def _answers_of(
    gateway: Gateway,
    guard: Guard,
    settings: Settings,
    end_waiting: Callable[[str | None], object] | None,
    soon: Guard | None,
) -> _Answers:
    waiting = Waiting(guard)
    sessions = Sessions(gateway.mock, guard, settings.admin_token)
    door = Door(settings.admin_token, settings.host, frozenset(settings.control_origin), sessions.knows_any)
    control = Control(gateway.mock, settings, guard, end_waiting or waiting.end, soon, door=door)
    waiting.wait = control.wait
    return _Answers(gateway, guard, control, Dashboard(door, sessions), Docs(door), waiting)


def _app(answers: Callable[[], _Answers], *, is_divided: bool) -> Flask:
    app = _App("mockserver", static_folder=None)
    app.is_divided = is_divided
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's own provider has it
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False

    def answer(path: str = "") -> Response:  # noqa: ARG001 - the gateway reads the path itself
        received = _request()
        while True:
            try:
                return answers().answer(received)
            except Left:
                continue
            except IfindMockError as error:
                return _refused(request.environ, Problem("", str(error)))

    def failed(error: InternalServerError) -> Response | InternalServerError:
        return error if CONTROL.match(request.path) is None else _sent(control_failure(500, _FAILED))

    app.register_error_handler(InternalServerError, failed)
    app.url_map.converters["any_path"] = _AnyPath
    for rule in ("/", "/<any_path:path>"):
        # A rule without methods takes any, so that the gateway alone decides which are right.
        app.url_map.add(Rule(rule, endpoint="api", methods=None))
    app.view_functions["api"] = answer
    return app


def _sent(answered: http.Response) -> Response:
    response = Response(answered.body, answered.status)
    del response.headers["Content-Type"]
    for name, value in answered.headers:
        response.headers.add(name, value)
    return response


def _request() -> Request:
    too_large = (request.content_length or 0) > MAX_BODY
    request.max_content_length = MAX_BODY + 1  # Flask cuts a chunked body off there, and says nothing
    body = b"" if too_large else request.get_data(cache=False)
    if len(body) > MAX_BODY:
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
