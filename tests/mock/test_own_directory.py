"""Temporary directories of a mock that was killed go with the next one's start, and no others do."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mockserver.wire.own_directory import own_directory

HOLDER = """
import sys, time
from mockserver.wire.own_directory import own_directory
with own_directory(sys.argv[1]) as made:
    print(made, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # of other processes
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def held_by_another_process(purpose: str) -> Iterator[Path]:
    """A directory of a process that is killed at the end."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, purpose], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            yield Path(holder.stdout.readline().rstrip("\n"))
        finally:
            holder.kill()


def test_the_directory_of_a_killed_process_goes_with_the_next_start(directory: Path) -> None:
    with held_by_another_process("tls") as living:
        (living / "ca.pem").write_text("")
        with own_directory("tls") as made:
            assert sorted(directory.iterdir()) == sorted([living, made])

    with own_directory("keys"):
        assert living.exists()
    with own_directory("tls") as made:
        assert [*directory.iterdir()] == [made]
    assert not [*directory.iterdir()]


def test_what_no_mock_of_this_user_has_left_stays(directory: Path) -> None:
    for name in ("ifind-mock-tls-without-lock", "ifind-mock-tls-else", "elsewhere"):
        (directory / name).mkdir()
    (directory / "ifind-mock-tls-else" / ".lock").mkdir()
    (directory / "ifind-mock-tls-file").write_text("")
    (directory / "elsewhere" / ".lock").write_text("")
    (directory / "ifind-mock-tls-link").symlink_to(directory / "elsewhere")
    before = sorted(directory.rglob("*"))

    with own_directory("tls"):
        pass
    assert sorted(directory.rglob("*")) == before


def test_a_forked_process_ends_no_directory_of_the_one_that_made_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as forked, own_directory("tls") as made:
        forked.setattr(os, "getpid", lambda: 1)
    assert [*directory.iterdir()] == [made]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can make another user's directory")
def test_another_users_directory_stays(directory: Path) -> None:
    foreign = directory / "ifind-mock-tls-foreign"
    foreign.mkdir()
    (foreign / ".lock").write_text("")
    os.chown(foreign, 65534, 65534)
    with own_directory("tls"):
        assert foreign.exists()


def test_mocks_that_start_at_once_leave_each_other_their_directories() -> None:
    gone = []

    def starts() -> None:
        for _ in range(50):
            with own_directory("tls") as made:
                gone.extend([] if made.is_dir() else [made])

    threads = [threading.Thread(target=starts) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gone == []
