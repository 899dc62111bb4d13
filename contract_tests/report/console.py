"""What all outputs on a terminal share: a console of its width, wrapped texts, and a table without lines."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from contract_tests.report.visible import line
from contract_tests.report.wording import MAX_CELL

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100  # columns where nothing says how many there are
HEIGHT = 25  # lines, which no output here depends on; without them rich takes every dumb terminal for one of 80 columns
NARROWEST = 30  # columns of text that a table needs beside what does not wrap; with less, each row is a list
Cell = str | tuple[str, str]  # a text, or a text and its style


def console_of(out: TextIO, width: int | None = None) -> Console:
    """A console for a terminal or a log; a log in ASCII takes every text too. No colour where NO_COLOR is set, TERM is
    dumb, or a file or a pipe takes the output.
    """
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")
    plain: dict[str, Any] = {"color_system": None} if os.environ.get("NO_COLOR") else {}
    return _console(out, width, highlight=False, markup=False, emoji=False, **plain)


def _columns(out: TextIO) -> int:
    """The columns that COLUMNS names, or those of the terminal, which is that of the errors where a pipe takes the
    output, as in `… | less`.
    """
    named = os.environ.get("COLUMNS", "").lstrip("0")
    if named.isascii() and named.isdigit() and len(named) <= MAX_DIGITS:
        return int(named)
    with suppress(OSError, ValueError):  # a stream that is no file has no descriptor
        number = out.fileno()
        for descriptor in (number, STDERR):
            with suppress(OSError):
                if columns := os.get_terminal_size(descriptor).columns:
                    return columns
    return WIDTH


STDERR = 2
MAX_DIGITS = 6  # of columns; no terminal is wider


def bar_console(out: TextIO) -> Console:
    """A console for what moves."""
    return _console(out)


def _console(out: TextIO, width: int | None = None, **options: Any) -> Console:
    from rich.console import Console

    class Plain(Console):
        """A console that raises what the output raises: by itself it ends the process where nobody reads."""

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - the BrokenPipeError that rich has caught

    # Without a size, rich takes any digits of COLUMNS and LINES for one.
    return Plain(file=out, width=width or _columns(out), height=HEIGHT, **options)


def print_text(console: Console, text: str, *, name: str = "", style: str = "", indent: int = 0, hang: int = 2) -> None:
    """Prints a text, wrapped between words; a line break in it begins a new line. The lines after the first stand
    `hang` columns further in. `name` comes before the text in the style.
    """
    from rich.text import Text

    rest = " " * (indent + hang)
    beside = len(name) == hang  # the text has a column of its own
    first = Text.assemble(" " * indent, (name, style))
    for paragraph in text.split("\n"):
        whole = Text(paragraph) if beside else Text.assemble(first, paragraph)
        before = first if beside else Text("")
        for wrapped in whole.wrap(console, max(console.width - len(rest), 1)):
            shown = Text.assemble(before, wrapped)
            shown.rstrip()
            console.print(shown, soft_wrap=True)
            before = Text(rest)
        first = Text(rest if beside else " " * indent)


def print_verdict(console: Console, word: str, what: str, code: int, style: str) -> None:
    """Prints the last line, such as `BROKEN: 1 promise: result.cost - exit code 1`."""
    from rich.text import Text

    end = f" - exit code {code}"
    lines = [*Text.assemble((word, style), f": {what}").wrap(console, max(console.width - 2, 1))]
    if lines[-1].cell_len + len(end) > console.width - 2 * (len(lines) > 1):
        lines.append(Text())
    for number, text in enumerate(lines):
        text.rstrip()
        last = end if number == len(lines) - 1 else ""
        console.print(Text.assemble("  " if number else "", text, last if text else last.lstrip()), soft_wrap=True)


def print_command(console: Console, command: str, *, name: str = "", indent: int = 2) -> None:
    """Prints a line for sh. Where it is too long for the console, it goes on behind backslashes, so that it can be
    pasted all the same.
    """
    before = " " * indent + name
    if not command.startswith(COMMANDS):
        print_text(console, command, name=name, indent=indent, hang=len(name) or 2)
        return
    lines = list(_broken(command, console.width - len(before)))
    for number, part in enumerate(lines):
        end = "" if number == len(lines) - 1 else " \\"
        console.print(f"{before if number == 0 else ' ' * len(before)}{part}{end}", soft_wrap=True)


COMMANDS = ("curl ", "printf ")
"""How a command of a report begins."""
_WORD = re.compile(r"""(?:-\S+ )?(?:'[^']*'|"[^"]*"|[^\s'"])+""")


def _broken(command: str, width: int) -> Iterator[str]:
    """The command in parts that fit beside a backslash; a word stays whole, and an option beside what follows it."""
    if len(command) <= width:
        yield command
        return
    part = ""
    for word in _WORD.findall(command):
        if part and len(part) + len(word) + 3 > width:
            yield part
            part = "  "
        part += word if part in ("", "  ") else f" {word}"
    yield part


def print_table(
    console: Console,
    names: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    unbroken: Collection[str] = (),
    most: int = MAX_CELL,
) -> None:
    """Prints the rows under the names, then an empty line; nothing without rows. `unbroken` columns don't wrap. Where
    they leave no room for the others, a row is a list of its cells. A cell shows `most` characters of its text.
    """
    from rich.table import Table
    from rich.text import Text

    texts = [
        [Text(line(c[0], most), c[1]) if isinstance(c, tuple) else Text(line(c, most)) for c in row] for row in rows
    ]
    if not texts:
        return
    kept = [n for n, name in enumerate(names) if name in unbroken]
    taken = sum(max(len(names[n]), *(row[n].cell_len for row in texts)) + 1 for n in kept)
    if console.width - taken < NARROWEST and len(kept) < len(names):
        for row in texts:
            head = Text("  ").join(row[n] for n in kept if row[n])
            for wrapped in head.wrap(console, console.width):
                console.print(wrapped, soft_wrap=True)
            for n, name in enumerate(names):
                if n not in kept and row[n]:
                    print_text(console, row[n].plain, name=f"{name}: ", indent=2)
        console.print()
        return
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=name in unbroken, overflow="fold")
    for row in texts:
        table.add_row(*row)
    with console.capture() as printed:
        console.print(table)
    # rich fills the last column with blanks.
    console.file.writelines(f"{text.rstrip(' ')}\n" for text in printed.get().split("\n"))
