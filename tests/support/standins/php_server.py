"""Runs the stand-in that is written in PHP: `with php_serving() as php: target = php.target("yii")`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent / "php"
PHONE, PHONE_OF_ONE, PHONE_OF_NOTHING = "70005550242", "70005550241", "70005550240"
"""A phone with two rows and three names, one with one of each, one with neither."""
ACCOUNTS = {"klavdia@example.com": "Kt7c1f0e9a44b2", "nikon@example.com": "Nk20d5e8b17c63"}
"""Tokens by login, the main account first."""
PERSONAL = ("Прялкина", "Клавдия", "Нижние Ключи", "pryaha?id=71", "sani_72", "Тётя", "самовывоз")
"""Texts of the data, of which no report may hold one."""
START_TIMEOUT = 20.0
ROUTER = str(HERE / "router.php")
_WATCHED = '(php "$@"; kill -9 0) & read -r _; kill -9 0'
"""Runs php until it ends, or standard input does, as it does where this process is killed."""


@dataclass(frozen=True, slots=True)
class PhpTarget:
    """One service of a server: a dialect, a breakage, and a state of its own."""

    url: str
    env: dict[str, str]
    """The variables that name the credentials and the phone."""
    _state: Path

    @property
    def units(self) -> int:
        """Units charged to all accounts."""
        charged: int = json.loads(self._state.read_text(encoding="utf-8")).get("charged", 0)
        return charged


class PhpServer:
    """A `php -S` that answers in every dialect at once: the path of a target's URL names it."""

    def __init__(self, port: int, directory: Path) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self._directory = directory
        self._numbers = count(1)

    def target(
        self, dialect: str = "plain", breakage: str = "-", *, seconds: float = 0.1, limit: int = 100, phone: str = PHONE
    ) -> PhpTarget:
        """A new service. seconds: what a task takes by the clock; limit: units a day of each account."""
        name = f"s{next(self._numbers)}"
        settings = {"accounts": ACCOUNTS, "seconds": seconds, "limit": limit}
        state = self._directory / f"{name}.json"
        state.write_text(json.dumps({"settings": settings}), encoding="utf-8")
        (login, token), (login2, token2) = ACCOUNTS.items()
        named = {"LOGIN": login, "TOKEN": token, "LOGIN2": login2, "TOKEN2": token2, "PHONE": phone}
        url = f"{self._root}/{name}/{dialect}/{breakage}/api"
        return PhpTarget(url, {f"IFIND_{key}": value for key, value in named.items()}, state)


@contextmanager
def php_serving() -> Iterator[PhpServer]:
    """A server on a free port of 127.0.0.1, which ends with the context."""
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as log:
        process, port = _started(directory, log.fileno())
        try:
            yield PhpServer(port, Path(directory))
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the server, and what watches it."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _started(directory: str, log: int) -> tuple[subprocess.Popen[bytes], int]:
    """A server that accepts, and its port. A port that another program takes meanwhile is given up."""
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = (
            "error_reporting=32767",
            "display_errors=0",
            "log_errors=0",
            "output_buffering=0",
            "session.use_strict_mode=1",
        )
        process = subprocess.Popen(
            ["sh", "-c", _WATCHED, "php", *(f"-d{setting}" for setting in settings), "-S", f"127.0.0.1:{port}", ROUTER],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "STANDIN_DIRECTORY": directory},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        end, started = time.monotonic() + START_TIMEOUT, f"127.0.0.1:{port}) started".encode()
        while process.poll() is None:
            if started in os.pread(log, 10_000, 0):
                return process, port
            if time.monotonic() > end:
                _end(process)
            time.sleep(0.01)
    raise RuntimeError("php -S does not start: install php-cli, php-xml and php-mbstring")


@cache
def php_names(table: str) -> tuple[str, ...]:
    """The names in a table of the PHP code: `dialects` or `breakages`."""
    files = "".join(f"require '{file}';" for file in sorted(HERE.glob("*.php")) if file.name != "router.php")
    done = subprocess.run(
        ["php", "-r", f"{files} echo json_encode(array_keys({table}()));"], capture_output=True, text=True, check=True
    )
    return tuple(json.loads(done.stdout))
