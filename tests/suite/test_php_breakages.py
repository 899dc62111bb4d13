"""Servers in PHP that break a promise or a law in the ways of PHP: each is caught, and under the right name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.checking import check, outcomes
from support.standins.php_breakages import BREAKAGES
from support.standins.php_server import PERSONAL, PhpServer, php_names, php_serving

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def php() -> Iterator[PhpServer]:
    with php_serving() as server:
        yield server


def test_every_breakage_has_its_promise() -> None:
    assert {*php_names("breakages")} == {*BREAKAGES}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_breaks_a_promise_is_named(php: PhpServer, name: str) -> None:
    target = php.target("plain", name)
    code, output = check(target, poll_timeout=1.0)
    broken = {clause for clause, outcome in outcomes(output).items() if outcome == "broken"}

    assert code == 1, output
    assert broken & {*BREAKAGES[name].split("|")}, output
    assert [value for value in (*PERSONAL, *target.env.values()) if value in output] == []
    assert "error" not in outcomes(output).values(), output
