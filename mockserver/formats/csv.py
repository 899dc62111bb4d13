"""CSV after RFC 4180, in the dialect of the clauses `csv.*`: rows where the answer has them, else laid flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mockserver.core.messages import Answer, Value
from mockserver.people.people import FIELDS
from mockserver.profile.profile import Rendering

COLUMNS: Mapping[str, tuple[str, ...]] = {"data": FIELDS, "names": ("name",)}
"""The columns of an answer's rows, which stand in the header also where there is no row."""
_CHARSETS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1251": "windows-1251"}


def csv_type(rendering: Rendering) -> str:
    """The Content-Type, which may name the charset."""
    return rendering.csv_type.replace("{charset}", _CHARSETS[rendering.csv_encoding])


def write_csv(answer: Answer, rendering: Rendering) -> bytes:
    """The answer as CSV; what the encoding lacks becomes a question mark."""
    lines = _table(answer, rendering)
    text = "".join(_line(cells, rendering) for cells in lines)
    return text.encode(rendering.csv_encoding, "replace")


def _table(answer: Answer, rendering: Rendering) -> Iterator[Iterable[Value]]:
    if answer.rows is not None:
        columns = COLUMNS[answer.rows]
        if rendering.csv_header:
            yield columns
        entries = answer.body[answer.rows]
        assert isinstance(entries, list), "a section with columns is a list"
        for entry in entries:
            assert isinstance(entry, dict), "an entry of a section has members"
            yield [entry[column] for column in columns]
        return
    flat = dict(_flat(answer.body, "", dotted=rendering.csv_info_dotted))
    if rendering.csv_pairs:
        yield from flat.items()
        return
    if rendering.csv_header:
        yield flat
    yield flat.values()


def _flat(value: Value, name: str, *, dotted: bool) -> Iterator[tuple[str, Value]]:
    """The scalars below a value with their names; a list's entries stand for the list, so an empty one leaves none."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _flat(member, f"{name}.{key}" if dotted and name else key, dotted=dotted)
    elif isinstance(value, list):
        for entry in value:
            yield from _flat(entry, name, dotted=dotted)
    else:
        yield name, value


def _line(cells: Iterable[Value], rendering: Rendering) -> str:
    texts = ["" if cell is None else str(cell) for cell in cells]
    if texts == [""]:
        # A lone empty cell would be an empty line, which readers pass over.
        return f'""{rendering.csv_line_end}'
    return rendering.csv_delimiter.join(_cell(text, rendering) for text in texts) + rendering.csv_line_end


def _cell(text: str, rendering: Rendering) -> str:
    if any(mark in text for mark in (rendering.csv_delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text
