"""Runs the tests again and again, each time in another order, zone and locale, and lists what differs: `make flakes`.

python -m support.flakes RUNS [options of pytest]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from xml.etree import ElementTree as ET

# Rules of zones in full: a name is UTC on a machine that lacks the data of zones.
ZONES = ("<+12>-12", "NST3:30NDT,M3.2.0,M11.1.0", "UTC0")
LOCALES = ("C", "tr_TR.UTF-8", "C.UTF-8", "de_DE.UTF-8")

LONGEST = 60 * 60
"""Seconds that a run may take, many times what it does: one that hangs is ended, and has no outcomes."""

Outcomes = Mapping[str, str]


def outcomes(report: str) -> Outcomes:
    """What became of each test in a report in JUnit's format."""
    return {
        f"{case.get('classname')}::{case.get('name')}": next(
            (child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed"
        )
        for case in ET.fromstring(report).iter("testcase")
    }


def differences(runs: Mapping[str, Outcomes]) -> list[str]:
    """A line for each test that failed, or that not every run has the same of."""
    lines = []
    for name in sorted({name for run in runs.values() for name in run}):
        of_each = {run: told.get(name, "not there") for run, told in runs.items()}
        usual = max(of_each.values(), key=[*of_each.values()].count)
        if usual in ("failure", "error"):
            lines.append(f"{name}: {usual} in most runs")
        lines += [f"{name}: {told} in {run}, else {usual}" for run, told in of_each.items() if told != usual]
    return lines


def run(number: int, options: Sequence[str], folder: Path) -> tuple[str, Outcomes]:
    """A run, as the options and variables that repeat it, and what became of its tests."""
    seed, hashes = (SystemRandom().randrange(1, 10**6) for _ in range(2))
    varied = {
        "TZ": ZONES[number % len(ZONES)],
        "LC_ALL": LOCALES[number % len(LOCALES)],
        "PYTHONHASHSEED": str(hashes),
    }
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    told = " ".join([f"run {number + 1}", *(f"{k}='{v}'" for k, v in varied.items()), f"--seed {seed}"])
    sys.stderr.write(f"{told}\n")
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "--seed", str(seed), *options],
            env={**os.environ, **varied},
            timeout=LONGEST,
            check=False,
        )
    return told, outcomes(report.read_text(encoding="utf-8")) if report.exists() else {}


def main(words: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        runs = dict(run(number, words[1:], Path(folder)) for number in range(int(words[0])))
    found = [f"{told}: has no outcomes" for told, found in runs.items() if not found]
    found += differences({told: found for told, found in runs.items() if found})
    outcome = f"{len(runs)} runs, {sum(map(len, runs.values()))} outcomes, {len(found)} failed or differ"
    sys.stderr.write("\n".join([outcome, *found, ""]))
    return 1 if found or not runs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
