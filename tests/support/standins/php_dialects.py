"""What the suite has to find out of each dialect of the stand-in in PHP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLAIN: Mapping[str, Any] = {
    "edition": "B",
    "info.methods": "both",
    "http-method.other": "as-get",
    "format.invalid": "error",
    "check.order": "parameters-first",
    "check.format-first": "no",
    "param.empty-is-missing": "yes",
    "param.repeated": "last",
    "param.both": "body",
    "param.multipart": "read",
    "phone.invalid": "error",
    "id.invalid": "unknown",
    "task.foreign-error": "unknown-task",
    "result.times": "epoch",
    "result.sections": "all",
    "result.photo-empty": "",
    "row.phone": "text",
    "quota.unit": "record",
    "quota.charged-at": "create",
    "info.shape": "object",
    "info.follows-format": "yes",
    "info.csv": "dotted",
    "error.missing-names": "all",
    "error.http-status": "body",
    "error.follows-format": "yes",
    "error.codes": {
        "missing": 400,
        "invalid": 422,
        "credentials": 403,
        "unknown-task": 404,
        "unknown-method": 406,
        "http-method": 405,
    },
    "error.messages": {
        "missing": "Not set param(s) {names}",
        "invalid": "Неверный параметр: {names}",
        "credentials": "Неверный логин или ключ",
        "unknown-task": "Задание не найдено",
        "unknown-method": "Неизвестный метод",
        "http-method": "Только GET и POST",
    },
    "not-found": "error",
    "content-type.json": "application/json; charset=utf-8",
    "content-type.xml": "text/xml; charset={charset}",
    "content-type.csv": "text/csv; charset={charset}",
    "json.escapes": "escaped",
    "json.indent": "none",
    "xml.declaration": "yes",
    "xml.encoding": "utf-8",
    "xml.escapes": "raw",
    "xml.indent": "declaration",
    "xml.root": "response",
    "xml.item": "item",
    "xml.list": "wrapped",
    "xml.names": "entries",
    "xml.text": "escaped",
    "xml.empty": "by-kind",
    "xml.null": "empty",
    "xml.layout": "plain",
    "csv.delimiter": ",",
    "csv.header": "yes",
    "csv.encoding": "utf-8",
    "csv.line-end": "LF",
    "csv.quotes": "php",
    "csv.rows": "section",
    "csv.layout": "plain",
    "csv.flat": "row",
    "cors": "off",
}
"""The choices of the plain service."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a dialect changes of PLAIN."""

    choices: Mapping[str, Any] = field(default_factory=dict)
    """Choices that have to be learned."""
    uncovered: tuple[str, ...] = ()
    """Clauses that have to be told as uncovered; `a|b`: one of them."""
    open: tuple[str, ...] = ()
    """Clauses of which anything may be said, as the answers leave it open."""


_SIMPLE = {"xml.item": "item{n}", "xml.empty": "<x/>", "xml.declaration": "no-encoding", "xml.escapes": "escaped"}
_GLUED = {"xml.indent": "none", "xml.empty": "<x></x>"}
_ALL_FORMATS = ("json", "xml", "csv")
_ANSWERS = ("create.ok", "result.processing", "result.ready", "info.body", "error.members")
_READ_OTHERWISE = (
    "xml.root",
    "xml.item",
    "xml.list",
    "xml.names",
    "xml.empty",
    "xml.text",
    "xml.indent",
    "xml.escapes",
)
_NAMELESS = ("csv.flat", "csv.quotes", "csv.delimiter", "csv.line-end", "csv.encoding")
"""What can't be seen of a table whose columns can't be told apart."""


def _told(*uncovered: str, **choices: Any) -> Dialect:
    """What is uncovered alone; choices by names with `_` in place of the point."""
    return Dialect({name.replace("_", ".", 1): choice for name, choice in choices.items()}, uncovered)


XML: Mapping[str, Dialect] = {
    "xml-item0": Dialect({"xml.root": "root", **_SIMPLE}, open=("content-type.xml",)),
    "xml-item1": _told(xml_item="item{n+1}", xml_empty="<x/>"),
    "xml-row0": _told(xml_item="row_{n}"),
    "xml-root-data": _told(xml_root="data"),
    "xml-singular": _told(xml_item="row", xml_names="values"),
    "xml-singular-entries": _told("xml.item"),
    "xml-repeated": Dialect({"xml.list": "repeated"}, open=("xml.empty",)),
    "xml-capitals": Dialect(uncovered=("xml.layout",), open=_READ_OTHERWISE),
    "xml-prefix": Dialect(uncovered=("xml.layout",), open=_READ_OTHERWISE),
    "xml-wrapped": Dialect(uncovered=("xml.layout",), open=_READ_OTHERWISE),
    "xml-json-lists": Dialect(uncovered=("xml.layout|xml.list",), open=_READ_OTHERWISE),
    "xml-numbered-repeated": _told("xml.item"),
    "xml-keys": _told("xml.layout"),
    "xml-types": _told("xml.layout"),
    "xml-count": _told("xml.layout"),
    "xml-version": _told("xml.layout"),
    "xml-namespace": _told("xml.layout"),
    "xml-schema-location": _told("xml.layout"),
    "xml-doctype": _told("xml.layout"),
    "xml-standalone": _told("xml.declaration|xml.layout"),
    "xml-stylesheet": _told("xml.layout"),
    "xml-comment": _told("xml.layout"),
    "xml-attributes": Dialect(uncovered=("xml.layout",), open=("xml.empty", "xml.names", "xml.item")),
    "xml-row-attributes": Dialect(uncovered=("xml.layout",), open=("xml.empty", "xml.names", "xml.item")),
    "xml-fields": Dialect(uncovered=("xml.layout",), open=_READ_OTHERWISE),
    "xml-cdata": _told(xml_text="cdata"),
    "xml-cdata-all": Dialect({"xml.text": "cdata"}, open=("xml.empty", "xml.indent", "xml.layout")),
    "xml-cdata-texts": _told(xml_text="cdata", row_phone="number"),
    "xml-nil": Dialect(
        {"xml.null": "nil", "result.sections": "null"}, open=("xml.empty", "xml.layout", "result.photo-empty")
    ),
    "xml-null": Dialect({"result.sections": "null"}, open=("result.photo-empty",)),
    "xml-by-hand": Dialect(_GLUED),
    "xml-quotes": Dialect(_GLUED, open=("xml.escapes",)),
    "xml-around": Dialect(uncovered=("xml.layout",), open=("xml.indent", "xml.empty")),
    "xml-indented": _told(xml_indent="2 spaces"),
    "xml-indented-cdata": _told(xml_indent="2 spaces", xml_text="cdata"),
    "xml-writer": _told(xml_indent="1 space"),
    "xml-writer-4": _told(xml_indent="4 spaces"),
    "xml-writer-tab": _told(xml_indent="tab"),
    "xml-writer-flat": Dialect(),
    "xml-bom": _told(xml_encoding="utf-8-sig"),
    "xml-utf8": _told("xml.encoding|xml.declaration|xml.layout"),
    "xml-utf-8": Dialect(),
    "xml-cp1251": _told(xml_encoding="cp1251"),
    "xml-koi8-r": Dialect({"content-type.xml": "text/xml; charset=koi8-r"}, ("xml.encoding",)),
    "xml-utf-16": Dialect({"content-type.xml": "application/xml"}, ("xml.encoding",)),
    "xml-references": Dialect({"xml.declaration": "no-encoding", "xml.escapes": "escaped"}, open=("content-type.xml",)),
    "xml-undeclared": Dialect({"xml.declaration": "no"}, open=("xml.indent",)),
    "xml-1.1": _told("xml.declaration|xml.layout"),
    "xml-single-quotes": Dialect(open=("xml.declaration", "xml.layout")),
    "xml-many-lines": Dialect(open=("xml.indent", "xml.layout")),
}

_WINDOWS = {"csv.encoding": "cp1251"}

CSV: Mapping[str, Dialect] = {
    "csv-semicolon": _told(csv_delimiter=";"),
    "csv-tab": _told(csv_delimiter="tab"),
    "csv-pipe": _told(csv_delimiter="|"),
    "csv-crlf": Dialect({"csv.line-end": "CRLF"}),
    "csv-mixed-ends": _told("csv.line-end"),
    "csv-sep": Dialect({"csv.delimiter": ";", "csv.line-end": "CRLF"}, ("csv.layout",)),
    "csv-delimiter-last": Dialect(
        {"csv.delimiter": ";", "csv.line-end": "CRLF", "csv.quotes": "needed"}, ("csv.layout",)
    ),
    "csv-blank-last": _told("csv.layout"),
    "csv-blank-first": _told("csv.layout"),
    "csv-comment-first": Dialect(uncovered=("csv.layout",), open=("csv.quotes",)),
    "csv-title-first": _told("csv.layout"),
    "csv-cr": _told("csv.line-end"),
    "csv-no-end": Dialect(open=("csv.line-end", "csv.layout")),
    "csv-blanks": Dialect({"csv.delimiter": ";", "csv.line-end": "CRLF"}, ("csv.layout",), ("csv.quotes",)),
    "csv-needed": Dialect({"csv.line-end": "CRLF", "csv.quotes": "needed"}),
    "csv-all": Dialect({"csv.line-end": "CRLF", "csv.quotes": "all"}),
    "csv-names-bare": Dialect({"csv.delimiter": ";", "csv.line-end": "CRLF"}, ("csv.quotes",)),
    "csv-backslash": _told("csv.quotes"),
    "csv-bom": _told(csv_encoding="utf-8-sig"),
    "csv-cp1251": Dialect({**_WINDOWS, "csv.lacking": "?"}),
    "csv-cp1251-entities": Dialect({**_WINDOWS, "csv.lacking": "reference"}),
    "csv-cp1251-ignored": Dialect({**_WINDOWS, "csv.lacking": "dropped"}),
    "csv-cp1251-translit": Dialect(_WINDOWS, ("csv.lacking",)),
    "csv-utf-16le": Dialect({"csv.encoding": "utf-16le", "content-type.csv": "application/vnd.ms-excel"}),
    "csv-utf-16be": Dialect({"content-type.csv": "application/vnd.ms-excel"}, ("csv.encoding",)),
    "csv-headless": Dialect({"csv.header": "no"}, open=("info.csv", "csv.flat", "csv.rows")),
    "csv-headless-all": Dialect(
        {"csv.header": "no", "csv.delimiter": ";", "csv.line-end": "CRLF", "csv.quotes": "all"},
        open=("info.csv", "csv.flat", "csv.rows"),
    ),
    "csv-names-of-the-first": Dialect(),
    "csv-errors-headless": Dialect(uncovered=("csv.header|csv.flat",)),
    "csv-flat-headless": Dialect(uncovered=("csv.header|csv.flat",), open=("info.csv",)),
    "csv-reversed": _told("csv.header|csv.layout|csv.rows"),
    "csv-russian": Dialect(uncovered=("csv.rows",), open=_NAMELESS),
    "csv-capitals": Dialect(uncovered=("csv.rows",), open=_NAMELESS),
    "csv-numbered": _told("result.row-fields"),
    "csv-with-task": Dialect({"csv.rows": "with-task"}),
    "csv-json": Dialect({"csv.rows": "json", "info.csv": "json"}),
    "csv-two-tables": _told("csv.layout|csv.rows"),
    "csv-pairs": Dialect({"csv.flat": "pairs", "csv.delimiter": ";"}),
    "csv-leaf": Dialect({"info.csv": "leaf"}),
    "csv-underscore": Dialect({"info.csv": "underscore"}),
    "csv-slash": Dialect({"info.csv": "slash"}),
    "csv-brackets": Dialect({"info.csv": "brackets"}),
    "csv-account-json": Dialect({"info.csv": "json"}),
}

JSON: Mapping[str, Dialect] = {
    "json-raw": _told(json_escapes="raw"),
    "json-slashes": _told(json_escapes="slashes"),
    "json-unicode": _told(json_escapes="unicode"),
    "json-pretty": _told(json_escapes="slashes", json_indent="4 spaces"),
    "json-hex": _told("json.escapes"),
    "json-by-hand": _told(json_escapes="raw", json_indent="spaced"),
    "json-tabs": _told("json.indent"),
    "json-line": Dialect(open=("json.indent",)),
    "json-blank-lines-first": Dialect(open=("json.indent",)),
}

VALUES: Mapping[str, Dialect] = {
    "sections-relevant": _told(result_sections="relevant"),
    "sections-null": Dialect({"result.sections": "null"}, open=("result.photo-empty",)),
    "sections-false": Dialect({"result.sections": "false"}, open=("result.photo-empty", "xml.empty")),
    "photo-null": Dialect({"result.photo-empty": "null"}),
    "photo-false": _told("result.photo-empty|result.sections"),
    "photo-lines": _told("result.photo-lines"),
    "cost-decimal": Dialect(),
    "cost-decimal-1": Dialect(),
    "unit-task": _told(quota_unit="task"),
    "phone-8": Dialect(),
    "phone-plus": Dialect(),
    "phone-number": _told(row_phone="number"),
    "times-text": _told(result_times="text"),
    "times-iso": _told("result.times"),
    "times-float": _told("result.times"),
    "times-milliseconds": _told("result.times"),
    "times-digits": _told("result.times"),
    "row-time-russian": _told("row.time"),
    "row-price-spaced": _told("row.price"),
    "row-source-named": _told("row.source"),
    "id-long": Dialect(),
    "ip-mapped": Dialect(),
    "info-list": _told("info.csv", info_shape="list"),
    "info-bare": Dialect(uncovered=("info.body", "info.shape"), open=("info.csv", "quota.charged-at", "xml.layout")),
    "info-flat": Dialect(uncovered=("info.body", "info.shape"), open=("info.csv", "quota.charged-at")),
    "info-json": Dialect({"info.follows-format": "no"}, open=("info.csv",)),
    "info-texts": _told("info.body"),
    "info-more": _told("info.body"),
    "more-balance": _told("result.ready", "create.ok"),
    "more-boolean": _told("result.ready"),
    "more-float": _told("result.ready"),
    "more-object": _told("result.ready"),
    "more-list": _told("result.ready"),
    "more-empty": _told("result.ready", "create.ok"),
    "more-null": _told("result.ready"),
    "more-made-anew": _told(*_ANSWERS),
    "more-link": _told("create.ok"),
    "more-progress": _told("result.processing"),
    "more-success": _told(*_ANSWERS),
    "row-more": _told("result.row-fields"),
    "row-both": _told("result.row-fields"),
    "row-first": _told("result.row-fields"),
    "names-more": _told("result.names"),
    "error-more": _told("error.members"),
}

CALLS: Mapping[str, Dialect] = {
    "query-wins": _told(param_both="query"),
    "duplicates-refused": _told("param.repeated", "param.both"),
    "get-and-post-alone": Dialect({"http-method.other": "refused"}),
    "credentials-first": _told(check_order="credentials-first"),
    "unknown-format-json": Dialect({"format.invalid": "json"}, open=("check.format-first",)),
    "phone-strip": _told(phone_invalid="strip"),
    "id-error": _told(id_invalid="error"),
    "not-found-html": Dialect({"not-found": "html-404"}),
    "errors-mirror": Dialect({"error.http-status": "mirror"}),
    "errors-400": _told("error.http-status"),
    "credentials-json": _told("error.follows-format"),
    "errors-json": Dialect({"error.follows-format": "no"}),
    "created-201": _told("error.http-status"),
    "foreign-credentials": Dialect({"task.foreign-error": "credentials"}),
    "types-html": Dialect({f"content-type.{fmt}": "text/html; charset=UTF-8" for fmt in _ALL_FORMATS}),
    "types-bare": Dialect(
        {
            "content-type.json": "application/json",
            "content-type.xml": "application/xml",
            "content-type.csv": "application/octet-stream",
        }
    ),
    "session": Dialect(),
}

APPS: Mapping[str, Dialect] = {
    "yii": Dialect(
        {
            "json.escapes": "raw",
            "error.http-status": "mirror",
            "not-found": "html-404",
            "info.shape": "list",
            "result.photo-empty": "null",
            "content-type.json": "application/json; charset=UTF-8",
            "content-type.xml": "application/xml; charset=UTF-8",
            "content-type.csv": "text/csv; charset=UTF-8",
            "csv.delimiter": ";",
        },
        ("result.ready", "info.csv"),
    ),
    "simple-script": Dialect(
        {
            "xml.root": "root",
            **_SIMPLE,
            **{f"content-type.{fmt}": "text/html; charset=UTF-8" for fmt in _ALL_FORMATS},
            "result.sections": "null",
            "format.invalid": "json",
            "check.order": "credentials-first",
            "csv.delimiter": ";",
            "csv.encoding": "utf-8-sig",
        },
        open=("check.format-first", "result.photo-empty"),
    ),
    "excel": Dialect(
        {
            **_WINDOWS,
            "csv.lacking": "?",
            "csv.delimiter": ";",
            "csv.line-end": "CRLF",
            "csv.quotes": "all",
            "content-type.json": "application/json",
            "content-type.csv": "application/vnd.ms-excel; charset={charset}",
            "xml.encoding": "cp1251",
            "xml.indent": "2 spaces",
            "result.times": "text",
            "info.follows-format": "no",
            "error.follows-format": "no",
        },
        open=("info.csv",),
    ),
    "symfony": Dialect(
        {
            "xml.declaration": "no-encoding",
            "xml.escapes": "escaped",
            "error.http-status": "mirror",
            "http-method.other": "refused",
        },
        ("json.escapes", "result.times", "xml.text"),
        ("xml.list", "xml.empty", "content-type.xml"),
    ),
    "dom": Dialect(
        {
            "xml.root": "result",
            "xml.item": "row",
            "xml.text": "cdata",
            "xml.indent": "2 spaces",
            "json.escapes": "slashes",
            "json.indent": "4 spaces",
            "row.phone": "number",
            "csv.flat": "pairs",
            "csv.delimiter": "tab",
            "info.csv": "leaf",
        }
    ),
    "old-script": Dialect(
        {
            "json.escapes": "raw",
            "json.indent": "spaced",
            "param.both": "query",
            "phone.invalid": "strip",
            "result.sections": "relevant",
            "csv.delimiter": ";",
            "csv.line-end": "CRLF",
            "csv.quotes": "needed",
        },
        ("xml.layout",),
        ("xml.indent", "xml.empty"),
    ),
}
"""Services of a usual make."""

DIALECTS: Mapping[str, Dialect] = {"plain": Dialect(), **XML, **CSV, **JSON, **VALUES, **CALLS, **APPS}
