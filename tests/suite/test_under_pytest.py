"""The suite under plain pytest: nothing secret shows in any plugin's output, and plugins of others change nothing."""

from __future__ import annotations

import dataclasses
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import contract_tests
from support.checking import examined
from support.dumping import DUMP, FAIL
from support.processes import environment
from support.standins.people import NAMES, PHONE, rows
from support.standins.running import Standin, serving

CHECKOUT = Path(contract_tests.__file__).resolve().parents[1]
VALUES = {str(text).strip() for row in rows(PHONE, 2) for text in row.values()} | {name.strip() for name in NAMES}
SHOWN = {"avito.ru", "youla.io", "2029-12-31 23:59:59", "2030-02-03 04:05:06", "", "4500"}
"""Sites, dates and prices are nobody's."""


def alone(target: Standin, *more: str, cwd: Path = CHECKOUT, **variables: str) -> subprocess.CompletedProcess[str]:
    """`pytest contract_tests` on the target."""
    arguments = ["--target", target.url, "--poll-timeout", "5s", "-p", "no:cacheprovider", *more]
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(CHECKOUT / "contract_tests"), *arguments],
        cwd=cwd,
        env=environment(**{**target.env, **variables}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def secrets_in(text: str, target: Standin) -> list[str]:
    """What stands in the text and is secret."""
    spelled = re.sub(r"\\[nrt]", " ", text)
    return [secret for secret in (*target.env.values(), *VALUES - SHOWN) if secret in text or secret in spelled]


STYLES = {
    "long, with locals": ("--tb=long", "-l", "-vv", "-rA"),
    "short, uncaptured": ("--tb=short", "--showlocals", "-s", "-rA", "--setup-show"),
    "native": ("--tb=native", "--full-trace", "-rA", "--log-level=DEBUG"),
    "JUnit": ("-o", "junit_logging=all", "-o", "junit_log_passing_tests=true", "-q"),
}


@pytest.mark.parametrize(
    ("style", "breakage"), [*((style, None) for style in STYLES), (next(iter(STYLES)), "id as text")]
)
def test_no_output_of_pytest_and_its_plugins_shows_a_secret(style: str, breakage: str | None, tmp_path: Path) -> None:
    with serving("courier", breakage=breakage) as target:
        given = ("--phone", target.env["IFIND_PHONE"], "--junitxml", str(tmp_path / "j.xml"), "-p", "support.dumping")
        ended = alone(
            target, *STYLES[style], *given, **{DUMP: str(tmp_path / "dump"), "PYTHONPATH": str(CHECKOUT / "tests")}
        )

    assert ended.returncode in ({1} if breakage else {0, 4}), ended.stdout + ended.stderr
    assert "xfailed" in ended.stdout
    outputs = [ended.stdout, ended.stderr, *(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())]
    printed = "-s" in STYLES[style]  # what a plugin prints itself goes to the terminal at once
    for text in outputs[printed:]:
        assert secrets_in(text, target) == []


@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
def test_an_error_of_the_suite_in_any_phase_shows_no_secret(phase: str, tmp_path: Path) -> None:
    with serving("courier") as target:
        variables = {DUMP: str(tmp_path / "dump"), FAIL: phase, "PYTHONPATH": str(CHECKOUT / "tests")}
        given = ("-l", "--tb=long", "-rA", "--junitxml", str(tmp_path / "j.xml"), "-p", "support.dumping")
        ended = alone(target, *given, **variables)

    assert ended.returncode == 1, ended.stdout
    assert re.search("RuntimeError|ValueError|Failed", ended.stdout)
    for text in [ended.stdout, ended.stderr, *(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())]:
        assert secrets_in(text, target) == []


def test_objects_of_a_run_do_not_show_their_secrets() -> None:
    """Whatever a debugger or a reporter asks for its repr."""
    with serving("courier") as target:
        run = examined(target, tasks=()).run
    assert run is not None
    ours = [thing for thing in reachable(run) if type(thing).__module__.startswith("contract_tests")]

    assert {"Account", "Call", "Request", "HttpResponse", "Reply", "Decoded", "Task", "Phones", "Run"} <= {
        type(thing).__name__ for thing in ours
    }
    for thing in ours:
        assert secrets_in(repr(thing), target) == [], type(thing)


def reachable(root: object) -> Iterator[object]:
    """All that an object leads to, through fields and containers."""
    seen: dict[int, object] = {}
    rest = [root]
    while rest:
        thing = rest.pop()
        if id(thing) in seen or isinstance(thing, type | str | bytes | int | float | None.__class__):
            continue
        seen[id(thing)] = thing
        if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            rest += [getattr(thing, each.name, None) for each in dataclasses.fields(thing)]
        elif isinstance(thing, dict):
            rest += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            rest += thing
        elif type(thing).__module__.startswith("contract_tests"):
            rest += gc.get_referents(thing)
    yield from seen.values()
