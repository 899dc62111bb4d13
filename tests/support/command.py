"""Runs the command line in this process: a process of its own spends a quarter of a second on imports."""

from __future__ import annotations

import io
import os
import signal
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from contract_tests.report.interrupts import SIGNALS
from mockserver.cli.main import main
from support.processes import environment


def ifind(*args: str, cwd: Path, **more: str) -> CompletedProcess[str]:
    """What `ifind-mock` prints and its exit code, in a directory and with more variables in the environment."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    on_signal = {number: signal.getsignal(number) for number in SIGNALS}
    code: object = 0
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            chdir(cwd),
            patch.dict(os.environ, environment(**more), clear=True),
        ):
            main([*args])
    except SystemExit as ended:
        code = ended.code
    finally:
        for number, handler in on_signal.items():
            signal.signal(number, handler)
    assert isinstance(code, int)
    printed = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return CompletedProcess(args, code, *printed)
