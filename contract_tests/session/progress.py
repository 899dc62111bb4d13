"""How far a run is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import pytest

from contract_tests.report.console import bar_console
from contract_tests.session.state import STATE, clauses_of

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

EVERY = 10.0
"""Seconds between two plain lines."""


class Progress:
    """A plugin of pytest that shows how far the suite is. A run that is over at once prints nothing."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._printed = time.monotonic()
        self._done = 0

    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Shows the bar, where there is a terminal."""
        if not self.out.isatty() or os.environ.get("TERM") == "dumb":  # which moves no cursor
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=bar_console(self.out), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("", total=len(session.items))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """A test is over."""
        self._done += 1
        text = self._words(item)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=text)
        elif time.monotonic() - self._printed >= EVERY:
            self._printed = time.monotonic()
            with suppress(OSError):  # a terminal that is gone ends no run
                print(f"{self._done} of {len(item.session.items)} tests · {text}", file=self.out, flush=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """The bar goes; the report follows."""
        if self._bar is not None:
            with suppress(OSError):
                self._bar.stop()

    def _words(self, item: pytest.Item) -> str:
        run = item.config.stash[STATE].run
        if run is None:
            return ""
        units = "" if run.target.provisioned else f" · {run.api.sender.budget.spent} units"
        return f"{len(run.api.sender.log)} calls{units} · {', '.join(clauses_of(item))}"
