"""A redis-server of a test's own: on a free port, with a temporary directory."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

_NAMES = count(1)


class RedisServer:
    """It can be killed and started again, on the same port and with its data."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.port = free_port()
        self._directory = directory
        self._options = options
        self.start()

    @property
    def _speaks_tls(self) -> bool:
        return "--tls-cert-file" in self._options

    @property
    def url(self) -> str:
        """The setting `state` of a state of its own."""
        return f"redis://127.0.0.1:{self.port}/0?name=test-{next(_NAMES)}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        port = f"--tls-port {self.port} --port 0" if self._speaks_tls else f"--port {self.port}"
        # What it has written outlives its process without waiting for the disk, where it leaves that to the system.
        own = f"redis-server {port} --bind 127.0.0.1 --appendonly yes --appendfsync no".split()
        files = ("--dir", str(self._directory), "--logfile", str(self._directory / "log"), "--save", "")
        self.process = subprocess.Popen([*own, *files, *self._options], stdin=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not self._answers():
            log = self._directory / "log"
            told = log.read_text() if log.exists() else ""
            assert self.process.poll() is None, f"redis-server has ended:\n{told}"
            assert time.monotonic() < end, f"redis-server does not answer:\n{told}"
            time.sleep(0.005)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                if self._speaks_tls:
                    return True
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A Redis while the context lasts."""
    with TemporaryDirectory() as directory:
        server = RedisServer(Path(directory), *options)
        try:
            yield server
        finally:
            server.kill()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
