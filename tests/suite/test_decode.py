"""The suite's readers: what is an answer in JSON, XML and CSV, and what is not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.contract.members import COLUMNS
from contract_tests.decode.answers import read_answer
from contract_tests.decode.csv_dialect import DELIMITERS
from contract_tests.decode.model import Context, Decoded, Unreadable

RESULT = Context("result")
ROWS = Context("result", "data")
NAMES = Context("result", "names")


def read(body: str | bytes, fmt: str, context: Context = RESULT) -> Decoded:
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
    decoded = read(body, "xml")

    assert decoded.model == {
        "status": "ready",
        "names": [{"name": "Оля"}],
        "data": [],
        "cost": "3",
        "create_time": 5,
        "end_time": "2030-01-01 00:00:00",
    }
    assert decoded.choices == {
        "xml.root": "_Ответ-1.0",
        "xml.item": "name",
        "xml.empty": "<x></x>",
        "xml.declaration": "yes",
    }


@pytest.mark.parametrize("inner", ["{}", "<item>{}</item>"], ids=["object", "list"])
def test_the_account_is_an_object_or_a_list_of_one(inner: str) -> None:
    account = inner.format("<api_limit><used>1</used><of>2</of></api_limit><demo>0</demo>")
    found = read(f"<r><status>ok</status><data>{account}</data></r>", "xml", Context("info")).model["data"]

    assert (found[0] if isinstance(found, list) else found) == {
        "api_limit": {"used": 1, "of": 2},
        "demo": "0",
    }
    assert isinstance(found, list) == inner.startswith("<item>")


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
    decoded = read(error, fmt)

    assert (decoded.format, decoded.model["message"]) == ("json", "m")
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
    decoded = read(written(table, DELIMITERS[delimiter], end, encoding), "csv", Context("result", "data", known))

    assert decoded.model["data"] == [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    assert decoded.rows == "data"
    assert decoded.choices["csv.header"] == known["csv.header"]


@given(names=st.lists(TEXT.filter(lambda t: t not in ("name", "processing", "ok")), min_size=1, max_size=4), **DIALECTS)
def test_names_are_read_in_every_dialect(
    names: list[str], delimiter: str, header: bool, end: str, encoding: str
) -> None:
    table = [["name"], *([n] for n in names)] if header else [[n] for n in names]
    known = {"csv.delimiter": delimiter, "csv.header": "yes" if header else "no"}
    decoded = read(written(table, DELIMITERS[delimiter], end, encoding), "csv", Context("result", "names", known))

    assert decoded.model["names"] == [{"name": n} for n in names]


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
    decoded = read(body, "csv", Context(method))

    assert decoded.model == model
    assert choices.items() <= decoded.choices.items()


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


def test_windows_1251_is_distinguished_from_utf_8() -> None:
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


# Hostile bodies.

BIG = 200_000
HOSTILE_JSON: dict[str, str | bytes] = {
    "lists without end": "[" * BIG,
    "objects without end": '{"a":' * BIG,
    "33 deep": '{"a":' * 34 + "1" + "}" * 34,
    "900 deep": '{"a":[' * 450 + "]}" * 450,
    "ten million lists": '{"data": [' + "[]," * 3_000_000 + "[]]}",
    "a name twice, the second escaped": '{"status": "ok", "st\\u0061tus": "error"}',
    "a name twice among many": "{" + "".join(f'"{n}": 1, ' for n in range(BIG)) + '"7": 1, "5": 2}',
    "NaN deep within": '{"data": [{"price": NaN}]}',
    "1e400 negative": '{"a": -1e400}',
    "5,000 digits after the point": '{"a": 0.' + "1" * 5000 + "}",
    "5,000 digits of a number": '{"a": -' + "1" * 5000 + "}",
    "a surrogate as bytes": b'{"a": "\xed\xa0\xbd"}',
    "overlong": b'{"a": "\xc0\xaf"}',
    "beyond Unicode": b'{"a": "\xf5\x80\x80\x80"}',
    "utf-16 without a mark": '{"status": "ok"}'.encode("utf-16-le"),
    "utf-32": '{"status": "ok"}'.encode("utf-32"),
    "utf-7": '{"status": "+BEY-"}'.encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "a NUL in a text": '{"a": "\0"}',
    "a NUL at the end": '{"a": 1}\0',
    "a text without end": '{"a": "' + "x" * BIG,
    "a bad escape": '{"a": "\\q"}',
    "a comment": '{"a": 1 /* x */}',
    "single quotes": "{'a': 1}",
}
ENTITY = "<!DOCTYPE r [<!ENTITY e {}>]><r><status>&e;</status></r>"
HOSTILE_XML: dict[str, str | bytes] = {
    "a quadratic bomb": ENTITY.format(f"'{'x' * 100_000}'").replace("&e;", "&e;" * 100_000),
    "a bomb in an attribute": "<!DOCTYPE r [<!ENTITY e 'x'>]><r a='" + "&e;" * BIG + "'/>",
    "a parameter entity": "<!DOCTYPE r [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><r><status>ok</status></r>",
    "a file": ENTITY.format("SYSTEM 'file:///etc/passwd'"),
    "a page": ENTITY.format("SYSTEM 'http://127.0.0.1:9/'"),
    "a default attribute": "<!DOCTYPE r [<!ATTLIST r a CDATA 'x'>]><r><status>ok</status></r>",
    "an outer subset": "<!DOCTYPE r PUBLIC '-//x//y' 'http://127.0.0.1:9/x.dtd'><r><status>ok</status></r>",
    "an entity that is not declared": "<r><status>&e;</status></r>",
    "100,000 deep": "<a>" * 100_000,
    "40 deep": "<a>" * 40 + "</a>" * 40,
    "huge attribute": f"<r a='{'x' * 11_000_000}'/>",
    "100,000 attributes": "<r " + " ".join(f"a{n}=''" for n in range(100_000)) + "/>",
    "a huge text": f"<r><status>{'x' * 11_000_000}</status></r>",
    "a huge name": f"<{'x' * 60_000}/>",
    "a long name": f"<r><{'x' * 200}/></r>",
    "two million elements": "<r>" + "<a/>" * 2_000_000 + "</r>",
    "a namespace": "<r xmlns='urn:x'><status>ok</status></r>",
    "a prefix": "<x:r xmlns:x='urn:x'><x:status>ok</x:status></x:r>",
    "utf-7": "<?xml version='1.0' encoding='UTF-7'?><r><status>ok</status></r>",
    "utf-32": "<?xml version='1.0' encoding='UTF-32'?><r><status>ok</status></r>".encode("utf-32"),
    "ebcdic": "<?xml version='1.0' encoding='IBM037'?><r><status>ok</status></r>".encode("cp037"),
    "no such charset": "<?xml version='1.0' encoding='no-such'?><r><status>ok</status></r>",
    "utf-16 that is none": "<?xml version='1.0' encoding='UTF-16'?><r><status>ok</status></r>",
    "utf-8 that is windows-1251": "<?xml version='1.0' encoding='UTF-8'?><r><status>я</status></r>".encode("cp1251"),
    "a surrogate as bytes": b"<r><status>\xed\xa0\xbd</status></r>",
    "half a pair": "<r><status>&#xd83d;</status></r>",
    "a NUL": "<r><status>a\0b</status></r>",
    "a NUL by number": "<r><status>&#0;</status></r>",
    "a blank before the declaration": " <?xml version='1.0'?><r><status>ok</status></r>",
    "CDATA without end": "<r><status><![CDATA[ok</status></r>",
}
HOSTILE_CSV: dict[str, str | bytes] = {
    "a quote without end": 'name\r\n"' + "x" * BIG,
    "quotes without end": 'name\r\n"' + '""' * 4_000_000,
    "quotes within a bare field": "name\r\n" + 'a"' * BIG,
    "a million columns": ",".join(['"name"'] * 999_999) + "\r\n",
    "two million columns": "," * 2_000_000,
    "two million rows": "name\r\n" + "Оля\r\n" * 2_000_000,
    "UTF-16": "name\r\nОля\r\n".encode("utf-16"),
    "UTF-16 without a mark": "name\r\nAnna\r\n".encode("utf-16-le"),
    "a NUL": "name\r\nО\0ля\r\n",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "a page": "<!doctype html>\r\n<title>502 Bad Gateway</title>\r\n",
    "bare CRs": "name\rОля\r",
    "neither charset": b"name\r\n\xff\x98\r\n",
}


@pytest.mark.parametrize(
    ("fmt", "name"),
    [
        (fmt, name)
        for fmt, bodies in {"json": HOSTILE_JSON, "xml": HOSTILE_XML, "csv": HOSTILE_CSV}.items()
        for name in bodies
    ],
)
def test_what_is_hostile_is_refused_in_bounded_time(fmt: str, name: str) -> None:
    body = {"json": HOSTILE_JSON, "xml": HOSTILE_XML, "csv": HOSTILE_CSV}[fmt][name]
    started = time.process_time()
    with pytest.raises(Unreadable):
        read(body, fmt, NAMES)

    assert time.process_time() - started < 10


def test_what_is_large_and_right_is_read_in_time_that_grows_with_its_size() -> None:
    rows = [["Оля"] for _ in range(100_000)]
    started = time.process_time()
    csv = read(written([["name"], *rows], ",", "\r\n", "utf-8"), "csv", NAMES)
    xml = read("<r><status>ready</status><names>" + "<i><name>Оля</name></i>" * 100_000 + "</names></r>", "xml")
    js = read('{"names": [' + ",".join(['{"name": "\\u041e"}'] * 100_000) + "]}", "json")

    assert [len(r.model["names"]) for r in (csv, xml, js)] == [100_000] * 3
    assert time.process_time() - started < 20  # by the square of the size it would be minutes


@pytest.mark.parametrize(
    "body",
    [
        "<r><!-- <status>no</status> --><status>a<!-- x -->b</status><?php x ?></r>",
        "<r><status><![CDATA[a]]>b</status></r>",
        "<?xml version='1.0' encoding='windows-1251'?><r><status>ab</status></r>",
        "<?xml version='1.0' encoding='UTF-16'?><r><status>ab</status></r>".encode("utf-16"),
        b"\xef\xbb\xbf<r><status>ab</status></r>",
        "<r><status>&#97;&#x62;</status></r>",
    ],
    ids=["comments", "cdata", "windows-1251", "utf-16", "mark", "numbers"],
)
def test_what_any_program_can_read_is_read(body: str | bytes) -> None:
    assert read(body, "xml").model == {"status": "ab"}


def test_an_id_of_5000_digits_stays_a_text_in_xml_and_csv() -> None:
    digits = "1" * 5000

    assert read(f"<r><status>ok</status><id>{digits}</id></r>", "xml", Context("create")).model["id"] == digits
    assert read(f"status,id\r\nok,{digits}\r\n", "csv", Context("create")).model["id"] == digits


NOISE = "Zqxj7Ольга"
LEAKY: dict[str, tuple[str, ...]] = {
    "json": (
        '{{"{}": 1, "{}": 2}}',
        '{{"status": "{}"',
        '{{"a": {}}}',
        '"{}"',
        '{{"a": "\\{}"}}',
        '{{"{}": 1e999}}',
        '{{"{}": "\\ud800"}}',
    ),
    "xml": (
        "<{0}><{0}/><{0}/></{0}>",
        "<{0} {0}='{0}'/>",
        "<r><{0}>text<b/></{0}></r>",
        "<r><data><a><{0} x='1'/></a></data></r>",
        "<r><status>ready</status><data><{0}/><b/></data></r>",
        "<r>{0}<status/></r>",
        "<r><{0}></r>",
        "<!DOCTYPE {0} SYSTEM '{0}'><{0}/>",
        "<r>&{0};</r>",
        "<?xml version='1.0' encoding='{0}'?><r/>",
        "<r xmlns='{0}'/>",
    ),
    "csv": ('{0},"{0}\r\n', "{0}\r\n{0},{0}\r\n", "status,{0},{0}\r\nok,1,2\r\n", "status\r\n{0}\r\n", '{0}"{0}\r\n'),
}


@pytest.mark.parametrize(("fmt", "body"), [(fmt, body) for fmt, bodies in LEAKY.items() for body in bodies])
def test_the_reason_holds_nothing_of_the_body(fmt: str, body: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body.replace("{0}", NOISE).replace("{}", NOISE).replace("{{", "{").replace("}}", "}"), fmt, ROWS)

    assert "Zqxj7" not in str(caught.value)
    assert "Ольга" not in str(caught.value)


WRITTEN = st.sampled_from(
    [
        *('{"status": "ready", "data": [{"title": "a"}], "names": [], "id": 5}', '{"error_code": 1.5e3, "a": null}'),
        "<?xml version='1.0' encoding='UTF-8'?><r><status>ready</status><data><i><title>a</title></i></data></r>",
        *("status,id\r\nok,5\r\n", 'name\r\n"Оля ""У"""\r\n', ",".join(COLUMNS) + "\r\n" + "a," * 9 + "b\r\n"),
    ]
)
BITS = st.sampled_from(
    [
        *(
            b"\xff",
            b"\0",
            b'"',
            b"'",
            b"<",
            b">",
            b"</",
            b"<!--",
            b"<![CDATA[",
            b"]]>",
            b"<?",
            b"&#0;",
            b"&x;",
            b"xmlns='a'",
        ),
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\\u",
            b"\\ud800",
            b"NaN",
            b"1e999",
            b"-",
            b"\r",
            b"\n",
            b"\t",
            b";",
            b"\xed\xa0\x80",
        ),
        *(
            b"<!DOCTYPE r [<!ENTITY x 'y'>]>",
            b"encoding='utf-7'",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"status",
            b"error",
            b"data",
        ),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A right body with some bytes changed, left out or put in."""
    body = bytearray(draw(WRITTEN).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 4))] = draw(BITS | st.binary(max_size=2))
    return bytes(body)


@given(
    body=mutated() | st.lists(BITS, max_size=12).map(b"".join),
    fmt=st.sampled_from(["json", "xml", "csv"]),
    context=st.sampled_from([RESULT, ROWS, NAMES, Context("info"), Context("create")]),
)
@settings(max_examples=600)
def test_nearly_right_bodies_are_read_or_refused(body: bytes, fmt: str, context: Context) -> None:
    try:
        decoded = read(body, fmt, context)
    except Unreadable:
        return
    assert json.dumps(decoded.model)
    assert all(isinstance(choice, str) for choice in decoded.choices.values())
