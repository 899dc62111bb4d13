"""Right servers in PHP: none is accused, and what each does is learned, or told as what no choice covers."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_right_servers import serving_profile

from contract_tests.contract.clauses import all_clauses
from contract_tests.learning.learn import learn
from support.checking import check, options_for, outcomes
from support.command import ifind
from support.standins.php_dialects import APPS, CSV, DIALECTS, PLAIN, XML, Dialect
from support.standins.php_server import (
    PERSONAL,
    PHONE_OF_NOTHING,
    PHONE_OF_ONE,
    PhpServer,
    PhpTarget,
    php_names,
    php_serving,
)

UNSEEN = {clause.id for clause in all_clauses().values() if clause.unseen}


@pytest.fixture(scope="module")
def php() -> Iterator[PhpServer]:
    with php_serving() as server:
        yield server


def test_every_dialect_has_its_expectation() -> None:
    assert {*php_names("dialects")} == {*DIALECTS}


@dataclass(frozen=True)
class Learned:
    code: int
    output: str
    document: Mapping[str, Any]

    @property
    def choices(self) -> dict[str, Any]:
        return {clause: entry["choice"] for clause, entry in self.document["profile"].items()}

    @property
    def uncovered(self) -> set[str]:
        return {entry["clause"] for entry in self.document.get("uncovered", ())}


def learned(target: PhpTarget, file: Path, **options: Any) -> Learned:
    out = io.StringIO()
    code = learn(options_for(target, **options), file, out, out)
    text = file.read_text(encoding="utf-8")
    assert [value for value in (*PERSONAL, *target.env.values()) if value in text + out.getvalue()] == []
    return Learned(code, out.getvalue(), tomllib.loads(text))


def accused(output: str) -> list[str]:
    """The clauses that a report calls broken, or could not judge for a fault of its own."""
    return [clause for clause, outcome in outcomes(output).items() if outcome in ("broken", "error")]


@pytest.mark.parametrize("name", DIALECTS)
def test_no_dialect_is_accused(php: PhpServer, name: str) -> None:
    code, output = check(php.target(name))

    assert accused(output) == [], output
    assert code == 0, output


@pytest.mark.parametrize("phone", [PHONE_OF_ONE, PHONE_OF_NOTHING], ids=["one", "nothing"])
@pytest.mark.parametrize("name", [*XML, *CSV, *APPS])
def test_no_layout_is_accused_where_one_record_or_none_is_found(php: PhpServer, name: str, phone: str) -> None:
    code, output = check(php.target(name, phone=phone))

    assert accused(output) == [], output
    assert code == 0, output


@pytest.mark.parametrize("name", DIALECTS)
def test_what_a_dialect_does_is_learned_or_told_as_uncovered(php: PhpServer, name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name]
    found = learned(php.target(name), tmp_path / "learned.toml")
    told = {clause.split("|")[0] for clause in dialect.uncovered if found.uncovered & {*clause.split("|")}}
    allowed = {clause for entry in dialect.uncovered for clause in entry.split("|")} | {*dialect.open}

    assert found.code == 0, found.output
    assert found.choices == {**expected(dialect, found.choices), **{c: found.choices[c] for c in dialect.open if c in found.choices}}
    assert {*dialect.choices} <= {*found.choices}, found.output
    assert told == {clause.split("|")[0] for clause in dialect.uncovered}, found.output
    assert found.uncovered <= allowed, found.output
