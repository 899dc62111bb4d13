"""CSV, strictly after RFC 4180: the dialect is deduced among the clauses' choices from the known columns.

A body is split with each delimiter, and each table is tried in the layouts that an answer may have: rows of a section,
or a flat answer as one row or as pairs. For a table that fits none, the error names the nearest layout.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

from contract_tests.contract.members import COLUMNS, STATUSES
from contract_tests.decode.model import Context, Decoded, Unreadable, bound, typed

Rows: TypeAlias = list[list[str]]

DELIMITERS: Mapping[str, str] = {",": ",", ";": ";", "tab": "\t"}
SECTIONS: Mapping[str, tuple[str, ...]] = {"data": COLUMNS, "names": ("name",)}
FLAT: Mapping[tuple[str, str, int], tuple[str, ...]] = {
    ("create", "ok", 2): ("status", "id"),
    ("info", "ok", 5): ("status", "used", "of", "api_time_limit", "demo"),
    ("result", "processing", 1): ("status",),
    ("result", "ready", 6): ("status", "photo", "cost", "ip", "create_time", "end_time"),
}
"""The members of a flat answer without a header, by method, status and number of fields."""
ERROR = ("status", "error_code", "message")
UNKNOWN_STATUS = "a status that is none of the known ones"
ENOUGH = 6  # known columns that make a first line a header, although some of the ten are missing


class _Miss(Exception):
    """The reason why a layout does not fit; near: it fits nearly, so the reason is worth reporting."""

    def __init__(self, reason: str, *, near: bool = False) -> None:
        super().__init__(reason)
        self.near = near


_Layout: TypeAlias = Callable[[Rows, Context], Decoded]


def read_csv(body: bytes, context: Context) -> Decoded:
    """The answer. Raises Unreadable."""
    bound(body, b",;\t\n", "CSV")
    text, choices = _text(body)
    tables, torn = _tables(text, context.known.get("csv.delimiter"))
    choices |= _line_end(text)
    misses: dict[str, list[_Miss]] = {delimiter: [] for delimiter in tables}
    for layout in _layouts(context):
        for delimiter, rows in tables.items():
            found = _tried(layout, rows, context)
            if isinstance(found, _Miss):
                misses[delimiter].append(found)
                continue
            others = (_tried(layout, tables[other], context) for other in tables if other != delimiter)
            # Other delimiters give the same for a body of one column, which shows none.
            if not any(isinstance(other, Decoded) and other.model == found.model for other in others):
                choices["csv.delimiter"] = delimiter
            return replace(found, choices={**choices, **found.choices})
    near = [str(miss) for miss in (*chain.from_iterable(misses.values()), *torn) if miss.near]
    raise Unreadable(f"CSV that is no answer: {(near or ['no known columns'])[0]}")


def read_lines(body: bytes, delimiter: str) -> Rows:
    """The lines of a body that `read_csv` can read, with a choice of `csv.delimiter`."""
    return list(_rows(_text(body)[0], DELIMITERS[delimiter]))


def _tried(layout: _Layout, rows: Rows, context: Context) -> Decoded | _Miss:
    try:
        return layout(rows, context)
    except _Miss as miss:
        return miss


# From bytes to tables.

_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html)\b", re.IGNORECASE)  # a proxy's page, which could pass for a name


def _text(body: bytes) -> tuple[str, dict[str, str]]:
    """The text, and the choice of csv.encoding that it shows."""
    text, encoding = _in_charset(body)
    if _MARKUP.match(text):
        raise Unreadable("a page of markup, where csv was asked for")
    if (at := text.find("\0")) >= 0:  # in UTF-16 and in compressed bytes
        raise Unreadable(f"CSV with a NUL at character {at}")
    return text, {} if encoding == "utf-8" and text.isascii() else {"csv.encoding": encoding}


def _in_charset(body: bytes) -> tuple[str, str]:
    """The text, and the choice of csv.encoding that reads it."""
    marked = body.startswith(codecs.BOM_UTF8)
    try:
        return (body[3:].decode("utf-8"), "utf-8-sig") if marked else (body.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        at = error.start
    if marked:
        raise Unreadable(f"CSV with a mark of UTF-8, and no UTF-8 at byte {at}")
    try:
        return body.decode("cp1251"), "cp1251"
    except UnicodeDecodeError as error:
        raise Unreadable(f"CSV that is neither UTF-8 (byte {at}) nor windows-1251 (byte {error.start})") from None


def _tables(text: str, known: str | None) -> tuple[dict[str, Rows], list[_Miss]]:
    """The rows by delimiter, the one that the run has seen first, and why others give none."""
    tables: dict[str, Rows] = {}
    misses: list[_Miss] = []
    for delimiter in sorted(DELIMITERS, key=lambda name: name != known):
        try:
            tables[delimiter] = list(_rows(text, DELIMITERS[delimiter]))
        except _Miss as miss:
            misses.append(miss)
    return tables, misses


_FIELDS = {
    mark: re.compile(rf'(?:"([^"]*+(?:""[^"]*+)*+)"|([^"{mark}\r\n]*))({mark}|\r\n|\n|\Z)')
    for mark in DELIMITERS.values()
}


def _rows(text: str, mark: str) -> Iterator[list[str]]:
    """The rows. Raises _Miss for a quote that is not closed or stands within a bare field, and for a bare CR."""
    row: list[str] = []
    at, number = 0, 1
    match_field = _FIELDS[mark].match
    while at < len(text) or row:
        field = match_field(text, at)
        if field is None:
            raise _Miss(f"line {number}: a quote or line break that RFC 4180 does not allow", near=True)
        quoted, bare, end = field.groups()
        row.append(bare if quoted is None else quoted.replace('""', '"'))
        at = field.end()
        if end != mark:
            yield row
            row = []
            number += 1
        elif at == len(text):
            yield [*row, ""]
            row = []


_QUOTED = re.compile(r'"[^"]*+(?:""[^"]*+)*+"')


def _line_end(text: str) -> dict[str, str]:
    ends = set(re.findall(r"\r\n|\n", _QUOTED.sub("", text)))
    if len(ends) > 1:
        raise Unreadable("CSV with line ends of two kinds")
    return {"csv.line-end": "CRLF" if "\r\n" in ends else "LF"} if ends else {}


# Layouts.


def _layouts(context: Context) -> list[_Layout]:
    """What to try, likeliest first: headers as the run has seen them come before others."""
    flat: list[_Layout] = [_flat_row, _pairs, _bare_flat]
    sections: list[_Layout] = [_rows_under_header, _bare_rows]
    if context.known.get("csv.header") == "no":
        sections.reverse()
    return flat + sections if context.method == "result" else flat


def _flat_row(rows: Rows, context: Context) -> Decoded:
    """One row under a line of names, one of which is status; info may do without it."""
    account = context.method == "info" and bool(rows) and any(_account_path(name) for name in rows[0])
    if not rows or ("status" not in rows[0] and not account):
        raise _Miss("no line of names")
    if len(rows) != 2:
        raise _Miss(f"{len(rows) - 1} rows under the names of a flat answer", near=True)
    if len(rows[0]) != len(rows[1]):
        raise _Miss(f"line 2 has {len(rows[1])} fields, line 1 has {len(rows[0])} names", near=True)
    members = list(zip(*rows, strict=True))
    _known_status(dict(members).get("status", STATUSES[0]))
    model, nesting = _nested(members)
    return Decoded(model, "csv", {"csv.header": "yes", "csv.flat": "row", **nesting})


def _pairs(rows: Rows, _: Context) -> Decoded:
    """A line for each member, its name and its value."""
    if not rows or rows[0][0] != "status":
        raise _Miss("no pairs")
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise _Miss(f"line {number} has {len(row)} fields, a pair has 2", near=len(rows[0]) == 2)
    _known_status(rows[0][1])
    model, nesting = _nested([(name, value) for name, value in rows])
    return Decoded(model, "csv", {"csv.flat": "pairs", **nesting})


def _bare_flat(rows: Rows, context: Context) -> Decoded:
    """One row of values, known by its status and their number."""
    if len(rows) != 1 or rows[0][0] not in STATUSES:
        raise _Miss("no row of a flat answer")
    status, count = rows[0][0], len(rows[0])
    names = ERROR if status == "error" else FLAT.get((context.method, status, count), ())
    if len(names) != count:
        raise _Miss(f"{count} fields in a flat answer of status {status}", near=count > 1)
    model, _ = _nested(list(zip(names, rows[0], strict=True)))
    return Decoded(model, "csv", {"csv.header": "no", "csv.flat": "row"})


def _rows_under_header(rows: Rows, _: Context) -> Decoded:
    head = rows[0] if rows else []
    section = next((s for s, columns in SECTIONS.items() if _is_header(head, columns)), None)
    if section is None:
        raise _Miss("no line of names")
    if len(set(head)) != len(head):
        raise _Miss("the line of names has a name twice", near=True)
    return _section(section, head, rows[1:], header="yes")


def _is_header(head: list[str], columns: tuple[str, ...]) -> bool:
    return head == [*columns] if len(columns) == 1 else len({*head} & {*columns}) >= ENOUGH


def _bare_rows(rows: Rows, context: Context) -> Decoded:
    if not rows:
        if context.section not in SECTIONS:
            raise _Miss("an empty body", near=True)
        return _section(str(context.section), (), [], header="no")
    if rows[0] == ["status"]:
        raise _Miss(UNKNOWN_STATUS, near=True)
    fits = [s for s, columns in SECTIONS.items() if len(rows[0]) == len(columns) and context.section in (None, s)]
    if not fits:
        due = len(SECTIONS.get(context.section or "", COLUMNS))
        raise _Miss(f"line 1 has {len(rows[0])} fields, {due} are due", near=len(rows[0]) > 1)
    return _section(fits[0], SECTIONS[fits[0]], rows, header="no")


def _section(section: str, names: Sequence[str], rows: Rows, *, header: str) -> Decoded:
    for number, row in enumerate(rows, start=2 if header == "yes" else 1):
        if len(row) != len(names):
            raise _Miss(f"line {number} has {len(row)} fields, {len(names)} are due", near=True)
    model = {"status": "ready", section: [dict(zip(names, row, strict=True)) for row in rows]}
    return Decoded(model, "csv", {"csv.header": header}, section)


def _known_status(status: str) -> None:
    if status not in STATUSES:
        raise _Miss(UNKNOWN_STATUS, near=True)


# The account's members are nested; CSV lays them flat (clause info.csv).

_LEAVES = {path.rpartition(".")[2]: path for path in ("api_limit.used", "api_limit.of", "api_time_limit", "demo")}
_DOTTED = re.compile(rf"data(?:\.[0-9]+)?\.({'|'.join(map(re.escape, _LEAVES.values()))})")


def _account_path(name: str) -> str | None:
    """The place of an account's column within the account; None for any other column."""
    dotted = _DOTTED.fullmatch(name)
    return dotted[1] if dotted else _LEAVES.get(name)


def _nested(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """The members, and the choice of info.csv that the account's names show."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise _Miss("a name that stands twice", near=True)
    model: dict[str, Any] = {}
    shown: set[str] = set()
    for name, value in pairs:
        place, path = model, _account_path(name)
        *above, last = ("data", *path.split(".")) if path else (name,)
        if path:
            shown.add("dotted" if name.startswith("data.") else "leaf")
        for step in above:
            place = place.setdefault(step, {})
        place[last] = typed(last, value)
    return model, {"info.csv": " and ".join(sorted(shown))} if shown else {}
