"""Files and terminals that are against a run: none holds it up, takes its report away, or shows what is secret."""

from __future__ import annotations

import io
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.check.command import run
from contract_tests.contract.clauses import UsageError, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.options import CheckOptions, read_tasks
from contract_tests.findings.finding import ClauseResult
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.write import write
from contract_tests.report.report import Retried
from contract_tests.session.session import Examined, examine
from mockserver.core.errors import Refusal
from mockserver.data import MAX_TEXT_FILE, TextFileError, bytes_of
from mockserver.settings.loading import check_file
from support.checking import check
from support.made_reports import SAMPLE
from support.standins.running import serving

DEEP = "[" * 900 + "]" * 900
HISTORIES = {
    "half of a surrogate pair": r'{"layout": 1, "targets": {"\ud800": {"\udfff": {"proven": "2020-01-01"}}}}',
    "a deep layout": f'{{"layout": {DEEP}, "targets": {{}}}}',
    "a deep outcome": f'{{"layout": 1, "targets": {{"u": {{"c": {{"proven": "2020-01-01", "outcome": {DEEP}}}}}}}}}',
    "a long layout": f'{{"layout": "{"x" * 100_000}", "targets": {{}}}}',
    "a long name": f'{{"layout": 1, "targets": {{"{"x" * 100_000}": 1}}}}',
    "a command in a name": r'{"layout": 1, "targets": {"\n::error::x": 1}}',
}


@pytest.mark.parametrize("name", HISTORIES)
def test_a_run_has_its_report_whatever_the_history_holds(name: str, tmp_path: Path) -> None:
    history, report = tmp_path / "history", tmp_path / "report.json"
    history.write_text(HISTORIES[name], encoding="utf-8")
    with serving("courier", seconds=0.0) as target:
        code, output = check(target, history=history, json=report, only=("info.answers",))
        units = target.units
    stopped = json.loads(report.read_bytes())["stopped"]

    assert units == 0
    assert (code, bool(stopped)) in ((0, False), (2, True)), output
    assert len(stopped) < 1000
    assert len(output) < 5000
    assert "\n::error" not in output
    assert name != "half of a surrogate pair" or r"\ud800" in history.read_text(encoding="utf-8")


@pytest.mark.parametrize("damaged", [False, True])
def test_what_another_run_has_written_to_the_history_meanwhile_is_kept(
    damaged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "history.json"
    others = {"http://other.example/api": {"not-found": {"proven": "2030-01-01", "outcome": "holds"}}}
    written = "{" if damaged else json.dumps({"layout": 1, "targets": others})

    def meanwhile(options: CheckOptions, *plugins: object) -> Examined:
        file.write_text(written, encoding="utf-8")
        return examine(options, *plugins)

    monkeypatch.setattr("contract_tests.check.command.examine", meanwhile)
    with serving("courier", seconds=0.0) as target:
        code, output = check(target, history=file, only=("info.answers",))

    if damaged:
        assert (code, file.read_text(encoding="utf-8")) == (2, "{"), output
        assert "is not a history (no JSON); name another file; what this run has found is not in it" in output
    else:
        assert json.loads(file.read_text(encoding="utf-8"))["targets"].keys() == {target.url, *others}


def test_an_error_of_the_history_takes_no_report_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contract_tests.check.history.HistoryFile.with_report", lambda *_: 1 / 0)
    with serving("courier", seconds=0.0) as target:
        files = {"history": tmp_path / "history", "json": tmp_path / "report.json"}
        code, output = check(target, only=("info.answers",), **files)

    assert code == 2
    assert "--history" in output
    assert json.loads((tmp_path / "report.json").read_bytes())["stopped"] == ""


@pytest.mark.parametrize("read", [bytes_of, read_tasks, lambda path: check_file(str(path))])
def test_a_file_without_an_end_is_not_read_for_ever(read: object) -> None:
    assert callable(read)
    with pytest.raises((TextFileError, Refusal, Exception), match=f"more than {MAX_TEXT_FILE // 2**20} MiB"):
        read(Path("/dev/zero"))


def test_a_pipe_into_which_nobody_writes_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="names no task"):
        read_tasks(tmp_path / "pipe")


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"1 2 70001234567\n")
    late = threading.Timer(0.05, lambda: (os.write(writing, b"2 2\n"), os.close(writing)))
    late.start()
    try:
        assert [task.id for task in read_tasks(f"/dev/fd/{reading}")] == [1, 2]
    finally:
        late.join()
        os.close(reading)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_profile_that_cannot_be_read_again_is_refused(device: str) -> None:
    out = io.StringIO()

    assert run(CheckOptions(profile=Path(device)), out) == 2
    assert out.getvalue() == f"--profile: {device}: is not a file that can be read again; name another\n"


def test_a_long_key_of_a_profile_is_shown_in_short(tmp_path: Path) -> None:
    file, out = tmp_path / "profile.toml", io.StringIO()
    file.write_text(f'[profile]\n"{"x" * 10**6}" = 1\n', encoding="utf-8")

    assert run(CheckOptions(profile=file), out) == 2
    assert "xxx…' is not a clause" in out.getvalue()
    assert len(out.getvalue()) < 10_000


@pytest.mark.parametrize("name", ["x" * 255, "я" * 127, "電" * 85, "\N{GRINNING FACE}" * 63])
def test_a_report_may_have_any_name_that_a_file_may_have(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, b"{}", Secrets())

    assert [path.name for path in tmp_path.iterdir()] == [name]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", ["30", "80", "200"])
@pytest.mark.parametrize("out", [Terminal, io.StringIO])
def test_no_output_shows_a_value_of_an_answer_however_a_table_breaks_it(
    out: type[io.StringIO], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "Ольга_Тульская_из_Верхних_Мхов"
    row = ClauseResult(all_clauses()["xml.root"], Outcome.HOLDS, value, f"seen: {value}", ())
    report = replace(SAMPLE, rows=(row,), retried=(Retried(value, value, 2),), errors=(value,))
    monkeypatch.setattr("contract_tests.check.command.examine", lambda *_: Examined(report, None, Secrets({}, {value})))
    monkeypatch.setenv("COLUMNS", columns)
    shown = out()
    run(CheckOptions(all=True), shown)
    text = "".join(shown.getvalue().split())

    assert text.count("(value)") >= 4
    assert not any(value[at : at + 6] in text for at in range(len(value) - 6))


@pytest.mark.parametrize("variable", ["IFIND_TOKEN", "IFIND_TOKEN2", "IFIND_MOCK_ADMIN_TOKEN"])
def test_a_token_in_the_url_is_refused_since_reports_name_their_target(variable: str, tmp_path: Path) -> None:
    out, token = io.StringIO(), "8d1f%20c1b7"
    environ = {variable: "8d1f c1b7"}
    options = CheckOptions(target=f"http://127.0.0.1:9/{token}/api", environ=environ, history=tmp_path / "h")

    assert run(options, out) == 2
    assert variable in out.getvalue()
    assert token not in out.getvalue()
    assert not (tmp_path / "h").exists()
