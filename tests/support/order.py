"""The order of the tests: that of the files, or by chance and repeatable with a seed.

Files are shuffled, and the tests inside each, so that what the tests of a file share is made once.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed", type=int, metavar="N", help="Take the tests in an order by chance, the same for the same seed."
    )


def shuffle(items: list[pytest.Item], seed: int) -> None:
    """Puts the tests into the order of the seed."""
    chance = Random(seed)
    files: dict[object, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.path].append(item)
    groups = list(files.values())
    chance.shuffle(groups)
    for group in groups:
        chance.shuffle(group)
    items[:] = [item for group in groups for item in group]
