"""The stand-ins: right, different from the mock and each other, and caught in every promise that they break."""

from __future__ import annotations

import ast
import socket
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

import mockserver.mutants.kit
from contract_tests.contract.clauses import Clause, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context
from support.checking import check, examined, outcomes
from support.standins.breakages import BREAKAGES
from support.standins.people import PERSONAL
from support.standins.running import HIDDEN, STANDINS, Standin, serving, toml_of

HERE = Path(__file__).resolve().parents[1] / "support" / "standins"
KIT = Path(mockserver.mutants.kit.__file__).parent
OPEN = {c.id: c for c in all_clauses().values() if c.default is not None}
BINDING = {c.id for c in all_clauses().values() if c.binding}
VALUED = {c.id: c for c in OPEN.values() if c.value is not None}
CHOSEN = {c.id: c for c in OPEN.values() if len(c.choices) > 1}
DEFAULTS: Mapping[str, Any] = {name: clause.default for name, clause in OPEN.items()}


# Independent and different.


def imports(file: Path) -> set[str]:
    """The modules that a file imports, or imports from."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return {name for name in found if name.split(".")[0] not in sys.stdlib_module_names}


@pytest.mark.parametrize("name", STANDINS)
def test_a_standin_is_made_from_the_standard_library_alone(name: str) -> None:
    shared = {"support.standins.shell", "support.standins.people"}

    assert imports(HERE / f"{name}.py") == shared | {f"support.standins.{name}_writing"}
    assert imports(HERE / f"{name}_writing.py") <= shared
    assert not imports(HERE / "shell.py") | imports(HERE / "people.py")


def test_standins_share_only_the_kit_with_the_mock_and_the_kit_knows_no_server() -> None:
    kit = {f"mockserver.mutants.kit.{file.stem}": file for file in KIT.glob("*.py")}
    imported = {module for file in HERE.glob("*.py") for module in imports(file)}

    assert {module for module in imported if not module.startswith("support.standins.")} <= kit.keys()
    assert {module for file in kit.values() for module in imports(file)} <= kit.keys()


def test_no_standin_shares_code_with_another_one() -> None:
    for name in STANDINS:
        own = (HERE / f"{name}.py").read_text(encoding="utf-8") + (HERE / f"{name}_writing.py").read_text("utf-8")

        assert not [other for other in STANDINS if other != name and f"standins.{other}" in own]


@pytest.mark.parametrize("name", STANDINS)
def test_a_profile_names_every_open_clause_with_a_choice_that_it_has(name: str) -> None:
    profile = STANDINS[name].PROFILE

    assert set(profile) == set(OPEN)
    for clause, choice in profile.items():
        assert OPEN[clause].read(choice) == choice


@pytest.mark.parametrize("name", STANDINS)
def test_a_profile_is_written_as_the_file_that_the_option_reads(name: str) -> None:
    profile = STANDINS[name].PROFILE

    assert tomllib.loads(toml_of(profile)) == {"profile": profile}


@pytest.mark.parametrize("clause", VALUED.values(), ids=lambda c: c.id)
def test_where_any_value_is_allowed_all_differ_from_each_other_and_from_the_default(clause: Clause) -> None:
    values = [clause.default, *(STANDINS[name].PROFILE[clause.id] for name in STANDINS)]

    assert all(one != other for one, other in combinations(values, 2))


@pytest.mark.parametrize("table", ["error.codes", "error.messages"])
def test_each_kind_of_error_that_is_not_documented_has_a_code_and_message_of_its_own(table: str) -> None:
    for kind in {*DEFAULTS[table]} - {"missing"}:
        values = [DEFAULTS[table][kind], *(STANDINS[name].PROFILE[table][kind] for name in STANDINS)]

        assert len({*values}) == 4, kind


@pytest.mark.parametrize("clause", [c for c in CHOSEN.values() if c.id != "http-method.other"], ids=lambda c: c.id)
def test_some_standin_chooses_otherwise_than_the_default_and_than_another(clause: Clause) -> None:
    """But for other HTTP methods, by which breakages have a stand-in refuse a call."""
    chosen = {STANDINS[name].PROFILE[clause.id] for name in STANDINS}

    assert chosen - {clause.default}
    assert len(chosen) > 1, "the three agree"


def test_any_two_standins_differ_in_most_clauses() -> None:
    for one, other in combinations(STANDINS.values(), 2):
        unlike = [name for name in OPEN if one.PROFILE[name] != other.PROFILE[name]]

        assert len(unlike) > len(OPEN) / 2


# Right.


@cache
def checked(name: str) -> tuple[int, str]:
    """What the suite reports of an unbroken stand-in."""
    with serving(name) as target:
        return check(target)


@pytest.mark.parametrize("name", STANDINS)
def test_a_standin_keeps_every_promise(name: str) -> None:
    code, output = checked(name)

    assert not {"broken", "error"} & {*outcomes(output).values()}, output
    assert code == 0, output


@pytest.mark.parametrize("name", STANDINS)
def test_the_suite_sees_the_choices_of_the_profile(name: str) -> None:
    _, output = checked(name)
    profile, seen = STANDINS[name].PROFILE, outcomes(output)
    judged = {c for c in CHOSEN if seen[c] in ("holds", "refuted")} - HIDDEN[name]

    assert {c for c in judged if seen[c] == "refuted"} == {c for c in judged if profile[c] != DEFAULTS[c]}, output


def ask(target: Standin, operation: str, **params: str) -> tuple[int, bytes]:
    url = f"{target.url}/{operation}?{urlencode(params)}"
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def credentials(target: Standin) -> dict[str, str]:
    return {"login": target.env["IFIND_LOGIN"], "token": target.env["IFIND_TOKEN"]}


def create(target: Standin) -> tuple[int, bytes]:
    return ask(target, "create", **credentials(target), phone=target.env["IFIND_PHONE"], source="2")


def status_of(body: bytes) -> object:
    return read_answer(body, "json", Context("create")).model["status"]


@pytest.mark.parametrize("name", STANDINS)
def test_a_used_up_limit_refuses(name: str) -> None:
    with serving(name, limit=1) as target:
        first, second = create(target), create(target)
        units = target.units

    assert (status_of(first[1]), status_of(second[1])) == ("ok", "error")
    assert units == (2 if name == "antique" else 1)


def test_what_a_search_for_leaks_looks_for_is_there_to_be_leaked() -> None:
    output = ""
    with serving("bureau", seconds=0.0) as target:
        for source in "1234":
            _, made = ask(target, "create", **credentials(target), phone=target.env["IFIND_PHONE"], source=source)
            number = read_answer(made, "json", Context("create")).model["id"]
            _, body = ask(target, "result", **credentials(target), id=str(number))
            output += str(read_answer(body, "json", Context("result")).model)

    assert [text for text in PERSONAL if text not in output] == []
    assert all(len(text) >= 6 for text in PERSONAL)


# What it counts, and how it misbehaves.


@pytest.mark.parametrize("name", STANDINS)
def test_calls_and_units_are_counted_as_the_target_sees_them(name: str) -> None:
    with serving(name) as target:
        create(target)
        ask(target, "info", **credentials(target))
        calls, units = target.calls, target.units

    assert [(http_method, operation) for http_method, operation, _ in calls] == [("GET", "create"), ("GET", "info")]
    assert calls[1][2] == credentials(target)
    assert units == (2 if name == "antique" else 1)


def test_a_status_on_the_wire_is_no_call_processed() -> None:
    with serving("bureau", http=lambda n, *_: (503, {"Retry-After": "7"}) if n == 1 else None) as target:
        first, units = create(target), target.units
        second = create(target)

    assert (first[0], units) == (503, 0)
    assert b"<html" in first[1]
    assert status_of(second[1]) == "ok"


@pytest.mark.parametrize("how", ["close", "reset", "hang"])
def test_an_answer_that_is_lost_is_charged(how: str) -> None:
    with serving("courier", http=lambda *_: how) as target:
        query = urlencode({**credentials(target), "phone": target.env["IFIND_PHONE"], "source": "2"})
        host, port = target.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=0.5) as client:
            client.sendall(f"GET /api/create?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            ended: object
            try:
                ended = client.recv(100)
            except OSError as error:
                ended = type(error)
        units = target.units

    assert ended == {"close": b"", "reset": ConnectionResetError, "hang": TimeoutError}[how]
    assert units == 1


def test_held_calls_are_processed_and_answered_when_they_are_released() -> None:
    with serving("bureau") as target:
        arrived = target.hold(2)
        create(target)
        host, port = target.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            query = urlencode({**credentials(target), "phone": target.env["IFIND_PHONE"], "source": "2"})
            client.sendall(f"GET /api/create?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert arrived.wait(5)
            units = target.units
            target.release()
            answer = client.recv(100)

    assert units == 2
    assert answer.startswith(b"HTTP/1.1 200")


# Broken.


def test_every_promise_and_law_has_ways_to_be_broken() -> None:
    ways: dict[str, int] = {}
    for breakage in BREAKAGES.values():
        ways[breakage.breaks] = ways.get(breakage.breaks, 0) + 1

    assert set(ways) == BINDING
    assert min(ways.values()) >= 2


def _rotated() -> list[Any]:
    """Every breakage on one stand-in, by turns."""
    return [
        pytest.param(breakage.on[at % len(breakage.on)], title, id=f"{title}, {breakage.on[at % len(breakage.on)]}")
        for at, (title, breakage) in enumerate(BREAKAGES.items())
    ]


@pytest.mark.few(24)
@pytest.mark.once
@pytest.mark.parametrize(("name", "title"), _rotated())
def test_a_broken_promise_is_named(name: str, title: str) -> None:
    clause = BREAKAGES[title].breaks
    unhurried = clause == "result.processing"  # so that a poll comes before the task is ready, on a busy machine, too
    with serving(name, breakage=title, seconds=1.5 if unhurried else 0.15) as target:
        report = examined(target, poll_timeout=4.0 if unhurried else 1.0).report
    assert report is not None
    found = {row.clause.id: row.outcome for row in report.rows}
    seen = [(f.clause.id, f.where, f.found) for row in report.rows for f in row.findings]

    assert report.exit_code == 1, seen
    assert found[clause] is Outcome.BROKEN, (found[clause], seen)
    assert Outcome.ERROR not in found.values(), seen
