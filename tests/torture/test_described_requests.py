"""Requests that are made from the description of the control API: each is answered as the description says."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from mockserver.assembly import open_gateway
from mockserver.core.errors import Refusal
from mockserver.settings.loading import load
from mockserver.web.app import make_app
from mockserver.web.control import route_table
from support.torture import Torture

if importlib.util.find_spec("schemathesis") is None:
    pytest.skip("schemathesis is not installed: pip install --group fuzz", allow_module_level=True)

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

ROWS = [(path, name) for path, methods in route_table().items() for name in methods if path != "/openapi.json"]
BEYOND_A_SCHEMA = {
    "/requests/wait": ["positive_data_acceptance"],  # 408: nothing calls in the meantime
}
"""The checks that do not hold for a path, since the description can't say all that the path asks for."""
TOO_LARGE = "negative_data_rejection"  # does not know 413
HERE = {"Host": "localhost"}


def is_read(body: Any, path: str, http_method: str) -> bool:
    try:
        route_table()[path][http_method].body("", body)
    except Refusal:
        return False
    return isinstance(body, dict)


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
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        try:
            case = data.draw(st.one_of(right, wrong))
        except InvalidArgument:  # a schema that schemathesis has changed allows no value
            reject()
        if path == "/requests/wait" and isinstance(case.body, NotSet):
            case.body = {}
        if path == "/requests/wait" and is_read(case.body, path, http_method):
            case.body["timeout"] = "10ms"
        response = case.call(headers=HERE)
        beyond = [TOO_LARGE] if response.status_code == 413 else BEYOND_A_SCHEMA.get(path, ())
        case.validate_response(response, checks=[one for one in CHECKS.get_all() if one.__name__ not in beyond])

    holds()
