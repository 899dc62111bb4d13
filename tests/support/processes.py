"""Runs the command line as its own process, as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

COMMAND = [sys.executable, "-m", "mockserver"]


def environment(**more: str) -> dict[str, str]:
    """This environment without what would change a command's settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IFIND_", "PYTEST_"))}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **more}


@dataclass
class Serving:
    process: subprocess.Popen[str]
    api: str

    def get(self, method: str, **params: Any) -> bytes:
        query = urlencode({"login": "demo@example.com", "token": "demo-token", **params})
        with urllib.request.urlopen(f"{self.api}/{method}?{query}", timeout=10) as answer:
            body: bytes = answer.read()
        return body

    def control(self, http_method: str, path: str, body: bytes = b"{}") -> bytes:
        url = self.api.removesuffix("/api") + "/_mock" + path
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=http_method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            told: bytes = answer.read()
        return told


@contextmanager
def serving(*args: str, cwd: Path, shell: str = "", stderr: int = subprocess.PIPE, **more: str) -> Iterator[Serving]:
    """`ifind-mock serve` on a free port, killed at the end where it still runs. shell: what a shell does before, such
    as `ulimit -n 128`, and the redirections, such as `2>/dev/full`; nothing reads its standard error until the end.
    """
    prefix = ["sh", "-c", f'exec "$@" {shell}' if shell.startswith("2>") else f'{shell}; exec "$@"', "sh"]
    process = subprocess.Popen(
        [*(prefix if shell else ()), *COMMAND, "serve", "--port", "0", *args],
        cwd=cwd,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(("ready http://", "ready https://")), process.stderr.read() if process.stderr else line
        yield Serving(process, line.split()[1])
    finally:
        process.kill()
        process.communicate()
