"""The formats in which an answer is written: one file for each, one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mockserver.core.messages import Answer
from mockserver.formats.csv import write_csv
from mockserver.formats.json import write_json
from mockserver.formats.xml import write_xml
from mockserver.profile.profile import Rendering


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how its Content-Type is found in the profile, and how an answer becomes its bytes."""

    content_type: Callable[[Rendering], str]
    write: Callable[[Answer, Rendering], bytes]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": Format(lambda rendering: rendering.json_type, write_json),
        "xml": Format(lambda rendering: rendering.xml_type, write_xml),
        "csv": Format(lambda rendering: rendering.csv_type, write_csv),
    }
)
