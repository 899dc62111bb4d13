"""The wire server where the process may open few files."""

from __future__ import annotations

import resource
import signal
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver.settings.limits import Limits
from mockserver.wire import descriptors
from mockserver.wire.failures import WireError
from support.processes import COMMAND, Serving, environment, serving
from support.raw_client import connected
from support.torture import Usage
from support.wire_server import get

CALL = get("/api/info?login=demo@example.com&token=demo-token")
HEALTH = get("/_mock/health").replace(b"Host: t", b"Host: localhost")


def address(server: Serving) -> tuple[str, int]:
    parts = urlsplit(server.api)
    return parts.hostname or "", parts.port or 0


def said(server: Serving) -> list[str]:
    """What it has written to standard error when it has ended."""
    server.process.send_signal(signal.SIGTERM)
    _, errors = server.process.communicate(timeout=10)
    return [line for line in errors.splitlines() if line.startswith("ifind-mock: ")]


def test_where_few_files_may_be_open_the_limit_of_connections_follows_and_the_start_says_so(tmp_path: Path) -> None:
    with serving(cwd=tmp_path, shell="ulimit -n 128") as server, ExitStack() as stack:
        clients = [stack.enter_context(connected(address(server))) for _ in range(300)]
        statuses: list[int] = []
        for client in clients:
            with suppress(OSError, EOFError):
                statuses.append(client.send(CALL).answer().status)
        with connected(address(server)) as control:
            assert control.send(HEALTH).answer().status == 200
        stack.close()
        with connected(address(server)) as client:
            assert client.send(CALL).answer().status == 200
        (line,) = said(server)

    assert "may open 128 files at a time (ulimit -n): the limit of connections is " in line
    assert "; raise it, with ulimit -n 10" in line
    allowed = int(line.partition("connections is ")[2].split()[0])
    assert 40 < allowed < 96
    assert statuses[:allowed] == [200] * allowed
    assert 200 not in statuses[allowed:]


def test_too_few_files_for_any_connection_are_an_error_at_the_start(tmp_path: Path) -> None:
    shell = ["sh", "-c", 'ulimit -n 30; exec "$@"', "sh", *COMMAND, "serve", "--port", "0"]
    done = subprocess.run(shell, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("ifind-mock: this process may open 30 files at a time (ulimit -n), which is too few")
    assert len(done.stderr.splitlines()) == 1


def test_a_connection_that_the_system_cannot_accept_waits_and_that_is_said_once(tmp_path: Path) -> None:
    """The files run out later: the limit is lowered while the server runs, as other files of a process would do."""
    with serving(cwd=tmp_path) as server, ExitStack() as stack:
        kept = stack.enter_context(connected(address(server)))
        assert kept.send(HEALTH).answer().status == 200  # what it loads late is loaded
        pid = server.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        opened = Usage.of(pid).descriptors
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 3, limits[1]))
        clients = [stack.enter_context(connected(address(server))) for _ in range(10)]
        assert [clients[n].send(CALL).answer().status for n in range(3)] == [200] * 3
        for client in clients[3:]:
            client.send(CALL)
            client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            clients[3].answer()
        for client in clients:
            client.close()
        with connected(address(server)) as client:
            assert client.send(CALL).answer().status == 200
        lines = said(server)

    assert len(lines) == 1
    assert "can't accept connections: this process has too many open files; raise ulimit -n" in lines[0]


@pytest.mark.parametrize("allowed", [100, 128, 500, 963, 1024, 10**6])
def test_the_limits_fit_what_may_be_opened(monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, 2000))
    monkeypatch.setattr(descriptors, "_open", lambda: 10)
    kept, fewer = descriptors.fitted(Limits())

    assert (fewer is None) == (kept == Limits()) == (allowed >= 1024)
    assert min(kept.connections, kept.control_connections) > 0
    assert kept.connections + kept.control_connections < allowed - 40
    monkeypatch.setattr(resource, "getrlimit", lambda _: (43, 43))
    with pytest.raises(WireError, match="too few for a server; raise it"):
        descriptors.fitted(Limits())
