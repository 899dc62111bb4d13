"""CSV after RFC 4180, in the dialect of the clauses `csv.*`: rows where the answer has them, else laid flat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from mockserver.core.messages import Answer, Value
from mockserver.formats.json import json_encoder
from mockserver.formats.plain import plain, with_charset
from mockserver.people.people import FIELDS
from mockserver.profile.editions import EDITIONS
from mockserver.profile.profile import Rendering

COLUMNS: Mapping[str, tuple[str, ...]] = {"data": FIELDS, "names": ("name",)}
"""The columns of an answer's rows, which stand in the header also where there is no row."""
_SECTIONS = frozenset(source.section for edition in EDITIONS.values() for source in edition.sources.values())
_QUOTED: Mapping[str, str] = {"needed": '[%s"\r\n]', "php": '[%s"\r\n \t\\\\]', "all": ""}
"""By a choice of `csv.quotes`, the pattern that cells in quotes match; %s stands for the delimiter."""


def csv_type(rendering: Rendering) -> str:
    """The Content-Type, which may name the charset."""
    return with_charset(rendering.csv_type, rendering.csv_encoding)


def csv_writer(rendering: Rendering) -> Callable[[Answer], bytes]:
    """The writer of answers as CSV."""
    table, cell = _table(rendering), _cell(rendering)
    delimiter, end, encoding = rendering.csv_delimiter, rendering.csv_line_end, rendering.csv_encoding
    mark = "\ufeff" if encoding == "utf-16le" else ""

    def write(answer: Answer) -> bytes:
        # A lone empty cell would be an empty line, which readers pass over.
        lines = [(delimiter.join(map(cell, line)) or '""') + end for line in table(answer)]
        return (mark + "".join(lines)).encode(encoding, "replace")

    return write


def _cell(rendering: Rendering) -> Callable[[Value], str]:
    """The function that writes a cell: in quotes where the dialect asks for them."""
    encoding, lacking = rendering.csv_encoding, rendering.csv_lacking
    is_quoted = re.compile(_QUOTED[rendering.csv_quotes].replace("%s", re.escape(rendering.csv_delimiter))).search
    lacks = encoding == "cp1251"

    def write(value: Value) -> str:
        text = value if type(value) is str else plain(value)
        if lacks:  # before it is quoted: a reference has a semicolon
            text = text.encode(encoding, lacking).decode(encoding)
        return '"' + text.replace('"', '""') + '"' if is_quoted(text) else text

    return write


_Line: TypeAlias = Iterable[Value]


def _table(rendering: Rendering) -> Callable[[Answer], list[_Line]]:
    """The function that lays an answer out in lines."""
    header, pairs, whole = rendering.csv_header, rendering.csv_pairs, rendering.csv_rows == "json"
    of_task = (lambda name: name not in _SECTIONS) if rendering.csv_rows == "with-task" else None
    join, encode = rendering.csv_info_join, json_encoder(rendering)

    def table(answer: Answer) -> list[_Line]:
        if answer.rows is not None and not whole:
            task = {name: value for name, value in answer.body.items() if of_task(name)} if of_task else {}
            columns, entries = COLUMNS[answer.rows], answer.body[answer.rows]
            assert isinstance(entries, list), "a section with columns is a list"
            lines = [_row(entry, columns, task) for entry in entries]
            return [[*task, *columns], *lines] if header else lines
        flat = answer.body if answer.rows is not None else dict(_flat(answer.body, "", join))
        cells = {name: encode(value) if isinstance(value, dict | list) else value for name, value in flat.items()}
        if pairs and answer.rows is None:
            return list(cells.items())
        return [cells, cells.values()] if header else [cells.values()]

    return table


def _row(entry: Value, columns: Iterable[str], task: Mapping[str, Value]) -> _Line:
    assert isinstance(entry, dict), "an entry of a section has members"
    return [*task.values(), *[entry.get(column) for column in columns]]


def _flat(value: Value, name: str, join: Callable[[str, str], str] | None) -> Iterator[tuple[str, Value]]:
    """The single values below a value with their names; without a way to join names, the top members. A list's entries
    stand for the list, so an empty one leaves none.
    """
    if isinstance(value, dict) and (join or not name):
        for key, member in value.items():
            yield from _flat(member, join(name, key) if join and name else key, join)
    elif isinstance(value, list) and (join or not value):
        for entry in value:
            yield from _flat(entry, name, join)
    else:
        yield name, value
