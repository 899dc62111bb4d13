"""Accounts: who may call the API."""

from __future__ import annotations

from typing import Any

from mockserver.api.mock import Mock
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account
from mockserver.inputs import fields
from mockserver.inputs.accounts import ACCOUNT, KEYS
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import ControlContext, ControlRequest, Route


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the accounts, without their tokens: only the answer that makes or changes an account holds one."""
    mock = context.mock
    return 200, page("accounts", request, mock.store.accounts, lambda account: _shown(mock, account))


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Makes an account, or changes the one with the login: what is left out stays or is made up."""
    changes = {key: value for key, value in request.body.items() if key != "login"}
    account, made = context.mock.put_account(request.body.get("login"), changes)
    return (201 if made else 200), {**_shown(context.mock, account), "token": account.token}


def _shown(mock: Mock, account: Account) -> dict[str, Any]:
    shown = {key: getattr(account, key) for key in KEYS if key != "token"}
    day = day_of(mock.now(account.login), mock.profile.rules.day_turn)
    return {**shown, "used": account.used_on(day)}


_SHOWN = {
    **{key: field for key, field in KEYS.items() if key != "token"},
    "used": fields.whole(0).described("Units used today.", 0),
}
_ENTRY = fields.table_of(_SHOWN, required=_SHOWN)
_WITH_TOKEN = fields.table_of({**_SHOWN, "token": KEYS["token"]}, required=(*_SHOWN, "token"))

ROUTES = (
    Route(
        "GET",
        "/accounts",
        listed,
        "Lists the accounts, without their tokens.",
        {200: page_of("accounts", _ENTRY)},
        query=PAGE,
    ),
    Route(
        "POST",
        "/accounts",
        put,
        "Makes an account, or changes the one with the login: what is left out stays, or is made up.",
        {200: _WITH_TOKEN, 201: _WITH_TOKEN},
        body=ACCOUNT,
    ),
)
