"""Runs the contract suite on mutants and on the unbroken mock, in processes of their own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from typing import Any, TypeAlias

from mockserver import data
from mockserver.assembly import open_gateway
from mockserver.core.errors import IfindMockError
from mockserver.mutants.broken import MutantGateway
from mockserver.mutants.matrix import Examination, Matrix, Plan, Trial
from mockserver.mutants.table import MUTANTS
from mockserver.settings.files import clauses
from mockserver.settings.loading import load
from mockserver.web.app import make_app
from mockserver.wire.run import serving

DELAY = "60ms"
"""How long tasks take: long enough to be seen while they are being processed."""
POLL_TIMEOUT = 10.0
"""Seconds after which a task counts as never ready, where the mutant's options say nothing else."""

BINDING = ("documented", "law")
"""Grades of what a mutant can break."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A mock (by its mutant's name; None: the unbroken one) and the plans to run on it till one catches it."""

    name: str | None
    plans: tuple[tuple[Plan, str], ...]


_Done: TypeAlias = "tuple[_Job, tuple[Examination, ...], float]"


def kill_matrix(
    names: Collection[str], *, jobs: int, full: bool = False, told: Callable[[Trial], object] = lambda _: None
) -> Matrix:
    """Tries the mutants of the names; told hears of each when its fate is known.

    full: at once under the full plan; else under the cheapest one that catches it. The unbroken mock is run as the
    control under each plan that was used. Raises IfindMockError where a process of the runs was killed.
    """
    began = time.monotonic()
    trials: dict[str, Trial] = {}
    with _running(jobs) as run:
        for job, runs, seconds in run([_job(name, full=full) for name in names]):
            assert job.name is not None, "a mutant has a name"
            trials[job.name] = Trial(job.name, MUTANTS[job.name], runs, seconds)
            told(trials[job.name])
        used = dict.fromkeys((r.plan, r.clause) for trial in trials.values() for r in trial.runs)
        controls = [done for _, (done,), _ in run([_Job(None, (plan,)) for plan in used])]
    return Matrix(
        tuple(trials[name] for name in names),
        tuple(sorted(controls, key=lambda run: (list(Plan).index(run.plan), run.clause))),
        whole=set(names) == set(MUTANTS),
        seconds=time.monotonic() - began,
        binding=frozenset(c.id for c in clauses().values() if c.grade in BINDING),
    )


def _job(name: str, *, full: bool) -> _Job:
    mutant = MUTANTS[name]
    everything = (Plan.FULL, "")
    if full or mutant.equivalent:
        return _Job(name, (everything,))
    return _Job(name, ((Plan.COVERING, ""), (Plan.CLAUSE, mutant.breaks), everything))


_Run: TypeAlias = "Callable[[Collection[_Job]], Iterable[_Done]]"


@contextmanager
def _running(jobs: int) -> Iterator[_Run]:
    """What runs jobs, so many at a time, and gives them as they end; one at a time in this process."""
    if jobs == 1:
        yield lambda work: map(_do, work)
        return
    # Not forked: the caller may have threads.
    executor = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin_worker)
    try:
        yield lambda work: (f.result() for f in as_completed([executor.submit(_do, job) for job in work]))
    except BrokenExecutor:
        raise IfindMockError("a process that ran the suite was killed; try fewer --jobs") from None
    finally:
        executor.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Ctrl-C is the parent's to hear; where that is gone, its workers go too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_go_with_the_parent, daemon=True).start()


def _go_with_the_parent() -> None:
    parent = parent_process()
    assert parent is not None, "a worker was started by somebody"
    parent.join()
    os._exit(1)


def _do(job: _Job) -> _Done:
    """The job's runs: the plans one by one, till one reports the clause that the mutant breaks."""
    began = time.monotonic()
    runs: list[Examination] = []
    for plan, clause in job.plans:
        runs.append(_examine(job.name, plan, clause))
        if job.name is not None and MUTANTS[job.name].breaks in runs[-1].broken:
            break
    return job, tuple(runs), time.monotonic() - began


def _examine(name: str | None, plan: Plan, clause: str) -> Examination:
    from contract_tests.engine.options import CheckOptions
    from contract_tests.findings.outcome import Outcome
    from contract_tests.session.recorder import Recorder
    from contract_tests.session.session import examine

    more: Mapping[str, Any] = MUTANTS[name].options if name is not None else {}
    asked: dict[str, Any] = {"poll_timeout": POLL_TIMEOUT, **more, "only": (clause,) if clause else ()}
    tests = Recorder()
    with _serving(name) as url:
        # No credentials that lie about in the environment: the suite makes accounts of its own.
        full = plan is not Plan.COVERING
        ended = examine(CheckOptions(target=url, full=full, environ={}, private=True, **asked), tests)
    rows = ended.report.rows if ended.report else ()
    stopped = ended.report.stopped if ended.report else "the suite could not be run"
    return Examination(
        plan,
        clause,
        broken=tuple(row.clause.id for row in rows if row.outcome is Outcome.BROKEN),
        tests={test: seen.clauses for test, seen in tests.seen.items()},
        caught={test: seen.broken for test, seen in tests.seen.items() if seen.broken},
        refuted=tuple(row.clause.id for row in rows if row.outcome is Outcome.REFUTED),
        errors=(*ended.errors, *((stopped,) if stopped else ())),
    )


@contextmanager
def _serving(name: str | None) -> Iterator[str]:
    """A mock in a thread, broken as the mutant of the name has it; its API's URL."""
    settings = load({"delay": DELAY}, {}, directory=data.PACKAGE)  # not where a user's settings file may lie
    gateway = open_gateway(settings)
    if name is not None:
        gateway = MutantGateway(gateway.mock, MUTANTS[name])
    with serving(gateway, lambda guard: make_app(gateway, guard, settings)) as url:
        yield f"{url}/api"
