"""The descriptions of XML and CSV: in step, true of what the mock writes under every choice, and strict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from contract_tests.contract import validate
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.csvw import TABLES, csvw
from contract_tests.contract.profile import with_defaults
from contract_tests.contract.resolve import merged
from contract_tests.contract.xsd import FAMILIES, xsd
from support import csvw_reader
from support.in_process import Api
from support.samples import (
    CSV_EDITS,
    FIXTURES,
    XML_EDITS,
    edited,
    miss_id,
    name_of,
    near_misses,
    of_format,
    read_table,
    schema_of,
)
from support.write_samples import AWKWARD, NOTHING, SEVERAL

DEFAULT = with_defaults(None)


def xsd_of(name: str, profile: dict[str, Any] | None = None) -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(xsd(name, profile)))


def family_of(sample: Path) -> str:
    return next(f for f in FAMILIES if sample.stem.startswith(f))


@pytest.mark.parametrize("sample", of_format("xml"), ids=name_of)
def test_an_xml_sample_fits_its_xsd_and_no_other(sample: Path) -> None:
    fitting = [name for name in FAMILIES if xsd_of(name).validate(etree.parse(sample))]

    assert fitting == [family_of(sample)]


@pytest.mark.parametrize("miss", near_misses("xml"), ids=miss_id)
def test_an_xml_near_miss_is_refused_where_it_is_wrong(miss: dict[str, Any]) -> None:
    sample = FIXTURES / miss["base"]
    right = etree.parse(sample).getroot()
    schema = xsd_of(family_of(sample), miss.get("profile"))

    assert not schema.validate(edited(right, miss["edit"], XML_EDITS))
    assert f"Element '{miss['at']}'" in str(schema.error_log)


XS = "{http://www.w3.org/2001/XMLSchema}"


def weakened(xsd: bytes) -> Iterator[tuple[str, etree.XMLSchema]]:
    """The XSD with each of its constraints taken away in turn: a value's form, or that an element has to be there."""
    for i, kind in enumerate(element.tag for element in etree.fromstring(xsd).iter()):
        root = etree.fromstring(xsd)
        node = list(root.iter())[i]
        above = node.getparent()
        if kind in (f"{XS}pattern", f"{XS}enumeration", f"{XS}minInclusive"):
            for value in above.findall(kind):
                above.remove(value)
            yield f"{kind} {node.get('value')}", etree.XMLSchema(root)
        elif kind == f"{XS}element" and above.tag == f"{XS}all":
            node.set("minOccurs", "0")
            yield f"{kind} {node.get('name')}", etree.XMLSchema(root)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_constraint_of_an_xsd_is_needed_by_a_near_miss(family: str) -> None:
    misses = [m for m in near_misses("xml") if "profile" not in m and family_of(FIXTURES / m["base"]) == family]
    wrong = [edited(etree.parse(FIXTURES / m["base"]).getroot(), m["edit"], XML_EDITS) for m in misses]

    idle = [what for what, schema in weakened(xsd(family)) if not any(map(schema.validate, wrong))]

    assert idle == []


def test_a_long_picture_is_judged_to_its_end() -> None:
    ready = etree.parse(FIXTURES / "synthetic/xml/ready-photo.xml").getroot()
    schema = xsd_of("ready")

    for tail, right in (("", True), ("AA==", True), ("A", False), ("AA=", False), ("!AAA", False)):
        ready.find("photo").text = "QUJD" * 50_000 + tail
        assert schema.validate(ready) is right, tail


@pytest.mark.parametrize("sample", of_format("csv"), ids=name_of)
def test_a_csv_sample_fits_its_description_and_no_other(sample: Path) -> None:
    table = read_table(name_of(sample))
    own = "error" if sample.stem.startswith("error") else schema_of(sample)

    assert [name for name in TABLES if not csvw_reader.problems(table, csvw(name), TABLES[name])] == [own]


@pytest.mark.parametrize("miss", near_misses("csv"), ids=miss_id)
def test_a_csv_near_miss_is_refused_where_it_is_wrong(miss: dict[str, Any]) -> None:
    table = edited(read_table(miss["base"]), miss["edit"], CSV_EDITS)
    found = csvw_reader.problems(table, csvw(miss["table"], miss.get("profile")), TABLES[miss["table"]])

    assert (miss["path"], miss["rule"]) in found


@pytest.mark.parametrize("name", TABLES)
def test_a_table_description_names_its_sample_and_its_dialect(name: str) -> None:
    described = json.loads((FIXTURES.parent / "schemas" / "csv" / f"{name}.json").read_bytes())

    assert described["@context"][0] == "http://www.w3.org/ns/csvw"
    assert (FIXTURES.parent / "schemas" / "csv" / described["url"]).is_file()
    assert described["dialect"]["delimiter"] == ","
    assert described["dialect"]["lineTerminators"] == ["\r\n"]
    assert described["dialect"]["commentPrefix"] is None


# What the mock writes under every choice that shapes an answer.

_SHAPING = ("result.", "row.", "info.", "error.", "json.", "xml.", "csv.", "quota.unit")
SHAPING = {c.id: c for c in all_clauses().values() if c.default is not None and c.id.startswith(_SHAPING)}
CHOICES = [(c.id, choice) for c in SHAPING.values() for choice in (*c.choices, *c.samples)]
TASKS = {"ready-data": (SEVERAL, 2), "ready-names": (AWKWARD, 1), "ready-photo": (SEVERAL, 3)}


def answers(api: Api, form: str) -> Iterator[tuple[str, bytes]]:
    """An answer of every family, with the name of its schema."""
    yield "create", api.send("create", phone=SEVERAL, source=2, format=form).body
    yield "error-credentials", api.send("info", token="wrong", format=form).body
    yield "error-limit", api.send("create", phone="70000000429", source=2, format=form).body
    yield "info", api.send("info", format=form).body
    numbers = {name: api.create(*of) for name, of in {**TASKS, "ready-photo ": (NOTHING, 4)}.items()}
    yield "processing", api.send("result", id=numbers["ready-data"], format=form).body
    api.time.passes(2)
    for name, number in numbers.items():
        yield name.strip(), api.send("result", id=number, format=form).body


def check_descriptions(profile: dict[str, Any]) -> None:
    """Every answer fits its descriptions, and its JSON Schema."""
    for name, body in answers(Api(profile), "json"):
        assert validate.problems(name, json.loads(body), profile=profile) == [], name
    for name, body in answers(Api(profile), "xml"):
        if body.startswith(b"{"):
            continue  # a choice of error.follows-format or info.follows-format
        xsd_of(name.split("-")[0], profile).assertValid(etree.fromstring(body))
    for name, body in answers(Api(profile), "csv"):
        if not body.startswith(b"{"):
            table = name if name in TABLES else "error"
            described = csvw(table, profile)
            assert csvw_reader.problems(csvw_reader.read(body, described), described, TABLES[table]) == set(), name


@pytest.mark.few(30)
@pytest.mark.parametrize(("clause", "choice"), CHOICES, ids=lambda x: str(x).replace("\n", " ")[:40])
def test_what_the_mock_writes_under_a_choice_fits_its_descriptions(clause: str, choice: Any) -> None:
    check_descriptions({**DEFAULT, clause: choice})


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries({c.id: st.sampled_from((*c.choices, *c.samples)) for c in SHAPING.values()}))
def test_what_the_mock_writes_under_any_choices_fits_its_descriptions(choices: dict[str, Any]) -> None:
    check_descriptions({**DEFAULT, **choices})


@pytest.mark.parametrize("clause", ["result.sections", "result.photo-empty", "result.times", "row.phone", "info.shape"])
def test_the_answers_of_one_choice_are_refused_under_another(clause: str) -> None:
    for choice, wrong in permutations(all_clauses()[clause].choices, 2):
        written = [(name, json.loads(body)) for name, body in answers(Api({clause: choice}), "json")]
        refused = [n for n, answer in written if validate.problems(n, answer, profile={**DEFAULT, clause: wrong})]
        assert refused, (choice, wrong)
        assert all(validate.problems(name, answer) == [] for name, answer in written)


def test_two_patterns_for_one_text_are_not_merged_in_silence() -> None:
    with pytest.raises(ValueError, match="two patterns"):
        merged({"pattern": "a", "allOf": [{"pattern": "b"}]})
