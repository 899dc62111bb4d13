"""The suite's readers: what is an answer in JSON, XML and CSV, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.reading import Context, Reading, Unreadable, read_answer
from contract_tests.reading.csv_text import DELIMITERS
from contract_tests.reading.model import COLUMNS

RESULT = Context("result")
ROWS = Context("result", "data")
NAMES = Context("result", "names")


def read(body: str | bytes, fmt: str, context: Context = RESULT) -> Reading:
    return read_answer(body.encode() if isinstance(body, str) else body, fmt, context)


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
        read(body, "json")


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read('{"status": "\\ud83d\\ude00 \\\\ud83d"}', "json").model == {"status": "\U0001f600 \\ud83d"}


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ('{"m": "я"}', "raw"),
        ('{"m": "\\u044f"}', "escaped"),
        ('{"m": "\\u0007 \\u2028"}', None),
        ('{"m": "\\u044f я"}', "now raw, now escaped"),
        ('{"m": "\\\\u044f"}', None),
    ],
)
def test_json_shows_how_it_is_escaped(body: str, seen: str | None) -> None:
    assert read(body, "json").choices.get("json.escapes") == seen


def test_xml_is_read_whatever_its_names() -> None:
    body = (
        "<?xml version='1.0'?><_Ответ-1.0><status>ready</status><names><name><name>Оля</name></name></names>"
        "<data></data><cost>3</cost><create_time>5</create_time><end_time>2030-01-01 00:00:00</end_time></_Ответ-1.0>"
    )
    reading = read(body, "xml")

    assert reading.model == {
        "status": "ready",
        "names": [{"name": "Оля"}],
        "data": [],
        "cost": "3",
        "create_time": 5,
        "end_time": "2030-01-01 00:00:00",
    }
    assert reading.choices == {
        "xml.root": "_Ответ-1.0",
        "xml.item": "name",
        "xml.empty": "<x></x>",
        "xml.declaration": "yes",
    }


@pytest.mark.parametrize("inner", ["{}", "<item>{}</item>"], ids=["object", "list"])
def test_the_account_is_an_object_or_a_list_of_one(inner: str) -> None:
    account = inner.format("<api_limit><used>1</used><of>2</of></api_limit><demo>0</demo>")
    told = read(f"<r><status>ok</status><data>{account}</data></r>", "xml", Context("info")).model["data"]

    assert (told[0] if isinstance(told, list) else told) == {"api_limit": {"used": 1, "of": 2}, "demo": "0"}
    assert isinstance(told, list) == inner.startswith("<item>")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<r><status>ok</status>",
        "<r><status>a & b</status></r>",
        "<r>text<status>ok</status></r>",
        "<r><status>ok</status><status>ok</status></r>",
        "<r><status kind='x'>ok</status></r>",
        "<r><status>ok</status></r><r/>",
        "<!DOCTYPE r [<!ENTITY e 'x'>]><r><status>&e;</status></r>",
        "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r><status>ok</status></r>",
        "<r><status>ready</status><data><a/><b/></data></r>",
        "<r><status>ready</status><data><a>x<b>y</b></a></data></r>",
        "<r>" + "<a>" * 5000 + "</a>" * 5000 + "</r>",
        b"<r><status>\xff</status></r>",
        '{"status": "ok"}',
    ],
    ids=range(14),
)
def test_what_is_not_an_answer_in_xml_is_unreadable(body: str | bytes) -> None:
    with pytest.raises(Unreadable):
        read(body, "xml")


def test_an_entity_bomb_is_refused_at_once() -> None:
    bomb = "<!DOCTYPE r [<!ENTITY a0 'x'>"
    bomb += "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(12)) + "]><r><status>&a12;</status></r>"

    with pytest.raises(Unreadable):
        read(bomb, "xml")


@pytest.mark.parametrize("fmt", ["xml", "csv"])
def test_an_error_may_stand_in_json_and_nothing_else_may(fmt: str) -> None:
    error = '{"status": "error", "error_code": 1, "message": "m"}'
    reading = read(error, fmt)

    assert (reading.format, reading.model["message"]) == ("json", "m")
    with pytest.raises(Unreadable):
        read('{"status": "ok", "id": 1}', fmt)


def written(table: list[list[str]], delimiter: str, end: str, encoding: str) -> bytes:
    """CSV after RFC 4180; the library's writer leaves a bare CR unquoted where lines end in LF."""

    def cell(text: str) -> str:
        doubled = text.replace('"', '""')
        return f'"{doubled}"' if set(text) & {delimiter, '"', "\r", "\n"} else text

    return "".join(delimiter.join(map(cell, row)) + end for row in table).encode(encoding, "replace")


TEXT = st.text(st.sampled_from("aя1 ,;\t\"'\r\n=<&\U0001f600"), max_size=8)
DIALECTS = {
    "delimiter": st.sampled_from(sorted(DELIMITERS)),
    "header": st.booleans(),
    "end": st.sampled_from(["\r\n", "\n"]),
    "encoding": st.sampled_from(["utf-8", "utf-8-sig"]),
}


@given(rows=st.lists(st.lists(TEXT, min_size=10, max_size=10), min_size=1, max_size=4), **DIALECTS)
def test_rows_are_read_in_every_dialect(
    rows: list[list[str]], delimiter: str, header: bool, end: str, encoding: str
) -> None:
    table = [[*COLUMNS], *rows] if header else rows
    known = {"csv.delimiter": delimiter, "csv.header": "yes" if header else "no"}
    reading = read(written(table, DELIMITERS[delimiter], end, encoding), "csv", Context("result", "data", known))

    assert reading.model["data"] == [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    assert reading.rows == "data"
    assert reading.choices["csv.header"] == known["csv.header"]


@given(names=st.lists(TEXT.filter(lambda t: t not in ("name", "processing", "ok")), min_size=1, max_size=4), **DIALECTS)
def test_names_are_read_in_every_dialect(
    names: list[str], delimiter: str, header: bool, end: str, encoding: str
) -> None:
    table = [["name"], *([n] for n in names)] if header else [[n] for n in names]
    known = {"csv.delimiter": delimiter, "csv.header": "yes" if header else "no"}
    reading = read(written(table, DELIMITERS[delimiter], end, encoding), "csv", Context("result", "names", known))

    assert reading.model["names"] == [{"name": n} for n in names]


@pytest.mark.parametrize(
    ("body", "method", "model", "choices"),
    [
        ("status,id\r\nok,5\r\n", "create", {"status": "ok", "id": 5}, {"csv.flat": "row", "csv.header": "yes"}),
        ("status\tid\nok\t5\n", "create", {"status": "ok", "id": 5}, {"csv.delimiter": "tab", "csv.line-end": "LF"}),
        ("ok;5\r\n", "create", {"status": "ok", "id": 5}, {"csv.delimiter": ";", "csv.header": "no"}),
        ("status,ok\r\nid,5\r\n", "create", {"status": "ok", "id": 5}, {"csv.flat": "pairs"}),
        ("processing\r\n", "result", {"status": "processing"}, {"csv.header": "no"}),
        ("status,processing\r\n", "result", {"status": "processing"}, {"csv.flat": "pairs"}),
        (
            'status,error_code,message\r\nerror,400,"Not set param(s) login, token"\r\n',
            "result",
            {"status": "error", "error_code": 400, "message": "Not set param(s) login, token"},
            {"csv.delimiter": ","},
        ),
        (
            "status,data.api_limit.used,data.api_limit.of\r\nok,1,9\r\n",
            "info",
            {"status": "ok", "data": {"api_limit": {"used": 1, "of": 9}}},
            {"info.csv": "dotted"},
        ),
        (
            "status,ok\nused,1\nof,9\n",
            "info",
            {"status": "ok", "data": {"api_limit": {"used": 1, "of": 9}}},
            {"info.csv": "leaf", "csv.flat": "pairs"},
        ),
    ],
)
def test_flat_answers_are_read_as_row_or_pairs(
    body: str, method: str, model: dict[str, Any], choices: dict[str, str]
) -> None:
    reading = read(body, "csv", Context(method))

    assert reading.model == model
    assert choices.items() <= reading.choices.items()


def test_no_rows_are_a_header_alone_or_nothing() -> None:
    headless = Context("result", "data", {"csv.header": "no"})

    assert read(",".join(COLUMNS) + "\r\n", "csv", ROWS).model == {"status": "ready", "data": []}
    assert read("name\r\n", "csv", NAMES).model == {"status": "ready", "names": []}
    assert read("", "csv", headless).model == {"status": "ready", "data": []}
    with pytest.raises(Unreadable):
        read("", "csv", Context("create"))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b",".join(c.encode() for c in COLUMNS) + b"\r\na,b\r\n", "line 2 has 2 fields, 10 are due"),
        (b'status,id\r\nok,"5\r\n', "quote"),
        (b'status,id\r\nok,5"\r\n', "quote"),
        (b"status,id\r\nok\r\n", "line 2 has 1 fields"),
        (b"status,id\r\nok,5\r\nok,6\r\n", "2 rows"),
        (b"status,id\r\nok,5\n", "line ends of two kinds"),
        (b"status,status\r\nok,ok\r\n", "twice"),
        (b"status,id\rok,5\r", "quote or line break"),
        (b"\xff\x98", "neither UTF-8"),
        (b"\xef\xbb\xbf\xff", "no UTF-8"),
        (b"<response/>", "no known columns"),
    ],
)
def test_what_is_not_an_answer_in_csv_is_unreadable_and_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(body, "csv", ROWS)


def test_windows_1251_is_told_from_utf_8() -> None:
    one = read(written([["name"], ["Оля"]], ",", "\r\n", "cp1251"), "csv", NAMES)
    other = read(written([["name"], ["Оля"]], ",", "\r\n", "utf-8"), "csv", NAMES)

    assert one.model == other.model
    assert (one.choices["csv.encoding"], other.choices["csv.encoding"]) == ("cp1251", "utf-8")


@given(body=st.binary(max_size=60), fmt=st.sampled_from(["json", "xml", "csv"]))
def test_any_bytes_are_read_or_refused(body: bytes, fmt: str) -> None:
    try:
        model = read(body, fmt, ROWS).model
    except Unreadable:
        return
    assert json.dumps(model)
