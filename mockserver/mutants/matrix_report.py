"""The kill matrix as people and programs read it: a table on a terminal, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TextIO

from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.matrix import Examination, Fate, Matrix, Trial

WIDTH = 140
"""Columns where the output is not a terminal."""
STYLES: Mapping[Fate, str] = MappingProxyType(
    {
        Fate.CAUGHT: "green",
        Fate.MISNAMED: "bold yellow",
        Fate.SURVIVED: "bold red",
        Fate.EQUIVALENT: "dim",
        Fate.DISPROVED: "bold yellow",
        Fate.ERROR: "bold magenta",
    }
)


def write_terminal(out: TextIO, matrix: Matrix) -> None:
    """Writes a line for each mutant, then what is wrong in full, and the totals."""
    from rich.text import Text  # slow to import, and needed only at the end

    cells = [
        (t.name, t.mutant.breaks, Text(t.fate, STYLES[t.fate]), t.plan, str(len(t.caught) or "-"), by_its_name(t))
        for t in matrix.trials
    ]
    _write_table(out, ("mutant", "breaks", "fate", "plan", "tests", "first by its name"), cells)
    out.writelines(f"{line}\n" for line in (*_trouble(matrix), *_idle(matrix), totals(matrix)))


def write_list(out: TextIO, mutants: Mapping[str, Mutant]) -> None:
    """Writes name, clause and title of each mutant, and why the equivalent ones are equivalent."""
    _write_table(out, ("mutant", "breaks", "what it does"), [(name, m.breaks, m.title) for name, m in mutants.items()])
    argued = {name: mutant.equivalent for name, mutant in mutants.items() if mutant.equivalent}
    out.writelines(f"{name} breaks nothing: {why}\n" for name, why in argued.items())


def _write_table(out: TextIO, head: Sequence[str], cells: Collection[tuple[object, ...]]) -> None:
    from rich.console import Console  # slow to import, as above
    from rich.table import Table
    from rich.text import Text

    console = Console(file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False, emoji=False)
    table = Table(box=None, pad_edge=False, expand=True)
    *names, last = head
    for name in names:
        table.add_column(name, no_wrap=True)
    table.add_column(last, no_wrap=True, ratio=1)  # the column that is cut where there is no room
    for row in cells:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    console.print(table)


def by_its_name(trial: Trial) -> str:
    """The first test that reports the clause that the mutant breaks."""
    return next((short(test) for test, clauses in trial.caught.items() if trial.mutant.breaks in clauses), "")


def short(test: str) -> str:
    """A test's name without its file and the word test."""
    return test.rpartition("::")[2].removeprefix("test_")


def _trouble(matrix: Matrix) -> Iterator[str]:
    if matrix.interrupted:
        yield f"Interrupted: {matrix.untried} more mutants were not tried, and the unbroken mock not under every plan."
    for run in matrix.red:
        where = f"{run.plan} ({run.clause})" if run.clause else run.plan
        why = _reported(run.caught, run.broken, run.refuted) or "\n".join(run.errors)
        yield f"THE UNBROKEN MOCK IS NOT GREEN, so the matrix proves nothing. Plan {where}: {why}"
    for trial in matrix.wrong:
        head = f"{trial.fate.upper()} {trial.name} ({trial.mutant.breaks}): {trial.mutant.title}."
        yield f"{head} {_REASONS[trial.fate](trial)}"


def _reported(caught: Mapping[str, tuple[str, ...]], *clauses: tuple[str, ...]) -> str:
    """What tests reported; where no test did, the clauses."""
    by_test = "; ".join(f"{short(test)}: {', '.join(found)}" for test, found in caught.items())
    return by_test or ", ".join(clause for found in clauses for clause in found)


def _reported_in(trial: Trial) -> str:
    return _reported(trial.caught, trial.broken, *(run.refuted for run in trial.runs))


_REASONS: Mapping[Fate, Callable[[Trial], str]] = MappingProxyType(
    {
        Fate.SURVIVED: lambda _: "No test distinguishes it from the right mock: the suite lacks a test.",
        Fate.MISNAMED: lambda trial: f"Only other clauses are reported: {_reported_in(trial)}",
        Fate.DISPROVED: lambda trial: f"It was argued: {trial.mutant.equivalent} Yet reported: {_reported_in(trial)}",
        Fate.ERROR: lambda trial: "The suite itself failed:\n" + "\n".join(e for r in trial.runs for e in r.errors),
    }
)


def _idle(matrix: Matrix) -> Iterator[str]:
    if matrix.whole and matrix.idle:
        yield f"Tests of a promise or law that caught no mutant under these plans: {len(matrix.idle)}"
        yield from (f"  {test}" for test in matrix.idle)


def totals(matrix: Matrix) -> str:
    """The number of mutants by fate, of tests, and the seconds."""
    fates = [trial.fate for trial in matrix.trials]
    counts = [f"{fates.count(fate)} {fate}" for fate in Fate if fate in fates]
    return " · ".join([f"{len(fates)} mutants", *counts, f"{len(matrix.tests)} tests", f"{matrix.seconds:.0f} s"])


def as_json(matrix: Matrix) -> str:
    """The whole matrix: controls, mutants, and tests with what each caught."""
    document = {
        "exit_code": matrix.exit_code,
        "interrupted": matrix.interrupted,
        "seconds": round(matrix.seconds, 1),
        "controls": [_control(run) for run in matrix.controls],
        "mutants": [_mutant(trial) for trial in matrix.trials],
        "tests": [
            {
                "name": test,
                "clauses": list(clauses),
                "catches": {t.name: list(t.caught[test]) for t in matrix.trials if test in t.caught},
            }
            for test, clauses in matrix.tests.items()
        ],
        "idle": list(matrix.idle) if matrix.whole else None,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _control(run: Examination) -> dict[str, object]:
    found = {"broken": list(run.broken), "refuted": list(run.refuted), "errors": list(run.errors)}
    return {"plan": run.plan, "clause": run.clause or None, "green": run.green, **found}


def _mutant(trial: Trial) -> dict[str, object]:
    mutant = trial.mutant
    return {
        "name": trial.name,
        "breaks": mutant.breaks,
        "title": mutant.title,
        "equivalent": mutant.equivalent or None,
        "fate": trial.fate,
        "plan": trial.plan,
        "reported": list(trial.broken),
        "tests": {test: list(clauses) for test, clauses in trial.caught.items()},
        "errors": [error for run in trial.runs for error in run.errors],
        "seconds": round(trial.seconds, 1),
    }


def as_csv(matrix: Matrix) -> str:
    """A line for each mutant and a column for each test; a cell holds the clauses that the test reported."""
    out = io.StringIO(newline="")
    lines = csv.writer(out)
    lines.writerow(["mutant", "breaks", "fate", "plan", *matrix.tests])
    for trial in matrix.trials:
        cells = [" ".join(trial.caught.get(test, ())) for test in matrix.tests]
        lines.writerow([trial.name, trial.mutant.breaks, trial.fate, trial.plan, *cells])
    return out.getvalue()
