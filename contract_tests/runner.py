"""Runs the suite in this process: what `ifind-mock check` calls."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import pytest

from contract_tests import plugin
from contract_tests.clauses import UsageError, clause_of, read_profile
from contract_tests.options import LIVE, CheckOptions
from contract_tests.provision import phone_of
from contract_tests.report.model import Report
from contract_tests.report.terminal import write_terminal
from contract_tests.run import Run, plan_of
from contract_tests.target import on_loopback, read_url

HERE = Path(__file__).resolve().parent


def run(options: CheckOptions, out: TextIO, err: TextIO | None = None) -> int:
    """Checks the target, writes the report to out (wrong usage to err, where given), gives the exit code of DESIGN."""
    try:
        _check(options)
        if options.plan:
            print(_plan(options), file=out)
            return 0
        options = _confirmed(options, out)
    except UsageError as error:
        print(error, file=err or out)
        return plugin.USAGE
    unseen = [name for name in options.only if clause_of(name).unseen]
    if options.only and len(unseen) == len(options.only):
        for name in unseen:
            print(f"{name}: not checked: {clause_of(name).unseen}", file=out)
        return 0
    ended = examine(options)
    for text in ended.errors:
        print(f"ERROR of the suite itself:\n{text}\n", file=out)
    if ended.report is None:
        print("the suite could not be run", file=out)
        return plugin.BROKEN
    write_terminal(out, ended.report)
    return ended.report.exit_code


@dataclass(frozen=True, slots=True)
class Examined:
    """A run that has ended: its report, the run itself (None: the target was never reached), and errors of the kit."""

    report: Report | None
    run: Run | None
    errors: tuple[str, ...] = ()


def examine(options: CheckOptions) -> Examined:
    """Runs the suite as the options say, asks nobody and writes nothing. What is wrong with the options or the target
    is in the report's `stopped`.
    """
    seen = _Seen()
    with _isolated():
        ended = pytest.main(_arguments(options), plugins=[seen])
    if seen.config is None:
        return Examined(None, None, (*seen.errors, f"pytest ended with {int(ended)}"))
    stash = seen.config.stash
    errors = (*seen.errors, *stash.get(plugin.ERRORS, []))
    begun = plugin.STOPPED in stash or plugin.RUN in stash
    code = int(ended) if begun else plugin.BROKEN
    return Examined(plugin.report_at_end(seen.config, code), stash.get(plugin.RUN, None), errors)


class _Seen:
    """A plugin that keeps what pytest would tell its terminal, which is off."""

    def __init__(self) -> None:
        self.config: pytest.Config | None = None
        self.errors: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(report.longreprtext)

    def pytest_internalerror(self, excrepr: object) -> None:
        self.errors.append(str(excrepr))


def _check(options: CheckOptions) -> None:
    """Raises UsageError for what can be seen to be wrong before anything is sent."""
    if options.target not in ("mock", "live"):
        read_url(options.target)
    for name in options.only:
        clause_of(name)
    if options.profile is not None:
        read_profile(options.profile)


def _url(options: CheckOptions) -> str | None:
    """The target's URL, where it has one before it is started."""
    if options.target == "mock":
        return None
    return read_url(LIVE if options.target == "live" else options.target)


def _plan(options: CheckOptions) -> str:
    url = _url(options)
    if url is None:
        return "mock: a private one, which costs nothing"
    if not on_loopback(url) and options.phone is None:
        phone_of(os.environ)
    return plan_of(options, url)


def _confirmed(options: CheckOptions, out: TextIO) -> CheckOptions:
    """The options with the user's yes to what may cost. Raises UsageError without it."""
    url = _url(options)
    if url is None or on_loopback(url) or options.yes:
        return options
    print(plan_of(options, url), file=out)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: add --yes to go on.")
    print("Go on? Type yes: ", end="", file=out, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UsageError("Nothing was sent.")
    return replace(options, yes=True)


def _arguments(options: CheckOptions) -> list[str]:
    """The command line of pytest: this package's tests, and no settings or plugins of the user's."""
    given: dict[str, object] = {
        "--target": options.target,
        "--phone": options.phone,
        "--budget": options.budget,
        "--rate": None if options.rate is None else f"{options.rate:.6f}/s",
        "--poll-timeout": f"{options.poll_timeout:.3f}s",
        "--profile": options.profile,
        "--junitxml": options.junit,
    }
    flags = {"--full": options.full, "--strict-clauses": options.strict, "--yes": options.yes}
    off = ("terminal", "cacheprovider", "legacypath", "faulthandler")
    return [
        str(HERE),
        f"--rootdir={HERE}",
        f"-c{os.devnull}",
        "-s",
        *(f"-pno:{name}" for name in off),
        *(f"{name}={value}" for name, value in given.items() if value is not None),
        *(name for name, set_ in flags.items() if set_),
        *(f"--only={name}" for name in options.only),
    ]


_ENVIRONMENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


@contextmanager
def _isolated() -> Iterator[None]:
    """Without what the environment would have pytest do; a SIGTERM ends the run as Ctrl-C does, so that a private mock
    is not left behind.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept = {name: os.environ.pop(name) for name in _ENVIRONMENT if name in os.environ}
    auto = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        os.environ.update(kept)
        if auto is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = auto
