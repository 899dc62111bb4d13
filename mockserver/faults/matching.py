from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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


_MATCH: Mapping[str, fields.Reader] = MappingProxyType(
    {
        "method": fields.one_of(METHODS),
        "login": fields.text,
        "phone": fields.phone,
        "source": fields.one_of(ALL_SOURCES),
        "format": fields.one_of(FORMATS),
        "nth": fields.whole(1),
    }
)
