"""Which cases of a parametrized test are run.

Every run but `make torture` has the short form: of a test that is marked `few(number)`, so many of its cases. The
long form has what the short one leaves out, and the tests that take the fixture `torture`. `--cases NUMBER` runs at
most that many cases of any test, as CI does on all Pythons but the newest.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import pytest


def add_option(parser: pytest.Parser) -> None:
    parser.addoption("--cases", type=int, metavar="NUMBER", help="Run of each test at most so many of its cases.")


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the cases that this run leaves out."""
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    chosen: set[pytest.Item] = set()
    for cases in tests.values():
        few = cases[0].get_closest_marker("few")
        shown = some_of(cases, few.args[0]) if few else cases
        if config.getoption("--torture"):
            shown = [case for case in cases if case not in shown or "torture" in getattr(case, "fixturenames", ())]
        chosen.update(some_of(shown, config.getoption("--cases") or len(shown)))
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def some_of(cases: Sequence[pytest.Item], number: int) -> list[pytest.Item]:
    """That many of the cases, which have as many values of each parameter as can be; always the same, in no order."""
    left = sorted(cases, key=lambda case: hashlib.sha256(case.nodeid.encode()).digest())
    if number >= len(left):
        return left
    values = {
        case: {(name, id(value)) for name, value in case.callspec.params.items()}
        for case in left
        if isinstance(case, pytest.Function)
    }
    chosen: list[pytest.Item] = []
    seen: set[tuple[str, int]] = set()
    while len(chosen) < number:
        best = max(left, key=lambda case: len(values[case] - seen))
        left.remove(best)
        chosen.append(best)
        seen |= values[best]
    return chosen
