"""The lines of a table, and those around it: blank ones, titles and comments before, totals after, other tables."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TypeAlias

from contract_tests.contract.members import STATUSES
from contract_tests.decode.csv_names import is_known
from contract_tests.decode.names import ENOUGH

Rows: TypeAlias = list[list[str]]


def known_names(row: list[str]) -> int:
    """How many of the first cells are known names."""
    return sum(map(is_known, row[:100]))


def without_blanks(rows: Rows, lines: list[int], *, doubled: bool) -> tuple[Rows, list[int], int]:
    """The rows, and the number of blank lines at the end. In a table of one column a blank line within is a row, but
    where each line has two ends (doubled).
    """
    first = next((i for i, row in enumerate(rows) if row), len(rows))
    rows, lines = rows[first:], lines[first:]
    narrow = not doubled and all(len(row) <= 1 for row in rows)
    count = len(rows)
    while count and (not rows[count - 1] or not (narrow or "".join(rows[count - 1]).strip() or rows[count - 1][1:])):
        count -= 1
    kept = [(row or [""], line) for row, line in zip(rows[:count], lines, strict=False) if row or narrow]
    return [row for row, _ in kept], [line for _, line in kept], len(rows) - count


def titles(rows: Rows) -> int:
    """The number of lines before a line of names: of one text, such as a title, or of a comment."""
    for number, row in enumerate(rows[: _MOST_TITLES + 1]):
        if row and all(map(is_known, row)) and (len(row) > 1 or row[0] in {"name", "status"}):
            return number
        if row and row[0].startswith(COMMENTS):
            continue
        if len([cell for cell in row if cell]) > 1 or known_names(row):
            break
    return 0


COMMENTS = ("#", "//", "--")
_MOST_TITLES = 3
_MOST_ENDED = 3  # lines after the rows
WIDE = 4  # columns of a table of which a short line is no row


def lines_after(rows: Rows) -> int:
    """The number of lines at the end that may be no rows, such as totals: they have half of the cells at most."""
    count = 0
    while count < min(_MOST_ENDED, len(rows) - 1) and rows[0]:
        row, wide = rows[-1 - count], len(rows[0]) >= WIDE
        unlike = len(row) != len(rows[0]) and len(row) <= (len(rows[0]) // 2 if wide else 2)
        if not unlike or is_debris(row) or all(map(is_known, row)):
            break
        count += 1
    return count if len({len(row) for row in rows[: len(rows) - count]}) == 1 else 0


def is_total(row: list[str]) -> bool:
    """Whether a line says that it is no row."""
    text = next(filter(None, row), "").strip()
    return text.startswith(COMMENTS) or bool(_TOTAL.match(text))


def is_debris(row: list[str]) -> bool:
    """Whether a line is what a program left behind: markup, a dump of a variable."""
    return any(map(_DEBRIS.match, row))


_DEBRIS = re.compile(
    r"\s*(?:</?[a-z!]|(?:string|int|float|bool|array|object)\b ?\(|array\s*\Z|null\s*\Z|[{}\]]|\[\s*(?:\Z|[\[{\"]))",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\(?(?:[0-9]+ )?(?:итого|всего|количество|найдено|строк|записей|totals?|sum|count|rows?|records?|found|end|eof)\b",
    re.IGNORECASE,
)


def parts_of(rows: Rows) -> list[Rows]:
    """The lines that belong together: up to a blank line, a line of names, or one of another number of cells. None
    where they are too many to be tables.
    """
    if sum(len(one) != len(next_) for one, next_ in pairwise(rows)) > _MOST_PARTS:
        return []
    parts: list[Rows] = [[]]
    for row in rows:
        last = parts[-1]
        if last and (not row or len(row) != len(last[-1]) or (all(map(is_known, row)) and not _is_pair(row))):
            parts.append([])
        if row:
            parts[-1].append(row)
    return [part for part in parts if part]


_MOST_PARTS = 30  # lines of another number of cells than the one before


def _is_pair(row: list[str]) -> bool:
    return len(row) == 2 and not is_known(row[1])


def are_several(rows: Rows) -> bool:
    """Whether the lines are tables one below the other: after a blank line, or at a line of names, another begins."""
    blocks: list[Rows] = [[]]
    for row in rows:
        if not row or (blocks[-1] and any(map(is_known, row[:2])) and known_names(row) >= ENOUGH):
            blocks.append([])
        if row:
            blocks[-1].append(row)
    found = [block for block in blocks if block]
    regular = all(len(row) == len(block[0]) for block in found for row in block)
    return len(found) > 1 and regular and any(known_names(block[0]) > 1 for block in found)


def is_trailed(rows: Rows) -> bool:
    """Whether each line ends with a delimiter: after names, after the values of a flat answer, or in rows alone."""
    if not rows or any(row[-1] for row in rows[1:]):
        return False
    named = known_names(rows[0])
    if rows[0][-1]:
        return bool(named and rows[1:]) and all(len(row) == len(rows[0]) + 1 for row in rows[1:])
    return bool(named) or rows[0][0].strip() in STATUSES


def is_padded(rows: Rows) -> bool:
    """Whether white space around cells is layout: each cell after a delimiter has it, or the names do."""
    if not rows:
        return False
    names = [cell for cell in rows[0] if cell != cell.strip(" \t") and is_known(cell.strip())]
    inner = [cell for row in rows for cell in row[1:] if cell]
    return bool(names) or (bool(inner) and all(cell[0] in " \t" for cell in inner))
