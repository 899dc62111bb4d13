"""Processes that run the suite for another one, and how many of them there is room for."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from contract_tests.report.interrupts import SIGNALS

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of processor time in a period, or `max`, and the period: the limit of a container on Linux."""


def cpus() -> int:
    """The CPUs that this process may use: those that it may run on, or fewer where a container has a limit."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = map(int, QUOTA.read_text(encoding="ascii").split())
        allowed = min(allowed, max(1, round(quota / period)))
    return allowed


def begin_worker(end: Connection, folder: str) -> None:
    """Leaves signals to the parent, and ends when the parent closes its end of the pipe, or is gone. Its temporary
    files are in a folder that the parent removes.
    """
    tempfile.tempdir = folder
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()


def _end_with(end: Connection) -> None:
    end.poll(None)
    os._exit(1)
