"""Tables in the dialects that CSV may have, written independently of the suite's reader and of the mock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


def quoted(cell: str, _: CsvDialect | None = None) -> str:
    """The cell in quotes, with each quote doubled."""
    return '"' + cell.replace('"', '""') + '"'


def singly_quoted(cell: str, _: CsvDialect | None = None) -> str:
    """The cell in single quotes, with each doubled."""
    return "'" + cell.replace("'", "''") + "'"


def by_rfc(cell: str, dialect: CsvDialect) -> str:
    """Quoted where it has to be. The library's writer leaves a bare CR unquoted where lines end in LF."""
    return quoted(cell) if set(cell) & {dialect.delimiter, '"', "\r", "\n"} else cell


def by_php(cell: str, dialect: CsvDialect) -> str:
    """As fputcsv does: a quote after a backslash is not doubled."""
    if not set(cell) & {dialect.delimiter, '"', "\\", "\r", "\n", "\t", " "}:
        return cell
    escaped, written = False, []
    for character in cell:
        written.append('""' if character == '"' and not escaped else character)
        escaped = character == "\\"
    return f'"{"".join(written)}"'


def bare(cell: str, dialect: CsvDialect) -> str:
    """Never quoted; a delimiter and a line break would make other cells."""
    return cell.translate({ord(dialect.delimiter): " ", 10: " ", 13: " "})


@dataclass(frozen=True)
class CsvDialect:
    """How a table is written."""

    delimiter: str = ","
    end: str = "\r\n"
    end_of_names: str = ""  # of the first line, where it is another one
    encoding: str = "utf-8"
    cell: Callable[[str, CsvDialect], str] = by_rfc
    head: str = ""  # what stands before the first line
    tail: str = ""  # what stands after the last line
    trailing: bool = False  # a delimiter at each line's end
    space: str = ""  # after each delimiter


def written(table: Sequence[Sequence[str]], dialect: CsvDialect) -> bytes:
    """The table in the dialect."""
    lines = []
    for number, row in enumerate(table):
        line = (dialect.delimiter + dialect.space).join(dialect.cell(cell, dialect) for cell in row)
        if row == [""]:
            line = "''" if dialect.cell is singly_quoted else '""'  # else a blank line
        ends = dialect.end_of_names if number == 0 and dialect.end_of_names else dialect.end
        lines.append(line + dialect.delimiter * dialect.trailing + ends)
    return (dialect.head + "".join(lines) + dialect.tail).encode(dialect.encoding, "replace")


DIALECTS: Mapping[str, CsvDialect] = {
    "RFC 4180": CsvDialect(),
    "semicolon": CsvDialect(";", "\n"),
    "tab": CsvDialect("\t"),
    "bar": CsvDialect("|", "\n"),
    "caret": CsvDialect("^"),
    "CR": CsvDialect(end="\r"),
    "mixed ends": CsvDialect(end="\n", end_of_names="\r\n"),
    "sep=": CsvDialect(";", head="sep=;\r\n"),
    "sep= of another": CsvDialect("~", head="sep=~\r\n"),
    "trailing": CsvDialect(";", trailing=True),
    "blank line last": CsvDialect(tail="\r\n"),
    "blank lines last": CsvDialect(end="\n", tail="\n\n"),
    "blank line first": CsvDialect(head="\n", end="\n"),
    "spaces": CsvDialect(space=" "),
    "spaces before quotes": CsvDialect(space=" ", cell=quoted),
    "all quoted": CsvDialect(cell=quoted),
    "single quotes": CsvDialect(cell=singly_quoted),
    "fputcsv": CsvDialect(end="\n", cell=by_php),
    "no quotes": CsvDialect(";", cell=bare),
    "mark": CsvDialect(encoding="utf-8-sig"),
    "windows-1251": CsvDialect(";", encoding="cp1251"),
    "UTF-16": CsvDialect("\t", encoding="utf-16"),
    "UTF-16LE without a mark": CsvDialect(encoding="utf-16-le"),
    "UTF-16BE without a mark": CsvDialect(encoding="utf-16-be"),
}
