"""The checks of a ready answer that the suite, `validate` and `parity` share: each names the place that breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.contract.ready_checks import CheckResult, TaskFacts, check

DATA = TaskFacts(section="data")
BROKEN: list[tuple[str, dict[str, Any], TaskFacts, str]] = [
    ("row.category", {"data": [{"category": "cars"}, {"category": 7}, {}]}, DATA, "data[1].category"),
    ("result.names", {"names": [{"name": "Anna"}, "Anna"]}, TaskFacts(section="names"), "names[1]"),
    ("result.names", {"names": [{"title": "Anna"}]}, TaskFacts(section="names"), "names[0]"),
    ("result.empty", {"data": None}, DATA, "data"),
    ("result.empty", {}, DATA, "data"),
    ("result.empty", {"data": [{"title": "a car"}]}, TaskFacts(section="data", nothing=True), "data"),
]


@pytest.mark.parametrize(("clause", "model", "facts", "place"), BROKEN)
def test_what_breaks_a_clause_is_found_at_its_place(
    clause: str, model: dict[str, Any], facts: TaskFacts, place: str
) -> None:
    found = [result for result in check(clause, model, facts) if isinstance(result, CheckResult)]

    assert [result.path for result in found if not result.holds] == [place]


@pytest.mark.parametrize("model", [{"data": []}, {"data": [{"title": "a car"}]}])
def test_a_list_that_is_empty_or_filled_holds(model: dict[str, Any]) -> None:
    assert all(isinstance(result, CheckResult) and result.holds for result in check("result.empty", model, DATA))


def test_only_clauses_of_rows_are_checked_where_there_are_rows_alone() -> None:
    model = {"data": [{"category": 7}]}

    assert list(check("row.category", model, DATA, rows_only=True))
    assert not list(check("result.ip", model, DATA, rows_only=True))
