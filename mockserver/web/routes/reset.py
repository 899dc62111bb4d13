"""Reset: back to the start, for one login or for all."""

from __future__ import annotations

from typing import Any

from mockserver.inputs import fields
from mockserver.web.route import LOGIN, ControlContext, ControlRequest, Route, known_login


def reset(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Resets one login, or all; answers of theirs that still wait for their latency are ended."""
    login = known_login(context.mock, request.body.get("login"))
    context.end_waiting(login)  # before the journal ends some of them in its own way
    context.mock.reset(login)
    return 204, None


ROUTES = (
    Route(
        "POST",
        "/reset",
        reset,
        "Drops all that hangs on an account, or on any: tasks, charges, clock, faults and so on. Accounts stay.",
        {204: None},
        body=fields.table_of(LOGIN),
    ),
)
