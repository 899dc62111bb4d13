"""The suite under plain pytest: nothing secret shows in any plugin's output, and plugins of others change nothing."""

from __future__ import annotations

import dataclasses
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
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


def test_runxfail_makes_no_failure_of_a_refuted_assumption() -> None:
    with serving("courier") as target:
        ended = alone(target, "--runxfail", "--phone", target.env["IFIND_PHONE"])

    assert ended.returncode in (0, 4), ended.stdout
    assert "failed" not in ended.stdout.splitlines()[-1]


STYLES = {
    "long, with locals": ("--tb=long", "-l", "-vv", "-rA"),
    "short, uncaptured": ("--tb=short", "--showlocals", "-s", "-rA", "--setup-show"),
    "native, all in JUnit": ("--tb=native", "--full-trace", "-rA", "--log-level=DEBUG", "-o", "junit_logging=all"),
    "debug": ("--debug=log", "--trace-config", "-vvv"),
}


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("style", "breakage"),
    [
        ("long, with locals", "id as text"),
        ("debug", None),
        *((style, None) for style in STYLES if style != "debug"),
    ],
)
def test_no_output_of_pytest_and_its_plugins_shows_a_secret(style: str, breakage: str | None, tmp_path: Path) -> None:
    with serving("courier", breakage=breakage) as target:
        given = ["--junitxml", str(tmp_path / "j.xml"), "-p", "support.dumping", "--phone", target.env["IFIND_PHONE"]]
        variables = {DUMP: str(tmp_path / "dump"), "PYTHONPATH": str(CHECKOUT / "tests")}
        ended = alone(target, *STYLES[style], *given, cwd=tmp_path, **variables)

    assert ended.returncode in ({1} if breakage else {0, 4}), ended.stdout + ended.stderr
    assert "xfailed" in ended.stdout
    outputs = [ended.stdout, ended.stderr, *(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())]
    printed = "-s" in STYLES[style]  # what a plugin prints itself goes to the terminal at once
    for text in outputs[printed:]:
        assert secrets_in(text, target) == []


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "words", [("--phon=70005550142",), ("--Phone", "70005550142"), ("--phone-number=70005550142",)]
)
def test_a_misspelt_option_of_the_phone_is_refused_without_its_value(words: tuple[str, ...], tmp_path: Path) -> None:
    with serving("courier") as target:
        ended = alone(target, "--debug", *words, cwd=tmp_path)

        assert (ended.returncode, target.calls) == (4, [])
    assert f"{words[0].partition('=')[0]} is no option" in ended.stderr
    assert "70005550142" not in ended.stdout + ended.stderr + "".join(path.read_text() for path in tmp_path.iterdir())


@pytest.mark.few(1)
@pytest.mark.parametrize("word", ["--only=info.answers", "--log-file=log", "--log-level=INFO"])
def test_an_option_of_the_suite_or_of_pytest_is_none_that_would_show_a_secret(word: str, tmp_path: Path) -> None:
    with serving("courier") as target:
        ended = alone(target, "--collect-only", word, cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--fone 70005550142", "write --phone"),
        ("--token=70005550142", "set IFIND_TOKEN"),
    ],
)
def test_an_option_that_would_show_a_secret_is_refused_wherever_it_stands(
    word: str, message: str, tmp_path: Path
) -> None:
    with serving("courier") as target:
        ended = alone(target, cwd=tmp_path, PYTEST_ADDOPTS=word)

        assert (ended.returncode, target.calls) == (4, [])
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "70005550142" not in ended.stdout + ended.stderr


@pytest.mark.few(1)
@pytest.mark.parametrize("phase", ["call", "setup", "teardown"])
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


# Plugins of others.


DISTRIBUTED: list[tuple[list[str], dict[str, str]]] = [
    (["-n", "2"], {}),
    (["-n", "auto"], {}),
    (["--tx", "2*popen", "--dist=load"], {}),
    (["-d", "--tx", "2*popen"], {}),
    (["--dist=each", "--tx", "popen"], {}),
    (["--dist", "loadscope", "-n1"], {}),
    (["--dist", "worksteal"], {}),
    (["-f"], {}),
    ([], {"PYTEST_ADDOPTS": "--numprocesses=2"}),
    ([], {"PYTEST_XDIST_WORKER": "gw1"}),
    (["--workers", "3"], {"MEDDLE": "parallel"}),
    (["--forked"], {"MEDDLE": "forked"}),
]


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("arguments", "variables"),
    DISTRIBUTED,
    ids=str,
)
def test_whatever_distributes_is_refused_before_a_call(arguments: list[str], variables: dict[str, str]) -> None:
    with serving("courier") as target:
        ended = alone(target, "-p", "support.meddling", *arguments, **variables, **TESTS)

        assert (ended.returncode, target.calls) == (2, []), ended.stdout + ended.stderr
    assert "the contract suite has one budget" in ended.stdout + ended.stderr


TESTS = {"PYTHONPATH": str(CHECKOUT / "tests")}


@pytest.mark.once
@pytest.mark.parametrize("how", ["fork", "thread"])
def test_a_copy_of_the_run_sends_nothing(how: str) -> None:
    """Whatever plugin has made it."""
    with serving("courier") as target:
        ended = alone(target, "-p", "support.meddling", "--only", "create.ok", MEDDLE=how, **TESTS)

        assert ended.returncode == 1, ended.stdout
        assert target.units == 0
        assert {method for _, method, _ in target.calls} == {"info"}


def unpolled(target: Standin) -> list[tuple[str, str, dict[str, str]]]:
    """The calls without those whose number depends on how long a task takes."""
    return [call for call in target.calls if call[1] != "result"]


@pytest.mark.once
def test_a_test_that_is_run_again_sends_nothing_again() -> None:
    with serving("courier", breakage="id as text") as target:
        once = alone(target, "--only", "create.ok")
        units, calls = target.units, len(unpolled(target))
        again = alone(target, "--only", "create.ok", "-p", "support.meddling", MEDDLE="rerun", **TESTS)

        assert (target.units, len(unpolled(target))) == (2 * units, 2 * calls), again.stdout
    assert once.returncode == again.returncode == 1
    failed = [int(re.findall(r"(\d+) failed", ended.stdout)[-1]) for ended in (once, again)]
    assert failed[1] == 3 * failed[0]


@pytest.mark.once
def test_the_suite_keeps_its_order_whatever_others_do() -> None:
    orders = []
    for how in ("", "shuffle"):
        with serving("courier") as target:
            alone(target, "-p", "support.meddling", "--only", "create.ok", MEDDLE=how, **TESTS)
            # A slow machine polls once more.
            called = [(verb if method != "result" else "", method) for verb, method, _ in target.calls]
            orders.append([call for call, _ in groupby(called)])

    assert orders[0] == orders[1]


def test_a_plugin_that_warns_ends_no_run_from_a_checkout() -> None:
    with serving("courier") as target:
        ended = alone(target, "-p", "support.meddling", "--only", "info.answers", MEDDLE="warn", **TESTS)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "this plugin has something to say" in ended.stdout + ended.stderr


# Exit codes.


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-k", "nosuchtest"], 2, "no test of the suite is selected"),
        (["-o", "python_files=check_*.py"], 2, "python_files"),
        (["--deselect", "contract_tests"], 2, "no test of the suite is selected"),
        (["--only", "task.lifetime"], 0, "task.lifetime: not checked"),
        (["--budget", "0"], 4, "unaffordable"),
        (["--rate", "fast"], 2, "--rate"),
        (["--collect-only", "-q"], 0, "test_info.py::"),
    ],
    ids=str,
)
def test_the_exit_code_is_that_of_check(arguments: list[str], code: int, words: str) -> None:
    with serving("courier") as target:
        ended = alone(target, *arguments)

    assert ended.returncode == code, ended.stdout + ended.stderr
    assert words in ended.stdout + ended.stderr
