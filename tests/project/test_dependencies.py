"""Dependencies: each is declared, used, locked, and in the list of what a release is made of."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from support.needed import release_tool

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
OPTIONAL = [Requirement(line) for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra]
DEVELOPMENT = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
RELEASE = [Requirement(line) for line in PROJECT["dependency-groups"]["release"]]
SITE = [Requirement(line) for line in PROJECT["dependency-groups"]["docs"]]
FUZZING = [Requirement(line) for line in PROJECT["dependency-groups"]["fuzz"]]
OWN = {"ifind-mock"}

USED_OTHERWISE = {
    "ruff": ("Makefile", "ruff check"),
    "mypy": ("Makefile", "$(BIN)/mypy"),
    "import-linter": ("Makefile", "lint-imports"),
    "build": ("Makefile", "-m build"),
    "pytest-xdist": ("Makefile", "--dist"),
    "gunicorn": ("docs/deployment.md", "\ngunicorn --workers"),
    "hatch-fancy-pypi-readme": ("pyproject.toml", "fancy-pypi-readme]"),
    "hatchling": ("pyproject.toml", 'build-backend = "hatchling.build"'),
    "check-jsonschema": ("docs/schemas.md", "check-jsonschema --schemafile"),
    "editables": ("Makefile", "--no-build-isolation --editable"),
    "lxml-stubs": ("pyproject.toml", "lxml"),
    "types-jsonschema": ("pyproject.toml", "jsonschema"),
    "types-pyyaml": ("pyproject.toml", "pyyaml"),
}
"""Distributions that no test imports, and the file and text that need them."""


def named(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements}


@cache
def imported(*folders: str) -> frozenset[str]:
    """The distributions whose modules the files of some folders import."""
    modules: set[str] = set()
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    providers = packages_distributions()
    return frozenset(
        canonicalize_name(provider)
        for module in modules - sys.stdlib_module_names
        for provider in providers.get(module, ())
    ) - {*OWN}


def test_the_packages_need_what_they_import_and_nothing_else() -> None:
    assert imported("mockserver", "contract_tests") == named(RUNTIME + OPTIONAL)


def test_what_is_optional_is_there_for_the_tests() -> None:
    assert {*map(str, OPTIONAL)} <= {*map(str, DEVELOPMENT)}


def test_the_tests_import_what_is_declared_and_the_rest_has_another_use() -> None:
    beside = named(DEVELOPMENT) - named(OPTIONAL) - imported("tests")

    assert imported("tests") - named(RUNTIME) - named(DEVELOPMENT) - named(FUZZING) == frozenset()
    assert beside == {*USED_OTHERWISE}
    assert [name for name, (file, text) in USED_OTHERWISE.items() if text not in (ROOT / file).read_text("utf-8")] == []


def lock(name: str) -> dict[str, list[tuple[str, int]]]:
    """Of each distribution in a lock file, its versions (several by platform) and how many hashes each has."""
    found: dict[str, list[tuple[str, int]]] = {}
    entries = re.split(r"\n(?=\S)", (ROOT / "locks" / name).read_text(encoding="utf-8"))
    for entry in entries:
        if not entry.startswith("#"):
            pin, *hashes = entry.split("\\\n")
            requirement = Requirement(pin)
            ((operator, version),) = [(one.operator, one.version) for one in requirement.specifier]
            assert operator == "=="
            found.setdefault(canonicalize_name(requirement.name), []).append((version, len(hashes)))
    return found


LOCKS = {
    "newest.txt": RUNTIME + DEVELOPMENT,
    "lowest.txt": RUNTIME + DEVELOPMENT,
    "runtime.txt": RUNTIME,
    "container.txt": RUNTIME + OPTIONAL,
    "release.txt": RELEASE,
    "docs.txt": SITE,
}
REMEDY = "pyproject.toml has changed: run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_fits_what_is_declared(name: str) -> None:
    locked = lock(name)
    unfit = [
        str(requirement)
        for requirement in LOCKS[name]
        if not locked.get(canonicalize_name(requirement.name))
        or not all(v in requirement.specifier for v, _ in locked[canonicalize_name(requirement.name)])
    ]

    assert unfit == [], REMEDY


def test_the_lowest_lock_holds_each_bound() -> None:
    locked = lock("lowest.txt")
    bounds = {
        canonicalize_name(r.name): min(Version(s.version) for s in r.specifier if s.operator == ">=")
        for r in LOCKS["lowest.txt"]
    }

    assert {name: min(Version(version) for version, _ in locked[name]) for name in bounds} == bounds, REMEDY


@pytest.mark.parametrize("name", LOCKS)
def test_each_line_of_a_lock_has_a_hash_and_names_no_place(name: str) -> None:
    text = (ROOT / "locks" / name).read_text(encoding="utf-8")

    assert [key for key, pins in lock(name).items() if not all(hashes for _, hashes in pins)] == []
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)


def test_nothing_that_slows_each_import_of_jsonschema_is_beside_the_tests() -> None:
    assert "rfc3987-syntax" not in lock("newest.txt").keys() | lock("lowest.txt").keys()


def needed(names: set[str]) -> set[str]:
    """Distributions and all that they need on this machine."""
    found, left = set[str](), [*names]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            lines = [Requirement(line) for line in distribution(name).requires or ()]
            left += [canonicalize_name(r.name) for r in lines if not r.marker or r.marker.evaluate({"extra": ""})]
    return found


@pytest.mark.once
def test_the_list_of_a_release_names_what_the_wheel_needs_and_nothing_else(tmp_path: Path) -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndist:")[2].partition("\n\n")[0]
    command = re.search(r"-m (cyclonedx_py .*)\Z", recipe.replace("\\\n", ""), re.DOTALL)
    assert command
    words = command[1].replace("dist/ifind-mock.cdx.json", str(tmp_path / "made.json")).split()
    subprocess.run([release_tool("python"), "-W", "ignore", "-m", *words], cwd=ROOT, check=True, capture_output=True)
    made = json.loads((tmp_path / "made.json").read_text(encoding="utf-8"))
    listed = {canonicalize_name(part["name"]): part for part in made["components"]}

    assert made["bomFormat"] == "CycloneDX"
    assert made["metadata"]["component"]["name"] == PROJECT["project"]["name"]
    assert made["metadata"]["component"]["version"] == PROJECT["project"]["version"]
    assert {name: {part["version"]} for name, part in listed.items()} == {
        name: {version for version, _ in pins} for name, pins in lock("runtime.txt").items()
    }
    assert needed(named(RUNTIME)) <= listed.keys()
    assert listed.keys() & (named(DEVELOPMENT) - needed(named(RUNTIME))) == set()
