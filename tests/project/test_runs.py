"""What `make flakes` and `make audit` say, the order of the tests, and what their short form leaves out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from support.audit import verdict
from support.flakes import differences, main, outcomes, run
from support.order import shuffle
from support.processes import environment


def case(name: str, outcome: str = "") -> str:
    return f'<testcase classname="tests.test_a" name="{name}">{outcome}</testcase>'


def test_an_outcome_is_read_from_a_report() -> None:
    cases = case("a") + case("b", "<failure/>") + case("c", "<skipped/>") + case("d", "<error/>")
    read = outcomes(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")

    assert read == {
        "tests.test_a::a": "passed",
        "tests.test_a::b": "failure",
        "tests.test_a::c": "skipped",
        "tests.test_a::d": "error",
    }


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ({"1": {"a": "passed"}, "2": {"a": "passed"}}, []),
        ({"1": {"a": "skipped"}, "2": {"a": "skipped"}}, []),
        ({"1": {"a": "failure"}, "2": {"a": "failure"}}, ["a: failure in most runs"]),
        ({"1": {"a": "passed"}, "2": {"a": "failure"}, "3": {"a": "passed"}}, ["a: failure in 2, else passed"]),
        ({"1": {"a": "passed"}, "2": {"a": "skipped"}, "3": {"a": "passed"}}, ["a: skipped in 2, else passed"]),
        ({"1": {"a": "passed"}, "2": {"a": "passed"}, "3": {}}, ["a: not there in 3, else passed"]),
    ],
)
def test_what_fails_or_differs_between_runs_is_listed(
    runs: Mapping[str, Mapping[str, str]], told: Sequence[str]
) -> None:
    assert differences(runs) == told


def test_a_run_varies_zone_locale_and_hashes_and_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser): parser.addoption('--seed')\n", encoding="utf-8"
    )
    (tmp_path / "test_zone.py").write_text(
        "import os\ndef test_zone(): assert os.environ['TZ'] == '<+12>-12'\ndef test_locale(): assert 0\n",
        encoding="utf-8",
    )
    told, found = run(0, ["-p", "no:cacheprovider", str(tmp_path)], tmp_path)

    assert told.startswith("run 1 TZ='<+12>-12' LC_ALL='C' PYTHONHASHSEED='")
    assert sorted(found.values()) == ["failure", "passed"]


def test_a_run_that_hangs_is_ended_and_told_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[Sequence[str]] = []

    def hang_first(words: Sequence[str], *, timeout: float, **_: object) -> None:
        begun.append(words)
        if len(begun) == 1:
            raise subprocess.TimeoutExpired(words, timeout)
        (report,) = (word.partition("=")[2] for word in words if word.startswith("--junitxml="))
        Path(report).write_text(f"<testsuite>{case('a')}</testsuite>", encoding="utf-8")

    monkeypatch.setattr("support.flakes.subprocess.run", hang_first)
    code = main(["2"])
    _, _, outcome, *lines = capsys.readouterr().err.splitlines()

    assert code == 1
    assert outcome == "2 runs, 1 outcomes, 1 failed or differ"
    assert [line.partition(" TZ=")[0] for line in lines] == ["run 1"]
    assert lines[0].endswith(": has no outcomes")


def test_a_seed_gives_one_order_and_keeps_files_together() -> None:
    items: list[Any] = [SimpleNamespace(path=path, name=f"{path}{n}") for path in "abc" for n in range(9)]
    orders = {}
    for seed in range(20):
        shuffled, again = items[:], items[:]
        shuffle(cast("list[pytest.Item]", shuffled), seed)
        shuffle(cast("list[pytest.Item]", again), seed)
        assert shuffled == again
        files = [item.path for item in shuffled]
        assert len([1 for one, next_ in pairwise(files) if one != next_]) == 2
        orders[seed] = tuple(item.name for item in shuffled)

    assert len({*orders.values()}) == 20


WEAK = {"id": "ADV-1", "fix_versions": ["1.1"]}


CASES = """
import pytest

@pytest.mark.few(4)
@pytest.mark.parametrize("way", [1, 2])
@pytest.mark.parametrize("case", "abcd")
def test_one(case, way): print(case, way)

@pytest.mark.parametrize("more", [1, 2, 3])
def test_two(more): print("more", more)

def test_three(torture): print("long")
"""
EVERY = {f"{case} {way}" for case in "abcd" for way in "12"}
OTHER = {"more 1", "more 2", "more 3"}


def test_the_short_and_the_long_form_have_each_case_together(tmp_path: Path) -> None:
    few = ran(tmp_path)
    left_out = ran(tmp_path, "--torture", "0.01")
    two = ran(tmp_path, "--cases", "2")

    assert len(few & EVERY) == 4
    assert {case[0] for case in few & EVERY} == {*"abcd"}
    assert {case[2] for case in few & EVERY} == {*"12"}
    assert few - EVERY == OTHER | {"long"}
    assert left_out == EVERY - few | {"long"}
    assert [len(two & EVERY), len(two & OTHER)] == [2, 2]


def ran(tmp_path: Path, *options: str) -> set[str]:
    tests = Path(__file__).parents[1]
    (tmp_path / "test_cases.py").write_text(CASES, encoding="utf-8")
    words = ["-m", "pytest", "-qs", "-c", tests.parent / "pyproject.toml", "--rootdir", tests.parent]
    more = ["-p", "conftest", "-p", "no:cacheprovider", *options, tmp_path]
    done = subprocess.run(
        [sys.executable, *words, *more],
        cwd=tests,
        env=environment(PYTHONPATH=str(tests)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    return {line for line in done.stdout.replace(".", "").splitlines() if re.fullmatch(r"[abcd] \d|more \d|long", line)}


@pytest.mark.parametrize(
    ("parts", "code", "shown"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "1 of 1 packages audited, 0 known weaknesses"),
        ([{"name": "a", "version": "1", "vulns": [WEAK]}], 1, "a 1: ADV-1, mended in 1.1"),
        ([{"name": "a", "skip_reason": "not found"}], 2, "has no answer for a;"),
        (None, 2, "could not be asked: no route;"),
    ],
)
def test_an_audit_says_what_it_could_not_learn(parts: Any, code: int, shown: str) -> None:
    ended, lines = verdict(json.dumps({"dependencies": parts}) if parts else "", "no route")

    assert ended == code
    assert shown in "\n".join(lines)
