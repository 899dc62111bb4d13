"""Puts the peers into a folder of the user's, and tells their versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import first_line
from benchmarks.results import Trouble


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the peers are."""

    folder: Path
    versions: Mapping[str, str]  # by package

    def node(self, package: str, path: str) -> Path:
        """A file of a package of npm, whose path may have stars for a version. Raises Trouble without it."""
        found = sorted((self.folder / "node_modules" / package).glob(path))
        if not found:
            raise Trouble(f"there is no {path} in the package {package}: it is not installed, or laid out anew.")
        return found[0]

    def python(self, command: str) -> Path:
        """A command of the virtual environment."""
        return self.folder / "python" / "bin" / command


def cache() -> Path:
    """Where the peers go without --cache: the user's folder of caches."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ifind-mock-benchmarks"


def install(folder: Path, node: Sequence[str], python: Sequence[str]) -> tuple[Installed, list[str]]:
    """Installs what is missing of those packages, and what could not be installed, as messages. What is there stays as
    it is: an emptied folder brings the newest versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    troubles: list[str] = []
    if missing := [package for package in node if not _manifest(folder, package).exists()]:
        npm = [*("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)), *missing]
        troubles += _run(npm, folder, "It comes with Node.js, which most of the peers need")
    if python and not (folder / "python" / "bin" / "pip").exists():
        environment = [sys.executable, "-m", "venv", str(folder / "python")]
        troubles += _run(environment, folder, "The virtual environment was not made")
    if missing := [package for package in python if not (folder / "python" / "bin" / package).exists()]:
        pip = [str(folder / "python" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *missing]
        troubles += _run(pip, folder, "It comes with Python's own venv; on Debian, of the package python3-venv")
    versions = {
        package: json.loads(_manifest(folder, package).read_text(encoding="utf-8"))["version"]
        for package in node
        if _manifest(folder, package).exists()
    }
    for package in python:
        if (folder / "python" / "bin" / package).exists():
            asked = f"import importlib.metadata as m; print(m.version({package!r}))"
            versions[package] = first_line([str(folder / "python" / "bin" / "python"), "-c", asked])
    return Installed(folder, versions), troubles


def _manifest(folder: Path, package: str) -> Path:
    return folder / "node_modules" / package / "package.json"


def _run(command: Sequence[str], folder: Path, hint: str) -> list[str]:
    sys.stderr.write(f"installing into {folder}: {' '.join(command)}\n")
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return [f"{command[0]} is not there. {hint}."]
    if done.returncode == 0:
        return []
    return [f"`{' '.join(command)}` ended with code {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}"]
