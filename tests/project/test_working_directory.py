"""No command imports from the working directory, whatever lies there and however the command is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import COMMAND, environment

CHECKOUT = Path(__file__).parents[2]
STARTS = {"module": COMMAND, "script": [str(Path(sys.executable).parent / "ifind-mock")]}
COMMANDS = {
    "check": ("check", "--only", "info.answers"),
    "learn": ("learn", "mock"),
    "parity": ("parity", "mock", "mock"),
    "validate": ("validate", str(CHECKOUT / "fixtures" / "documented")),
    "mutants": ("mutants", "cost-is-0", "id-is-text", "--jobs", "2"),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_users_own_contract_tests_are_not_taken_for_the_suite(command: str, start: str, tmp_path: Path) -> None:
    own = tmp_path / "contract_tests"
    own.mkdir()
    (own / "__init__.py").touch()
    (own / "conftest.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    done = subprocess.run(
        [*STARTS[start], *COMMANDS[command]],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
