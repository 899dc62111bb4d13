"""Describes a mock in OpenAPI 3.1: the API as its profile has it answered, and the control API by its rows of routes,
whose fields read and check what they take.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from mockserver.core.errors import Refusal
from mockserver.inputs.fields import Field
from mockserver.profile.profile import Profile
from mockserver.web.api_description import A_MOCK, THE_SERVICE, api_parts, choices
from mockserver.web.control import JSON, PROBLEM, ROOT
from mockserver.web.paging import PAGE
from mockserver.web.route import NOTHING, REFUSAL, Route

_ALWAYS = (403, 422, 503)
"""Statuses of refusals that any route may answer."""
_OF_A_BODY = (400, 413, 415)
_TOKEN = "adminToken"  # noqa: S105 - the name of the scheme


def mock_description(
    table: Mapping[str, Mapping[str, Route]], profile: Profile, url: str, *, with_token: bool, plain: bool
) -> dict[str, Any]:
    """The description of a mock: its API, and its routes by path and HTTP method. url is what the paths begin with.
    with_token says whether the routes ask for the admin token, plain whether the API's answers lack the mock's headers.
    """
    head = {
        "title": "ifind-mock",
        "version": version("ifind-mock"),
        "description": "A mock of the API of i-find.pro, and the control API, which tells it how to answer.",
    }
    api = api_parts(profile, replace(A_MOCK, has_headers=not plain))
    return _document(head, url, profile, api, _control_parts(table, with_token=with_token))


def service_description(profile: Profile) -> dict[str, Any]:
    """The description of i-find.pro's own API, as the profile has it."""
    edition = profile.rules.edition.name
    head = {
        "title": "The API of i-find.pro",
        "version": f"edition {edition}",
        "description": (
            "Searches by phone. The operator's page leaves much open: `x-clauses` says of each part how well it is"
            " founded, and what it calls assumed nobody knows. `x-profile` lists every open point with the choice made"
            " here. The project ifind-mock describes it; the operator does not."
        ),
    }
    return _document(head, "https://i-find.pro", profile, api_parts(profile, THE_SERVICE))


def _document(head: Mapping[str, str], url: str, profile: Profile, *parts: Mapping[str, Any]) -> dict[str, Any]:
    components: dict[str, dict[str, Any]] = {}
    for part in parts:
        for kind, members in part["components"].items():
            components.setdefault(kind, {}).update(members)
    whole = {
        "openapi": "3.1.0",
        "info": head,
        "servers": [{"url": url}],
        "tags": [tag for part in parts for tag in part["tags"]],
        "paths": {path: operations for part in parts for path, operations in part["paths"].items()},
        "components": components,
        "x-profile": choices(profile),
    }
    return {key: _portable(part) for key, part in whole.items()}


def _control_parts(table: Mapping[str, Mapping[str, Route]], *, with_token: bool) -> dict[str, Any]:
    rows = [row for methods in table.values() for row in methods.values()]
    statuses = sorted({status for row in rows for status in _refusals(row, with_token=with_token)})
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        operation = _operation(row, with_token=with_token)
        paths.setdefault(ROOT + _PART.sub(r"{\1}", row.path), {})[row.http_method.lower()] = operation
    scheme = {"type": "http", "scheme": "bearer", "description": "The setting `admin_token`."}
    return {
        "tags": [{"name": name, "description": sys.modules[name_of].__doc__} for name, name_of in _tags(rows).items()],
        "paths": paths,
        "components": {
            "schemas": {"Problem": REFUSAL.schema},
            "responses": {_refusal(status): _refused(status) for status in statuses},
            **({"securitySchemes": {_TOKEN: scheme}} if with_token else {}),
        },
    }


def _portable(part: Any) -> Any:
    """The part with its patterns in the dialect of JSON Schema (ECMA-262), as far as others read it: there `$` is the
    very end, and no text holds half of a surrogate pair.
    """
    if isinstance(part, Mapping):
        return {
            key: _in_ecma(inner) if key == "pattern" and isinstance(inner, str) else _portable(inner)
            for key, inner in part.items()
        }
    return [*map(_portable, part)] if isinstance(part, list | tuple) else part


def _in_ecma(pattern: str) -> str:
    pattern = pattern.replace(r"$(?!\n)", "$").replace(r"\uD800-\uDFFF", "")
    return re.sub(r"\\U([0-9A-F]{8})", lambda found: chr(int(found[1], 16)), pattern)


_PART = re.compile(r"<(?:path:)?(\w+)>")


def _tags(rows: Iterable[Route]) -> dict[str, str]:
    """The modules of the resources, by their own names."""
    return {row.handler.__module__.rpartition(".")[2]: row.handler.__module__ for row in rows}


def _operation(row: Route, *, with_token: bool) -> dict[str, Any]:
    parameters = [_parameter(name, field, "path") for name, field in row.parts.items()]
    parameters += [_parameter(name, field, "query") for name, field in row.query.items()]
    takes = {
        "required": _is_needed(row.body),
        "content": {JSON: {"schema": row.body.schema}},
    }
    refusals = {
        str(status): {"$ref": f"#/components/responses/{_refusal(status)}"}
        for status in _refusals(row, with_token=with_token)
    }
    return {
        "tags": [*_tags([row])],
        "operationId": "_".join([row.http_method.lower(), *re.findall(r"\w+", _PART.sub(r"\1", row.path))]),
        "summary": row.summary,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": takes} if row.body is not NOTHING else {}),
        "responses": {**refusals, **{str(status): _answer(status, row) for status in row.answers}},
        "security": [{_TOKEN: []}, *([{}] if row.open else [])] if with_token else [],
    }


def _is_needed(body: Field[Any]) -> bool:
    """Whether an empty body, which counts as an empty table, is refused."""
    try:
        body("", {})
    except Refusal:
        return True
    return False


def _parameter(name: str, field: Field[Any], place: str) -> dict[str, Any]:
    schema = {key: value for key, value in field.schema.items() if key != "description"}
    return {"name": name, "in": place, "required": place == "path", "description": field.help, "schema": schema}


def _answer(status: int, row: Route) -> dict[str, Any]:
    said = {"description": HTTPStatus(status).phrase}
    answer = row.answers[status]
    if answer is None:
        return said
    if isinstance(answer, Field):
        kind = JSON if status < HTTPStatus.BAD_REQUEST else PROBLEM
        return {**said, "content": {kind: {"schema": answer.schema}}}
    return {**said, "content": {kind: {"schema": {} if kind == JSON else {"type": "string"}} for kind in answer}}


def _refusals(row: Route, *, with_token: bool) -> list[int]:
    """The statuses with which a request to the route may be refused."""
    keys = {*row.query, *row.body.shape.get("properties", ())}
    return sorted(
        {
            *_ALWAYS,
            *((401,) if with_token else ()),
            *((404,) if row.parts or keys & {"login", "match"} else ()),
            *((409,) if keys - {*PAGE} else ()),
            *(_OF_A_BODY if row.body is not NOTHING else ()),
        }
    )


def _refusal(status: int) -> str:
    return HTTPStatus(status).name.title().replace("_", "")


def _refused(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
