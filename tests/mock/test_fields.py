"""The fields of what people write: their readers, their JSON Schemas and their help agree."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.api.stub_documents import STUB, STUB_FIELDS
from mockserver.core.errors import Refusal
from mockserver.faults.faults import FAULT
from mockserver.faults.kinds import KINDS
from mockserver.faults.matching import MATCH_FIELDS
from mockserver.inputs import fields
from mockserver.inputs.accounts import KEYS
from mockserver.inputs.fields import Field
from mockserver.inputs.readiness import READY
from mockserver.people import people
from mockserver.settings.table import SETTINGS
from mockserver.web.route import LOGIN
from mockserver.web.routes import clock

TABLES: Mapping[str, Mapping[str, Field[Any]]] = {
    "settings": {setting.name: setting.field for setting in SETTINGS},
    "accounts": KEYS,
    "readiness": {"ready": READY},
    "stub": {**STUB_FIELDS, "whole": STUB},
    "match": MATCH_FIELDS,
    **{f"fault {kind}": row.settings for kind, row in KINDS.items()},
    "clock": clock.CLOCK,
    "advance": clock.ADVANCE,
    "reset": LOGIN,
}
FIELDS = {f"{table}.{name}": field for table, rows in TABLES.items() for name, field in rows.items()}
PLAIN = {
    "as_is": fields.as_is,
    "one_of": fields.one_of(["a", 1]),
    "whole": fields.whole(-1, 5),
    "number": fields.number(0, 1.5),
    "matching": fields.matching("a|b+", "thing", "a or b"),
    "or_none": fields.or_none(fields.whole(0)),
    "table_of": fields.table_of({"a": fields.whole(0), "b": fields.flag}, required=["a"]),
    "table_by": fields.table_by(fields.phone, fields.flag, "phone = flag"),
    "list_of": fields.list_of(fields.table_of({"a": fields.flag}), "a list"),
}

_ROW = dict.fromkeys(people.FIELDS, "1")
SAMPLES: list[Any] = [
    *("2030-02-31", "2028-02-29", "2030-02-29", "2000-02-29", "1900-02-29", "0000-01-01", "2030-12-31 24:00:00"),
    *("2030-01-01T00:00:00+03:00", "2030-01-01T00:00Z", "1970-01-01", "3000-01-01", "2030-01-01T00:00:00.5+99:00"),
    *("uniform 5s..1s", "uniform 1 s..5s", "999999999d", "366d", "366.1d", "0000000366d", "000000367d", "31622400s"),
    *("31622401s", "527040m", "527041m", "999999999.9ms", "1000000000ms", "2s" + " " * 99, "2\u00a0s", "\x0c2s"),
    *("soft\u00adhyphen", "\u200b", "a\U000e0041", "\u0378", "\u2028", "lognormal 1 s sigma 0.1", "3 polls", "0 polls"),
    *(None, True, False, 0, 1, -1, 2, 5, 99, 100, 599, 600, 1_000_000_001, 2**63, 0.5, 1.5, 1e12 + 0.5),
    *("", " ", "a", "b", "bb", "ab", "a b", "a\n", "memory", "state.db", "x.sqlite3", "redis://h", "no\x01", "\ud800"),
    *("2s", " 2s ", "2 s", "soon", "never", "uniform 1s..5s", "uniform 1s ..5s", "lognormal 2s sigma 0.5", "2s\n"),
    *("70001234567", "123456", "7000123456789012", "2030-12-31", "2030-12-31 23:59:59", "2030-12-31T23:59:59"),
    *("text/html; charset=utf-8", "text", "real", "frozen", "midnight", "create", "info", "json", "yaml", "A", "D"),
    *([], ["a"], ["row.phone=number"], [{}], [{"a": True}], [{"login": "a", "token": "b"}], [{"login": "a"}], [1]),
    *(
        [{"login": "a", "token": "b", "ready": "never"}],
        [{"login": "a", "token": "b", "ready": "never", "delay": "2s"}],
    ),
    *("3 polls", "1 poll", "0 polls", "3polls", "at once", {"after": "2s"}, {"after": "never"}, {"after": "3 polls"}),
    *({"after_polls": 3}, {"after_polls": "3"}, {"after_polls": -1}, {"after": "2s", "after_polls": 3}),
    *({"names": ["a"]}, {"names": []}, {"names": [1]}, {"photo": "a.png"}, {"photo": "a.png", "lenient": True}),
    *({"data": [_ROW]}, {"data": [{**_ROW, "price": 1}]}, {"data": [{**_ROW, "price": 1}], "lenient": True}),
    *({"data": [{}]}, {"data": [{}], "lenient": False}, {"lenient": True}, {"match": {}}, {"match": {}, "cost": 2}),
    *({**_ROW, "phone": " "}, [{**_ROW, "x": []}], {"bodies": {"csv": "name"}}, {"ready": "never", "cost": 0}),
    *({}, {"a": 1}, {"a": 1, "b": True}, {"b": True}, {"c": 1}, {"70001234567": True}, {"x": True}),
    *({"2": "1s"}, {"7": "1s"}, {"phones": {"70001234567": "never"}}, {"phones": {"x": "1s"}}, {"phones": 1}),
    *([{"action": {"kind": "stuck"}}], [{"action": {"kind": "http"}}], [{"action": {"kind": "http", "status": 502}}]),
    *([{"action": {"kind": "stuck"}, "times": "always"}], [{"action": {"kind": "stuck"}, "times": 0}]),
    *([{"action": {"kind": "stuck"}, "match": {"nth": 2}}], [{"action": {"kind": "stuck"}, "match": {"n": 2}}]),
]
BEYOND_A_SCHEMA: Mapping[str, list[Any]] = {
    "settings.profile": ["", *(s for s in SAMPLES if isinstance(s, str | dict) and s)],  # files and clauses
    "settings.clauses": [["x=y"]],
    "settings.scenarios": [s for s in SAMPLES if isinstance(s, list)],  # names of ready ones, and files
}
"""What a schema takes and its reader may refuse: what depends on other files, or on a grammar of its own."""


def reads(field: Field[Any], value: Any) -> bool:
    try:
        field("here", value)
    except Refusal:
        return False
    return True


def takes(field: Field[Any], value: Any) -> bool:
    return Draft202012Validator(field.schema).is_valid(value)


@pytest.mark.parametrize("name", [*FIELDS, *PLAIN])
def test_the_schema_takes_what_the_reader_takes(name: str) -> None:
    field = {**FIELDS, **PLAIN}[name]
    beyond = BEYOND_A_SCHEMA.get(name, [])
    wrong = [value for value in SAMPLES if value not in beyond and takes(field, value) != reads(field, value)]

    assert wrong == []


@pytest.mark.few(30)
@pytest.mark.parametrize("name", [*FIELDS, *PLAIN])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_a_reader_takes_its_schema_takes(name: str, data: st.DataObject) -> None:
    field = {**FIELDS, **PLAIN}[name]
    simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    value = data.draw(simple | st.lists(simple) | st.dictionaries(st.text(), simple) | st.sampled_from(SAMPLES))

    assert takes(field, value) or not reads(field, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.whole(0), 1.0),  # JSON Schema knows one kind of number
    ],
)
def test_these_are_all_that_a_schema_cannot_say(field: Field[Any], value: Any) -> None:
    assert takes(field, value)
    assert not reads(field, value)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_a_help_and_says_what_is_allowed(name: str) -> None:
    field = FIELDS[name]

    assert field.help.endswith(".")
    assert field.help[0].isupper()
    assert field.allowed
    assert field.schema["description"] == field.help


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.example is not None])
def test_an_example_is_allowed(name: str) -> None:
    assert reads(FIELDS[name], FIELDS[name].example)
    assert takes(FIELDS[name], FIELDS[name].example)


def test_a_message_says_what_the_field_allows() -> None:
    with pytest.raises(
        Refusal, match=r"^port: 'x' is not allowed; allowed: whole numbers from 0 to 9, without quotes$"
    ):
        fields.whole(0, 9)("port", "x")


def test_the_schema_of_a_fault_lists_the_kinds_with_their_settings() -> None:
    actions = {action["title"]: action for action in FAULT.schema["properties"]["action"]["oneOf"]}

    assert list(actions) == list(KINDS)
    assert actions["latency"]["required"] == ["kind", "delay"]
    assert all(action["description"] for action in actions.values())
