"""What a run finds: the shape of its JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ACCOUNTS = ("one", "distinct")
"""Whose calls are measured: those of one account on one task; of many accounts, each on tasks and phones of its own."""


class Trouble(Exception):
    """Something can't be measured. The text says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Load:
    """One run of the generator against one server."""

    server: str
    operation: str
    accounts: str  # one of ACCOUNTS
    connections: int
    round: int  # from 1
    rate: float  # answers a second
    p50: float  # milliseconds
    p99: float  # milliseconds
    answer: float  # bytes of one answer, with its head, on average
    busy: float  # share of its processor that the server used, 0 to 1
    resident: int  # bytes of the server's processes when the load ended


@dataclass(frozen=True, slots=True)
class Level:
    """The mock with many tasks stored."""

    tasks: int
    operation: str
    rate: float  # answers a second
    p99: float  # milliseconds
    resident: int  # bytes


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, and what came of it."""

    text: str
    verdict: str  # "met", "not met" or "not measured"
    found: str  # the number that says so, and where it is from


@dataclass(slots=True)
class About:
    """One server of the run."""

    name: str
    title: str
    kind: str  # "ours", "peer" or "ceiling"
    version: str
    command: str  # as it was started
    lacks: str  # what it does not do
    starts: list[float] = field(default_factory=list)  # seconds from exec to the first answer, each
    idle: int = 0  # bytes resident after the first answer


@dataclass(slots=True)
class Results:
    """All of a run."""

    date: str
    quick: bool
    settings: dict[str, Any]  # rounds, seconds, connections, ...
    machine: dict[str, str]
    answers: dict[str, int] = field(default_factory=dict)  # bytes of the body of each operation
    flask: list[float] = field(default_factory=list)  # seconds that `python -c 'import flask'` takes to end, each
    servers: list[About] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # what makes the numbers worth less
    troubles: list[str] = field(default_factory=list)  # what could not be measured, and why
    goals: list[Goal] = field(default_factory=list)

    def server(self, name: str) -> About | None:
        """The server of that name, None where it was not measured."""
        return next((about for about in self.servers if about.name == name), None)

    def of(self, server: str, operation: str, accounts: str, connections: int) -> list[Load]:
        """The rounds of one thing that was measured."""
        wanted = (server, operation, accounts, connections)
        return [load for load in self.loads if (load.server, load.operation, load.accounts, load.connections) == wanted]

    def loaded(self, name: str) -> int | None:
        """Bytes resident at the end of its last load; None where there is none."""
        ends = [load.resident for load in self.loads if load.server == name]
        return ends[-1] if ends else None

    def rate(self, server: str, operation: str, accounts: str, connections: int) -> float | None:
        """The median of the rounds, in answers a second; None where there is none."""
        rates = [load.rate for load in self.of(server, operation, accounts, connections)]
        return median(rates) if rates else None

    def latency(self, server: str, operation: str, accounts: str, connections: int) -> tuple[float, float] | None:
        """p50 and p99, the medians of the rounds, in milliseconds; None where there is none."""
        loads = self.of(server, operation, accounts, connections)
        return (median(load.p50 for load in loads), median(load.p99 for load in loads)) if loads else None

    def start(self, name: str) -> float | None:
        """The median time from exec to the first answer, in seconds; None where there is none."""
        about = self.server(name)
        return median(about.starts) if about and about.starts else None

    def connections(self) -> list[int]:
        """The numbers of connections that were measured, in order."""
        return sorted({load.connections for load in self.loads})

    def write(self, file: Path) -> None:
        """Writes the JSON file."""
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(file: Path) -> Results:
    """What `write` wrote."""
    held = json.loads(file.read_text(encoding="utf-8"))
    return Results(
        **{
            **held,
            "servers": [About(**row) for row in held["servers"]],
            "loads": [Load(**row) for row in held["loads"]],
            "levels": [Level(**row) for row in held["levels"]],
            "goals": [Goal(**row) for row in held["goals"]],
        }
    )
