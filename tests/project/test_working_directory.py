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
    "mutants": ("mutants", "--quick", "id-is-text", "cost-is-0", "--jobs", "2"),
}


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("command", "start"),
    # `-m` is the start that looks into the directory; the processes that mutants starts search where the first one did.
    [
        ("check", "module"),
        ("check", "script"),
        *((command, "module") for command in COMMANDS if command != "check"),
        ("validate", "script"),
    ],
)
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


USERS_TEST = """
from mockserver.testing import DoesNotConform, assert_conforms

import contract_tests.theirs


def test_theirs():
    assert assert_conforms(b'{"status": "ok", "id": 1}', method="create")["id"] == 1
    assert assert_conforms(b"status,id\\r\\nok,1\\r\\n", method="create")["id"] == 1
    assert assert_conforms(b"<r><status>ok</status><id>1</id></r>", method="create")["id"] == 1
    try:
        assert_conforms(b'{"status": "ok"}', method="create")
    except DoesNotConform as error:
        assert contract_tests.theirs.WORD in str(error)
"""


@pytest.mark.parametrize("how", [["-m", "pytest"], ["-c", "import pytest; raise SystemExit(pytest.main())"]])
def test_a_users_own_contract_tests_may_use_the_checks_of_the_suite(how: list[str], tmp_path: Path) -> None:
    own = tmp_path / "contract_tests"
    own.mkdir()
    (own / "__init__.py").touch()
    (own / "theirs.py").write_text("WORD = 'create.ok'", encoding="utf-8")
    (own / "test_it.py").write_text(USERS_TEST, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *how], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
