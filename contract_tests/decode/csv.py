"""CSV: a body is split in each dialect that may be meant, and each table is tried in the layouts of an answer.

Where the answer to the same in JSON is known, it decides between readings. For a body that fits none, the reason is
that of the likeliest delimiter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from contract_tests.decode.carries import MAX_SEARCHED, carries
from contract_tests.decode.compare import cell_oddities, charset_choice, formats_differ, mostly_same
from contract_tests.decode.csv_cells import customary
from contract_tests.decode.csv_dialect import Effort, Miss, Rank, Table, tables
from contract_tests.decode.csv_layouts import read_table
from contract_tests.decode.csv_lines import Rows
from contract_tests.decode.csv_parts import read_parts
from contract_tests.decode.csv_text import csv_texts
from contract_tests.decode.csv_told import told
from contract_tests.decode.model import Context, Decoded, Misfit, TooLarge, UnknownLayout, Unreadable, bound

MAX_LINES = 100_000
"""Lines of a body that are read: each is looked at in every way to split, to name and to group it, which takes about
75 µs and 2 kB, however short it is.
"""


def read_csv(body: bytes, context: Context) -> Decoded:
    """The answer. Raises Unreadable, TooLarge, UnknownLayout."""
    if max(body.count(b"\n"), body.count(b"\r")) > MAX_LINES:
        raise TooLarge(f"CSV of more than {MAX_LINES:,} lines")
    search = _Search(context)
    for table in _tables(body, context, Effort(bound(body.replace(b"\r\n", b"\n"), b",;|\t\n\r", "CSV"))):
        if (found := search.read(table)) is not None:
            return found
    return search.likeliest(body)


@dataclass
class _Search:
    """What was found of an answer in the tables that a body may be."""

    context: Context
    misses: list[Miss] = field(default_factory=list)
    unknown: list[UnknownLayout] = field(default_factory=list)
    readings: list[tuple[Rank, Decoded]] = field(default_factory=list)

    def read(self, table: Table | Miss) -> Decoded | None:
        """Reads a table; the answer where no other reading is likelier."""
        if isinstance(table, Miss):
            self.misses.append(table)
            return None
        miss = Miss(table.otherwise, table.rank, whole=not table.otherwise, several=table.several)
        try:
            decoded = told(read_parts(table, self.context) if table.parts else read_table(table, self.context), table)
        except Misfit as misfit:
            self.misses.append(replace(miss, reason=table.otherwise or str(misfit)))
        except UnknownLayout as layout:
            self.misses.append(miss)
            self.unknown += [] if table.otherwise else [layout]
        else:
            if (agreed := _agreed(decoded, table, self.context)) is not None:
                return agreed
            if table.otherwise and (decoded.doubt or not table.parts):
                self.misses.append(miss)
            else:
                self._keep(decoded, table)
        return None

    def _keep(self, decoded: Decoded, table: Table) -> None:
        reference = self.context.reference
        if decoded.doubt and reference is not None and mostly_same(reference, decoded, self.context):
            decoded = replace(decoded, doubt="")
        self.readings.append((table.rank, decoded))

    def likeliest(self, body: bytes) -> Decoded:
        """The answer in the likeliest reading of all. Raises Unreadable, UnknownLayout."""
        context, miss = self.context, max(self.misses, key=lambda miss: miss.rank, default=Miss("", (0, 0)))
        # Where another delimiter gives known names, a reading without them is none.
        readings = [decoded for rank, decoded in self.readings if not decoded.doubt or rank[0] >= miss.rank[0]]
        holds = context.reference is not None and carries(body, context.reference, context.method)
        if readings:
            best = next((decoded for decoded in readings if not decoded.doubt), readings[0])
            if not best.doubt or not holds:
                return best
        elif self.unknown or miss.several:
            raise next(iter(self.unknown), UnknownLayout("csv.rows", "several tables"))
        if large := next((miss for miss in self.misses if miss.large), None):
            raise TooLarge(large.reason)
        if context.reference is not None and len(body) > MAX_SEARCHED:
            raise TooLarge(f"CSV of more than {MAX_SEARCHED // 2**20} MiB in a layout that is not known")
        if holds and (readings or miss.whole):
            raise UnknownLayout("csv.layout", "another layout")
        raise Unreadable(f"{NO_ANSWER}: {miss.reason}")


NO_ANSWER = "CSV that is not an answer"
"""How the reason begins of a text that is no answer in any layout, unless an answer that is known tells more."""


def _tables(body: bytes, context: Context, effort: Effort) -> Iterator[Table | Miss]:
    """The tables that a body may be, in each charset."""
    for read in csv_texts(body, context):
        encoding = {"csv.encoding": read.encoding} if read.encoding else {}
        every = context.reference is not None
        for table in tables(read.text, context.known.get("csv.delimiter"), effort, every=every):
            if isinstance(table, Miss):
                yield table
                continue
            for reading in customary(replace(table, choices={**encoding, **table.choices}), every=every):
                effort.spend()
                yield reading


def _agreed(decoded: Decoded, table: Table, context: Context) -> Decoded | None:
    """The answer as a reading of which no other is likelier: one that is sure, or that says what is known."""
    if context.reference is None:
        return None if decoded.doubt or (table.otherwise and not table.parts) else decoded
    if not _is_known(decoded, context) or formats_differ(context.reference, decoded, context) is not None:
        return None
    lacking = charset_choice(context.reference, decoded, context)
    choices = {**decoded.choices, **({"csv.lacking": lacking} if lacking else {})}
    if words := [w for w in cell_oddities(context.reference, decoded, context) if w not in table.layout_and()]:
        choices["csv.layout"] = replace(table, choices=choices).layout_and(*words)
    return replace(decoded, doubt="", choices=choices)


def _is_known(decoded: Decoded, context: Context) -> bool:
    """Whether what is known is about the same: a task may have become ready since."""
    return context.reference is not None and context.reference.get("status") == decoded.model.get("status", "ok")


def read_lines(body: bytes, delimiter: str) -> Rows:
    """The lines of a body that `read_csv` can read, with a choice of `csv.delimiter`."""
    read = next(csv_texts(body, Context("result")))
    found = (table for table in tables(read.text, delimiter, Effort(0), every=False) if isinstance(table, Table))
    return next((table.rows for table in found if table.choices.get("csv.delimiter", delimiter) == delimiter), [])
