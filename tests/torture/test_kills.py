"""Processes that are killed while they create tasks, alone and two on one file: nothing acknowledged is lost."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.processes import Serving, serving
from support.raw_client import connected
from support.torture import Torture

PHONES = ("70000000001", "70001234567", "70000000100")
GROUP = 8  # calls that a client sends at once
A_FILE = 20  # rounds on one file: each reads all of it


class Load:
    """Clients that create tasks until their server dies, and the ids that were acknowledged to them."""

    def __init__(self, server: Serving, clients: int) -> None:
        parts = urlsplit(server.api)
        self._address = (parts.hostname or "", parts.port or 0)
        self.ids: list[int] = []
        self.threads = [threading.Thread(target=self._create, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _create(self) -> None:
        account = "login=demo@example.com&token=demo-token&source=2"
        calls = b"".join(
            f"GET /api/create?{account}&phone={PHONES[n % 3]} HTTP/1.1\r\nHost: t\r\n\r\n".encode()
            for n in range(GROUP)
        )
        # A killed server ends a connection in the middle of an answer, too.
        with suppress(OSError, EOFError, KeyError, ValueError, AssertionError), connected(self._address) as client:
            while True:
                client.send(calls)
                for _ in range(GROUP):
                    self.ids.append(json.loads(client.answer().body)["id"])

    def ended(self) -> list[int]:
        """The acknowledged ids, once the server is dead."""
        for thread in self.threads:
            thread.join(10)
        return self.ids


@pytest.mark.parametrize("processes", [1, 2])
def test_a_kill_loses_nothing_that_was_acknowledged(torture: Torture, tmp_path: Path, processes: int) -> None:
    rounds = torture.scale(short=3, long=200)
    chance = random.Random(processes)
    acknowledged: list[int] = []
    total = 0
    for number in range(rounds):
        path = tmp_path / f"state-{number // A_FILE}.db"
        if number % A_FILE == 0:
            total += len(acknowledged)
            acknowledged.clear()
        with ExitStack() as stack:
            arguments = ("--state", str(path), "--daily-limit", str(10**9), "--delay", "0s")
            servers = [stack.enter_context(serving(*arguments, cwd=tmp_path)) for _ in range(processes)]
            if number % A_FILE == 0:  # kept in the file: no day ends while the charges are counted
                servers[0].control("PUT", "/clock", b'{"mode": "frozen"}')
            loads = [Load(server, clients=3) for server in servers]
            for server in servers:
                threading.Event().wait(chance.uniform(0.05, 0.5))
                server.process.kill()
            for load in loads:
                acknowledged += load.ended()
        check(path, acknowledged)
    torture.figure(f"rounds of SIGKILL under load, {processes} at a time on one file", rounds)
    torture.figure("acknowledged creates, all there, charged once, ids unique", total + len(acknowledged))

    assert total + len(acknowledged) > 20 * rounds


def check(path: Path, acknowledged: list[int]) -> None:
    """Every acknowledged task is in the file once, what is used is what the tasks cost, and the file is sound."""
    assert len(set(acknowledged)) == len(acknowledged)
    with closing(sqlite3.connect(path)) as opened:
        kept = dict(opened.execute("SELECT id, cost FROM tasks").fetchall())
        ((used,),) = opened.execute("SELECT sum(used) FROM accounts").fetchall()
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert set(acknowledged) <= set(kept)
    assert used == sum(kept.values())
