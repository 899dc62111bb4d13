"""Stubs as people write them, in the settings and to the control API, checked against `schemas/`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from mockserver import data
from mockserver.core.delays import readiness
from mockserver.core.errors import FEW, Conflict, Problem, Refusal
from mockserver.core.written import kind_of, shown
from mockserver.faults.stubs import FOUND, Stub, stub_of
from mockserver.formats.writers import FORMATS
from mockserver.inputs import fields
from mockserver.inputs.fields import Field, inside
from mockserver.inputs.readiness import READY
from mockserver.people.people import FIELDS
from mockserver.profile.editions import ALL_SOURCES

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_SIXES = "[A-Za-z0-9+/]"
_PICTURE = (
    r"^(?=iVBORw0KGgo|/9j/|R0lGOD|UklGR|$(?!\n))"  # how a PNG, a JPEG, a GIF and a WebP begin, and nothing
    rf"(?:{_SIXES}{{4}})*(?:{_SIXES}[AQgw]==|{_SIXES}{{2}}[AEIMQUYcgkosw048]=)?$(?!\n)"
)
"""What a picture in base64 matches."""
SECTIONS = FOUND[:-1]
OR_LENIENT = "or say lenient = true"
_LONGEST = 500  # characters of what a library says of a body, which it may repeat


def _scalar(where: str, value: Any) -> Any:
    if isinstance(value, str):
        return fields.text(where, value)
    if value is None or type(value) is int or (type(value) is float and isfinite(value)):
        return value
    raise Refusal(Problem(where, f"{kind_of(value)} can't stand in a row", "allowed: a text, a number, null"))


def _body(where: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        try:
            return json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
        except (TypeError, ValueError, RecursionError):
            what = "holds what JSON in UTF-8 has not, such as a date or half of a surrogate pair"
            raise Refusal(Problem(where, what, "write it as a text")) from None
    return fields.text(where, value)


_SCALAR = Field(_scalar, {"anyOf": [fields.text.shape, {"type": ["number", "null"]}]}, "a text, a number, null")
_NAME = fields.matching("[A-Za-z_][A-Za-z0-9_.-]{0,63}", "a name of a field", "a word of Latin letters, such as price")
_BODIES: Mapping[str, Field[Any]] = {
    **{form: fields.text.described(f"The body for a poll that asks for {form}.") for form in FORMATS},
    "json": Field(_body, {"anyOf": [fields.text.shape, {"type": "object"}]}, "a JSON object, or a text").described(
        "The body for a poll that asks for json, or for no format."
    ),
}
STUB_MATCH: Mapping[str, Field[Any]] = {
    "login": fields.at_most(fields.SHORT, fields.text).described("The account that searches."),
    "phone": fields.phone.described("The phone that is searched."),
    "source": fields.one_of(ALL_SOURCES).described("The source that is searched."),
}
_ROW = fields.table_by(_NAME, _SCALAR, "field = value")
STUB_FIELDS: Mapping[str, Field[Any]] = {
    "match": fields.table_of(STUB_MATCH).described("The searches that it is for.", {"phone": "70001234567"}),
    "data": fields.list_of(_ROW, "a list of rows").described(
        "The rows that a source of ads finds. A row without a phone has the one that is searched."
    ),
    "names": fields.list_of(fields.text, "a list of texts").described("How others saved the phone.", ["Вася"]),
    "photo": fields.text.described("A picture as base64, empty for none."),
    "bodies": fields.table_of(_BODIES).described("Whole bodies by format, which are sent as they are."),
    "lenient": fields.flag.described("Whether it may break what the API's documentation says.", example=False),
    "ready": READY.described("When its tasks are ready.", "at once"),
    "cost": fields.whole(1, 1_000_000).described("Units that its tasks take; without it, they follow its records."),
}


def _stub(where: str, document: dict[str, Any]) -> Stub:
    found = {key: document[key] for key in FOUND if key in document}
    if not found and not document.keys() & {"ready", "cost"}:
        raise Refusal(Problem(where, "has nothing in it", f"give it {', '.join(SECTIONS)}, bodies, ready or cost"))
    if not document.get("lenient"):
        _refuse(Refusal, _of_sections(where, found))
        _refuse(Conflict, _at_odds(where, document.get("match", {}).get("phone"), found))
    ready = document.get("ready")
    return stub_of(document if ready is None else {**document, "ready": readiness(ready)})


def _refuse(kind: type[Refusal], problems: Iterator[Problem]) -> None:
    if first := [*islice(problems, FEW)]:
        raise kind(*first)


def _of_sections(where: str, found: Mapping[str, Any]) -> Iterator[Problem]:
    """What of the sections the schemas of a ready answer do not allow, in the words of this stub's own schema."""
    for number, row in enumerate(found.get("data", [])):
        for name in FIELDS:
            place = inside(where, f"data[{number}].{name}")
            if name not in row:
                if name != "phone":
                    yield Problem(place, "is missing", f"add it, {OR_LENIENT}")
            elif name == "phone" and type(row[name]) is int and row[name] >= 0:
                continue
            elif not isinstance(row[name], str):
                yield Problem(place, f"{shown(row[name])} is not a text", f"write it in quotes, {OR_LENIENT}")
            elif name == "phone" and not row[name].strip():
                yield Problem(place, f"{shown(row[name])} is blank", f"leave it out, {OR_LENIENT}")
    if re.match(_PICTURE, found.get("photo", "")) is None:
        remedy = f"write a PNG, JPEG, GIF or WebP as base64, in one line, {OR_LENIENT}"
        yield Problem(inside(where, "photo"), "is no picture", remedy)


def _at_odds(where: str, phone: str | None, found: Mapping[str, Any]) -> Iterator[Problem]:
    """Rows that have another phone than that of the match, and bodies that `schemas/` does not allow."""
    for number, row in enumerate(found.get("data", [])):
        if phone is not None and not _same_phone(str(row.get("phone", phone)), phone):
            place = inside(where, f"data[{number}].phone")
            yield Problem(place, "is not the phone that is searched", f"leave it out, {OR_LENIENT}")
    for form, body in found.get("bodies", {}).items():
        place = inside(inside(where, "bodies"), form)
        if form not in _CHECKS:
            yield Problem(place, "has no schema in schemas/", "say lenient = true")
        elif broken := [*islice(_CHECKS[form](place, body), FEW)]:
            yield from broken
        elif phone is not None:
            for number, found_phone in enumerate(_PHONES[form](body)):
                if not _same_phone(found_phone, phone):
                    yield Problem(
                        place, f"row {number + 1} has not the phone that is searched", f"set it right, {OR_LENIENT}"
                    )


def _same_phone(one: str, other: str) -> bool:
    """Whether both have the same digits; a Russian number's 8 is its 7."""
    first, second = (re.sub("^8(?=[0-9]{10}$)", "7", re.sub("[^0-9]", "", text)) for text in (one, other))
    return first == second


def _of_json(where: str, body: Any) -> Iterator[Problem]:
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError) as error:
            yield Problem(where, f"is not JSON: {error}", f"set it right, {OR_LENIENT}")
            return
    for broken in _validator().iter_errors(body):
        yield _problem(where, broken)


def _problem(where: str, error: ValidationError) -> Problem:
    place = where
    for step in error.absolute_path:
        place = f"{place}[{step}]" if isinstance(step, int) else inside(place, step)
    if error.validator == "required":
        required: Any = error.validator_value
        name = next(name for name in required if f"{name!r} is a required" in error.message)
        return Problem(inside(place, name), "is missing", f"add it, {OR_LENIENT}")
    if error.validator == "type" and error.validator_value == "string":
        return Problem(place, f"{shown(error.instance)} is not a text", f"write it in quotes, {OR_LENIENT}")
    title = str(error.schema.get("title", "")) if isinstance(error.schema, Mapping) else ""
    expected = f"; expected: {title}" if title else ""
    return Problem(place, f"{shown(error.instance)} is not allowed{expected}", f"set it right, {OR_LENIENT}")


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator  # it takes its time, and few mocks have stubs

    ready, row = (json.loads(data.path("schemas", "json", name).read_bytes()) for name in _SCHEMAS)
    ready["properties"]["data"]["items"] = row  # in place of its name
    return Draft202012Validator(ready)


_SCHEMAS = ("ready.schema.json", "row.schema.json")


def _of_xml(where: str, text: str) -> Iterator[Problem]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        yield Problem(where, f"is not XML: {error.msg}", f"set it right, {OR_LENIENT}")
        return
    if next(root.iter(etree.Entity), None) is not None:  # the schema can't be held to them
        yield Problem(where, "has entities of its own", f"write their text in their place, {OR_LENIENT}")
        return
    schema = etree.XMLSchema(etree.parse(str(data.path("schemas", "xml", "ready.xsd"))))
    schema.validate(root)
    broken: Any = schema.error_log
    for entry in broken:
        yield Problem(
            where, f"line {entry.line}: {entry.message[:_LONGEST]}", f"see schemas/xml/ready.xsd, {OR_LENIENT}"
        )


def _of_csv(where: str, text: str) -> Iterator[Problem]:
    try:
        lines = [*csv.reader(io.StringIO(text, newline=""), strict=True)]
    except csv.Error as error:
        yield Problem(where, f"is not CSV: {error}", f"set it right, {OR_LENIENT}")
        return
    header, *rows = lines or [[]]
    layouts = [*map(_columns, SECTIONS)]
    if header not in layouts:
        known = " or ".join(",".join(one) for one in layouts)
        yield Problem(where, "its header is none of a ready answer", f"write {known}, {OR_LENIENT}")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            what = f"line {number} has {len(row)} cells, the header has {len(header)}"
            yield Problem(where, what, f"set it right, {OR_LENIENT}")


def _columns(section: str) -> list[str]:
    table = json.loads(data.path("schemas", "csv", f"ready-{section}.json").read_bytes())
    return [column["name"] for column in table["tableSchema"]["columns"]]


def _phones_of_json(body: Any) -> Iterator[str]:
    read = json.loads(body) if isinstance(body, str) else body
    return (str(row["phone"]) for row in read.get("data") or () if "phone" in row)


def _phones_of_xml(text: str) -> Iterator[str]:
    from lxml import etree

    return (phone.text or "" for phone in etree.fromstring(text.encode()).iterfind("data/item/phone"))


def _phones_of_csv(text: str) -> Iterator[str]:
    return (row["phone"] for row in csv.DictReader(io.StringIO(text, newline="")) if "phone" in row)


_PHONES: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "json": _phones_of_json,
    "xml": _phones_of_xml,
    "csv": _phones_of_csv,
}
"""By format, the phones of the rows of a body that its check allows."""
_CHECKS: Mapping[str, Callable[[str, Any], Iterator[Problem]]] = {"json": _of_json, "xml": _of_xml, "csv": _of_csv}

_PHONE = {"type": ["string", "integer"], "minimum": 0, "pattern": r"\S"}
_STRICT: Mapping[str, Any] = {
    "data": {
        "items": {
            "required": [name for name in FIELDS if name != "phone"],
            "properties": {name: {"type": "string"} for name in FIELDS} | {"phone": _PHONE},
        }
    },
    "photo": {"pattern": _PICTURE},
}
"""What of a stub's schema holds only where it is not lenient."""
_LENIENT = {"properties": {"lenient": {"const": True}}, "required": ["lenient"]}
_TABLE = fields.table_of(STUB_FIELDS)
_FILLED = [{"required": [key]} for key in (*FOUND, "ready", "cost")]
STUB: Field[Stub] = replace(
    _TABLE.then(_stub), shape={**_TABLE.shape, "anyOf": _FILLED, "if": _LENIENT, "else": {"properties": _STRICT}}
).described("A stub: what is found on a phone.", {"match": {"phone": "70001234567"}, "names": ["Вася", "Василий"]})
"""A stub's document."""
