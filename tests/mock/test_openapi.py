"""The description: whole, valid, true of what the mock answers, and made from the rows that are served."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from lxml import etree

from mockserver.api.operations import OPERATIONS
from mockserver.api.params import NAMES
from mockserver.formats.writers import FORMATS
from mockserver.profile.editions import EDITIONS, Edition
from mockserver.profile.profile import resolve
from mockserver.web.control import ROOT, route_table
from mockserver.web.description import service_description
from mockserver.web.route import NOTHING
from support import csvw_reader
from support.control_in_process import ControlledApi
from support.in_process import CLAUSES
from support.samples import schema_of
from support.write_samples import CASES

ROWS = {f"{name} {ROOT}{path}": row for path, methods in route_table().items() for name, row in methods.items()}
CALLS = [f"{http_method} /api/{name}" for name in OPERATIONS for http_method in ("GET", "POST")]
OPEN = {clause.id: clause for clause in CLAUSES.values() if clause.default is not None}


def described(**options: Any) -> dict[str, Any]:
    document: dict[str, Any] = ControlledApi(**options).told("GET /openapi.json")
    return document


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {f"{verb.upper()} {path}": told for path, verbs in document["paths"].items() for verb, told in verbs.items()}


DEFAULT = described()
DESCRIBED = operations(DEFAULT)
ROUTES = {name: told for name, told in DESCRIBED.items() if f" {ROOT}/" in name}


def named(name: str) -> dict[str, Any]:
    """The operation of a row."""
    operation: dict[str, Any] = DESCRIBED[re.sub(r"<(?:path:)?(\w+)>", r"{\1}", name)]
    return operation


def test_every_route_is_described_and_nothing_else() -> None:
    assert {*DESCRIBED} == {*(re.sub(r"<(?:path:)?(\w+)>", r"{\1}", name) for name in ROWS), *CALLS}
    assert len({operation["operationId"] for operation in DESCRIBED.values()}) == len(DESCRIBED)


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
    found = [*schemas(DEFAULT), *DEFAULT["components"]["schemas"].values()]

    assert len(found) > len(ROWS)
    for schema in found:
        Draft202012Validator.check_schema(schema)
    text = repr(found)
    assert not re.search(r"\\\\U[0-9A-F]|\\\\uD8|\(\?!\\\\n\)", text)


def test_with_an_admin_token_it_says_where_one_is_needed() -> None:
    guarded = described(admin_token="s3cret")
    token = [{"adminToken": []}]

    assert "s3cret" not in repr(guarded)
    for name, operation in operations(guarded).items():
        asked = [*token, {}] if name == f"GET {ROOT}/health" else token if name in ROUTES else []
        assert operation["security"] == asked, name
        assert ("401" in operation["responses"]) == (name in ROUTES), name
    assert not any(operation["security"] or "401" in operation["responses"] for operation in DESCRIBED.values())


# The API's part.


def under(profile: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The description of a mock that has been given choices."""
    api = ControlledApi(**options)
    api.told("PUT /profile", profile)
    document: dict[str, Any] = api.told("GET /openapi.json")
    return document


def covering_set() -> list[dict[str, Any]]:
    """As few profiles as have every choice of every open clause among them."""
    every = {name: clause.every_choice() for name, clause in OPEN.items()}
    return [{name: each[n % len(each)] for name, each in every.items()} for n in range(max(map(len, every.values())))]


def media_types(document: dict[str, Any]) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Call, HTTP status, media type and what is told of the answers of the API, where the API gives them."""
    return [
        (name, status, media_type, content)
        for name, operation in operations(document).items()
        if name in CALLS
        for status, response in operation["responses"].items()
        for media_type, content in response["content"].items()
        if "examples" in content
    ]


def fits(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    return Draft202012Validator({**schema, "components": document["components"]}).is_valid(value)


@pytest.mark.parametrize("profile", covering_set(), ids=lambda profile: profile["xml.root"])
def test_under_any_profile_the_examples_are_answers_as_described(profile: dict[str, Any]) -> None:
    document = under(profile)
    encoding = profile["xml.encoding"].removesuffix("-sig")
    formats = set()
    for call, _, _, content in media_types(document):
        for name, example in content["examples"].items():
            value = example["value"]
            if isinstance(value, dict):
                formats.add("json")
                assert fits(value, content["schema"], document), (call, name)
            elif value.lstrip().startswith("<"):
                formats.add("xml")
                assert etree.fromstring(value.encode(encoding)).tag == profile["xml.root"]
            else:
                formats.add("csv")
                tables = [document["components"]["schemas"][one]["x-csvw"] for one in references(content["schema"])]
                assert any(is_table(value, table) for table in tables if table), (call, name)

    assert formats == {"json", "xml", "csv"}


def references(schema: dict[str, Any]) -> list[str]:
    """The components that a schema refers to which describe CSV."""
    every = [one["$ref"] for one in schema.get("anyOf", [schema])]
    return [one.rpartition("/")[2] for one in every if one.endswith("-csv")]


def is_table(text: str, table: dict[str, Any]) -> bool:
    lines = csvw_reader.read(text.encode(table["dialect"]["encoding"]), table)
    return not {rule for _, rule in csvw_reader.problems(lines, table, None)} & {"titles", "cells"}


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
def test_the_edition_decides_the_sources(edition: Edition) -> None:
    document = under({"edition": edition.name})
    create = operations(document)["GET /api/create"]["parameters"]
    by_form = operations(document)["POST /api/create"]["requestBody"]["content"].popitem()[1]["schema"]
    sources = [one["schema"]["enum"] for one in create if one["name"] == "source"]

    assert sources == ([[*map(int, edition.sources)]] if edition.required else [])
    assert ("source" in by_form["required"]) == ("source" in by_form["properties"]) == edition.required
    sections = {f"ready-{source.section}" for source in edition.sources.values()}
    assert {name for name in document["components"]["schemas"] if re.fullmatch("ready-[a-z]+", name)} == sections


def test_the_parameters_are_those_that_are_read() -> None:
    for name, operation in OPERATIONS.items():
        parameters = DESCRIBED[f"GET /api/{name}"]["parameters"]
        forms = DESCRIBED[f"POST /api/{name}"]["requestBody"]["content"]

        assert [one["name"] for one in parameters if one["required"]] == [*operation.required]
        assert {one["name"] for one in parameters} == {*operation.required, "format"} <= NAMES
        assert {*forms} == {"application/x-www-form-urlencoded", "multipart/form-data"}
        for form in forms.values():
            assert [*form["schema"]["properties"]] == [one["name"] for one in parameters]
            assert form["schema"]["required"] == [*operation.required]


@pytest.mark.parametrize(
    ("choices", "call", "told"),
    [
        ({"info.methods": "get"}, "POST /api/info", False),
        ({"info.methods": "both"}, "POST /api/info", True),
    ],
)
def test_a_method_that_is_refused_is_not_described(choices: dict[str, Any], call: str, told: bool) -> None:
    assert (call in operations(under(choices))) is told


def test_a_form_of_a_type_that_is_not_read_is_not_described() -> None:
    create = operations(under({"param.multipart": "ignored"}))["POST /api/create"]

    assert [*create["requestBody"]["content"]] == ["application/x-www-form-urlencoded"]


def test_the_profile_decides_the_statuses_of_errors() -> None:
    bare = {status for call, status, *_ in media_types(DEFAULT) if call == "GET /api/create"}
    choices = {"error.http-status": "mirror", "error.codes": {"limit": 402, "invalid": 1}, "rate.limit": "5/s"}
    mirrored = operations(under(choices))["GET /api/create"]["responses"]

    shown = {
        status: [*one["content"]["application/json"]["examples"]] for status, one in mirrored.items() if status < "5"
    }

    assert bare == {"200", "413"}
    assert shown == {
        "200": ["create", "invalid"],
        "400": ["missing"],
        "401": ["credentials"],
        "402": ["limit"],
        "413": ["too-large"],
        "429": ["rate"],
    }
    assert "Retry-After" in mirrored["429"]["headers"]


UNDESCRIBED = ("error-unknown-method", "error-http-method")
"""Answers to calls that are none of those which are described."""


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", sorted({*CASES} - {*UNDESCRIBED}))
def test_each_answer_of_the_mock_is_described(case: str, form: str) -> None:
    response = CASES[case](form)
    media_type = dict(response.headers)["Content-Type"].partition(";")[0]
    told = {(status, one) for _, status, one, _ in media_types(DEFAULT)}

    assert (str(response.status), media_type) in told
    if media_type == "application/json":
        name = "error" if case.startswith("error") else schema_of(Path(f"{case}.json"))
        assert fits(json.loads(response.body), {"$ref": f"#/components/schemas/{name}"}, DEFAULT)


def test_every_kind_of_error_is_an_answer_of_a_method() -> None:
    document = under({"rate.limit": "5/s"})
    shown = {name for *_, content in media_types(document) for name in content["examples"]}
    kinds = CLAUSES["error.codes"].default

    assert isinstance(kinds, dict)
    assert shown & {*kinds} == {*kinds} - {"unknown-method", "http-method"}  # these two are not about such a call


def test_a_part_of_the_service_alone_has_the_headers_and_pages_of_a_mock() -> None:
    create = DESCRIBED["GET /api/create"]["responses"]
    plain = operations(described(plain=True))["GET /api/create"]["responses"]
    service = operations(SERVICE)["GET /api/create"]["responses"]

    assert {*create["200"]["headers"]} == {"X-Mock-Task", "X-Mock-Reason"}
    assert "headers" not in plain["200"]
    assert {*create} - {*service} == {"502", "503"}
    assert "X-Mock" not in json.dumps(SERVICE)


SERVICE = service_description(resolve(CLAUSES, {}))


def test_every_open_point_tells_its_choice_and_how_well_it_is_founded() -> None:
    for document in (DEFAULT, SERVICE, under({"row.phone": "number", "error.codes": {"limit": 7}})):
        assert {*document["x-profile"]} == {*OPEN}
        for name, told in document["x-profile"].items():
            assert told["grade"] == OPEN[name].grade
        for name, told in (pair for node in nodes(document) for pair in node.get("x-clauses", {}).items()):
            assert told["grade"] == CLAUSES[name].grade
            assert told.get("choice") == document["x-profile"].get(name, {}).get("choice")
    assert document["x-profile"]["row.phone"]["choice"] == "number"
    assert document["x-profile"]["error.codes"]["choice"]["limit"] == 7


def test_what_a_choice_decides_of_an_answer_is_not_told_as_documented() -> None:
    described = SERVICE["components"]["schemas"]["ready-data"]["properties"]
    row = described["data"]["items"]["properties"]

    assert described["create_time"]["x-clauses"]["result.times"] == {"grade": "assumed", "choice": "epoch"}
    assert described["names"]["x-clauses"]["result.sections"] == {"grade": "assumed", "choice": "all"}
    assert row["price"]["x-clauses"]["row.price"] == {"grade": "sister"}
    assert described["cost"]["x-clauses"] == {"result.cost": {"grade": "documented"}}


def nodes(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, list):
        return [node for one in part for node in nodes(one)]
    return [part, *nodes([*part.values()])] if isinstance(part, dict) else []


@pytest.mark.parametrize(
    "document",
    [lambda: DEFAULT, lambda: SERVICE, lambda: under(covering_set()[2], admin_token="s3cret", plain=True)],
    ids=["mock", "service", "other choices"],
)
def test_it_is_openapi(document: Callable[[], dict[str, Any]]) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="needs the group fuzz: openapi-spec-validator")

    validator.validate(document())
