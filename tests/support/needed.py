"""What a test needs and a machine may lack: without it the test is skipped, or fails where CI has to have it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest


def not_here(what: str) -> NoReturn:
    """Ends a test that needs what is not installed here."""
    reason = f"{what} is not installed here; .ci/run installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def release_tool(name: str) -> Path:
    """A program of the environment that `make tests` has for the tools of a release."""
    tool = Path(sys.prefix) / "release" / "bin" / name
    if not tool.exists():
        not_here(name)
    return tool
