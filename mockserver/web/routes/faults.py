"""Faults: what breaks answers on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.faults.armed import ArmedFault
from mockserver.faults.faults import FAULT
from mockserver.inputs import fields
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import LOGIN, ControlContext, ControlRequest, Route, extended, known_login


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the faults with their counts: all that may still strike, and the last of those that are over."""
    return 200, page("faults", request, context.mock.store.faults.listed, _shown)


def arm(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Arms a fault."""
    return 201, _shown(context.mock.arm(request.body))


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The fault of the path with its counts."""
    return 200, _shown(context.mock.store.faults.fault(request.parts["id"]))


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Arms a fault under the id of the path, in the place of the one that has it."""
    armed, made = context.mock.put_fault(request.parts["id"], request.body)
    return (201 if made else 200), _shown(armed)


def disarm(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the fault of the path away."""
    context.mock.store.faults.disarm(request.parts["id"])
    return 204, None


def disarm_all(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes away the faults whose match names the login of the query, without one all, and nothing else."""
    context.mock.store.faults.clear(known_login(context.mock, request.query.get("login")))
    return 204, None


def _shown(armed: ArmedFault) -> dict[str, Any]:
    return {"id": armed.id, **armed.fault.document, "seen": armed.seen, "struck": armed.struck}


_ID = fields.at_most(fields.SHORT, fields.text).described("The id of the fault.", "f1")
_COUNTS: Mapping[str, fields.Field[Any]] = {
    "id": _ID,
    "seen": fields.whole(0).described("How many calls it was meant for so far.", 0),
    "struck": fields.whole(0).described("How many of them it happened to.", 0),
}
_SHOWN = extended(FAULT, _COUNTS)

_NEW_ID = fields.matching(
    rf"{fields.NO_DOTS}[A-Za-z0-9._-]{{1,64}}", "an id", "1 to 64 letters, digits, and . _ -"
).described("The id of the fault, which may be a new one.", "outage")

ROUTES = (
    Route(
        "GET", "/faults", listed, "Lists the faults with their counts.", {200: page_of("faults", _SHOWN)}, query=PAGE
    ),
    Route("POST", "/faults", arm, "Arms a fault under a new id.", {201: _SHOWN}, body=FAULT),
    Route("DELETE", "/faults", disarm_all, "Takes all faults away, or those of an account.", {204: None}, query=LOGIN),
    Route("GET", "/faults/<id>", read, "A fault with its counts.", {200: _SHOWN}, parts={"id": _ID}),
    Route(
        "PUT",
        "/faults/<id>",
        put,
        "Arms a fault under this id, in the place of the one that has it, with its counts at 0.",
        {200: _SHOWN, 201: _SHOWN},
        body=FAULT,
        parts={"id": _NEW_ID},
    ),
    Route("DELETE", "/faults/<id>", disarm, "Takes a fault away.", {204: None}, parts={"id": _ID}),
)
