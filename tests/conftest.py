"""Fixtures that the tests of several files share, and what holds for these tests alone."""

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import cases, order
from support import torture as torturing
from support.asking import asks
from support.checking import few_rows
from support.in_process import OPENED
from support.stores import empty_state, file_store, kind, path, redis, state, store
from support.torture import table, torture
from support.wire_server import serve, up

__all__ = [
    "asks",
    "empty_state",
    "few_rows",
    "file_store",
    "kind",
    "path",
    "redis",
    "serve",
    "state",
    "store",
    "torture",
    "up",
]


@pytest.fixture(autouse=True, scope="session")
def _columns() -> Iterator[None]:
    """Output is as wide as that of `support.processes.environment`; a worker of pytest-xdist has a width of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        yield


@pytest.fixture(autouse=True)
def _handled_signals() -> Iterator[None]:
    """A command that has ended in this process ignores signals; the programs of later tests would start so."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in handlers.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _closed_stores() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def pytest_addoption(parser: pytest.Parser) -> None:
    torturing.add_option(parser)
    cases.add_option(parser)
    order.add_option(parser)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """All tests that are found stay: no collection of garbage needs to look at them meanwhile."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    cases.choose(config, items)
    if config.option.seed is not None:
        order.shuffle(items, config.option.seed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures of the torture parts."""
    for line in table(terminalreporter.getreports("passed")):
        terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """A warning fails a test of the project. In pyproject.toml this would hold for a user's run of the suite too, where
    other plugins may warn.
    """
    config.addinivalue_line("filterwarnings", "error")
    # Programs that tests start would inherit it: a shell's background has SIGINT ignored, and nohup SIGHUP.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


# Also for the commands that tests start, elsewhere: else each reads all modules of this folder for half a second.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parents[1] / ".hypothesis"))
# No test judges how long an example takes: on a busy machine any may take long. Each run has new examples, in CI, too.
settings.register_profile("tests", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
