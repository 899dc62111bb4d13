"""What `check` does around a run: plan, questions, reports, history."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract_tests.check import plan
from contract_tests.check.command import run
from contract_tests.check.history import read_history
from contract_tests.check.plan import plan_of
from contract_tests.check.prompts import with_credentials
from contract_tests.contract.clauses import UsageError, all_clauses
from contract_tests.engine import provision
from contract_tests.engine.options import CheckOptions
from contract_tests.redact.secrets import Secrets
from contract_tests.report.renderers import RENDERERS, Renderer
from contract_tests.session import progress, state
from contract_tests.session.session import Examined
from contract_tests.session.state import stopped_report
from support.checking import check, examined, options_for
from support.processes import COMMAND, environment
from support.standins.running import HIDDEN, serving

LIVE = {"IFIND_LOGIN": "olga@example.com", "IFIND_TOKEN": "aa11bb22cc33dd44", "IFIND_PHONE": "70001112233"}


# The plan.


def test_a_plan_sends_nothing_to_the_target_and_lists_each_call() -> None:
    with serving("courier") as target:
        code, output = check(target, plan=True)

        assert (code, target.calls) == (0, [])
    assert re.search(r"^\d+ +POST create of source 2 +1 ", output, re.MULTILINE), output
    assert re.search(r"\d+ calls as fast as it answers", output)
    assert "More units would decide nothing more." in output


def test_a_plan_for_the_live_api_shows_units_time_and_what_stays_unproven() -> None:
    out = io.StringIO()
    code = run(CheckOptions(target="live", plan=True, budget=2, environ=LIVE), out)
    output = out.getvalue()

    assert code == 0, output
    assert re.search(r"https://i-find\.pro/api: \d+ calls at 1 a second, about \d+ s, never more than 15 min", output)
    assert re.search(r"^  result\.photo: unaffordable: ", output, re.MULTILINE)
    assert re.search(r"^A budget of 3 units would decide .*result\.photo", output, re.MULTILINE)
    assert re.search(r"^  task\.lifetime: not checked: ", output, re.MULTILINE)
    assert not any(secret in output for secret in LIVE.values())


def test_the_plan_is_what_the_run_does() -> None:
    """On a target like the mock: the same calls, but for polls of tasks that take their time."""
    with serving("bureau") as target:
        planned = plan_of(options_for(target), target.url, larger=False, second=True)
        report = examined(target).report
    assert report is not None

    assert abs(len(planned.steps) - report.spent.calls) <= 6
    assert abs(planned.provable - report.proven) <= 3


@pytest.mark.few(3)
@pytest.mark.once
@pytest.mark.parametrize(
    "options",
    [
        *({"budget": budget} for budget in range(7)),
        {"full": True, "budget": 3},
        {"only": ("sources.documented", "result.photo", "task.lifetime"), "budget": 2},
        {"budget": 12, "second": True},
    ],
    ids=str,
)
def test_a_plan_tells_one_truth(options: dict[str, Any]) -> None:
    """No clause is both decided and not, and each is one of the two; what more units decide was open before."""
    second = options.pop("second", False)
    planned = plan_of(CheckOptions(target="live", environ=LIVE, **options), "http://127.0.0.1:9", second=second)
    decided = [clause for step in planned.steps for clause in step.proves]
    opened = [row.clause.id for row in planned.unproven]
    more = [clause for step in planned.larger_budgets for clause in step.proves]

    assert len({*decided}) == len(decided) == planned.provable
    assert not {*decided} & {*opened}
    assert {*decided, *opened} == {*(options.get("only") or all_clauses())}
    assert {*more} <= {*opened}
    assert len({*more}) == len(more)
    assert planned.units == sum(step.units for step in planned.steps) <= (options["budget"])


def test_the_report_states_what_the_budget_can_prove_and_what_was() -> None:
    with serving("bureau") as target:
        _, output = check(target, budget=1)
    shown = re.findall(r"(\d+) of (\d+) clauses decided; this budget can decide (\d+)", output)
    proven, of, provable = map(int, shown[0])

    assert of == len(all_clauses())
    assert proven <= provable + 3 < of


def test_a_clock_that_is_set_back_makes_no_time_negative() -> None:
    with serving("bureau") as target:
        run = examined(target, only=("info.answers",)).run
    assert run is not None
    run.begun += timedelta(seconds=90)

    assert state._spent(run).seconds >= 0


def test_a_rehearsal_that_does_not_begin_keeps_no_run_from_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provision, "START_TIMEOUT", 0.0)
    monkeypatch.setattr(plan, "_provable", plan._provable.__wrapped__)
    history, report = tmp_path / "history.json", tmp_path / "report.json"
    with serving("bureau") as target:
        code, output = check(target, only=("info.answers",), history=history, json=report)

    assert code == 0, output
    assert json.loads(report.read_text(encoding="utf-8"))["figures"]["provable"] is None
    assert "can decide" not in output


def test_the_private_mock_costs_nothing_so_there_is_no_plan() -> None:
    out = io.StringIO()

    assert run(CheckOptions(plan=True), out) == 0
    assert out.getvalue() == "mock: a private one, which costs nothing\n"


# Asking.


def test_live_needs_a_yes_after_the_plan_was_shown() -> None:
    out = io.StringIO()
    code = run(CheckOptions(target="live", environ=LIVE), out)

    assert code == 2
    assert "calls at 1 a second" in out.getvalue()
    assert out.getvalue().rstrip().endswith("There is no terminal to ask at: add --yes to go on.")


def test_credentials_that_lack_are_asked_for_at_a_terminal() -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return " typed-secret "

    environ = {"IFIND_PHONE": "70001112233"}
    options = with_credentials(CheckOptions(target="live", environ=environ), ask=ask, at_terminal=True)

    assert [prompt.split()[0] for prompt in asked] == ["IFIND_LOGIN", "IFIND_TOKEN"]
    assert options.environ == {"IFIND_LOGIN": "typed-secret", "IFIND_TOKEN": "typed-secret", **environ}
    assert "typed-secret" not in repr(options)


def test_an_empty_credential_is_no_credential() -> None:
    with pytest.raises(UsageError, match="IFIND_LOGIN and IFIND_TOKEN is empty"):
        with_credentials(
            CheckOptions(target="live", phone="70001112233", environ={}), ask=lambda _: "", at_terminal=True
        )


@pytest.mark.parametrize(
    ("environ", "at_terminal", "lacking"),
    [
        ({}, False, "no credentials and no phone; set IFIND_LOGIN and IFIND_TOKEN .*; name a number"),
        ({}, True, "no phone; name a number"),
        ({"IFIND_LOGIN": "a", "IFIND_TOKEN": "b"}, True, "no phone; name a number"),
        ({"IFIND_LOGIN": "a", "IFIND_PHONE": "70001112233"}, False, "no credentials; set IFIND_LOGIN and IFIND_TOKEN"),
        ({"IFIND_PHONE": "+7 000"}, True, "is not a number"),
    ],
)
def test_all_that_lacks_is_said_at_once_and_before_anything_is_asked(
    environ: dict[str, str], at_terminal: bool, lacking: str
) -> None:
    options = CheckOptions(target="live", environ=environ)

    with pytest.raises(UsageError, match=lacking):
        with_credentials(options, ask=lambda _: pytest.fail("asked"), at_terminal=at_terminal)


def test_a_mock_needs_no_credentials() -> None:
    options = CheckOptions(environ={})

    assert with_credentials(options, ask=lambda _: pytest.fail("asked"), at_terminal=True) is options


def test_what_is_typed_at_a_terminal_is_not_shown(tmp_path: Path) -> None:
    main, other = pty.openpty()
    with serving("courier") as target:
        command = [*COMMAND, "check", target.url, "--only", "info.answers"]
        more = {key: value for key, value in target.env.items() if key == "IFIND_PHONE"}
        process = subprocess.Popen(
            command,
            env=environment(**more),
            cwd=tmp_path,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        shown = b""
        for name in ("IFIND_LOGIN", "IFIND_TOKEN"):
            while name.encode() + b" (not shown): " not in shown:
                shown += os.read(main, 4096)
            os.write(main, target.env[name].encode() + b"\n")
        try:
            while chunk := os.read(main, 4096):
                shown += chunk
        except OSError:
            pass  # a terminal that nobody writes to any more ends so
        code = process.wait(30)
        os.close(main)

    assert code == 0, shown.decode()
    assert not any(target.env[name].encode() in shown for name in ("IFIND_LOGIN", "IFIND_TOKEN"))


# Writing.


def test_every_report_is_written_and_says_the_same(tmp_path: Path) -> None:
    files: dict[str, Any] = {kind: tmp_path / kind for kind in ("junit", "html", "json", "summary")}
    with serving("courier") as target:
        code, output = check(target, **files)

    assert code == 0, output
    held = {kind: path.read_text(encoding="utf-8") for kind, path in files.items()}
    assert json.loads(held["json"])["exit_code"] == 0
    for text in held.values():
        assert "quota.unit" in text


@pytest.mark.parametrize(
    ("name", "path", "remedy"),
    [
        ("html", "no/such/report.html", "there is no directory"),
        ("json", "", "is a directory"),
        ("history", "no/history", "there is no directory"),
        ("ledger", "no/ledger", "there is no directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_reported_before_anything_is_sent(
    name: str, path: str, remedy: str, tmp_path: Path
) -> None:
    with serving("courier") as target:
        code, output = check(target, **{name: tmp_path / path})

        assert (code, target.calls) == (2, [])
    assert remedy in output


@pytest.mark.parametrize("option", ["html", "ledger", "history"])
def test_a_link_to_itself_is_refused(option: str, tmp_path: Path) -> None:
    (tmp_path / "r").symlink_to(tmp_path / "r")
    with serving("courier") as target:
        code, output = check(target, **{option: tmp_path / "r"})

        assert (code, target.calls) == (2, [])
    assert "is a link to itself" in output
    assert (tmp_path / "r").is_symlink(), "it is left as it is"


def test_a_report_does_not_take_the_place_of_the_profile(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("[profile]\n", encoding="utf-8")
    with serving("courier") as target:
        code, output = check(target, profile=tmp_path / "p", json=tmp_path / "p")

        assert (code, target.calls) == (2, [])
    assert "named for two files" in output


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/api?login=olga&token=aa11bb22cc33dd44",
        "http://127.0.0.1:9/api#aa11bb22cc33dd44",
        "http://olga:aa11bb22cc33dd44@127.0.0.1:bad/api",
        "ftp://olga:aa11bb22cc33dd44@127.0.0.1/api",
        "https://olga:aa11bb22cc33dd44@127.0.0.1/\xe9",
        "http://olga:aa11bb22cc33dd44/",
    ],
)
def test_a_wrong_target_is_reported_without_what_may_be_credentials(url: str) -> None:
    out = io.StringIO()

    assert run(CheckOptions(target=url), out) == 2
    assert "target" in out.getvalue()
    assert "aa11bb22cc33dd44" not in out.getvalue()


def test_one_file_for_two_reports_is_refused(tmp_path: Path) -> None:
    with serving("courier") as target:
        code, output = check(target, html=tmp_path / "r", json=tmp_path / "r")

        assert (code, target.calls) == (2, [])
    assert "named for two files" in output


def test_what_a_report_would_leak_is_masked_and_counted_and_the_report_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last search of the bytes masks what every step before has missed; a report that was paid for is not lost."""

    def leaking(_: object) -> bytes:
        return f"<p>{target.env['IFIND_TOKEN']}</p>".encode()

    monkeypatch.setattr("contract_tests.check.command.RENDERERS", {**RENDERERS, "html": Renderer("", leaking)})
    (tmp_path / "r.html").write_text("before", encoding="utf-8")
    with serving("courier") as target:
        code, output = check(target, html=tmp_path / "r.html", json=tmp_path / "r.json")

    assert code == 0, output
    assert "r.html: 1 place that held a credential or a value was masked" in output
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == "<p>$IFIND_TOKEN</p>"
    assert (tmp_path / "r.json").exists()


def test_an_output_that_is_gone_takes_no_report_with_it(tmp_path: Path) -> None:
    with serving("courier") as target, Path("/dev/full").open("wb") as full:
        command = [*COMMAND, "check", target.url, "--only", "info.answers", "--json", "r.json"]
        ended = subprocess.run(
            command, env=environment(**target.env), cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert ended.returncode == 2
    assert b"Traceback" not in ended.stderr
    assert (tmp_path / "r.json").exists()


def test_a_terminal_that_lacks_characters_shows_the_report_all_the_same(tmp_path: Path) -> None:
    with serving("courier") as target:
        command = [*COMMAND, "check", target.url, "--only", "info.answers"]
        plain = {**environment(**target.env), "PYTHONIOENCODING": "ascii"}
        ended = subprocess.run(command, env=plain, cwd=tmp_path, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"1 of 1 clause decided" in ended.stdout


# Stopping.


def test_a_run_that_is_interrupted_says_so_and_reports_what_it_found(tmp_path: Path) -> None:
    def http(number: int, *_: object) -> str | None:
        if number != 14:
            return None
        os.kill(os.getpid(), signal.SIGTERM)
        return "hang"

    with serving("courier", http=http) as target:
        code, output = check(target, json=tmp_path / "r.json")

        assert len(target.calls) == 14
    assert code == 1
    assert "interrupted: what was not checked by then is reported as not checked" in output
    assert "interrupted" in json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["stopped"]


def test_who_interrupts_the_rehearsal_gets_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: CheckOptions) -> Examined:
        return Examined(stopped_report(options, 1, "interrupted"), None, interrupted=True)

    monkeypatch.setattr(plan, "examine", interrupted)
    with serving("courier") as target:
        code, output = check(target, budget=11, json=tmp_path / "r.json")

        assert (code, target.calls) == (1, [])
    assert output == "interrupted before the run began\n"
    assert json.loads((tmp_path / "r.json").read_bytes())["stopped"] == output.strip()


# Remembering.


def test_what_was_proven_is_remembered_and_comes_due(tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    with serving("courier") as target:
        check(target, history=history, only=("info.answers",))
        first = json.loads(history.read_text(encoding="utf-8"))
        check(target, history=history, only=("not-found",))
    known = json.loads(history.read_text(encoding="utf-8"))["targets"][target.url]
    today = datetime.now(UTC).date().isoformat()

    assert first["targets"][target.url]["info.answers"] == {"proven": today, "outcome": "holds"}
    assert {"info.answers", "not-found"} <= set(known)


def test_an_old_proof_is_stale_and_a_fresh_one_is_not(tmp_path: Path) -> None:
    with serving("courier") as target:
        report = examined(target, only=("info.answers", "not-found")).report
        assert report is not None
        report = replace(report, rows=tuple(r for r in report.rows if r.clause.id == "info.answers"))
        fresh = read_history(tmp_path / "none").of(report, timedelta(days=30), ["info.answers"])
        unchecked = replace(report, rows=tuple(replace(r, outcome=r.outcome.UNCHECKED) for r in report.rows))
        old = (datetime.now(UTC).date() - timedelta(days=31)).isoformat()
        file = tmp_path / "history.json"
        file.write_text(
            json.dumps({"layout": 1, "targets": {target.url: {"info.answers": {"proven": old, "outcome": "holds"}}}}),
            encoding="utf-8",
        )
        stale = read_history(file).of(unchecked, timedelta(days=30), ())

    assert not fresh["info.answers"].stale
    assert replace(unchecked, history=stale).due == ("info.answers",)
    assert replace(report, history=fresh).due == ()
    assert stale["info.answers"].stale
    assert stale["info.answers"].proven == date.fromisoformat(old)


def test_what_no_live_run_can_decide_is_never_due(tmp_path: Path) -> None:
    with serving("courier") as target:
        _, output = check(target, history=tmp_path / "history.json", json=tmp_path / "r.json", budget=1)
        report = examined(target).report
    clauses = json.loads((tmp_path / "r.json").read_bytes())["clauses"]
    due = [clause["id"] for clause in clauses if clause["history"]["stale"]]
    decided = {row.clause.id for row in report.rows if row.outcome in ("holds", "broken", "refuted")}

    assert "result.photo" in due
    assert f"Due again, since not decided lately: {due[0]}" in output
    assert {*due} <= decided | HIDDEN["courier"]
    assert not {"task.lifetime", "quota.turns-at", "quota.refuses", "quota.message", "rate.limit"} & {*due}


def test_other_targets_and_clauses_of_other_versions_stay_in_the_history(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    kept = {"http://other/api": {"gone.clause": {"proven": "2020-01-01", "outcome": "holds"}}}
    file.write_text(json.dumps({"layout": 1, "targets": kept}), encoding="utf-8")
    with serving("courier") as target:
        check(target, history=file, only=("info.answers",))

    assert json.loads(file.read_text(encoding="utf-8"))["targets"]["http://other/api"] == kept["http://other/api"]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[" * 100_000,
        "[]",
        '{"layout": 2, "targets": {}}',
        '{"layout": 1, "targets": {"u": {"c": {"proven": "soon"}}}}',
    ],
)
def test_a_history_that_is_none_is_refused_and_left_as_it_is(text: str, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text(text, encoding="utf-8")
    with serving("courier") as target:
        code, output = check(target, history=file)

        assert (code, target.calls) == (2, [])
    assert f"--history: {file}" in output
    assert file.read_text(encoding="utf-8") == text


def test_a_history_is_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/full")):
        out = io.StringIO()

        assert run(CheckOptions(history=path), out) == 2
        assert "is not a file that can be read again" in out.getvalue()


def test_the_private_mock_leaves_no_history(tmp_path: Path) -> None:
    out = io.StringIO()
    run(CheckOptions(history=tmp_path / "history.json", only=("info.answers",)), out)

    assert not (tmp_path / "history.json").exists()


def test_without_known_secrets_nothing_is_masked() -> None:
    assert Secrets().mask("anything at all") == "anything at all"


# How far it is.


def test_where_there_is_no_terminal_a_long_run_prints_its_progress_in_plain_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    err = io.StringIO()
    with serving("courier") as target:
        code = run(options_for(target, only=("info.answers", "not-found")), io.StringIO(), err)
    lines = err.getvalue().splitlines()

    assert code == 0
    assert re.fullmatch(r"1 of \d+ tests · \d+ calls · \d+ units · \S.*", lines[0]), lines
    assert [line.split()[0] for line in lines] == [str(n) for n in range(1, len(lines) + 1)]


def test_at_a_terminal_a_bar_is_shown_and_goes(tmp_path: Path) -> None:
    main, other = pty.openpty()
    with serving("courier") as target:
        command = [*COMMAND, "check", target.url, "--only", "info.answers"]
        more = {**target.env, "TERM": "xterm"}
        process = subprocess.Popen(
            command, env=environment(**more), cwd=tmp_path, stdout=subprocess.PIPE, stderr=other, text=True
        )
        os.close(other)
        shown = b""
        try:
            while chunk := os.read(main, 4096):
                shown += chunk
        except OSError:
            pass  # a terminal that nobody writes to any more ends so
        output, _ = process.communicate(timeout=30)
        os.close(main)

    assert process.returncode == 0, output
    assert re.search(rb"\d+ calls", shown), shown
    assert "1 of 1 clause decided" in output
