"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def machine() -> dict[str, str]:
    """Processor, memory, kernel, Python, and how busy the machine was."""
    one, five, _ = os.getloadavg()
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "processors": str(os.cpu_count()),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": f"{one:.2f} before the run, {five:.2f} over five minutes",
    }


def runtimes() -> dict[str, str]:
    """The versions of what peers run on, where it is installed."""
    commands = {"node": ("node", "--version"), "java": ("java", "-version")}
    return {name: first_line(command) for name, command in commands.items() if shutil.which(name)}


def commit(folder: Path) -> str:
    """The commit that is checked out in the folder, and whether it was changed since; "" where git can't say."""
    said = first_line(("git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude", "*"))
    return "" if not said or said.startswith("fatal") else said


def first_line(command: Sequence[str]) -> str:
    """The first line that the command writes; "" for none, and where it is not installed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return ""
    return next(iter((done.stdout or done.stderr).strip().splitlines()), "")


def busy() -> str | None:
    """A warning where other work would disturb the run, else None."""
    one = os.getloadavg()[0]
    if one < 0.5:  # noqa: PLR2004 - half a processor
        return None
    return f"This machine is busy (load {one:.2f} in the minute before the run): take the numbers as noise."


def _field(file: str, key: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""
