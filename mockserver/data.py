"""Finds `schemas/` and `fixtures/`: beside the package in a checkout, inside it in a wheel.

The one module of the mock that contract_tests may import too, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent
DIRECTORIES = ("schemas", "fixtures")


class MissingDataError(FileNotFoundError):
    """A file or directory that the installed project should have, and has not."""


class BrokenDataError(ValueError):
    """A file of the project's own data that can't be read; says which, where in it and why."""


def path(*parts: str) -> Path:
    """The file or directory of the given parts, such as `path("schemas", "clauses.toml")`.

    A part may hold slashes. Raises MissingDataError where there is none, and for one outside of the directories.
    """
    steps = [step for part in parts for step in part.replace("\\", "/").split("/")]
    if not steps or steps[0] not in DIRECTORIES or not {"", ".", ".."}.isdisjoint(steps):
        raise MissingDataError(
            f"{'/'.join(parts)!r} is no data of ifind-mock; it begins with {' or '.join(DIRECTORIES)}"
        )
    found = _root(steps[0]).joinpath(*steps)
    if not os.path.exists(found):
        raise MissingDataError(_missing(found, "/".join(steps)))
    return found


def toml(*parts: str) -> dict[str, Any]:
    """The TOML file of the given parts, read.

    Raises MissingDataError as `path`, and BrokenDataError for what is no TOML.
    """
    file = path(*parts)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenDataError(f"{file} is no TOML: {error}") from error


def _root(directory: str) -> Path:
    """Inside first: beside an installed package, a directory of such a name is some other project's."""
    return PACKAGE if (PACKAGE / directory).is_dir() else PACKAGE.parent


def _missing(wanted: Path, name: str) -> str:
    if not os.path.isdir(wanted.parent):
        return (
            f"{name!r} is not here: {wanted.parent} is missing; install ifind-mock again, or run it in a whole checkout"
        )
    near = get_close_matches(wanted.name, [f.name for f in wanted.parent.iterdir()], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{name!r} is not in {wanted.parent}{hint}"
