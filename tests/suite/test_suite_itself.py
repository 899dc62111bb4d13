"""The suite itself: every clause has a test, every test names its clauses, every option is read."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import contract_tests
from contract_tests.api.calls import FORMATS, METHODS, MULTIPART, WAYS, Account, Call
from contract_tests.budget.sender import Sender
from contract_tests.contract.clauses import UsageError, all_clauses, clause_of
from contract_tests.contract.editions import COMMON_SOURCE
from contract_tests.contract.profile import read_profile
from contract_tests.engine.options import CheckOptions, read_phone, read_rate, read_seconds, read_units
from contract_tests.engine.run import open_run
from contract_tests.engine.target import on_loopback, read_url
from contract_tests.suite.generated import send_generated_calls
from mockserver.data import toml
from mockserver.profile.clauses import parse_clauses

TESTS = sorted((Path(contract_tests.__file__).parent / "suite").glob("test_*.py"))


@pytest.fixture(scope="module")
def named_clauses(request: pytest.FixtureRequest) -> dict[str, set[str]]:
    """Test by test, the clauses that it names, for a parametrized test those of all its parameters."""
    for marker in ("clause", "first", "last", "apart"):  # which the suite's plugin adds where the suite runs
        request.config.addinivalue_line("markers", marker)
    found: dict[str, set[str]] = {}
    for file in TESTS:
        module = importlib.import_module(f"contract_tests.suite.{file.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_"):
                marks = list(test.pytestmark)
                rows = (row for mark in marks if mark.name == "parametrize" for row in mark.args[1])
                marks += [mark for row in rows for mark in row.marks]
                found[f"{file.name}::{name}"] = {arg for mark in marks if mark.name == "clause" for arg in mark.args}
    return found


def test_every_test_names_clauses_that_exist(named_clauses: dict[str, set[str]]) -> None:
    for test, names in named_clauses.items():
        assert names, test
        assert names <= {*all_clauses()}, test


def test_every_clause_has_a_test_or_a_reason_why_it_can_not_be_seen(named_clauses: dict[str, set[str]]) -> None:
    named = set().union(*named_clauses.values())

    assert {c.id for c in all_clauses().values() if not c.unseen} == named


def test_mock_and_suite_read_the_same_table() -> None:
    theirs = parse_clauses(toml("schemas", "clauses.toml"))

    assert [(c.id, c.grade, c.default, c.choices) for c in all_clauses().values()] == [
        (c.id, c.grade, c.default, c.choices) for c in theirs.values()
    ]


def profile(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "profile.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_profile_gives_choices_plain_or_with_notes(tmp_path: Path) -> None:
    file = profile(
        tmp_path,
        """
        [profile]
        edition = "C"
        "param.empty-is-missing" = false
        result.photo-empty = "null"
        error.codes = {credentials = 403}
        [profile."xml.root"]
        choice = "r"
        grade = "observed"
        """,
    )
    read = read_profile(file)

    assert (read["edition"], read["param.empty-is-missing"], read["result.photo-empty"]) == ("C", "no", "null")
    assert read["xml.root"] == "r"
    assert (read["error.codes"]["credentials"], read["error.codes"]["missing"]) == (403, 400)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[profile]\neditoin = "B"', "did you mean 'edition'?"),
        ('[profile]\nedition = "D"', "'D' is not a choice; allowed: 'A', 'B', 'C'"),
        ('[profile]\n"create.ok" = "yes"', "this clause is not open"),
        ('[profile]\n"error.codes" = {mising = 1}', "did you mean 'missing'?"),
        ('[profile]\n"error.codes" = 5', "is not a table"),
        ("edition = 'B'", "has no table [profile]"),
        ("[profile", "line 1: the name of a table is not closed"),
    ],
)
def test_a_wrong_profile_is_refused_by_place_value_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    file = profile(tmp_path, text)

    with pytest.raises(UsageError) as caught:
        read_profile(file)
    assert str(file) in str(caught.value)
    assert message in str(caught.value)


def test_every_wrong_entry_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_profile(profile(tmp_path, '[profile]\nedition = "D"\nxmlroot = "r"'))

    assert str(caught.value).count("\n") == 1


def test_an_unknown_clause_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'csv\.header'"):
        clause_of("csv.heade")


def test_options_are_read_in_their_units() -> None:
    assert read_rate("1/s") == 1
    assert read_rate("90/min") == 1.5
    assert read_rate("1800/h") == 0.5
    assert read_seconds("60s") == 60
    assert read_seconds("500ms") == 0.5
    assert read_seconds("2m") == read_seconds("120") == 120
    assert read_units("12") == 12
    assert read_phone("70000000000") == "70000000000"


@pytest.mark.parametrize("text", ["", "0/s", "1", "x/s", "-1/s", "1/day", "1e9/s"])
def test_a_wrong_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--rate"):
        read_rate(text)


@pytest.mark.parametrize("text", ["", "x", "-1s", "1 s", "1e3", "60 seconds"])
def test_a_wrong_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--poll-timeout"):
        read_seconds(text)


@pytest.mark.parametrize("text", ["", "+70000000000", "7 000", "12", "٧٠٠٠٠٠٠٠٠٠٠"])
def test_a_wrong_phone_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_phone(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8080/api", True),
        ("http://localhost/api", True),
        ("http://[::1]:80/api", True),
        ("https://i-find.pro/api", False),
        ("http://127.0.0.1.example.com/api", False),
        ("http://10.0.0.1/api", False),
    ],
)
def test_loopback_is_recognised_without_a_lookup(url: str, loopback: bool) -> None:
    assert on_loopback(read_url(url)) == loopback


@pytest.mark.parametrize(
    "text",
    ["mok", "ftp://x/api", "http://", "http://u:p@x/api", "http://x/api?a=1", "http://x:0/api", "http://x:99999"],
)
def test_a_wrong_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_url(text)


def test_generated_calls_are_the_same_in_every_run_and_vary_in_all_that_a_call_has() -> None:
    runs: list[list[Call]] = [[], []]
    for sent in runs:
        send_generated_calls(Account("a@example.com", "aaa111"), sent.append, examples=30)
    sent, again = runs

    assert sent == again
    assert len({*sent}) > 20
    assert {call.method for call in sent} == {*METHODS}
    assert {call.way for call in sent} == {*WAYS, MULTIPART}
    values = [value for call in sent for _, value in (*call.params, *call.query)]
    assert {"aaa111", *FORMATS} & {*values}
    assert any(not value.isascii() for value in values)


def test_a_run_on_the_private_mock_waits_for_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(Sender, "pause", lambda _, seconds: pauses.append(seconds))
    with open_run(CheckOptions()) as run:
        tasks = run.pool.tasks()
        late = run.pool.maker.make(COMMON_SOURCE)
        ready = run.pool.poller.wait(late)

    assert all(task.ready for task in tasks)
    assert ready.status == "ready"
    assert pauses == []
