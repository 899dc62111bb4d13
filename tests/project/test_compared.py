"""docs/compared.md names tests, routes and options of this mock that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click

from mockserver.cli.serve import command
from mockserver.web.control import ROOT, route_table

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "compared.md").read_text(encoding="utf-8")
CELLS = [cell for cell in re.findall(r"^\|.*\| (.*) \|$", PAGE, re.MULTILINE) if cell != "here"]
"""What the tables say of this mock: the last cell of each row."""
MORE = re.findall(r"^- .*::.*$", PAGE, re.MULTILINE)
TEST = re.compile(r"`(tests/\S+\.py)::(\w+)`")


def defined(file: str) -> set[str]:
    """The functions of a file and of its classes, without those in texts that it writes."""
    tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_row_names_a_test() -> None:
    assert len(CELLS) > 25
    assert [cell for cell in CELLS if not TEST.search(cell)] == []


def test_the_tests_that_are_named_exist() -> None:
    named = TEST.findall(PAGE)
    functions = {file: defined(file) for file, _ in named}

    assert len(named) == PAGE.count("::")
    assert [f"{file}::{name}" for file, name in named if name not in functions[file]] == []


def test_the_routes_that_are_named_exist() -> None:
    # The page writes a part that changes in capitals, as docs/control-api.md does.
    table = {re.sub("<[^>]*>", "*", path): methods for path, methods in route_table().items()}
    named = re.findall(rf"`([A-Z]+) {ROOT}(/[^`]*)`", PAGE)

    assert len(named) == PAGE.count(f"{ROOT}/") > 5
    assert [route for route in named if route[0] not in table.get(re.sub("[A-Z]+", "*", route[1]), {})] == []


def test_the_options_that_are_named_are_those_of_serve() -> None:
    options = {name for one in command.params if isinstance(one, click.Option) for name in one.opts}
    named = re.findall(r"`(--[a-z-]+)`", "\n".join(CELLS + MORE))

    assert len(named) > 5
    assert [name for name in named if name not in options] == []
