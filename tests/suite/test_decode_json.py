"""The reader of JSON: strict, and what it shows of its writing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.public_words import public_word
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, Unreadable


def read(body: str | bytes) -> Decoded:
    return read_answer(body.encode() if isinstance(body, str) else body, "json", Context("result"))


@pytest.mark.parametrize(
    "body",
    [
        '{"status": "ok", "status": "ok"}',
        '{"status": NaN}',
        '{"status": -Infinity}',
        '{"status": 1e400}',
        '{"id": ' + "1" * 5000 + "}",
        '{"status": "ok"} {}',
        '{"status": "ok",}',
        '\ufeff{"status": "ok"}',
        '{"status": "\\ud83d"}',
        '{"status": "\\ude00\\ud83d"}',
        "[]",
        "null",
        "",
        "<html></html>",
        '{"a":' * 100_000,
        "[" * 100_000,
        b'{"status": "\xff"}',
        '{"status": "ok"}'.encode("utf-16"),
    ],
    ids=range(18),
)
def test_what_is_not_strict_json_is_unreadable(body: str | bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read('{"status": "\\ud83d\\ude00 \\\\ud83d"}').model == {"status": "\U0001f600 \\ud83d"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"m": "я /"}', "raw"),
        ('{"m": "\\u044f \\/"}', "escaped"),
        ('{"m": "\\u044f /"}', "unicode"),
        ('{"m": "я \\/"}', "slashes"),
        ('{"m": "\\ud83d\\ude00/"}', "unicode"),
        ('{"m": "я"}', None),  # raw, or slashes
        ('{"m": "\\/"}', None),  # escaped, or slashes
        ('{"m": "\\u0007 \\u2028 /"}', None),  # some writers escape these only
        ('{"m": "\\\\u044f /"}', None),
        ('{"m": "я\\\\/"}', "raw"),
        ('{"m": "\\u044f я"}', "now raw, now escaped"),
        ('{"m": "/ \\/"}', "slashes now raw, now escaped"),
        ('{"m": "\\u003cb\\u003E / я"}', "markup as unicode escapes"),
        ('{"m": "\\u0026 \\u0027"}', "markup as unicode escapes"),
    ],
)
def test_json_shows_how_it_is_escaped_where_one_choice_alone_explains_it(body: str, told: str | None) -> None:
    assert read(body).choices.get("json.escapes") == told
    assert told is None or public_word(all_clauses()["json.escapes"], told) == told


MODEL = {"status": "ready", "data": [{"title": "a, b: {c}", "n": {}}, []], "names": [], "cost": "2", "ok": True}


@pytest.mark.parametrize(
    ("writing", "told"),
    [
        ({"separators": (",", ":")}, "none"),
        ({}, "spaced"),
        ({"indent": 2}, "2 spaces"),
        ({"indent": 4}, "4 spaces"),
        ({"indent": "\t"}, "tabs"),
        ({"indent": 0}, "a line for each member"),
        ({"indent": 3}, "another"),
        ({"separators": (", ", ":")}, "another"),
        ({"separators": (" , ", " : ")}, "another"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_json_shows_its_white_space(writing: dict[str, Any], told: str, end: str) -> None:
    assert read(json.dumps(MODEL, **writing) + end).choices["json.indent"] == told
    assert read(json.dumps(MODEL, **writing).replace("\n", "\r\n")).choices["json.indent"] == told


def test_an_empty_object_shows_nothing() -> None:
    assert read("{}").choices == {}


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.recursive(
            st.none() | st.booleans() | st.text(st.sampled_from('aя/\\"{}[],: \n'), max_size=8), st.lists, max_leaves=5
        ),
        min_size=1,
    ),
    st.sampled_from(
        [("none", {"separators": (",", ":")}), ("spaced", {}), ("2 spaces", {"indent": 2}), ("4 spaces", {"indent": 4})]
    ),
    st.booleans(),
    st.booleans(),
)
def test_what_is_written_alike_is_told_alike(
    model: dict[str, Any], layout: tuple[str, dict[str, Any]], ascii_alone: bool, slashes: bool
) -> None:
    text = json.dumps(model, ensure_ascii=ascii_alone, **layout[1])
    decoded = read(text.replace("/", "\\/") if slashes else text)
    choice = {(False, False): "raw", (True, True): "escaped", (True, False): "unicode", (False, True): "slashes"}

    assert decoded.model == model
    assert decoded.choices["json.indent"] == layout[0]
    assert decoded.choices.get("json.escapes") in (None, choice[ascii_alone, slashes])
