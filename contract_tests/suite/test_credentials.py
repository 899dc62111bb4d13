"""Credentials: wrong ones are refused by every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from contract_tests.api import calls
from contract_tests.api.account_info import answered
from contract_tests.api.calls import GET, POST, Account, Call, Way
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import ANY_SOURCE
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.pool import TaskPool
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks

TURNS: Mapping[tuple[str, str], Sequence[tuple[Way, str | None]]] = {
    ("create", "a wrong token"): [(POST, "xml")],
    ("create", "an unknown login"): [(GET, None)],
    ("result", "a wrong token"): [(GET, None), (POST, "csv")],
    ("info", "a wrong token"): [(GET, "xml")],
}
"""How each method is called with wrong credentials outside a full run: every way and format at least once."""


def _wrong(run: Run, me: Account) -> dict[str, dict[str, str | None]]:
    """Wrong credentials, by what is wrong with them."""
    some: dict[str, dict[str, str | None]] = {
        "a wrong token": {"token": run.wrong_token},
        "an unknown login": {"login": "nobody-5f0c1b7e9a@example.com"},
    }
    if not run.full:
        return some
    some |= {
        "a token with something after it": {"token": f"{me.token}x"},
        "a token cut short": {"token": me.token[:-1]},
        "a token in other case": {"token": me.token.swapcase()},
        "an empty token": {"token": ""},
        "no token": {"token": None},
        "no login": {"login": None},
    }
    if run.target.second is not None:
        some |= {
            "another account's token": {"token": run.target.second.token},
            "another account's login": {"login": run.target.second.login},
        }
    return some


@pytest.mark.first
@pytest.mark.clause("credentials.refused", "error.codes", "error.messages")
def test_wrong_credentials_are_refused_by_create(run: Run, pool: TaskPool, checks: Checks, me: Account) -> None:
    _refused(run, pool, checks, calls.create(me, run.target.phones.ordinary, ANY_SOURCE))


@pytest.mark.clause("credentials.refused", "error.codes", "error.messages")
def test_wrong_credentials_are_refused_by_result_and_info(
    run: Run, pool: TaskPool, checks: Checks, me: Account
) -> None:
    for call in _free(pool, me):
        _refused(run, pool, checks, call)


def _free(pool: TaskPool, me: Account) -> list[Call]:
    """Calls that cost nothing and that the account may make; without a task, result would refuse in any case."""
    try:
        return [calls.result(me, pool.tasks()[0].id), calls.info(me)]
    except NotChecked as why:
        pool.api.checks.left_out(str(why))
        return [calls.info(me)]


def _refused(run: Run, pool: TaskPool, checks: Checks, call: Call) -> None:
    for what, changes in _wrong(run, run.target.main).items():
        for way, fmt in _ways(run, pool, call) if run.full else TURNS.get((call.method, what), ()):
            reply = run.api.send_once(call.but(**changes, format=fmt).by(way))
            checks.expect_error(
                "credentials.refused",
                reply,
                "an error: the credentials are wrong",
                f"status of {call.method}, with {what}",
            )
            if what == "a wrong token":
                checks.kind("credentials", reply)


def _ways(run: Run, pool: TaskPool, call: Call) -> list[tuple[Way, str | None]]:
    crossed: list[tuple[Way, str | None]] = list(pool.crossed())
    return [(way, fmt) for way, fmt in crossed if way == GET or call.method != "info" or _info_takes(run.api, way)]


def _info_takes(api: ApiClient, way: Way) -> bool:
    """Whether info is answered in a way (clause info.methods)."""
    return answered(api.send_unchecked(calls.info(api.target.main, way=way)))


@pytest.mark.clause("credentials.refused")
def test_foreign_credentials_are_refused_by_every_method(
    run: Run, pool: TaskPool, api: ApiClient, checks: Checks, me: Account
) -> None:
    other = run.second()
    free = _free(pool, me)
    for call in free if run.full else free[:1]:
        for changes in ({"token": other.token}, {"login": other.login}) if run.full else ({"token": other.token},):
            reply = api.send_once(call.but(**changes))
            checks.expect_error(
                "credentials.refused",
                reply,
                "an error: login and token belong to two accounts",
                f"status of {call.method}, with half of another account's credentials",
            )
