"""`ifind-mock mutants`: the contract suite, run on mocks that each break one promise."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import click

from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import discard, is_device, write
from contract_tests.report.interrupts import Interrupts
from contract_tests.session.workers import cpus
from mockserver.core.errors import Problem, Refusal
from mockserver.mutants.catalogue import MUTANTS
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.matrix import Matrix
from mockserver.mutants.matrix_report import as_csv, as_json, write_list, write_terminal
from mockserver.mutants.run import kill_matrix

FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command("mutants")
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option("--list", "listing", is_flag=True, help="Print the mutants and run nothing.")
@click.option("--full", is_flag=True, help="Run the whole suite on each. Default: the cheapest check that catches it.")
@click.option(
    "--quick", is_flag=True, help="Run on each only its clause's own tests first, and more where they miss it."
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Mutants at a time. Default: the number of CPUs.")
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write the whole matrix as JSON.")
@click.option("--csv", "csv_file", type=FILE, metavar="FILE", help="Write the matrix as CSV, a column for each test.")
def command(
    names: tuple[str, ...],
    *,
    listing: bool,
    full: bool,
    quick: bool,
    jobs: int | None,
    json_file: Path | None,
    csv_file: Path | None,
) -> None:
    """Runs the suite on mocks that each break one promise, and prints which tests catch which. Without NAMEs it runs
    all.

    Exit code: 0 each mutant is reported under the promise that it breaks, and nothing is found on the unbroken mock or
    on the mutants that break nothing; 1 a mutant survives or is reported only under other promises, or something is
    found where nothing is broken, or the run was interrupted; 2 wrong usage. What was tried until then is written.
    """
    wanted = chosen(names)
    if listing:
        write_list(sys.stdout, wanted)
        return
    if full and quick:
        raise click.UsageError("--full and --quick: give one of them")
    named = (("--json", json_file, as_json), ("--csv", csv_file, as_csv))
    files = [(option, file, render) for option, file, render in named if file is not None]
    for option, file, _ in files:
        if not file.parent.is_dir():
            what = f"the directory {file.parent} does not exist"
            raise Refusal(Problem(f"{option}: {file}", what, "create it, or name another file"))
        if not file.exists() and not os.access(file.parent, os.W_OK):
            raise Refusal(Problem(f"{option}: {file}", "can't be written: Permission denied", "name another file"))
    if len(files) > 1 and len({os.path.realpath(file) for _, file, _ in files}) == 1:
        raise Refusal(Problem(f"--json: {json_file}", "is named for two files at once", "name each its own"))
    for _, file, _ in files:
        if not is_device(file):
            discard(file)  # nobody takes the matrix of before for that of a run that is interrupted
    with Interrupts.held():
        matrix = _run(wanted, jobs=jobs or cpus(), full=full, quick=quick)
        lost = [problem for one in files if (problem := _unwritten(*one, matrix)) is not None]
        write_terminal(sys.stdout, matrix)
        Interrupts.end()
    if lost:
        raise Refusal(*lost)
    sys.exit(matrix.exit_code)


def _unwritten(option: str, file: Path, render: Callable[[Matrix], str], matrix: Matrix) -> Problem | None:
    """Writes a file; the problem where it can't be written."""
    try:
        write(file, render(matrix).encode(), Secrets())
    except OSError as error:
        return Problem(f"{option}: {file}", f"can't be written: {error.strerror}", "name another file")
    return None


def chosen(names: tuple[str, ...]) -> dict[str, Mutant]:
    """The mutants of the names, each once; without names all. Raises click.UsageError for an unknown name."""
    for name in names:
        if name not in MUTANTS:
            near = get_close_matches(name, MUTANTS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "--list prints all"
            raise click.UsageError(f"{name!r} is not a mutant; {hint}")
    return {name: MUTANTS[name] for name in names or MUTANTS}


def _run(wanted: dict[str, Mutant], *, jobs: int, full: bool, quick: bool) -> Matrix:
    """The matrix; shows its progress on a terminal."""
    from rich.console import Console  # slow to import
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("mutants", total=len(wanted))
        return kill_matrix(
            tuple(wanted), jobs=min(jobs, len(wanted)), full=full, quick=quick, report=lambda _: bar.advance(task)
        )
