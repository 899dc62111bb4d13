"""The command: `python -m benchmarks`."""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

import click

from benchmarks import plots, tables
from benchmarks.calls import OPERATIONS
from benchmarks.install import cache, install
from benchmarks.kinds import packages
from benchmarks.peers import PEERS
from benchmarks.results import Results, Trouble
from benchmarks.run import FULL, QUICK, Run, begin
from benchmarks.servers import CEILINGS, mock, ours

NAMES = ("ours", *(kind.name for kind in (*CEILINGS, *PEERS)))


@click.command()
@click.option("--quick", is_flag=True, help="One short round, little warm-up: a look, not a measurement.")
@click.option("--only", metavar="NAMES", help=f"Servers, with commas between. Default: {','.join(NAMES)}.")
@click.option("--operations", metavar="NAMES", help=f"Default: {','.join(OPERATIONS)}; some: no growth of tasks.")
@click.option("--rounds", type=click.IntRange(1), help="Rounds, in which the servers take turns.")
@click.option("--seconds", type=click.IntRange(1), help="Seconds of each load.")
@click.option("--connections", metavar="N,N", help="Connections of the generator. Default: 16,64.")
@click.option("--serve", metavar="OPTIONS", default="", help="Further options of our mock, such as '--journal 0'.")
@click.option(
    "--before",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="The command `ifind-mock` of another checkout: it is measured, too.",
)
@click.option("--cache", "folder", type=click.Path(path_type=Path), help="Folder for the peers.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for the results. Default: `results` in that of the peers."
)
def command(  # noqa: PLR0917 - click hands them by name
    quick: bool,
    only: str | None,
    operations: str | None,
    rounds: int | None,
    seconds: int | None,
    connections: str | None,
    serve: str,
    before: Path | None,
    folder: Path | None,
    out: Path | None,
) -> None:
    """Measures the mock beside its peers and below what this machine can do."""
    names = _names("--only", only, NAMES)
    this = ours(*shlex.split(serve))
    kinds = [kind for kind in (this, *CEILINGS, *PEERS) if kind.name in names]
    if before is not None:
        kinds.insert(1, mock("before", "ifind-mock before", before))
    plan = QUICK if quick else FULL
    plan = replace(
        plan,
        rounds=rounds or plan.rounds,
        seconds=seconds or plan.seconds,
        connections=_numbers(connections) or plan.connections,
        operations=tuple(_names("--operations", operations, OPERATIONS)),
        levels=() if operations else plan.levels,
    )
    # SIGTERM and a closed terminal end the servers, too, as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    folder = (folder or cache()).resolve()
    out = out or folder / "results"
    try:
        results = begin(plan)
        installed, results.troubles = install(folder, *packages(kinds))
        try:
            with tempfile.TemporaryDirectory(prefix="ifind-mock-benchmarks-") as files:
                Run(plan, this, Path(files), installed, results).measure(kinds)
        except (KeyboardInterrupt, SystemExit):
            results.troubles.append("The run was ended early: what is missing was not measured.")
            raise
        finally:
            write(results, out)
    except (Trouble, OSError, HTTPException) as trouble:
        raise click.ClickException(str(trouble)) from trouble
    measured = [goal for goal in results.goals if goal.verdict != "not measured"]
    for goal in measured:
        click.echo(f"{goal.verdict}: {goal.text}: {goal.found}")
    if left := len(results.goals) - len(measured):
        click.echo(f"{left} of {len(results.goals)} goals were not measured.")
    if results.troubles:
        sys.exit(1)


def write(results: Results, out: Path) -> None:
    """Writes all that shows the results."""
    out.mkdir(parents=True, exist_ok=True)
    results.write(out / "results.json")
    (out / "results.md").write_text(tables.page(results), encoding="utf-8")
    for name, picture in plots.pictures(results).items():
        (out / name).write_text(picture, encoding="utf-8")
    click.echo(f"All results are in {out}", err=True)


def _names(option: str, given: str | None, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in given.split(",")] if given else [*known]
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"{option}: there is no {', '.join(unknown)}; choose of {', '.join(known)}.")
    return names


def _numbers(connections: str | None) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in connections.split(",")) if connections else ()
    except ValueError as error:
        raise click.UsageError(
            f"--connections: {connections!r} is not numbers with commas between, such as 16,64."
        ) from error
    if any(number < 1 for number in numbers):
        raise click.UsageError("--connections: a number of connections is at least 1.")
    return numbers


if __name__ == "__main__":
    command(prog_name="python -m benchmarks")
