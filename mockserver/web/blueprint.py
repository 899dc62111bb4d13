"""The control API as a Flask blueprint: JSON in and out, refusals as application/problem+json."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from mockserver.api.gateway import MAX_BODY
from mockserver.api.http import url_of
from mockserver.api.mock import Mock
from mockserver.core.errors import NotFound, Problem, Refusal, StoreError
from mockserver.settings.table import Settings
from mockserver.web.address import address_of
from mockserver.web.control import Control, ControlRequest, Route

Guard: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Runs an operation on the mock while nothing else touches it; returns its result, or raises its exception."""


def control_blueprint(
    mock: Mock, guard: Guard, settings: Settings, end_waiting: Callable[[str | None], object]
) -> Blueprint:
    """The routes over one mock. end_waiting ends the answers of a login (None: all) that wait for their latency."""
    routes = Blueprint("mock", __name__, url_prefix="/_mock")
    control = Control(mock, settings, end_waiting)

    def view(route: Route) -> Callable[..., Response]:
        def answer(**parts: str) -> Response:
            address = address_of(request.environ)
            base = url_of(*address, request.scheme) + request.root_path.rstrip("/")
            written = _body()
            query = route.query("", dict(request.args))
            received = ControlRequest(route.body("", written), query, parts, address, base)
            write = request.method != "GET"

            def operation() -> tuple[int, Any]:
                with mock.store.transaction(write=write):
                    return route.handler(received)

            status, content = guard(operation)
            return Response(status=204) if status == 204 else _json(status, content)  # noqa: PLR2004 - no content

        return answer

    add = partial(routes.add_url_rule, provide_automatic_options=False)
    for path, http_methods in control.routes().items():
        for http_method, route in http_methods.items():
            add(path, f"{http_method} {path}", view(route), methods=[http_method])

    def anything(path: str = "") -> Response:
        return _unknown_route(f"/{path}", control.routes())

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    for rule in ("/", "/<path:path>"):
        add(rule, f"any {rule}", anything, methods=every)
    routes.before_request(lambda: _unauthorised(settings.admin_token))
    on_error = routes.register_error_handler
    on_error(NotFound, lambda refusal: _problem(404, "It was not found", refusal.problems))
    on_error(Refusal, lambda refusal: _problem(422, "The request was refused", refusal.problems))
    on_error(StoreError, lambda error: _problem(503, "The store failed", (Problem("", str(error)),)))
    on_error(HTTPException, _http_problem)
    return routes


def _body() -> Any:
    request.max_content_length = MAX_BODY
    raw = request.get_data(cache=False)
    if not raw.strip():
        return {}
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refusal(Problem("body", f"is not JSON: {error}", "send an object, or nothing")) from None


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


def _unauthorised(token: str | None) -> Response | None:
    if token is None:
        return None
    scheme, _, sent = request.headers.get("Authorization", "").strip().partition(" ")
    right = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode())
    if right and scheme.lower() == "bearer":  # a scheme's name has no case (RFC 9110, 11.1)
        return None
    remedy = "send the header Authorization: Bearer TOKEN with the mock's admin token"
    answered = _problem(401, "The admin token is needed", (Problem("Authorization", "is missing or wrong", remedy),))
    answered.headers["WWW-Authenticate"] = "Bearer"
    return answered


def _before_part(route: str) -> str:
    """What stands before a route's `<part>`; of a route without one a text that begins no path."""
    start, mark, _ = route.partition("<")
    return start if mark else " "


def _unknown_route(path: str, routes: Mapping[str, Mapping[str, Any]]) -> Response:
    """404 with the nearest route, or 405 where the path is one."""
    known = next((route for route in routes if path == route or path.startswith(_before_part(route))), None)
    if known is not None:
        allowed = ", ".join(routes[known])
        what = f"{request.method} is not allowed on /_mock{known}"
        answered = _problem(405, "The method is not allowed", (Problem("method", what, f"allowed: {allowed}"),))
        answered.headers["Allow"] = allowed
        return answered
    near = get_close_matches(path, routes, n=1)
    hint = f"did you mean /_mock{near[0]}? " if near else ""
    remedy = f"{hint}routes: {', '.join(f'/_mock{route}' for route in routes)}"
    return _problem(404, "The route is unknown", (Problem("path", f"/_mock{path} is not a route", remedy),))
