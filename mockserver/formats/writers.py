"""The table of formats: how an answer becomes bytes in each, and with which Content-Type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mockserver.core.messages import Answer
from mockserver.formats.csv import csv_type, write_csv
from mockserver.formats.json import write_json
from mockserver.formats.xml import write_xml
from mockserver.profile.profile import Rendering


@dataclass(frozen=True, slots=True)
class Format:
    """How an answer is written in a format, and where the profile has its Content-Type."""

    content_type: Callable[[Rendering], str]
    write: Callable[[Answer, Rendering], bytes]


WRITERS: Mapping[str, Format] = {
    "json": Format(lambda rendering: rendering.json_type, write_json),
    "xml": Format(lambda rendering: rendering.xml_type, write_xml),
    "csv": Format(csv_type, write_csv),
}
FORMATS = tuple(WRITERS)  # the names of the formats, the default one first
