"""A target that lies about what it takes, and a ledger that is damaged, replaced or full: no create passes the budget,
and no run ends in an error of its own.
"""

from __future__ import annotations

import io
import resource
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, Account
from contract_tests.budget.budget import Limits
from contract_tests.budget.ledger import Entry, open_ledger
from contract_tests.budget.sender import LostAnswer, open_sender
from contract_tests.contract.clauses import UsageError
from contract_tests.learning.learn import learn
from contract_tests.transport.messages import Request
from mockserver.mutants.kit.context import CallContext
from support.checking import check, examined, options_for
from support.processes import COMMAND, environment
from support.raw_server import server
from support.standins.breaking import Breakage
from support.standins.running import serving

# Units.


def states(cost: Callable[[CallContext], object]) -> Breakage:
    def answer(context: CallContext) -> None:
        if "cost" in context.body:
            context.body["cost"] = cost(context)

    return Breakage("lies about the cost", answer)


def by_turns(context: CallContext) -> int:
    context.memory["turn"] = 1 - context.memory.get("turn", 0)
    return int(context.memory["turn"])


def says(status: int, body: bytes | None = None, *headers: tuple[str, str]) -> Breakage:
    """Makes the task, takes its unit, and answers the create as if it had not been taken."""

    def response(context: CallContext) -> None:
        if context.operation == "create" and context.body.get("status") == "ok":
            context.http, context.headers = status, (*context.headers, *headers)
            context.content = context.content if body is None else body

    return Breakage("takes what it turns away", response=response)


LIES: Mapping[str, Breakage] = {
    "a task costs nothing": states(lambda _: "0"),
    "a task costs nothing, in two digits": states(lambda _: "00"),
    "a task costs nothing by turns": states(by_turns),
    "a create that is taken, under HTTP 429": says(429),
    "a create that is taken, under HTTP 503": says(503, None, ("Retry-After", "0")),
    "a create that is taken, answered by an error": says(200, b'{"status":"error","error_code":400,"message":"no"}'),
    "a create that is taken, answered by a page": says(503, b"<html>busy</html>", ("Retry-After", "0")),
    "a create that is taken, answered as too fast": says(
        200, b'{"status":"error","error_code":1,"message":"too many requests"}', ("Retry-After", "0")
    ),
}


@pytest.mark.few(3)
@pytest.mark.parametrize("name", LIES)
def test_no_lie_about_what_a_create_takes_makes_a_run_pass_its_budget(name: str) -> None:
    with serving("courier", seconds=0.0, breakage=LIES[name]) as target:
        _, output = check(target, budget=2, poll_timeout=0.3, run_timeout=4.0)

        assert 0 < target.units <= 2, output


def test_of_several_costs_that_a_task_states_the_highest_counts() -> None:
    def rising(context: CallContext) -> int:
        read = context.params["id"]
        context.memory[read] = context.memory.get(read, 0) + 1
        return 1 if context.memory[read] == 1 else 40

    with serving("courier", seconds=0.0, breakage=states(rising)) as target:
        report = examined(target, budget=12, poll_timeout=0.3, run_timeout=4.0).report

    assert report.spent.units >= 40


Surprise = Callable[[CallContext], int]
"""Units that a create takes beyond what it is known to take."""


def charging(surprise: Surprise, answer: Callable[[CallContext, int], object], **steps: Any) -> Breakage:
    """Takes the units by surprise, and edits each answer, given those that were taken so."""

    def charge(context: CallContext) -> None:
        units = surprise(context) if context.operation == "create" else 0
        if units:
            context.server.charge(context.login, units)
            context.memory["taken"] = context.memory.get("taken", 0) + units
        answer(context, context.memory.get("taken", 0))

    return Breakage("takes more than it says", charge, **steps)


def honest(_context: CallContext, _taken: int) -> None:
    """States all in info."""


def if_refused(context: CallContext) -> int:
    return 5 if context.status == "error" and context.login else 0


def if_accepted(units: int) -> Surprise:
    return lambda context: units if context.status == "ok" else 0


def stated(of: str, *formats: str) -> Callable[[CallContext, int], None]:
    """States what a task takes in cost or in used, and there in these formats alone."""

    def answer(context: CallContext, taken: int) -> None:
        tells = context.asked_format in formats
        if context.operation == "info" and "data" in context.body and not (tells and of == "used"):
            context.body["data"]["api_limit"]["used"] -= taken
        elif context.status == "ready" and of == "cost" and tells:
            context.body["cost"] = "41"

    return answer


def hidden(context: CallContext) -> None:
    """Shows no used units in info."""
    if context.operation == "info" and context.status == "ok":
        context.content = b'{"status":"ok","data":{"api_time_limit":"2030-01-01","demo":"0"}}'


def refused(
    content: bytes, http: int = 200, then: Callable[[CallContext], object] = id
) -> Callable[[CallContext], None]:
    """Refuses the creates that were taken."""

    def response(context: CallContext) -> None:
        then(context)
        if context.operation == "create" and context.body.get("status") == "ok":
            context.http, context.content = http, content

    return response


ERROR = b'{"status":"error","error_code":500,"message":"no"}'
SURPRISES: Mapping[str, tuple[Breakage, int]] = {
    "an error to every right create": (charging(if_accepted(4), honest, response=refused(ERROR)), 5),
    "a page of 503 to every right create": (charging(if_accepted(4), honest, response=refused(b"<html>", 503)), 5),
    "an error of 503 to every right create": (charging(if_accepted(4), honest, response=refused(ERROR, 503)), 5),
    "an error to what is wrong": (charging(if_refused, honest), 5),
    **{f"the cost in {fmt} alone": (charging(if_accepted(40), stated("cost", fmt)), 41) for fmt in FORMATS},
    **{f"the used units in {fmt} alone": (charging(if_accepted(40), stated("used", fmt)), 41) for fmt in FORMATS},
    "a refusal, where info shows no units": (charging(if_accepted(0), honest, response=refused(ERROR, then=hidden)), 1),
}
"""What is taken otherwise than JSON says, and how many units a create takes there."""


@pytest.mark.few(4)
@pytest.mark.parametrize("name", SURPRISES)
def test_what_is_really_taken_passes_the_budget_by_one_create_at_most(name: str) -> None:
    breakage, most = SURPRISES[name]
    taken = []
    watched = replace(breakage, call=lambda context: taken.append(context.memory.get("taken", 0)))
    with serving("courier", seconds=0.0, limit=1000, breakage=watched) as target:
        _, output = check(target, poll_timeout=0.3, run_timeout=8.0)

        assert 5 <= target.units + taken[-1] < 12 + most, output


def test_costs_that_grow_beyond_what_tasks_state_pass_the_budget_by_one_create_at_most() -> None:
    taken: list[int] = []

    def growing(context: CallContext) -> int:
        if context.status == "ok":
            taken.append(2 ** (len(taken) + 1))
            return taken[-1]
        return 0

    breakage, out = charging(growing, honest), io.StringIO()
    with serving("courier", seconds=0.0, limit=1000, breakage=breakage) as target:
        learn(options_for(target, budget=12, poll_timeout=0.3), None, out, out)

        assert target.units + sum(taken) < 12 + max(taken) + 1, out.getvalue()


def test_a_right_server_that_shows_no_units_is_checked_like_any() -> None:
    with serving("courier", seconds=0.0, breakage=Breakage("hides the units", response=hidden)) as target:
        report = examined(target).report

        assert target.units == 5
    assert {row.clause.id for row in report.rows if row.outcome in ("broken", "unaffordable")} == set()


# The ledger.


ACCOUNT = Account("login", "token")


def written(file: Path, *damages: str, units: int = 1) -> None:
    """Leaves the ledger of a run that was stopped after a create, and damages it."""
    with open_ledger(file, "http://127.0.0.1/api", ACCOUNT) as ledger:
        number = ledger.begin("create", Request("GET", "http://127.0.0.1/api/create"), source=2, units=units)
        ledger.end(number, "answered", units=units)
        ledger.keep(number, 200, {"status": "ok", "id": 7, "owner": "x"})
    with closing(sqlite3.connect(file)) as connection:
        for damage in damages:
            connection.execute(damage)
        connection.commit()


def taken(file: Path) -> list[Entry]:
    """What the next run takes over."""
    with open_ledger(file, "http://127.0.0.1/api", ACCOUNT) as ledger:
        return ledger.creates()


DAMAGES = {
    "an answer that is no JSON": "UPDATE sends SET answer = 'x'",
    "an answer that is a list": "UPDATE sends SET answer = '[1]'",
    "an answer that is deep": "UPDATE sends SET answer = replace(hex(zeroblob(50000)), '0', '[')",
    "an answer in bytes": "UPDATE sends SET answer = x'ff'",
    "an answer with an escape": """UPDATE sends SET answer = '{"status": "ok", "id": "\\u001b"}'""",
    "an answer with a list for an id": """UPDATE sends SET answer = '{"status": "ok", "id": [1]}'""",
    "another id, as well-formed": """UPDATE sends SET answer = '{"status": "ok", "id": 8}'""",
    "a send of another method": "UPDATE sends SET method = 'info'",
    "a send of another run": "UPDATE sends SET run = 2",
    "a send of another call": "UPDATE sends SET call = 'x' || substr(call, 2)",
    "a send that was not": "UPDATE sends SET state = 'not sent'",
    "a run that has ended": "UPDATE runs SET ended = started",
    "a run of another account": "UPDATE runs SET key = 'x' || substr(key, 2)",
    "a run of another day": "UPDATE runs SET started = '1999-01-01T00:00:00+00:00'",
    "a checksum that is gone": "UPDATE sends SET crc = NULL",
    "bytes that are no text": "UPDATE sends SET at = CAST(x'ff73' AS TEXT)",
    "units that are a word": "UPDATE sends SET units = 'many'",
    "units below nothing": "UPDATE sends SET units = -100",
    "units by the fraction": "UPDATE sends SET units = 0.5",
    "units beyond reason": "UPDATE sends SET units = 9223372036854775807",
    "an HTTP status that is a word": "UPDATE sends SET http = 'x'",
    "a state of no ledger": "UPDATE sends SET state = 'x'",
    "a table that is gone": "DROP TABLE sends",
    "a trigger that forgets": "CREATE TRIGGER x AFTER INSERT ON sends BEGIN DELETE FROM sends; END",
    "a trigger that refuses": "CREATE TRIGGER x BEFORE INSERT ON sends BEGIN SELECT RAISE(ABORT, '##vso[x]'); END",
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_ledger_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    written(tmp_path / "ledger.db", DAMAGES[name])

    with pytest.raises(UsageError, match=r"--ledger: .*damaged"):
        taken(tmp_path / "ledger.db")


def test_a_ledger_with_a_table_that_has_no_end_is_refused(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id, x AS run FROM n"
    damages = ("DROP INDEX sends_of_a_run", "DROP TABLE sends", f"CREATE VIEW sends AS {endless}")
    written(tmp_path / "ledger.db", *damages, "CREATE INDEX sends_of_a_run ON runs (id)")

    with pytest.raises(UsageError, match=r"--ledger: .*damaged"):
        taken(tmp_path / "ledger.db")


def test_a_create_of_before_counts_as_a_unit_whatever_its_line_says(tmp_path: Path) -> None:
    written(tmp_path / "ledger.db", units=0)

    (entry,) = taken(tmp_path / "ledger.db")

    assert (entry.units, entry.answer) == (1, {"status": "ok", "id": 7})


def test_a_create_that_was_lost_before_the_run_was_stopped_is_not_sent_however_often_it_is_asked_for(
    tmp_path: Path,
) -> None:
    call, arrived = calls.create(ACCOUNT, "70005550142", 2), []

    def hangs_up(connection: socket.socket) -> None:
        arrived.append(connection.recv(65536))

    with server(*[hangs_up] * 4) as url:
        base, ledger = url.removesuffix("/info"), partial(open_ledger, tmp_path / "ledger.db", url, ACCOUNT)
        for _ in range(2):  # the run, and the same run resumed
            with ledger() as file, open_sender(base, Limits(units=12), ledger=file) as sender:
                for _ in range(3):
                    with pytest.raises(LostAnswer):
                        sender.send_create(call)

    assert len(arrived) == 1


def test_a_ledger_with_more_creates_than_a_run_makes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contract_tests.budget.ledger.MOST", 2)
    for _ in range(2):
        written(tmp_path / "ledger.db")
    assert len(taken(tmp_path / "ledger.db")) == 2
    written(tmp_path / "ledger.db")

    with pytest.raises(UsageError, match="more than 2 creates"):
        taken(tmp_path / "ledger.db")


def test_a_check_refuses_a_damaged_ledger_before_anything_is_paid(tmp_path: Path) -> None:
    with serving("courier", seconds=0.0) as target:
        check(target, ledger=tmp_path / "ledger.db", budget=1, only=("create.ok",))
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
            connection.execute("UPDATE runs SET ended = NULL")
            connection.execute("UPDATE sends SET units = 'many'")
            connection.commit()
        code, output = check(target, ledger=tmp_path / "ledger.db", budget=4)

        assert (code, target.units) == (2, 1), output
    assert "is damaged" in output
    assert "rror of the suite itself" not in output


def removed(file: Path, _: int) -> None:
    file.unlink()


def replaced(file: Path, _: int) -> None:
    file.unlink()
    file.write_bytes(b"another")


def full(_: Path, pid: int) -> None:
    """From now on no file of the run grows, as on a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))


@pytest.mark.few(1)
@pytest.mark.parametrize("befall", [removed, replaced, full])
def test_where_the_ledger_is_lost_the_run_ends_with_its_report(
    befall: Callable[[Path, int], None], tmp_path: Path
) -> None:
    file, units, run = tmp_path / "ledger.db", list[int](), list[subprocess.Popen[str]]()

    def http(_number: int, _verb: str, method: str, _given: dict[str, str]) -> None:
        if method == "result" and not units:
            units.append(target.units)
            befall(file, run[0].pid)

    with serving("courier", seconds=0.0, http=http) as target:
        words = [*COMMAND, "check", target.url, "--all", "--ledger", str(file)]
        process = subprocess.Popen(
            words,
            cwd=tmp_path,
            env=environment(**target.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        run.append(process)
        output, _ = process.communicate(timeout=60)

        assert (process.returncode, [target.units]) == (1, units), output
    assert f"--ledger: {file}" in output
    assert "nothing more was sent" in output
    assert "clauses decided" in output
    assert "rror of the suite itself" not in output


def test_a_ledger_may_have_a_name_that_sqlite_gives_a_meaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path(":memory:"))

    assert (tmp_path / ":memory:").is_file()
