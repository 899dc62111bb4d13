"""Finding the project's own data, in a checkout and in a wheel."""

import ast
import sys
from pathlib import Path

import pytest

from mockserver import data


def test_the_data_of_a_checkout_stands_beside_the_package() -> None:
    assert data.path("schemas", "clauses.toml").is_file()
    assert data.path("fixtures/words.toml").is_file()
    assert data.path("schemas").is_dir()


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package, and beside it the directories of some other project."""
    package = tmp_path / "site-packages" / "mockserver"
    for directory in (package / "schemas", package.parent / "schemas", package / "fixtures"):
        directory.mkdir(parents=True)
    (package / "schemas" / "a.toml").write_text("mine = true", encoding="utf-8")
    (package.parent / "schemas" / "a.toml").write_text("mine = false", encoding="utf-8")
    monkeypatch.setattr(data, "PACKAGE", package)
    return package


def test_the_data_of_a_wheel_stands_inside_the_package(wheel: Path) -> None:
    assert data.path("schemas", "a.toml").parent.parent == wheel
    assert data.toml("schemas", "a.toml") == {"mine": True}


@pytest.mark.usefixtures("wheel")
def test_a_missing_file_is_named_with_the_nearest_one() -> None:
    with pytest.raises(FileNotFoundError, match=r"'schemas/b\.toml' is not in .*schemas; did you mean 'a\.toml'\?"):
        data.path("schemas", "b.toml")


def test_a_missing_directory_is_named(wheel: Path) -> None:
    (wheel / "fixtures").rmdir()

    with pytest.raises(FileNotFoundError, match=r"'fixtures/words\.toml' is not here: .*fixtures is missing"):
        data.path("fixtures", "words.toml")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "core",
        "schemas/../core/words.py",
        "schemas//clauses.toml",
        "/etc/passwd",
        "schemas\\..\\data.py",
        "schemas/.",
    ],
)
def test_what_lies_outside_of_the_data_is_not_found(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="begins with schemas or fixtures"):
        data.path(name)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
@pytest.mark.parametrize("above", [(), ("b",)])
def test_a_name_that_no_file_can_have_is_not_found(name: str, above: tuple[str, ...]) -> None:
    with pytest.raises(FileNotFoundError):
        data.path("schemas", *above, name)


def test_a_broken_file_is_named_with_the_place(wheel: Path) -> None:
    (wheel / "schemas" / "a.toml").write_text("mine = \n", encoding="utf-8")

    with pytest.raises(data.BrokenDataError, match=r"a\.toml: line 1: the value of mine is missing; write one"):
        data.toml("schemas", "a.toml")


def test_the_module_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(data.__file__).read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)
