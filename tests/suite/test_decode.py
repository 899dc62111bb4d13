"""The suite's readers: what is an answer at all, in bounded time, and what a refusal says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.contract.members import COLUMNS
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, UnknownLayout, Unreadable

RESULT = Context("result")
ROWS = Context("result", "data")
NAMES = Context("result", "names")


def read(body: str | bytes, fmt: str, context: Context = RESULT) -> Decoded:
    return read_answer(body.encode() if isinstance(body, str) else body, fmt, context)


# JSON where another format was asked for.


@pytest.mark.parametrize("fmt", ["xml", "csv"])
def test_an_error_and_info_may_stand_in_json_and_nothing_else_may(fmt: str) -> None:
    error = read('{"status": "error", "error_code": 1, "message": "m"}', fmt)
    info = read('{"status": "ok", "data": {"demo": "0"}}', fmt, Context("info"))

    assert (error.format, error.model["message"]) == ("json", "m")
    assert (info.format, info.model["data"]) == ("json", {"demo": "0"})
    with pytest.raises(Unreadable, match=f"JSON, where {fmt}"):
        read('{"status": "ok", "id": 1}', fmt, Context("create"))
    with pytest.raises(Unreadable, match="byte order mark"):
        read('\ufeff{"status": "error", "error_code": 1, "message": "m"}', fmt)


# Faults of a server, and pages.

FAULTS = {
    "fatal": "PHP Fatal error:  Uncaught Error: Call to f() in /var/www/api.php:3\nStack trace:\n#0 {main}",
    "fatal, shown": "\nFatal error: Uncaught TypeError: f(): Argument #1 in /var/www/api.php on line 3\n",
    "parse": "Parse error: syntax error, unexpected token in /var/www/api.php on line 3",
    "warning": '\nWarning: Undefined array key "id" in /var/www/api.php on line 12\n',
    "warning in HTML": "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/api.php</b> on line <b>12</b><br />\n",
    "notice": "\nNotice: Undefined index: id in /var/www/api.php on line 12\n",
    "deprecated": "\nDeprecated: strlen(): Passing null in /var/www/api.php on line 7\n",
    "traceback": 'Traceback (most recent call last):\n  File "/app/api.py", line 3, in <module>\nKeyError: 1\n',
    "database": "SQLSTATE[HY000] [2002] Connection refused",
    "page": "<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>",
    "page that is XML": "<html xmlns='http://www.w3.org/1999/xhtml'><head/><body><p>503</p></body></html>",
    "bit of a page": "<h1>Forbidden</h1>",
    "sentence": "Access denied",
    "sentence with a comma": "Access denied, please check your token",
    "sentence in Russian": "Доступ запрещён\n",
    "nothing": "",
}
ANSWERS = {
    "json": '{"status": "ok", "id": 5}',
    "xml": "<?xml version='1.0'?><r><status>ok</status><id>5</id></r>",
    "csv": "status,id\r\nok,5\r\n",
}


@pytest.mark.parametrize("fmt", ANSWERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_no_answer_in_any_format(fault: str, fmt: str) -> None:
    with pytest.raises(Unreadable):
        read(FAULTS[fault], fmt, Context("create"))


@pytest.mark.parametrize("fmt", ANSWERS)
@pytest.mark.parametrize("fault", ["fatal, shown", "warning", "warning in HTML", "notice", "deprecated", "traceback"])
def test_a_fault_before_or_after_an_answer_is_no_answer(fault: str, fmt: str) -> None:
    for body in (FAULTS[fault] + ANSWERS[fmt], ANSWERS[fmt] + FAULTS[fault]):
        with pytest.raises(Unreadable):
            read(body, fmt, Context("create"))


@pytest.mark.parametrize("fault", ["fatal, shown", "warning", "warning in HTML", "notice", "deprecated"])
def test_a_fault_between_elements_is_named(fault: str) -> None:
    with pytest.raises(Unreadable, match="a fault of PHP"):
        read(f"<r><status>ok</status>{FAULTS[fault]}<id>5</id></r>", "xml", Context("create"))


@pytest.mark.parametrize("fault", ["fatal, shown", "warning", "notice", "deprecated", "traceback"])
def test_a_fault_is_not_taken_for_a_name(fault: str) -> None:
    with pytest.raises(Unreadable, match="a fault of"):
        read(f"name\nОля\n{FAULTS[fault]}", "csv", NAMES)


def test_a_text_that_speaks_of_warnings_is_a_text() -> None:
    text = "Внимание:\nWarning: не включать! Notice: 220 V\nFatal error: книга\nSQLSTATE"
    row = json.dumps({"status": "error", "error_code": 1, "message": text})

    assert read(row, "json").model["message"] == text
    assert read(f"<r><status>error</status><message>{text}</message></r>", "xml").model["message"] == text
    assert read(f'status,error_code,message\nerror,1,"{text}"\n', "csv").model["message"] == text


# Hostile bodies.

BIG = 200_000
Body = Callable[[], str | bytes]
"""Makes a body, so that no large one is kept."""
HOSTILE_JSON: dict[str, Body] = {
    "lists without end": lambda: "[" * BIG,
    "objects without end": lambda: '{"a":' * BIG,
    "33 deep": lambda: '{"a":' * 34 + "1" + "}" * 34,
    "900 deep": lambda: '{"a":[' * 450 + "]}" * 450,
    "ten million lists": lambda: '{"data": [' + "[]," * 3_000_000 + "[]]}",
    "a name twice, the second escaped": lambda: '{"status": "ok", "st\\u0061tus": "error"}',
    "a name twice among many": lambda: "{" + "".join(f'"{n}": 1, ' for n in range(BIG)) + '"7": 1, "5": 2}',
    "NaN deep within": lambda: '{"data": [{"price": NaN}]}',
    "1e400 negative": lambda: '{"a": -1e400}',
    "5,000 digits after the point": lambda: '{"a": 0.' + "1" * 5000 + "}",
    "5,000 digits of a number": lambda: '{"a": -' + "1" * 5000 + "}",
    "a surrogate as bytes": lambda: b'{"a": "\xed\xa0\xbd"}',
    "overlong": lambda: b'{"a": "\xc0\xaf"}',
    "beyond Unicode": lambda: b'{"a": "\xf5\x80\x80\x80"}',
    "utf-16 without a mark": lambda: '{"status": "ok"}'.encode("utf-16-le"),
    "utf-32": lambda: '{"status": "ok"}'.encode("utf-32"),
    "utf-7": lambda: '{"status": "+BEY-"}'.encode("utf-16"),
    "gzip": lambda: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "a NUL in a text": lambda: '{"a": "\0"}',
    "a NUL at the end": lambda: '{"a": 1}\0',
    "a text without end": lambda: '{"a": "' + "x" * BIG,
    "a bad escape": lambda: '{"a": "\\q"}',
    "a comment": lambda: '{"a": 1 /* x */}',
    "single quotes": lambda: "{'a': 1}",
}
ENTITY = "<!DOCTYPE r [<!ENTITY e {}>]><r><status>&e;</status></r>"
HOSTILE_XML: dict[str, Body] = {
    "a quadratic bomb": lambda: ENTITY.format(f"'{'x' * 100_000}'").replace("&e;", "&e;" * 100_000),
    "a bomb in an attribute": lambda: "<!DOCTYPE r [<!ENTITY e 'x'>]><r a='" + "&e;" * BIG + "'/>",
    "a parameter entity": lambda: (
        "<!DOCTYPE r [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><r><status>ok</status></r>"
    ),
    "a file": lambda: ENTITY.format("SYSTEM 'file:///etc/passwd'"),
    "a page": lambda: ENTITY.format("SYSTEM 'http://127.0.0.1:9/'"),
    "a default attribute": lambda: "<!DOCTYPE r [<!ATTLIST r a CDATA 'x'>]><r><status>ok</status></r>",
    "an entity that is not declared": lambda: "<r><status>&e;</status></r>",
    "100,000 deep": lambda: "<a>" * 100_000,
    "40 deep": lambda: "<a>" * 40 + "</a>" * 40,
    "a huge name": lambda: f"<{'x' * 60_000}/>",
    "a long name": lambda: f"<r><{'x' * 200}/></r>",
    "two million elements": lambda: "<r>" + "<a/>" * 2_000_000 + "</r>",
    "utf-7": lambda: "<?xml version='1.0' encoding='UTF-7'?><r><status>ok</status></r>",
    "utf-32": lambda: "<?xml version='1.0' encoding='UTF-32'?><r><status>ok</status></r>".encode("utf-32"),
    "ebcdic": lambda: "<?xml version='1.0' encoding='IBM037'?><r><status>ok</status></r>".encode("cp037"),
    "an element of 100,000 attributes": lambda: "<r><status " + " ".join(f"a{n}=''" for n in range(100_000)) + "/></r>",
    "attributes with blanks": lambda: (
        "<r>" + ("<a" + "".join(map(" b{} = ''".format, range(99))) + "/>") * 9000 + "</r>"
    ),
    "elements of 999 attributes": lambda: (
        "<r>" + ("<a " + " ".join(map("a{}=''".format, range(999))) + "/>") * 490 + "</r>"
    ),
    "no such charset": lambda: "<?xml version='1.0' encoding='no-such'?><r><status>ok</status></r>",
    "utf-16 that is none": lambda: "<?xml version='1.0' encoding='UTF-16'?><r><status>ok</status></r>",
    "utf-8 that is windows-1251": lambda: "<?xml version='1.0' encoding='UTF-8'?><r><status>я</status></r>".encode(
        "cp1251"
    ),
    "a surrogate as bytes": lambda: b"<r><status>\xed\xa0\xbd</status></r>",
    "half a pair": lambda: "<r><status>&#xd83d;</status></r>",
    "a NUL": lambda: "<r><status>a\0b</status></r>",
    "a NUL by number": lambda: "<r><status>&#0;</status></r>",
    "a blank before the declaration": lambda: " <?xml version='1.0'?><r><status>ok</status></r>",
    "CDATA without end": lambda: "<r><status><![CDATA[ok</status></r>",
}
HOSTILE_CSV: dict[str, Body] = {
    "a million columns of names": lambda: ",".join(COLUMNS * 90_000) + "\r\n",
    "a quote without end": lambda: 'name\r\n"' + "x" * BIG,
    "quotes without end": lambda: 'name\r\n"' + '""' * 4_000_000,
    "another delimiter a million times": lambda: "sep=:\nstatus" + (":" * 19 + "\n") * 90_000,
    "another delimiter that is not told": lambda: ("status:" + ":".join(["ab"] * 7) + "\n") * 99_000,
    "a million columns": lambda: ",".join(['"name"'] * 999_999) + "\r\n",
    "two million columns": lambda: "," * 2_000_000,
    "two million rows": lambda: "name\r\n" + "Оля\r\n" * 2_000_000,
    "a NUL": lambda: "name\r\nО\0ля\r\n",
    "gzip": lambda: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "a page": lambda: "<!doctype html>\r\n<title>502 Bad Gateway</title>\r\n",
    "neither charset": lambda: b"name\r\n\xff\x98\r\n",
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
    body = {"json": HOSTILE_JSON, "xml": HOSTILE_XML, "csv": HOSTILE_CSV}[fmt][name]()
    started = time.process_time()
    with pytest.raises(Unreadable):
        read(body, fmt, NAMES)

    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("fmt", "begin", "end"),
    [
        ("json", '{"status": "error", "error_code": 1, "message": "', '"}'),
        ("xml", "<r><status>error</status><error_code>1</error_code><message>", "</message></r>"),
        ("csv", "status,error_code,message\nerror,1,", "\n"),
    ],
    ids=["json", "xml", "csv"],
)
def test_a_text_of_more_than_10_mb_is_read_in_every_format(fmt: str, begin: str, end: str) -> None:
    text = "Оля " * 1_500_000  # 10.5 MB
    started = time.process_time()

    assert str(read(begin + text + end, fmt).model["message"]).strip() == text.strip()
    assert time.process_time() - started < 10


def test_what_is_large_and_right_is_read_in_time_that_grows_with_its_size() -> None:
    started = time.process_time()
    csv = read("name\r\n" + "Оля\r\n" * 20_000, "csv", NAMES)
    xml = read("<r><status>ready</status><names>" + "<i><name>Оля</name></i>" * 20_000 + "</names></r>", "xml")
    js = read('{"names": [' + ",".join(['{"name": "\\u041e"}'] * 20_000) + "]}", "json")

    assert [len(r.model["names"]) for r in (csv, xml, js)] == [20_000] * 3
    assert time.process_time() - started < 5  # by the square of the size it would be far more


def test_rows_under_other_names_are_read_in_time_that_grows_with_their_number() -> None:
    rows = "<q/>" * 100_000 + "<r><name>Оля</name></r>" * 20_000
    started = time.process_time()
    model = read(f"<response><status>ready</status>{rows}</response>", "xml", NAMES).model

    assert len(model["names"]) == 20_000
    assert time.process_time() - started < 15  # by the product of the two it would be minutes


# What a refusal and a choice may hold.

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
        "<r><status>ok</status><status>{0}</status></r>",
        "<r><{0}></r>",
        "<!DOCTYPE {0} [<!ENTITY {0} '{0}'>]><{0}/>",
        "<r>&{0};</r>",
        "<?xml version='1.0' encoding='{0}'?><r/>",
        "<r xmlns='{0}'/>",
    ),
    "csv": (
        '{0},"{0}\r\n',
        "{0}\r\n{0},{0}\r\n",
        "status,{0},{0}\r\nok,1,2\r\n",
        "status,{0}\r\nok\r\n",
        "status,data\r\nready,{0}\r\n",
        '{0}"{0}\r\n',
    ),
}


@pytest.mark.parametrize(("fmt", "body"), [(fmt, body) for fmt, bodies in LEAKY.items() for body in bodies])
def test_the_reason_holds_nothing_of_the_body(fmt: str, body: str) -> None:
    with pytest.raises((Unreadable, UnknownLayout)) as caught:
        read(body.replace("{0}", NOISE).replace("{}", NOISE).replace("{{", "{").replace("}}", "}"), fmt, ROWS)

    assert "Zqxj7" not in str(caught.value)
    assert "Ольга" not in str(caught.value)


NAMED = ("xml.root", "xml.item")  # whose values are the server's own names


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
    body=mutated() | st.lists(BITS, max_size=12).map(b"".join) | st.binary(max_size=60),
    fmt=st.sampled_from(["json", "xml", "csv"]),
    context=st.sampled_from([RESULT, ROWS, NAMES, Context("info"), Context("create")]),
)
@settings(max_examples=600)
def test_any_bytes_are_read_or_refused(body: bytes, fmt: str, context: Context) -> None:
    try:
        decoded = read(body, fmt, context)
    except (Unreadable, UnknownLayout):
        return
    assert json.dumps(decoded.model)
    assert all(isinstance(choice, str) and choice for choice in decoded.choices.values())
