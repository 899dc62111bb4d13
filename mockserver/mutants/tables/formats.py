"""Mutants of the formats: the default one, answers that can't be read, answers that differ between formats."""

from __future__ import annotations

from typing import Any

from mockserver.mutants.kit.answers import body, entries, errors, pop, ready, replacing, rows, setting, table
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CSV, ERROR, INFO, JSON, OK, POST, PROCESSING, RESULT, XML, lacks, putting, where

_UNASKED = lacks("format")
_FIRST_LOST = entries(lambda old: old[1:])


def _limit_of_7(body: dict[str, Any]) -> None:
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
        **{
            name: Mutant(title, response=replacing(pattern, by, RESULT, in_format))
            for name, title, in_format, pattern, by in (
                ("xml-is-not-closed", "XML is not closed", XML, rb"</cost>", b""),
                ("xml-is-not-escaped", "& is not escaped", XML, rb"&amp;|<cost>", b"&<cost>"),
                ("csv-is-ragged", "a CSV row is short", CSV, rb",[^,\r]*\r\n\Z", b"\r\n"),
                ("csv-quote-is-open", "a CSV quote is not closed", CSV, rb"\r\n\Z", b'\r\n"\r\n'),
                ("json-has-a-trailing-comma", "JSON has a trailing comma", JSON, rb"\}\Z", b",}"),
                ("json-has-a-key-twice", "JSON has a key twice", JSON, rb'"cost":', b'"cost":"7","cost":'),
                ("json-has-nan", "a number is NaN", JSON, rb'"create_time":\d+', b'"create_time":NaN'),
                ("json-has-a-byte-order-mark", "JSON has a byte order mark", JSON, rb"\A\{", b"\xef\xbb\xbf{"),
                ("json-is-not-utf-8", "JSON is not UTF-8", JSON, rb'"status":"ready"', b'"x":"\xff","status":"ready"'),
            )
        },
        "errors-are-broken-json": Mutant("errors in JSON are cut", response=replacing(rb".\Z", b"", ERROR, JSON)),
    },
    "formats.same": {
        "xml-loses-a-row": Mutant("XML lacks a row", ready(_FIRST_LOST, XML)),
        "a-row-lacks-url-in-xml": Mutant("rows have no url in XML", rows(pop("url"), XML)),
        "csv-loses-a-row": Mutant("CSV lacks a row", ready(_FIRST_LOST, CSV)),
        "csv-rows-are-turned-round": Mutant(
            "CSV has the rows in the opposite order", response=table(lambda lines: [lines[0], *lines[:0:-1]])
        ),
        "xml-has-another-cost": Mutant("XML has another cost", ready(setting(cost="77"), XML)),
        "csv-has-another-title": Mutant("CSV has another title", rows(setting(title="x"), CSV)),
        "xml-loses-line-breaks": Mutant("XML drops carriage returns", response=replacing(rb"&#13;", b"", RESULT, XML)),
        "info-in-xml-has-another-limit": Mutant("info in XML reports another limit", body(_limit_of_7, INFO, OK, XML)),
        "errors-in-csv-have-another-code": Mutant("errors in CSV have another code", errors(_unknown_is_418, CSV)),
        "names-is-left-out-in-xml": Mutant("no names in XML", ready(pop("names"), XML)),
    },
}
