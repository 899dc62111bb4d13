"""Requests that are made from the description of a mock: each is answered as the description says."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from mockserver.api.operations import OPERATIONS
from mockserver.assembly import open_gateway
from mockserver.core.errors import Refusal
from mockserver.settings.loading import load
from mockserver.web.api_description import A_MOCK
from mockserver.web.app import make_app
from mockserver.web.control import ROOT, route_table
from mockserver.web.json_body import read_json
from support.torture import Torture

if importlib.util.find_spec("schemathesis") is None:
    pytest.skip("schemathesis is not installed: pip install --group fuzz", allow_module_level=True)

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

ROWS = [(path, name) for path, methods in route_table().items() for name in methods if path != "/openapi.json"]
WAIT = "/requests/wait"
HERE = {"Host": "localhost"}
ACCEPTED = ("2xx", "401", "404", "409")
"""Statuses of answers to right requests: what they name may not be there, or contradict what is."""
REFUSED = ("400", "401", "404", "409", "413", "415", "422")


def opened(profile: dict[str, Any], refused: Sequence[str] = REFUSED) -> schemathesis.BaseSchema:
    """A mock as its own description shows it."""
    chosen = load({"profile": profile})
    app = make_app(open_gateway(chosen), lambda operation: operation(), chosen)
    checks = {
        "positive_data_acceptance": {"expected-statuses": [*ACCEPTED]},
        "negative_data_rejection": {"expected-statuses": [*refused]},
    }
    too_late = {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "408"]}}  # nothing calls in the meantime
    config = {"checks": checks, "operations": [{"include-path": f"{ROOT}{WAIT}", "checks": too_late}]}
    return schemathesis.openapi.from_wsgi(
        f"{ROOT}/openapi.json", app, headers=HERE, config=SchemathesisConfig.from_dict(config)
    )


def requests(operation: Any, data: st.DataObject) -> Any:
    """A request to the operation, right or wrong."""
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    takes = operation.body or operation.query or operation.path_parameters
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if takes else right
    try:
        return data.draw(st.one_of(right, wrong))
    except InvalidArgument:  # a schema that schemathesis has changed allows no value
        return reject()


def hold(check: Callable[[st.DataObject], None], torture: Torture) -> None:
    """Does the check for some data, in the long form for a hundred times as much."""
    settings(
        max_examples=torture.scale(4, 400),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[*HealthCheck],
    )(given(data=st.data())(check))()


def answered(case: Any) -> None:
    """Sends the request. Its answer must be as described."""
    case.validate_response(case.call(headers=HERE), checks=[*CHECKS.get_all()])


@pytest.fixture(scope="module")
def routes() -> schemathesis.BaseSchema:
    return opened({})


def read(body: Any) -> dict[str, Any] | None:
    """The body of a wait as the mock reads it; None where it is refused."""
    sent = b"" if isinstance(body, NotSet) else body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        document: dict[str, Any] = read_json(sent)
        route_table()[WAIT]["POST"].body("", document)
    except Refusal:
        return None
    return document


@pytest.mark.once
@pytest.mark.parametrize(("path", "http_method"), ROWS)
def test_requests_to_a_route_are_answered_as_described(
    routes: schemathesis.BaseSchema, path: str, http_method: str, torture: Torture
) -> None:
    operation = routes[ROOT + path.replace("<path:", "<").replace("<", "{").replace(">", "}")][http_method]

    def holds(data: st.DataObject) -> None:
        case = requests(operation, data)
        if path == WAIT and (document := read(case.body)) is not None:
            case.body = {**document, "timeout": "10ms"}
        answered(case)

    hold(holds, torture)


@pytest.fixture(scope="module", params=["body", "mirror"])
def api(request: pytest.FixtureRequest) -> schemathesis.BaseSchema:
    """Where errors have the status 200, it does not tell whether a wrong call was refused."""
    refused = [*REFUSED, *(["200"] if request.param == "body" else [])]
    return opened({"error.http-status": request.param}, refused)


CALLS = [(method, http_method) for method in OPERATIONS for http_method in ("GET", "POST")]


@pytest.mark.once
@pytest.mark.parametrize(("method", "http_method"), CALLS)
def test_calls_of_the_api_are_answered_as_described(
    api: schemathesis.BaseSchema, method: str, http_method: str, torture: Torture
) -> None:
    operation = api[f"/api/{method}"][http_method]

    def holds(data: st.DataObject) -> None:
        case = requests(operation, data)
        sent = case.query if http_method == "GET" else case.body
        if isinstance(sent, dict) and sent.get("format") == "":  # which is like none at all
            reject()
        if isinstance(sent, dict) and data.draw(st.booleans()):  # else no call is let in
            sent |= {"login": A_MOCK.login, "token": A_MOCK.token}
        answered(case)

    hold(holds, torture)
