"""Accounts as people write them, in the settings and to the admin API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockserver.core import reading
from mockserver.core.errors import Problem, Refusal

MAX_SEED = 2**63 - 1


def _delay_text(where: str, value: Any) -> str:
    return reading.delay(where, value).text


KEYS: Mapping[str, reading.Reader] = MappingProxyType(
    {
        "login": reading.word("login"),
        "token": reading.word("token"),
        "daily_limit": reading.whole(0),
        "paid_until": reading.day,
        "demo": reading.flag,
        "delay": reading.or_none(_delay_text),
        "seed": reading.or_none(reading.whole(0, MAX_SEED)),
    }
)


def read_account(document: Any, where: str = "", *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an account that a document gives. Raises Refusal with every problem."""
    problems: list[Problem] = []
    fields = reading.table(document, where, KEYS, problems, required=required)
    if problems:
        raise Refusal(*problems)
    return fields


def login_and_token(text: str, where: str) -> dict[str, Any]:
    """The account of a text `LOGIN:TOKEN`. Raises Refusal, which never shows the text."""
    login, colon, token = text.partition(":")
    if not colon:
        raise Refusal(Problem(where, "is no account", "write it as LOGIN:TOKEN"))
    return read_account({"login": login, "token": token}, where)
