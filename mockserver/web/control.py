"""The control API without a web framework: from a request below `/_mock` to its answer, by the rows of `routes/`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from itertools import chain
from pkgutil import iter_modules
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl

from mockserver.api.gateway import MAX_BODY
from mockserver.api.http import Request, Response, url_of
from mockserver.api.mock import LOOK, Mock
from mockserver.core.errors import Conflict, IfindMockError, NotFound, Problem, Refusal, StoreError, all_unknown, cut
from mockserver.core.messages import SECOND, Delivery
from mockserver.inputs import fields
from mockserver.machine_time import monotonic
from mockserver.settings.table import Settings
from mockserver.stores.journal import MuchLeft
from mockserver.web import routes
from mockserver.web.address import Address, address_of
from mockserver.web.door import Door, wrong_type
from mockserver.web.json_body import Malformed, read_json
from mockserver.web.route import Caller, ControlContext, ControlRequest, Deferred, Document, Guard, Route, Unmet

T = TypeVar("T")

ROOT = "/_mock"
JSON = "application/json"
PROBLEM = "application/problem+json"
_PRIVATE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Keeps a browser from storing an answer, from guessing its type, and from lending it to a page."""
_PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
}
_EXPOSED: Mapping[str, str] = {"Access-Control-Expose-Headers": "Allow, WWW-Authenticate"}
_STATUSES: Mapping[type[Refusal], int] = {NotFound: 404, Malformed: 400, Conflict: 409}
"""Of refusals; any other is 422."""
_PAUSE = 0.5  # seconds between two looks whether a server still runs, of which an answer is waited for
_TRIES = 3  # to find a journal read that others write meanwhile
_TITLES: Mapping[int, str] = {
    400: "The body can't be read",
    404: "It was not found",
    405: "The method is not allowed",
    409: "It contradicts itself, or what is there",
    413: "The body is too large",
    415: "The body's type is not read here",
    422: "The request was refused",
    500: "The mock failed",
    503: "The store failed",
}


class Handled(NamedTuple):
    """The answer of the control API as data."""

    status: int
    body: Any  # a JSON value, a Document, or None for an answer without a body
    headers: Mapping[str, str] = {}
    is_problem: bool = False  # whether the body describes what is wrong (RFC 9457)


@cache
def route_table() -> Mapping[str, Mapping[str, Route]]:
    """Every route of every module of `routes/`, by path and HTTP method, in the order of their names. Raises
    IfindMockError where there are none: then it is asked for anew.
    """
    names = sorted(module.name for module in iter_modules(routes.__path__))
    if not names:
        raise IfindMockError("the mock does not find its own files; start it before a fake file system hides them")
    rows: Iterator[Route] = chain.from_iterable(import_module(f"{routes.__name__}.{name}").ROUTES for name in names)
    table: dict[str, dict[str, Route]] = {}
    for row in rows:
        table.setdefault(row.path, {})[row.http_method] = row
    return table


def below_root(request: Request) -> str:
    """The path of a request below ROOT. Several slashes at the start count as one, as in `request.path` of Flask."""
    return f"/{request.path.decode('utf-8', 'replace').lstrip('/')}".removeprefix(ROOT)


def control_paths() -> frozenset[str]:
    """The paths of the routes, each up to what names a single thing, as a log shows them."""
    return frozenset({ROOT, *(ROOT + path.partition("/<")[0] for path in route_table())})


def problem(status: int, *problems: Problem, title: str = "", headers: Mapping[str, str] | None = None) -> Handled:
    """The answer to a request that is refused (RFC 9457)."""
    entries = [{key: text for key, text in asdict(one).items() if text} for one in problems]
    detail = "\n".join(map(str, problems))
    body = {"title": title or _TITLES[status], "status": status, "detail": detail, "problems": entries}
    return Handled(status, body, headers or {}, is_problem=True)


class Control:
    """The control API over one mock. guard keeps an operation from all others; end_waiting ends the answers of a login
    (None: all) that wait for their latency. soon is another such guard, which raises TimeoutError where the mock is
    being touched for long; without it, the first waits for that. door is that of the settings, unless it knows more.
    """

    def __init__(
        self,
        mock: Mock,
        settings: Settings,
        guard: Guard,
        end_waiting: Callable[[str | None], object],
        soon: Guard | None = None,
        *,
        door: Door | None = None,
    ) -> None:
        self._context = ControlContext(mock, settings, end_waiting, soon or guard)
        mock.end_waiting = end_waiting
        self._guard = guard
        self._door = door or Door(settings.admin_token, settings.host, frozenset(settings.control_origin))
        here = Address(settings.host, settings.port)
        self._here = Caller(here, url_of(*here))

    def answer(self, environ: Mapping[str, Any], request: Request) -> Response:
        """The response to a request of a path below ROOT; one that has to wait has `later`. environ is the same
        request's WSGI environment.
        """
        origin = self._door.origin(environ)
        lent = {} if origin is None else {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **_EXPOSED}
        try:
            answered = self._answered(environ, request)
        except StoreError as error:  # it keeps the sessions of the dashboard, too
            answered = problem(503, Problem("", str(error)))
        if isinstance(answered, Handled):
            return _response(answered, lent)
        delivery, later = Delivery(answered.longest, answered.login), _Later(answered, lent)
        return replace(_response(_ENDED, lent), delivery=delivery, later=later)

    def _answered(self, environ: Mapping[str, Any], request: Request) -> Handled | Deferred:
        path = below_root(request)
        try:
            route, parts = _routed(request.http_method, path)
        except _Stray as stray:
            return self._kept_out(environ, request, is_open=False) or stray.answer
        if (refused := self._kept_out(environ, request, is_open=route.open)) is not None:
            return refused
        if request.too_large:
            return problem(413, Problem("body", f"has more than {MAX_BODY} bytes"))
        if request.body and (wrong := wrong_type(request.headers.get("content-type", ""))) is not None:
            return problem(415, wrong)
        address = address_of(environ)
        prefix = environ.get("SCRIPT_NAME", "").rstrip("/")
        base = url_of(*address, environ.get("wsgi.url_scheme", "http")) + prefix
        try:
            query, body = _query(request.query), read_json(request.body)
        except Refusal as refusal:
            return _refused(refusal)
        return self._handled(route, parts, query, body, Caller(address, base, self._door.is_trusted(environ)))

    def _kept_out(self, environ: Mapping[str, Any], request: Request, *, is_open: bool) -> Handled | None:
        """The answer to who may not come in, the same for every path, and to who asks whether a page may."""
        asks = request.http_method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        if asks and self._door.origin(environ) is not None and not self._door.refused(environ, is_open=True):
            return Handled(204, None, _PREFLIGHT)
        refused = self._door.refused(environ, is_open=is_open)
        if refused is None:
            return None
        status, title, reason = refused
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 - unauthorised
        return problem(status, reason, title=title, headers=headers)

    def handle(self, http_method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> Handled:
        """The answer to a request by its parts, for callers in this process: path is below ROOT, such as
        `/accounts`, and body a JSON value (None: no body). What is refused is an answer, too. An answer that has to
        wait holds the caller's thread.
        """
        try:
            route, parts = _routed(http_method, path)
            handled = self._handled(route, parts, query or {}, {} if body is None else body, self._here)
        except _Stray as stray:
            return stray.answer
        if isinstance(handled, Handled):
            return handled
        waiting, over = handled, threading.Event()
        self._guard(lambda: waiting.begin(over.set))
        self.wait(over, waiting.longest / SECOND)
        return cast("Handled", self._guard(lambda: _settled(waiting)))

    def wait(self, over: threading.Event, seconds: float) -> None:
        """Holds the caller's thread until it is over, at most so many seconds; meanwhile looks at what other processes
        have done, where they can. Raises what the guard raises, such as that the server has stopped.
        """
        mock, end = self._context.mock, monotonic() + seconds
        pause = LOOK if mock.store.is_shared else _PAUSE
        while not over.wait(min(pause, end - monotonic())) and monotonic() < end:
            self._guard(mock.watch)

    def _handled(
        self, route: Route, parts: Mapping[str, str], query: Mapping[str, str], body: Any, caller: Caller
    ) -> Handled | Deferred:
        mock = self._context.mock
        try:
            request = _read(route, parts, query, body, caller)

            def operation() -> tuple[int, Any] | Deferred:
                with ExitStack() as unless_kept:
                    with mock.store.transaction(write=route.http_method != "GET" and not route.only_asks):
                        given = route.handler(self._context, request)
                        if not isinstance(given, tuple):
                            unless_kept.callback(given.leave)  # it will not be sent where the transaction fails
                    unless_kept.pop_all()
                return given

            given = route.handler(self._context, request) if route.apart else self._in_parts(operation)
            return Handled(*given) if isinstance(given, tuple) else given
        except Refusal as refusal:
            return _refused(refusal)
        except StoreError as error:
            return problem(503, Problem("", str(error)))

    def _in_parts(self, operation: Callable[[], T]) -> T:
        """What the operation gives. A journal of which much is to be read first is read in parts, and other calls are
        answered between them.
        """
        journal = self._context.mock.journal

        def begun() -> T:
            journal.in_parts = True
            try:
                return operation()
            finally:
                journal.in_parts = False

        for _ in range(_TRIES):
            try:
                return cast("T", self._guard(begun))
            except MuchLeft as left:
                while self._guard(left.read_on):
                    pass
        return cast("T", self._guard(operation))


_ENDED = problem(503, Problem("", "the mock was reset, or stopped, while this answer waited"), title="The wait ended")


def _settled(waiting: Deferred) -> Handled:
    try:
        return Handled(*waiting.answer())
    except Refusal as refusal:
        return _refused(refusal)


@dataclass(frozen=True, slots=True)
class _Later:
    """An answer that has to wait, as servers see it."""

    waiting: Deferred
    headers: Mapping[str, str]

    def begin(self, wake: Callable[[], object]) -> None:
        self.waiting.begin(wake)

    def leave(self) -> None:
        self.waiting.leave()

    def response(self) -> Response:
        return _response(_settled(self.waiting), self.headers)


def control_failure(status: int, failure: Problem) -> Response:
    """The response to a request that can't be answered, whatever it asks for."""
    return _response(problem(status, failure, title=_TITLES[500]))


def _response(handled: Handled, more: Mapping[str, str] = {}) -> Response:
    headers = {**handled.headers, **more, **_PRIVATE}
    body = handled.body
    if body is None:
        return Response(handled.status, tuple(headers.items()), b"")
    if not isinstance(body, Document):
        text = json.dumps(body, ensure_ascii=False) + "\n"
        body = Document(PROBLEM if handled.is_problem else JSON, text.encode())
    return Response(handled.status, (("Content-Type", body.content_type), *headers.items()), body.content)


class _Stray(Exception):
    """No route has the path, or the route has not the method."""

    def __init__(self, answer: Handled) -> None:
        super().__init__()
        self.answer = answer


def _refused(refusal: Refusal) -> Handled:
    if isinstance(refusal, Unmet):
        told = problem(refusal.status, *refusal.problems, title=refusal.title)
        return told._replace(body={**told.body, **refusal.details})
    status = next((number for kind, number in _STATUSES.items() if isinstance(refusal, kind)), 422)
    return problem(status, *refusal.problems)


def _read(
    route: Route, parts: Mapping[str, str], query: Mapping[str, str], body: Any, caller: Caller
) -> ControlRequest:
    """The request by its route's fields. Raises Refusal with every problem of the body and the query."""
    named = _parts(route, parts)
    strange = [name for name in query if name not in route.query]
    problems = all_unknown("", strange, route.query, noun="a key of the query")
    asked = fields.table({name: query[name] for name in query if name in route.query}, "", route.query, problems)
    try:
        read = route.body("", body)
    except Refusal as refusal:
        kind = Refusal if problems else type(refusal)
        raise kind(*problems, *refusal.problems) from None
    if problems:
        raise Refusal(*problems)
    return ControlRequest(read, asked, named, caller)


def _parts(route: Route, parts: Mapping[str, str]) -> dict[str, Any]:
    """The parts of a path. Raises NotFound for one that can name nothing."""
    try:
        return {name: route.parts[name](name, text) for name, text in parts.items()}
    except Refusal as refusal:
        raise NotFound(*refusal.problems) from None


def _query(raw: bytes) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        if name in query:
            raise Refusal(Problem(fields.inside("", name), "is given more than once", "give it once"))
        query[name] = value
    return query


def _routed(http_method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a request, and the parts of its path. Raises _Stray, and NotFound for a name that is empty."""
    found = _matched(path)  # a login may end with a slash
    if found is None and path.endswith("/") and path != "/":
        path = path[:-1]
        if any(one.startswith(f"{path}/<") for one in route_table()):  # a client's variable may have been empty
            raise _Stray(
                problem(404, Problem("path", "nothing is named after the slash", "name one, or leave the slash out"))
            )
        found = _matched(path)
    if found is None:
        raise _Stray(_unknown(path))
    template, parts = found
    methods = route_table()[template]
    route = methods.get("GET" if http_method == "HEAD" else http_method)
    if route is None:
        raise _Stray(_not_allowed(http_method, template, methods))
    return route, parts


def _matched(path: str) -> tuple[str, Mapping[str, str]] | None:
    """The path of the route that has this path, and the parts that it names."""
    for template in route_table():
        if (match := _pattern(template).fullmatch(path)) is not None:
            return template, match.groupdict()
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What the paths of a route match from end to end."""
    pieces = re.split(r"<(path:)?(\w+)>", template)
    pattern = re.escape(pieces[0])
    for with_slashes, name, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        pattern += f"(?P<{name}>{'.+' if with_slashes else '[^/]+'}){re.escape(text)}"
    return re.compile(pattern, re.DOTALL)


def _not_allowed(http_method: str, template: str, methods: Mapping[str, Route]) -> Handled:
    allowed = ", ".join(methods)
    what = f"{cut(http_method)} is not allowed on {ROOT}{template}"
    return problem(405, Problem("method", what, f"allowed: {allowed}"), headers={"Allow": allowed})


def _unknown(path: str) -> Handled:
    known = [f"{ROOT}{template}" for template in route_table()]
    near = get_close_matches(cut(f"{ROOT}{path}"), known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    what = f"{ROOT}{cut(path)} is not a route"
    remedy = f"{hint}GET {ROOT}/openapi.json has all routes"
    return problem(404, Problem("path", what, remedy), title="The route is unknown")
