"""How `bureau` writes: JSON set out and escaped as PHP does, XML by the library, quoted CSV with a mark of UTF-8."""

from __future__ import annotations

import csv
import io
import json
from codecs import BOM_UTF8
from xml.etree import ElementTree as ET

from support.standins.people import FIELDS
from support.standins.shell import Answer

TYPES = {
    "json": "text/javascript; charset=UTF-8",
    "xml": "text/xml",
    "csv": 'text/comma-separated-values; charset="utf-8"; header=absent',
}
XSI = "http://www.w3.org/2001/XMLSchema-instance"
COLUMNS = {"data": FIELDS, "names": ("name",)}


def json_of(answer: Answer) -> bytes:
    """Four blanks for each step, and escapes also for the slash."""
    return json.dumps(answer.body, indent=4).replace("/", "\\/").encode("ascii")


def xml_of(answer: Answer) -> bytes:
    """A mark of UTF-8, a declaration without the encoding, references, and no element closed at once."""
    root = ET.Element("root")
    _grow(root, answer.body)
    text = ET.tostring(root, encoding="unicode", short_empty_elements=False)
    text = f'<?xml version="1.0"?>{text}'.replace("\r", "&#13;")
    return BOM_UTF8 + text.encode("ascii", "xmlcharrefreplace")


def _grow(element: ET.Element, value: object) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            _grow(ET.SubElement(element, name), member)
    elif isinstance(value, list):
        for entry in value:
            _grow(ET.SubElement(element, "row"), entry)
    elif value is None:
        element.set(f"{{{XSI}}}nil", "true")
    else:
        element.text = str(value)


def csv_of(answer: Answer) -> bytes:
    """No line of names, every field in quotes."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL)
    section = answer.body.get(answer.rows) if answer.rows else None
    if isinstance(section, list):
        columns = COLUMNS[answer.rows or ""]
        for entry in section:
            writer.writerow([entry[c] for c in columns if c in entry] if isinstance(entry, dict) else [entry])
    else:
        writer.writerow(_leaves(answer.body))
    return out.getvalue().encode("utf-8-sig")


def _leaves(value: object) -> list[object]:
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        return [leaf for member in inner for leaf in _leaves(member)]  # type: ignore[attr-defined]
    return [value]
