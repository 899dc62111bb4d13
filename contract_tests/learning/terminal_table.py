"""What was learnt, on a terminal: a table by clause, what no choice covers, what was not seen, and the totals."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TextIO

from contract_tests.learning.learned_profile import Choice, Learnt, Lesson, answers
from contract_tests.report.console import WIDTH
from contract_tests.report.visible import line

if TYPE_CHECKING:
    from rich.console import Console

MOST = 300
"""Characters of a cell."""


def write_table(out: TextIO, lesson: Lesson, file: str) -> None:
    """Writes it for a reader at a terminal, or for a log; file is where the profile went."""
    from rich.console import Console

    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")  # a log in ASCII takes it too
    console = Console(file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False, emoji=False)
    for finding in lesson.broken:
        what = f"BROKEN {finding.clause.id}: {finding.where}: {finding.found}; expected {finding.expected}"
        console.print(line(what, MOST), style="bold red", soft_wrap=True)
    rows = [(learnt.clause.id, _choice(learnt.choice), _seen(learnt), _note(learnt)) for learnt in lesson.learnt]
    _table(console, ("clause", "choice", "seen", "note"), rows)
    _table(console, ("no choice covers", "what", "call"), [(u.clause, u.what, u.call) for u in lesson.uncovered])
    _table(console, ("not seen", "why"), [(unseen.name, unseen.why) for unseen in lesson.unseen])
    console.print(line(_totals(lesson, file), 2 * MOST), soft_wrap=True)


def _table(console: Console, names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=name in (names[0], "seen"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(line(cell, MOST)) for cell in row))
    if table.row_count:
        console.print(table)
        console.print()


def _choice(choice: Choice) -> str:
    """A choice in short; of messages the kinds alone, as they are a stranger's words."""
    if isinstance(choice, Mapping):
        return ", ".join(kind if isinstance(told, str) else f"{kind} {told}" for kind, told in choice.items())
    return choice or '""'


def _seen(learnt: Learnt) -> str:
    return answers(learnt.shown, learnt.answers)


def _note(learnt: Learnt) -> str:
    """That it rests on one answer, which proves no rule; else what the choice means."""
    if learnt.shown == 1:
        return "seen once"
    if once := [kind for kind, (shown, _) in learnt.kinds.items() if shown == 1]:
        return f"seen once: {', '.join(once)}"
    if (learnt.clause.id, learnt.choice) == ("cors", "off"):
        return "no call named an Origin"
    return learnt.clause.meaning.get(learnt.choice, "") if isinstance(learnt.choice, str) else ""


def _totals(lesson: Lesson, file: str) -> str:
    once = sum(learnt.once for learnt in lesson.learnt)
    told = [f"{len(lesson.learnt)} clauses learnt"]
    told += [f"{once} of them seen once"] if once else []
    told += [f"{len(lesson.uncovered)} things that no choice covers"] if lesson.uncovered else []
    told += [f"{len(lesson.broken)} broken promises"] if lesson.broken else []
    told += [f"{lesson.spent.calls} calls", *([f"{lesson.spent.units} units"] if lesson.spent.counts else [])]
    return f"{lesson.target}: {' · '.join(told)} · {file}"
