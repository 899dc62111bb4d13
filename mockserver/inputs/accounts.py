"""Accounts as people write them, in the settings and to the control API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.inputs import fields
from mockserver.inputs.readiness import READY

MAX_SEED = 2**63 - 1

KEYS: Mapping[str, fields.Field[Any]] = {
    "login": fields.login.described("Login.", "demo@example.com"),
    "token": fields.token.described("Token.", "demo-token"),
    "daily_limit": fields.whole(0).described("Units a day.", 100),
    "paid_until": fields.day.described("Date that info shows.", "2099-12-31"),
    "demo": fields.flag.described("Whether prices and addresses are those of a demo.", example=False),
    "delay": fields.or_none(fields.delay.then(lambda _, delay: delay.text)).described("Processing time of its tasks."),
    "ready": fields.or_none(READY).described("When its tasks are ready, in place of the delay.", {"after": "2s"}),
    "seed": fields.or_none(fields.whole(0, MAX_SEED)).described("Seed of its made-up data.", 0),
}


def _with_delay(where: str, account: dict[str, Any]) -> dict[str, Any]:
    """The account with its readiness as a delay, which is how it is kept."""
    if "ready" not in account:
        return account
    if "delay" in account:
        raise Refusal(Problem(fields.inside(where, "ready"), "stands beside delay", "leave one of them out"))
    ready: Delay | None = account["ready"]
    rest = {key: value for key, value in account.items() if key != "ready"}
    return {**rest, "delay": None if ready is None else ready.text}


def _used(where: str, value: Any) -> int | str:
    if value == ALL:
        return ALL
    if isinstance(value, str) and not value.isdecimal():
        raise Refusal(unknown(where, value, [ALL], noun="a number of units", allowed=_USED))
    return _UNITS(where, value)


ALL = "all"
_UNITS = fields.whole(0)
_USED = f"{_UNITS.allowed}, or {ALL!r}"
_STATE: Mapping[str, fields.Field[Any]] = {
    **{key: KEYS[key] for key in ("daily_limit", "paid_until", "demo", "delay", "ready")},
    "used": fields.Field(_used, {"anyOf": [_UNITS.shape, {"enum": [ALL]}]}, _USED).described("Units used today.", ALL),
}


def _account(keys: Mapping[str, fields.Field[Any]], required: Iterable[str] = ()) -> fields.Field[dict[str, Any]]:
    table = fields.table_of(keys, required).then(_with_delay)
    return replace(table, shape={**table.shape, "not": {"required": ["delay", "ready"]}})


ACCOUNT = _account(KEYS)  # an account of which anything may be left out
WHOLE_ACCOUNT = _account(KEYS, ("login", "token"))
ACCOUNT_STATE = _account(_STATE)  # what may become of an account while it is used


def login_and_token(where: str, text: str) -> dict[str, Any]:
    """The account of a text `LOGIN:TOKEN`. Raises Refusal, which never shows the text."""
    login, colon, token = text.partition(":")
    missing = [name for name, part in (("login", login), ("token", token)) if not part]
    if missing:
        what = f"an account has no {' and no '.join(missing)}" if colon else "an account has no token"
        raise Refusal(Problem(where, what, "write LOGIN:TOKEN"))
    try:
        return WHOLE_ACCOUNT("", {"login": login, "token": token})
    except Refusal as refusal:
        raise refusal.at(where, ": ") from None
