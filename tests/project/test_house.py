"""The structure of the packages: each name has one home, and each room says what it is."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from pkgutil import resolve_name

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mockserver", "contract_tests")
FRONTS = {
    "mockserver/__init__.py",
    "mockserver/testing/__init__.py",
    "mockserver/web/__init__.py",
    "contract_tests/__init__.py",
    "contract_tests/conftest.py",
}
"""The public surface, which hands on names of the rooms."""
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")

SAME_BY_KIND = {"cli", "formats", "decode", "routes"}
"""Rooms whose files are named by a command, a format or a resource, which stands in other rooms, too."""


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


def test_of_the_mock_the_suite_imports_its_data_alone() -> None:
    taken = {
        module if module != "mockserver" else f"{module}.{name}"
        for file in files("contract_tests")
        for module, name in imports(file)
        if module.partition(".")[0] == "mockserver"
    }

    assert taken == {"mockserver.data"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES)

    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()


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


def test_the_init_of_a_room_is_a_docstring_alone() -> None:
    inits = [file for file in MODULES.values() if file.name == "__init__.py"]
    rooms = [file for file in inits if str(file.relative_to(ROOT)) not in FRONTS]

    assert [str(file) for file in rooms if len(ast.parse(file.read_text(encoding="utf-8")).body) != 1] == []


def layers(package: str) -> tuple[list[list[str]], set[str]]:
    """The layers of import-linter's contract for the package, the top one first, and the names that it ignores."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    contract = next(row for row in contracts if row.get("containers") == [package])
    return [re.split(r" [|:] ", layer) for layer in contract["layers"]], {*contract["exhaustive_ignores"]}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_architecture_shows_the_layers_in_their_order(package: str) -> None:
    section = page("ARCHITECTURE.md").partition(f"## The rooms of `{package}`\n")[2].partition("\n## ")[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]

    assert [re.findall(r"`(\w+)", cell) for cell in firsts] == layers(package)[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_stands_in_a_layer(package: str) -> None:
    above, ignored = layers(package)
    modules = {file.stem for file in (ROOT / package).glob("*.py")} - {Path(front).stem for front in FRONTS}
    rooms = {file.parent.name for file in (ROOT / package).glob("*/__init__.py")}

    assert {*rooms, *modules} - {"__init__"} - ignored == {room for layer in above for room in layer}


PATH = re.compile(r"(?<![\w/.])(?:[a-z_]+/[\w./]*|\w+\.(?:py|md|toml))")
MODULE = re.compile(r"`((?:mockserver|contract_tests)\.[\w.]+)`")


def exists(path: str) -> bool:
    """Whether a path is there: in the repository, or in a package, also without its ending."""
    found = [
        folder / f"{path.rstrip('.')}{end}" for folder in (ROOT, *map(ROOT.joinpath, PACKAGES)) for end in ("", ".py")
    ]
    return any(file.exists() for file in found)


@pytest.mark.parametrize("name", PAGES)
def test_every_path_of_a_page_exists(name: str) -> None:
    paths = PATH.findall(page(name))

    assert len(paths) > 20
    assert [path for path in paths if not exists(path)] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_module_of_a_page_can_be_imported(name: str) -> None:
    for found in MODULE.findall(page(name)):
        module, _, last = found.rpartition(".")
        resolve_name(found if found in MODULES else f"{module}:{last}")
