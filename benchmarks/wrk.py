"""The load generator: wrk, with a script of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import Trouble

SCRIPT = Path(__file__).with_suffix(".lua")
SLACK = 30  # seconds that wrk may take longer than it was told


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk does."""

    connections: int
    seconds: float
    together: int = 1  # requests of one write


@dataclass(frozen=True, slots=True)
class Outcome:
    """What wrk counted."""

    rate: float  # answers a second
    p50: float  # milliseconds
    p99: float  # milliseconds
    answer: float  # bytes of an answer


def version() -> str:
    """The first words that wrk says of itself. Raises Trouble where it is missing."""
    if shutil.which("wrk") is None:
        raise Trouble("wrk, the load generator, is not on the PATH. On Debian and Ubuntu: apt-get install wrk.")
    said = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)  # noqa: S607
    return (said.stdout or said.stderr).partition(" [")[0]


def run(port: int, paths: Path, load: Load) -> Outcome:
    """Requests the file's paths in turn, on one thread. Raises Trouble where any answer fails."""
    command = [
        *("wrk", "--threads", "1", "--connections", str(load.connections), "--duration", f"{load.seconds:.0f}s"),
        *("--latency", "--script", str(SCRIPT), f"http://127.0.0.1:{port}/", "--", str(paths), str(load.together)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=load.seconds + SLACK)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"wrk did not end {SLACK} s after its time.") from error
    if done.returncode != 0:
        raise Trouble(f"wrk ended with code {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return parse(done.stdout)


def parse(output: str) -> Outcome:
    """The outcome in what wrk printed. Raises Trouble where there is none, and where any answer failed."""
    line = next((line for line in output.splitlines() if line.startswith("result ")), None)
    if line is None:
        raise Trouble(f"wrk printed no result: {output.strip() or 'nothing at all'}")
    counted = json.loads(line.removeprefix("result "))
    failed = {name: counted[name] for name in ("connect", "read", "write", "status", "timeout") if counted[name]}
    if failed:
        said = ", ".join(f"{number} {_FAILURES[name]}" for name, number in failed.items())
        raise Trouble(f"of {counted['requests']} answers not all were good: {said}.")
    if not counted["requests"]:
        raise Trouble("not one answer came.")
    return Outcome(
        rate=counted["requests"] / counted["microseconds"] * 1e6,
        p50=counted["p50"] / 1000,
        p99=counted["p99"] / 1000,
        answer=counted["bytes"] / counted["requests"],
    )


_FAILURES = {
    "connect": "connections were refused",
    "read": "connections broke in an answer",
    "write": "connections broke in a request",
    "status": "answers had a status of 400 or more",
    "timeout": "answers took longer than 2 s",
}
