"""Health: whether the mock answers, and at which address."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from importlib.metadata import version
from typing import Any

from mockserver.api.mock import Mock
from mockserver.core.clock import iso_of
from mockserver.core.messages import SECOND, Micros
from mockserver.inputs import fields
from mockserver.profile.editions import EDITIONS
from mockserver.stores.opening import STORES, kind_of_store
from mockserver.web.route import ControlContext, ControlRequest, Route


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """What runs here, and the address by which it was asked; to who sends no admin token, where there is one, no more
    than that it runs. The time is left out while the store makes others wait for it.
    """
    caller, mock = request.caller, context.mock
    alive = {"status": "ok", "version": version("ifind-mock"), "uptime": mock.uptime() / SECOND}
    if not caller.trusted:
        return 200, alive
    told = {
        **alive,
        "api": f"{caller.base}/api",
        "host": caller.address.host,
        "port": caller.address.port,
        "state": kind_of_store(context.settings.state),
        "edition": mock.profile.choices["edition"],
    }
    with suppress(TimeoutError):
        told["now"] = iso_of(context.soon(partial(_now, mock)))
    return 200, told


def _now(mock: Mock) -> Micros:
    with mock.store.transaction():
        return mock.now()


_ALIVE = {
    "status": fields.one_of(["ok"]).described("Always ok."),
    "version": fields.text.described("The version of ifind-mock.", "0.1.0"),
    "uptime": fields.number(0, 1e11).described("Seconds since the mock was started.", 12.5),
}
_HEALTH = {
    **_ALIVE,
    "api": fields.text.described("The URL of the API, by which the mock was asked.", "http://localhost:8080/api"),
    "host": fields.text.described("The host of that URL.", "localhost"),
    "port": fields.whole(1, 65535).described("Its port.", 8080),
    "state": fields.one_of(STORES).described("Where tasks and charges are kept."),
    "edition": fields.one_of(EDITIONS).described("The edition of the API's page."),
    "now": fields.text.described(
        "The time of the server's clock; left out while the store waits for something.", "2030-01-01T12:00:00+03:00"
    ),
}

ROUTES = (
    Route(
        "GET",
        "/health",
        read,
        "Whether the mock runs, and by which address it was asked. Without the admin token it tells the first alone.",
        {200: fields.table_of(_HEALTH, required=_ALIVE)},
        open=True,
        apart=True,
    ),
)
