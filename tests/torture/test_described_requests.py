"""Requests that are made from the description of the control API: each is answered as the description says."""

from __future__ import annotations

import importlib.util

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

ROWS = [(path, name) for path, methods in route_table().items() for name in methods if path != "/openapi.json"]
BEYOND_A_SCHEMA = {
    "/scenarios/<name>": ["positive_data_acceptance"],  # 422: one of several actions that the match of a step rules out
    "/requests/wait": ["positive_data_acceptance"],  # 408: nothing calls in the meantime
    "/stubs": ["positive_data_acceptance"],  # 422: whole bodies in XML and CSV that are none
    "/stubs/<id>": ["positive_data_acceptance"],
}
"""The checks that do not hold for a path, since the description can't say all that the path asks for."""
HERE = {"Host": "localhost"}


@pytest.fixture(scope="module")
def described() -> schemathesis.BaseSchema:
    """One mock for all requests, as its own description shows it."""
    chosen = load({})
    app = make_app(open_gateway(chosen), lambda operation: operation(), chosen)
    return schemathesis.openapi.from_wsgi("/_mock/openapi.json", app, headers=HERE)


@pytest.mark.once
@pytest.mark.parametrize(("path", "http_method"), ROWS)
def test_right_and_wrong_requests_are_answered_as_described(
    described: schemathesis.BaseSchema, path: str, http_method: str, torture: Torture
) -> None:
    operation = described[path.replace("<path:", "<").replace("<", "{").replace(">", "}")][http_method]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    takes = operation.body or operation.query or operation.path_parameters
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
        if isinstance(case.body, dict) and path == "/requests/wait":
            case.body["timeout"] = "10ms"
        checks = [check for check in CHECKS.get_all() if check.__name__ not in BEYOND_A_SCHEMA.get(path, ())]
        case.validate_response(case.call(headers=HERE), checks=checks)

    holds()
