"""The harness of the torture parts: how long each runs, and the figures that it gives.

A part is a test in tests/torture/ that takes the fixture `torture`; so may a test elsewhere, whose short form does a
part of what it might. One test has both forms: `torture.scale(short,
long)` gives its rounds, calls or seconds, and `--torture SHARE` says how far it goes from the short form (0, the
default, which every run of the tests has) to the long one (1, `make torture`):

    def test_kills_lose_nothing(torture: Torture, tmp_path: Path) -> None:
        rounds = torture.scale(short=3, long=200)
        ...
        torture.figure("rounds of SIGKILL under load", rounds)
        torture.figure("acknowledged creates, none lost", len(acknowledged))

What `figure` is given is printed when the tests end, as rows of a Markdown table, also with `-n`. All short forms
together take at most 40 seconds, and a part asserts its bound in both forms. Which cases of other tests the long form
has: support/cases.py. `Usage.of(pid)` reads what a process uses.

    make torture                               # every part in its long form: more than an hour
    make torture SHARE=0.05 ARGS='-k sockets'  # a part, nearer to its short form
    pytest tests/torture                       # the short forms
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

_MARK = "figure: "  # begins the names of a report's properties that are figures


@dataclass(frozen=True)
class Torture:
    """How far a part goes, and where its figures go."""

    share: float  # 0 the short form, 1 the long one
    record: Callable[[str, object], None]

    def scale(self, short: int, long: int) -> int:
        """The number for this run, between the short form's and the long form's."""
        return round(short + (long - short) * self.share)

    def figure(self, what: str, value: object) -> None:
        """Keeps a figure: what it is, in words, and its value with its unit."""
        self.record(_MARK + what, f"{value:,}" if isinstance(value, int) else str(value))


@pytest.fixture
def torture(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Torture:
    return Torture(request.config.getoption("--torture"), record_property)


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--torture",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="How far tests with two forms go: 0 is the short form, 1 the long one.",
    )


def table(reports: Iterable[pytest.TestReport]) -> list[str]:
    """The lines of a Markdown table with the figures of the reports."""
    rows = [
        f"| {report.nodeid.rpartition('::')[2]} | {name.removeprefix(_MARK)} | {value} |"
        for report in reports
        for name, value in report.user_properties
        if name.startswith(_MARK)
    ]
    return ["| part | what | figure |", "|---|---|---|", *rows] if rows else []


@dataclass(frozen=True)
class Usage:
    """What a process uses."""

    memory: int  # resident, in bytes
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """What the process uses now; of Linux only."""
        process = Path(f"/proc/{pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text(encoding="utf-8").splitlines())
        memory = int(status["VmRSS"].split()[0]) * 1024
        return cls(memory, len(list((process / "fd").iterdir())), int(status["Threads"]))
