"""Servers as processes: each in a session of its own, on one processor, with its log in a file."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.results import Trouble

PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")
DEADLINE = 60.0  # seconds for a first answer: a JVM on one busy processor takes ten
ANSWER = 10.0  # seconds for any other


@dataclass(frozen=True, slots=True)
class Processors:
    """Which processor the generator has, and which the servers."""

    generator: int
    server: int


def processors() -> Processors:
    """The first two that this process may use. Raises Trouble where there is one, and where it can't choose."""
    if not hasattr(os, "sched_setaffinity"):
        raise Trouble(
            "The benchmark needs Linux, which lets a process choose its processor and tells of others in /proc."
        )
    free = sorted(os.sched_getaffinity(0))
    if len(free) < 2:  # noqa: PLR2004 - one for the server, one for the generator
        raise Trouble(
            "The benchmark needs two processors, one for the server and one for wrk; this process may use one."
        )
    return Processors(free[0], free[1])


@contextmanager
def on(cpu: int) -> Iterator[None]:
    """Within the block, this process and those that it starts run on that processor alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(slots=True)
class Server:
    """A server that runs."""

    command: Sequence[str]
    popen: subprocess.Popen[bytes]
    port: int
    log: Path
    started: float  # time.perf_counter() before exec

    def first_answer(self, path: str) -> float:
        """Seconds from exec until the path is answered with 200. Raises Trouble where it ends, or takes too long."""
        said = "nothing"
        while time.perf_counter() - self.started < DEADLINE:
            if not self.runs():
                raise Trouble(f"it ended with code {self.popen.returncode} before it answered.{self.said()}")
            try:
                status, _ = get(self.port, path)
            except (OSError, HTTPException) as error:
                said = str(error) or type(error).__name__
            else:
                if status == 200:  # noqa: PLR2004
                    return time.perf_counter() - self.started
                said = f"status {status}"
            time.sleep(0.0005)
        raise Trouble(f"it did not answer {path} within {DEADLINE:.0f} s: {said}.{self.said()}")

    def said(self) -> str:
        """The end of its log, for a message."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
        return " Its log ends with:\n  " + "\n  ".join(lines) if lines else " Its log is empty."

    def runs(self) -> bool:
        """Whether it has not ended by itself."""
        return self.popen.poll() is None

    def pause(self) -> None:
        """Stops its processes, so that they take nothing from what is measured."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undoes pause."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Kills its processes."""
        self._signal(signal.SIGKILL)
        self.popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        for stat in _stats(self.popen.pid):
            with suppress(ProcessLookupError):
                os.kill(int(stat[-1]), number)

    def resident(self) -> int:
        """Resident bytes of all its processes; what two of them share counts twice."""
        return sum(int(stat[21]) for stat in _stats(self.popen.pid)) * PAGE

    def cpu(self) -> float:
        """Seconds of processor time that its processes took until now."""
        return sum(int(stat[11]) + int(stat[12]) for stat in _stats(self.popen.pid)) / TICKS


def start(
    command: Sequence[str],
    folder: Path,
    port: int,
    *,
    mute: bool,
    environment: Mapping[str, str],
) -> Server:
    """Starts the command in the folder. mute: its standard output is dropped, not kept in its log. Raises Trouble where
    it can't be executed.
    """
    log = folder / "log.txt"
    try:
        with log.open("wb") as out:
            started = time.perf_counter()
            popen = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if mute else out,
                stderr=out,
                env={**_plain_environment(), **environment},
                start_new_session=True,
            )
    except OSError as error:
        raise Trouble(f"it can't be started: {error}.") from error
    return Server(command, popen, port, log, started)


def free_ports(number: int) -> list[int]:
    """Ports that nothing listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of one request on a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _plain_environment() -> dict[str, str]:
    """This process's environment without what would change the settings of a server, or have Python compile at each
    start.
    """
    changing = ("IFIND_", "MOCKSERVER_", "MOCKOON_", "PYTHONDONTWRITEBYTECODE")
    return {key: value for key, value in os.environ.items() if not key.startswith(changing)}


def _stats(leader: int) -> Iterator[list[str]]:
    """The fields of /proc/PID/stat behind the name, as proc(5) numbers them from 3, and last the process's id, of each
    process in the session.
    """
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(stat[3]) == leader:
            yield [*stat, folder.name]
