"""The clock of the server, and those of accounts that have one of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.api.mock import Mock
from mockserver.core.clock import Clock, iso_of
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
    login = known_login(context.mock, wanted.get("login"))
    clock = context.mock.set_clock(login, frozen=frozen, now=wanted.get("now"), speed=wanted.get("speed"))
    return 200, _shown(context.mock, login, clock)


def advance(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Puts a clock forward by seconds, or to the next midnight or ready task."""
    wanted = request.body
    login = known_login(context.mock, wanted.get("login"))
    if "to" in wanted:
        return 200, _shown(context.mock, login, context.mock.advance_to(login, wanted["to"]))
    return 200, _shown(context.mock, login, context.mock.advance(login, round(wanted["seconds"] * SECOND)))


def drop(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the clock of the login in the query away, else the server's."""
    context.mock.store.put_clock(known_login(context.mock, request.query.get("login")), None)
    return 204, None


def _shown(mock: Mock, login: str | None, clock: Clock) -> dict[str, Any]:
    mode = "frozen" if clock.frozen else "real"
    return {"mode": mode, "now": iso_of(mock.now(login)), "speed": clock.speed, **({"login": login} if login else {})}


def _with_one_speed(where: str, wanted: dict[str, Any]) -> dict[str, Any]:
    mode, speed = wanted.get("mode"), wanted.get("speed", 1)
    if mode == "frozen" and speed != 1:
        raise Refusal(
            Problem(fields.inside(where, "speed"), "a frozen clock has none", "leave it out, or use the mode real")
        )
    if mode == "real" and speed == 0:
        raise Refusal(Problem(fields.inside(where, "speed"), "a clock of speed 0 is frozen", "use the mode frozen"))
    return wanted


def _with_one_step(where: str, wanted: dict[str, Any]) -> dict[str, Any]:
    if ("seconds" in wanted) == ("to" in wanted):
        raise Refusal(Problem(where, "either seconds or to is needed", 'write {"seconds": 5} or {"to": "midnight"}'))
    return wanted


CLOCK: Mapping[str, fields.Field[Any]] = {
    "mode": fields.one_of(("real", "frozen")).described("Whether time passes."),
    "now": fields.moment.described("The time that it shows now.", "2030-01-01T00:00:00+03:00"),
    "speed": fields.number(0, 1_000_000).described("How many times as fast as real time it goes."),
    **LOGIN,
}
ADVANCE: Mapping[str, fields.Field[Any]] = {
    "seconds": fields.number(0, 1e11).described("How far the clock is put forward."),
    "to": fields.one_of(("midnight", "next-ready")).described("The moment to which it is put forward."),
    **LOGIN,
}
_SHOWN = fields.table_of({**CLOCK, "now": fields.text.described("The time that it shows.")}, ("mode", "now", "speed"))
_TWO_SPEEDS = [
    {"properties": {"mode": {"const": "frozen"}, "speed": {"not": {"const": 1}}}, "required": ["mode", "speed"]},
    {"properties": {"mode": {"const": "real"}, "speed": {"const": 0}}, "required": ["mode", "speed"]},
]
_ONE_STEP = [{"required": ["seconds"]}, {"required": ["to"]}]

ROUTES = (
    Route("GET", "/clock", read, "The clock of an account, or of the server.", {200: _SHOWN}, query=LOGIN),
    Route(
        "PUT",
        "/clock",
        put,
        "Sets the clock of an account, or of the server.",
        {200: _SHOWN},
        body=fields.bounded(fields.table_of(CLOCK).then(_with_one_speed), {"not": {"anyOf": _TWO_SPEEDS}}),
    ),
    Route(
        "DELETE",
        "/clock",
        drop,
        "Takes an account's own clock away, so that it follows the server's; or sets the server's to real time.",
        {204: None},
        query=LOGIN,
    ),
    Route(
        "POST",
        "/clock/advance",
        advance,
        "Puts a clock forward by seconds, or to a moment.",
        {200: _SHOWN},
        body=fields.bounded(fields.table_of(ADVANCE).then(_with_one_step), {"oneOf": _ONE_STEP}),
    ),
)
