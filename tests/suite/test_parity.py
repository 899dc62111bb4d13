"""Parity: a server differs from another in what was chosen otherwise, and in nothing else, whichever is named first."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from test_right_servers import OPEN, covering_set

from contract_tests.api.calls import Call
from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import UsageError
from contract_tests.engine.client import ApiClient, TargetLost
from contract_tests.engine.provision import UnreachableError
from contract_tests.parity.command import UNITS, ParityOptions, examine, run
from contract_tests.parity.result import Outcome, ParityReport
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import HttpResponse, Request
from mockserver.assembly import open_gateway
from mockserver.profile.profile import resolve
from mockserver.settings.loading import Settings, load
from mockserver.web.app import make_app
from mockserver.wire.run import serving
from support.in_process import CLAUSES
from support.processes import ifind
from support.standins.people import PERSONAL
from support.standins.running import STANDINS
from support.standins.running import serving as standing


@contextmanager
def mock(profile: dict[str, Any], seed: int = 0) -> Iterator[str]:
    settings = load({"delay": "100ms", "seed": seed}, {})
    settings = Settings(**{**vars(settings), "profile": resolve(CLAUSES, profile)})
    gateway = open_gateway(settings)
    with serving(gateway, lambda guard: make_app(gateway, guard, settings)) as url:
        yield f"{url}/api"


def parity(a: str, b: str, **more: Any) -> ParityReport:
    return examine(ParityOptions(a, b, **{"environ": {}, "poll_timeout": 3.0, **more}))


def clauses(report: ParityReport, outcome: Outcome) -> set[str]:
    return {row.clause for row in report.rows if row.outcome is outcome}


def told(report: ParityReport) -> str:
    return "\n".join(f"{r.clause}: {o.where}: {o.a} | {o.b} ({o.call})" for r in report.rows for o in r.differences)


UNSEEN = {
    "task.lifetime": "a run is shorter than any",
    "quota.turns-at": "it shows once a day",
    "quota.charged-at": "there is but one choice",
    "rate.limit": "no run is fast enough to meet it",
}
"""Open clauses that no call of a run can show, and why."""
CHOICES = [
    (name, choice)
    for name, clause in OPEN.items()
    if name not in UNSEEN
    for choice in clause.every_choice()
    if choice != clause.default
]


@pytest.mark.parametrize(("clause", "choice"), CHOICES, ids=lambda v: v if isinstance(v, str) else "table")
def test_two_mocks_that_differ_in_one_clause_differ_in_that_clause_alone(clause: str, choice: Any) -> None:
    with mock({}) as a, mock({clause: choice}, seed=1) as b:
        report = parity(a, b)

    assert clauses(report, Outcome.DIFFERS) == {clause}, told(report)
    assert report.exit_code == 1


@pytest.mark.parametrize("profile", covering_set()[:5], ids=lambda p: f"edition-{p['edition']}-root-{p['xml.root']}")
def test_two_mocks_of_one_profile_differ_in_nothing(profile: dict[str, Any]) -> None:
    with mock(profile) as a, mock(profile, seed=7) as b:
        report = parity(a, b)

    assert report.exit_code == 0, told(report)
    assert not clauses(report, Outcome.DIFFERS)


@pytest.mark.parametrize("phone", ["70001234567", "70000000000", "70000000001", "70000000777"])
def test_how_much_is_found_is_no_difference(phone: str) -> None:
    with mock({}) as a, mock({}, seed=5) as b:
        report = parity(a, b, phone=phone)

    assert report.exit_code == 0, told(report)


def test_every_open_clause_but_the_unseen_is_compared_between_two_mocks() -> None:
    with mock({}) as a, mock({}, seed=1) as b:
        report = parity(a, b)

    assert set(OPEN) - clauses(report, Outcome.SAME) == set(UNSEEN)


@pytest.mark.parametrize("other", [1, 2])
def test_the_order_of_the_two_changes_nothing(other: int) -> None:
    with mock({}) as a, mock(covering_set()[other]) as b:
        one, two = parity(a, b), parity(b, a)

    assert clauses(one, Outcome.DIFFERS) == clauses(two, Outcome.DIFFERS) != set()
    assert clauses(one, Outcome.SAME) == clauses(two, Outcome.SAME)


@pytest.mark.parametrize("name", STANDINS)
def test_a_stand_in_and_a_mock_of_its_profile_differ_in_nothing(name: str) -> None:
    with standing(name) as target, mock(dict(target.profile)) as local:
        report = parity(target.url, local, environ=target.env)

    assert report.exit_code == 0, told(report)
    assert len(clauses(report, Outcome.SAME)) >= 60


@pytest.mark.parametrize("name", STANDINS)
def test_few_units_are_taken_and_the_report_tells_how_many(name: str) -> None:
    with standing(name) as target, mock({}) as local:
        report = parity(target.url, local, environ=target.env)
        tasks = sum(method == "create" for _, method, _ in target.calls)

    assert report.units[0] == target.units <= 12
    assert report.calls[0] <= len(target.calls) <= 90
    assert tasks <= UNITS + 4, "some are refused"


DIFFERENT: dict[str, tuple[str, str]] = {
    "no id in xml": ("courier", "create.ok"),
    "another word": ("bureau", "result.processing"),
    "no end_time in xml": ("antique", "result.ready"),
    "no names": ("bureau", "result.own-section"),
    "price as number": ("courier", "result.row-fields"),
    "another phone": ("antique", "result.row-phone"),
    "names as titles": ("bureau", "result.names"),
    "half a picture": ("bureau", "result.photo"),
    "cost of nothing": ("courier", "result.cost"),
    "no address": ("antique", "result.ip"),
    "ends before it begins": ("bureau", "result.times-ordered"),
    "xml is cut": ("courier", "format.readable"),
    "error_code as text": ("bureau", "error.members"),
    "other words": ("antique", "error.messages"),
    "source 3 is gone": ("bureau", "edition"),
    "one is never ready": ("courier", "result.becomes-ready"),
    "no answer to an odd id": ("antique", "server.never-breaks"),
    "500 for another method": ("bureau", "not-found"),
}
"""Breakages of a stand-in that otherwise is the same, and the clause under which parity must tell them."""


@pytest.mark.parametrize("breakage", DIFFERENT)
def test_a_server_that_breaks_what_the_other_keeps_differs(breakage: str) -> None:
    name, clause = DIFFERENT[breakage]
    with standing(name, seconds=0.05) as right, standing(name, seconds=0.05, breakage=breakage) as broken:
        report = parity(right.url, broken.url, environ=right.env, poll_timeout=1.0)

    assert clause in clauses(report, Outcome.DIFFERS), told(report)
    assert report.exit_code == 1


def test_nothing_of_credentials_or_of_what_is_found_is_told_and_a_mock_sees_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, file = io.StringIO(), tmp_path / "report.json"
    sent: list[Request] = []
    send = HttpClient.send

    def noted(wire: HttpClient, request: Request, **more: Any) -> HttpResponse:
        sent.append(request)
        return send(wire, request, **more)

    monkeypatch.setattr(HttpClient, "send", noted)
    with standing("courier", breakage="token in errors") as target, mock({}) as local:
        code = run(ParityOptions(target.url, local, json=file, environ=target.env), out)
    to_the_mock = [unquote_plus(f"{r.url} {r.body.decode()}") for r in sent if r.url.startswith(local[:-4])]
    seen = out.getvalue() + file.read_text(encoding="utf-8")

    assert code == 1
    assert json.loads(file.read_text(encoding="utf-8"))["totals"]["differs"] > 10
    assert "error.messages" in seen
    for secret in (*target.env.values(), *PERSONAL):
        assert secret not in seen
    assert len(to_the_mock) > 50
    assert not [request for request in to_the_mock for secret in target.env.values() if secret in request]


def test_an_ignored_difference_is_listed_and_does_not_count() -> None:
    with mock({}) as a, mock({"xml.root": "r"}) as b:
        report = parity(a, b, ignore=("xml.root", "xml.item"))
    rows = {row.clause: row for row in report.rows}

    assert report.exit_code == 0
    assert rows["xml.root"].outcome is Outcome.IGNORED
    assert [(o.a, o.b) for o in rows["xml.root"].differences] == [("'response'", "'r'")]
    assert "no longer differs" in rows["xml.item"].note


def test_a_budget_that_does_not_suffice_is_exit_code_4_and_is_kept() -> None:
    with standing("bureau") as target, mock(dict(target.profile)) as local:
        report = parity(target.url, local, environ=target.env, budget=2)

    assert report.exit_code == 4, told(report)
    assert target.units <= 2


def test_a_used_up_limit_is_no_difference() -> None:
    with standing("bureau", limit=1) as target, mock(dict(target.profile)) as local:
        report = parity(target.url, local, environ=target.env)
    rows = {row.clause: row for row in report.rows}

    assert report.exit_code == 0, told(report)
    assert rows["result.photo"].outcome is Outcome.OPEN


def test_without_a_second_account_on_both_sides_it_is_said_what_was_not_compared() -> None:
    with standing("bureau") as target, mock(dict(target.profile)) as local:
        alone = {name: value for name, value in target.env.items() if not name.endswith("2")}
        report = parity(target.url, local, environ=alone)
    row = next(row for row in report.rows if row.clause == "task.foreign-error")

    assert row.outcome is Outcome.OPEN
    assert "IFIND_LOGIN2" in row.note


def test_a_target_out_of_reach_and_one_without_credentials_are_told_apart() -> None:
    with standing("bureau") as target:
        gone = target.url
        with pytest.raises(UsageError, match="IFIND_LOGIN"):
            parity(gone, "mock")
    with pytest.raises(UnreachableError, match="can't be reached"):
        parity("mock", gone)


def test_a_target_that_goes_away_ends_the_run_with_what_was_compared_till_then(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Call] = []
    ask = ApiClient.send

    def gone(api: ApiClient, call: Call, **more: Any) -> Reply:
        asked.append(call)
        if len(asked) == 30:
            raise TargetLost("no connection")
        return ask(api, call, **more)

    monkeypatch.setattr(ApiClient, "send", gone)
    with mock({}) as a, mock({}) as b:
        report = parity(a, b)

    assert report.exit_code == 3
    assert "a target is gone" in report.stopped
    assert "create.ok" in clauses(report, Outcome.SAME)


def test_a_target_that_resets_connections_differs_from_one_that_does_not() -> None:
    with (
        standing("bureau", http=lambda number, *_: "reset" if number > 12 else None) as target,
        mock(dict(target.profile)) as local,
    ):
        report = parity(target.url, local, environ=target.env)

    assert report.exit_code == 1
    assert "server.never-breaks" in clauses(report, Outcome.DIFFERS)


def test_on_the_command_line_the_table_and_the_exit_code_tell(tmp_path: Path) -> None:
    with mock({}) as a, mock({"row.phone": "number"}) as b:
        differs = ifind("parity", a, b, "--json", "report.json", cwd=tmp_path)
        ignored = ifind("parity", a, b, "--ignore", "row.phone", cwd=tmp_path)
        wrong = ifind("parity", a, b, "--ignore", "row.phon", cwd=tmp_path)
        nobody = ifind("parity", a, "http://127.0.0.1:9/api", cwd=tmp_path)
    rows = {row["id"]: row for row in json.loads((tmp_path / "report.json").read_text())["clauses"]}

    assert [done.returncode for done in (differs, ignored, wrong, nobody)] == [1, 0, 2, 3], differs.stdout
    assert "row.phone " in differs.stdout
    assert rows["row.phone"]["differences"][0]["where"] == "data[].phone"
    assert "did you mean 'row.phone'?" in wrong.stderr
    assert "127.0.0.1:9" in nobody.stderr


def test_a_target_elsewhere_is_not_called_without_a_yes(tmp_path: Path) -> None:
    done = ifind("parity", "https://api.invalid/api", "mock", cwd=tmp_path)

    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert f"{UNITS} creates" in done.stdout
