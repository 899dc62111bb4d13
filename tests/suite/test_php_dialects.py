"""Right servers in PHP: none is accused, and what each does is learned, or told as what no choice covers."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from test_learned_parity import mock_of
from test_parity import differences

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.private_texts import private_texts_of
from contract_tests.learning.learn import learned_of
from contract_tests.learning.learned_profile import profile_file
from contract_tests.parity.parity import examine as compare
from contract_tests.session.session import Examined
from support.checking import examined
from support.command import ifind
from support.standins.php_dialects import APPS, DIALECTS, PLAIN, Dialect
from support.standins.php_server import (
    PERSONAL,
    PHONE_OF_NOTHING,
    PHONE_OF_ONE,
    PhpServer,
    PhpTarget,
    php_names,
    php_serving,
)

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def php() -> Iterator[PhpServer]:
    with php_serving() as server:
        yield server


def test_every_dialect_has_its_expectation() -> None:
    assert {*php_names("dialects")} == {*DIALECTS}


STARTED = """
import os, signal
from support.standins.php_server import php_serving
with php_serving() as php:
    print(php.target().url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_the_server_ends_where_its_process_is_killed() -> None:
    support = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", STARTED], cwd=support, capture_output=True, text=True, check=False)
    port, end = urlsplit(done.stdout.strip()).port or 0, time.monotonic() + 20
    while accepts(port) and time.monotonic() < end:
        time.sleep(0.02)

    assert done.returncode == -signal.SIGKILL
    assert port, done.stderr
    assert not accepts(port)


# What is found out of a dialect.


@dataclass(frozen=True)
class Told:
    """What a check of a target told."""

    ended: Examined
    accused: list[str]
    """The promises that it calls broken."""
    refuted: set[str]
    choices: Mapping[str, Any]
    uncovered: set[str]


def told_of(target: PhpTarget, profile: Path) -> Told:
    """What a check tells, and the profile that learn writes of such a run."""
    ended = examined(target, with_others=True)
    assert ended.run is not None, ended.report.stopped
    learned = learned_of(ended.run, ended.report, private_texts_of(ended.run))
    profile.write_bytes(profile_file(learned))
    text = profile.read_text(encoding="utf-8")
    assert [value for value in (*PERSONAL, *target.env.values()) if value in text] == []
    return Told(
        ended,
        [str(finding) for finding in learned.broken],
        {row.clause.id for row in ended.report.rows if row.outcome is Outcome.REFUTED},
        {choice.clause.id: choice.choice for choice in learned.choices},
        {entry.clause for entry in learned.uncovered},
    )


def expected(dialect: Dialect, seen: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of a dialect among those that were seen, of tables the kinds that were seen."""
    whole = {**PLAIN, **dialect.choices}
    return {
        clause: {kind: whole[clause][kind] for kind in choice} if isinstance(choice, Mapping) else whole.get(clause)
        for clause, choice in seen.items()
    }


@pytest.mark.few(20)
@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_breaks_nothing_and_is_as_its_learned_profile_says(php: PhpServer, name: str, tmp_path: Path) -> None:
    dialect, target, file = DIALECTS[name], php.target(name), tmp_path / "learned.toml"
    told = told_of(target, file)
    choices = {clause: choice for clause, choice in told.choices.items() if clause not in dialect.open}
    groups = [clause.split("|") for clause in dialect.uncovered]
    uncovered = told.uncovered - {*dialect.open}

    assert told.accused == []
    assert told.ended.report.errors == ()
    assert told.ended.report.exit_code == 0
    assert choices == expected(dialect, choices)
    assert [clause for clause in dialect.choices if clause not in choices] == []
    assert [group for group in groups if not uncovered & {*group}] == []
    assert uncovered <= {clause for group in groups for clause in group}
    assert {clause for clause in uncovered if all_clauses()[clause].default is not None} <= told.refuted

    with mock_of(file) as local:
        # Where info shows no units, creates that are refused count, and parity refuses many.
        options = CheckOptions(profile=file, environ=target.env, poll_timeout=3.0, budget=60)
        report = compare(target.url, local, options)

    assert report.exit_code == 0, differences(report)


SPARSE = (
    *("plain", "xml-item0", "xml-singular", "xml-singular-entries", "xml-repeated", "xml-attributes", "xml-fields"),
    *("xml-nil", "xml-cdata", "xml-around", "csv-headless", "csv-headless-all", "csv-with-task", "csv-json", "csv-sep"),
    *("csv-blank-first", "csv-blank-last", "csv-reversed", "csv-russian", "csv-two-tables", "csv-pairs", *APPS),
    *("csv-names-of-the-first", "csv-title-first", "xml-wrapped", "xml-row-attributes", "xml-json-lists", "row-both"),
)
"""Layouts that show less of themselves, the less is found."""


FOUND = {"one": PHONE_OF_ONE, "nothing": PHONE_OF_NOTHING}


@pytest.mark.few(10)
@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize("name", SPARSE)
def test_no_layout_is_accused_where_one_record_or_none_is_found(php: PhpServer, name: str, found: str) -> None:
    report = examined(php.target(name, phone=FOUND[found])).report

    assert [str(finding) for row in report.rows if row.outcome is Outcome.BROKEN for finding in row.findings] == []
    assert report.errors == ()
    assert report.exit_code == 0, report


def test_check_learn_and_parity_agree_as_commands(php: PhpServer, tmp_path: Path) -> None:
    target = php.target("yii")
    checked = ifind("check", target.url, cwd=tmp_path, **target.env)
    learned = ifind("learn", target.url, "--out", "learned.toml", cwd=tmp_path, **target.env)
    against = ifind("check", target.url, "--profile", "learned.toml", cwd=tmp_path, **target.env)
    compared = ifind("parity", target.url, "mock", "--profile", "learned.toml", cwd=tmp_path, **target.env)

    done = (checked, learned, against, compared)
    assert [command.returncode for command in done] == [0, 0, 0, 0], "".join(c.stdout + c.stderr for c in done)
