"""Accounts as people write them, in the settings and to the admin API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockserver.core.errors import Problem, Refusal
from mockserver.inputs import fields

MAX_SEED = 2**63 - 1


def _delay_text(where: str, value: Any) -> str:
    return fields.delay(where, value).text


KEYS: Mapping[str, fields.Reader] = MappingProxyType(
    {
        "login": fields.word("login"),
        "token": fields.word("token"),
        "daily_limit": fields.whole(0),
        "paid_until": fields.day,
        "demo": fields.flag,
        "delay": fields.or_none(_delay_text),
        "seed": fields.or_none(fields.whole(0, MAX_SEED)),
    }
)


def read_account(document: Any, where: str = "", *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an account that a document gives. Raises Refusal with every problem."""
    problems: list[Problem] = []
    account = fields.table(document, where, KEYS, problems, required=required)
    if problems:
        raise Refusal(*problems)
    return account


def login_and_token(text: str, where: str) -> dict[str, Any]:
    """The account of a text `LOGIN:TOKEN`. Raises Refusal, which never shows the text."""
    login, colon, token = text.partition(":")
    if not colon:
        raise Refusal(Problem(where, "is no account", "write it as LOGIN:TOKEN"))
    return read_account({"login": login, "token": token}, where)
