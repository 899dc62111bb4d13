"""However a run ends, each of its report files holds a report of this run, and the exit code is right."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree

from contract_tests.check import command
from contract_tests.check.command import run
from contract_tests.engine.stopped import UNFINISHED
from contract_tests.learning.learn import learn
from contract_tests.parity.parity_formats import RENDERERS as PARITY_RENDERERS
from contract_tests.redact import write as writing
from contract_tests.redact.secrets import VALUE
from contract_tests.report import interrupts, sarif
from contract_tests.report.interrupts import SIGNALS, Interrupts
from contract_tests.report.renderers import RENDERERS, Renderer
from mockserver import data
from mockserver.mutants.kit.context import CallContext
from support.checking import check, options_for
from support.command import ifind
from support.processes import COMMAND, environment
from support.standins.breaking import Breakage
from support.standins.running import Standin, serving

SCHEMA = json.loads(data.path("schemas", "reports", "check.schema.json").read_text(encoding="utf-8"))
OLD = "what another run has found"


@contextmanager
def old_reports(folder: Path) -> Iterator[dict[str, Any]]:
    """The options of a report in each format, where there are reports of another run; at the end there are none, but in
    front of what was appended.
    """
    files = {name: folder / f"r.{name}" for name in RENDERERS}
    for path in files.values():
        path.write_text(OLD, encoding="utf-8")
    yield files
    for name, path in files.items():
        if RENDERERS[name].appends:
            text = path.read_text(encoding="utf-8")
            assert text.startswith(f"{OLD}\n## "), path
            assert text.count("\n## ") == 1, path
        else:
            assert OLD not in path.read_text(encoding="utf-8"), path
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


def report_in(files: dict[str, Any]) -> dict[str, Any]:
    """The report in JSON, of which the other files hold the reason why it stopped."""
    report: dict[str, Any] = json.loads(files["json"].read_bytes())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    root = etree.parse(files["junit"]).getroot()
    (log,) = json.loads(files["sarif"].read_bytes())["runs"]
    results = [result["ruleId"] for result in log["results"]]
    assert (sarif.RUN in results) == bool(report["stopped"] or report["errors"])
    assert log["invocations"][0]["exitCode"] == report["exit_code"]
    if report["stopped"]:
        assert root.find(".//testcase[@classname='run']/error") is not None
        assert 'class="stopped"' in files["html"].read_text(encoding="utf-8")
        assert "**Stopped:**" in files["summary"].read_text(encoding="utf-8")
    return report


# A run that does not begin.


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "nobody is there": ({"target": "http://127.0.0.1:9/api"}, 3, "can't be reached"),
    "a name that is none": ({"target": f"http://{chr(97) * 70}.example/api", "yes": True}, 3, "can't be reached"),
    "no credentials": ({"environ": {}, "target": "https://standin.invalid/api"}, 2, "no phone"),
    "half a second account": (
        {"environ": {"IFIND_LOGIN": "a", "IFIND_TOKEN": "b", "IFIND_LOGIN2": "c"}},
        2,
        "half named",
    ),
    "no terminal to ask at": ({"target": "https://standin.invalid/api"}, 2, "There is no terminal to ask at"),
    "an unknown clause": ({"only": ("creat.ok",)}, 2, "create.ok"),
    "a target that is none": ({"target": "http://olga:aa11bb22cc33dd44@127.0.0.1/api"}, 2, "must not hold credentials"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_run_that_does_not_begin_says_so_in_every_file(name: str, tmp_path: Path) -> None:
    options, code, why = REFUSED[name]
    with serving("courier") as target, old_reports(tmp_path) as files:
        out = io.StringIO()
        ended = run(replace(options_for(target, **files, github=True), **options), out)

        assert (ended, target.units) == (code, 0), out.getvalue()
        report = report_in(files)
    assert why in out.getvalue()
    assert re.search("^::error title=Nothing was checked::", out.getvalue(), re.MULTILINE)
    assert (report["exit_code"], report["clauses"]) == (code, [])
    assert why in report["stopped"]
    assert "aa11bb22cc33dd44" not in json.dumps(report)


def test_refused_credentials_are_in_the_report_with_the_calls_that_were_sent(tmp_path: Path) -> None:
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, environ={**target.env, "IFIND_TOKEN": "another-51c0-ffee"}, **files)
        report = report_in(files)

        assert (code, report["exit_code"]) == (3, 3), output
        assert report["spent"]["calls"] == len(target.calls) > 0
    assert "refuses the credentials" in report["stopped"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--budget", "x"], "--budget"),
        (["--rate", "1"], "--rate"),
        (["--tasks", "none"], "--tasks"),
        (["--nosuch"], "--nosuch"),
        (["--plan=yes"], "--plan"),
        (["mock", "http://127.0.0.1:9/api"], "extra argument"),
        (["--html=other.html"], "--html is given twice"),
    ],
    ids=str,
)
def test_options_that_cannot_be_read_are_in_every_file(arguments: list[str], why: str, tmp_path: Path) -> None:
    with old_reports(tmp_path) as files:
        (tmp_path / "other.html").write_text(OLD, encoding="utf-8")
        named = [word for name, path in files.items() for word in (f"--{name}", str(path))]
        ended = ifind("check", "--github", *named, *arguments, cwd=tmp_path)
        report = report_in(files)

    assert (ended.returncode, report["exit_code"]) == (2, 2), ended.stderr
    assert ended.stdout.startswith("::error title=Nothing was checked::")
    assert ended.stdout.count("\n") == 1
    assert why in report["stopped"]
    assert why in ended.stderr
    replaced = OLD not in (tmp_path / "other.html").read_text(encoding="utf-8")
    assert replaced == ("other.html" in arguments[0])


def test_what_is_wrong_with_an_option_is_told_without_a_credential(tmp_path: Path) -> None:
    secret = "aa11bb22cc33dd44"
    with old_reports(tmp_path) as files:
        named = [word for name, path in files.items() for word in (f"--{name}", str(path))]
        ifind("check", "--rate", secret, *named, cwd=tmp_path, IFIND_TOKEN=secret)

        assert "$IFIND_TOKEN" in report_in(files)["stopped"]
        assert not [path for path in files.values() if secret in path.read_text(encoding="utf-8")]


def test_an_option_that_cannot_be_read_leaves_the_reports_where_the_plan_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(OLD, encoding="utf-8")
    ended = ifind("check", "--plan", "--nosuch", "--json", "r.json", cwd=tmp_path)

    assert ended.returncode == 2
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == OLD


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000], ids=["too long", "too deep"])
def test_a_name_that_no_file_can_have_loses_no_other_report(name: str, tmp_path: Path) -> None:
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, **{**files, "html": tmp_path / name})

        assert (code, target.calls) == (2, []), output
        (tmp_path / "r.html").unlink()
        assert "can't be written" in json.loads(files["json"].read_bytes())["stopped"]
        files.pop("html")


@pytest.mark.parametrize("into", ["pipe", "file"])
def test_a_report_on_standard_output_stands_there_before_the_rest(into: str, tmp_path: Path) -> None:
    """Whatever the output is: a file to which it goes is not replaced."""
    words = [*COMMAND, "check", "--only", "task.lifetime", "--json", "/dev/stdout"]
    with (tmp_path / "out").open("wb") as file:
        out = file if into == "file" else subprocess.PIPE
        ended = subprocess.run(words, env=environment(), cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, check=False)
    printed = (ended.stdout or (tmp_path / "out").read_bytes()).decode()

    assert ended.returncode == 0, ended.stderr
    report, end = json.JSONDecoder().raw_decode(printed)
    assert report["clauses"][0]["id"] == "task.lifetime"
    assert "0 of 1 clause decided" in printed[end:]


def test_nothing_to_check_is_a_report_too(tmp_path: Path) -> None:
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, only=("task.lifetime", "quota.turns-at"), **files)
        report = report_in(files)

        assert (code, target.calls) == (0, []), output
    assert [(clause["id"], clause["outcome"]) for clause in report["clauses"]] == [
        ("task.lifetime", "not checked"),
        ("quota.turns-at", "not checked"),
    ]


def test_no_report_takes_the_place_of_the_file_of_tasks(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("12 2\n", encoding="utf-8")
    ended = subprocess.run(
        [*COMMAND, "check", "mock", "--tasks", "kept", "--json", "kept"],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 2
    assert b"named for two files" in ended.stderr
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "12 2\n"


@pytest.mark.parametrize("option", ["profile", "history", "ledger"])
def test_no_report_takes_the_place_of_a_file_that_the_run_reads(option: str, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine", encoding="utf-8")
    with serving("courier") as target:
        code, _ = check(target, **{option: tmp_path / "kept"}, json=tmp_path / "kept")

    assert code == 2
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "mine"


def test_a_plan_is_no_run_and_leaves_the_reports_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "r").write_text(OLD, encoding="utf-8")
    with serving("courier") as target:
        code, _ = check(target, plan=True, json=tmp_path / "r")

    assert code == 0
    assert (tmp_path / "r").read_text(encoding="utf-8") == OLD


# A run that ends before its time.


@pytest.mark.parametrize(("limit", "holds"), [({"budget": 0}, True), ({"run_timeout": 1e-9}, False)], ids=str)
def test_a_limit_that_does_not_suffice_is_in_every_report(limit: dict[str, Any], holds: bool, tmp_path: Path) -> None:
    """What is free is checked without units, and nothing without time."""
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, **limit, **files)
        report = report_in(files)

    assert (code, report["exit_code"], report["stopped"]) == (4, 4, ""), output
    assert (report["totals"]["holds"] > 0) == holds
    assert output.splitlines()[-1].endswith(" - exit code 4")


def test_a_target_that_is_gone_during_the_run_is_in_the_report(tmp_path: Path) -> None:
    def http(number: int, *_: object) -> str | None:
        if number == 14:
            target._server.socket.close()
        return "close" if number >= 14 else None

    with old_reports(tmp_path) as files, serving("courier", http=http) as target:
        code, output = check(target, **files)
        report = report_in(files)

    assert (code, report["exit_code"]) == (1, 1), output
    assert "the target is gone" in report["stopped"]
    assert report["totals"]["holds"] > 0


def test_an_error_of_the_suite_itself_is_in_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from contract_tests.suite import test_info

    def failing(run: Any) -> None:
        raise RuntimeError(f"at {run.me.token}")

    name = next(name for name in vars(test_info) if name.startswith("test_"))
    failing.pytestmark = getattr(test_info, name).pytestmark  # type: ignore[attr-defined]
    monkeypatch.setattr(test_info, name, failing)
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, **files)
        report = report_in(files)

    assert (code, report["exit_code"]) == (1, 1)
    assert "RuntimeError" in report["errors"][0]
    for text in (output, *(path.read_text(encoding="utf-8") for path in files.values())):
        assert target.env["IFIND_TOKEN"] not in text


def test_an_error_before_the_run_is_in_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("at ck-51c0-ffee-77")

    monkeypatch.setattr(command, "provable", failing)
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, **files)
        report = report_in(files)

    assert code == report["exit_code"] == 1
    assert "RuntimeError: at $IFIND_TOKEN" in report["stopped"]
    assert "ck-51c0-ffee-77" not in output


# Signals.


def started(target: Standin, folder: Path, files: dict[str, Any]) -> subprocess.Popen[bytes]:
    named = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    return subprocess.Popen(
        [*COMMAND, "check", target.url, "--github", *named],
        env=environment(**target.env),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.few(3)
@pytest.mark.parametrize("number", [s for s in SIGNALS if s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
@pytest.mark.parametrize(
    ("at", "twice"),
    [
        pytest.param(1, False, id="1-once"),
        pytest.param(14, True, id="14-twice at once, as a terminal that is closed may"),
        pytest.param(40, False, id="40-once"),
    ],
)
def test_a_signal_ends_the_run_with_its_report(number: signal.Signals, at: int, twice: bool, tmp_path: Path) -> None:
    with serving("courier") as target, old_reports(tmp_path) as files:
        held = target.hold(at)
        process = started(target, tmp_path, files)
        assert held.wait(30)
        for _ in range(1 + twice):
            process.send_signal(number)
        output, errors = process.communicate(timeout=30)
        report = report_in(files)

    assert process.returncode == report["exit_code"] == 1, output + errors
    assert "interrupted" in report["stopped"]
    assert b"Traceback" not in output + errors
    assert re.match(b"::error title=(The run ended before its time|Nothing was checked)::interrupted", output)
    assert report["spent"]["calls"] >= at - 1


def test_a_signal_before_the_first_call_is_in_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def signalled(*_: object, **__: object) -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(5)
        raise AssertionError("not interrupted")

    monkeypatch.setattr(command, "provable", signalled)
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, _ = check(target, **files)
        report = report_in(files)

        assert (code, target.calls) == (1, [])
    assert report["stopped"] == "interrupted before the run began"


LOADING = """
import os, sys
from importlib.abc import MetaPathFinder
from mockserver.__main__ import main

class Signalled(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "mockserver.cli.main":
            os.kill(os.getpid(), int(sys.argv.pop()))

sys.meta_path.insert(0, Signalled())
main()
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_command_is_loaded_is_in_the_report(number: signal.Signals, tmp_path: Path) -> None:
    with serving("courier") as target, old_reports(tmp_path) as files:
        named = [f"--{name}={path}" for name, path in files.items()]
        asked = [sys.executable, "-c", LOADING, "check", target.url, *named, str(int(number))]
        done = subprocess.run(asked, env=environment(**target.env), capture_output=True, timeout=60, check=False)
        report = report_in(files)

        assert (done.returncode, target.calls) == (1, []), done.stderr
    assert report["stopped"] == "interrupted before the run began"
    assert b"Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("at", RENDERERS)
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_files_are_written_loses_none_of_them(
    number: signal.Signals, at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled(report: Any) -> bytes:
        if report.rows:
            os.kill(os.getpid(), number)
        return RENDERERS[at].render(report)

    monkeypatch.setattr(
        "contract_tests.check.command.RENDERERS", {**RENDERERS, at: replace(RENDERERS[at], render=signalled)}
    )
    before = signal.getsignal(number)
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, output = check(target, only=("info.answers",), **files)
        report = report_in(files)

    assert (code, report["exit_code"], report["stopped"]) == (0, 0, ""), output
    assert "info.answers" in output
    assert signal.getsignal(number) is before


def test_a_second_signal_ends_the_writing_and_no_old_report_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled(report: Any) -> bytes:
        if report.rows:
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
        return RENDERERS["json"].render(report)

    monkeypatch.setattr(interrupts, "TOGETHER", 0.0)
    monkeypatch.setattr("contract_tests.check.command.RENDERERS", {**RENDERERS, "json": Renderer("", signalled)})
    with serving("courier") as target, old_reports(tmp_path) as files:
        with pytest.raises(KeyboardInterrupt):
            check(target, only=("info.answers",), **files)

        assert json.loads(files["json"].read_bytes())["stopped"] == UNFINISHED


def test_a_killed_run_leaves_a_report_that_says_so(tmp_path: Path) -> None:
    with serving("courier") as target, old_reports(tmp_path) as files:
        held = target.hold(14)
        process = started(target, tmp_path, files)
        assert held.wait(30)
        process.kill()
        process.communicate()
        report = report_in(files)

    assert (report["exit_code"], report["stopped"]) == (1, UNFINISHED)


def test_a_signal_that_the_process_was_started_to_ignore_ends_nothing(tmp_path: Path) -> None:
    """As under nohup."""
    with serving("courier") as target, old_reports(tmp_path) as files:
        held = target.hold(14)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            process = started(target, tmp_path, files)
        finally:
            signal.signal(signal.SIGHUP, before)
        assert held.wait(30)
        process.send_signal(signal.SIGHUP)
        target.release()
        output, errors = process.communicate(timeout=60)
        report = report_in(files)

    assert report["stopped"] == "", output + errors
    assert process.returncode == report["exit_code"]


PATIENT = (
    "from contract_tests.report import interrupts; interrupts.TOGETHER = 60; import mockserver.cli.main as m; m.main()"
)
"""The command line, for a machine that is too busy to end it within a second."""


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_that_come_on_and_on_after_the_report_leave_the_exit_code(
    number: signal.Signals, tmp_path: Path
) -> None:
    words = ["check", "--only", "task.lifetime", "--json", "r.json"]
    with subprocess.Popen(
        [sys.executable, "-c", PATIENT, *words], env=environment(), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any("clause decided" in line for line in process.stdout)
        while process.poll() is None:
            process.send_signal(number)
            time.sleep(0.001)

    assert process.returncode == json.loads((tmp_path / "r.json").read_bytes())["exit_code"] == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_for_work_that_may_be_cut_short(number: signal.Signals) -> None:
    with Interrupts.held() as held:
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt), held.open():
            raise AssertionError("it was begun")
    with Interrupts.held() as held, held.open():
        pass


# Outputs that are gone.


def test_a_broken_promise_is_the_exit_code_though_nobody_reads_the_output(tmp_path: Path) -> None:
    reading, writing_end = os.pipe()
    os.close(reading)
    with serving("courier", breakage="id as text") as target:
        ended = subprocess.run(
            [*COMMAND, "check", target.url, "--only", "create.ok", "--json", "r.json"],
            env=environment(**target.env),
            cwd=tmp_path,
            stdout=writing_end,
            stderr=subprocess.PIPE,
            check=False,
        )
    os.close(writing_end)

    assert ended.returncode == json.loads((tmp_path / "r.json").read_bytes())["exit_code"] == 1
    assert b"Traceback" not in ended.stderr
    assert b"Broken pipe" in ended.stderr


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_output_loses_no_report(closed: str, tmp_path: Path) -> None:
    with serving("courier") as target:
        words = " ".join([*COMMAND, "check", target.url, "--only", "info.answers", "--json", "r.json", f"{closed}>&-"])
        ended = subprocess.run(
            ["sh", "-c", words], env=environment(**target.env), cwd=tmp_path, capture_output=True, check=False
        )

    assert ended.returncode == json.loads((tmp_path / "r.json").read_bytes())["exit_code"] == 0, ended.stderr


def test_progress_that_nobody_reads_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("contract_tests.session.progress.EVERY", 0.0)
    out = io.StringIO()
    with serving("courier") as target:
        code = run(options_for(target, only=("info.answers",)), out, Gone())

    assert code == 0, out.getvalue()
    assert "1 of 1 clause decided" in out.getvalue()


# Files that can't be written.


def failing_at(path: Path, *, when: Callable[[bytes], bool] = lambda _: True) -> Callable[[Path, bytes], int]:
    """`Path.write_bytes` on a disk that is full for one file."""
    plain = Path.write_bytes

    def write_bytes(self: Path, content: bytes) -> int:
        if path.name in self.name and when(content):
            raise OSError(errno.ENOSPC, "No space left on device")
        return plain(self, content)

    return write_bytes


@pytest.mark.parametrize("name", RENDERERS)
def test_a_full_disk_for_one_file_loses_no_other(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, Any] = {kind: tmp_path / f"r.{kind}" for kind in RENDERERS}
    full = failing_at(files[name], when=lambda content: content != b"" and b"come to its end" not in content)
    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(writing, "_write_from", lambda path, _, content: full(path, content))
    with serving("courier") as target:
        code, output = check(target, only=("info.answers",), **files)

    assert code == 2
    assert f"r.{name}: can't be written: No space left on device" in output
    kept = [kind for kind in RENDERERS if kind != name or RENDERERS[kind].appends]
    assert [path.name for path in sorted(tmp_path.iterdir())] == sorted(f"r.{kind}" for kind in kept)
    assert "info.answers" in output


def test_what_is_broken_outranks_a_file_that_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = failing_at(tmp_path / "r.json", when=lambda content: b"come to its end" not in content)
    monkeypatch.setattr(Path, "write_bytes", full)
    with serving("courier", breakage="id as text") as target:
        code, output = check(target, only=("create.ok",), json=tmp_path / "r.json")

    assert code == 1, output


def test_a_folder_that_is_gone_during_the_run_loses_no_other_file(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()

    def http(number: int, *_: object) -> None:
        if number == 1:
            (folder / "r.json").unlink()
            folder.rmdir()

    with serving("courier", http=http) as target:
        code, output = check(target, only=("info.answers",), json=folder / "r.json", html=tmp_path / "r.html")

    assert code == 2
    assert "r.json: can't be written" in output
    assert "info.answers" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_told_before_a_call_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", failing_at(tmp_path / "r.json"))
    (tmp_path / "r.json").write_text(OLD, encoding="utf-8")
    with serving("courier") as target:
        code, output = check(target, json=tmp_path / "r.json", html=tmp_path / "r.html")

        assert (code, target.calls) == (2, [])
    assert "r.json: can't be written: No space left on device; name another file" in output
    assert not (tmp_path / "r.json").exists()
    assert "can&#39;t be written" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EACCES, errno.EXDEV])
def test_a_file_that_cannot_be_replaced_is_written_in_its_place(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is a mount of its own, or in a directory that is read-only."""

    def replaced(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "r"
    path.write_text(OLD, encoding="utf-8")
    inode = path.stat().st_ino
    monkeypatch.setattr(Path, "replace", replaced)
    writing.write(path, b"new", writing.Secrets())

    assert (path.read_bytes(), path.stat().st_ino) == (b"new", inode)
    assert [file.name for file in tmp_path.iterdir()] == ["r"]


def test_a_history_that_cannot_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = tmp_path / "history.json"
    with serving("courier") as target:
        check(target, history=history, only=("info.answers",))
        before = history.read_bytes()
        monkeypatch.setattr(Path, "write_bytes", failing_at(history))
        code, output = check(target, history=history, only=("not-found",))

    assert history.read_bytes() == before
    assert "history.json: can't be written: No space left on device; what it held is kept" in output
    assert code == 2


def test_a_renderer_that_fails_loses_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(report: Any) -> bytes:
        if report.rows:
            raise ValueError("too much")
        return RENDERERS["html"].render(report)

    monkeypatch.setattr("contract_tests.check.command.RENDERERS", {**RENDERERS, "html": Renderer("", failing)})
    with serving("courier") as target, old_reports(tmp_path) as files:
        code, _ = check(target, only=("info.answers",), **files)

        assert "this file could not be made (ValueError)" in files["html"].read_text(encoding="utf-8")
    assert code == 0


# What answers hold never keeps a report from being written.


def told(**members: Any) -> Breakage:
    """A service that adds members to every answer."""

    def answer(context: CallContext) -> None:
        if context.format == "json":
            context.body |= {name: value(context) if callable(value) else value for name, value in members.items()}

    return Breakage("answers say more", answer)


AWKWARD: dict[str, Callable[[Standin], Any]] = {
    "a link to the target itself": lambda target: {"poll": f"{target.url}/result"},
    "a link to the target's root": lambda target: {"home": target.url.removesuffix("api")},
    "the host": lambda target: {"host": target.url.split("/")[2]},
    "a link to ask again": lambda target: {
        "poll": f"{target.url}/result?login={target.env['IFIND_LOGIN']}&token={target.env['IFIND_TOKEN']}&id=5"
    },
    "an example in words": lambda target: {
        "hint": f"Ask {target.url}/result?format=json&id=5&login=login&token=token&phone=1&source=2 again in a while"
    },
    "a link with the phone": lambda target: {"self": f"{target.url}/create?phone={target.env['IFIND_PHONE']}"},
    "the login in a link": lambda target: {"cabinet": f"https://x.example/{target.env['IFIND_LOGIN']}/"},
    "a member that is named by the login": lambda target: {target.env["IFIND_LOGIN"]: 1},
    "a member that is named by the phone": lambda target: {f"8{target.env['IFIND_PHONE'][1:]}": {"x": [1]}},
    "a member named as another one's value": lambda _: {"surname": "unknown_member", "unknown_member": []},
    "words of the reports themselves": lambda _: {"a": "documented", "b": "expected", "c": "application/json"},
    "what every report says": lambda _: {"by": "ifind-mock", "a": "Nothing is broken", "b": "clauses", "c": "failures"},
    "choices of clauses": lambda _: {"unit": "record", "type": "application/json; charset=utf-8", "page": "html-404"},
    "what a report is made of": lambda _: {"a": '{"clauses"', "b": "</style>", "c": "<testcase", "d": "| --- |"},
}


@pytest.mark.few(6)
@pytest.mark.once
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("name", AWKWARD)
def test_no_text_of_an_answer_keeps_a_report_from_being_written(name: str, broken: bool, tmp_path: Path) -> None:
    members: dict[str, Any] = {}
    breakage = told(**members)
    spoil = {"id": lambda context: str(context.body["id"])} if broken else {}

    def answer(context: CallContext) -> None:
        breakage.answer(context)
        if context.format == "json":
            context.body |= AWKWARD[name](target)
            if context.operation == "create" and context.status == "ok":
                context.body |= {key: value(context) for key, value in spoil.items()}

    with serving("courier", breakage=Breakage(name, answer)) as target, old_reports(tmp_path) as files:
        code, output = check(target, **files)
        report = report_in(files)

        assert target.url in output
        assert report["target"] == target.url
        assert VALUE not in json.dumps(report)
        calls = [finding["call"] for clause in report["clauses"] for finding in clause["findings"]]
        assert [call for call in calls if call.startswith("curl") and f"{target.url}/" not in call] == []
    broken_ones = [clause["id"] for clause in report["clauses"] if clause["outcome"] == "broken"]
    assert code == report["exit_code"]
    assert (code == 1) == bool(broken_ones), broken_ones
    assert broken == ("create.ok" in broken_ones)
    for path in files.values():
        text = path.read_text(encoding="utf-8")
        for secret in (target.env["IFIND_TOKEN"], target.env["IFIND_LOGIN"], target.env["IFIND_PHONE"][1:]):
            assert secret not in text, (path, secret)


# learn: a profile of this run, or none.


def learned(standin: Standin, file: Path, *, force: bool = True, **options: Any) -> tuple[int, str]:
    out = io.StringIO()
    code = learn(replace(options_for(standin), **options), file, out, out, force=force)
    return code, out.getvalue()


def test_a_target_out_of_reach_leaves_no_profile_of_before(tmp_path: Path) -> None:
    (tmp_path / "p").write_text(OLD, encoding="utf-8")
    with serving("courier") as target:
        code, output = learned(target, tmp_path / "p", target="http://127.0.0.1:9/api")

    assert (code, (tmp_path / "p").exists()) == (3, False), output


def test_refused_credentials_leave_no_profile_of_before(tmp_path: Path) -> None:
    (tmp_path / "p").write_text(OLD, encoding="utf-8")
    with serving("courier") as target:
        code, output = learned(target, tmp_path / "p", environ={**target.env, "IFIND_TOKEN": "another-51c0-ffee"})

    assert (code, (tmp_path / "p").exists()) == (3, False), output


@pytest.mark.parametrize("options", [{"environ": {}}, {"only": ()}], ids=["no credentials", "without --force"])
def test_wrong_usage_leaves_a_profile_as_it_is(options: dict[str, Any], tmp_path: Path) -> None:
    """It was paid for, and nothing was sent."""
    (tmp_path / "p").write_text(OLD, encoding="utf-8")
    with serving("courier") as target:
        code, output = learned(target, tmp_path / "p", force="environ" in options, **options)

        assert (code, [call for call in target.calls if call[1] != "/_mock/health"]) == (2, []), output
    assert (tmp_path / "p").read_text(encoding="utf-8") == OLD


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_learning_with_what_was_learned(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(OLD, encoding="utf-8")
    with serving("courier") as target:
        held = target.hold(20)
        process = subprocess.Popen(
            [*COMMAND, "learn", target.url, "--out", "p.toml", "--force"],
            env=environment(**target.env),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert held.wait(30)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 1, output
    assert b"Traceback" not in output
    assert "create.methods" not in (tmp_path / "p.toml").read_text(encoding="utf-8")
    assert "error.missing-names" in tomllib.loads((tmp_path / "p.toml").read_text(encoding="utf-8"))["unseen"]


def test_a_profile_that_its_file_does_not_take_is_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", failing_at(tmp_path / "p"))
    with serving("courier") as target:
        code, output = learned(target, tmp_path / "p")

    assert code == 2
    assert "p: can't be written: No space left on device" in output
    assert "[profile" in output
    assert not (tmp_path / "p").exists()


# parity: reports of this run.

COMPARED = json.loads(data.path("schemas", "reports", "parity.schema.json").read_text(encoding="utf-8"))


@contextmanager
def old_comparisons(folder: Path) -> Iterator[list[str]]:
    """The words that name a report of each format, where there are reports of another run; at the end there are none,
    but in front of what was appended.
    """
    files = {name: folder / f"r.{name}" for name in PARITY_RENDERERS}
    for path in files.values():
        path.write_text(OLD, encoding="utf-8")
    yield [word for name, path in files.items() for word in (f"--{name}", str(path))]
    stopped = json.loads(files["json"].read_bytes())["stopped"]
    jsonschema.Draft202012Validator(COMPARED).validate(json.loads(files["json"].read_bytes()))
    for name, path in files.items():
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"{OLD}\n## ") if PARITY_RENDERERS[name].appends else OLD not in text, path
    assert ('class="stopped"' in files["html"].read_text(encoding="utf-8")) == bool(stopped)
    assert ("**Stopped:**" in files["summary"].read_text(encoding="utf-8")) == bool(stopped)


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["http://127.0.0.1:9/api", "mock"], 3, "can't be reached"),
        (["mock", "http://127.0.0.1:9/api"], 3, "can't be reached"),
        (["mock", "mok"], 2, "not a target"),
        (["mock", "mock", "--ignore", "xml.roots"], 2, "did you mean"),
        (["mock", "mock", "--budget", "x"], 2, "--budget"),
        (["mock", "mock", "--nosuch"], 2, "--nosuch"),
        (["mock"], 2, "Missing argument"),
        (["mock", "http://olga:aa11bb22cc33dd44@127.0.0.1/api"], 2, "must not hold credentials"),
    ],
    ids=str,
)
def test_a_comparison_that_does_not_begin_says_so_in_its_file(
    arguments: list[str], code: int, why: str, tmp_path: Path
) -> None:
    with old_comparisons(tmp_path) as words:
        ended = ifind("parity", *arguments, "--github", *words, cwd=tmp_path)
    report = json.loads((tmp_path / "r.json").read_bytes())

    assert ended.returncode == report["exit_code"] == code, ended.stderr
    assert why in report["stopped"]
    assert why in ended.stderr
    assert ended.stdout.startswith("::error title=Nothing was compared::")
    assert "aa11bb22cc33dd44" not in json.dumps(report)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_comparison_with_its_report(number: signal.Signals, tmp_path: Path) -> None:
    with serving("courier") as target, old_comparisons(tmp_path) as words:
        held = target.hold(20)
        process = subprocess.Popen(
            [*COMMAND, "parity", target.url, target.url, *words],
            env=environment(**target.env),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert held.wait(60)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    report = json.loads((tmp_path / "r.json").read_bytes())

    assert process.returncode == report["exit_code"] == 1, output
    assert "interrupted" in report["stopped"]
    assert len(report["clauses"]) > 0


def test_a_comparison_that_nobody_reads_has_its_file_and_its_exit_code(tmp_path: Path) -> None:
    reading, writing_end = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*COMMAND, "parity", "mock", "mock", "--json", "r.json"],
        env=environment(),
        cwd=tmp_path,
        stdout=writing_end,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing_end)

    assert (ended.returncode, json.loads((tmp_path / "r.json").read_bytes())["exit_code"]) == (2, 0), ended.stderr
    assert b"Traceback" not in ended.stderr
