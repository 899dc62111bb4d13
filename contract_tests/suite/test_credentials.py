"""Credentials: wrong ones are refused by every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, Call, Way
from contract_tests.api.reply import answered
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks

TURNS: Mapping[tuple[str, str], Sequence[tuple[Way, str | None]]] = {
    ("create", "a wrong token"): [(POST, "xml")],
    ("create", "an unknown login"): [(GET, None)],
    ("result", "a wrong token"): [(GET, None), (POST, "csv")],
    ("info", "a wrong token"): [(GET, "xml")],
}
"""How each method is called with wrong credentials outside a full run: every way and format at least once."""


def _wrong(run: Run) -> dict[str, dict[str, str | None]]:
    """Wrong credentials, by what is wrong with them."""
    token, second = run.me.token, run.target.second
    some: dict[str, dict[str, str | None]] = {
        "a wrong token": {"token": run.wrong_token},
        "an unknown login": {"login": "nobody-5f0c1b7e9a@example.com"},
    }
    if not run.full:
        return some
    some |= {
        "a token with something after it": {"token": f"{token}x"},
        "a token cut short": {"token": token[:-1]},
        "a token in other case": {"token": token.swapcase()},
        "an empty token": {"token": ""},
        "no token": {"token": None},
        "no login": {"login": None},
    }
    if second is not None:
        some |= {"another account's token": {"token": second.token}, "another account's login": {"login": second.login}}
    return some


@pytest.mark.first
@pytest.mark.clause("credentials.refused", "error.codes", "error.messages")
def test_wrong_credentials_are_refused_by_create(run: Run, checks: Checks) -> None:
    _refused(run, checks, run.right_create)


@pytest.mark.clause("credentials.refused", "error.codes", "error.messages")
def test_wrong_credentials_are_refused_by_result_and_info(run: Run, checks: Checks) -> None:
    for call in _free(run):
        _refused(run, checks, call)


def _free(run: Run) -> list[Call]:
    """Calls that cost nothing and that the account may make; without a task, result would refuse in any case."""
    try:
        return [calls.result(run.me, run.pool.tasks()[0].id), calls.info(run.me)]
    except NotChecked as why:
        run.api.checks.left_out(str(why))
        return [calls.info(run.me)]


def _refused(run: Run, checks: Checks, call: Call) -> None:
    for what, changes in _wrong(run).items():
        for way, fmt in _ways(run, call) if run.full else TURNS.get((call.method, what), ()):
            reply = run.api.send_cached(call.but(**changes, format=fmt).by(way))
            where, expected = f"status of {call.method}, with {what}", "an error: the credentials are wrong"
            checks.expect_error("credentials.refused", reply, expected, where)
            if what == "a wrong token":
                checks.note_error_kind("credentials", reply)


def _ways(run: Run, call: Call) -> list[tuple[Way, str | None]]:
    """Ways and formats; info may not be answered over POST (clause info.methods)."""
    return [
        (way, fmt)
        for way, fmt in run.pool.ways_and_formats()
        if way == GET or call.method != "info" or answered(run.api.send_unchecked(call.by(way)))
    ]


@pytest.mark.clause("credentials.refused")
def test_foreign_credentials_are_refused_by_every_method(run: Run, checks: Checks) -> None:
    other = run.second()
    free = _free(run)
    for call in free if run.full else free[:1]:
        for changes in ({"token": other.token}, {"login": other.login}) if run.full else ({"token": other.token},):
            reply = run.api.send_cached(call.but(**changes))
            where = f"status of {call.method}, with half of another account's credentials"
            expected = "an error: login and token belong to two accounts"
            checks.expect_error("credentials.refused", reply, expected, where)
