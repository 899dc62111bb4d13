"""The table of formats: how an answer becomes bytes in each, and with which Content-Type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mockserver.core.messages import Answer
from mockserver.formats.csv import csv_type, csv_writer
from mockserver.formats.json import json_writer
from mockserver.formats.xml import xml_type, xml_writer
from mockserver.profile.profile import Rendering


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is written under a profile: its Content-Type, the function that writes answers, and the encoding."""

    content_type: Callable[[Rendering], str]
    writer: Callable[[Rendering], Callable[[Answer], bytes]]
    encoding: Callable[[Rendering], str] = lambda _: "utf-8"


WRITERS: Mapping[str, Format] = {
    "json": Format(lambda rendering: rendering.json_type, json_writer),
    "xml": Format(xml_type, xml_writer, lambda rendering: rendering.xml_encoding),
    "csv": Format(csv_type, csv_writer, lambda rendering: rendering.csv_encoding),
}
FORMATS = tuple(WRITERS)  # the names of the formats, the default one first


@lru_cache(maxsize=64)
def prepared(form: str, rendering: Rendering) -> tuple[str, Callable[[Answer], bytes]]:
    """The Content-Type and the writer of a format under a profile. A Rendering is known by its identity."""
    row = WRITERS[form]
    return row.content_type(rendering), row.writer(rendering)
