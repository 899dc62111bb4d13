"""What one answer, or one target, can make a run take: time, memory and findings are bounded, each by a number."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract_tests.api.calls import Account, info
from contract_tests.api.reply import Reply, used_units
from contract_tests.budget.budget import Budget, NotChecked
from contract_tests.budget.ledger import open_ledger
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.outcome import Outcome
from contract_tests.decode import carries as carrying
from contract_tests.decode.answers import read_answer
from contract_tests.decode.faults import fault_in
from contract_tests.decode.model import MAX_PARTS, Context, Decoded, TooLarge
from contract_tests.engine.run import Run
from contract_tests.engine.target import MAGIC, Target
from contract_tests.findings.checks import Checks
from contract_tests.findings.findings import Findings
from contract_tests.redact import secrets as redacting
from contract_tests.redact.mask import Mask, SecretMatcher
from contract_tests.redact.secrets import Secrets

ACCOUNT = Account("anna@example.org", "abcdefghijkl")


def peak(work: Callable[[], object]) -> int:
    """Bytes that the work takes at most."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("part", ["<br>", "<!---->", "<br /> "])
def test_a_text_of_marks_takes_no_memory_to_be_searched_for_a_fault(part: str) -> None:
    text = part * 200_000

    assert peak(lambda: fault_in(text)) < 100_000


def test_a_token_whose_beginning_stands_all_over_a_text_takes_no_memory() -> None:
    matcher, content = SecretMatcher({"aaaaaaaabbbbbbbb": "$TOKEN"}), b"a" * 1_000_000

    assert peak(lambda: matcher.found_in(content)) < 3 * len(content)
    assert matcher.found_in(content + b"bbbbbbbb") == "$TOKEN"


VALUES = ",".join(["{}"] * (MAX_PARTS + 1))


@pytest.mark.parametrize(
    ("fmt", "body"),
    [
        ("xml", f"<r><status>ready</status><data>[{VALUES}]</data></r>"),
        ("xml", f"<r><status>ready</status><data>[{VALUES[: len(VALUES) // 2]}]</data><names>[{VALUES}]</names></r>"),
        ("csv", f'status,data,cost\r\nready,"[{VALUES}]",1\r\n'),
    ],
    ids=["xml", "xml, twice", "csv"],
)
def test_json_within_another_format_has_no_more_values_than_json_itself(fmt: str, body: str) -> None:
    with pytest.raises(TooLarge):
        read_answer(body.encode(), fmt, Context("result", "data"))


@pytest.mark.parametrize(
    ("fmt", "head", "end"),
    [
        ("csv", "status,id\nok,", ""),
        ("json", '{"status": "ok", "id": "', '"}'),
        ("xml", "<r><status>ok</status><id>", "</id></r>"),
    ],
)
def test_a_picture_beside_letters_makes_no_text_of_many_times_the_size(
    fmt: str, head: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contract_tests.decode.model.MAX_TEXT", 10_000)

    assert read_answer(f"{head}{'7' * 9000}{end}".encode(), fmt, Context("create")).model["status"] == "ok"
    with pytest.raises(TooLarge):
        read_answer(f"{head}{'7' * 9000}\U0001f600{end}".encode(), fmt, Context("create"))


def test_a_text_full_of_the_ends_of_values_is_not_searched_on_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"title": "b" + "a" * 63, "name": "c" + "a" * 31, "url": "d" + "a" * 15}
    model = {"status": "ready", "data": [row]}
    monkeypatch.setattr(carrying, "MAX_LOOKUPS", 1000)

    assert carrying.carries(b"a" * 10_000, model) is None
    assert carrying.carries("|".join(row.values()).encode(), model) is True
    assert carrying.carries(b"b" * 10_000, model) is False


def test_values_that_are_spelled_in_hundreds_of_ways_are_so_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def spellings(values: int) -> int:
        known = Secrets()
        known.learn({"names": [{"name": f"\t{number:05}\x01name#[x"} for number in range(values)]})
        return len(known._matcher())

    monkeypatch.setattr(redacting, "MAX_MARKED", 5)
    few = spellings(5)
    assert spellings(50) - few < 45 * few / 5 / 3
    monkeypatch.setattr(redacting, "MAX_SPELLINGS", few)
    assert spellings(50) - few < 45 + few


def test_a_defect_of_each_row_is_one_finding_that_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    findings, made = Findings("http://127.0.0.1/api", Mask()), []
    make = Findings.finding
    monkeypatch.setattr(Findings, "finding", lambda *words: made.append(words) or make(*words))
    checks = Checks(findings, ("result.row-fields",))
    for row in range(1000):
        checks.report("result.row-fields", None, f"data[{row}].price", 0, "text")

    assert len(made) == len(findings.all) == len(checks.own) == 1
    Checks(findings, ("result.row-fields",)).report("result.row-fields", None, "data[7].title", 0, "text")
    assert len(made) == len(findings.all) == 2


def test_the_rows_of_an_answer_are_judged_until_the_time_is_up() -> None:
    findings = Findings("http://127.0.0.1/api", Mask(), is_over=lambda: True)
    checks = Checks(findings, ("result.row-fields",))
    model = {"status": "ready", "data": [{"price": 0}] * 100}
    checks.schema("ready-data", Reply(info(ACCOUNT), None, Decoded(model, "json", {})))

    assert findings.all == []
    assert findings.reasons["result.row-fields"] == {Outcome.UNAFFORDABLE: "the time of the run is up"}


def test_an_account_that_is_refused_later_leaves_its_tests_unchecked() -> None:
    def refuse(_name: str, _limit: int) -> Account:
        raise UsageError("no account could be made (HTTP 500)")

    run: Any = object.__new__(Run)
    run.target = Target("http://127.0.0.1/api", ACCOUNT, MAGIC, make_account=refuse)
    run.api = SimpleNamespace(sender=SimpleNamespace(budget=Budget()))

    with pytest.raises(NotChecked, match="HTTP 500"):
        run.account("limited", 1)


USED: Mapping[str, tuple[object, int | None]] = {
    "a number": (7, 7),
    "a text": (" 7 ", 7),
    "a fraction": (5.5, 6),
    "a whole fraction": ("5,00", 5),
    "groups of digits": ("1 000", 1000),
    "words": ("many", None),
    "truth": (True, None),
    "below nothing": (-5, None),
}


@pytest.mark.parametrize("name", USED)
def test_used_units_are_read_in_any_writing_also_where_the_limit_is_not(name: str) -> None:
    used, read = USED[name]
    model = {"status": "ok", "data": {"api_limit": {"used": used, "of": "no limit"}}}

    assert used_units(Reply(info(ACCOUNT), None, Decoded(model, "json", {}))) == read


def test_a_ledger_with_bytes_that_are_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with open_ledger(file, "http://127.0.0.1/api", ACCOUNT):
        pass
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET name = CAST(x'ff73' AS TEXT) WHERE name = 'sends_of_a_run'")
        connection.commit()

    with pytest.raises(UsageError, match="damaged"), open_ledger(file, "http://127.0.0.1/api", ACCOUNT):
        pass
