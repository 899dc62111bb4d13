"""Finds `schemas/` and `fixtures/`: beside the package in a checkout, inside it in a wheel.

contract_tests may import only this module of the mock and `textfiles`, so it imports only the standard library.
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
    """A file or directory of the project's own data is missing."""


class BrokenDataError(ValueError):
    """A file of the project's own data can't be read; says which, where in it and why."""


def path(*parts: str) -> Path:
    """The file or directory of the given parts, such as `path("schemas", "clauses.toml")`. A part may contain slashes.
    Raises MissingDataError for a path that is missing or outside of the directories.
    """
    steps = [step for part in parts for step in part.replace("\\", "/").split("/")]
    if not steps or steps[0] not in DIRECTORIES or not {"", ".", ".."}.isdisjoint(steps):
        raise MissingDataError(
            f"{'/'.join(parts)!r} is not data of ifind-mock; it begins with {' or '.join(DIRECTORIES)}"
        )
    # Inside first: a directory of that name beside an installed package belongs to another project.
    root = PACKAGE if (PACKAGE / steps[0]).is_dir() else PACKAGE.parent
    found = root.joinpath(*steps)
    if not os.path.exists(found):  # noqa: PTH110 - Path.exists raises for a name that is too long
        name = "/".join(steps)
        if not os.path.isdir(found.parent):  # noqa: PTH112 - as above
            remedy = "install ifind-mock again, or run it in a whole checkout"
            raise MissingDataError(f"{name!r} is not here: {found.parent} is missing; {remedy}")
        near = get_close_matches(found.name, [f.name for f in found.parent.iterdir()], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise MissingDataError(f"{name!r} is not in {found.parent}{hint}")
    return found


def toml(*parts: str) -> dict[str, Any]:
    """The content of a TOML file. Raises MissingDataError as `path`, and BrokenDataError for what is not TOML."""
    file = path(*parts)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenDataError(f"{file} is not TOML: {error}") from error
