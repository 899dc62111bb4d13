"""How answers are written: what the run has seen, judged at its end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS
from contract_tests.api.reply import answered
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.suite.test_formats import TURNS

pytestmark = pytest.mark.last


WRITTEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{f"{fmt} has its content type": (f"content-type.{fmt}",) for fmt in FORMATS},
        "json is written raw": ("json.escapes",),
        "xml begins with a declaration": ("xml.declaration",),
        "xml elements have the assumed names": ("xml.root", "xml.item"),
        "xml closes empty elements at once": ("xml.empty",),
        "csv is separated by commas and CRLF": ("csv.delimiter", "csv.line-end"),
        "csv has a line of names": ("csv.header", "csv.flat"),
        "csv is UTF-8": ("csv.encoding",),
        "no origin is allowed in general": ("cors",),
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


@pytest.mark.clause("rate.limit")
def test_no_call_was_refused_for_its_rate(run: Run, checks: Checks) -> None:
    reply = run.api.send_cached(calls.info(run.me))
    if not answered(reply):
        raise NotChecked("info is not answered")
    if checks.findings.expected("rate.limit") != "off":
        raise NotChecked("the limit is above the pace of this run")
    if "rate.limit" not in checks.findings.seen:
        checks.choice("rate.limit", "off", reply)
    checks.judge_choice("rate.limit")


@pytest.mark.clause("token.never-repeated")
def test_no_answer_repeats_the_token(run: Run) -> None:
    """Every answer of the run is searched; this adds a token in each place where it may be echoed."""
    _see_every_format(run)
    info, unknown, token = calls.info(run.me), run.unknown_task, run.me.token
    echoes = [unknown.but(id=token), info.but(token=f"{token}x"), info.but(login=token)]
    echoes += [unknown.but(format=token), unknown.but(extra=token)]
    for call in echoes if run.full else echoes[:1]:
        run.api.send(call)
