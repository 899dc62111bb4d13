"""CSV as other makes write it: a check accuses none of what is right, tells what no choice covers, and sees what is
wrong in it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping

import pytest

from contract_tests.contract.outcome import Outcome
from mockserver.mutants.kit.answers import content, table
from mockserver.mutants.kit.context import Edit
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.kit.when import CSV, READY, RESULT, where
from support.deviating import deviating

TASK = b"status,cost\r\nready,1\r\n\r\n"


def rows(change: Callable[[list[list[str]]], list[list[str]]]) -> Edit:
    """A change of the tables of data."""
    return table(lambda lines: change(lines) if len(lines[0]) == 10 else lines)


def phones(change: Callable[[str], str]) -> Callable[[list[list[str]]], list[list[str]]]:
    return lambda lines: [lines[0], *([*line[:3], change(line[3]), *line[4:]] for line in lines[1:])]


def other(phone: str) -> str:
    return f"{phone[:-1]}{9 - int(phone[-1])}"


def bare(lines: list[list[str]]) -> list[list[str]]:
    return phones(other)(lines)[1:]


def after(line: str) -> Edit:
    """A line after the rows of data."""
    return content(lambda body: body + line.encode() if body.startswith(b"title,") else body, CSV)


def before(lines: bytes) -> Edit:
    return content(lambda body: lines + body if body.startswith(b"title,") else body, CSV)


RIGHT: Mapping[str, tuple[Edit, str]] = {
    "backslashes as escapes": (
        table(lambda lines: lines, quoting=csv.QUOTE_NONE, escapechar="\\", lineterminator="\n"),
        "csv.quotes",
    ),
    "totals": (after("Итого,2\r\n"), "csv.layout"),
    "a table of the task before": (before(TASK), "csv.rows"),
    "phones as formulas": (rows(phones('="{}"'.format)), "csv.layout"),
}
WRONG: Mapping[str, tuple[Edit, str]] = {
    "another phone, as a formula": (rows(phones(lambda phone: f'="{other(phone)}"')), "result.row-phone"),
    "another phone, without names": (rows(bare), "formats.same"),
    "the end of a page after the rows": (after("</body></html>\r\n"), "format.readable"),
    "a phone as a rounded number": (rows(phones(lambda _: "7,00012E+10")), "result.row-phone"),
    "a table of the task, and rows cut off": (
        content(lambda body: TASK + body[: body.rindex(b",")] if body.startswith(b"title,") else body, CSV),
        "format",
    ),
}


@pytest.mark.once
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_not_accused_and_told(name: str) -> None:
    edit, clause = RIGHT[name]
    with deviating(Mutant("", response=where(edit, RESULT, READY))) as target:
        report = target.examined().report

    assert [(r.clause.id, r.note) for r in report.rows if r.outcome in (Outcome.BROKEN, Outcome.ERROR)] == []
    assert {r.clause.id: r.outcome for r in report.rows}[clause] is Outcome.REFUTED


@pytest.mark.once
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_seen(name: str) -> None:
    edit, clause = WRONG[name]
    with deviating(Mutant("", response=where(edit, RESULT, READY))) as target:
        report = target.examined(poll_timeout=1.0).report

    assert [r.clause.id for r in report.rows if r.outcome is Outcome.BROKEN and r.clause.id.startswith(clause)]
    assert report.exit_code == 1
