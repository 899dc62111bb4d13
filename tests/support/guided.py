"""Hands a reader to atheris, whose changes are guided by the code that they reach.

    PYTHONPATH=tests python -m support.guided READER -runs=100000

The arguments after the reader's name are libFuzzer's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["contract_tests", "mockserver"]):
    from support.fuzzing import READERS


def main() -> None:
    reader = READERS[sys.argv.pop(1)]()
    corpus = Path(tempfile.mkdtemp())
    for number, sample in enumerate(reader.samples):
        (corpus / str(number)).write_bytes(sample)
    atheris.Setup([*sys.argv, str(corpus)], reader.read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
