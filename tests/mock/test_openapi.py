"""The description of the control API: whole, valid, and made from the rows that are served."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mockserver.web.control import route_table
from mockserver.web.route import NOTHING
from support.control_in_process import ControlledApi

ROWS = {f"{name} {path}": row for path, methods in route_table().items() for name, row in methods.items()}


def described(**options: Any) -> dict[str, Any]:
    document: dict[str, Any] = ControlledApi(**options).told("GET /openapi.json")
    return document


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {f"{verb.upper()} {path}": told for path, verbs in document["paths"].items() for verb, told in verbs.items()}


DESCRIBED = operations(described())


def named(name: str) -> dict[str, Any]:
    """The operation of a row."""
    operation: dict[str, Any] = DESCRIBED[re.sub(r"<(?:path:)?(\w+)>", r"{\1}", name)]
    return operation


def test_every_route_is_described_and_nothing_else() -> None:
    assert len(DESCRIBED) == len(ROWS)
    assert len({operation["operationId"] for operation in DESCRIBED.values()}) == len(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_an_operation_has_what_its_row_has(name: str) -> None:
    row, operation = ROWS[name], named(name)
    parameters = {(one["in"], one["name"]) for one in operation.get("parameters", ())}

    assert parameters == {*(("query", key) for key in row.query), *(("path", key) for key in row.parts)}
    assert ("requestBody" in operation) == (row.body is not NOTHING)
    assert {str(status) for status in row.answers} <= {*operation["responses"]}
    assert operation["summary"] == row.summary
    assert operation["tags"] == [row.handler.__module__.rpartition(".")[2]]


def schemas(part: Any) -> list[Any]:
    if isinstance(part, dict):
        inner = [one for value in part.values() for one in schemas(value)]
        return [*([part["schema"]] if isinstance(part.get("schema"), dict) else []), *inner]
    return [one for value in part for one in schemas(value)] if isinstance(part, list) else []


def test_every_schema_is_one_and_its_patterns_are_in_the_dialect_of_json_schema() -> None:
    found = schemas(described())

    assert len(found) > len(ROWS)
    for schema in found:
        Draft202012Validator.check_schema(schema)
    text = repr(found)
    assert not re.search(r"\\\\U[0-9A-F]|\\\\uD8|\(\?!\\\\n\)", text)


def test_with_an_admin_token_it_says_that_one_is_needed_and_where_not() -> None:
    bare, guarded = described(), described(admin_token="s3cret")

    assert bare["security"] == []
    assert guarded["security"] == [{"adminToken": []}]
    assert "s3cret" not in repr(guarded)
    open_ones = {name for name, one in operations(guarded).items() if one.get("security") == [{"adminToken": []}, {}]}
    assert open_ones == {"GET /health"}
    assert all("401" in one["responses"] for one in operations(guarded).values())
    assert not any("401" in one["responses"] for one in DESCRIBED.values())


@pytest.mark.parametrize("options", [{}, {"admin_token": "s3cret"}])
def test_it_is_openapi(options: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="needs the group fuzz: openapi-spec-validator")

    validator.validate(described(**options))
