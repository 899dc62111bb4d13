"""CSV after RFC 4180, in the dialect of the clauses `csv.*`: rows where the answer has them, else laid flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mockserver.core.messages import Answer, Value
from mockserver.people.people import FIELDS
from mockserver.profile.profile import Writing

COLUMNS: Mapping[str, tuple[str, ...]] = {"data": FIELDS, "names": ("name",)}
"""The columns of an answer's rows, which stand in the header also where there is no row."""


def write_csv(answer: Answer, writing: Writing) -> bytes:
    """The answer as CSV; what the encoding lacks becomes a question mark."""
    lines = _table(answer, writing)
    text = "".join(_line(cells, writing) for cells in lines)
    return text.encode(writing.csv_encoding, "replace")


def _table(answer: Answer, writing: Writing) -> Iterator[Iterable[Value]]:
    if answer.rows is not None:
        columns = COLUMNS[answer.rows]
        if writing.csv_header:
            yield columns
        entries = answer.body[answer.rows]
        assert isinstance(entries, list), "a section with columns is a list"
        for entry in entries:
            assert isinstance(entry, dict), "an entry of a section has members"
            yield [entry[column] for column in columns]
        return
    flat = dict(_flat(answer.body, "", dotted=writing.csv_info_dotted))
    if writing.csv_pairs:
        yield from flat.items()
        return
    if writing.csv_header:
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


def _line(cells: Iterable[Value], writing: Writing) -> str:
    texts = ["" if cell is None else str(cell) for cell in cells]
    if texts == [""]:
        # A lone empty cell would be an empty line, which readers pass over.
        return f'""{writing.csv_line_end}'
    return writing.csv_delimiter.join(_cell(text, writing) for text in texts) + writing.csv_line_end


def _cell(text: str, writing: Writing) -> str:
    if any(mark in text for mark in (writing.csv_delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text
