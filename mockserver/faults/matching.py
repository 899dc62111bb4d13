from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.core.messages import FORMATS, METHODS
from mockserver.inputs import fields
from mockserver.profile.editions import ALL_SOURCES


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call when faults are looked at; for result, phone and source are the task's."""

    method: str
    login: str | None
    phone: str | None
    source: int | None
    format: str


_MATCH: Mapping[str, fields.Field[Any]] = MappingProxyType(
    {
        "method": fields.one_of(METHODS).described("The API's method that is called."),
        "login": fields.text.described("The account that calls."),
        "phone": fields.phone.described("The phone that is searched; for result, the task's."),
        "source": fields.one_of(ALL_SOURCES).described("The source that is searched; for result, the task's."),
        "format": fields.one_of(FORMATS).described("The format of the answer."),
        "nth": fields.whole(1).described("Only this one of the calls that fit."),
    }
)
MATCH = fields.table_of(_MATCH)
"""What a match may name."""
