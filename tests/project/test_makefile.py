"""`make` on machines that are not as they should be: it says what is wrong, and mends what it has left half-made.

The environments are real, and their pip is a stand-in that writes down what it is asked for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.processes import environment

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.once

OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "VENV", "LOCK", "MARKS", "ARGS", "PORT"}
"""What a make that runs these tests hands on."""

PIP = """
import os, signal, sys
with open(os.environ["PIP_LOG"], "a") as log:
    print(*sys.argv[1:], file=log)
if os.environ.get("PIP_IS") == "killed":
    os.killpg(0, signal.SIGKILL)
if os.environ.get("PIP_IS") == "failing":
    sys.exit("no network")
if "--editable" in sys.argv:
    path = os.path.join(sys.prefix, "bin", "ifind-mock")
    with open(path, "w") as file:
        file.write('#!/bin/sh\\necho runs "$@"\\n')
    os.chmod(path, 0o755)
"""

GOOD = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  {python} -m venv --without-pip "$3" && cd "$3"/lib/python*/site-packages && cp {pip} pip.py
else
  exec {python} "$@"
fi
"""
OLD = """#!/bin/sh
[ "$1" = --version ] && echo Python 3.9.18
[ "$1" = --version ]
"""
OTHER = """#!/bin/sh
case "$2" in *base_prefix*) echo /opt/another 3 99 ;; *) exec {good} "$@" ;; esac
"""
WITHOUT_VENV = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3"/bin && touch "$3"/pyvenv.cfg && ln -s {python} "$3"/bin/python
  echo ensurepip is not available
  exit 1
fi
exec {python} "$@"
"""


@dataclass
class Checkout:
    """A folder with what make reads, and stand-ins for Python beside it."""

    folder: Path
    pythons: Path

    @property
    def log(self) -> list[str]:
        """What pip was asked for."""
        log = self.pythons / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def make(self, *args: str, python: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """make, where `python3` is the good stand-in unless a variable names another one."""
        path = f"{self.pythons}:{os.environ['PATH']}"
        inherited = environment(PATH=path, PIP_LOG=str(self.pythons / "log"))
        plain = {name: value for name, value in inherited.items() if name not in OF_MAKE}
        named = [f"PYTHON={self.pythons / python}"] if python else []
        return subprocess.run(
            ["make", "--no-print-directory", *args, *named],
            cwd=self.folder,
            env={**plain, **more},
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=60,
            check=False,
        )

    def runs(self, *args: str, **more: str) -> list[str]:
        """What make run has done: the last line that the mock's stand-in prints."""
        done = self.make("run", *args, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1].split()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, pythons = tmp_path / "a checkout", tmp_path / "pythons"
    folder.mkdir()
    pythons.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (pythons / "pip.py").write_text(PIP, encoding="utf-8")
    names = {"python": sys.executable, "pip": pythons / "pip.py", "good": pythons / "python3"}
    for name, text in (("python3", GOOD), ("old", OLD), ("other", OTHER), ("without-venv", WITHOUT_VENV)):
        (pythons / name).write_text(text.format(**names), encoding="utf-8")
        (pythons / name).chmod(0o755)
    return Checkout(folder, pythons)


def test_the_first_run_installs_and_the_second_does_not(checkout: Checkout) -> None:
    assert checkout.runs() == ["runs", "serve"]
    installed = checkout.log
    assert checkout.runs() == ["runs", "serve"]

    assert len(installed) == 1
    assert checkout.log == installed


def test_options_and_port_reach_the_mock(checkout: Checkout) -> None:
    assert checkout.runs("PORT=9000", "ARGS=--delay 5s") == ["runs", "serve", "--port", "9000", "--delay", "5s"]
    assert checkout.runs(PORT="9001") == ["runs", "serve", "--port", "9001"]
    assert checkout.runs("IFIND_MOCK_PORT=9002") == ["runs", "serve"]


@pytest.mark.parametrize("stray", ["PROT=9000", "python=python3.12", "DELAY=5s"])
def test_a_variable_that_nothing_reads_is_refused(stray: str, checkout: Checkout) -> None:
    done = checkout.make("run", stray)

    assert done.returncode == 2
    assert f"{stray.partition('=')[0]}: nothing reads this variable. There are PYTHON" in done.stderr
    assert checkout.log == []


@pytest.mark.parametrize(("python", "told"), [("old", "is Python 3.9.18"), ("none", "is not there")])
def test_a_python_that_will_not_do_is_told_and_touches_nothing(python: str, told: str, checkout: Checkout) -> None:
    done = checkout.make("run", python=python)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Python 3.11 or newer is needed. Name one: make run PYTHON=python3.12" in done.stderr
    assert not (checkout.folder / ".venv").exists()

    assert checkout.runs() == ["runs", "serve"]
    assert checkout.make("run", python=python).returncode == 2
    assert checkout.runs() == ["runs", "serve"]
    assert len(checkout.log) == 1


def test_an_environment_that_is_there_serves_where_python3_will_not_do(checkout: Checkout) -> None:
    checkout.runs(python="python3")
    (checkout.pythons / "python3").write_bytes((checkout.pythons / "old").read_bytes())

    assert checkout.runs() == ["runs", "serve"]
    assert len(checkout.log) == 1


def test_without_python3_venv_it_says_what_to_install_and_works_after_that(checkout: Checkout) -> None:
    done = checkout.make("run", python="without-venv")

    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr
    assert checkout.runs() == ["runs", "serve"]


@pytest.mark.parametrize("end", ["killed", "failing"])
@pytest.mark.parametrize("target", ["run", "lint"])
def test_an_installation_that_was_cut_off_begins_anew(end: str, target: str, checkout: Checkout) -> None:
    if target == "lint":
        checkout.runs()
    done = checkout.make(target, PIP_IS=end)
    broken = checkout.folder / ".venv" / "bin" / "broken"
    broken.touch()

    assert done.returncode == (2 if end == "failing" else -signal.SIGKILL)
    assert checkout.runs() == ["runs", "serve"]
    assert not broken.exists()


def moved(checkout: Checkout) -> None:
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))


def without_its_python(checkout: Checkout) -> None:
    python = checkout.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3")


def interrupted(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / ".whole").unlink()


@pytest.mark.parametrize("harm", [moved, without_its_python, interrupted])
def test_an_environment_that_can_not_work_any_more_is_made_anew(
    harm: Callable[[Checkout], None], checkout: Checkout
) -> None:
    checkout.runs()
    harm(checkout)

    assert checkout.runs() == ["runs", "serve"]
    assert checkout.runs() == ["runs", "serve"]
    assert len(checkout.log) == 2


def test_another_python_is_taken_where_it_is_named(checkout: Checkout) -> None:
    checkout.runs()
    again = checkout.make("run", python="python3")
    assert len(checkout.log) == 1, again.stdout
    checkout.runs(python="other")

    assert len(checkout.log) == 2


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Checkout) -> None:
    own = checkout.folder / "own" / "bin" / "tool"
    own.parent.mkdir(parents=True)
    own.touch()
    done = checkout.make("run", "VENV=own")

    assert done.returncode == 2
    assert "own is no virtual environment" in done.stderr
    assert own.exists()


def test_clean_takes_it_all_away(checkout: Checkout) -> None:
    checkout.runs()
    done = checkout.make("clean")

    assert done.returncode == 0
    assert sorted(path.name for path in checkout.folder.iterdir()) == ["Makefile", "pyproject.toml"]
