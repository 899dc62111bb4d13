"""Each recipe of CONTRIBUTING.md, followed in a copy of the source: what it adds works, and no other file changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.recipes import RECIPES, ROOT, Tree

FILES: dict[str, tuple[str, ...]] = {
    "a source": (
        "mockserver/profile/editions.py",
        "contract_tests/contract/editions.py",
        "schemas/clauses.toml",
    ),
    "a format": (
        "mockserver/formats/",
        "mockserver/profile/profile.py",
        "contract_tests/decode/",
        "schemas/clauses.toml",
    ),
    "a kind of fault": ("mockserver/faults/kinds.py",),
    "a kind of fault on the socket": ("mockserver/faults/kinds.py", "mockserver/wire/delivery.py"),
    "a clause": (
        "mockserver/profile/profile.py",
        "mockserver/api/operations.py",
        "contract_tests/suite/",
        "schemas/clauses.toml",
    ),
    "a setting": ("mockserver/settings/table.py",),
    "a store": ("mockserver/stores/",),
    "a control route": ("mockserver/web/routes/",),
    "a command": ("mockserver/cli/",),
    "a report format": ("contract_tests/report/",),
    "a test of the contract": ("contract_tests/suite/",),
    "a check of a ready answer": (
        "contract_tests/contract/ready_checks.py",
        "contract_tests/captured/answer_checks.py",
        "contract_tests/suite/test_result.py",
    ),
    "a mutant": ("mockserver/mutants/tables/",),
}
"""The files that each recipe may change."""
MOST = {"a source": 3, "a format": 6, "a clause": 4, "a check of a ready answer": 3}
"""How many files each recipe changes at most; two by default."""


def written() -> dict[str, tuple[str, ...]]:
    """The recipes of CONTRIBUTING.md with the paths that each names."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("\n## Recipes\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ")][1:]
    return {cells[0].strip(): tuple(re.findall(r"`([a-z_]+/[^`]*)`", "|".join(cells[1:]))) for cells in rows}


def test_contributing_names_the_files_of_each_recipe() -> None:
    assert written() == FILES


def test_each_recipe_is_followed() -> None:
    assert {*RECIPES} == {*FILES}


@pytest.mark.few(4)
@pytest.mark.once
@pytest.mark.parametrize("name", FILES)
def test_what_a_recipe_adds_works_after_its_files_alone_were_changed(name: str, tmp_path: Path) -> None:
    tree = Tree(tmp_path, FILES[name])
    RECIPES[name](tree)

    assert len(tree.changed) <= MOST.get(name, 2)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT / "tests")])}
    check = (
        "import mockserver, contract_tests, pathlib; from support import recipes_shown as shown; "
        "assert {pathlib.Path(m.__file__).parents[1] for m in (mockserver, contract_tests)} == {pathlib.Path.cwd()}; "
        f"shown.{name.replace(' ', '_')}()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", check], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
