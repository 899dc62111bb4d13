"""The results as pictures: bars in SVG, which any browser and any page of Markdown shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.calls import OPERATIONS
from benchmarks.results import ACCOUNTS, Results

_COLOURS = {"ours": "#1a7f37", "peer": "#57606a", "ceiling": "#bf8700"}
_LABELS, _BARS, _NUMBERS, _ROW, _GAP = 190, 460, 110, 18, 14
"""Widths of the three columns, height of a row, space between groups: in pixels."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    label: str
    kind: str  # of the server: it gives the colour
    value: float
    number: str  # the value as it is written


def pictures(results: Results) -> dict[str, str]:
    """The pictures, by file name."""
    drawn = {
        f"rate-{connections}.svg": draw(
            f"Answers a second, {connections} connections",
            [(name, _rates(results, name, connections)) for name in OPERATIONS],
        )
        for connections in results.connections()
    }
    drawn["start.svg"] = draw("From exec to the first answer", [("", _starts(results))])
    drawn["memory.svg"] = draw("Resident memory after the first answer", [("", _memory(results))])
    for operation in dict.fromkeys(level.operation for level in results.levels):
        bars = [
            Bar(f"{level.tasks:,} tasks", "ours", level.rate, f"{level.rate:,.0f}/s")
            for level in results.levels
            if level.operation == operation
        ]
        drawn[f"tasks-{operation}.svg"] = draw(f"{operation}, answers a second with many tasks", [("", bars)])
    return drawn


def draw(title: str, groups: Iterable[tuple[str, Sequence[Bar]]]) -> str:
    """Horizontal bars in groups, all on one scale from 0."""
    groups = [(name, bars) for name, bars in groups if bars]
    most = max((bar.value for _, bars in groups for bar in bars), default=0) or 1
    parts, y = [_text(0, 16, title, weight="bold")], 28
    for name, bars in groups:
        if name:
            parts.append(_text(0, y + 13, name))
            y += _ROW
        for bar in bars:
            width = bar.value / most * _BARS
            parts.append(_text(_LABELS - 6, y + 13, bar.label, anchor="end"))
            parts.append(
                f'<rect x="{_LABELS}" y="{y + 2}" width="{width:.1f}" height="{_ROW - 4}" fill="{_COLOURS[bar.kind]}"/>'
            )
            parts.append(_text(_LABELS + width + 5, y + 13, bar.number))
            y += _ROW
        y += _GAP
    width = _LABELS + _BARS + _NUMBERS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="{width}" height="{y}" fill="#fff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _rates(results: Results, operation: str, connections: int) -> list[Bar]:
    bars: list[Bar] = []
    for about in results.servers:
        # A pipelined rate would make all others a hair's breadth.
        if about.name == "pipelined":
            continue
        for accounts in ACCOUNTS:
            rate = results.rate(about.name, operation, accounts, connections)
            if rate is not None:
                label = f"{about.title}, {accounts}" if about.kind != "peer" else about.title
                bars.append(Bar(label, about.kind, rate, f"{rate:,.0f}"))
    return bars


def _starts(results: Results) -> list[Bar]:
    starts = ((about, results.start(about.name)) for about in results.servers)
    return [
        Bar(about.title, about.kind, start, f"{start * 1000:,.0f} ms") for about, start in starts if start is not None
    ]


def _memory(results: Results) -> list[Bar]:
    return [Bar(about.title, about.kind, about.idle, f"{about.idle / 1e6:,.0f} MB") for about in results.servers]


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" fill="#1f2328"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
