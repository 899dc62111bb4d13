"""Faults: what breaks answers on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.core.delays import Delay
from mockserver.faults.armed import ArmedFault
from mockserver.faults.faults import ALWAYS, FAULT
from mockserver.inputs import fields
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import ControlContext, ControlRequest, Route, extended


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the faults with their counts: all that may still strike, and the last of those that are over."""
    return 200, page("faults", request, context.mock.store.faults.listed, _shown)


def arm(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Arms a fault."""
    return 201, _shown(context.mock.arm(request.body))


def disarm(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the fault of the path away, without one all faults, and nothing else."""
    if (fault_id := request.parts.get("id")) is not None:
        context.mock.store.faults.disarm(fault_id)
    else:
        context.mock.store.faults.clear(None)
    return 204, None


def _shown(armed: ArmedFault) -> dict[str, Any]:
    fault = armed.fault
    settings = {k: v.text if isinstance(v, Delay) else v for k, v in fault.settings.items()}
    return {
        "id": armed.id,
        "match": dict(fault.match.entries),
        "action": {"kind": fault.kind, **settings},
        "times": ALWAYS if fault.times is None else fault.times,
        "after": fault.after,
        "probability": fault.probability,
        "seen": armed.seen,
        "struck": armed.struck,
    }


_ID = fields.at_most(fields.SHORT, fields.text).described("The id of the fault.", "f1")
_COUNTS: Mapping[str, fields.Field[Any]] = {
    "id": _ID,
    "seen": fields.whole(0).described("How many calls it was meant for so far.", 0),
    "struck": fields.whole(0).described("How many of them it happened to.", 0),
}
_SHOWN = extended(FAULT, _COUNTS)
_DOCUMENT = replace(FAULT, read=fields.as_is.read)  # the mock reads it

ROUTES = (
    Route(
        "GET", "/faults", listed, "Lists the faults with their counts.", {200: page_of("faults", _SHOWN)}, query=PAGE
    ),
    Route("POST", "/faults", arm, "Arms a fault.", {201: _SHOWN}, body=_DOCUMENT),
    Route("DELETE", "/faults", disarm, "Takes all faults away.", {204: None}),
    Route("DELETE", "/faults/<id>", disarm, "Takes a fault away.", {204: None}, parts={"id": _ID}),
)
