"""CSV: a body is split in each dialect that may be meant, and each table is tried in the layouts of an answer.

Where the answer to the same in JSON is known, it decides between readings. For a body that fits none, the reason is
that of the likeliest delimiter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contract_tests.decode.carries import carries
from contract_tests.decode.compare import charset_choice, formats_differ
from contract_tests.decode.csv_dialect import Miss, Rank, Rows, Table, tables
from contract_tests.decode.csv_layouts import read_table
from contract_tests.decode.csv_text import csv_texts
from contract_tests.decode.model import Context, Decoded, Misfit, UnknownLayout, Unreadable, bound


def read_csv(body: bytes, context: Context) -> Decoded:
    """The answer. Raises Unreadable, UnknownLayout."""
    bound(body.replace(b"\r\n", b"\n"), b",;|\t\n\r", "CSV")
    misses: list[Miss] = []
    unknown: list[UnknownLayout] = []
    found: list[tuple[Rank, Decoded]] = []
    for table in _tables(body, context):
        if isinstance(table, Miss):
            misses.append(table)
            continue
        try:
            decoded = read_table(table, context)
        except Misfit as misfit:
            misses.append(Miss(str(misfit), table.rank))
        except UnknownLayout as layout:
            misses.append(Miss("", table.rank))
            unknown.append(layout)
        else:
            decoded = replace(decoded, choices={**table.choices, **decoded.choices})
            if (agreed := _agreed(decoded, context)) is not None:
                return agreed
            found.append((table.rank, decoded))
    likeliest = max(misses, key=lambda miss: miss.rank, default=Miss("", (0, 0)))
    # Where another delimiter gives known names, a reading without them is none.
    readings = [decoded for rank, decoded in found if not decoded.doubt or rank[0] >= likeliest.rank[0]]
    if readings:
        return next((decoded for decoded in readings if not decoded.doubt), readings[0])
    if unknown or likeliest.several:
        raise next(iter(unknown), UnknownLayout("csv.rows", "several tables"))
    if context.reference is not None and likeliest.whole and carries(body, context.reference, context.method):
        raise UnknownLayout("csv.layout", "another layout")
    raise Unreadable(f"CSV that is not an answer: {likeliest.reason}")


def _tables(body: bytes, context: Context) -> Iterator[Table | Miss]:
    """The tables that a body may be, in each charset."""
    for read in csv_texts(body, context):
        encoding = {"csv.encoding": read.encoding} if read.encoding else {}
        for table in tables(read.text, context.known.get("csv.delimiter"), every=context.reference is not None):
            yield table if isinstance(table, Miss) else replace(table, choices={**encoding, **table.choices})


def _agreed(decoded: Decoded, context: Context) -> Decoded | None:
    """The answer as a reading of which no other is likelier: one that is sure, or that says what is known."""
    if context.reference is None:
        return None if decoded.doubt else decoded
    if formats_differ(context.reference, decoded, context) is not None:
        return None
    lacking = charset_choice(context.reference, decoded, context)
    return replace(decoded, doubt="", choices={**decoded.choices, **({"csv.lacking": lacking} if lacking else {})})


def read_lines(body: bytes, delimiter: str) -> Rows:
    """The lines of a body that `read_csv` can read, with a choice of `csv.delimiter`."""
    read, *_ = csv_texts(body, Context("result"))
    found = (table for table in tables(read.text, delimiter, every=False) if isinstance(table, Table))
    return next((table.rows for table in found if table.choices.get("csv.delimiter", delimiter) == delimiter), [])
