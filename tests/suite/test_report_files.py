"""Files of reports: what is replaced, what is appended to, and what others have written to it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.engine.stopped import UNFINISHED
from contract_tests.redact.secrets import Secrets
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from contract_tests.report.report_files import ReportFiles
from support.command import ifind
from support.made_reports import SAMPLE

UNFINISHED_REPORT = replace(SAMPLE, rows=(), stopped=UNFINISHED)


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    return tmp_path / "summary.md"


def begun(path: Path) -> ReportFiles[Report]:
    files = ReportFiles({"summary": path}, RENDERERS)
    files.begin(UNFINISHED_REPORT, Secrets())
    return files


@pytest.mark.parametrize("before", ["", "# Tests\n", "no line end", "a\n\n"])
def test_a_summary_comes_after_what_the_file_holds_and_once(before: str, summary: Path) -> None:
    summary.write_text(before, encoding="utf-8")
    files = begun(summary)
    assert "the run has begun" in summary.read_text(encoding="utf-8")
    files.write(SAMPLE, Secrets())
    shown = summary.read_text(encoding="utf-8")

    apart = "" if before == "" or before.endswith("\n") else "\n"
    assert shown == before + apart + RENDERERS["summary"].render(SAMPLE).decode()


def test_a_summary_leaves_what_others_write_meanwhile(summary: Path) -> None:
    """A file that a shell has open for appending stays the same file."""
    with summary.open("a", encoding="utf-8") as shell:
        shell.write("before\n")
        shell.flush()
        inode = summary.stat().st_ino
        files = begun(summary)
        shell.write("meanwhile\n")
        shell.flush()
        files.write(SAMPLE, Secrets())
        shell.write("after\n")
        shell.flush()
        shown = summary.read_text(encoding="utf-8")

    assert summary.stat().st_ino == inode
    assert shown == f"before\n{RENDERERS['summary'].render(SAMPLE).decode()}meanwhile\nafter\n"


def test_a_summary_that_was_emptied_meanwhile_has_the_report_all_the_same(summary: Path) -> None:
    files = begun(summary)
    summary.write_bytes(b"")
    files.write(SAMPLE, Secrets())

    assert summary.read_bytes() == RENDERERS["summary"].render(SAMPLE)


def test_a_secret_of_others_in_the_file_is_theirs_and_one_in_the_report_is_masked(summary: Path) -> None:
    summary.write_text("token-of-theirs\n", encoding="utf-8")
    files = ReportFiles({"summary": summary}, RENDERERS)
    files.write(replace(SAMPLE, target="http://token-of-theirs/api"), Secrets({"token-of-theirs": "$IFIND_TOKEN"}))
    theirs, _, ours = summary.read_text(encoding="utf-8").partition("\n")

    assert theirs == "token-of-theirs"
    assert "token-of-theirs" not in ours


def test_two_runs_append_two_summaries_and_replace_the_other_files(tmp_path: Path) -> None:
    words = ["check", "mock", "--only", "task.lifetime", "--summary", "s.md", "--html", "r.html"]
    for _ in range(2):
        assert ifind(*words, cwd=tmp_path).returncode == 0

    assert (tmp_path / "s.md").read_text(encoding="utf-8").count("## ✅ Nothing was decided") == 2
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("<h1>") == 1


def test_the_summary_of_a_step_and_its_log_may_be_one_file(tmp_path: Path) -> None:
    """As in `check --summary "$GITHUB_STEP_SUMMARY" >> "$GITHUB_STEP_SUMMARY"`."""
    with (tmp_path / "s.md").open("a") as log:
        kept = os.dup(1)
        os.dup2(log.fileno(), 1)
        try:
            files = begun(tmp_path / "s.md")
            files.write(SAMPLE, Secrets())
        finally:
            os.dup2(kept, 1)
            os.close(kept)

    assert (tmp_path / "s.md").read_bytes() == RENDERERS["summary"].render(SAMPLE)
