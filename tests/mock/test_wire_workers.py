"""Several processes behind one address: who gets which connection, and how they end."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.raw_client import Client, connected
from support.wire_server import get, wait_for

# Each answer is the number of the process that gives it.
PROGRAM = """
    import errno, os, sys
    sys.path.insert(0, {tests!r})
    from mockserver.api.http import Response
    from mockserver.core.errors import IfindMockError
    from mockserver.core.messages import Delivery
    from mockserver.wire.listening import sockets
    from mockserver.wire.server import Server
    from mockserver.wire import workers
    from support.wire_server import Pages

    if {asyncio}:
        sys.modules["uvloop"] = None  # as where it is missing

    def answer(request):
        if request.query == b"end":
            os._exit(7)
        latency = 300_000 if request.query == b"late" else 0
        return Response(200, (), str(os.getpid()).encode(), Delivery(latency=latency))

    def work(channel, number):
        if number == {broken} or os.path.exists({trouble!r}):
            raise IfindMockError("the store is broken\\nmake it whole")
        workers.serve_worker(Server(lambda requests: [*map(answer, requests)], Pages().factory), channel, lambda: None)

    def say(line):
        print(line, flush=True)

    def ready(host, port):
        if {refused}:  # one process more, for once
            allowed = os.fork
            def fork():
                os.fork = allowed
                raise OSError(errno.EAGAIN, "No more processes")
            os.fork, workers._LONGEST = fork, 0.1
        say(port)

    workers._TRIES = {tries}
    parent = workers.Workers({number}, work, sockets("127.0.0.1", 0), say, lambda: None)
    try:
        parent.run(ready, lambda: False)
    except IfindMockError as error:
        say(error)
    say("bye")
"""


@dataclass
class Up:
    """A parent with its workers."""

    process: subprocess.Popen[str]
    address: tuple[str, int]

    def said(self) -> str:
        """The next line that the parent says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def among(self, clients: list[Client]) -> Counter[int]:
        """How many of the clients' connections each worker has."""
        for client in clients:
            client.send(get("/"))
        return Counter(int(client.answer().body) for client in clients)

    def workers(self) -> list[int]:
        """The processes that serve now."""
        with ExitStack() as stack:
            return sorted(self.among([stack.enter_context(connected(self.address)) for _ in range(9)]))


def begun(**chosen: Any) -> subprocess.Popen[str]:
    """A parent of three workers; broken: which of them can't start; trouble: the file with which none can. All else is
    a flag.
    """
    asked = {"number": 3, "broken": 0, "asyncio": 0, "refused": 0, "trouble": "", "tries": 8, **chosen}
    program = textwrap.dedent(PROGRAM).format(tests=str(Path(__file__).parents[1]), **asked)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


@contextmanager
def started(**chosen: Any) -> Iterator[Up]:
    with begun(**chosen) as process:
        assert process.stdout is not None
        try:
            yield Up(process, ("127.0.0.1", int(process.stdout.readline())))
        finally:
            process.kill()


@pytest.fixture(params=["uvloop", "asyncio"], scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[Up]:
    """A parent with three workers, for tests that leave it with three."""
    with started(asyncio=int(request.param == "asyncio")) as up:
        yield up


def has_gone(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return False
    return True


@pytest.mark.parametrize("number", [3, 16, 64])
def test_connections_are_shared_evenly_also_after_those_of_one_worker_have_ended(running: Up, number: int) -> None:
    def is_even(clients: list[Client]) -> bool:
        shares = running.among(clients)
        return len(shares) == 3 and max(shares.values()) <= number / 3 * 1.3

    def again() -> bool:
        with ExitStack() as stack:
            clients = [stack.enter_context(connected(running.address)) for _ in range(number)]
            if not is_even(clients):
                return False
            clients[0].send(get("/"))
            worker = clients[0].answer().body
            for client in clients[:]:
                if client.send(get("/")).answer().body == worker:
                    client.close()
                    clients.remove(client)
            time.sleep(0.05)
            clients += [stack.enter_context(connected(running.address)) for _ in range(number - len(clients))]
            return is_even(clients)

    wait_for(again)  # the ends of earlier connections may still be on their way to the parent


def test_a_worker_that_dies_is_said_and_started_again_and_the_others_go_on(running: Up) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(running.address))]
        client, killed = clients[0], int(clients[0].send(get("/")).answer().body)

        def another_answers() -> bool:
            clients.append(stack.enter_context(connected(running.address)))
            return int(clients[-1].send(get("/")).answer().body) != killed

        wait_for(another_answers)  # those that an earlier test has ended may still be starting
        other = clients[-1]
        os.kill(killed, signal.SIGKILL)
        assert f"(process {killed}) was ended by SIGKILL; it is started again" in running.said()
        assert client.closed()
        assert other.ask("/").status == 200
    wait_for(lambda: len(running.workers()) == 3)
    assert killed not in running.workers()
    with connected(running.address) as client:
        client.send(get("/?end"))
        assert "has ended with 7; it is started again" in running.said()
    wait_for(lambda: len(running.workers()) == 3)


def test_a_worker_that_is_told_to_end_finishes_what_it_has_and_no_connection_is_lost(running: Up) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(running.address)) for _ in range(6)]
        ending = int(clients[0].ask("/").body)
        for client in clients:
            client.send(get("/?late"))
        time.sleep(0.1)
        os.kill(ending, signal.SIGTERM)
        for _ in range(20):
            assert stack.enter_context(connected(running.address)).ask("/").status == 200
        bodies = [int(client.answer().body) for client in clients]

    assert bodies[0] == ending
    assert f"(process {ending}) has ended with 0; it is started again" in running.said()
    wait_for(lambda: len(running.workers()) == 3)


def test_a_worker_that_the_system_does_not_let_start_is_said_and_tried_again() -> None:
    with started(refused=1) as up:
        os.kill(up.workers()[0], signal.SIGKILL)
        assert "was ended by SIGKILL; it is started again" in up.said()
        assert up.said().endswith(" can't be started: No more processes; it is tried again\n")
        wait_for(lambda: len(up.workers()) == 3)


def test_workers_that_can_not_start_again_say_why_once_and_when_they_can(tmp_path: Path) -> None:
    trouble = tmp_path / "trouble"
    with started(number=2, trouble=str(trouble)) as up:
        workers = up.workers()
        trouble.touch()
        for one in workers:
            os.kill(one, signal.SIGKILL)
        time.sleep(1.5)  # they are tried again and again
        trouble.unlink()
        said = [up.said() for _ in range(8)]

    texts = sorted(re.sub(r"worker . (\(process \d+\) )?", "worker ", line) for line in said)
    assert texts == sorted(
        [
            *["worker was ended by SIGKILL; it is started again\n"] * 2,
            "the store is broken\n",
            "make it whole\n",
            *["worker has ended with 1; it is started again\n"] * 2,
            *["worker serves again\n"] * 2,
        ]
    )


def test_where_no_worker_can_start_any_more_that_is_said_and_no_client_waits_on(tmp_path: Path) -> None:
    trouble = tmp_path / "trouble"
    with started(number=2, trouble=str(trouble), tries=2) as up:
        trouble.touch()
        for one in up.workers():
            os.kill(one, signal.SIGKILL)
        with suppress(OSError), connected(up.address) as client:
            assert client.send(get("/")).file.read(1) == b""  # it may have come before the end, or after
        assert up.process.stdout is not None
        said = up.process.stdout.read()

    assert "no worker can be started, after 4 tries: the store is broken\nmake it whole\nbye\n" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_within_a_second_with_answers_finished(number: signal.Signals) -> None:
    # One of eight: a machine that runs other tests may hold up the processes themselves.
    assert any(_seconds_to_end(number) < 1 for _ in range(8))


def _seconds_to_end(number: signal.Signals) -> float:
    with started() as up, ExitStack() as stack:
        workers = up.workers()
        clients = [stack.enter_context(connected(up.address)).send(get("/?late")) for _ in range(6)]
        time.sleep(0.1)
        began = time.monotonic()
        up.process.send_signal(number)
        assert {int(client.answer().body) for client in clients} <= {*workers}
        assert up.process.wait(5) == 0
        took = time.monotonic() - began
        assert all(map(has_gone, workers))
        assert up.said() == "bye\n"
        assert up.said() == ""
        with pytest.raises(ConnectionRefusedError):
            Client(up.address)
        return took


def test_workers_end_by_themselves_where_their_parent_was_killed() -> None:
    with started() as up:
        up.process.kill()

        # They alone hold it open. Whether their processes are gone is up to whoever takes in orphans.
        assert select.select([up.process.stdout], [], [], 5)[0]
        assert up.said() == ""
        with pytest.raises(ConnectionRefusedError):
            Client(up.address)


def test_a_group_that_gets_the_signal_together_ends_as_well() -> None:
    """As with Ctrl-C, and where systemd stops a service."""
    with started() as up:
        workers = up.workers()
        for one in (*workers, up.process.pid):
            os.kill(one, signal.SIGTERM)
        assert up.process.wait(5) == 0
        assert all(map(has_gone, workers))


@pytest.mark.parametrize("broken", [1, 2])
def test_a_worker_that_can_not_start_at_first_ends_all_with_its_error(broken: int) -> None:
    with begun(number=2, broken=broken) as process:
        assert process.communicate(timeout=20)[0] == "the store is broken\nmake it whole\nbye\n"
