"""The mutants: each breaks one promise, and the suite catches each by the name of what it breaks."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from contract_tests.contract.clauses import all_clauses
from contract_tests.findings.checks import Checks
from mockserver.api.gateway import Gateway
from mockserver.api.http import Request, Response
from mockserver.assembly import open_gateway
from mockserver.mutants import run
from mockserver.mutants.catalogue import MUTANTS
from mockserver.mutants.hook import MutantHook
from mockserver.mutants.kit.mutant import Mutant
from mockserver.mutants.matrix import Examination, Fate, Matrix, Plan, Trial
from mockserver.settings.loading import load
from mockserver.settings.table import DEFAULT_ACCOUNT
from support.command import ifind
from support.processes import COMMAND, environment
from support.torture import Torture

BINDING = {c.id for c in all_clauses().values() if c.binding}
BREAKING = {name: mutant for name, mutant in MUTANTS.items() if not mutant.equivalent}


@pytest.mark.alone
def test_each_mutant_is_caught_by_its_name_and_nothing_is_found_on_the_unbroken_mock(
    torture: Torture, tmp_path: Path
) -> None:
    quick = [] if torture.share else ["--quick"]
    asked = ["mutants", *quick, "--jobs", "5", "--json", "matrix.json", "--csv", "matrix.csv"]
    done = subprocess.run(
        [*COMMAND, *asked], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=900, check=False
    )
    matrix = json.loads((tmp_path / "matrix.json").read_text(encoding="utf-8"))
    table = list(csv.reader((tmp_path / "matrix.csv").read_text(encoding="utf-8").splitlines()))

    assert done.returncode == 0, done.stdout + done.stderr
    assert [run for run in matrix["controls"] if not run["green"]] == []
    assert {m["name"]: m["fate"] for m in matrix["mutants"]} == {
        name: "equivalent" if mutant.equivalent else "caught" for name, mutant in MUTANTS.items()
    }
    assert table[0][4:] == [test["name"] for test in matrix["tests"]]
    for mutant, line in zip(matrix["mutants"], table[1:], strict=True):
        cells = zip(table[0][4:], line[4:], strict=True)
        assert line[:2] == [mutant["name"], mutant["breaks"]]
        assert {test: cell.split() for test, cell in cells if cell} == mutant["tests"]
        assert all(mutant["name"] in test["catches"] for test in matrix["tests"] if test["name"] in mutant["tests"])


def test_at_least_120_mutants_break_promises_and_laws_each_of_which_has_two() -> None:
    broken = [mutant.breaks for mutant in BREAKING.values()]

    assert len(BREAKING) >= 120
    assert {clause for clause in BINDING if broken.count(clause) < 2} == set()
    assert {*broken} == BINDING


@pytest.mark.once
def test_what_a_blinded_suite_lets_through_is_reported_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect = Checks.expect

    def blinded(checks: Checks, clause: str, holds: bool, *found: Any, **more: Any) -> bool:
        return expect(checks, clause, holds or clause in {"result.ip", "result.cost"}, *found, **more)

    monkeypatch.setattr(Checks, "expect", blinded)
    # Not every plan in turn: the cheapest shows it.
    monkeypatch.setattr(run, "_plans", lambda *_, **__: [(Plan.COVERING, "")])
    done = ifind("mutants", "ip-is-anothers", "cost-is-0", "--jobs", "1", cwd=tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "SURVIVED ip-is-anothers (result.ip): " in done.stdout
    assert re.search(r"MISNAMED cost-is-0 \(result.cost\): .*quota\.charged", done.stdout)
    assert "2 mutants · 1 misnamed · 1 survived" in done.stdout


@pytest.mark.once
def test_credentials_and_settings_of_the_surroundings_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "ifind-mock.toml").write_text('delay = "1h"\n', encoding="utf-8")
    others = {"IFIND_LOGIN": "a@example.com", "IFIND_TOKEN": "their-own-token", "IFIND_PHONE": "1"}
    done = ifind("mutants", "id-is-text", cwd=tmp_path, **others)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " · 1 caught · " in done.stdout


def test_the_list_has_all_mutants_and_why_some_break_nothing(tmp_path: Path) -> None:
    done = ifind("mutants", "--list", cwd=tmp_path)

    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()[1 : len(MUTANTS) + 1]] == [*MUTANTS]
    assert all(mutant.equivalent in done.stdout for mutant in MUTANTS.values())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["cost-is-o"], "did you mean 'cost-is-0'?"),
        (["???"], "--list prints all"),
        (["--jobs", "0"], "0 is not in the range x>=1"),
        (["--json", "nowhere/matrix.json"], "the directory nowhere does not exist"),
        (["cost-is-0", "--json", "m", "--csv", "./m"], "--json: m: is named for two files at once"),
    ],
)
def test_wrong_usage_is_reported_and_runs_nothing(asked: list[str], message: str, tmp_path: Path) -> None:
    done = ifind("mutants", *asked, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_an_interrupted_run_leaves_no_process_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_do", time.sleep)

    def interrupted() -> None:
        with run._running(2) as do:
            do([60.0, 60.0])  # type: ignore[list-item]
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert time.monotonic() - began < 30


def test_the_matrix_of_before_is_not_left_for_that_of_an_interrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> Matrix:
        raise KeyboardInterrupt

    monkeypatch.setattr("mockserver.cli.mutants.kill_matrix", interrupted)
    (tmp_path / "m.json").write_text("old", encoding="utf-8")
    done = ifind("mutants", "cost-is-0", "--json", "m.json", cwd=tmp_path)

    assert done.returncode == 1, done.stderr
    assert not (tmp_path / "m.json").exists()


@pytest.mark.few(2)
@pytest.mark.parametrize("jobs", ["2", "1"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_writes_what_was_tried_and_says_so(number: int, jobs: str, tmp_path: Path) -> None:
    matrix = tmp_path / "m.json"
    command = [*COMMAND, "mutants", "--jobs", jobs, "--json", str(matrix), "--csv", "m.csv"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(4)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, err.strip()) == (1, ""), out + err  # click 8.1 ends a line
    assert "Interrupted: " in out
    written = json.loads(matrix.read_text(encoding="utf-8"))
    assert (written["interrupted"], written["exit_code"]) == (True, 1)
    assert len(written["mutants"]) < len(MUTANTS)
    assert (tmp_path / "m.csv").is_file()


def found(*broken: str, **more: Any) -> Examination:
    return Examination(Plan.FULL, "", broken, tests={}, caught={}, **more)


def trial(run: Examination, *, equivalent: str = "") -> Trial:
    return Trial("made-up", Mutant("made up", breaks="result.ip", equivalent=equivalent), (run,), 0.0)


@pytest.mark.parametrize(
    ("tried", "fate", "code"),
    [
        (trial(found("result.ip", "result.cost")), Fate.CAUGHT, 0),
        (trial(found("result.cost")), Fate.MISNAMED, 1),
        (trial(found()), Fate.SURVIVED, 1),
        (trial(found(), equivalent="argued"), Fate.EQUIVALENT, 0),
        (trial(found("result.cost"), equivalent="argued"), Fate.DISPROVED, 1),
        (trial(found(refuted=("xml.root",)), equivalent="argued"), Fate.EQUIVALENT, 0),
        (trial(found("result.ip", errors=("KeyError",))), Fate.ERROR, 1),
    ],
)
def test_each_fate_has_its_exit_code(tried: Trial, fate: Fate, code: int) -> None:
    assert (tried.fate, Matrix((tried,), (found(),)).exit_code) == (fate, code)


@pytest.mark.parametrize("red", [found("result.ip"), found(refuted=("xml.root",)), found(errors=("KeyError",))])
def test_nothing_is_proven_where_the_unbroken_mock_is_not_green(red: Examination) -> None:
    assert Matrix((trial(found("result.ip")),), (found(), red)).exit_code == 1


def test_tests_of_a_promise_that_catch_nothing_are_listed_and_those_of_assumptions_are_not() -> None:
    tests = {"busy": ("result.ip",), "idle": ("result.cost", "xml.root"), "assuming": ("xml.root",)}
    control = replace(found(), tests=tests)
    caught = replace(found("result.ip"), caught={"busy": ("result.ip",)})

    assert Matrix((trial(caught),), (control,), binding=frozenset(BINDING)).idle == ("idle",)


# A mutant's name holds the format and the HTTP method that it is about.

FORM = re.compile(r"(?:-in-|^)(xml|csv|json)\b")
HTTP_METHOD = re.compile(r"-over-(get|post)\b")
NARROW = [name for name in BREAKING if FORM.search(name) or HTTP_METHOD.search(name)]
MOMENT = 1_900_000_000_000_000


def sent(gateway: Gateway, operation: str, http_method: str, form: str, **params: str) -> Response:
    query = urlencode({**DEFAULT_ACCOUNT, "format": form, **params}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    in_url, body = (query, b"") if http_method == "GET" else (b"", query)
    return gateway.answer(Request(http_method, f"/api/{operation}".encode(), in_url, headers, body, "127.0.0.1"))


Way = tuple[str, str]
WAYS: list[Way] = [(http_method, form) for http_method in ("GET", "POST") for form in ("json", "xml", "csv")]
OTHER = {"login": "other@example.com", "token": "other-token"}


def asked(gateway: Gateway, ways: Iterable[Way]) -> list[Response]:
    """The responses to right and wrong calls, and to reads of tasks: ready, not ready, of another account."""
    answers = []
    for http_method, form in ways:
        answers += [sent(gateway, "create", http_method, form, phone="70001234567", source=source) for source in "123"]
        answers.append(sent(gateway, "create", http_method, form, phone="70000000408", source="2"))
        answers.append(sent(gateway, "create", http_method, form, phone="70001234567", source="2", **OTHER))
        answers += [
            sent(gateway, "result", http_method, form, id=number) for number in ("1", "2", "3", "4", "5", "1", "999")
        ]
        answers += [
            sent(gateway, "result", http_method, form, id="1", **lacking) for lacking in ({"token": ""}, {"login": ""})
        ]
        answers += [sent(gateway, "create", http_method, form, **more) for more in ({}, {"phone": "x", "source": "2"})]
        answers += [
            sent(gateway, name, http_method, form, token=t) for name in ("info", "create") for t in ("", "wrong")
        ]
        answers.append(sent(gateway, "info", http_method, form))
    return answers


def opened(mutant: Mutant | None = None) -> Gateway:
    settings = load({"delay": "0s"}, {})
    mock = open_gateway(settings, lambda: MOMENT).mock
    mock.put_account(DEFAULT_ACCOUNT["login"], {"token": DEFAULT_ACCOUNT["token"], "daily_limit": 1_000_000})
    mock.put_account(OTHER["login"], {"token": OTHER["token"], "daily_limit": 1_000_000})
    return Gateway(mock, hook=None if mutant is None else MutantHook(mutant, mock))


@cache
def unbroken(ways: tuple[Way, ...]) -> list[Response]:
    return asked(opened(), ways)


@pytest.mark.parametrize("name", NARROW)
def test_a_mutant_of_one_format_or_method_answers_rightly_in_others(name: str) -> None:
    form, http_method = FORM.search(name), HTTP_METHOD.search(name)
    meant = {
        (v, f) for v, f in WAYS if form is None or form[1] == f if http_method is None or http_method[1].upper() == v
    }
    others = tuple(way for way in WAYS if way not in meant)

    assert others
    assert asked(opened(MUTANTS[name]), others) == unbroken(others)
