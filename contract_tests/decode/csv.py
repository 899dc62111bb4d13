"""CSV, strictly after RFC 4180: the dialect is deduced among the clauses' choices from the known columns alone.

A body is read with each delimiter, and each reading is held against the layouts that an answer may have: rows of a
section, or a flat answer as one row or as pairs. What fits none is no answer, and the nearest miss is told.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from contract_tests.decode.model import COLUMNS, STATUSES, Context, Decoded, Unreadable, bound, typed

Rows = list[list[str]]

DELIMITERS: Mapping[str, str] = MappingProxyType({",": ",", ";": ";", "tab": "\t"})
SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType({"data": COLUMNS, "names": ("name",)})
FLAT: Mapping[tuple[str, str, int], tuple[str, ...]] = MappingProxyType(
    {
        ("create", "ok", 2): ("status", "id"),
        ("info", "ok", 5): ("status", "used", "of", "api_time_limit", "demo"),
        ("result", "processing", 1): ("status",),
        ("result", "ready", 6): ("status", "photo", "cost", "ip", "create_time", "end_time"),
    }
)
"""The members of a flat answer without a header, by method, status and number of fields."""
ERROR = ("status", "error_code", "message")
ENOUGH = 6
"""Known columns that make a first line a header, be some of the ten missing."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows that a body has with one delimiter."""

    delimiter: str
    rows: Rows


class _Miss(Exception):
    """A layout that does not fit, with the reason; near says that it came close, so that its reason is to be told."""

    def __init__(self, reason: str, *, near: bool = False) -> None:
        super().__init__(reason)
        self.near = near


def read_csv(body: bytes, context: Context) -> Decoded:
    """The answer. Raises Unreadable."""
    bound(body, b",;\t\n", "CSV")
    text, choices = _decoded(body)
    if _MARKUP.match(text):
        raise Unreadable("a page of markup, where csv was asked for")
    if (at := text.find("\0")) >= 0:  # UTF-16 has them, and what is compressed
        raise Unreadable(f"CSV with a NUL at character {at}")
    tables, torn = _tables(text, context.known.get("csv.delimiter"))
    choices |= _line_end(text)
    misses: dict[str, list[_Miss]] = {table.delimiter: [] for table in tables}
    for layout in _layouts(context):
        for table in tables:
            try:
                found = layout(table, context)
            except _Miss as miss:
                misses[table.delimiter].append(miss)
                continue
            seen = _delimiters(found, table, tables, layout, context)
            return Decoded(found.model, "csv", choices | found.choices | seen, found.rows)
    near = [str(miss) for miss in (*chain.from_iterable(misses.values()), *torn) if miss.near]
    raise Unreadable(f"CSV that is no answer: {(near or ['no known columns'])[0]}")


_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html)\b", re.IGNORECASE)
"""How a page begins that a proxy sends; as CSV without a header it would pass for a name."""


def read_lines(body: bytes, delimiter: str) -> Rows:
    """The lines of a body that `read_csv` has read, with the delimiter that it told: a choice of `csv.delimiter`."""
    return list(_rows(_decoded(body)[0], DELIMITERS[delimiter]))


def _delimiters(
    found: _Found, table: _Table, tables: Sequence[_Table], layout: _Layout, context: Context
) -> dict[str, str]:
    """The delimiter, where no other one reads the same: a body of one column has none."""
    for other in tables:
        if other is not table:
            try:
                if layout(other, context).model == found.model:
                    return {}
            except _Miss:
                pass
    return {"csv.delimiter": table.delimiter}


def _decoded(body: bytes) -> tuple[str, dict[str, str]]:
    if body.startswith(codecs.BOM_UTF8):
        try:
            return body[3:].decode("utf-8"), {"csv.encoding": "utf-8-sig"}
        except UnicodeDecodeError as error:
            raise Unreadable(f"CSV with a mark of UTF-8, and no UTF-8 at byte {error.start}") from None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
    else:
        return text, {} if text.isascii() else {"csv.encoding": "utf-8"}
    try:
        return body.decode("cp1251"), {"csv.encoding": "cp1251"}
    except UnicodeDecodeError as error:
        raise Unreadable(f"CSV that is neither UTF-8 (byte {at}) nor windows-1251 (byte {error.start})") from None


def _tables(text: str, known: str | None) -> tuple[list[_Table], list[_Miss]]:
    """The readings by delimiter, the one that the run has seen first."""
    order = sorted(DELIMITERS, key=lambda name: name != known)
    tables: list[_Table] = []
    misses: list[_Miss] = []
    for name in order:
        try:
            tables.append(_Table(name, list(_rows(text, DELIMITERS[name]))))
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


@dataclass(frozen=True, slots=True)
class _Found:
    model: Mapping[str, Any]
    choices: dict[str, str]
    rows: str | None = None


_Layout = Callable[[_Table, Context], _Found]


def _layouts(context: Context) -> list[_Layout]:
    """What to try, likeliest first: what the run has seen of headers comes before what it has not."""
    headless = context.known.get("csv.header") == "no"
    named, bare = [_rows_under_header], [_bare_rows]
    rows = [*bare, *named] if headless else [*named, *bare]
    return [_flat_row, _pairs, _bare_flat, *rows] if context.method == "result" else [_flat_row, _pairs, _bare_flat]


def _flat_row(table: _Table, context: Context) -> _Found:
    """One row under a line of names, one of which is status; info may do without it."""
    rows = table.rows
    account = context.method == "info" and bool(rows) and any(_account_path(name) for name in rows[0])
    if not rows or ("status" not in rows[0] and not account):
        raise _Miss("no line of names")
    if len(rows) != 2:
        raise _Miss(f"{len(rows) - 1} rows under the names of a flat answer", near=True)
    if len(rows[0]) != len(rows[1]):
        raise _Miss(f"line 2 has {len(rows[1])} fields, line 1 has {len(rows[0])} names", near=True)
    if dict(zip(*rows, strict=True)).get("status", STATUSES[0]) not in STATUSES:
        raise _Miss("a status that is none of the known ones", near=True)
    model, laid = _unflattened(list(zip(*rows, strict=True)))
    return _Found(model, {"csv.header": "yes", "csv.flat": "row", **laid})


def _pairs(table: _Table, _: Context) -> _Found:
    """A line for each member, its name and its value."""
    rows = table.rows
    if not rows or rows[0][0] != "status":
        raise _Miss("no pairs")
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise _Miss(f"line {number} has {len(row)} fields, a pair has 2", near=len(rows[0]) == 2)
    if rows[0][1] not in STATUSES:
        raise _Miss("a status that is none of the known ones", near=True)
    model, laid = _unflattened([(name, value) for name, value in rows])
    return _Found(model, {"csv.flat": "pairs", **laid})


def _bare_flat(table: _Table, context: Context) -> _Found:
    """One row of values, known by its status and their number."""
    rows = table.rows
    if len(rows) != 1 or rows[0][0] not in STATUSES:
        raise _Miss("no row of a flat answer")
    status, count = rows[0][0], len(rows[0])
    names = ERROR if status == "error" else FLAT.get((context.method, status, count))
    if names is None or len(names) != count:
        raise _Miss(f"{count} fields in a flat answer of status {status}", near=count > 1)
    model, _ = _unflattened(list(zip(names, rows[0], strict=True)))
    return _Found(model, {"csv.header": "no", "csv.flat": "row"})


def _rows_under_header(table: _Table, _: Context) -> _Found:
    rows = table.rows
    head = rows[0] if rows else []
    section = next((s for s, columns in SECTIONS.items() if _is_header(head, columns)), None)
    if section is None:
        raise _Miss("no line of names")
    if len(set(head)) != len(head):
        raise _Miss("the line of names has a name twice", near=True)
    return _Found(_section(section, head, rows[1:], first=2), {"csv.header": "yes"}, section)


def _is_header(head: list[str], columns: tuple[str, ...]) -> bool:
    if len(columns) == 1:
        return head == [*columns]
    return len(set(head) & set(columns)) >= ENOUGH


def _bare_rows(table: _Table, context: Context) -> _Found:
    rows = table.rows
    if not rows:
        if context.section is None or context.section not in SECTIONS:
            raise _Miss("an empty body", near=True)
        return _Found({"status": "ready", context.section: []}, {"csv.header": "no"}, context.section)
    if rows[0] == ["status"]:
        raise _Miss("a status that is none of the known ones", near=True)
    fits = [s for s, columns in SECTIONS.items() if len(rows[0]) == len(columns) and context.section in (None, s)]
    if not fits:
        due = len(SECTIONS.get(context.section or "", COLUMNS))
        raise _Miss(f"line 1 has {len(rows[0])} fields, {due} are due", near=len(rows[0]) > 1)
    return _Found(_section(fits[0], SECTIONS[fits[0]], rows, first=1), {"csv.header": "no"}, fits[0])


def _section(section: str, names: Sequence[str], rows: Rows, *, first: int) -> dict[str, Any]:
    for number, row in enumerate(rows, start=first):
        if len(row) != len(names):
            raise _Miss(f"line {number} has {len(row)} fields, {len(names)} are due", near=True)
    return {"status": "ready", section: [dict(zip(names, row, strict=True)) for row in rows]}


# The account's members are nested; CSV lays them flat (clause info.csv).

LEAVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "used": ("api_limit", "used"),
        "of": ("api_limit", "of"),
        "api_time_limit": ("api_time_limit",),
        "demo": ("demo",),
    }
)
_PATH = re.compile(r"data(?:\.[0-9]+)?\.(api_limit\.used|api_limit\.of|api_time_limit|demo)")


def _account_path(name: str) -> tuple[str, ...] | None:
    """Where a column of the account stands within it; None for any other column."""
    path = _PATH.fullmatch(name)
    return tuple(path[1].split(".")) if path else LEAVES.get(name)


def _unflattened(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """The members, and how the account's are named where there are any."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise _Miss("a name that stands twice", near=True)
    model: dict[str, Any] = {}
    laid: set[str] = set()
    for name, value in pairs:
        steps = _account_path(name)
        if steps is None:
            model[name] = typed(name, value)
            continue
        laid.add("dotted" if name.startswith("data.") else "leaf")
        place = model.setdefault("data", {})
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        place[steps[-1]] = typed(steps[-1], value)
    return model, {"info.csv": " and ".join(sorted(laid))} if laid else {}
