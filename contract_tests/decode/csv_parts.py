"""Several tables in one text, one below the other, and lines of text around them: merged into one answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from contract_tests.decode.csv_dialect import Table
from contract_tests.decode.csv_flat import nested
from contract_tests.decode.csv_layouts import SECTIONS, TASK, WHOLE, read_table
from contract_tests.decode.csv_lines import Rows, is_debris, is_total
from contract_tests.decode.model import Context, Decoded, Misfit, UnknownLayout
from contract_tests.decode.names import known_name

_MOST_LINES = 3  # of text in one place
_MOST_CELLS = 3  # with text, in such a line


def read_parts(table: Table, context: Context) -> Decoded:
    """The answer in the parts of a table, in doubt where it was perhaps cut off. Raises Misfit where a part is neither
    a table of it nor text around them.
    """
    found: list[Decoded] = []
    before = after = False
    for part in table.parts:
        if (decoded := _part(part, table, context)) is not None:
            found.append(decoded)
            after = False
        elif len(part) > _MOST_LINES or any(len([*filter(None, row)]) > _MOST_CELLS or is_debris(row) for row in part):
            raise Misfit(table.otherwise)
        else:
            before |= not found
            after = not all(map(is_total, part))
    if not found or (len(found) > 1 and context.method != "result"):
        raise Misfit(table.otherwise)
    words = ["lines before the names"] * before + ["lines after the rows"] * after
    doubt = words[-1] if after else ""
    if len(found) == 1:
        return replace(found[0], choices={**found[0].choices, "csv.layout": table.layout_and(*words)}, doubt=doubt)
    model = _merged(found)
    own = context.section if context.section in SECTIONS else next((d.rows for d in found if d.rows), None)
    choices = {"csv.header": "yes", "csv.rows": "several tables", "csv.layout": table.layout_and(*words)}
    return Decoded(model, "csv", choices, None if model.keys() >= WHOLE else own, doubt)


def _part(rows: Rows, table: Table, context: Context) -> Decoded | None:
    """What one of several tables says; None for lines of text."""
    if len({len(row) for row in rows}) > 1:
        return None
    names = [known_name(name) for name in rows[0]]
    if context.method == "result" and len(rows) == 2 and TASK.issuperset(names):
        return Decoded(nested(zip(rows[0], rows[1], strict=True))[0], "csv", {})
    section = "names" if names == ["name"] else None
    with suppress(Misfit, UnknownLayout):
        decoded = read_table(replace(table, rows=rows, parts=()), replace(context, section=section, reference=None))
        return None if decoded.doubt else decoded
    return None


def _merged(found: list[Decoded]) -> Mapping[str, Any]:
    model: dict[str, Any] = {}
    for number, decoded in enumerate(found):
        own = {name: value for name, value in decoded.model.items() if name != "status" or not decoded.rows}
        if model.keys() & own.keys():
            raise Misfit(f"table {number + 1} has a member that stands before")
        model |= own
    return {"status": "ready", **model}
