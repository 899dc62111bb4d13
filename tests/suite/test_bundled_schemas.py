"""The bundled schemas: each in one file, and it accepts and refuses just what the schema of the same name does."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contract_tests.contract import resolve, validate
from contract_tests.contract.bundle import bundled
from support.samples import JSON_EDITS, edited, miss_id, name_of, near_misses, of_format, read_json, schema_of
from support.subschemas import NAMES, nodes

BUNDLES = {name: bundled(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_is_a_schema_that_leads_nowhere_else(name: str) -> None:
    bundle = BUNDLES[name]
    every = [node for _, node in nodes(bundle)]

    Draft202012Validator.check_schema(bundle)
    assert bundle["$id"] == f"urn:ifind-mock:schemas:{name}"
    assert "://" not in json.dumps({**bundle, "$schema": "", "examples": []})
    assert {node["$ref"] for node in every if "$ref" in node} == {f"#/$defs/{part}" for part in bundle.get("$defs", ())}


def verdicts(name: str, answer: Any) -> set[bool]:
    """Whether the answer is accepted: by the schema of the name, and by its bundle as each implementation reads it."""
    return {not validate.problems(name, answer), *(accepts(answer) for accepts in IMPLEMENTATIONS[name])}


def implementations(name: str) -> list[Callable[[Any], bool]]:
    rust = importlib.util.find_spec("jsonschema_rs")
    others = [importlib.import_module("jsonschema_rs").Draft202012Validator(BUNDLES[name]).is_valid] if rust else []
    return [Draft202012Validator(BUNDLES[name]).is_valid, *others]


IMPLEMENTATIONS = {name: implementations(name) for name in NAMES}


def test_a_second_implementation_reads_the_bundles() -> None:
    pytest.importorskip("jsonschema_rs", reason="needs the group fuzz: schemathesis brings jsonschema-rs")

    assert {len(found) for found in IMPLEMENTATIONS.values()} == {2}


@pytest.mark.parametrize("sample", of_format("json"), ids=name_of)
def test_a_sample_is_judged_the_same_by_every_schema(sample: Path) -> None:
    answer = read_json(name_of(sample))

    assert verdicts(schema_of(sample), answer) == {True}
    assert [name for name in NAMES if len(verdicts(name, answer)) > 1] == []


@pytest.mark.parametrize("miss", [one for one in near_misses("json") if "profile" not in one], ids=miss_id)
def test_a_near_miss_is_refused_by_the_bundle_too(miss: dict[str, Any]) -> None:
    answer = edited(read_json(miss["base"]), miss["edit"], JSON_EDITS)

    assert verdicts(miss["schema"], answer) == {False}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 10**12)
    | st.text()
    | st.sampled_from(["", "1", "2.00", "avito.ru", "iVBORw=="]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), name=st.sampled_from(NAMES))
def test_an_answer_with_any_value_in_any_place_is_judged_the_same(data: st.DataObject, name: str) -> None:
    answer = deepcopy(resolve.document(name)["examples"][0])
    place: Any = answer
    while True:
        step = data.draw(st.sampled_from([*place] if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[step], dict | list) or not place[step] or data.draw(st.booleans()):
            break
        place = place[step]
    if isinstance(place, dict) and data.draw(st.booleans()):
        del place[step]
    else:
        place[step] = data.draw(JSON)

    assert len(verdicts(name, answer)) == 1
