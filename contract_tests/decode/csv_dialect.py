"""The dialects of CSV: a text into tables, with each delimiter and each way of quoting that may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from contract_tests.decode.compare import BACKSLASHES, PADDED
from contract_tests.decode.csv_lines import (
    Rows,
    are_several,
    is_padded,
    is_total,
    is_trailed,
    known_names,
    lines_after,
    parts_of,
    titles,
    without_blanks,
)
from contract_tests.decode.model import MAX_PARTS, TooLarge, oddities

MAX_COLUMNS = 10_000
Rank: TypeAlias = tuple[int, int]
"""Known names in the first line, and cells in it."""

DELIMITERS: Mapping[str, str] = {",": ",", ";": ";", "tab": "\t", "|": "|"}


@dataclass(frozen=True)
class Table:
    """The lines of a text, split with a delimiter: all have the same number of cells."""

    rows: Rows = field(repr=False)
    choices: Mapping[str, str]  # of the dialect
    rank: Rank  # how likely the delimiter is meant
    blanks: int = 0  # blank lines at the end, which stand for rows where a table has one column
    parts: Sequence[Rows] = ()  # the tables and lines of text that stand one below the other; then there are no rows
    otherwise: str = ""  # why the text is no table; then it is read so where that says what is known
    several: bool = False  # whether it is several tables one below the other, by their lines of names

    def layout_and(self, *words: str) -> str:
        """The word of csv.layout, with more of what else stands in the layout."""
        before = self.choices.get("csv.layout", "plain")
        return oddities([*([] if before == "plain" else [before]), *words])


@dataclass(frozen=True)
class Miss:
    """Why a text is no table with a delimiter, or no answer."""

    reason: str
    rank: Rank  # how likely the delimiter is meant
    whole: bool = True  # whether all lines have the same number of cells
    several: bool = False  # whether it is several tables one below the other
    large: bool = False  # whether it has more columns than are read


MOST_SPLIT = 2_000_000  # cells that are looked at of one body, in all tables that it may be together


@dataclass(slots=True)
class Effort:
    """Bounds the search for the table that a body is, since each reading takes as long as the body is large."""

    cells: int  # of the body in one reading, about
    spent: int = 0

    def spend(self, delimiters: int = 0) -> None:
        """Notes a further reading, with a delimiter that the body has so often. Raises TooLarge where the body would be
        looked at too often.
        """
        cells = max(self.cells, delimiters)  # which are no usual ones
        if cells > MAX_PARTS:
            raise TooLarge(f"CSV of more than {MAX_PARTS:,} values")
        self.spent += cells
        if self.spent > MOST_SPLIT:
            raise TooLarge(f"CSV of about {cells:,} cells, which is not read in every way that it may be written")


def tables(text: str, known: str | None, effort: Effort, *, every: bool) -> Iterator[Table | Miss]:
    """The tables that a text may be, the delimiter first that the run has seen. every: with each way of quoting that
    gives a table, and not the first alone.
    """
    separator = _SEPARATOR.match(text)
    body = text[separator.end() :] if separator else text
    for name, mark in _marks(text, known, separator[1] if separator else "").items():
        misses: list[Miss] = []
        delimiters = body.count(mark)
        for grammar in _grammars(body, every=every):
            effort.spend(delimiters)
            found = _table(body, name, mark, grammar, "a line sep=" if separator else "")
            if isinstance(found, Miss):
                misses.append(found)
                continue
            yield found
            if not every and not found.otherwise:
                break
        else:
            yield from misses[:1]


def _grammars(text: str, *, every: bool) -> list[_Grammar]:
    """The ways of quoting that the text may have, the likeliest first."""
    first = [_SINGLE] if _SINGLE_QUOTES.match(text) else []
    return [g for g in (*first, *_GRAMMARS) if g.hint in text and (every or g in first or not g.rare)]


def _marks(text: str, known: str | None, stated: str) -> dict[str, str]:
    """The delimiters that the text may have, by their choices: those in it, and none for a text of one column."""
    if stated:
        return {next((name for name, mark in DELIMITERS.items() if mark == stated), OTHER): stated}
    marks = dict(sorted(DELIMITERS.items(), key=lambda item: item[0] != known))
    if other := _OTHER_MARK.match(text):
        marks[OTHER] = other[1]
    return {**{name: mark for name, mark in marks.items() if mark in text}, "": _NO_MARK}


OTHER = "another delimiter"
_NO_MARK = "\0"  # of a text of one column: no text has it
_SEPARATOR = re.compile(r'"?sep=([^\w\r\n"])"?(?:\r\n|\n|\r)', re.IGNORECASE)
"""A line that tells spreadsheets the delimiter."""
_OTHER_MARK = re.compile(r'"?(?:status|title|name|id)"?([^\w\s",;|.\[/])')
"""A delimiter that no choice covers, after the first name."""


@dataclass(frozen=True)
class _Grammar:
    """A way of quoting."""

    cell: str  # a pattern with the groups `quoted`, `bare` and `end`; D stands for the delimiter
    hint: str = ""  # what a text has that is quoted so
    quotes: str = ""  # a word of csv.quotes
    layout: str = ""  # a word of csv.layout
    mark: str = '"'  # the quote
    rare: bool = False  # tried only where an answer is known, which decides
    escapes: bool = False  # a backslash makes the character after it one of the text


_END = r"(?P<end>D|\r\n|\n|\r|\Z)"
_RFC = r'"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"'
_BARE = r'(?P<bare>[^"D\r\n]*+)'
_AFTER = r'(?:\r|\n|\Z|D(?:"|[^"D\r\n]*+(?:D|\r|\n|\Z)))'  # what may follow a cell
_NO_QUOTES = "no quotes"
ESCAPES = "backslashes as escapes"
_SINGLE = _Grammar(
    rf"(?:'(?P<quoted>[^']*+(?:''[^']*+)*+)'|(?P<bare>[^'D\r\n]*+)){_END}",
    hint="'",
    quotes="single quotes",
    mark="'",
    rare=True,
)
_GRAMMARS = (
    _Grammar(f"(?:{_RFC}|{_BARE}){_END}"),
    _Grammar(rf"(?:[ \t]*+{_RFC}[ \t]*+|{_BARE}){_END}", hint='"', layout=PADDED),
    # fputcsv leaves a quote after a backslash as it is. Such a quote ends the cell where what follows can be a cell, or
    # at the end of a line alone.
    *(
        _Grammar(rf'(?:"(?P<quoted>(?:[^"\\]++|""|\\"(?!{after})|\\)*+)"|{_BARE}){_END}', '\\"', BACKSLASHES)
        for after in (_AFTER, r"\r|\n|\Z")
    ),
    _Grammar(rf"(?P<quoted>(?!))?(?P<bare>[^D\r\n]*+){_END}", hint='"', quotes=_NO_QUOTES),
    *(
        _Grammar(
            rf"(?:{quoted}|(?P<bare>(?:{bare}|\\(?s:.)|\r(?=\\))*+)){_END}", "\\", ESCAPES, rare=True, escapes=True
        )
        for quoted, bare in (
            (r'"(?P<quoted>(?:[^"\\]++|""|\\(?s:.))*+)"', r'[^"D\r\n\\]++'),
            (r"(?P<quoted>(?!))", r"[^D\r\n\\]++"),
        )
    ),
    _SINGLE,
)
_SINGLE_QUOTES = re.compile(r"'\w+'\W")


@lru_cache(maxsize=64)
def _pattern(grammar: _Grammar, mark: str) -> re.Pattern[str]:
    return re.compile(grammar.cell.replace("D", re.escape(mark)))


@dataclass(slots=True)
class _Split:
    """The lines of a text and what they show."""

    rows: Rows = field(default_factory=list)  # a blank line has no cell
    lines: list[int] = field(default_factory=list)  # the number of each row's first line in the text
    ends: list[str] = field(default_factory=list)  # ends of lines, one for each change
    cells: set[tuple[bool, bool, str]] = field(default_factory=set)  # of cells: in the first line, quoted, their kind
    torn: int = 0  # the line that can't be split; 0: none


def _table(text: str, name: str, mark: str, grammar: _Grammar, stated: str) -> Table | Miss:
    split = _split(text, mark, grammar)
    filled = [row for row in split.rows if row]
    first = next(iter(filled[titles(filled) :]), [])
    rank = (known_names(first), len(first))
    if len(first) > MAX_COLUMNS:
        return Miss(f"more than {MAX_COLUMNS:,} columns in CSV", rank, whole=False, large=True)
    if split.torn:
        return Miss(f"line {split.torn}: a quote or line break that RFC 4180 does not allow", rank, whole=False)
    others = {grammar.layout, stated} - {""}
    doubled = split.ends == [*_DOUBLED] * (len(split.rows) // 2)
    rows, lines, blanks = without_blanks(split.rows, split.lines, doubled=doubled)
    if blanks or len(rows) < len(split.rows):
        others.add("blank lines")
    if before := titles(rows):
        others.add("lines before the names")
        rows, lines = rows[before:], lines[before:]
    if is_trailed(rows):
        others.add("a delimiter at each line's end")
        rows = [row[:-1] if i or not row[-1] else row for i, row in enumerate(rows)]
    after = lines_after(rows)
    ended, rows = rows[len(rows) - after :], rows[: len(rows) - after]
    if after:
        others.add("lines after the rows")
    if is_padded(rows):
        others.add(PADDED)
        rows = [[cell.strip(" \t") for cell in row] for row in rows]
    otherwise = "" if all(map(is_total, ended)) else _unequal([*rows, *ended], lines)
    parts: Sequence[Rows] = ()
    if unequal := _unequal(rows, lines):
        otherwise, parts = unequal, parts_of(split.rows)
        others -= {"blank lines", "lines before the names"}
        if not parts:
            return Miss(unequal, rank, whole=False)
    choices = {
        "csv.delimiter": name if any(len(row) > 1 for row in rows) else "",
        # Names alone do not show how other lines end.
        "csv.line-end": _line_end(split.ends) if len(rows) > 1 or not rank[0] else "",
        "csv.quotes": grammar.quotes or _quotes(split.cells),
        "csv.layout": oddities(sorted(others)) if rank[1] > 1 or others else "",
    }
    shown = {clause: choice for clause, choice in choices.items() if choice}
    return Table(
        [] if parts else rows, shown, rank, blanks, parts, otherwise, several=bool(parts) and are_several(split.rows)
    )


def _unequal(rows: Rows, lines: Sequence[int]) -> str:
    """Why the rows are no table: the first that has another number of cells than the first one."""
    for row, line in zip(rows, lines, strict=False):
        if len(row) != len(rows[0]):
            what = f"{len(row)} fields, {len(rows[0])} are due" if len(row) != 1 else "1 field, more are due"
            return f"line {line} has {what}"
    return ""


def _is_cut_off(cell: str) -> bool:
    """Whether quotes that mean nothing are none: a cell that begins with one has pairs of them, or was cut off."""
    return cell.startswith('"') and cell.count('"') % 2 == 1


def _split(text: str, mark: str, grammar: _Grammar) -> _Split:
    found, row = _Split(), list[str]()
    at, line, began = 0, 1, 1
    match_cell, needy = _pattern(grammar, mark).match, re.compile(f'["\r\n{re.escape(mark)}]')
    while at < len(text) or row:
        cell = match_cell(text, at)
        if cell is None or len(row) > MAX_COLUMNS or (grammar.quotes == _NO_QUOTES and _is_cut_off(cell["bare"])):
            found.torn = line
            found.rows.append(row)
            return found
        quoted, bare, end = cell.group("quoted", "bare", "end")
        value = bare if quoted is None else quoted.replace(grammar.mark * 2, grammar.mark)
        if grammar.escapes:
            value = _unescaped(value)
        blank = quoted is None and not bare and not row and end != mark
        if not blank:
            row.append(value)
            if value or len(row) > 1 or end == mark:
                found.cells.add((not found.rows, quoted is not None, _kind(value, needy)))
        line += cell[0].count("\n") or cell[0].count("\r")
        at = cell.end()
        if end == mark and at < len(text):
            continue
        if end == mark:
            row.append("")
        elif end and found.ends[-1:] != [end]:
            found.ends.append(end)
        found.rows.append(row)
        found.lines.append(began)
        row, began = [], line
    return found


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda escaped: _CONTROLS.get(escaped[1], escaped[1]), text)


_ESCAPED = re.compile(r"\\(?!N$)(.)", re.DOTALL)  # databases write \N for null
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def _kind(value: str, needy: re.Pattern[str]) -> str:
    """What decides whether a writer quotes a cell."""
    if needy.search(value):
        return "needed"
    if " " in value or "\t" in value or "\\" in value:
        return "php"
    return "plain" if value.strip("-0123456789.") else "number"


VALUES = "values, and no names"
OF_TEXTS = ("all", VALUES)
"""What also shows of a writer that quotes texts alone, where there is no number."""


def _quotes(cells: set[tuple[bool, bool, str]]) -> str:
    """The choice of csv.quotes, or a word; empty where several would explain the cells."""
    could = {"needed", "php", "all"}
    for _, quoted, kind in cells:
        if quoted:
            could &= {"needed": could, "php": {"php", "all"}}.get(kind, {"all"})
        else:
            could &= {"needed"} if kind == "php" else {"needed", "php"}
    if could:
        return could.pop() if len(could) == 1 else ""
    if all(quoted or first for first, quoted, _ in cells):
        return VALUES
    return (
        "texts" if all(quoted or first or kind == "number" for first, quoted, kind in cells) else "now quoted, now not"
    )


_DOUBLED = ("\r", "\r\n")
"""Ends of lines where CRLF was written as text on Windows."""


def _line_end(ends: list[str]) -> str:
    words = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}
    if ends == [*_DOUBLED] * (len(ends) // 2) != []:
        return "CR and CRLF after each line"
    if len(ends) == 2:
        return f"{words[ends[0]]} after the first lines, then {words[ends[1]]}"
    return words[ends[0]] if len(ends) == 1 else "now CRLF, now LF" if ends else ""
