"""The structure of the packages: each name has one home, and each room says what it is."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mockserver", "contract_tests")
FRONTS = {"mockserver/__init__.py", "mockserver/testing.py", "contract_tests/__init__.py", "contract_tests/conftest.py"}
"""The public surface, which hands on names of the rooms."""

SAME_BY_KIND = {"cli", "formats", "decode"}
"""Rooms whose files are named by a command or a format, which stands in other rooms, too."""


def files(package: str) -> Iterator[Path]:
    return (file for file in sorted((ROOT / package).rglob("*.py")))


def module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(file): file for package in PACKAGES for file in files(package)}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def defined(file: Path) -> set[str]:
    """The names that a module defines at its top level."""
    names: set[str] = set()
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
    return names


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Module and name of each import of the project's own names."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("package", PACKAGES)
def test_each_name_is_imported_from_the_module_that_defines_it(package: str) -> None:
    strays = [
        f"{module(file)} takes {name} from {source}"
        for file in files(package)
        if str(file.relative_to(ROOT)) not in FRONTS
        for source, name in imports(file)
        if f"{source}.{name}" not in MODULES and name not in defined(MODULES[source])
    ]

    assert strays == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_modules_of_a_package_share_a_name(package: str) -> None:
    names = Counter(
        file.stem for file in files(package) if file.stem != "__init__" and file.parent.name not in SAME_BY_KIND
    )

    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_classes_of_a_package_share_a_name(package: str) -> None:
    names = Counter(
        node.name for file in files(package) for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef)
    )

    assert [name for name, times in names.items() if times > 1] == []


def test_each_module_says_in_its_first_line_what_it_is() -> None:
    texts = {name: ast.get_docstring(tree(file)) for name, file in MODULES.items()}

    assert [name for name, text in texts.items() if not text] == []


def test_architecture_names_every_room() -> None:
    told = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {
        child.name + ("/" if child.is_dir() else "")
        for package in PACKAGES
        for child in (ROOT / package).iterdir()
        if (child / "__init__.py").is_file()
    }

    assert {room for room in rooms if f"`{room}`" not in told} == set()
