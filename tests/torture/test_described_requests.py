"""Requests that are made from the description of the control API: each is answered as the description says."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.web.app import make_app
from mockserver.web.control import route_table
from support.torture import Torture

if importlib.util.find_spec("schemathesis") is None:
    pytest.skip("schemathesis is not installed: pip install --group fuzz", allow_module_level=True)

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

ROWS = [(path, name) for path, methods in route_table().items() for name in methods if path != "/openapi.json"]
HERE = {"Host": "localhost"}


@pytest.fixture(scope="module")
def described() -> Iterator[schemathesis.BaseSchema]:
    """One mock for all requests, as its own description shows it. What waits for minutes there waits for no time."""
    chosen = load({})
    app = make_app(open_gateway(chosen), lambda operation: operation(), chosen)
    with patch("mockserver.web.app.SECOND", 10**12):
        yield schemathesis.openapi.from_wsgi("/_mock/openapi.json", app, headers=HERE)


@pytest.mark.parametrize(("path", "http_method"), ROWS)
def test_right_and_wrong_requests_are_answered_as_described(
    described: schemathesis.BaseSchema, path: str, http_method: str, torture: Torture
) -> None:
    operation = described[path.replace("<path:", "<").replace("<", "{").replace(">", "}")][http_method]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    takes = operation.body or operation.query or operation.path_parameters
    # What is waited for may not come, though the request is right: 408.
    checks = [check for check in CHECKS.get_all() if path != "/requests/wait" or check is not positive_data_acceptance]
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if takes else right

    @settings(
        max_examples=torture.scale(4, 400),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[*HealthCheck],
    )
    @given(case=st.one_of(right, wrong))
    def holds(case: schemathesis.Case) -> None:
        case.validate_response(case.call(headers=HERE), checks=checks)

    holds()
