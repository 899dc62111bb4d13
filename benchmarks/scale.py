"""What several processes on one state carry: `python -m benchmarks.scale --help`.

Rates depend on what else the machine does. Processor time an answer hardly does, and says what more processors would
carry as long as no lock is waited for: so both are measured, and what follows from them is named as derived.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import calls, processes, servers, wrk
from benchmarks.install import Installed
from benchmarks.kinds import Setting
from benchmarks.machine import first_line
from benchmarks.results import Trouble

ACCOUNTS, TASKS = 100, 1000
WARM_UP = 1.0  # seconds of load before each that is measured


@dataclass(frozen=True, slots=True)
class Carried:
    """What was measured of one operation on so many workers."""

    operation: str
    accounts: str  # "one" or "distinct"
    workers: int
    rate: float  # answers a second
    p99: float  # milliseconds
    server: float  # microseconds of processor time that all workers took for an answer
    wrk: float  # those that the load generator took
    redis: float  # those that Redis took; 0 without one
    redis_busy: float  # the share of a processor that Redis took


def main() -> int:
    """Measures, and prints a table. Exit code 1 where something could not be measured."""
    options = _options()
    _say(f"{sys.platform}, Python {sys.version.split()[0]}, {wrk.version()}, {_redis_version(options.state)}\n")
    _say(HEAD)
    for workers in options.workers:
        try:
            for one in _measured(options, workers):
                _say(_row(one))
        except Trouble as trouble:
            sys.stderr.write(f"{workers} workers: {trouble}\n")
            return 1
    _say(NOTE)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--state", choices=("memory", "file", "redis"), default="file", help="where the state is kept")
    parser.add_argument("--workers", type=_numbers, default=[1, 2], metavar="N,N", help="how many processes, in turn")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load, beside a second before it")
    parser.add_argument("--operations", type=lambda text: text.split(","), default=["create", "ready-json", "info"])
    parser.add_argument("--accounts", choices=("one", "distinct"), default="distinct")
    parser.add_argument("--serve", default="", help="more options of serve, such as '--journal 0'")
    parser.add_argument("--command", type=Path, default=Path(sys.executable).parent / "ifind-mock")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _measured(options: argparse.Namespace, workers: int) -> Iterator[Carried]:
    with tempfile.TemporaryDirectory() as name, _redis(Path(name), wanted=options.state == "redis") as redis:
        folder = Path(name)
        (port,) = processes.free_ports(1)
        state = {"memory": "memory", "file": str(folder / "state.db"), "redis": redis and redis.url}[options.state]
        more = ("--workers", str(workers), "--state", str(state), *options.serve.split())
        kind = servers.mock("ours", "ifind-mock", options.command.absolute(), *more)
        setting = Setting(folder, port, 0, Installed(folder, {}), {})
        server = processes.start(kind.command(setting), folder, port, mute=False, environment=kind.environment)
        try:
            server.first_answer(calls.INFO)
            asked = calls.prepare(port, ACCOUNTS, TASKS)
            for operation in options.operations:
                paths = calls.write(asked.paths[operation, options.accounts], folder / f"{operation}.txt")
                yield _load(options, workers, operation, paths, (server, redis))
        finally:
            server.end()


def _load(
    options: argparse.Namespace,
    workers: int,
    operation: str,
    paths: Path,
    running: tuple[processes.Server, _Redis | None],
) -> Carried:
    server, redis = running
    wrk.run(server.port, paths, wrk.Load(options.connections, WARM_UP))
    before = server.cpu(), _children(), redis.cpu() if redis else 0.0
    began = time.perf_counter()
    outcome = wrk.run(server.port, paths, wrk.Load(options.connections, options.seconds))
    took = time.perf_counter() - began
    after = server.cpu(), _children(), redis.cpu() if redis else 0.0
    ours, theirs, its = (b - a for a, b in zip(before, after, strict=True))
    answers = outcome.rate * options.seconds
    server_time, wrk_time, redis_time = (1e6 * seconds / answers for seconds in (ours, theirs, its))
    return Carried(
        operation,
        options.accounts,
        workers,
        outcome.rate,
        outcome.p99,
        server_time,
        wrk_time,
        redis_time,
        its / took,
    )


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True, slots=True)
class _Redis:
    url: str
    server: processes.Server

    def cpu(self) -> float:
        """Seconds of processor time that it took until now."""
        return self.server.cpu()


@contextmanager
def _redis(folder: Path, *, wanted: bool) -> Iterator[_Redis | None]:
    """A Redis of its own with nothing in it, which keeps nothing."""
    if not wanted:
        yield None
        return
    if shutil.which("redis-server") is None:
        raise Trouble("redis-server is not on the PATH. On Debian and Ubuntu: apt-get install redis-server.")
    (port,) = processes.free_ports(1)
    (own := folder / "redis").mkdir()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = processes.start(command, own, port, mute=False, environment={})
    end = time.monotonic() + processes.ANSWER
    try:
        while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False).returncode:  # noqa: S603, S607
            if time.monotonic() > end:
                raise Trouble(f"redis-server does not answer.{server.said()}")
            time.sleep(0.01)
        yield _Redis(f"redis://127.0.0.1:{port}/0", server)
    finally:
        server.end()


def _redis_version(state: str) -> str:
    return first_line(("redis-server", "--version")) if state == "redis" else f"state: {state}"


COLUMNS = (
    *("operation", "accounts", "workers", "answers/s", "p99 ms", "CPU µs", "wrk µs", "Redis µs", "Redis busy"),
    "two free processors",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
NOTE = """
CPU, wrk and Redis: processor time for an answer, all processes of that kind together. The last column is derived: what
two processors would carry that do nothing else, at that processor time, no more than the workers can use, and no more
than one processor of Redis carries. The rate is measured, with whatever else the machine does."""


def _row(one: Carried) -> str:
    carried = min(one.workers, 2) * 1e6 / one.server if one.server else 0.0
    if one.redis:
        carried = min(carried, 1e6 / one.redis)
    numbers: Sequence[str] = (
        *(f"{one.rate:,.0f}", f"{one.p99:.1f}", f"{one.server:.0f}", f"{one.wrk:.0f}"),
        *((f"{one.redis:.0f}", f"{one.redis_busy:.0%}") if one.redis else ("", "")),
        f"{carried:,.0f}",
    )
    return f"| {one.operation} | {one.accounts} | {one.workers} | " + " | ".join(numbers) + " |"


if __name__ == "__main__":
    raise SystemExit(main())
