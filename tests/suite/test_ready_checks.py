"""The checks of a ready answer that the suite, `validate` and `parity` share: each names the place that breaks it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from contract_tests.contract.ready_checks import CheckResult, ShownChoice, TaskFacts, check
from contract_tests.contract.validate import problems
from mockserver.people.pictures import portrait

DATA, PHOTO = TaskFacts(section="data"), TaskFacts(section="photo")
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


PICTURE = base64.encodebytes(portrait("a")).decode()


@pytest.mark.parametrize("photo", [PICTURE, PICTURE.replace("\n", "\r\n"), PICTURE.replace("\n", "\n    ")])
def test_a_picture_in_lines_is_a_picture_and_refutes_the_single_line_alone(photo: str) -> None:
    found = {clause: [*check(clause, {"photo": photo}, PHOTO)] for clause in ("result.photo", "result.photo-lines")}

    assert [r.holds for results in found.values() for r in results if isinstance(r, CheckResult)] == [True, False]


@pytest.mark.parametrize(
    ("photo", "shown"), [("", ""), (None, "null"), (False, "false"), ([], "an empty list"), ("\r\n", None)]
)
def test_what_stands_for_no_photo_is_a_choice_and_breaks_nothing(photo: object, shown: str | None) -> None:
    model = {"status": "ready", "photo": photo, "cost": "1", "ip": "::1", "create_time": 1, "end_time": 2}
    choices = [r.choice for r in check("result.photo-empty", model, PHOTO) if isinstance(r, ShownChoice)]

    assert choices == ([] if shown is None else [shown])
    assert not [*check("result.photo", model, PHOTO)]
    assert problems("ready-photo", model) == []


@pytest.mark.parametrize("model", [{"data": []}, {"data": [{"title": "a car"}]}])
def test_a_list_that_is_empty_or_filled_holds(model: dict[str, Any]) -> None:
    assert all(isinstance(result, CheckResult) and result.holds for result in check("result.empty", model, DATA))


def test_only_clauses_of_rows_are_checked_where_there_are_rows_alone() -> None:
    model = {"data": [{"category": 7}]}

    assert list(check("row.category", model, DATA, rows_only=True))
    assert not list(check("result.ip", model, DATA, rows_only=True))
