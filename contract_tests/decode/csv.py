"""CSV: a body is split in each dialect that may be meant, and each table is tried in the layouts of an answer.

Where the answer to the same in JSON is known, it decides between readings. For a body that fits none, the reason is
that of the likeliest delimiter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.decode.carries import carries
from contract_tests.decode.compare import PADDED, cell_oddities, charset_choice, formats_differ, mostly_same
from contract_tests.decode.csv_cells import customary
from contract_tests.decode.csv_dialect import OF_TEXTS, Miss, Rank, Rows, Table, tables
from contract_tests.decode.csv_layouts import read_table
from contract_tests.decode.csv_flat import OF_JSON
from contract_tests.decode.csv_parts import read_parts
from contract_tests.decode.csv_text import csv_texts
from contract_tests.decode.model import Context, Decoded, Misfit, UnknownLayout, Unreadable, bound, oddities


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
        miss = Miss(table.otherwise, table.rank, whole=not table.otherwise, several=table.several)
        try:
            decoded = read_parts(table, context) if table.parts else read_table(table, context)
        except Misfit as misfit:
            misses.append(replace(miss, reason=table.otherwise or str(misfit)))
            continue
        except UnknownLayout as layout:
            misses.append(miss)
            unknown += [] if table.otherwise else [layout]
            continue
        decoded = replace(decoded, choices=_shown({**table.choices, **decoded.choices}, decoded.model))
        decoded = _padding_told(decoded, table)
        if (agreed := _agreed(decoded, table, context)) is not None:
            return agreed
        if table.otherwise and (not table.parts or _is_known(decoded, context)):
            misses.append(miss)
        else:
            sure = decoded.doubt and context.reference and mostly_same(context.reference, decoded, context)
            found.append((table.rank, replace(decoded, doubt="") if sure else decoded))
    likeliest = max(misses, key=lambda miss: miss.rank, default=Miss("", (0, 0)))
    # Where another delimiter gives known names, a reading without them is none.
    readings = [decoded for rank, decoded in found if not decoded.doubt or rank[0] >= likeliest.rank[0]]
    holds = context.reference is not None and carries(body, context.reference, context.method)
    if readings:
        best = next((decoded for decoded in readings if not decoded.doubt), readings[0])
        if best.doubt and holds:
            raise UnknownLayout("csv.layout", "another layout")
        return best
    if unknown or likeliest.several:
        raise next(iter(unknown), UnknownLayout("csv.rows", "several tables"))
    if likeliest.whole and holds:
        raise UnknownLayout("csv.layout", "another layout")
    raise Unreadable(f"{NO_ANSWER}: {likeliest.reason}")


NO_ANSWER = "CSV that is no answer"
"""How the reason begins of a text that is no answer in any layout, unless an answer that is known tells more."""


def _tables(body: bytes, context: Context) -> Iterator[Table | Miss]:
    """The tables that a body may be, in each charset."""
    for read in csv_texts(body, context):
        encoding = {"csv.encoding": read.encoding} if read.encoding else {}
        every = context.reference is not None
        for table in tables(read.text, context.known.get("csv.delimiter"), every=every):
            if isinstance(table, Miss):
                yield table
            else:
                yield from customary(replace(table, choices={**encoding, **table.choices}), every=every)


def _agreed(decoded: Decoded, table: Table, context: Context) -> Decoded | None:
    """The answer as a reading of which no other is likelier: one that is sure, or that says what is known."""
    if context.reference is None or not _is_known(decoded, context):
        return (
            None if decoded.doubt or context.reference is not None or (table.otherwise and not table.parts) else decoded
        )
    if formats_differ(context.reference, decoded, context) is not None:
        return None
    lacking = charset_choice(context.reference, decoded, context)
    choices = {**decoded.choices, **({"csv.lacking": lacking} if lacking else {})}
    if words := [w for w in cell_oddities(context.reference, decoded, context) if w not in table.layout_and()]:
        choices["csv.layout"] = replace(table, choices=choices).layout_and(*words)
    return replace(decoded, doubt="", choices=choices)


def _shown(choices: Mapping[str, str], model: Mapping[str, Any]) -> dict[str, str]:
    """The choices without a way of quoting that shows in no number: some writers quote every text, and no number."""
    laid_out = {n: v for n, v in model.items() if n != "data" or choices.get("info.csv") not in OF_JSON}
    open_quotes = choices.get("csv.quotes") in OF_TEXTS and not any(isinstance(v, int) for v in _values(laid_out))
    return {clause: choice for clause, choice in choices.items() if clause != "csv.quotes" or not open_quotes}


def _padding_told(decoded: Decoded, table: Table) -> Decoded:
    """The answer with the word for white space around numbers, of which they do not tell."""
    cells = {cell for rows in (table.rows, *table.parts) for row in rows for cell in row}
    padded = {cell for cell in cells if cell.strip().isdigit() and cell != cell.strip()}
    layout = decoded.choices.get("csv.layout", "plain")
    if not padded or PADDED in layout or not padded.difference(_texts(decoded.model)):
        return decoded
    return replace(
        decoded, choices={**decoded.choices, "csv.layout": oddities([layout] * (layout != "plain") + [PADDED])}
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _values(value: Any) -> Iterator[Any]:
    """The values of the members of objects, and not of entries, which have texts alone."""
    for member in value.values():
        yield from _values(member) if isinstance(member, Mapping) else (member,)


def _is_known(decoded: Decoded, context: Context) -> bool:
    """Whether what is known is about the same: a task may have become ready since."""
    return context.reference is not None and context.reference.get("status") == decoded.model.get("status", "ok")


def read_lines(body: bytes, delimiter: str) -> Rows:
    """The lines of a body that `read_csv` can read, with a choice of `csv.delimiter`."""
    read, *_ = csv_texts(body, Context("result"))
    found = (table for table in tables(read.text, delimiter, every=False) if isinstance(table, Table))
    return next((table.rows for table in found if table.choices.get("csv.delimiter", delimiter) == delimiter), [])
