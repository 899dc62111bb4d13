"""A route of the control API as a row: what it takes, what it does and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Protocol, TypeAlias

from mockserver.api.mock import Mock, is_test_login
from mockserver.core.errors import FEW, NotFound, Problem, Refusal, cut
from mockserver.core.messages import Micros
from mockserver.inputs import fields
from mockserver.inputs.fields import Field
from mockserver.settings.table import Settings
from mockserver.web.address import Address

Guard: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Runs an operation on the mock while nothing else touches it; returns its result, or raises its exception."""
NEAR = 100
"""Accounts among which the one is looked for that a misspelt login may have meant."""
PLAIN = 64
"""Characters of a login with which others are compared: the time grows with the square."""


@dataclass(frozen=True, slots=True)
class ControlContext:
    """What the handlers work on."""

    mock: Mock
    settings: Settings
    end_waiting: Callable[[str | None], object]  # ends the answers of a login (None: all) that wait
    soon: Guard  # for handlers that are `apart`; it raises TimeoutError where the mock is being touched for long


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    address: Address  # by which the caller reaches the mock
    base: str  # the URL of the mock, up to `/api` or `/_mock`
    trusted: bool = True  # whether the admin token was sent, where there is one; without it, only open routes answer


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request of the control API, each part as its route's fields read it."""

    body: Any  # an empty body is {}
    query: Mapping[str, Any]
    parts: Mapping[str, Any]  # of the path
    caller: Caller


@dataclass(frozen=True, slots=True)
class Document:
    """The body of an answer that is no JSON value."""

    content_type: str
    content: bytes


class Deferred(Protocol):
    """An answer that has to wait. A server holds neither a thread nor its loop for it, where it can.

    Its methods are called while nothing else touches the mock.
    """

    login: str | None  # the account that it is about; a reset of it ends the wait, and a reset of all any wait
    longest: Micros  # real time after which it is given, whatever has come

    def begin(self, wake: Callable[[], object]) -> None:
        """Has wake called as soon as the answer may be given: at once, where it may by now."""

    def leave(self) -> None:
        """Nobody waits for it any more."""

    def answer(self) -> tuple[int, Any]:
        """The status and the body of the answer. Raises Refusal."""


class Unmet(Refusal):
    """What was asked for is not so. The answer has a status and a title of its own, and details as further members."""

    def __init__(self, status: int, title: str, problem: Problem, details: Mapping[str, Any]) -> None:
        super().__init__(problem)
        self.status = status
        self.title = title
        self.details = details


Handler: TypeAlias = "Callable[[ControlContext, ControlRequest], tuple[int, Any] | Deferred]"
"""Gives the status and the body of the answer: a JSON value, a Document, or None for none; or an answer that has to
wait. It runs in a transaction of the store, while nothing else touches the mock. Raises Refusal.
"""
Answers: TypeAlias = "Mapping[int, Field[Any] | tuple[str, ...] | None]"
"""What a route answers, by status: the field of a JSON value (from 400 on of a problem), the content types of
Documents, None for no body. The refusals that any such route may answer are not among them.
"""
NOTHING: Field[Any] = fields.table_of({})
_SAID = replace(fields.as_is, shape={"type": "string"})  # it may repeat any character that was sent
_ONE = fields.table_of(
    {
        "where": _SAID.described("The key, the header or the part of the path that is wrong.", "daily_limit"),
        "what": _SAID.described("What is wrong with it.", "-1 is not allowed"),
        "remedy": _SAID.described("What to write in its place.", "allowed: whole numbers from 0 to 1000000000"),
    },
    required=["what"],
)
REFUSAL_FIELDS: Mapping[str, Field[Any]] = {
    "title": _SAID.described("What happened.", "The request was refused"),
    "status": fields.whole(400, 599).described("The HTTP status.", 422),
    "detail": _SAID.described("The problems, a line each.", "daily_limit: -1 is not allowed"),
    "problems": fields.list_of(_ONE, "a list of problems").described("Each problem in its parts."),
}
REFUSAL = fields.table_of(REFUSAL_FIELDS, required=REFUSAL_FIELDS).described(
    "Why a request was refused (RFC 9457). Nothing of it was done."
)


@dataclass(frozen=True, slots=True)
class Route:
    """What one HTTP method of a path takes, does and answers."""

    http_method: str
    path: str  # below `/_mock`; `<name>` stands for a part without a slash, `<path:name>` for one that may have some
    handler: Handler
    summary: str  # a sentence
    answers: Answers
    body: Field[Any] = NOTHING
    query: Mapping[str, Field[Any]] = field(default_factory=dict)
    parts: Mapping[str, Field[Any]] = field(default_factory=dict)
    """The fields of the path's parts, which are texts; a part that its field refuses is answered as unknown."""
    open: bool = False  # whether it answers without the admin token, too
    only_asks: bool = False  # whether it changes nothing, though its HTTP method is not GET
    apart: bool = (
        False  # whether the handler runs outside of the guard and of any transaction, so that nothing holds it
    )


LOGIN: Mapping[str, Field[Any]] = {
    "login": fields.at_most(fields.SHORT, fields.text).described("The account that is meant; without it, the server.")
}


def extended(table: Field[Any], rows: Mapping[str, Field[Any]]) -> Field[Any]:
    """The field of an answer that has all keys of a table, and these beside them."""
    properties = {**table.shape["properties"], **{key: row.schema for key, row in rows.items()}}
    return replace(table, shape={**table.shape, "properties": properties, "required": [*properties]})


def known_login(mock: Mock, login: str | None, where: str = "login") -> str | None:
    """The login of a place. Raises NotFound where it has no account, and none is made on first use."""
    if login is None or is_test_login(login) or mock.store.account(login) is not None:
        return login
    raise NotFound(unknown_account(mock, where, login))


def unknown_account(mock: Mock, where: str, login: str) -> Problem:
    """The problem of a login without an account, with the nearest one and the first ones."""
    known = [account.login for account in mock.store.accounts(limit=NEAR)]
    near = get_close_matches(login, [one for one in known if len(one) <= PLAIN], n=1) if len(login) <= PLAIN else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = f"{', '.join(known[:FEW])}{', …' if len(known) > FEW else ''}"
    return Problem(where, f"{cut(login)!r} is not an account", f"{hint}accounts: {listed}; GET /_mock/accounts has all")
