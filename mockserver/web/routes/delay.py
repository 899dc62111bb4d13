"""The delay of the server: how long tasks are processed, where neither the phone, the account nor the source says."""

from __future__ import annotations

from typing import Any

from mockserver.inputs import fields
from mockserver.web.route import ControlContext, ControlRequest, Route


def read(context: ControlContext, _request: ControlRequest) -> tuple[int, Any]:
    """The delay in force, as it is written."""
    return 200, {"delay": context.mock.simulation.delay.text}


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Sets it, from the next create on."""
    context.mock.set_delay(request.body["delay"])
    return read(context, request)


def take_back(context: ControlContext, _request: ControlRequest) -> tuple[int, Any]:
    """Makes it that of the settings again."""
    context.mock.set_delay(None)
    return 204, None


_DELAY = {"delay": fields.delay.described("How long a task is processed.", "2s")}
_SHOWN = fields.table_of({"delay": fields.text.described("How long a task is processed.", "2s")}, ["delay"])

ROUTES = (
    Route("GET", "/delay", read, "How long tasks are processed.", {200: _SHOWN}),
    Route(
        "PUT",
        "/delay",
        put,
        "Sets how long tasks are processed, from the next create on; a delay of the account, the phone or the source"
        " goes before it.",
        {200: _SHOWN},
        body=fields.table_of(_DELAY, ["delay"]),
    ),
    Route("DELETE", "/delay", take_back, "Makes the delay that of the settings again.", {204: None}),
)
