"""Which cases of a test CI runs on each Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def few_on_each(cases: Iterable[Any], number: int = 1) -> list[Any]:
    """The cases as parameters: that many, from all over them, on each Python, the others `once`."""
    every = [*cases]
    step = -(-len(every) // number)
    return [case if at % step == 0 else pytest.param(case, marks=pytest.mark.once) for at, case in enumerate(every)]
