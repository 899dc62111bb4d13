"""What a server is that can be measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.calls import OPERATIONS, Sample
from benchmarks.install import Installed


@dataclass(frozen=True, slots=True)
class Setting:
    """What a server is started with."""

    folder: Path  # of its own: its files are written there, and its log
    port: int
    control: int  # a second port, for a control API apart
    installed: Installed
    samples: Mapping[str, Sample]  # the answers that a peer repeats, by operation


@dataclass(frozen=True, slots=True)
class Kind:
    """A server that can be measured."""

    name: str  # as `--only` names it
    title: str
    kind: str  # "ours", "peer" or "ceiling"
    lacks: str  # what it does not do that our mock does
    command: Callable[[Setting], Sequence[str]]  # writes its files, too
    version: Callable[[Installed], str]
    warm_up: float  # seconds under load before it is measured
    npm: str = ""  # the package that brings it
    pip: str = ""
    operations: Sequence[str] = OPERATIONS  # those that are measured
    together: int = 1  # requests of one write
    mute: bool = False  # whether standard output is a log of requests that can't be turned off
    environment: Mapping[str, str] = field(default_factory=dict)


def packages(kinds: Sequence[Kind]) -> tuple[list[str], list[str]]:
    """What npm and pip are to install for these servers."""
    return sorted({kind.npm for kind in kinds} - {""}), sorted({kind.pip for kind in kinds} - {""})
