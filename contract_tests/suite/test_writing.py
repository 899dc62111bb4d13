"""How answers are written: what the run has seen, judged at its end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.suite.test_formats import TURNS

pytestmark = pytest.mark.last

WRITTEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{f"{fmt} has its content type": (f"content-type.{fmt}",) for fmt in FORMATS},
        "json is written raw and without white space": ("json.escapes", "json.indent"),
        "xml begins with a declaration": ("xml.declaration",),
        "xml is UTF-8": ("xml.encoding", "xml.escapes"),
        "xml elements have the assumed names": ("xml.root", "xml.item", "xml.list", "xml.names"),
        "xml closes empty elements at once": ("xml.empty", "xml.null"),
        "xml has elements and escaped texts alone": ("xml.text", "xml.indent", "xml.layout"),
        "csv is separated by commas and CRLF": ("csv.delimiter", "csv.line-end", "csv.quotes", "csv.layout"),
        "csv has a line of names and the rows of a section": ("csv.header", "csv.flat", "csv.rows"),
        "csv is UTF-8": ("csv.encoding", "csv.lacking"),
        "errors are written alike": ("error.follows-format", "error.http-status"),
    }
)
"""Clauses of how answers are written, by their assumption."""


@pytest.mark.parametrize("clauses", [pytest.param(c, id=n, marks=pytest.mark.clause(*c)) for n, c in WRITTEN.items()])
def test_answers_are_written_as_assumed(run: Run, checks: Checks, clauses: tuple[str, ...]) -> None:
    _see_every_format(run)
    for clause in clauses:
        checks.judge_choice(clause)


def _see_every_format(run: Run) -> None:
    """Reads ready tasks and an error in every format."""
    run.pool.replies_if_any()
    for way, fmt in TURNS:
        run.api.send_cached(run.unknown_task.but(format=fmt).by(way))


@pytest.mark.clause("cors")
def test_no_origin_is_allowed_in_general(run: Run, checks: Checks) -> None:
    """A server may name origins to those alone that send theirs."""
    reply = run.api.send_cached(calls.info_for_page(run.me))
    allowed = reply.response.header("access-control-allow-origin") if reply.response else None
    checks.choice("cors", allowed or "off", reply, of_any_page=True)


@pytest.mark.clause("rate.limit")
def test_no_call_was_refused_for_its_rate(checks: Checks) -> None:
    if checks.findings.seen.get("rate.limit"):
        checks.judge_choice("rate.limit")
    else:
        raise NotChecked("no call was refused for its rate; calls at a higher one may be")


@pytest.mark.clause("token.never-repeated")
def test_no_answer_repeats_the_token(run: Run) -> None:
    """Every answer of the run is searched; this adds a token in each place where it may be echoed."""
    _see_every_format(run)
    info, unknown, token = calls.info(run.me), run.unknown_task, run.me.token
    echoes = [unknown.but(id=token), info.but(token=f"{token}x"), info.but(login=token)]
    echoes += [unknown.but(format=token), unknown.but(extra=token)]
    for call in echoes if run.full else echoes[:1]:
        run.api.send(call)
