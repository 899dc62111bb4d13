"""Nothing that a terminal or a CI system reads as more than text is relayed from a target's texts, in any output."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from contract_tests.captured.files import FileResult, Validation
from contract_tests.captured.judge import Judgement
from contract_tests.captured.validation_report import as_json, as_text
from contract_tests.check.command import write_errors
from contract_tests.contract.clauses import all_clauses, problem
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.profile import Uncovered
from contract_tests.engine.options import CheckOptions
from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.learning.learned_profile import LearnedChoice, Unseen, profile_file, profile_of, write_table
from contract_tests.parity import parity_formats, parity_report
from contract_tests.parity.comparison import Agreement, PlaceComparison
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import masked
from contract_tests.report.annotations import annotate, annotation
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Retried
from contract_tests.report.terminal import write_terminal
from contract_tests.session.masking import hider
from contract_tests.session.state import SessionState
from mockserver.cli.main import main
from support.made_reports import SAMPLE

COMMANDS = (
    "##vso[task.setvariable variable=a]b",
    "##VSO[task.complete result=Failed]",
    "##[add-matcher]a.json",
    "##teamcity[buildProblem description='a']",
    "::error file=a.py,line=1::broken",
    "::add-mask::a",
    "::set-output name=a::b",
    "section_start:1560896352:a",
    "travis_fold:start:a",
    "--- a",
    "+++ a",
    "~~~ a",
    "---\ta",
    "^^^ +++",
)
"""What a CI system reads from a log."""
CONTROLS = ("\x1b[31m", "\x1b]0;a\x07", "\r", "\b", "\x9b1m", "\u202e", "\u2066", "\u2028", "\u2029", "\ufeff", "\x00")
"""What a terminal, or a reader of Unicode, takes for more than a character."""
TEXT = " ".join((*COMMANDS, *CONTROLS, *(f"\n{command}\n  {command}\t{command}" for command in COMMANDS)))

READ = re.compile(
    r"##(?:\w+)?\[|^\s*::[a-z-]+(?: [^\n]*?)?::|section_(?:start|end):\d|travis_fold:"
    r"|^\s*(?:---|\+\+\+|~~~)[ \t]|^\s*\^\^\^[ \t]+\+\+\+"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    "|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]",
    re.MULTILINE | re.IGNORECASE,
)
CLAUSE = all_clauses()["error.messages"]
FINDING = Finding(CLAUSE, TEXT, TEXT, TEXT, TEXT, TEXT, binding=True)
ROWS = (
    ClauseResult(CLAUSE, Outcome.BROKEN, TEXT, TEXT, (FINDING,)),
    ClauseResult(all_clauses()["xml.root"], Outcome.REFUTED, TEXT, TEXT, (replace(FINDING, binding=False),)),
    ClauseResult(all_clauses()["create.ok"], Outcome.UNCHECKED, TEXT, TEXT, ()),
    ClauseResult(all_clauses()["result.cost"], Outcome.HOLDS, TEXT, TEXT, ()),
)
REPORT = replace(SAMPLE, target=TEXT, rows=ROWS, stopped=TEXT, errors=(TEXT,), retried=(Retried(TEXT, TEXT, 2),))
PLACES = [PlaceComparison(CLAUSE.id, Agreement.DIFFERS, TEXT, TEXT, TEXT, TEXT, TEXT)]
PARITY = parity_report.ParityReport(TEXT, TEXT, parity_report.by_clause(PLACES, ()), (1, 1), (1, 1), 1, TEXT, Secrets())
LEARNED = profile_of(
    REPORT,
    [
        LearnedChoice(CLAUSE, {"missing": TEXT}, 1, 1, TEXT, {"missing": 1}),
        Uncovered("cors", TEXT, TEXT, (TEXT,), 0, TEXT, TEXT),
        Unseen("cors", TEXT),
    ],
    [FINDING],
)
PROBLEM = problem(CLAUSE.id, TEXT, TEXT, TEXT, TEXT)
VALIDATION = Validation(
    (FileResult(TEXT, Judgement("json", "create", "create", (PROBLEM,), doubt=TEXT)), FileResult(TEXT, None, TEXT)),
    strict=False,
)


def written(write: Callable[..., object], *args: object) -> str:
    out = StringIO()
    write(out, *args)
    return out.getvalue()


def without_secrets(output: str) -> str:
    return masked(output.encode(), Secrets({"add-matcher": "$TOKEN"}))[0].decode()


OUTPUTS: Mapping[str, Callable[[], str]] = {
    **{name: lambda one=one: one.render(REPORT).decode() for name, one in RENDERERS.items()},
    "terminal": lambda: written(write_terminal, REPORT),
    "errors": lambda: written(lambda out: write_errors(REPORT, out)),
    "pytest": lambda: hider(SessionState(CheckOptions()))(TEXT),
    "parity": lambda: written(parity_formats.write_terminal, PARITY),
    **{
        f"parity, {name}": lambda one=one: one.render(PARITY).decode() for name, one in parity_formats.RENDERERS.items()
    },
    "learn": lambda: written(write_table, LEARNED, "a file"),
    "profile": lambda: profile_file(LEARNED).decode(),
    "validate": lambda: as_text(VALIDATION),
    "validate, JSON": lambda: as_json(VALIDATION),
    "profile, masked": lambda: without_secrets(OUTPUTS["profile"]()),
    "JSON, masked": lambda: without_secrets(OUTPUTS["json"]()),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_output_relays_what_a_terminal_or_a_ci_system_reads(name: str) -> None:
    output = OUTPUTS[name]()

    assert len(output) > len(TEXT) / 2
    assert not [found[0] for found in READ.finditer(output)]


def test_what_is_written_for_programs_still_says_what_the_target_said() -> None:
    report: Any = json.loads(OUTPUTS["json"]())
    profile = tomllib.loads(OUTPUTS["profile"]())

    assert report["clauses"][0]["findings"][0]["found"] == TEXT
    assert profile["profile"][CLAUSE.id]["choice"] == {"missing": TEXT}
    assert json.loads(OUTPUTS["parity, json"]())["stopped"] == TEXT


ANNOTATED = {"check": (annotate, REPORT), "parity": (parity_formats.annotate, PARITY)}


@pytest.mark.parametrize("name", ANNOTATED)
def test_an_annotation_is_one_line_and_holds_no_command_but_its_own(name: str) -> None:
    make, report = ANNOTATED[name]
    lines = [*make(report)]

    assert len(lines) > 1
    for one in lines:
        command = re.fullmatch(r"::(error|warning|notice) title=([^,:\n\r]*)::([^\n\r]+)", one)
        assert command is not None, one
        assert not re.search("%(?!0A|0D|25|2C|3A)", one)
        assert READ.findall(unquote(command[2])) == READ.findall(unquote(command[3])) == []
        assert not READ.search(" ".join(command.groups()[1:]))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("50%, a:b", "50%25, a:b"),
        ("%0A", "%250A"),
        ("a\nb", "a%0Ab"),
        ("a\rb", "a\\x0db"),
        ("::error::a", ":\\x3aerror::a"),
    ],
)
def test_an_annotation_escapes_what_github_reads_otherwise(text: str, escaped: str) -> None:
    in_title = escaped.replace(":", "%3A").replace(",", "%2C").replace("%0A", "\\n")

    assert annotation("error", text, text) == f"::error title={in_title}::{escaped}"


@pytest.mark.parametrize(
    "text",
    ["http://[::1]:80/api", "tests/a.py::test_b", "a ## b", "1::2", "a :: b", "C#", "#[a]", "---- a", "a--b", "-- a"],
)
def test_a_text_that_is_no_command_stays_as_it_is(text: str) -> None:
    assert hider(SessionState(CheckOptions()))(text) == text


TYPED = (
    ["8d1fc1b70a"],
    ["--8d1fc1b70a"],
    ["check", "http://127.0.0.1:9/api", "8d1fc1b70a"],
    ["check", "--8d1fc1b70a"],
    ["learn", "mock", "--rate", "8d1fc1b70a"],
    ["parity", "mock", "mock", "--budget", "8d1fc1b70a"],
    ["validate", "x", "--format", "8d1fc1b70a"],
    ["mutants", "8d1fc1b70a"],
    ["mutants", TEXT],
    ["validate", "x", "--format", TEXT],
    ["config", "show", "--seed", TEXT],
    *(["check", "--plan", f"http://127.0.0.1:1/{end}"] for end in ("\n::error::a", "\x1b[31m", "\n--- a", "a b")),
)
"""Wrong command lines, with a token or with what a CI system reads."""


@pytest.mark.parametrize("words", TYPED, ids=lambda words: words[0][:8])
def test_an_error_about_what_was_typed_shows_no_credential_and_no_command(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IFIND_TOKEN", "8d1fc1b70a")
    with pytest.raises(SystemExit) as ended:
        main(words)
    shown = "".join(capsys.readouterr())

    assert ended.value.code == 2
    assert "8d1fc1b70a" not in shown
    assert not [found[0] for found in READ.finditer(shown)]


def test_the_settings_that_are_shown_hold_no_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IFIND_MOCK_STATE", "##vso[a]\u202e.db")
    with pytest.raises(SystemExit) as ended:
        main(["config", "show"])
    shown = capsys.readouterr().out

    assert ended.value.code == 0
    assert r'"#\u0023vso[a]\u202e.db"' in shown
    assert not [found[0] for found in READ.finditer(shown)]


def test_the_name_of_a_settings_file_is_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = "##vso[a]\u202e.toml"
    for words in (["init", file], ["check", file], ["show", "--config", file]):
        with pytest.raises(SystemExit) as ended:
            main(["config", *words])
        shown = "".join(capsys.readouterr())

        assert ended.value.code == 0
        assert not [found[0] for found in READ.finditer(shown)]
