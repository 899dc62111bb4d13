"""The goals, and whether a run meets them. All are ratios in one run, but for memory and p99."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.results import ACCOUNTS, Goal, Results

SHARE = 0.5
"""Of the bare protocol's rate."""

TIMES = {
    "apimock": 1.5,
    "apimock-text": 1.5,
    "mockserver": 2.0,
    "wiremock": 4.0,
    "mockoon": 1.0,
    "prism": 1.0,
    "mountebank": 1.0,
}
"""Of each peer's rate; 1 is: ahead."""

NATIVE = ("apimock", "apimock-text")
"""Peers without a runtime to start: their time to the first answer is no goal."""

RESIDENT = 45e6
"""Bytes, after the first answer."""

P99 = 3.0
"""Milliseconds, at P99_CONNECTIONS."""
P99_CONNECTIONS = 16

FLAT = 0.9
"""What must be left of the rate at the most tasks; less than that is no noise."""

COMPARED = ("create", "ready-json", "ready-xml", "ready-csv")
"""The operations on which peers are compared: the others cost a peer the same, and us less."""


def evaluate(results: Results) -> list[Goal]:
    """All goals, in the order in which a report shows them."""
    return [
        *(_share(results, operation) for operation in (*COMPARED, "processing", "info")),
        *(_times(results, peer, times) for peer, times in TIMES.items()),
        _start(results),
        _start_of_peers(results),
        _resident(results),
        _p99(results),
        *(_flat(results, operation) for operation in ("create", "ready-json")),
    ]


def _share(results: Results, operation: str) -> Goal:
    text = f"{operation}: at least {SHARE:.2f} of the bare protocol"
    return _least(text, SHARE, [*_ratios(results, "bare", (operation,))])


def _times(results: Results, peer: str, times: float) -> Goal:
    text = f"create and ready results: at least {times:g} times {_title(results, peer)}"
    return _least(text, times, [*_ratios(results, peer, COMPARED)])


def _ratios(results: Results, other: str, operations: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Our rate by the other's, and where it was found. A peer, to which accounts are alike, answers those of one."""
    for operation in operations:
        for connections in results.connections():
            for accounts in ACCOUNTS:
                ours = results.rate("ours", operation, accounts, connections)
                theirs = results.rate(other, operation, accounts, connections)
                theirs = theirs or results.rate(other, operation, "one", connections)
                if ours and theirs:
                    where = f"{operation}, {accounts}, {connections} connections: {ours:,.0f}/s to {theirs:,.0f}/s"
                    yield ours / theirs, where


def _least(text: str, wanted: float, ratios: list[tuple[float, str]]) -> Goal:
    if not ratios:
        return _missing(text)
    least, where = min(ratios)
    return Goal(text, _verdict(holds=least >= wanted), f"{least:.2f} ({where})")


def _start(results: Results) -> Goal:
    text = "first answer: no later than `import flask` takes to end"
    ours = results.start("ours")
    if ours is None or not results.flask:
        return _missing(text)
    flask = median(results.flask)
    return Goal(
        text, _verdict(holds=ours <= flask), f"{ours / flask:.2f} ({ours * 1000:.0f} ms to {flask * 1000:.0f} ms)"
    )


def _start_of_peers(results: Results) -> Goal:
    text = "first answer: in at most half the time of the fastest peer that has a runtime to start"
    ours = results.start("ours")
    starts = {name: results.start(name) for name in TIMES if name not in NATIVE}
    peers = [(start, name) for name, start in starts.items() if start is not None]
    if ours is None or not peers:
        return _missing(text)
    least, name = min(peers)
    found = f"{ours / least:.2f} ({ours * 1000:.0f} ms to {least * 1000:.0f} ms of {_title(results, name)}"
    for native in NATIVE:
        if (start := results.start(native)) is not None:
            found += f"; {_title(results, native)}, a native program, {start * 1000:.0f} ms"
    return Goal(text, _verdict(holds=ours <= least / 2), f"{found})")


def _resident(results: Results) -> Goal:
    text = f"memory after the first answer: at most {RESIDENT / 1e6:.0f} MB"
    about = results.server("ours")
    if about is None:
        return _missing(text)
    return Goal(text, _verdict(holds=about.idle <= RESIDENT), f"{about.idle / 1e6:.1f} MB")


def _p99(results: Results) -> Goal:
    text = f"p99 at {P99_CONNECTIONS} connections: under {P99:g} ms for each operation"
    loads = [load for load in results.loads if load.server == "ours" and load.connections == P99_CONNECTIONS]
    found = {
        (median(late), name)
        for name in {(load.operation, load.accounts) for load in loads}
        if (late := [load.p99 for load in loads if (load.operation, load.accounts) == name])
    }
    if not found:
        return _missing(text)
    worst, (operation, accounts) = max(found)
    return Goal(text, _verdict(holds=worst < P99), f"{worst:.2f} ms ({operation}, {accounts})")


def _flat(results: Results, operation: str) -> Goal:
    text = f"{operation}: the rate at the most stored tasks at least {FLAT:g} of that at a tenth and fewer"
    levels = [level for level in results.levels if level.operation == operation]
    most = max((level.tasks for level in levels), default=0)
    few = [level.rate for level in levels if level.tasks <= most / 10]
    many = [level.rate for level in levels if level.tasks >= most * 0.9]
    if not few or not many:
        return _missing(text)
    first, last = median(few), median(many)
    return Goal(
        text,
        _verdict(holds=last >= FLAT * first),
        f"{last / first:.2f} ({first:,.0f}/s up to {most // 10:,} tasks, {last:,.0f}/s at {most:,})",
    )


def _missing(text: str) -> Goal:
    return Goal(text, "not measured", "left out, failed, or a part of the full form alone")


def _title(results: Results, name: str) -> str:
    about = results.server(name)
    return about.title if about else name


def _verdict(*, holds: bool) -> str:
    return "met" if holds else "not met"
