"""How answers are written: what the run has seen, judged at its end."""

from __future__ import annotations

import pytest

from contract_tests.api import calls
from contract_tests.api.account_info import answered
from contract_tests.api.calls import GET, Account
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.pool import TaskPool
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.suite.test_formats import TURNS

pytestmark = pytest.mark.last


def _judge(run: Run, pool: TaskPool, checks: Checks, *clauses: str) -> None:
    """Reads ready tasks and an error in every format, and then judges what was seen of the clauses."""
    pool.replies_if_any()
    for fmt, way in ((None, GET), *TURNS.items()):
        run.api.send_once(calls.result(run.target.main, run.unknown_id, fmt=fmt, way=way))
    for clause in clauses:
        checks.settle(clause)


@pytest.mark.clause("content-type.json")
def test_json_has_its_content_type(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "content-type.json")


@pytest.mark.clause("content-type.xml")
def test_xml_has_its_content_type(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "content-type.xml")


@pytest.mark.clause("content-type.csv")
def test_csv_has_its_content_type(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "content-type.csv")


@pytest.mark.clause("json.escapes")
def test_json_is_written_raw(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "json.escapes")


@pytest.mark.clause("xml.declaration")
def test_xml_begins_with_a_declaration(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "xml.declaration")


@pytest.mark.clause("xml.root", "xml.item")
def test_xml_elements_have_the_assumed_names(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "xml.root", "xml.item")


@pytest.mark.clause("xml.empty")
def test_xml_closes_empty_elements_at_once(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "xml.empty")


@pytest.mark.clause("csv.delimiter", "csv.line-end")
def test_csv_is_separated_by_commas_and_crlf(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "csv.delimiter", "csv.line-end")


@pytest.mark.clause("csv.header", "csv.flat")
def test_csv_has_a_line_of_names(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "csv.header", "csv.flat")


@pytest.mark.clause("csv.encoding")
def test_csv_is_utf_8(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "csv.encoding")


@pytest.mark.clause("cors")
def test_no_origin_is_allowed_in_general(run: Run, pool: TaskPool, checks: Checks) -> None:
    _judge(run, pool, checks, "cors")


@pytest.mark.clause("rate.limit")
def test_no_call_was_refused_for_its_rate(api: ApiClient, checks: Checks, me: Account) -> None:
    reply = api.send_once(calls.info(me))
    if not answered(reply):
        raise NotChecked("info is not answered")
    if checks.findings.expected("rate.limit") != "off":
        raise NotChecked("the limit is above the pace of this run")
    checks.choice("rate.limit", "off", reply)


@pytest.mark.clause("token.never-repeated")
def test_no_answer_repeats_the_token(run: Run, pool: TaskPool, checks: Checks, api: ApiClient, me: Account) -> None:
    """Every answer of the run is searched; this adds a token in each place where it may be echoed."""
    _judge(run, pool, checks)
    echoes = (
        calls.result(me, me.token),
        calls.info(me).but(token=f"{me.token}x"),
        calls.info(me).but(login=me.token),
        calls.result(me, run.unknown_id, fmt=me.token),
        calls.result(me, run.unknown_id).but(extra=me.token),
    )
    for call in echoes if run.full else echoes[:1]:
        api.send(call)
