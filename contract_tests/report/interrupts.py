"""Signals that end a run: the first ends it with its report, a second one that comes later ends the writing, too."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Ctrl-C, the end of the process or of its terminal. One that the process was started to ignore stays ignored."""
TOGETHER = 1.0
"""Seconds within which several signals are one: the end of a terminal may send two."""


class Interrupts:
    """The signals that have come since `held` began."""

    _current: ClassVar[Interrupts | None] = None
    _deferred: ClassVar[frozenset[int]] = frozenset()

    def __init__(self) -> None:
        self.number: int | None = None
        """The first signal; None where none has come."""
        self._first = 0.0
        self._open = 0
        self._over = False

    @classmethod
    def defer(cls) -> None:
        """Has signals wait for `held`: while a command is loaded nobody knows yet which files are to say that it was
        interrupted. Where a system can't do that, they end it at once.
        """
        if hasattr(signal, "pthread_sigmask"):
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            cls._deferred = frozenset(SIGNALS) - blocked

    @classmethod
    @contextmanager
    def held(cls) -> Iterator[Interrupts]:
        """Within the block, which may be nested, the first signal does not interrupt: it waits for work that is open.
        Signals come in the main thread alone.
        """
        if cls._current is not None:
            yield cls._current
            return
        cls._current = caught = cls()
        before: dict[int, Any] = {}
        report = sys.unraisablehook

        def dropped(what: sys.UnraisableHookArgs) -> None:
            if not isinstance(what.exc_value, KeyboardInterrupt):  # which `check` raises again
                report(what)

        sys.unraisablehook = dropped
        try:
            if threading.current_thread() is threading.main_thread():
                for number in SIGNALS:
                    if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None):
                        before[number] = handler
                        signal.signal(number, caught._come)
                if cls._deferred:
                    signal.pthread_sigmask(signal.SIG_UNBLOCK, cls._deferred)
                    cls._deferred = frozenset()
            yield caught
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if caught._over else handler)
            sys.unraisablehook = report
            cls._current = None

    @classmethod
    def end(cls) -> None:
        """From now on to the end of the process signals do nothing: all is written, and the exit code is decided."""
        if cls._current is not None:
            cls._current._over = True

    @contextmanager
    def open(self) -> Iterator[None]:
        """Work that a signal may cut short, as a KeyboardInterrupt; one that has come already does so at once."""
        self._open += 1
        try:
            self.check()
            yield
        finally:
            self._open -= 1

    def check(self) -> None:
        """Raises KeyboardInterrupt where a signal has come. In some callbacks Python drops what is raised."""
        if self.number is not None:
            raise KeyboardInterrupt

    def _come(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._over:
            return
        if self.number is None:
            self.number, self._first = number, now
            if not self._open:
                return
        elif now - self._first < TOGETHER:
            return
        raise KeyboardInterrupt
