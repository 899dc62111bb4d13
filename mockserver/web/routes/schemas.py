"""Schemas: the files of `schemas/`, which describe the API's answers and what it is believed to do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver import data
from mockserver.core.errors import NotFound, unknown
from mockserver.inputs import fields
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import ControlContext, ControlRequest, Document, Route

CONTENT_TYPES: Mapping[str, str] = {
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".toml": "application/toml",
    ".xsd": "application/xml",
}
"""By the endings of the files."""


@cache
def names() -> tuple[str, ...]:
    """The files, by their paths below `schemas/`."""
    root = data.path("schemas")
    found = (file.relative_to(root).as_posix() for file in root.rglob("*") if file.suffix in CONTENT_TYPES)
    return tuple(sorted(found))


def listed(_context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the names of the files."""
    return 200, page("schemas", request, lambda offset, limit: names()[offset : offset + limit], str)


def read(_context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A file."""
    name = request.parts["name"]
    if name not in names():
        raise NotFound(unknown("name", name, names(), noun="a schema"))
    file = data.path("schemas", name)
    return 200, Document(CONTENT_TYPES[file.suffix], file.read_bytes())


_NAME = fields.at_most(fields.SHORT, fields.text).described("The path of a file in `schemas/`.", "clauses.toml")

ROUTES = (
    Route(
        "GET",
        "/schemas",
        listed,
        "Lists the files of `schemas/`.",
        {200: page_of("schemas", _NAME)},
        query=PAGE,
        apart=True,
    ),
    Route(
        "GET",
        "/schemas/<path:name>",
        read,
        "A file of `schemas/`: of JSON Schema, XSD, descriptions of CSV, or the table of clauses.",
        {200: tuple(CONTENT_TYPES.values())},
        parts={"name": _NAME},
        apart=True,
    ),
)
