"""The units in an answer of info, read leniently: its shape is an open point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.api.reply import Reply


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the daily limit: used today, and in all."""

    used: int
    of: int


def answered(reply: Reply) -> bool:
    """Whether info was answered for the account. The documentation names the method and leaves its body open."""
    return reply.readable and reply.status not in ("error", "processing", "ready")


def units(reply: Reply) -> Units | None:
    """The units in an answer of info; None where it shows none."""
    data = reply.model.get("data")
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    limit = data.get("api_limit") if isinstance(data, Mapping) else None
    if not isinstance(limit, Mapping):
        return None
    used, of = _whole(limit.get("used")), _whole(limit.get("of"))
    return None if used is None or of is None else Units(used, of)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) else None
