"""The three formats: the same data, for any text, in any layout, as independent readers see it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mockserver.core.messages import Answer
from mockserver.formats.csv import COLUMNS
from mockserver.formats.writers import FORMATS, prepared
from mockserver.profile.profile import resolve
from support.in_process import CLAUSES, Api

Profile: TypeAlias = dict[str, Any]
Element: TypeAlias = "tuple[str, str | list[Element]]"

# What XML 1.0 can carry: no control characters, no surrogates, not U+FFFE and U+FFFF.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r\",;|'\\]> яЖ€")
)
ROW = st.fixed_dictionaries(dict.fromkeys(COLUMNS["data"], TEXT))
NAME = st.fixed_dictionaries({"name": TEXT})
EMPTY = st.sampled_from(["", None, False, []])
MEMBERS = st.fixed_dictionaries({"cost": TEXT, "ip": TEXT, "create_time": st.integers(0, 10**10) | TEXT})


def ready(section: str) -> st.SearchStrategy[Answer]:
    """Ready answers with the section filled, and with the others, or without them."""
    sections: dict[str, Any] = {"data": st.lists(ROW, max_size=3), "names": st.lists(NAME, max_size=3), "photo": TEXT}
    others = {name: EMPTY for name in sections if name != section}
    parts = st.fixed_dictionaries({section: sections[section]}, optional=others)
    rows = section if section in COLUMNS else None
    return st.builds(lambda p, m: Answer({"status": "ready", **p, **m}, rows=rows), parts, MEMBERS)


ACCOUNT = st.fixed_dictionaries(
    {"api_limit": st.fixed_dictionaries({"used": st.integers(0), "of": st.integers(0)}), "demo": TEXT}
)
FLAT = st.builds(
    lambda message, code: Answer({"status": "error", "error_code": code, "message": message}), TEXT, st.integers(0, 999)
) | st.builds(lambda data: Answer({"status": "ok", "data": data}), ACCOUNT | ACCOUNT.map(lambda one: [one]))
ANSWERS = st.one_of(*map(ready, ("data", "names", "photo")), FLAT)


def choices(*prefixes: str) -> st.SearchStrategy[Profile]:
    """Any choices of the clauses that begin so."""
    open_ = {c.id: c.every_choice() for c in CLAUSES.values() if c.default is not None and c.id.startswith(prefixes)}
    return st.fixed_dictionaries({name: st.sampled_from(each) for name, each in open_.items()})


def written(form: str, answer: Answer, profile: Profile) -> bytes:
    return prepared(form, resolve(CLAUSES, profile).rendering)[1](answer)


def chosen(profile: Profile, clause: str) -> Any:
    return profile.get(clause, CLAUSES[clause].default)


# JSON.


@given(answer=ANSWERS, profile=choices("json."))
def test_json_carries_the_same_in_any_layout(answer: Answer, profile: Profile) -> None:
    body = written("json", answer, profile)
    lines, escapes = body.split(b"\n"), profile["json.escapes"]

    assert json.loads(body) == answer.body
    assert body.isascii() or escapes in ("raw", "slashes")
    assert b"/" not in body.replace(b"\\/", b"") or escapes in ("raw", "unicode")
    assert (len(lines) > 1) == (profile["json.indent"] in ("2 spaces", "4 spaces"))


PHP_JSON = """
$in = json_decode(stream_get_contents(STDIN), true);
$flags = ["raw" => 320 | 2048, "escaped" => 0, "unicode" => 64, "slashes" => 256 | 2048, "4 spaces" => 128];
foreach ($in as $case) {
    $out[] = json_encode($case[0], $flags[$case[1]] | ($case[2] === "4 spaces" ? 128 : 0));
}
echo json_encode($out);
"""
PHP_CSV = """
$out = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $row) {
    $file = fopen("php://memory", "w+");
    fputcsv($file, $row);
    rewind($file);
    $out[] = stream_get_contents($file);
}
echo json_encode($out);
"""


def php(code: str, cases: Any) -> Any:
    """What PHP makes of the cases."""
    done = subprocess.run(["php", "-r", code], input=json.dumps(cases).encode(), capture_output=True, check=True)
    return json.loads(done.stdout)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(TEXT.filter(lambda name: not name.isdecimal()), TEXT, min_size=1),
            st.sampled_from(["raw", "escaped", "unicode", "slashes"]),
            st.sampled_from(["none", "4 spaces"]),
        ),
        max_size=20,
    )
)
def test_json_is_as_phps_json_encode_writes_it(cases: list[tuple[dict[str, str], str, str]]) -> None:
    profiles = [{"json.escapes": escapes, "json.indent": indent} for _, escapes, indent in cases]
    ours = [
        written("json", Answer({**body}), profile).decode() for (body, *_), profile in zip(cases, profiles, strict=True)
    ]

    assert ours == (php(PHP_JSON, cases) or [])


# XML.


def element(name: str, value: Any, profile: Profile) -> Iterator[Element]:
    """The elements that a member of an answer is to become."""
    bare = chosen(profile, "xml.names") == "values" and name == "names"
    if isinstance(value, dict):
        yield name, [inner for key, member in value.items() for inner in element(key, member, profile)]
    elif isinstance(value, list):
        entries = [entry["name"] for entry in value] if bare else value
        if chosen(profile, "xml.list") == "repeated":
            for entry in entries:
                yield from element(name, entry, profile)
            return
        template = "name" if bare else chosen(profile, "xml.item")
        titles = [template.replace("{n}", str(n)).replace("{n+1}", str(n + 1)) for n in range(len(entries))]
        yield (
            name,
            [inner for title, entry in zip(titles, entries, strict=True) for inner in element(title, entry, profile)],
        )
    else:
        yield name, "" if value is None or value is False else str(value)


def seen(tree: etree._Element) -> Element:
    """An element as a reader sees it: white space beside elements is layout."""
    if not len(tree):
        return tree.tag, tree.text or ""
    assert not any((text or "").strip(" \t\n") for text in (tree.text, *(child.tail for child in tree)))
    return tree.tag, [seen(child) for child in tree]


def as_lxml_has_it(made: Element) -> Element:
    """An element without elements has an empty text."""
    name, inner = made
    return (name, inner) if isinstance(inner, str) else (name, [as_lxml_has_it(one) for one in inner] or "")


@given(answer=ANSWERS, profile=choices("xml."))
def test_xml_carries_the_same_in_any_layout(answer: Answer, profile: Profile) -> None:
    body = written("xml", answer, profile)
    tree = etree.fromstring(body)
    (expected,) = element(profile["xml.root"], answer.body, profile)

    assert seen(tree) == as_lxml_has_it(expected)
    assert tree.getroottree().docinfo.encoding in (None, "UTF-8", "windows-1251")
    assert body.startswith(b"\xef\xbb\xbf") == (profile["xml.encoding"] == "utf-8-sig")


SMALL = Answer({"status": "ok", "data": [{"a": "я&😀", "b": 1}, {"a": "", "b": 2}], "names": [], "photo": None})
NAMED = Answer({"status": "ok", "names": [{"name": "x"}, {"name": "y"}]})
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
ROWS = "<item><a>я&amp;😀</a><b>1</b></item><item><a/><b>2</b></item>"
PLAIN = f"<response><status>ok</status><data>{ROWS}</data><names/><photo/></response>"
NIL = '<photo xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, HEAD + PLAIN),
        ({"xml.declaration": "no"}, PLAIN),
        ({"xml.declaration": "no-encoding"}, f'<?xml version="1.0"?>{PLAIN}'),
        ({"xml.encoding": "utf-8-sig", "xml.declaration": "no"}, f"\ufeff{PLAIN}"),
        ({"xml.escapes": "escaped"}, HEAD + PLAIN.replace("я", "&#1103;").replace("😀", "&#128512;")),
        ({"xml.indent": "declaration"}, f"{HEAD}\n{PLAIN}\n"),
        ({"xml.indent": "declaration", "xml.declaration": "no"}, f"{PLAIN}\n"),
        (
            {"xml.item": "row{n+1}"},
            HEAD + re.sub("(item)(.*?)item(.*?)item(.*?)item", r"row1\2row1\3row2\4row2", PLAIN),
        ),
        ({"xml.empty": "<x></x>"}, HEAD + re.sub("<([a-z]+)/>", r"<\1></\1>", PLAIN)),
        ({"xml.empty": "by-kind"}, HEAD + PLAIN.replace("<a/>", "<a></a>")),
        ({"xml.null": "nil"}, HEAD + PLAIN.replace("<photo/>", NIL)),
        (
            {"xml.null": "nil", "xml.empty": "<x></x>"},
            HEAD + re.sub("<([a-z]+)/>", r"<\1></\1>", PLAIN).replace("<photo>", NIL.replace("/>", ">")),
        ),
        (
            {"xml.list": "repeated"},
            HEAD + PLAIN.replace("<data>", "").replace("</data>", "").replace("item>", "data>").replace("<names/>", ""),
        ),
        (
            {"xml.text": "cdata", "xml.escapes": "escaped"},
            HEAD + re.sub(r">(ok|я&amp;😀|1|2)<", r"><![CDATA[\1]]><", PLAIN).replace("&amp;", "&"),
        ),
    ],
)
def test_xml_is_written_as_its_clauses_say(profile: Profile, expected: str) -> None:
    assert written("xml", SMALL, profile).decode() == expected


@pytest.mark.parametrize(
    ("profile", "inner"),
    [
        ({}, "<names><item><name>x</name></item><item><name>y</name></item></names>"),
        ({"xml.names": "values"}, "<names><name>x</name><name>y</name></names>"),
        ({"xml.list": "repeated"}, "<names><name>x</name></names><names><name>y</name></names>"),
        ({"xml.list": "repeated", "xml.names": "values"}, "<names>x</names><names>y</names>"),
    ],
)
def test_names_are_written_as_their_clauses_say(profile: Profile, inner: str) -> None:
    expected = f"{HEAD}<response><status>ok</status>{inner}</response>"

    assert written("xml", NAMED, profile).decode() == expected


@pytest.mark.parametrize(
    ("choice", "indent"), [("1 space", " "), ("2 spaces", "  "), ("4 spaces", "    "), ("tab", "\t")]
)
def test_xml_is_indented_as_libxml2_does(choice: str, indent: str) -> None:
    tree = etree.fromstring(written("xml", SMALL, {}))
    etree.indent(tree, indent)
    expected = f"{HEAD}\n{etree.tostring(tree, encoding='unicode')}\n"

    assert written("xml", SMALL, {"xml.indent": choice}).decode() == expected


@pytest.mark.parametrize("declaration", ["yes", "no", "no-encoding"])
@pytest.mark.parametrize("text", ["escaped", "cdata"])
def test_xml_in_cp1251_says_so_and_has_references_for_what_it_lacks(declaration: str, text: str) -> None:
    profile = {"xml.encoding": "cp1251", "xml.declaration": declaration, "xml.text": text}
    body = written("xml", SMALL, profile)

    assert body.startswith(b'<?xml version="1.0" encoding="windows-1251"?>')
    assert "я".encode("cp1251") in body
    assert b"&#128512;" in body
    assert etree.fromstring(body).findtext("data/item/a") == "я&😀"


def test_xml_carries_a_carriage_return_and_no_illegal_character() -> None:
    for text in ("escaped", "cdata"):
        body = written("xml", Answer({"m": "a\r\nb]]>\x00]]\r>"}), {"xml.text": text})

        assert etree.fromstring(body).findtext("m") == "a\r\nb]]>\ufffd]]\r>"


PHP_XML = """
$simple = new SimpleXMLElement("<r/>");
$simple->addChild("m", "я");
$writer = new XMLWriter();
$writer->openMemory();
$writer->setIndent(true);
$writer->startDocument("1.0", "UTF-8");
$writer->startElement("r");
$writer->writeElement("m", "");
$writer->writeElement("n", null);
$writer->writeElement("o", false);
$writer->endElement();
$writer->endDocument();
echo json_encode([$simple->asXML(), $writer->outputMemory()]);
"""


def test_xml_is_as_php_writes_it_under_the_choices_that_say_so() -> None:
    simple, writer = php(PHP_XML, None)
    of_simple = {"xml.declaration": "no-encoding", "xml.escapes": "escaped", "xml.indent": "declaration"}
    of_writer = {"xml.empty": "by-kind", "xml.indent": "1 space"}

    assert written("xml", Answer({"m": "я"}), {"xml.root": "r", **of_simple}).decode() == simple.replace("x44F", "1103")
    assert written("xml", Answer({"m": "", "n": None, "o": False}), {"xml.root": "r", **of_writer}).decode() == writer


# CSV.

JOINED: dict[str, Callable[[tuple[str, ...]], str]] = {
    "dotted": ".".join,
    "leaf": lambda path: path[-1],
    "underscore": "_".join,
    "slash": "/".join,
    "brackets": lambda path: path[0] + "".join(f"[{step}]" for step in path[1:]),
}
HANDLERS = {"?": "replace", "reference": "xmlcharrefreplace", "dropped": "ignore"}


def flat(value: Any, info: str, *path: str) -> Iterator[tuple[str, Any]]:
    """The members that a flat answer is to have, by column."""
    if value == []:
        return
    if isinstance(value, dict) and (info != "json" or not path):
        for name, member in value.items():
            yield from flat(member, info, *path, name)
    elif isinstance(value, list) and info != "json":
        yield from flat(value[0], info, *path)
    else:
        yield JOINED.get(info, ".".join)(path), value


def table(answer: Answer, profile: Profile) -> list[list[Any]]:
    """The cells that an answer is to become."""
    header, body, rows = profile["csv.header"] == "yes", answer.body, profile["csv.rows"]
    if answer.rows and rows != "json":
        task = {name: body[name] for name in body if name not in ("data", "names", "photo")}
        first = task if rows == "with-task" else {}
        entries: Any = body[answer.rows]
        lines = [[*first.values(), *(entry[column] for column in COLUMNS[answer.rows])] for entry in entries]
        return [[*first, *COLUMNS[answer.rows]], *lines] if header else lines
    members = body if answer.rows else dict(flat(body, profile["info.csv"]))
    if profile["csv.flat"] == "pairs" and not answer.rows:
        return [[*pair] for pair in members.items()]
    return [[*members], [*members.values()]] if header else [[*members.values()]]


def cell(value: Any, profile: Profile) -> str:
    """A cell as a reader sees it."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = "" if value is None or value is False else str(value)
    codec = "cp1251" if profile["csv.encoding"] == "cp1251" else "utf-8"
    return text.encode(codec, HANDLERS[profile["csv.lacking"]]).decode(codec)


def read_table(body: bytes, profile: Profile) -> list[list[str]]:
    """The lines as the csv module reads them, in the profile's dialect."""
    text = body.decode({"utf-16le": "utf-16"}.get(profile["csv.encoding"], profile["csv.encoding"]))
    mark = {"tab": "\t"}.get(profile["csv.delimiter"], profile["csv.delimiter"])
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))


@given(answer=ANSWERS, profile=choices("csv.", "info.csv"))
def test_csv_carries_what_its_clauses_say_in_any_dialect(answer: Answer, profile: Profile) -> None:
    body = written("csv", answer, profile)

    assert read_table(body, profile) == [[cell(value, profile) for value in line] for line in table(answer, profile)]
    assert body.startswith(MARKS.get(profile["csv.encoding"], b""))


MARKS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16le": b"\xff\xfe"}
OK = Answer({"status": "ok", "id": 5})
TASK = Answer({"status": "ready", "data": None, "names": [{"name": "a b"}, {"name": ""}], "cost": "2"}, rows="names")
NONE_FOUND = Answer({"status": "ready", "names": [], "cost": "1"}, rows="names")
JSON_CELL = '"[{""name"":""a b""},{""name"":""""}]"'


@pytest.mark.parametrize(
    ("answer", "profile", "expected"),
    [
        (OK, {}, "status,id\r\nok,5\r\n"),
        (OK, {"csv.header": "no"}, "ok,5\r\n"),
        (OK, {"csv.flat": "pairs"}, "status,ok\r\nid,5\r\n"),
        (OK, {"csv.encoding": "utf-8-sig", "csv.line-end": "LF"}, "\ufeffstatus,id\nok,5\n"),
        (OK, {"csv.delimiter": "|", "csv.quotes": "all"}, '"status"|"id"\r\n"ok"|"5"\r\n'),
        (TASK, {}, 'name\r\na b\r\n""\r\n'),
        (TASK, {"csv.quotes": "php"}, 'name\r\n"a b"\r\n""\r\n'),
        (TASK, {"csv.rows": "with-task"}, "status,cost,name\r\nready,2,a b\r\nready,2,\r\n"),
        (TASK, {"csv.rows": "json"}, f"status,data,names,cost\r\nready,,{JSON_CELL},2\r\n"),
        (TASK, {"csv.rows": "json", "csv.flat": "pairs", "csv.header": "no"}, f"ready,,{JSON_CELL},2\r\n"),
        (NONE_FOUND, {}, "name\r\n"),
        (NONE_FOUND, {"csv.header": "no"}, ""),
        (NONE_FOUND, {"csv.rows": "with-task"}, "status,cost,name\r\n"),
        (NONE_FOUND, {"csv.rows": "json"}, "status,names,cost\r\nready,[],1\r\n"),
    ],
)
def test_csv_is_written_as_its_clauses_say(answer: Answer, profile: Profile, expected: str) -> None:
    assert written("csv", answer, profile).decode() == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("?", "Вася ?"), ("reference", '"Вася &#128512;"'), ("dropped", "Вася ")],
)
def test_a_cell_in_cp1251_has_what_its_clause_says_for_a_character_that_it_lacks(choice: str, expected: str) -> None:
    profile = {"csv.encoding": "cp1251", "csv.lacking": choice, "csv.delimiter": ";", "csv.header": "no"}
    body = written("csv", Answer({"message": "Вася 😀", "n": 1}), profile)

    assert body.decode("cp1251") == f"{expected};1\r\n"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=3), max_size=20))
def test_csv_in_phps_manner_is_as_fputcsv_writes_it_but_for_a_quote_after_a_backslash(rows: list[list[str]]) -> None:
    profile = {"csv.quotes": "php", "csv.header": "no", "csv.line-end": "LF"}
    ours = [written("csv", Answer({str(n): text for n, text in enumerate(row)}), profile).decode() for row in rows]
    phps = php(PHP_CSV, rows)

    for mine, theirs, row in zip(ours, phps, rows, strict=True):
        assert list(csv.reader([mine], strict=True)) == [row] or "\n" in mine[:-1] or "\r" in mine
        if not any("\\" in text and '"' in text for text in row):
            assert mine == theirs


INFO_COLUMNS = {
    "dotted": "status,data.api_limit.used,data.api_limit.of,data.api_time_limit,data.demo",
    "leaf": "status,used,of,api_time_limit,demo",
    "underscore": "status,data_api_limit_used,data_api_limit_of,data_api_time_limit,data_demo",
    "slash": "status,data/api_limit/used,data/api_limit/of,data/api_time_limit,data/demo",
    "brackets": "status,data[api_limit][used],data[api_limit][of],data[api_time_limit],data[demo]",
    "json": "status,data",
}


@pytest.mark.parametrize(("choice", "columns"), INFO_COLUMNS.items())
@pytest.mark.parametrize("shape", ["object", "list"])
def test_the_accounts_answer_is_laid_flat_as_its_clause_says(choice: str, columns: str, shape: str) -> None:
    body = Api({"info.csv": choice, "info.shape": shape}).send("info", format="csv").body

    assert body.decode().splitlines()[0] == columns


def test_the_account_in_a_cell_is_json_as_the_other_json_is_escaped() -> None:
    api = Api({"info.csv": "json", "json.escapes": "escaped", "json.indent": "4 spaces"})
    api.account("demo@example.com", paid_until="до 2030/01")
    (line,) = csv.DictReader(io.StringIO(api.send("info", format="csv").body.decode(), newline=""))

    assert "\\u0434\\u043e 2030\\/01" in line["data"]
    assert json.loads(line["data"]) == api.call("info")["data"]


# Content-Type.


@pytest.mark.parametrize(
    ("clause", "encoding", "charset"),
    [
        ("xml.encoding", "utf-8", "utf-8"),
        ("xml.encoding", "utf-8-sig", "utf-8"),
        ("xml.encoding", "cp1251", "windows-1251"),
        ("csv.encoding", "utf-8-sig", "utf-8"),
        ("csv.encoding", "cp1251", "windows-1251"),
        ("csv.encoding", "utf-16le", "utf-16"),
    ],
)
def test_the_charset_is_in_the_content_type(clause: str, encoding: str, charset: str) -> None:
    form = clause.partition(".")[0]
    kind = {"xml": "application/xml", "csv": "text/csv"}[form]
    response = Api({clause: encoding}).send("info", format=form)

    assert ("Content-Type", f"{kind}; charset={charset}") in response.headers
    assert response.body.decode(charset).count("demo") == (2 if form == "xml" else 1)


@pytest.mark.parametrize("form", FORMATS)
def test_a_writer_is_prepared_once_for_a_profile_and_anew_for_another(form: str) -> None:
    one, other = (resolve(CLAUSES, {}).rendering for _ in range(2))

    assert prepared(form, one) is prepared(form, one)
    assert prepared(form, one) is not prepared(form, other)
