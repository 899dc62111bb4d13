"""Mutants of the formats: the default one, what can't be read, and what one says and another does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mockserver.core.messages import Answer
from mockserver.mutants.broken import Mutant, Seen
from mockserver.mutants.edits import (
    every_error,
    first_row_lost,
    ok,
    on,
    ready,
    replacing,
    rows,
    setting,
    table,
    where,
    written_as,
)


def _without_format(form: str) -> Callable[[Answer, Seen], Answer]:
    """Writes what is asked for without format in another one."""
    return where(written_as(form), when=lambda call: "format" not in call.params)


def _of_status(word: str, form: str) -> Callable[[Answer, Seen], Answer]:
    """Writes the answers of a status in another format."""
    return lambda answer, _: replace(answer, format=form) if answer.body["status"] == word else answer


def _other_limit(body: dict[str, Any], _seen: Seen) -> None:
    body["data"] = {**body["data"], "api_limit": {**body["data"]["api_limit"], "of": 7}}


FORMATS: Mapping[str, Mutant] = MappingProxyType(
    {
        "default-is-xml": Mutant("format.default", "without format the answer is XML", answer=_without_format("xml")),
        "default-is-csv-over-post": Mutant(
            "format.default",
            "without format the answer over POST is CSV",
            answer=where(_without_format("csv"), http_method="POST"),
        ),
        "info-is-xml-by-default": Mutant(
            "format.default",
            "without format the answer of info is XML",
            answer=where(_without_format("xml"), operation="info"),
        ),
        "xml-is-json": Mutant(
            "format.readable", "XML is answered in JSON", answer=where(written_as("json"), form="xml")
        ),
        "csv-over-post-is-json": Mutant(
            "format.readable",
            "CSV over POST is answered in JSON",
            answer=where(written_as("json"), None, "POST", "csv"),
        ),
        "processing-in-csv-is-json": Mutant(
            "format.readable",
            "processing is JSON where CSV is asked for",
            answer=where(_of_status("processing", "json"), form="csv"),
        ),
        "errors-in-csv-are-json": Mutant(
            "format.readable",
            "errors are JSON where CSV is asked for, and XML where that is",
            answer=where(_of_status("error", "json"), form="csv"),
        ),
        "xml-is-not-closed": Mutant("format.readable", "XML is not closed", body=replacing(rb"</cost>", b"", "xml")),
        "xml-is-not-escaped": Mutant(
            "format.readable", "& is not escaped", body=replacing(rb"&amp;|<cost>", b"&<cost>", "xml")
        ),
        "csv-is-ragged": Mutant(
            "format.readable", "a CSV row is short", body=replacing(rb",[^,\r]*\r\n\Z", b"\r\n", "csv")
        ),
        "csv-quote-is-open": Mutant(
            "format.readable", "a CSV quote stays open", body=replacing(rb"\r\n\Z", b'\r\n"\r\n', "csv")
        ),
        "json-has-a-trailing-comma": Mutant(
            "format.readable", "a trailing comma", body=replacing(rb"\}\Z", b",}", "json")
        ),
        "json-has-a-key-twice": Mutant(
            "format.readable", "a key stands twice", body=replacing(rb'"cost":', b'"cost":"7","cost":', "json")
        ),
        "json-has-nan": Mutant(
            "format.readable", "NaN", body=replacing(rb'"create_time":\d+', b'"create_time":NaN', "json")
        ),
        "json-has-a-byte-order-mark": Mutant(
            "format.readable", "a byte order mark", body=replacing(rb"\A\{", b"\xef\xbb\xbf{", "json")
        ),
        "json-is-not-utf-8": Mutant(
            "format.readable",
            "broken UTF-8",
            body=replacing(rb'"status":"ready"', b'"x":"\xff","status":"ready"', "json"),
        ),
        "errors-are-broken-json": Mutant(
            "format.readable",
            "errors are cut",
            body=where(lambda b, _: b[:-1] if b'"error"' in b else b, form="json"),
        ),
        "xml-loses-a-row": Mutant("formats.same", "XML lacks a row", answer=ready(first_row_lost, form="xml")),
        "csv-loses-a-row": Mutant("formats.same", "CSV lacks a row", answer=ready(first_row_lost, form="csv")),
        "csv-rows-are-turned-round": Mutant(
            "formats.same", "CSV tells the last row first", body=table(lambda lines: [lines[0], *lines[:0:-1]])
        ),
        "xml-has-another-cost": Mutant(
            "formats.same", "XML has another cost", answer=ready(setting(cost="77"), form="xml")
        ),
        "csv-has-another-title": Mutant(
            "formats.same", "CSV has another title", answer=rows(setting(title="x"), form="csv")
        ),
        "xml-loses-line-breaks": Mutant(
            "formats.same", "XML drops carriage returns", body=replacing(rb"&#13;", b"", "xml")
        ),
        "info-in-xml-has-another-limit": Mutant(
            "formats.same", "info in XML tells another limit", answer=on("info", _other_limit, status="ok", form="xml")
        ),
        "errors-in-csv-have-another-code": Mutant(
            "formats.same",
            "errors in CSV have another code",
            answer=every_error(lambda b, _: b.update(error_code=418) if b["error_code"] == 404 else None, form="csv"),
        ),
        "created-in-xml-has-a-member-more": Mutant(
            "formats.same", "create in XML has a member more", answer=ok(setting(note="x"), form="xml")
        ),
    }
)
