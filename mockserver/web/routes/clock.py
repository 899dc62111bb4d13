"""The clock of the server, and those of accounts that have one of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.api.mock import Mock
from mockserver.core.clock import Clock, iso_of, parse_iso
from mockserver.core.errors import Problem, Refusal
from mockserver.core.messages import SECOND
from mockserver.inputs import fields
from mockserver.web.route import LOGIN, ControlContext, ControlRequest, Route, known_login


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The clock of the login in the query, else the server's."""
    login = known_login(context.mock, request.query.get("login"))
    return 200, _shown(context.mock, login, context.mock.clock(login))


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Sets the clock of a login or of the server."""
    wanted = request.body
    frozen = {"real": False, "frozen": True, None: None}[wanted.get("mode")]
    if frozen and wanted.get("speed", 1) != 1:
        raise Refusal(Problem("speed", "a frozen clock has none", "leave it out, or use the mode real"))
    if frozen is False and wanted.get("speed", 1) == 0:
        raise Refusal(Problem("speed", "a clock of speed 0 is frozen", "use the mode frozen"))
    login = known_login(context.mock, wanted.get("login"))
    clock = context.mock.set_clock(login, frozen=frozen, now=wanted.get("now"), speed=wanted.get("speed"))
    return 200, _shown(context.mock, login, clock)


def advance(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Puts a clock forward by seconds, or to the next midnight or ready task."""
    wanted = request.body
    login = known_login(context.mock, wanted.get("login"))
    if ("seconds" in wanted) == ("to" in wanted):
        raise Refusal(Problem("", "either seconds or to is needed", 'write {"seconds": 5} or {"to": "midnight"}'))
    if "to" in wanted:
        return 200, _shown(context.mock, login, context.mock.advance_to(login, wanted["to"]))
    return 200, _shown(context.mock, login, context.mock.advance(login, round(wanted["seconds"] * SECOND)))


def _shown(mock: Mock, login: str | None, clock: Clock) -> dict[str, Any]:
    mode = "frozen" if clock.frozen else "real"
    return {"mode": mode, "now": iso_of(mock.now(login)), "speed": clock.speed, **({"login": login} if login else {})}


_TIME = fields.at_most(fields.SHORT, fields.text).then(lambda where, text: parse_iso(text, where))
CLOCK: Mapping[str, fields.Field[Any]] = {
    "mode": fields.one_of(("real", "frozen")).described("Whether time passes."),
    "now": replace(_TIME, allowed="a time such as 2030-01-01T00:00:00Z").described("The time that it shows now."),
    "speed": fields.number(0, 1_000_000).described("How many times as fast as real time it goes."),
    **LOGIN,
}
ADVANCE: Mapping[str, fields.Field[Any]] = {
    "seconds": fields.number(0, 1e11).described("How far the clock is put forward."),
    "to": fields.one_of(("midnight", "next-ready")).described("The moment to which it is put forward."),
    **LOGIN,
}
_SHOWN = fields.table_of(CLOCK, required=("mode", "now", "speed"))

ROUTES = (
    Route("GET", "/clock", read, "The clock of an account, or of the server.", {200: _SHOWN}, query=LOGIN),
    Route(
        "PUT",
        "/clock",
        put,
        "Sets the clock of an account, or of the server.",
        {200: _SHOWN},
        body=fields.table_of(CLOCK),
    ),
    Route(
        "POST",
        "/clock/advance",
        advance,
        "Puts a clock forward by seconds, or to a moment.",
        {200: _SHOWN},
        body=fields.table_of(ADVANCE),
    ),
)
