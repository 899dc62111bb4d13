"""The control API as a Flask blueprint: JSON in and out, refusals as application/problem+json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias

from flask import Blueprint, Request, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Rule

from mockserver.api.gateway import MAX_BODY
from mockserver.api.http import url_of
from mockserver.api.mock import Mock
from mockserver.core.errors import NotFound, Problem, Refusal, StoreError, cut
from mockserver.settings.table import Settings
from mockserver.web.address import address_of
from mockserver.web.control import Control, ControlRequest, Route
from mockserver.web.door import CONTROL, Door, wrong_type
from mockserver.web.json_body import Malformed, read_json

Guard: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Runs an operation on the mock while nothing else touches it; returns its result, or raises its exception."""


def control_blueprint(
    mock: Mock, guard: Guard, settings: Settings, end_waiting: Callable[[str | None], object]
) -> Blueprint:
    """The routes over one mock. end_waiting ends the answers of a login (None: all) that wait for their latency."""
    routes = Blueprint("mock", __name__, url_prefix="/_mock")
    control = Control(mock, settings, end_waiting)

    def view(path: str, route: Route) -> Callable[..., Response]:
        named = any(one.startswith(f"{path}/<") for one in control.routes())

        def answer(**parts: str) -> Response:
            if named and request.path.endswith("/"):  # a client's variable may have been empty
                raise NotFound(Problem("path", "nothing is named after the slash", "name one, or leave the slash out"))
            address = address_of(request.environ)
            base = url_of(*address, request.scheme) + request.root_path.rstrip("/")
            written = _body()
            query = route.query("", _query())
            received = ControlRequest(route.body("", written), query, parts, address, base)
            write = request.method not in ("GET", "HEAD")

            def operation() -> tuple[int, Any]:
                with mock.store.transaction(write=write):
                    return route.handler(received)

            status, content = guard(operation)
            return Response(status=204) if status == 204 else _json(status, content)  # noqa: PLR2004 - no content

        return answer

    add = partial(routes.add_url_rule, provide_automatic_options=False)
    for path, http_methods in control.routes().items():
        for http_method, route in http_methods.items():
            add(path, f"{http_method} {path}", view(path, route), methods=[http_method])

    def anything(path: str = "") -> Response:
        return _unknown_route(f"/{path}", control.routes())

    def add_the_rest(state: BlueprintSetupState) -> None:
        for rule in ("/_mock/", "/_mock/<path:path>"):
            # A rule without methods takes any.
            state.app.url_map.add(Rule(rule, endpoint="mock.anything", methods=None))
        state.app.view_functions["mock.anything"] = anything

    routes.record(add_the_rest)
    door = Door(settings.admin_token, settings.host)
    # For the whole app: it comes before the routing, so that no path tells a stranger anything.
    routes.before_app_request(lambda: _kept_out(door))
    routes.after_app_request(_private)
    on_error = routes.register_error_handler
    on_error(NotFound, lambda refusal: _problem(404, "It was not found", refusal.problems))
    on_error(_WrongType, lambda refusal: _problem(415, "The body's type is not read here", refusal.problems))
    on_error(Malformed, lambda refusal: _problem(400, "The body can't be read", refusal.problems))
    on_error(Refusal, lambda refusal: _problem(422, "The request was refused", refusal.problems))
    on_error(StoreError, lambda error: _problem(503, "The store failed", (Problem("", str(error)),)))
    on_error(HTTPException, _http_problem)
    return routes


def _query() -> dict[str, str]:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Refusal(Problem(cut(name), "is given more than once", "give it once"))
    return dict(request.args)


def body_of(received: Request) -> bytes:
    """The whole body. Raises RequestEntityTooLarge above MAX_BODY: Flask alone would cut a chunked one off there."""
    received.max_content_length = MAX_BODY + 1
    body = received.get_data(cache=False)
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    return body


def _body() -> Any:
    raw = body_of(request)
    if raw and (problem := wrong_type(request.headers.get("Content-Type", ""))) is not None:
        raise _WrongType(problem)
    return read_json(raw)


class _WrongType(Refusal):
    """A body of a type that is not read."""


def _kept_out(door: Door) -> Response | None:
    """The answer to a request that may not use the control API."""
    if CONTROL.match(request.path) is None or (refused := door.refused(request.environ)) is None:
        return None
    status, title, problem = refused
    answered = _problem(status, title, (problem,))
    if status == 401:  # noqa: PLR2004 - unauthorised
        answered.headers["WWW-Authenticate"] = "Bearer"
    return answered


def _private(response: Response) -> Response:
    """The answer with what keeps a browser from storing it, from guessing its type, and from lending it to a page."""
    if CONTROL.match(request.path) is not None:
        response.headers.update(_PRIVATE)
    return response


_PRIVATE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def _json(status: int, answer: Any, content_type: str = "application/json") -> Response:
    return Response(json.dumps(answer, ensure_ascii=False) + "\n", status, content_type=content_type)


def _problem(status: int, title: str, problems: tuple[Problem, ...]) -> Response:
    entries = [{k: v for k, v in asdict(p).items() if v} for p in problems]
    answer = {"title": title, "status": status, "detail": "\n".join(map(str, problems)), "problems": entries}
    return _json(status, answer, "application/problem+json")


def _http_problem(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _problem(413, "The body is too large", (Problem("body", f"has more than {MAX_BODY} bytes"),))
    return _problem(error.code or 500, error.name, (Problem("", error.description or error.name),))


def _is_of(route: str, path: str) -> bool:
    """Whether the path is the route, or has a name in place of its `<part>`."""
    start, mark, _ = route.partition("<")
    name = path.removeprefix(start)
    return path == route or (bool(mark) and path.startswith(start) and name != "" and "/" not in name)


def _unknown_route(path: str, routes: Mapping[str, Mapping[str, Any]]) -> Response:
    """404 with the nearest route, or 405 where the path is one."""
    known = next((route for route in routes if _is_of(route, path)), None)
    if known is not None:
        allowed = ", ".join(routes[known])
        what = f"{cut(request.method)} is not allowed on /_mock{known}"
        answered = _problem(405, "The method is not allowed", (Problem("method", what, f"allowed: {allowed}"),))
        answered.headers["Allow"] = allowed
        return answered
    near = get_close_matches(cut(path), routes, n=1)
    hint = f"did you mean /_mock{near[0]}? " if near else ""
    remedy = f"{hint}routes: {', '.join(f'/_mock{route}' for route in routes)}"
    return _problem(404, "The route is unknown", (Problem("path", f"/_mock{cut(path)} is not a route", remedy),))
