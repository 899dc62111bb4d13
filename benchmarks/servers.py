"""Our mock, and the ceilings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.calls import SETTINGS
from benchmarks.install import Installed
from benchmarks.kinds import Kind, Setting
from benchmarks.machine import commit, first_line


def mock(name: str, title: str, command: Path, *options: str) -> Kind:
    """Our mock by that command, with its default settings but for calls.SETTINGS and the options."""

    def serve(setting: Setting) -> list[str]:
        (setting.folder / "ifind-mock.toml").write_text(SETTINGS, encoding="utf-8")
        return [str(command), "serve", "--port", str(setting.port), *options]

    return Kind(name, title, "ours", "-", serve, lambda _: _version(command), warm_up=60)


def _version(command: Path) -> str:
    said = first_line((str(command), "--version"))
    checkout = commit(command.parent)
    return f"{said.rpartition(' ')[2]}{f', commit {checkout}' if checkout else ''}"


def ours(*options: str) -> Kind:
    """The mock of this environment."""
    return mock("ours", "ifind-mock", Path(sys.executable).parent / "ifind-mock", *options)


def _module(name: str) -> Callable[[Setting], list[str]]:
    return lambda setting: [sys.executable, "-m", f"benchmarks.ceilings.{name}", str(setting.port)]


def _granian(setting: Setting) -> list[str]:
    return [
        *(str(setting.installed.python("granian")), "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(setting.port), "--workers", "1", "--blocking-threads", "1", "--no-access-log"),
        *("--log-level", "warning", "benchmarks.ceilings.wsgi:view"),
    ]


def _uvloop(_installed: Installed) -> str:
    return f"httptools {version('httptools')}, uvloop {version('uvloop')}"


def _ceiling(name: str, title: str, lacks: str, command: Callable[[Setting], Sequence[str]], **more: Any) -> Kind:
    return Kind(
        name,
        title,
        "ceiling",
        f"reads no credentials, keeps no task, quota or journal, answers one body of 1.4 kB; {lacks}",
        command,
        warm_up=2,
        environment={"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        **more,
    )


_ONCE = ("ready-json",)
"""Operations of a ceiling that tells none from another."""

CEILINGS = (
    _ceiling("bare", "bare protocol", "takes the query apart", _module("bare"), version=_uvloop),
    _ceiling(
        "wsgi",
        "WSGI on granian",
        "takes the query apart",
        _granian,
        version=lambda installed: f"granian {installed.versions.get('granian')}",
        pip="granian",
        operations=_ONCE,
    ),
    _ceiling(
        "loopback", "loopback", "does not read the request", _module("loopback"), version=_uvloop, operations=_ONCE
    ),
    _ceiling(
        "pipelined",
        "loopback, pipelined",
        "does not read the request; 16 come in one write, so that the times of one mean nothing",
        _module("loopback"),
        version=_uvloop,
        operations=_ONCE,
        together=16,
    ),
)
