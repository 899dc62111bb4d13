"""Writes the descriptions of the XML and CSV answers in schemas/, made from the JSON Schemas and the default profile.

`python -m contract_tests.contract.generate --write` or `--check`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract_tests.contract.csvw import TABLES, csvw
from contract_tests.contract.xsd import FAMILIES, xsd
from mockserver import data


def files() -> Mapping[Path, bytes]:
    """Every generated file of schemas/, with what it has to hold."""
    schemas = data.path("schemas")
    made = {schemas / "xml" / f"{name}.xsd": xsd(name) for name in FAMILIES}
    return made | {schemas / "csv" / f"{name}.json": _json(csvw(name)) for name in TABLES}


def _json(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def out_of_step() -> list[Path]:
    """The files that are not what they have to be, and those that nothing makes."""
    made = files()
    stray = [f for folder in {f.parent for f in made} if folder.is_dir() for f in folder.iterdir() if f not in made]
    return sorted([*stray, *(f for f, held in made.items() if not f.is_file() or f.read_bytes() != held)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files, or checks them; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m contract_tests.contract.generate", description=__doc__)
    todo = parser.add_mutually_exclusive_group(required=True)
    todo.add_argument("--write", action="store_true", help="write the files anew")
    todo.add_argument("--check", action="store_true", help="exit 1 where a file is out of step")
    if parser.parse_args(arguments).write:
        for file, held in files().items():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(held)
        return 0
    wrong = out_of_step()
    for file in wrong:
        sys.stderr.write(f"{file} is out of step; run python -m contract_tests.contract.generate --write\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
