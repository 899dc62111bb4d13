"""The promise or law that each breakage of the stand-in in PHP breaks; `a|b` where one of them has to be named."""

from __future__ import annotations

from collections.abc import Mapping

UNREADABLE = "format.readable|format.default"
"""A body in JSON that can't be read: JSON is the default, too."""
LOST = "format.readable|formats.same"
"""CSV or XML that reads as another table or not at all."""

BODIES: Mapping[str, str] = {
    "warning-first": UNREADABLE,
    "warning-first-html": UNREADABLE,
    "deprecated-first-xml": "format.readable",
    "notice-first-csv": LOST,
    "warning-in-ready": UNREADABLE,
    "fatal-with-200": "format.readable",
    "fatal-with-200-csv": "format.readable",
    "fatal-with-500": "server.never-breaks",
    "page-with-500": "server.never-breaks",
    "access-denied": "format.readable",
    "database-down-csv": "format.readable",
    "dump-last": UNREADABLE,
    "print-r-in-place": UNREADABLE,
    "serialized": UNREADABLE,
    "bom-first": UNREADABLE,
    "ended-early-json": UNREADABLE,
    "ended-early-xml": "format.readable",
    "blank-before-declaration": "format.readable",
    "comma-last": UNREADABLE,
    "json-whatever-format": "format.readable",
    "login-page-csv": "format.readable",
    "twice": UNREADABLE,
}
"""Text that PHP shows or a programmer left behind."""

CHARSETS: Mapping[str, str] = {
    "cp1251-in-json": UNREADABLE,
    "cp1251-in-xml": "format.readable",
    "nothing-for-bad-utf-8": UNREADABLE,
    "null-for-bad-utf-8": "result.row-fields",
    "encoded-twice-xml": "formats.same",
    "encoded-twice-csv": "formats.same",
    "encoded-twice-json": "formats.same",
    "question-marks-xml": "formats.same",
    "iconv-gives-up": LOST,
    "cut-by-bytes-csv": "formats.same",
}

XML: Mapping[str, str] = {
    "ampersand-bare": "format.readable",
    "ampersand-cut": "formats.same",
    "control-character": "format.readable",
    "escaped-twice": "formats.same",
    "entities-of-html": "format.readable",
    "cdata-ended-within": "format.readable",
    "last-row-only": "formats.same",
    "numbers-as-names": "format.readable",
    "tags-stripped-xml": "formats.same",
    "no-id-in-xml": "create.ok|formats.same",
}

CSV: Mapping[str, str] = {
    "line-break-bare": LOST,
    "delimiter-bare": LOST,
    "nothing-quoted": LOST,
    "quotes-not-doubled": LOST,
    "row-lost": "formats.same",
    "rows-of-no-line-breaks": LOST,
    "ended-early-csv": LOST,
    "columns-shifted": "formats.same",
    "tags-stripped-csv": "formats.same",
    "price-formatted-csv": "formats.same",
    "columns-lost": "result.row-fields|formats.same",
}

TYPES: Mapping[str, str] = {
    "id-text": "create.ok",
    "id-float": "create.ok",
    "id-null": "create.ok",
    "code-text": "error.members",
    "cost-number": "result.cost",
    "cost-nothing": "result.cost",
    "cost-empty": "result.cost",
    "cost-in-words": "result.cost",
    "numbers-checked": "result.cost",
    "status-true": "create.ok",
    "status-1": "result.ready|result.processing|result.becomes-ready",
    "list-as-object": "result.ready|result.own-section",
    "objects-forced": "result.ready|result.own-section",
    "nothing-as-list": "result.processing|format.readable",
    "null-as-section": "result.own-section|result.ready",
    "null-as-row": "result.row-fields|result.ready",
    "null-in-rows": "result.row-fields",
    "empty-left-out": "result.row-fields",
    "price-number": "result.row-fields",
    "rows-as-json": "result.ready|result.own-section",
    "rows-numbered": "result.row-fields|result.ready",
    "names-null": "result.names",
    "names-plain": "result.names",
    "ip-number": "result.ip",
    "ip-empty": "result.ip",
    "no-end-time": "result.ready",
    "error-in-words": "error.members|create.ok|result.ready",
    "error-without-message": "error.members",
    "photo-data-uri": "result.photo",
    "photo-pluses-lost": "result.photo",
    "photo-cut": "result.photo",
    "photo-address": "result.photo",
    "photo-twice": "result.photo",
}
"""Members of another type or shape."""

TEXTS: Mapping[str, str] = {
    "html-in-json": "formats.same",
    "slashes-in-json": "formats.same",
    "breaks-in-json": "formats.same",
    "phone-of-32-bits": "result.row-phone",
    "phone-hidden": "result.row-phone",
    "ends-before-it-begins": "result.times-ordered",
    "ends-at-0": "result.times-ordered",
    "ends-in-another-zone": "result.times-ordered",
    "token-in-error": "token.never-repeated",
    "request-in-error": "token.never-repeated",
    "trace-in-error": "token.never-repeated",
    "missing-in-another-order": "error.missing",
    "missing-in-other-words": "error.missing",
}

TASKS: Mapping[str, str] = {
    "id-of-the-phone": "task.new-id",
    "id-always-1": "task.new-id",
    "foreign-read": "task.foreign",
    "unknown-ready": "task.unknown",
    "ready-goes-back": "task.ready-stays",
    "never-ready": "result.becomes-ready",
    "names-shuffled": "task.reads-equal",
    "time-of-the-read": "task.reads-equal",
    "polls-charged": "quota.polling-free",
    "nothing-charged": "quota.charged",
}

CALLS: Mapping[str, str] = {
    "source-not-required": "create.required",
    "id-not-required": "result.required",
    "get-alone": "create.methods|result.methods",
    "any-token": "credentials.refused",
    "any-known-token": "credentials.refused",
    "token-compared-loosely": "credentials.refused",
    "result-without-token": "credentials.refused",
    "xml-by-default": "format.default",
    "viber-gone": "sources.documented",
}

BREAKAGES: Mapping[str, str] = {**BODIES, **CHARSETS, **XML, **CSV, **TYPES, **TEXTS, **TASKS, **CALLS}
