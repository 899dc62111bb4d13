"""Accounts: who may call the API."""

from __future__ import annotations

from typing import Any

from mockserver.api.mock import Mock
from mockserver.core.errors import Conflict, NotFound, Problem
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account
from mockserver.inputs import fields
from mockserver.inputs.accounts import ACCOUNT, KEYS
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import Answers, ControlContext, ControlRequest, Route, unknown_account


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the accounts, without their tokens: only the answer that makes or changes an account holds one."""
    mock = context.mock
    return 200, page("accounts", request, mock.store.accounts, lambda account: _shown(mock, account))


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The account of the path, without its token."""
    return 200, _shown(context.mock, _account(context.mock, request))


def change(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Makes an account, or changes the one with the login: what is left out stays or is made up."""
    changes = {key: value for key, value in request.body.items() if key != "login"}
    return _put(context.mock, *context.mock.put_account(request.body.get("login"), changes))


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Makes the account of the path, or puts another in its place: what is left out is as in a new one."""
    login = request.parts["login"]
    if request.body.get("login", login) != login:
        raise Conflict(Problem("login", "is not the login of the path", "leave it out"))
    return _put(context.mock, *context.mock.put_account(login, request.body, whole=True))


def drop(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the account of the path away, with all that hangs on it; answers of it that still wait are ended."""
    login = _account(context.mock, request).login
    context.end_waiting(login)  # before the journal ends some of them in its own way
    context.mock.drop_account(login)
    return 204, None


def _account(mock: Mock, request: ControlRequest) -> Account:
    login = request.parts["login"]
    account = mock.store.account(login)
    if account is None:
        raise NotFound(unknown_account(mock, "login", login))
    return account


def _put(mock: Mock, account: Account, made: bool) -> tuple[int, Any]:
    return (201 if made else 200), {**_shown(mock, account), "token": account.token}


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

_LOGIN = {"login": KEYS["login"]}
_PUT: Answers = {200: _WITH_TOKEN, 201: _WITH_TOKEN}

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
        change,
        "Makes an account, or changes the one with the login: what is left out stays as it is, or is made up.",
        _PUT,
        body=ACCOUNT,
    ),
    Route(
        "GET",
        "/accounts/<path:login>",
        read,
        "An account, without its token.",
        {200: _ENTRY},
        parts=_LOGIN,
    ),
    Route(
        "PUT",
        "/accounts/<path:login>",
        put,
        "Makes an account, or puts it in the place of the one there is: what is left out is made up. Its charges stay.",
        _PUT,
        body=ACCOUNT,
        parts=_LOGIN,
    ),
    Route(
        "DELETE",
        "/accounts/<path:login>",
        drop,
        "Takes an account away, with its tasks and all else that hangs on it.",
        {204: None},
        parts=_LOGIN,
    ),
)
