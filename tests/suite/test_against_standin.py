"""`check` against a stand-in: exit codes, options, and what its output must not hold."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from contract_tests.check.command import run
from contract_tests.engine.options import CheckOptions
from contract_tests.session.session import PACKAGE
from mockserver.mutants.kit.context import CallContext
from support.checking import check, outcomes
from support.processes import COMMAND, environment
from support.standins.breaking import Breakage
from support.standins.people import PERSONAL
from support.standins.running import ACCOUNTS, serving

ELSEWHERE = "https://api.invalid/api"


def breaking_much(context: CallContext) -> None:
    if context.status == "ready":
        context.body["cost"] = 1
        for row in context.body.get("data") or ():
            row["title"] = None
    if context.status == "error":
        context.body["message"] += f" {context.token} {context.login}"


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_credential_and_no_value_of_the_target_is_reported(name: str, tmp_path: Path) -> None:
    with serving(name, breakage=Breakage("breaks much", breaking_much)) as target:
        code, output = check(target, full=True, junit=tmp_path / "report.xml")
    output += (tmp_path / "report.xml").read_text(encoding="utf-8")

    assert code == 1
    assert "result.cost" in output
    assert [secret for secret in (*target.env.values(), *PERSONAL) if secret in output] == []
    assert [login for login in ACCOUNTS[name] if login.replace("@", "%40") in output] == []


def test_a_target_that_cannot_be_reached_is_exit_code_3() -> None:
    with serving("bureau") as target:
        pass
    code, output = check(target)

    assert code == 3
    assert "can't be reached" in output


def test_a_task_is_late_only_where_it_is_not_ready_after_its_time() -> None:
    """An answer that was long on its way tells of the moment when it was made."""

    def slow(context: CallContext) -> None:
        if context.status == "processing":
            time.sleep(0.8)

    with serving("bureau", breakage=Breakage("slow", response=slow)) as target:
        code, output = check(target, only=("result.becomes-ready",), poll_timeout=0.5)

    assert code == 0, output
    assert outcomes(output) == {"result.becomes-ready": "holds"}


def test_refused_credentials_are_exit_code_3() -> None:
    with serving("bureau") as target:
        code, output = check(target, environ={**target.env, "IFIND_TOKEN": "wrong-token", "IFIND_TOKEN2": "wrong-too"})

    assert code == 3
    assert "refuses the credentials" in output
    assert "wrong-token" not in output


def test_a_budget_that_does_not_suffice_is_exit_code_4_and_is_kept() -> None:
    with serving("bureau") as target:
        code, output = check(target, budget=1)

    assert code == 4, output
    assert target.units <= 1
    assert re.search(r"sources\.documented +documented +unaffordable", output)


def test_a_broken_promise_outranks_the_budget() -> None:
    with serving("bureau", breakage="id as text") as target:
        code, _ = check(target, budget=1)

    assert code == 1


def test_a_used_up_limit_is_not_taken_for_a_broken_create() -> None:
    with serving("bureau", limit=0) as target:
        code, output = check(target)

    assert code == 4, output
    assert outcomes(output)["create.ok"] == "unaffordable"
    assert "the account's daily limit is used up" in output


def test_without_credentials_the_variables_are_named() -> None:
    with serving("bureau") as target:
        environ = {name: value for name, value in target.env.items() if name != "IFIND_LOGIN"}
        code, output = check(target, environ=environ)

    assert code == 2
    assert "IFIND_LOGIN" in output
    assert "IFIND_TOKEN" in output


def test_elsewhere_a_phone_and_a_yes_are_needed() -> None:
    environ = {"IFIND_LOGIN": "anna@example.com", "IFIND_TOKEN": "7f3a9c5be1d2408e"}
    unasked, no_phone = io.StringIO(), io.StringIO()
    with_phone = {**environ, "IFIND_PHONE": "70005550123"}

    assert run(CheckOptions(target=ELSEWHERE, environ=with_phone), unasked) == 2
    assert run(CheckOptions(target=ELSEWHERE, environ=environ, yes=True), no_phone) == 2
    assert "--yes" in unasked.getvalue()
    assert "12 units" in unasked.getvalue()
    assert "--phone or IFIND_PHONE" in no_phone.getvalue()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ("create.okk",)}, "did you mean 'create.ok'?"),
        ({"profile": Path("no-such-profile.toml")}, "no-such-profile.toml"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_sent(options: dict[str, Any], message: str) -> None:
    with serving("bureau") as target:
        code, output = check(target, **options)

    assert code == 2
    assert message in output
    assert target.calls == []


def test_only_the_named_clauses_are_checked() -> None:
    with serving("bureau") as target:
        code, output = check(target, only=("error.missing",))

    assert code == 0, output
    assert outcomes(output) == {"error.missing": "holds"}
    assert all(operation != "result" or "id" in params for _, operation, params in target.calls)


def test_strict_makes_a_refuted_assumption_count() -> None:
    with serving("courier") as target:
        code, output = check(target, only=("xml.root",), strict=True)

    assert code == 1, output
    assert "xml.root (assumed)" in output


def test_the_environment_does_not_steer_the_suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving("bureau") as target:
        code, output = check(target, only=("create.ok",), junit=tmp_path / "report.xml")

    assert code == 0, output
    assert sorted(f.name for f in tmp_path.iterdir()) == ["pytest.ini", "report.xml"]
    assert [login for login in ACCOUNTS["bureau"] if login in (tmp_path / "report.xml").read_text()] == []


def test_no_conftest_above_the_suite_is_read(tmp_path: Path) -> None:
    """Such as that of a project whose virtual environment holds the suite."""
    shutil.copytree(PACKAGE, tmp_path / "contract_tests", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "conftest.py").write_text("raise SystemExit('read')")
    with serving("bureau") as target:
        done = subprocess.run(
            [*COMMAND, "check", target.url, "--only", "error.missing"],
            cwd=tmp_path,
            env=environment(**target.env),
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
