"""The public names of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import contract_tests
import mockserver.testing
from support.in_process import LOGIN, TOKEN


def test_a_mock_is_two_names_away() -> None:
    client = mockserver.create_app(mockserver.load({"daily_limit": 7}, {})).test_client()
    answer = client.get("/api/info", query_string={"login": LOGIN, "token": TOKEN}).get_json()

    assert answer["data"]["api_limit"] == {"used": 0, "of": 7}


def test_the_checks_of_the_suite_are_the_same_by_both_names() -> None:
    assert mockserver.testing.__all__ == contract_tests.__all__
    assert all(getattr(mockserver.testing, n) is getattr(contract_tests, n) for n in contract_tests.__all__)


def test_the_import_of_the_package_loads_none_of_its_parts() -> None:
    program = "import sys, mockserver; print([m for m in sys.modules if m.startswith(('mockserver', 'flask'))])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "['mockserver']\n"


def test_all_that_is_public_is_there_and_nothing_else() -> None:
    assert all(callable(getattr(mockserver, name)) for name in mockserver.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'craete_app'"):
        mockserver.craete_app  # noqa: B018 - the access is what fails
