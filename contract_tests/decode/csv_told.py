"""What a reading of CSV tells of how it is written, beside what its dialect and its layout show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.decode.compare import PADDED
from contract_tests.decode.csv_dialect import OF_TEXTS, Table
from contract_tests.decode.csv_flat import OF_JSON
from contract_tests.decode.model import Decoded, oddities


def told(decoded: Decoded, table: Table) -> Decoded:
    """The answer of a table with all choices that both show."""
    return _padding_told(replace(decoded, choices=_shown({**table.choices, **decoded.choices}, decoded.model)), table)


def _shown(choices: Mapping[str, str], model: Mapping[str, Any]) -> dict[str, str]:
    """The choices without a way of quoting that shows in no number: some writers quote every text, and no number."""
    laid_out = {n: v for n, v in model.items() if n != "data" or choices.get("info.csv") not in OF_JSON}
    open_quotes = choices.get("csv.quotes") in OF_TEXTS and not any(isinstance(v, int) for v in _values(laid_out))
    return {clause: choice for clause, choice in choices.items() if clause != "csv.quotes" or not open_quotes}


def _padding_told(decoded: Decoded, table: Table) -> Decoded:
    """The answer with the word for white space around numbers, which they do not show."""
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
