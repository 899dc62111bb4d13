"""How two servers write what they found is compared where both have found something."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.api.calls import Account, result
from contract_tests.api.reply import Reply
from contract_tests.contract.ready_checks import TaskFacts
from contract_tests.decode.model import Decoded
from contract_tests.parity.comparison import Agreement, AnswerPair, Comparison
from contract_tests.parity.script import reading
from contract_tests.transport.messages import HttpResponse, Request

ROW = {"title": "a car"}
MODEL = {"status": "ready", "names": [], "photo": "", "cost": "1", "ip": "::1", "create_time": 1, "end_time": 2}


def _differing(fmt: str, clause: str, *sides: tuple[list[dict[str, Any]], str]) -> set[str]:
    call = result(Account("anna@example.com", "7f3a9c5be1d2408e"), 7, fmt=fmt)
    response = HttpResponse(Request("GET", ""), 200, (), b"", 0.0)
    one, other = (Reply(call, response, Decoded(MODEL | {"data": rows}, fmt, {clause: word})) for rows, word in sides)
    step = next(step for step in reading("main", 0) if step.fmt == fmt)
    facts = TaskFacts("70005550123", "data")
    compared = Comparison([AnswerPair(step, (one, other), (facts, facts))]).places()
    return {found.clause for found in compared if found.agreement is Agreement.DIFFERS}


@pytest.mark.parametrize(
    ("fmt", "clause", "empty", "filled"),
    [
        ("csv", "csv.rows", "flattened", "section"),
        ("xml", "xml.empty", "<x></x>", "now <x/>, now <x></x>"),
        ("xml", "xml.item", "item", "row"),
    ],
)
def test_what_only_rows_show_differs_where_both_sides_have_some(fmt: str, clause: str, empty: str, filled: str) -> None:
    assert clause not in _differing(fmt, clause, ([], empty), ([ROW], filled))
    assert clause not in _differing(fmt, clause, ([ROW], filled), ([], empty))
    assert clause in _differing(fmt, clause, ([ROW], empty), ([ROW], filled))


def test_what_an_answer_without_rows_shows_of_its_own_differs() -> None:
    assert "xml.root" in _differing("xml", "xml.root", ([], "response"), ([ROW], "result"))
