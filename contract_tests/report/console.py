"""What all tables on a terminal share: a console that takes texts as they are, and a table without lines."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from contract_tests.report.visible import line
from contract_tests.report.wording import MAX_CELL

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 140  # columns where the output is no terminal
Cell = str | tuple[str, str]  # a text, or a text and its style


def console_of(out: TextIO, width: int | None = None) -> Console:
    """A console for a terminal or a log; a log in ASCII takes every text too."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")
    width = width or (None if out.isatty() else WIDTH)
    return _console(out, width=width, highlight=False, markup=False, emoji=False)


def bar_console(out: TextIO) -> Console:
    """A console for what moves."""
    return _console(out)


def _console(out: TextIO, **options: Any) -> Console:
    from rich.console import Console

    class Plain(Console):
        """A console that raises what the output raises: by itself it ends the process where nobody reads."""

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - the BrokenPipeError that rich has caught

    return Plain(file=out, **options)


def print_table(
    console: Console, names: Sequence[str], rows: Iterable[Sequence[Cell]], *, unbroken: Collection[str] = ()
) -> None:
    """Prints the rows under the names, then an empty line; nothing without rows. `unbroken` columns don't wrap."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=name in unbroken, overflow="fold")
    for row in rows:
        cells = (cell if isinstance(cell, tuple) else (cell, "") for cell in row)
        table.add_row(*(Text(line(text, MAX_CELL), style) for text, style in cells))
    if table.row_count:
        console.print(table)
        console.print()
