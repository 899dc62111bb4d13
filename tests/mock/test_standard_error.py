"""Standard error that is full, closed, broken or read by nobody: no line holds or fails an answer, and none is lost
unsaid.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mockserver
from mockserver.standard_error import Lines, write_line
from mockserver.web.control import Control
from support.processes import COMMAND, environment, serving
from support.raw_client import connected
from support.redis_server import free_port
from support.wire_server import get, wait_for

CALL = get("/api/info?login=demo@example.com&token=demo-token")
HEALTH = get("/_mock/health").replace(b"Host: t", b"Host: localhost")


def filled(number: int) -> int:
    """The descriptor, once it takes nothing more; it is set so that a write waits."""
    os.set_blocking(number, False)
    for size in (65536, 100, 1):
        try:
            while True:
                os.write(number, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(number, True)
    return number


def full_pipe(stack: ExitStack) -> int:
    reading, writing = os.pipe()
    stack.callback(os.close, reading)
    return filled(writing)


def pipe_that_fails_when_full(stack: ExitStack) -> int:
    """Another process of the pipe has set it so, as programs on Node do."""
    number = full_pipe(stack)
    os.set_blocking(number, False)
    return number


def pipe_without_reader(_stack: ExitStack) -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def full_socket(stack: ExitStack) -> int:
    ours, theirs = socket.socketpair()
    stack.enter_context(ours)
    return filled(theirs.detach())


def unread_terminal(stack: ExitStack) -> int:
    """It has some room left, which is less than a line."""
    ours, theirs = os.openpty()
    stack.callback(os.close, ours)
    filled(theirs)
    os.read(ours, 30)
    return theirs


def ended_terminal(_stack: ExitStack) -> int:
    """A write to it fails with EIO."""
    ours, theirs = os.openpty()
    os.close(ours)
    return theirs


def full_disk(_stack: ExitStack) -> int:
    return os.open("/dev/full", os.O_WRONLY)


STREAMS: list[Callable[[ExitStack], int]] = [
    full_pipe,
    pipe_that_fails_when_full,
    pipe_without_reader,
    full_socket,
    unread_terminal,
    ended_terminal,
    full_disk,
]


@pytest.mark.parametrize("stream", STREAMS, ids=[one.__name__ for one in STREAMS])
def test_lines_that_nobody_takes_hold_no_answer_and_no_end(stream: Callable[[ExitStack], int], tmp_path: Path) -> None:
    """The access log, what is said of a store in trouble and of a changed settings file, and the lines of the start."""
    (tmp_path / "ifind-mock.toml").write_text("daily_limit = 5")
    with ExitStack() as stack:
        number = stream(stack)
        stack.callback(os.close, number)
        mock = stack.enter_context(
            serving("--access-log", "--state", "s.db", cwd=tmp_path, stderr=number, PYTHONWARNINGS="ignore")
        )
        address = urlsplit(mock.api)
        client = stack.enter_context(connected((address.hostname or "", address.port or 0)))
        (tmp_path / "ifind-mock.toml").write_text("daily_limit = nonsense")
        for _ in range(10):
            client.send(CALL * 30)
            assert [client.answer().status for _ in range(30)] == [200] * 30
        assert client.send(HEALTH).answer().status == 200
        (tmp_path / "s.db").unlink()
        assert client.send(CALL).answer().json["error_code"] == 500
        assert client.send(HEALTH).answer().status == 503
        began = time.monotonic()
        mock.process.send_signal(signal.SIGTERM)

        assert mock.process.wait(20) == 0
        assert time.monotonic() - began < 10  # a second is promised, of a machine that has nothing else to do
    assert mock.process.stderr is None


@contextmanager
def standard_error(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with os.fdopen(number, "w", encoding="ascii", closefd=False) as stream, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", stream)
        yield


def test_no_answer_of_the_app_waits_for_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under WSGI there is no loop: a line would hold a thread, and with it all that its answers share."""

    def fails(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(Control, "answer", fails)
    client = mockserver.create_app().test_client()
    statuses: list[int] = []
    with ExitStack() as stack:
        number = full_pipe(stack)
        with standard_error(number, monkeypatch):
            thread = threading.Thread(
                target=lambda: statuses.extend(client.get("/_mock/health").status_code for _ in range(3)), daemon=True
            )
            thread.start()
            thread.join(10)
        os.close(number)

    assert statuses == [500] * 3


@pytest.mark.parametrize("stream", [full_pipe, full_disk], ids=["full_pipe", "full_disk"])
def test_flask_run_answers_also_where_nobody_takes_its_log(stream: Callable[[ExitStack], int], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flask", "--app", "mockserver.web", "run", "--port", str(port)]
    with ExitStack() as stack:
        number = stream(stack)
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=number)
        stack.callback(process.wait)
        stack.callback(process.kill)
        os.close(number)
        wait_for(lambda: is_up(port), 20)
        for _ in range(3):  # a connection for each: the server keeps none
            with connected(("127.0.0.1", port)) as client:
                assert client.send(CALL).answer().status == 200


def is_up(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


NOTICE = re.compile(r"ifind-mock: lines left out here, since standard error did not take them: (\d+)")


def accounted(sent: list[str], text: str) -> int:
    """How many of the lines were written whole, in their order, and how many it says were left out."""
    written, known = text.splitlines(), set(sent)
    whole = [line for line in written if line in known]
    known = set(whole)
    assert whole == [line for line in sent if line in known]
    return len(whole) + sum(int(found[1]) for line in written if (found := NOTICE.fullmatch(line)))


def test_lines_that_wait_are_written_later_and_those_left_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    sent = [f"{n:05} {'x' * 90}" for n in range(9000)]
    got = bytearray()
    reader = threading.Thread(target=lambda: got.extend(b"".join(iter(lambda: os.read(reading, 65536), b""))))
    with standard_error(writing, monkeypatch):
        lines = Lines()
        for line in sent:
            lines.write(line)
        reader.start()
        lines.flush(10)
        lines.write("more")
        lines.flush(10)
    os.close(writing)
    reader.join(10)
    os.close(reading)
    text = got.decode()

    assert accounted(sent, text) == len(sent)
    assert text.splitlines()[-1] == "more"
    assert NOTICE.search(text)


class Disk:
    """A device that has room for some bytes at a time, and fails when they are used up."""

    def __init__(self, reason: int) -> None:
        self.reason = reason
        self.room = 0
        self.held = b""

    def write(self, _number: int, data: memoryview) -> int:
        if not self.room:
            raise OSError(self.reason, os.strerror(self.reason))
        taken = bytes(data[: self.room])
        self.held += taken
        self.room -= len(taken)
        return len(taken)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 6)), max_size=5),
    st.sampled_from([errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF, errno.EFBIG, errno.EDQUOT]),
)
@settings(max_examples=20)
def test_each_line_is_written_whole_or_counted_wherever_writing_fails(
    steps: list[tuple[int, int]], reason: int
) -> None:
    disk = Disk(reason)
    sent: list[str] = []
    with pytest.MonkeyPatch.context() as patched, Path(os.devnull).open("w", encoding="ascii") as stream:
        patched.setattr("sys.stderr", stream)
        patched.setattr("mockserver.standard_error._PAUSE", 0)
        patched.setattr("mockserver.standard_error.os.write", disk.write)
        lines = Lines()
        for room, number in [*steps, (10_000, 1), (10_000, 1)]:
            disk.room = room
            for _ in range(number):
                sent.append(f"line {len(sent)}.")  # none is the beginning of another
                lines.write(sent[-1])
            lines.flush(10)
    text = disk.held.decode()

    assert accounted(sent, text) == len(sent)
    assert text.splitlines()[-1] == sent[-1]


def test_a_long_line_and_one_in_other_letters_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="ascii") as file:
        monkeypatch.setattr("sys.stderr", file)
        lines = Lines()
        lines.write("п" * 100_000)
        lines.write("short")
        lines.flush(10)
    long, short = (tmp_path / "log").read_text(encoding="ascii").splitlines()

    assert (len(long), long[:12], short) == (4000, r"\u043f" * 2, "short")


def test_a_line_waits_where_the_system_gives_no_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_thread(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with (tmp_path / "log").open("w", encoding="ascii") as file:
        monkeypatch.setattr("sys.stderr", file)
        lines = Lines()
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_thread)
            lines.write("one")
            lines.flush(10)
        lines.write("two")
        lines.flush(10)

    assert (tmp_path / "log").read_text(encoding="ascii") == "one\ntwo\n"


def writers() -> int:
    return sum(thread.name == "ifind-mock-log" for thread in threading.enumerate())


def test_lines_of_many_threads_are_each_written_once_by_one_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = writers()
    with (tmp_path / "log").open("w", encoding="ascii") as file, ThreadPoolExecutor(4) as pool:
        monkeypatch.setattr("sys.stderr", file)
        for _ in range(20):  # the first lines start the thread
            lines = Lines()
            list(pool.map(lines.write, ["line"] * 4))
            lines.flush(10)

    assert (tmp_path / "log").read_text(encoding="ascii") == "line\n" * 80
    assert writers() - before == 20


def test_a_process_that_was_forked_writes_its_own_lines_and_each_ends_with_them(tmp_path: Path) -> None:
    """As the workers of a WSGI server do, whose app was loaded before."""
    program = """
import os
from mockserver.standard_error import STANDARD_ERROR, write_line
write_line("parent")
STANDARD_ERROR.flush(10)
if not os.fork():
    write_line("child")
    STANDARD_ERROR.flush(10)
    os._exit(0)
os.wait()
write_line("end")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=tmp_path, stderr=-1, text=True, timeout=60, check=True
    )

    assert done.stderr.splitlines() == ["ifind-mock: parent", "ifind-mock: child", "ifind-mock: end"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_pipe_on_standard_output_holds_no_answer_and_gets_the_line_once_it_is_read(
    workers: str, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    port = str(free_port())
    command = [*COMMAND, "serve", "--port", port, "--workers", workers]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=filled(writer), stderr=subprocess.DEVNULL
    ) as mock:
        os.close(writer)
        try:
            url = f"http://127.0.0.1:{port}/api/info?login=demo@example.com&token=demo-token"
            wait_for(lambda: _answers(url), 10)
            said = b""
            while not said.endswith(b"\n"):
                said += os.read(reader, 65536)
        finally:
            mock.terminate()
            os.close(reader)

    assert said.lstrip(b"x").decode() == f"ready http://127.0.0.1:{port}/api\n"


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "##vso[task.setvariable]x", "\u202eb", "\ud800"])
def test_a_name_that_others_have_chosen_is_no_line_and_no_command(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_line(f"{name}: is full")

    written = capsys.readouterr().err
    assert written.endswith(": is full\n")
    assert written[:-1].isprintable()
    assert "##" not in written
