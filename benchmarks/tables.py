"""The results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from statistics import median

from benchmarks.calls import OPERATIONS
from benchmarks.results import ACCOUNTS, About, Results

FULL = 0.9
"""Share of its processor that a server must have used for its rate to be its own, not the generator's."""


def page(results: Results) -> str:
    """The whole page."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield f"# Benchmark of {results.date}"
    yield ""
    yield from (f"- {key}: {value}" for key, value in results.machine.items())
    settings = ", ".join(f"{key} {value}" for key, value in results.settings.items() if value)
    yield f"- settings: {'the quick form, ' if results.quick else ''}{settings}"
    yield "- bytes of a body: " + ", ".join(f"{name} {size:,}" for name, size in results.answers.items())
    for title, lines in (("Warnings", results.warnings), ("Not measured", results.troubles)):
        if lines:
            yield from ("", f"## {title}", "", *(f"- {_line(line)}" for line in lines))
    yield from ("", "## Goals", "")
    yield from _table(
        ("goal", "", "found"), ((_line(goal.text), goal.verdict, _line(goal.found)) for goal in results.goals)
    )
    for connections in results.connections():
        yield from ("", f"## Answers a second, {connections} connections", "")
        yield from _grid(results, connections, _rate)
        yield from (
            "",
            f"A star: the server used less than {FULL:.0%} of its processor; wrk or other work was the limit.",
        )
        yield from ("", f"## p50 / p99 in milliseconds, {connections} connections", "")
        yield from _grid(results, connections, _latency)
    yield from ("", "## Shares", "", "What the first carries of what the second does.", "")
    yield from _table(("", "of", "connections", "accounts", *OPERATIONS), _shares(results))
    yield from ("", "## Start and memory", "")
    yield from _table(
        ("", "first answer, ms", "resident then, MB", "resident after the load, MB"),
        ((about.title, *_start(results, about)) for about in results.servers),
    )
    yield from ("", f"`python -c 'import flask'` takes {_milliseconds(results.flask)} ms to end.")
    if results.levels:
        yield from ("", "## Many tasks", "")
        yield from _table(
            ("tasks", "operation", "answers a second", "p99, ms", "resident, MB"),
            (
                (
                    f"{level.tasks:,}",
                    level.operation,
                    f"{level.rate:,.0f}",
                    f"{level.p99:.2f}",
                    _megabytes(level.resident),
                )
                # Of the many seconds of create, the last before each ready result; the picture has all.
                for level, following in zip(results.levels, [*results.levels[1:], None], strict=True)
                if following is None or {level.operation, following.operation} != {"create"}
            ),
        )
        first, last = results.levels[0], results.levels[-1]
        if last.tasks > first.tasks:
            grown = (last.resident - first.resident) / (last.tasks - first.tasks)
            yield from ("", f"Memory grows by {grown:.0f} bytes a task.")
    yield from ("", "## The servers", "")
    yield from _table(
        ("", "version", "does not", "command"),
        ((about.title, about.version, _line(about.lacks), f"`{about.command}`") for about in results.servers),
    )


def _shares(results: Results) -> Iterator[list[str]]:
    titles = {about.name: about.title for about in results.servers}
    pairs = [(name, other) for name, other in _PAIRS if {name, other} <= {*titles}]
    for (name, other), connections, accounts in product(pairs, results.connections(), ACCOUNTS):
        rates = [
            (
                results.rate(name, operation, accounts, connections),
                results.rate(other, operation, accounts, connections),
            )
            for operation in OPERATIONS
        ]
        cells = [f"{rate / above:.2f}" if rate and above else "" for rate, above in rates]
        if any(cells):
            yield [titles[name], titles[other], str(connections), accounts, *cells]


_PAIRS = (
    ("ours", "before"),
    ("ours", "bare"),
    ("ours", "wsgi"),
    ("wsgi", "bare"),
    ("bare", "loopback"),
    ("bare", "pipelined"),
)
"""Servers of which the first can at most do what the second does, or should not do less."""

_Cell = Callable[[Results, str, str, str, int], str]


def _grid(results: Results, connections: int, cell: _Cell) -> Iterator[str]:
    """A row for each server and its accounts, a column for each operation."""
    rows = dict.fromkeys((load.server, load.accounts) for load in results.loads)
    titles = {about.name: about.title for about in results.servers}
    return _table(
        ("", "accounts", *OPERATIONS),
        (
            (
                titles[name],
                accounts,
                *(cell(results, name, operation, accounts, connections) for operation in OPERATIONS),
            )
            for name, accounts in sorted(rows, key=lambda row: list(titles).index(row[0]))
        ),
    )


def _rate(results: Results, name: str, operation: str, accounts: str, connections: int) -> str:
    rate = results.rate(name, operation, accounts, connections)
    if rate is None:
        return ""
    idle = any(load.busy < FULL for load in results.of(name, operation, accounts, connections))
    return f"{rate:,.0f}{'*' if idle else ''}"


def _latency(results: Results, name: str, operation: str, accounts: str, connections: int) -> str:
    latency = results.latency(name, operation, accounts, connections)
    return "" if latency is None else f"{latency[0]:.2f} / {latency[1]:.2f}"


def _start(results: Results, about: About) -> tuple[str, str, str]:
    loaded = results.loaded(about.name)
    return _milliseconds(about.starts), _megabytes(about.idle), "" if loaded is None else _megabytes(loaded)


def _milliseconds(seconds: Sequence[float]) -> str:
    return f"{median(seconds) * 1000:.0f}" if seconds else "?"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(text: str) -> str:
    """The text on one line, without what would end a cell."""
    return " ".join(text.split()).replace("|", r"\|")
