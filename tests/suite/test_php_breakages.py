"""Servers in PHP that break a promise or a law in the ways of PHP: each is caught, and under the right name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract_tests.contract.outcome import Outcome
from support.checking import examined
from support.standins.php_breakages import BREAKAGES
from support.standins.php_server import PERSONAL, PhpServer, php_names, php_serving

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def php() -> Iterator[PhpServer]:
    with php_serving() as server:
        yield server


def test_every_breakage_has_its_promise() -> None:
    assert {*php_names("breakages")} == {*BREAKAGES}


@pytest.mark.few(30)
@pytest.mark.parametrize("name", BREAKAGES)
def test_what_breaks_a_promise_is_named(php: PhpServer, name: str) -> None:
    target = php.target("plain", name)
    report = examined(target, poll_timeout=1.0).report
    broken = {row.clause.id for row in report.rows if row.outcome is Outcome.BROKEN}
    findings = "\n".join(str(finding) for row in report.rows for finding in row.findings)

    assert report.exit_code == 1, report
    assert broken & {*BREAKAGES[name].split("|")}, findings
    assert [value for value in (*PERSONAL, *target.env.values()) if value in findings] == []
    assert report.errors == ()
