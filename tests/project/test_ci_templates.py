"""What projects of users copy into their CI: the scripts of the actions and of the GitLab jobs do what they say."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.cli.check import command as check
from mockserver.testing import Mock
from support.command import ifind
from support.needed import release_tool
from support.processes import environment

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
CHECK = ROOT / ".github" / "actions" / "check" / "action.yml"
GITHUB = ROOT / "examples" / "ci" / "github.yml"
TEMPLATE = ROOT / "templates" / "gitlab.yml"
GITLAB = ROOT / "examples" / "ci" / "gitlab.yml"

pytestmark = pytest.mark.once


def document(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def step(action: Path, name: str) -> dict[str, Any]:
    """The step of an action."""
    (found,) = (one for one in document(action)["runs"]["steps"] if one.get("name") == name)
    return dict(found)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Path]:
    """A runner's temporary folder, in which the command is installed."""
    commands = tmp_path / "ifind-mock" / "bin"
    commands.mkdir(parents=True)
    script = f'#!/bin/sh\necho $$ >>{tmp_path}/pids\nexec {sys.executable} -m mockserver "$@"\n'
    (commands / "ifind-mock").write_text(script, encoding="utf-8")
    (commands / "ifind-mock").chmod(0o755)
    yield tmp_path
    for pid in (tmp_path / "pids").read_text(encoding="utf-8").split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def run(script: str, runner: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A script as GitHub runs it under `shell: bash`."""
    files = {name: str(runner / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=runner,
        env=environment(RUNNER_TEMP=str(runner), **files, **more),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def credentials(mock: Mock) -> dict[str, str]:
    """The secrets of a job that checks a mock."""
    account = mock.account()
    return {"IFIND_LOGIN": account.login, "IFIND_TOKEN": account.token, "IFIND_PHONE": "70001234567"}


def test_the_action_starts_a_mock_and_gives_its_address(runner: Path) -> None:
    done = run(step(ACTION, "Start")["run"], runner, PORT="0", ARGS="--delay 0s\n--daily-limit 7\n")
    url = (runner / "GITHUB_OUTPUT").read_text(encoding="utf-8").removeprefix("url=").strip()
    body = urllib.request.urlopen(f"{url}/info?login=demo@example.com&token=demo-token", timeout=10).read()

    assert done.returncode == 0, done.stdout + done.stderr
    assert b'"of":7' in body
    assert "account: login demo@example.com" in done.stdout


def test_a_mock_that_does_not_start_fails_the_step_with_its_reason(runner: Path) -> None:
    done = run(step(ACTION, "Start")["run"], runner, PORT="0", ARGS="--dleay 0s")

    assert done.returncode == 1
    assert "--delay" in done.stdout
    assert "::error title=ifind-mock::" in done.stdout


def test_the_action_checks_and_leaves_a_ledger_a_summary_and_reports(runner: Path) -> None:
    with Mock(delay="0s") as mock:
        account = credentials(mock)
        done = run(
            step(CHECK, "Check")["run"],
            runner,
            TARGET=mock.url,
            BUDGET="12",
            ARGS="--full\n--only create.ok\n",
            **account,
        )
    left = {path.name for path in (runner / "ifind-check").iterdir()}

    assert done.returncode == 0, done.stdout + done.stderr
    assert {"ledger.db", "history.json", "report.xml", "report.html"} <= left
    assert "Contract of" in (runner / "GITHUB_STEP_SUMMARY").read_text(encoding="utf-8")


def test_the_gitlab_job_checks_and_leaves_what_it_names(runner: Path) -> None:
    job = document(TEMPLATE)[".ifind-check"]
    with Mock(delay="0s") as mock:
        script = "\n".join(job["script"]).replace("/tmp/ifind-mock", str(runner / "ifind-mock"))
        account = credentials(mock)
        done = run(script, runner, **{**job["variables"], "TARGET": mock.url}, **account)
    named = [*job["cache"]["paths"], *job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]

    assert done.returncode == 0, done.stdout + done.stderr
    assert [path for path in named if not (runner / path).exists()] == []


@pytest.mark.parametrize("file", [CHECK, TEMPLATE], ids=lambda file: str(file.relative_to(ROOT)))
def test_the_options_of_a_template_are_those_of_check(file: Path) -> None:
    text = file.read_text(encoding="utf-8").partition("ifind-mock check ")[2]
    options = {name for one in check.params for name in one.opts}
    named = re.findall(r"(?<!\S)--[a-z-]+", text)

    assert len(named) > 5
    assert [name for name in named if name not in options] == []


@pytest.mark.parametrize("file", [ACTION, CHECK], ids=lambda file: str(file.relative_to(ROOT)))
def test_a_script_of_an_action_gets_what_users_write_by_variables_alone(file: Path) -> None:
    scripts = [one["run"] for one in document(file)["runs"]["steps"] if "run" in one]

    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_the_example_gives_the_actions_inputs_that_they_have() -> None:
    known = {"": ACTION, "/.github/actions/check": CHECK}
    steps = [one for job in document(GITHUB)["jobs"].values() for one in job["steps"]]
    used = [one for one in steps if one.get("uses", "").startswith("OWNER/ifind-mock")]
    files = [known[re.sub("@.*", "", one["uses"]).removeprefix("OWNER/ifind-mock")] for one in used]

    assert {*files} == {ACTION, CHECK}
    for one, file in zip(used, files, strict=True):
        inputs = document(file)["inputs"]
        assert one["with"].keys() <= inputs.keys()
        assert {name for name, is_input in inputs.items() if is_input.get("required")} <= one["with"].keys()


SCHEMAS = {"github-actions": [ACTION, CHECK], "github-workflows": [GITHUB], "gitlab-ci": [TEMPLATE, GITLAB]}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_file_fits_its_schema(schema: str) -> None:
    command = [release_tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *SCHEMAS[schema]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def workflow(action: Path) -> str:
    """A workflow with the steps of an action, since actionlint reads workflows alone."""
    inputs = {name: {"type": "string"} for name in document(action)["inputs"]}
    job = {"runs-on": "ubuntu-latest", "steps": document(action)["runs"]["steps"]}
    return yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"job": job}})


@pytest.mark.parametrize("file", [ACTION, CHECK, GITHUB], ids=lambda file: str(file.relative_to(ROOT)))
def test_actionlint_and_shellcheck_find_nothing(file: Path) -> None:
    text = file.read_text(encoding="utf-8") if file == GITHUB else workflow(file)
    command = [release_tool("actionlint"), "-shellcheck", release_tool("shellcheck"), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(("body", "code"), [('{"status": "ok", "id": 17}', 0), ('{"status": "ok", "id": "17"}', 1)])
def test_the_hook_of_pre_commit_judges_the_files_that_it_names(body: str, code: int, tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    file = tmp_path / "tests" / "i-find" / "create.json"
    file.parent.mkdir(parents=True)
    file.write_text(body, encoding="utf-8")
    program, *words = hook["entry"].split()

    assert program == "ifind-mock"
    assert re.search(hook["files"], str(file.relative_to(tmp_path)))
    assert ifind(*words, str(file.relative_to(tmp_path)), cwd=tmp_path).returncode == code


def test_the_example_for_gitlab_extends_what_the_template_has() -> None:
    (included,) = document(GITLAB)["include"]
    extended = [job["extends"] for name, job in document(GITLAB).items() if name != "include"]

    assert ROOT / included["file"] == TEMPLATE
    assert sorted(extended) == sorted(document(TEMPLATE))
