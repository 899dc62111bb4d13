"""Runs the contract suite on mutants and on the unbroken mock, in processes of their own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeAlias

from contract_tests.contract.clauses import all_clauses
from contract_tests.report.interrupts import Interrupts
from contract_tests.session.workers import begin_worker
from mockserver import data
from mockserver.assembly import open_gateway
from mockserver.core.errors import IfindMockError
from mockserver.mutants.catalogue import MUTANTS
from mockserver.mutants.hook import MutantHook
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.matrix import Examination, Matrix, Plan, Trial
from mockserver.settings.loading import load
from mockserver.wire.serving import serve_mock

DELAY = "60ms"
"""How long a task takes: long enough for a poll to see it processing."""
POLL_TIMEOUT = 10.0
"""Seconds after which a task counts as never ready, unless the mutant's options say otherwise."""

_Job: TypeAlias = "tuple[str | None, list[tuple[Plan, str]]]"
"""A mutant's name, None for the unbroken mock; and the plans to run on it until one catches the mutant, each with its
only clause, empty for all.
"""
_Done: TypeAlias = "tuple[str | None, tuple[Examination, ...], float]"
"""The same name, the runs, and the seconds that they took."""


def kill_matrix(
    names: Collection[str],
    *,
    jobs: int,
    full: bool = False,
    quick: bool = False,
    report: Callable[[Trial], object] = lambda _: None,
) -> Matrix:
    """Tries the mutants of the names; report gets each trial when it ends.

    full: under the full plan at once, else under the cheapest one that catches the mutant. quick: the tests of its
    clause are tried first, and one that breaks nothing has the covering plan. The unbroken mock is run as the control
    under each plan that was used, under the covering one for the tests of a clause. A signal ends it with the trials
    until then, and without controls. Raises IfindMockError where a process of the runs was killed.
    """
    began = time.monotonic()
    trials: dict[str, Trial] = {}
    controls: list[Examination] = []
    interrupted = False
    with Interrupts.held() as interrupts:
        try:
            with interrupts.open(), _running(jobs) as run:
                for name, runs, seconds in run([(n, _plans(MUTANTS[n], full=full, quick=quick)) for n in names]):
                    interrupts.check()  # a run in this process ends by itself
                    assert name is not None, "a mutant has a name"
                    trials[name] = Trial(name, MUTANTS[name], runs, seconds)
                    report(trials[name])
                used = dict.fromkeys(_control(r.plan, r.clause) for trial in trials.values() for r in trial.runs)
                controls += [done for _, (done,), _ in run([(None, [plan]) for plan in used])]
                interrupts.check()
        except (KeyboardInterrupt, IfindMockError):
            if interrupts.number is None:
                raise
            interrupted = True
    return Matrix(
        tuple(trials[name] for name in names if name in trials),
        tuple(sorted(controls, key=lambda run: (list(Plan).index(run.plan), run.clause))),
        whole=set(names) == set(MUTANTS) and not interrupted,
        untried=len(names) - len(trials),
        interrupted=interrupted,
        seconds=time.monotonic() - began,
        binding=frozenset(clause.id for clause in all_clauses().values() if clause.binding),
    )


def _plans(mutant: Mutant, *, full: bool, quick: bool) -> list[tuple[Plan, str]]:
    if mutant.equivalent:
        return [(Plan.COVERING if quick else Plan.FULL, "")]
    cheapest = [(Plan.ONLY, mutant.breaks)] if quick else []
    cheaper = [] if full else [(Plan.COVERING, ""), (Plan.CLAUSE, mutant.breaks)]
    return [*cheapest, *cheaper, (Plan.FULL, "")]


def _control(plan: Plan, clause: str) -> tuple[Plan, str]:
    return (Plan.COVERING, "") if plan is Plan.ONLY else (plan, clause)


@contextmanager
def _running(jobs: int) -> Iterator[Callable[[Collection[_Job]], Iterable[_Done]]]:
    """What runs jobs, in that many processes, and yields them as they end; one at a time in this process."""
    if jobs == 1:
        yield lambda work: map(_do, work)
        return
    # Not forked: the caller may have threads.
    context = get_context("spawn")
    end, our_end = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=begin_worker, initargs=(end, folder))
        try:
            yield lambda work: (f.result() for f in as_completed([executor.submit(_do, job) for job in work]))
        except BrokenExecutor:
            raise IfindMockError("a process that ran the suite was killed; try fewer --jobs") from None
        except BaseException:
            our_end.close()  # what runs is of no use any more, and may take a minute
            raise
        finally:
            executor.shutdown(cancel_futures=True)


def _do(job: _Job) -> _Done:
    """The job's runs: the plans in turn, until one reports the clause that the mutant breaks."""
    began = time.monotonic()
    name, plans = job
    runs: list[Examination] = []
    for plan, clause in plans:
        runs.append(_examine(name, plan, clause))
        if name is not None and MUTANTS[name].breaks in runs[-1].broken:
            break
    return name, tuple(runs), time.monotonic() - began


def _examine(name: str | None, plan: Plan, clause: str) -> Examination:
    # pytest is slow to import: it is loaded only where something is run
    from contract_tests.contract.outcome import Outcome
    from contract_tests.engine.options import CheckOptions
    from contract_tests.session.session import Recorder, examine

    options: dict[str, Any] = {"poll_timeout": POLL_TIMEOUT, **(MUTANTS[name].options if name is not None else {})}
    options |= {"full": plan in {Plan.CLAUSE, Plan.FULL}, "only": (clause,) if clause else ()}
    tests = Recorder()
    with _serving(name) as url:
        # Not the environment's credentials: the suite makes accounts of its own.
        ended = examine(CheckOptions(target=url, environ={}, own_mock=True, **options), tests)
    rows, stopped = ended.report.rows, ended.report.stopped
    return Examination(
        plan,
        clause,
        broken=tuple(row.clause.id for row in rows if row.outcome is Outcome.BROKEN),
        tests={test: seen.clauses for test, seen in tests.seen.items()},
        caught={test: seen.broken for test, seen in tests.seen.items() if seen.broken},
        refuted=tuple(row.clause.id for row in rows if row.outcome is Outcome.REFUTED),
        errors=(*ended.report.errors, *((stopped,) if stopped else ())),
    )


@contextmanager
def _serving(name: str | None) -> Iterator[str]:
    """A mock in a thread, with the mutant of the name; yields the URL of its API."""
    settings = load({"delay": DELAY}, {}, directory=data.PACKAGE)  # where no user's settings file lies
    hook = None if name is None else partial(MutantHook, MUTANTS[name])
    with serve_mock(open_gateway(settings, hook=hook), settings) as url:
        yield f"{url}/api"
