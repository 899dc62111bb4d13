"""The order of a run: start, prepare, warm up, measure in rounds, measure with many tasks, end."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from benchmarks import wrk
from benchmarks.calls import INFO, OPERATIONS, Calls, Sample, check, prepare, write
from benchmarks.goals import COMPARED, evaluate
from benchmarks.growth import grow
from benchmarks.install import Installed
from benchmarks.kinds import Kind, Setting
from benchmarks.machine import busy, machine, runtimes
from benchmarks.processes import Processors, Server, free_ports, get, on, processors, start
from benchmarks.results import ACCOUNTS, About, Load, Results, Trouble


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    quick: bool
    rounds: int
    seconds: float  # of each load
    connections: tuple[int, ...]
    starts: int  # times that each server is started, for the time to its first answer
    warm_up: float  # part of each server's own warm-up
    accounts: int  # distinct ones
    tasks: int  # distinct ones
    levels: tuple[int, ...]  # stored tasks, for the cost of a call as they grow; none: not measured
    operations: tuple[str, ...] = OPERATIONS


FULL = Plan(
    quick=False,
    rounds=3,
    seconds=3,
    connections=(16, 64),
    starts=5,
    warm_up=1,
    accounts=1000,
    tasks=10_000,
    levels=(1_000, 10_000, 100_000, 1_000_000),
)
QUICK = Plan(
    quick=True,
    rounds=1,
    seconds=1,
    connections=(16,),
    starts=1,
    warm_up=0.1,
    accounts=100,
    tasks=1000,
    levels=(),
)


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is measured."""

    kind: Kind
    operation: str
    accounts: str
    paths: Path

    def __str__(self) -> str:
        return f"{self.operation}, {self.accounts}"


@dataclass(slots=True)
class Run:
    """One run. What can't be measured becomes a trouble of the results, and the run goes on."""

    plan: Plan
    ours: Kind
    folder: Path  # for the servers' files and logs
    installed: Installed
    results: Results
    cpus: Processors = field(default_factory=processors)
    running: dict[str, Server] = field(default_factory=dict)

    def measure(self, kinds: Sequence[Kind]) -> None:
        """Measures the servers. Our mock runs in any case: what the others answer is taken from it. Raises Trouble
        where that can't be done. However it ends, no server runs on, and the goals are evaluated.
        """
        with on(self.cpus.generator), self._ending():
            targets = self._start(kinds)
            warm = [kind for kind in kinds if self._warm_up(kind, targets)]
            targets = [target for target in targets if target.kind in warm]
            for number in range(1, self.plan.rounds + 1):
                for connections in self.plan.connections:
                    for target in targets if number % 2 else reversed(targets):
                        # One that has ended was told of once.
                        if self.running[target.kind.name].runs():
                            with self._told(target.kind, f"{target}, {connections} connections: "):
                                self._load(target, connections, number)
            for kind in kinds:
                if kind.kind == "ours":
                    with self._told(kind):
                        self._look_for_errors(kind)
            if self.ours in kinds and self.plan.levels:
                with self._told(self.ours, "with many tasks: "):
                    self._grow()

    @contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._end()
            self.results.goals = evaluate(self.results)

    def _start(self, kinds: Sequence[Kind]) -> list[Target]:
        """Starts the servers, and returns what is asked of those that run, the servers in turn for each operation."""
        about, calls = self._start_mock(self.ours)
        self.results.answers = {name: len(sample.body) for name, sample in calls.samples.items()}
        with on(self.cpus.server):
            self.results.flask = [_import_flask() for _ in range(self.plan.starts)]
        targets: list[Target] = []
        for kind in kinds:
            with self._told(kind) as told:
                asked = _asked(kind, calls, quick=self.plan.quick)
                if kind.kind == "ours" and kind is not self.ours:
                    about, _ = self._start_mock(kind)  # whose tasks have the same ids
                elif kind.kind != "ours":
                    about = self._start_other(kind, asked, calls.samples)
                self.results.servers.append(about)
                targets += [
                    Target(kind, *name, write(paths, self.folder / kind.name / f"{'-'.join(name)}.txt"))
                    for name, paths in asked.items()
                    if name[0] in self.plan.operations
                ]
            if told and kind.name in self.running:
                self.running.pop(kind.name).end()
        # What is compared is measured next to each other, so that the machine is the same for both.
        return sorted(targets, key=lambda target: (OPERATIONS.index(target.operation), ACCOUNTS.index(target.accounts)))

    def _start_mock(self, kind: Kind) -> tuple[About, Calls]:
        server, about = self._started(kind, {}, INFO)
        say(f"{kind.title}: making {2 * self.plan.tasks:,} tasks")
        calls = prepare(server.port, self.plan.accounts, self.plan.tasks)
        server.pause()
        return about, calls

    def _start_other(
        self, kind: Kind, asked: Mapping[tuple[str, str], list[str]], samples: Mapping[str, Sample]
    ) -> About:
        first, *_ = asked.values()
        server, about = self._started(kind, samples, first[0])
        for (operation, _), paths in asked.items():
            status, body = get(server.port, paths[0])
            if kind.kind == "peer" and not samples[operation].is_answered_by(body):
                raise Trouble(f"{operation} is answered with {status} and {body[:60]!r}, not with what was set.")
        server.pause()
        return about

    def _started(self, kind: Kind, samples: Mapping[str, Sample], path: str) -> tuple[Server, About]:
        """Starts it as often as planned; the last one stays."""
        say(f"{kind.title}: starting")
        starts: list[float] = []
        for _ in range(self.plan.starts):
            server = self._execute(kind, samples, kind.name)
            starts.append(server.first_answer(path))
        time.sleep(0.5)
        about = About(
            name=kind.name,
            title=kind.title,
            kind=kind.kind,
            version=kind.version(self.installed),
            command=self._shown(server.command),
            lacks=kind.lacks,
            starts=starts,
            idle=server.resident(),
        )
        return server, about

    def _shown(self, command: Sequence[str]) -> str:
        """The command without the folders of this machine."""
        shown = " ".join(command)
        for folder in (self.installed.folder, self.folder, Path(sys.executable).parent):
            shown = shown.replace(f"{folder}/", "")
        return shown

    def _execute(self, kind: Kind, samples: Mapping[str, Sample], name: str) -> Server:
        if (before := self.running.pop(name, None)) is not None:
            before.end()
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        port, control = free_ports(2)
        command = kind.command(Setting(folder, port, control, self.installed, samples))
        with on(self.cpus.server):
            server = start(command, folder, port, mute=kind.mute, environment=kind.environment)
        self.running[name] = server
        return server

    def _warm_up(self, kind: Kind, targets: Sequence[Target]) -> bool:
        """Whether it was warmed up, with what it will be asked."""
        own = [target for target in targets if target.kind is kind]
        if not own:
            return False
        seconds = max(1, round(kind.warm_up * self.plan.warm_up / len(own)))
        number = min(len(own), max(1, round(kind.warm_up * self.plan.warm_up / seconds)))
        say(f"{kind.title}: warming up for {seconds * number} s")
        with self._told(kind, "while it warms up: ") as told, self._resumed(kind) as server:
            for target in own[:number]:
                self._wrk(server, target, self.plan.connections[0], seconds)
        return not told

    def _load(self, target: Target, connections: int, number: int) -> None:
        with self._resumed(target.kind) as server:
            before, began = server.cpu(), time.perf_counter()
            out = self._wrk(server, target, connections, self.plan.seconds)
            used = (server.cpu() - before) / (time.perf_counter() - began)
            if target.kind.kind == "ours":
                with target.paths.open(encoding="ascii") as file:
                    check(target.operation, get(server.port, file.readline().strip())[1])
            self.results.loads.append(
                Load(
                    server=target.kind.name,
                    operation=target.operation,
                    accounts=target.accounts,
                    connections=connections,
                    round=number,
                    rate=out.rate,
                    p50=out.p50,
                    p99=out.p99,
                    answer=out.answer,
                    busy=used,
                    resident=server.resident(),
                )
            )
        say(
            f"round {number}, {connections} connections: {target.kind.title}, {target}: "
            f"{out.rate:,.0f}/s, p99 {out.p99:.2f} ms, {self.results.loads[-1].resident / 1e6:.0f} MB"
        )

    def _wrk(self, server: Server, target: Target, connections: int, seconds: float) -> wrk.Outcome:
        load = wrk.Load(connections, seconds, target.kind.together)
        return wrk.run(server.port, target.paths, load)

    def _look_for_errors(self, kind: Kind) -> None:
        """Raises Trouble where the mock counted an error, whose HTTP status, 200, wrk takes for a good one."""
        with self._resumed(kind) as server:
            _, metrics = get(server.port, "/_mock/metrics")
        if errors := [line for line in metrics.decode().splitlines() if 'outcome="error"' in line]:
            raise Trouble(f"it answered with errors under load: {'; '.join(errors)}")

    def _grow(self) -> None:
        self._end()
        server = self._execute(self.ours, {}, "growth")
        server.first_answer(INFO)
        for level in grow(server, self.plan.levels, self.plan.seconds, self.folder / "growth"):
            self.results.levels.append(level)
            say(f"{level.tasks:,} tasks: {level.operation} {level.rate:,.0f}/s, {level.resident / 1e6:.0f} MB")

    @contextmanager
    def _resumed(self, kind: Kind) -> Iterator[Server]:
        """The server, running within the block and stopped outside, so that it takes nothing from the others."""
        server = self.running[kind.name]
        server.resume()
        try:
            yield server
        finally:
            server.pause()

    @contextmanager
    def _told(self, kind: Kind, doing: str = "") -> Iterator[list[str]]:
        """Makes what can't be measured a trouble of the results. Yields a list, which holds it afterwards."""
        told: list[str] = []
        try:
            yield told
        except (Trouble, OSError, HTTPException) as trouble:
            server = self.running.get(kind.name)
            ended = f" It ended by itself.{server.said()}" if server and not server.runs() else ""
            told.append(f"{kind.title}: {doing}{trouble}{ended}")
            self.results.troubles += told
            say(told[0])

    def _end(self) -> None:
        while self.running:
            self.running.popitem()[1].end()


def begin(plan: Plan) -> Results:
    """The results of a run before it: when, where, how. Raises Trouble where none is possible."""
    processors()
    results = Results(
        date=f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        quick=plan.quick,
        settings={
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "connections": list(plan.connections),
            "distinct accounts": plan.accounts,
            "distinct tasks": plan.tasks,
            "part of the warm-up": plan.warm_up,
        },
        machine={**machine(), "wrk": wrk.version(), **runtimes()},
    )
    if (warning := busy()) is not None:
        results.warnings.append(warning)
        say(warning)
    return results


def say(text: str) -> None:
    """Tells the user how far the run is."""
    sys.stderr.write(f"{text}\n")


def _asked(kind: Kind, calls: Calls, *, quick: bool) -> dict[tuple[str, str], list[str]]:
    """What a server is asked, by operation and accounts. quick: of a peer, what is compared alone."""
    if kind.kind == "ours":
        return dict(calls.paths)
    if kind.kind == "ceiling":
        return {name: paths for name, paths in calls.paths.items() if name[0] in kind.operations}
    asked = COMPARED if quick else OPERATIONS
    # A peer knows the operation by the path alone, which is the least work; the query is as long as ours.
    return {(name, "one"): [f"/{name}?{calls.paths[name, 'one'][0].partition('?')[2]}"] for name in asked}


def _import_flask() -> float:
    """Seconds that Python takes to import Flask and end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import flask"], check=True)
    return time.perf_counter() - began
