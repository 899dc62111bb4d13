"""The fixtures that an installed ifind-mock gives to users' tests: one mock a run, and an account for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from mockserver import pytest_plugin
from mockserver.testing.controller import MockController
from mockserver.testing.shared import MockInWaiting
from support.processes import environment

pytest_plugins = ["pytester"]

CLIENT = """
import json, os, pathlib
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

def call(account, method, **more):
    query = urlencode({"login": account.login, "token": account.token, **more})
    return json.load(urlopen(f"{account.url}/{method}?{query}", timeout=20))
"""

PARALLEL = """
@pytest.mark.parametrize("number", range(200))
def test_one_of_many(ifind_mock, number):
    pathlib.Path(os.environ["SEEN"], f"{number}").write_text(f"{ifind_mock.url} {ifind_mock.login}")
    ifind_mock.daily_limit = 10
    ifind_mock.delay = f"{number + 1}s"
    day = ifind_mock.clock.freeze(f"{2030 + number}-03-05T12:00:00+03:00")
    ifind_mock.faults.arm("error", code=1000 + number, match={"method": "info"})
    ifind_mock.stubs.put("70000000001", names=[f"Name {number}"])
    made = call(ifind_mock, "create", phone="70000000001", source=1)["id"]

    assert call(ifind_mock, "info")["error_code"] == 1000 + number
    ifind_mock.clock.advance(number + 0.5)
    assert call(ifind_mock, "result", id=made)["status"] == "processing"
    assert (ifind_mock.clock.to_next_ready() - day).total_seconds() == number + 1
    assert call(ifind_mock, "result", id=made)["names"] == [{"name": f"Name {number}"}]
    ifind_mock.assert_called("result", times=2)
    assert call(ifind_mock, "info")["data"]["api_limit"] == {"used": 1, "of": 10}
"""

FREE = """
import sys

def test_that_uses_nothing():
    loaded = [name for name in sys.modules if name.partition(".")[0] in ("contract_tests", "flask", "hypothesis")]
    assert loaded == []
    assert "mockserver.settings.table" not in sys.modules
"""

ACCOUNTS = """
def test_two_accounts_share_nothing(ifind_mock, ifind_mock_server):
    other = ifind_mock_server.account(daily_limit=1)
    assert other.url == ifind_mock.url == ifind_mock_server.url
    assert call(other, "create", phone="70000000001", source=1)["status"] == "ok"
    assert call(other, "create", phone="70000000001", source=1)["status"] == "error"
    assert call(ifind_mock, "create", phone="70000000001", source=1)["status"] == "ok"

def test_the_settings_of_the_root_count(ifind_mock):
    assert call(ifind_mock, "info")["data"]["api_limit"]["of"] == 77
"""


RIGHT = 'daily_limit = 77\nstate = "kept.db"\nport = 1'
WRONG = "dealy = '2s'"


def ended(pytester: pytest.Pytester, settings: str, *options: str, **files: str) -> pytest.RunResult:
    """A run of pytest: with options as a process of its own, without in this one."""
    pytester.makefile(".toml", **{"ifind-mock": settings})
    pytester.makepyfile(**files)
    if options:
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:schemathesis", "-q", *options)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", "-q")


@pytest.mark.once
def test_200_tests_in_parallel_do_not_disturb_one_another(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = pytester.mkdir("seen")
    monkeypatch.setenv("SEEN", str(seen))
    files = {"test_many": CLIENT + PARALLEL, "test_used": CLIENT + ACCOUNTS}
    ended(pytester, RIGHT, "-n", "2", **files).assert_outcomes(passed=202)

    urls, logins = zip(*(one.read_text().split() for one in seen.iterdir()), strict=True)
    assert len({*urls}) == 1
    assert len({*logins}) == 200


def test_a_run_in_one_process_has_one_mock_with_the_settings_of_its_root(pytester: pytest.Pytester) -> None:
    ended(pytester, RIGHT, test_used=CLIENT + ACCOUNTS).assert_outcomes(passed=2)

    assert not (pytester.path / "kept.db").exists()


def test_a_failure_shows_the_calls_of_the_test(pytester: pytest.Pytester) -> None:
    test = 'def test_it(ifind_mock):\n    call(ifind_mock, "create", phone="70000000001", source=1)\n    assert False'
    run = ended(pytester, RIGHT, test_it=CLIENT + test)

    run.stdout.fnmatch_lines(["*- calls of ifind_mock -*", "#1 create, phone 70000000001, source 1, task 1: ok (*)"])


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "in parallel"])
def test_wrong_settings_are_told_by_the_tests_that_use_the_mock(
    options: tuple[str, ...], pytester: pytest.Pytester
) -> None:
    files = {
        "test_a": FREE if options else "def test_free():\n    pass",
        "test_b": "def test_it(ifind_mock):\n    pass",
    }
    run = ended(pytester, WRONG, *options, **files)

    run.assert_outcomes(passed=1, errors=1)
    told = "the mock of the tests can't start: ifind-mock.toml: 'dealy' is not a key; did you mean 'delay'?*"
    run.stdout.fnmatch_lines([told])
    for shown in ("*exception occurred*", "*variables = *", "*loading.py*"):  # of these, one would show the environment
        run.stdout.no_fnmatch_line(shown)


def test_it_adds_no_option_and_loads_nothing() -> None:
    program = "import sys, mockserver.pytest_plugin; print([m for m in sys.modules if m.startswith('mockserver.')])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment())

    assert ran.stdout == "['mockserver.pytest_plugin']\n"
    assert not hasattr(pytest_plugin, "pytest_addoption")


def test_the_mock_of_a_run_with_many_open_files_answers(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 2000:
        pytest.skip("this process may not open as many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2000), before[1]))
    with ExitStack() as opened:
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        for _ in range(1100):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        waiting = MockInWaiting(tmp_path)
        opened.callback(waiting.stop)
        assert MockController.at(waiting.url).account().used == 0
