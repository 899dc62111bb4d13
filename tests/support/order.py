"""The order of the tests: by chance, and repeatable by the seed that every run shows.

Files are shuffled, and the tests inside each, so that what the tests of a file share is made once.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random, SystemRandom

import pytest


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed", type=int, metavar="N", help="Take the tests in the order that the run with this seed had."
    )


def choose(config: pytest.Config) -> None:
    """Takes the seed that is given, else one by chance; a process of pytest-xdist takes that of the first."""
    if config.option.seed is None:
        config.option.seed = getattr(config, "workerinput", {}).get("seed", SystemRandom().randrange(10**6))


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
