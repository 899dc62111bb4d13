"""Readers of what others write, with samples that are changed at random: none ends in an error of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.fuzzing import READERS, inputs
from support.torture import Torture

COUNTS = {
    "json": (3_000, 300_000),
    "xml": (1_000, 250_000),
    "csv": (400, 200_000),
    "requests": (1_000, 250_000),
    "configuration": (150, 20_000),
    "control": (400, 50_000),
}
"""Inputs of the short form and of the long one, which are more than a million together."""
SLOWEST = 5.0
"""Seconds of the processor that one input may take."""


@pytest.mark.parametrize("name", COUNTS)
def test_no_input_ends_a_reader_in_an_error_of_its_own(name: str, torture: Torture) -> None:
    reader, count = READERS[name](), torture.scale(*COUNTS[name])
    slowest = 0.0
    for number, data in enumerate(inputs(reader.samples, count, seed=count)):
        began = time.thread_time()
        try:
            reader.read(data)
        except Exception as error:
            error.add_note(f"input {number}: {data!r}")
            raise
        slowest = max(slowest, time.thread_time() - began)
    torture.figure(f"inputs of {name}", count)
    torture.figure(f"the slowest input of {name}", f"{slowest * 1000:.0f} ms")

    assert slowest < SLOWEST


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed: pip install atheris, where it runs"
)
@pytest.mark.parametrize("name", COUNTS)
def test_no_input_that_new_code_leads_to_ends_a_reader(name: str, torture: Torture, tmp_path: Path) -> None:
    runs = torture.scale(100, COUNTS[name][1])
    command = [sys.executable, "-m", "support.guided", name, f"-runs={runs}", "-seed=1", "-timeout=5"]
    tests = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
        cwd=tmp_path,
    )
    torture.figure(f"inputs of {name}, guided by coverage", runs)

    assert done.returncode == 0, done.stderr[-3000:]
