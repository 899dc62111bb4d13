"""A code generator takes the bundled schemas and the description of the API, and makes types of them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from mockserver import data
from support.subschemas import NAMES

if importlib.util.find_spec("datamodel_code_generator") is None:
    pytest.skip("datamodel-code-generator is not installed: pip install --group fuzz", allow_module_level=True)

from datamodel_code_generator import DataModelType, InputFileType, generate
from datamodel_code_generator.format import Formatter

pytestmark = pytest.mark.once


def generated(file: Path, kind: InputFileType, **options: Any) -> dict[str, Any]:
    """The types of a file, by name."""
    made = generate(
        file,
        input_file_type=kind,
        output_model_type=DataModelType.TypingTypedDict,
        formatters=[Formatter.BUILTIN],
        **options,
    )
    namespace: dict[str, Any] = {"__name__": "made"}
    exec(str(made), namespace)
    return namespace


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_schema_makes_a_type_with_its_members(name: str) -> None:
    file = data.path("schemas", "bundled", f"{name}.schema.json")
    made = generated(file, InputFileType.JsonSchema, class_name="Answer")
    whole = json.loads(file.read_text(encoding="utf-8"))
    needed = {*whole.get("required", ()), *whole.get("$defs", {}).get(name.partition("-")[0], {}).get("required", ())}

    assert needed <= made["Answer"].__required_keys__


def test_the_description_makes_types_without_alternatives() -> None:
    made = generated(data.path("schemas", "openapi.json"), InputFileType.OpenAPI)
    rows = get_type_hints(made["ReadyData"], made)["data"]

    assert {"Create", "Processing", "ReadyData", "ReadyNames", "ReadyPhoto", "Info", "Error"} <= made.keys()
    assert get_type_hints(made["Create"], made)["id"] is int
    assert get_type_hints(made["Info"], made)["data"].__required_keys__ == {"api_limit", "api_time_limit", "demo"}
    assert rows.__origin__ is list
    assert "price" in rows.__args__[0].__required_keys__
