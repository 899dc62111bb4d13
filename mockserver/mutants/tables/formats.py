"""Mutants of the formats: the default one, answers that can't be read, answers that differ between formats."""

from __future__ import annotations

from typing import Any

from mockserver.mutants.kit.answers import (
    body,
    content,
    created,
    entries,
    errors,
    ready,
    replacing,
    rows,
    setting,
    table,
)
from mockserver.mutants.kit.conditions import (
    CSV,
    ERROR,
    INFO,
    JSON,
    OK,
    POST,
    PROCESSING,
    RESULT,
    XML,
    lacking,
    putting,
    where,
)
from mockserver.mutants.kit.mutant import Mutant, Table

_UNASKED = lacking("format")
_FIRST_LOST = entries(lambda old: old[1:])


def _another_limit(body: dict[str, Any]) -> None:
    body["data"]["api_limit"]["of"] = 7


def _unknown_is_418(body: dict[str, Any]) -> None:
    body["error_code"] = {404: 418}.get(body["error_code"], body["error_code"])


FORMAT_MUTANTS: Table[Mutant] = {
    "format.default": {
        "default-is-xml": Mutant("without format the answer is XML", where(putting(format="xml"), _UNASKED)),
        "default-is-csv-over-post": Mutant(
            "without format the answer over POST is CSV", where(putting(format="csv"), _UNASKED, POST)
        ),
        "info-is-xml-by-default": Mutant(
            "without format the answer of info is XML", where(putting(format="xml"), _UNASKED, INFO)
        ),
    },
    "format.readable": {
        "xml-is-json": Mutant("XML is answered in JSON", where(putting(format="json"), XML)),
        "csv-over-post-is-json": Mutant("CSV over POST is answered in JSON", where(putting(format="json"), CSV, POST)),
        "processing-in-csv-is-json": Mutant(
            "processing is JSON where CSV is asked for", where(putting(format="json"), PROCESSING, CSV)
        ),
        "errors-in-csv-are-json": Mutant(
            "errors are JSON where CSV is asked for", where(putting(format="json"), ERROR, CSV)
        ),
        "xml-is-not-closed": Mutant("XML is not closed", sent=replacing(rb"</cost>", b"", RESULT, XML)),
        "xml-is-not-escaped": Mutant("& is not escaped", sent=replacing(rb"&amp;|<cost>", b"&<cost>", RESULT, XML)),
        "csv-is-ragged": Mutant("a CSV row is short", sent=replacing(rb",[^,\r]*\r\n\Z", b"\r\n", RESULT, CSV)),
        "csv-quote-is-open": Mutant("a CSV quote is not closed", sent=replacing(rb"\r\n\Z", b'\r\n"\r\n', RESULT, CSV)),
        "json-has-a-trailing-comma": Mutant("JSON has a trailing comma", sent=replacing(rb"\}\Z", b",}", RESULT, JSON)),
        "json-has-a-key-twice": Mutant(
            "JSON has a key twice", sent=replacing(rb'"cost":', b'"cost":"7","cost":', RESULT, JSON)
        ),
        "json-has-nan": Mutant(
            "a number is NaN", sent=replacing(rb'"create_time":\d+', b'"create_time":NaN', RESULT, JSON)
        ),
        "json-has-a-byte-order-mark": Mutant(
            "JSON has a byte order mark", sent=replacing(rb"\A\{", b"\xef\xbb\xbf{", RESULT, JSON)
        ),
        "json-is-not-utf-8": Mutant(
            "JSON is not UTF-8", sent=replacing(rb'"status":"ready"', b'"x":"\xff","status":"ready"', RESULT, JSON)
        ),
        "errors-are-broken-json": Mutant("errors in JSON are cut", sent=content(lambda old: old[:-1], ERROR, JSON)),
    },
    "formats.same": {
        "xml-loses-a-row": Mutant("XML lacks a row", ready(_FIRST_LOST, XML)),
        "csv-loses-a-row": Mutant("CSV lacks a row", ready(_FIRST_LOST, CSV)),
        "csv-rows-are-turned-round": Mutant(
            "CSV has the rows in the opposite order", sent=table(lambda lines: [lines[0], *lines[:0:-1]])
        ),
        "xml-has-another-cost": Mutant("XML has another cost", ready(setting(cost="77"), XML)),
        "csv-has-another-title": Mutant("CSV has another title", rows(setting(title="x"), CSV)),
        "xml-loses-line-breaks": Mutant("XML drops carriage returns", sent=replacing(rb"&#13;", b"", RESULT, XML)),
        "info-in-xml-has-another-limit": Mutant(
            "info in XML reports another limit", body(_another_limit, INFO, OK, XML)
        ),
        "errors-in-csv-have-another-code": Mutant("errors in CSV have another code", errors(_unknown_is_418, CSV)),
        "created-in-xml-has-a-member-more": Mutant("create in XML has a member more", created(setting(note="x"), XML)),
    },
}
