"""Stubs: what a user has found on a phone, in place of made-up data."""

from __future__ import annotations

from typing import Any

from mockserver.api.stub_documents import STUB, STUB_FIELDS
from mockserver.faults.stubs import Stub
from mockserver.inputs import fields
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import LOGIN, ControlContext, ControlRequest, Route, known_login


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the stubs."""
    return 200, page("stubs", request, context.mock.store.stubs.listed, _shown)


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The stub of the path."""
    return 200, _shown(context.mock.store.stubs.get(request.parts["id"]))


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Puts the stub under the id of the path, without one in the place of the stub with the same match."""
    stub, made = context.mock.store.stubs.put(request.body, request.parts.get("id"))
    return (201 if made else 200), _shown(stub)


def drop(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the stub of the path away."""
    context.mock.store.stubs.drop(request.parts["id"])
    return 204, None


def drop_all(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes away the stubs whose match names the login of the query, without one all."""
    context.mock.store.stubs.clear(known_login(context.mock, request.query.get("login")))
    return 204, None


def _shown(stub: Stub) -> dict[str, Any]:
    return {"id": stub.id, **stub.document}


_ID = fields.matching("[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "an id", "letters, digits, dots and hyphens").described(
    "The id of the stub.", "s1"
)
_PARTS = {"id": _ID}
_SHOWN = fields.table_of({"id": _ID, **STUB_FIELDS}, required=["id"])
_PUT = {200: _SHOWN, 201: _SHOWN}

ROUTES = (
    Route("GET", "/stubs", listed, "Lists the stubs.", {200: page_of("stubs", _SHOWN)}, query=PAGE),
    Route("POST", "/stubs", put, "Makes a stub, or puts it in the place of the one with its match.", _PUT, body=STUB),
    Route(
        "DELETE",
        "/stubs",
        drop_all,
        "Takes all stubs away, or those of an account; tasks keep what they have found.",
        {204: None},
        query=LOGIN,
    ),
    Route("GET", "/stubs/<id>", read, "A stub.", {200: _SHOWN}, parts=_PARTS),
    Route("PUT", "/stubs/<id>", put, "Makes a stub, or changes it as a whole.", _PUT, body=STUB, parts=_PARTS),
    Route(
        "DELETE", "/stubs/<id>", drop, "Takes a stub away; tasks keep what they have found.", {204: None}, parts=_PARTS
    ),
)
