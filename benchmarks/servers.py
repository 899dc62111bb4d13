"""The servers that are measured: our mock, the ceilings, and the peers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.calls import OPERATIONS, SETTINGS, Sample
from benchmarks.install import Installed

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Setting:
    """What a server is started with."""

    folder: Path  # of its own: its files are written there, and its log
    port: int
    installed: Installed
    samples: Mapping[str, Sample]  # the canned answers, by operation


@dataclass(frozen=True, slots=True)
class Kind:
    """A server that can be measured."""

    name: str  # as `--only` names it
    title: str
    kind: str  # "ours", "peer" or "ceiling"
    lacks: str  # what it does not do
    command: Callable[[Setting], Sequence[str]]  # writes its files, too
    version: Callable[[Installed], str]
    warm_up: float  # seconds under load before it is measured
    operations: Sequence[str] = OPERATIONS
    together: int = 1  # requests of one write
    environment: Mapping[str, str] = field(default_factory=dict)


def serve(setting: Setting, *more: str) -> list[str]:
    """Our mock, with its default settings but for what calls.SETTINGS says."""
    (setting.folder / "ifind-mock.toml").write_text(SETTINGS, encoding="utf-8")
    return [str(BIN / "ifind-mock"), "serve", "--port", str(setting.port), *more]


def _python(module: str) -> Callable[[Setting], list[str]]:
    return lambda setting: [sys.executable, "-m", f"benchmarks.ceilings.{module}", str(setting.port)]


def _granian(setting: Setting) -> list[str]:
    return [
        *(str(setting.installed.python("granian")), "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(setting.port), "--workers", "1", "--blocking-threads", "1", "--no-access-log"),
        *("--log-level", "warning", "benchmarks.ceilings.wsgi:view"),
    ]


def _uvloop(_installed: Installed) -> str:
    return f"httptools {version('httptools')}, uvloop {version('uvloop')}"


def _ceiling(  # the rest of what a Kind needs
    name: str, title: str, lacks: str, command: Callable[[Setting], Sequence[str]], **more: Any
) -> Kind:
    return Kind(
        name,
        title,
        "ceiling",
        f"reads no credentials, keeps no task and no quota, answers one body of 1.4 kB; {lacks}",
        command,
        warm_up=2,
        environment={"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        **more,
    )


OURS = Kind("ours", "ifind-mock", "ours", "", serve, lambda _: version("ifind-mock"), warm_up=3)

_ONCE = ("ready-json",)
"""It answers all operations alike."""

CEILINGS = (
    _ceiling("bare", "bare protocol", "takes the query apart", _python("bare"), version=_uvloop),
    _ceiling(
        "wsgi",
        "WSGI on granian",
        "takes the query apart",
        _granian,
        version=lambda installed: f"granian {installed.versions['granian']}",
        operations=_ONCE,
    ),
    _ceiling(
        "loopback", "loopback", "does not read the request", _python("loopback"), version=_uvloop, operations=_ONCE
    ),
    _ceiling(
        "pipelined",
        "loopback, pipelined",
        "does not read the request; 16 requests come in one write",
        _python("loopback"),
        version=_uvloop,
        operations=_ONCE,
        together=16,
    ),
)


def packages(kinds: Sequence[Kind]) -> tuple[list[str], list[str]]:
    """What npm and pip are to install for these servers."""
    return [], ["granian"] if any(kind.name == "wsgi" for kind in kinds) else []
