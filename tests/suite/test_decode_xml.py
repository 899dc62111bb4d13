"""The reader of XML: any layout gives the answer that was written, and tells what it shows of its writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.members import COLUMNS
from contract_tests.contract.public_words import public_word
from contract_tests.decode.answers import read_answer
from contract_tests.decode.compare import formats_differ
from contract_tests.decode.model import Context, Decoded, TooLarge, UnknownLayout, Unreadable
from support.xml_layouts import XmlLayout, written

CREATE, INFO, RESULT = Context("create"), Context("info"), Context("result")
DATA, NAMES, PHOTO = (Context("result", section) for section in ("data", "names", "photo"))
ROW = {column: f"{column} Оля & <b>" for column in COLUMNS}
TASK = {"cost": "2", "ip": "127.0.0.1", "create_time": 1893456000, "end_time": 1893456003}
DECLARED = '<?xml version="1.0" encoding="{}"?>'


def read(body: str | bytes, context: Context = RESULT) -> Decoded:
    return read_answer(body.encode() if isinstance(body, str) else body, "xml", context)


def ready(rows: int = 0, names: int = 0, photo: str | None = "") -> dict[str, Any]:
    data = [{**ROW, "title": f"Диван {n}", "price": ""} for n in range(rows)]
    return {
        "status": "ready",
        "data": data,
        "names": [{"name": f"Вася {n}"} for n in range(names)],
        "photo": photo,
        **TASK,
    }


ACCOUNT = {"api_limit": {"used": 1, "of": 9}, "api_time_limit": "2030-01-01 00:00:00", "demo": "0"}
ANSWERS: Mapping[str, tuple[dict[str, Any], Context]] = {
    "two rows": (ready(rows=2), DATA),
    "one row": (ready(rows=1), DATA),
    "no row": (ready(), DATA),
    "two names": (ready(names=2), NAMES),
    "one name": (ready(names=1), NAMES),
    "no name": (ready(), NAMES),
    "photo": (ready(photo="aGVsbG8/"), PHOTO),
    "no photo": (ready(photo=None), PHOTO),
    "processing": ({"status": "processing"}, DATA),
    "error": ({"status": "error", "error_code": -1, "message": "Нет <доступа>, и «всё» & ]]>"}, RESULT),
    "created": ({"status": "ok", "id": 5}, CREATE),
    "account": ({"status": "ok", "data": ACCOUNT}, INFO),
    "accounts": ({"status": "ok", "data": [ACCOUNT]}, INFO),
}
LAYOUTS: Mapping[str, XmlLayout] = {
    "plain": XmlLayout(),
    "another root": XmlLayout(root="_Ответ-1.0", item="row"),
    "entries from 0": XmlLayout(item="item{n}"),
    "entries from 1": XmlLayout(item="n_{n+1}"),
    "repeated": XmlLayout(repeated=True),
    "names as values": XmlLayout(names_as_values=True),
    "names as texts": XmlLayout(names_as_texts=True),
    "repeated texts": XmlLayout(names_as_texts=True, repeated=True),
    "rows as attributes": XmlLayout(row_attributes=True),
    "repeated rows as attributes": XmlLayout(row_attributes=True, repeated=True),
    "members as attributes": XmlLayout(top_attributes=True),
    "prefix": XmlLayout(prefix="a"),
    "namespace": XmlLayout(namespace=True),
    "attributes": XmlLayout(attributes=True),
    "undeclared": XmlLayout(declaration=""),
    "no encoding": XmlLayout(declaration='<?xml version="1.0"?>', escaped=True),
    "single quotes": XmlLayout(declaration="<?xml version='1.0'  encoding='utf-8' ?>"),
    "standalone": XmlLayout(declaration='<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'),
    "mark": XmlLayout(encoding="utf-8-sig"),
    "utf8": XmlLayout(declaration=DECLARED.format("utf8")),
    "windows-1251": XmlLayout(declaration=DECLARED.format("windows-1251"), encoding="cp1251"),
    "CP1251": XmlLayout(declaration=DECLARED.format("CP1251"), encoding="cp1251"),
    "win-1251": XmlLayout(declaration=DECLARED.format("win-1251"), encoding="cp1251"),
    "koi8-r": XmlLayout(declaration=DECLARED.format("KOI8-R"), encoding="koi8-r"),
    "iso-8859-5": XmlLayout(declaration=DECLARED.format("ISO-8859-5"), encoding="iso8859-5"),
    "utf-16": XmlLayout(declaration=DECLARED.format("UTF-16"), encoding="utf-16"),
    "utf-16 undeclared": XmlLayout(declaration="", encoding="utf-16"),
    "us-ascii": XmlLayout(declaration=DECLARED.format("us-ascii"), encoding="ascii"),
    "DOCTYPE": XmlLayout(doctype=True),
    "CDATA": XmlLayout(cdata=True),
    "indented": XmlLayout(indent="  "),
    "indented by a tab": XmlLayout(indent="\t"),
    "lines": XmlLayout(indent=""),
    "padded": XmlLayout(padding="\n    "),
    "padded and indented": XmlLayout(padding="\n  ", indent=" "),
    "padded CDATA": XmlLayout(padding="\n", cdata=True),
    "opened": XmlLayout(opened=True),
    "nil": XmlLayout(nil=True),
    "wrapped": XmlLayout(wrapped=True),
    "comments": XmlLayout(comments=True),
    "much at once": XmlLayout(
        item="n{n}", prefix="q", attributes=True, cdata=True, indent="\t", doctype=True, nil=True
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_read_in_every_layout(answer: str, layout: str) -> None:
    model, context = ANSWERS[answer]
    decoded = read(written(model, LAYOUTS[layout]), context)

    assert formats_differ(model, decoded, context) is None
    if LAYOUTS[layout].repeated:  # where a list without entries leaves nothing, and a list of one account is one
        return
    # Only nil distinguishes null from an empty text.
    assert decoded.model == {
        name: "" if value is None and not LAYOUTS[layout].nil else value for name, value in model.items()
    }


TEXT = st.text(
    st.sampled_from("aя1 ,;\"'<>&]=\U0001f600\u00ad")
    | st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    max_size=8,
).map(str.strip)


@given(
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXT)), max_size=3),
    names=st.lists(st.fixed_dictionaries({"name": TEXT}), max_size=3),
    layout=st.sampled_from(sorted(LAYOUTS)),
)
def test_any_texts_are_read_in_every_layout(rows: list[Any], names: list[Any], layout: str) -> None:
    assume(names != [{"name": ""}])  # repeated, it looks like an empty list
    for section, entries in (("data", rows), ("names", names)):
        model = {"status": "ready", section: entries, **TASK}
        context = Context("result", section)

        assert formats_differ(model, read(written(model, LAYOUTS[layout]), context), context) is None


# What is told.

TOLD: Mapping[str, Mapping[str, str]] = {
    "plain": {
        "xml.root": "response",
        "xml.item": "item",
        "xml.list": "wrapped",
        "xml.layout": "plain",
        "xml.declaration": "yes",
        "xml.encoding": "utf-8",
        "xml.escapes": "raw",
        "xml.indent": "none",
        "xml.text": "escaped",
        "xml.empty": "<x/>",
    },
    "another root": {"xml.root": "_Ответ-1.0", "xml.item": "row"},
    "entries from 0": {"xml.item": "item{n}"},
    "entries from 1": {"xml.item": "n_{n+1}"},
    "repeated": {"xml.list": "repeated", "xml.layout": "plain"},
    "rows as attributes": {"xml.layout": "values as attributes"},
    "members as attributes": {"xml.layout": "values as attributes"},
    "prefix": {"xml.layout": "a namespace", "xml.root": "response"},
    "namespace": {"xml.layout": "a namespace"},
    "attributes": {"xml.layout": "attributes"},
    "undeclared": {"xml.declaration": "no", "xml.encoding": "utf-8"},
    "no encoding": {"xml.declaration": "no-encoding", "xml.escapes": "escaped"},
    "single quotes": {"xml.declaration": "yes"},
    "standalone": {"xml.declaration": "with standalone"},
    "mark": {"xml.declaration": "yes", "xml.encoding": "utf-8-sig"},
    "utf8": {"xml.declaration": "a charset by another name", "xml.encoding": "utf-8"},
    "windows-1251": {"xml.encoding": "cp1251", "xml.escapes": "raw"},
    "win-1251": {"xml.declaration": "a charset by another name", "xml.encoding": "cp1251"},
    "utf-16": {"xml.encoding": "utf-16le"},
    "DOCTYPE": {"xml.layout": "a DOCTYPE"},
    "CDATA": {"xml.text": "cdata", "xml.layout": "plain"},
    "indented": {"xml.indent": "2 spaces"},
    "indented by a tab": {"xml.indent": "tab"},
    "lines": {"xml.indent": "a line for each element"},
    "padded": {"xml.layout": "white space around values"},
    "padded CDATA": {"xml.text": "cdata", "xml.layout": "white space around values"},
    "opened": {"xml.empty": "<x></x>"},
    "wrapped": {"xml.layout": "a wrapper"},
    "comments": {"xml.layout": "comments and processing instructions"},
}


@pytest.mark.parametrize("layout", TOLD)
def test_what_the_layout_shows_is_told(layout: str) -> None:
    context = replace(DATA, known={"result.sections": "all"})
    shown = read(written(ready(rows=2), LAYOUTS[layout]), context).choices

    assert {clause: shown.get(clause) for clause in TOLD[layout]} == TOLD[layout]
    assert [word for clause, word in shown.items() if public_word(all_clauses()[clause], word) != word] == []


@pytest.mark.parametrize(
    ("layout", "names", "told"),
    [
        ("plain", 2, {"xml.names": "entries", "xml.list": "wrapped"}),
        ("plain", 1, {"xml.names": "entries", "xml.item": "item"}),
        ("names as values", 2, {"xml.names": "values", "xml.list": "wrapped"}),
        ("names as values", 1, {"xml.names": None, "xml.list": None, "xml.item": None}),
        ("repeated", 2, {"xml.names": "entries", "xml.list": "repeated", "xml.item": None}),
        ("repeated", 1, {"xml.names": None, "xml.list": None}),
        ("repeated texts", 2, {"xml.names": "values", "xml.list": "repeated"}),
        ("names as texts", 2, {"xml.names": "texts", "xml.list": "wrapped"}),
        ("entries from 0", 1, {"xml.item": "item{n}"}),
        ("entries from 1", 1, {"xml.item": "n_{n+1}"}),
        ("plain", 0, {"xml.names": None, "xml.list": None, "xml.item": None, "xml.layout": None}),
    ],
)
def test_what_several_choices_would_explain_is_not_told(
    layout: str, names: int, told: Mapping[str, str | None]
) -> None:
    shown = read(written(ready(names=names), LAYOUTS[layout]), NAMES).choices

    assert {clause: shown.get(clause) for clause in told} == told


@pytest.mark.parametrize(
    ("inner", "known", "told"),
    [
        ("<title></title><price></price>", {}, None),  # by-kind, too, opens an empty text
        ("<title/>", {}, "<x/>"),
        ("<title></title><price/>", {}, "by-kind"),  # null beside an empty text
    ],
)
def test_empty_elements_tell_their_writer_where_one_alone_explains_them(
    inner: str, known: Mapping[str, str], told: str | None
) -> None:
    body = f"<r><status>ready</status><data><i>{inner}</i></data></r>"

    assert read(body, Context("result", "data", known)).choices.get("xml.empty") == told


@pytest.mark.parametrize(
    ("photo", "lists", "choice", "told"),
    [
        ("<photo/>", "<data/>", "", "<x/>"),
        ("<photo/>", "<data/>", "null", None),
        ("<photo/>", "<data/>", None, None),
        ("<photo></photo>", "<data/>", "", "by-kind"),
        ("<photo></photo>", "<data></data>", None, "<x></x>"),
        ("<photo></photo>", "", "", None),
        ("<photo/>", "<data></data>", "", "now <x/>, now <x></x>"),
    ],
)
def test_an_empty_photo_tells_as_much_as_is_known_of_it(
    photo: str, lists: str, choice: str | None, told: str | None
) -> None:
    known = {"result.sections": "all"} | ({} if choice is None else {"result.photo-empty": choice})
    body = f"<r><status>ready</status>{lists}{photo}</r>"

    assert read(body, Context("result", "photo", known)).choices.get("xml.empty") == told


@pytest.mark.parametrize(
    ("sections", "data", "names", "told"),
    [
        ("all", "<data/>", "<names></names>", "now <x/>, now <x></x>"),
        ("false", "<data/>", "<names></names>", "by-kind"),  # the list is empty, and names is false
        ("false", "<data><i>{}</i></data>", "<names></names>", None),  # as an empty text
        ("null", "<data><i>{}</i></data>", "<names></names>", "<x></x>"),
        ("null", "<data><i>{}</i></data>", "<names/>", None),
        (None, "<data><i>{}</i></data>", "<names></names>", None),
    ],
)
def test_an_empty_section_tells_as_much_as_is_known_of_it(
    sections: str | None, data: str, names: str, told: str | None
) -> None:
    known = {} if sections is None else {"result.sections": sections}
    body = f"<r><status>ready</status>{data.format('<title>a</title>')}{names}</r>"

    assert read(body, Context("result", "data", known)).choices.get("xml.empty") == told


@pytest.mark.parametrize(
    ("photo", "body", "told"),
    [(None, "<photo/>", "empty"), ("", "<photo/>", None), (None, "<photo a:nil='true' xmlns:a='urn:x'/>", "nil")],
)
def test_null_is_told_where_there_is_one(photo: str | None, body: str, told: str | None) -> None:
    context = replace(PHOTO, reference={"status": "ready", "photo": photo})

    assert read(f"<r><status>ready</status>{body}</r>", context).choices.get("xml.null") == told


@pytest.mark.parametrize(
    ("body", "clause", "told"),
    [
        ("<r><status>error</status><message>я &#1103;</message></r>", "xml.escapes", "now raw, now escaped"),
        ("<r><status>error</status><message>&#x44F;</message></r>", "xml.escapes", "escaped"),
        ("<r><status>error</status><message>&#38;</message></r>", "xml.escapes", None),
        ("<r><status>error</status><message>a</message></r>", "xml.encoding", None),
        ("<r><status>error</status><message><![CDATA[a]]></message></r>", "xml.text", "CDATA for some texts"),
        ("<r><status><![CDATA[ok]]></status><id>5</id></r>", "xml.text", None),
        ("<r><status>ok</status> <id>5</id></r>", "xml.indent", "white space at some places"),
        ("<r><status>ok</status><id>5</id></r>\n", "xml.indent", "declaration"),
        ("<?xml version='1.0'?>\n<r><status>ok</status><id>5</id></r>\n", "xml.indent", "declaration"),
        (
            "<?xml version='1.0'?>\n<r><status>ok</status><id>5</id></r>",
            "xml.indent",
            "a line break after the declaration",
        ),
    ],
)
def test_how_single_texts_are_written_is_told(body: str, clause: str, told: str | None) -> None:
    assert read(body).choices.get(clause) == told


# Single layouts that no writer above has.

FIELDS = {"title": "a", "price": "1", "time": "t", "phone": "7", "name": "n", "url": "u"}
LIKE_ROW = "".join(f"<{name}>{text}</{name}>" for name, text in FIELDS.items())
TYPED = "".join(f"<v name='{name}'><string>{text}</string></v>" for name, text in FIELDS.items())
AS_ROW = {**dict.fromkeys(COLUMNS, ""), **FIELDS}


@pytest.mark.parametrize(
    ("body", "context", "model"),
    [
        (
            "<r><errorCode>5</errorCode><Status>error</Status><MESSAGE>m</MESSAGE></r>",
            RESULT,
            {"error_code": 5, "status": "error", "message": "m"},
        ),
        ("<r><status>\n ok\n</status><id> 5 </id></r>", CREATE, {"status": "ok", "id": 5}),
        ("<r status='ok' id='5'/>", CREATE, {"status": "ok", "id": 5}),
        ("<r><status value='ok'/><id value='5'/></r>", CREATE, {"status": "ok", "id": 5}),
        ("<r><field name='status'>ok</field><field name='id'>5</field></r>", CREATE, {"status": "ok", "id": 5}),
        ("<r><status>ok</status><id><int>5</int></id></r>", CREATE, {"status": "ok", "id": 5}),
        ("<r><status>ok</status><status>ok</status></r>", CREATE, {"status": "ok"}),
        ("<r><status>ok</status><tag>a</tag><tag>b</tag></r>", CREATE, {"status": "ok", "tag": ["a", "b"]}),
        ("<r><status>ok</status><who><a>1</a><a/></who></r>", CREATE, {"status": "ok", "who": {"a": ["1", ""]}}),
        ("<r><status>ok</status><STATUS>x</STATUS></r>", CREATE, {"status": "ok", "STATUS": "x"}),
        ("<r><status>ok</status>text<id>5</id></r>", CREATE, {"status": "ok", "id": 5}),
        ("<r><status>ready</status></r>", DATA, {"status": "ready", "data": []}),
        ("<r><status>ready</status></r>", PHOTO, {"status": "ready"}),
        (f"<r><i>{LIKE_ROW}</i></r>", DATA, {"status": "ready", "data": [AS_ROW]}),
        ("<r><name>А</name><name>Б</name></r>", NAMES, {"status": "ready", "names": [{"name": "А"}, {"name": "Б"}]}),
        (f"<r><status>ready</status>{LIKE_ROW * 2}</r>", DATA, None),
        (f"<r><status>ready</status><ad>{LIKE_ROW}</ad><cost>2</cost><ad>{LIKE_ROW}</ad></r>", DATA, None),
        (f"<r><status>ready</status><x/><data_0>{LIKE_ROW}</data_0><data_1>{LIKE_ROW}</data_1></r>", DATA, None),
        (f"<r><status>ready</status><rows><i>{LIKE_ROW}</i><i>{LIKE_ROW}</i></rows></r>", DATA, None),
        (
            "<r><status>ready</status><n><name>А</name></n><meta><a>1</a></meta></r>",
            NAMES,
            {"names": [{"name": "А"}], "n": None, "meta": {"a": "1"}},
        ),
        (
            f"<r><status>ready</status><data><rows><i>{LIKE_ROW}</i></rows></data></r>",
            DATA,
            {"status": "ready", "data": [AS_ROW]},
        ),
        (
            "<r><status>ready</status><names><n><name>А</name><count>2</count></n></names></r>",
            NAMES,
            {"status": "ready", "names": [{"name": "А", "count": "2"}]},
        ),
        (
            "<r><status>ready</status><names count='1'><name>А</name></names></r>",
            NAMES,
            {"status": "ready", "names": [{"name": "А"}]},
        ),
        (f"<r><data><i>{LIKE_ROW}</i></data></r>", DATA, {"status": "ready", "data": [AS_ROW]}),
        ("<r><names><i><name>А</name></i></names></r>", NAMES, {"status": "ready", "names": [{"name": "А"}]}),
        ("<e><h/><b><m><r><status>ok</status><id>5</id></r></m></b></e>", CREATE, {"status": "ok", "id": 5}),
        ("<w><h/><data><r><status>ok</status><id>5</id></r></data></w>", CREATE, {"status": "ok", "id": 5}),
        (f"<r><status>ready</status><data><a><i>{TYPED}</i></a></data></r>", DATA, {"data": [AS_ROW]}),
        ("<r><status>ready</status><data><a length='0'/></data></r>", DATA, {"data": []}),
        ("<r><status>ready</status><names><a length='0'/></names></r>", NAMES, {"names": []}),
        (
            "<r><status>ready</status><data>false</data><names>null</names><photo>None</photo></r>",
            PHOTO,
            {"data": False, "names": None, "photo": None},
        ),
        (
            "<r><s/><data><v name='api_limit'><s><v name='used'><n>1</n></v><v name='of'>9</v></s></v></data></r>",
            INFO,
            {"data": {"api_limit": {"used": 1, "of": 9}}},
        ),
        ("<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/r.dtd'><r><status>ok</status></r>", CREATE, {"status": "ok"}),
        ("<!DOCTYPE r [<!ELEMENT r ANY>]><r><status>ok</status></r>", CREATE, {"status": "ok"}),
        ("<r><!-- <status>no</status> --><status>o<!-- x -->k</status><?php x ?></r>", CREATE, {"status": "ok"}),
        ("<r><status><![CDATA[o]]>k</status></r>", CREATE, {"status": "ok"}),
        ("<r><status>&#111;&#x6B;</status></r>", CREATE, {"status": "ok"}),
        (f"<r><status>ok</status><id>{'1' * 5000}</id></r>", CREATE, {"status": "ok", "id": "1" * 5000}),
    ],
)
def test_a_layout_of_its_own_is_read(body: str, context: Context, model: dict[str, Any] | None) -> None:
    found = read(body, context).model
    expected = {"status": "ready", "data": [AS_ROW, AS_ROW]} if model is None else model

    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("body", "clause"),
    [
        ("<r><a>1</a></r>", "xml.layout"),
        ("<r/>", "xml.layout"),
        ("<w><h/><data><s>1</s></data></w>", "xml.layout"),
        ("<r><data/></r>", "xml.layout"),
        ("<error>Access denied</error>", "xml.layout"),
        ("<r><status>ok</status><status>error</status></r>", "xml.list"),
        ("<r><status>ready</status><data><i><title>a</title><title>b</title><url/></i></data></r>", "xml.list"),
    ],
)
def test_members_that_cant_be_told_apart_are_a_layout_that_nobody_knows(body: str, clause: str) -> None:
    with pytest.raises(UnknownLayout) as caught:
        read(body, DATA)

    assert caught.value.clause == clause


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<r><status>ok</status>",
        "<r><status>a & b</status></r>",
        "<r><status>&nbsp;</status></r>",
        "<r><status>ok</status></r><r/>",
        "<r><0>ok</0></r>",
        "<r><status kind=x>ok</status></r>",
        "<!DOCTYPE r SYSTEM 'x.dtd'><r><status>&e;</status></r>",
        "<!DOCTYPE r [<!ENTITY e 'x'>]><r><status>&f;</status></r>",
        "\n<?xml version='1.0'?><r><status>ok</status></r>",
        "<?xml version='1.0' encoding='UTF-8' ?",
        "<?xml encoding='UTF-8'?><r><status>ok</status></r>",
        "<?xml version='1.0' encoding='UTF-16'?><r><status>ok</status></r>",
        "<?xml version='1.0' encoding='x-user-defined'?><r><status>ok</status></r>",
        "<?xml version='1.0' encoding='UTF-8'?><r><status>я</status></r>".encode("cp1251"),
        "<r><status>я</status></r>".encode("cp1251"),
        "<?xml version='1.0' encoding='windows-1251'?><r><status>ok</status></r>".encode("utf-8-sig"),
        "<?xml version='1.0' encoding='UTF-8'?><r><status>ok</status></r>".encode("utf-16"),
        b"<r><status>\xff</status></r>",
        "<r>" + "<a>" * 5000 + "</a>" * 5000 + "</r>",
        '{"status": "ok"}',
    ],
    ids=range(21),
)
def test_what_is_not_well_formed_is_unreadable(body: str | bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


@pytest.mark.parametrize("name", ["Phone", "Data", "id", "title", "Url"])
def test_what_an_ad_says_names_no_member(name: str) -> None:
    model = ready(rows=2)
    for row in model["data"]:
        row["name"] = name

    assert (
        read(written(model, XmlLayout(row_attributes=True)), DATA).model
        == read(written(model, XmlLayout()), DATA).model
    )


DECLARED = "<!DOCTYPE r [{}]><r><status{}>ok</status>{}</r>"


@pytest.mark.parametrize(
    ("declared", "attribute", "rest"),
    [
        ("<!ENTITY nbsp '&#160;'>", "", ""),
        ("<!ENTITY nbsp '&#160;'>", "", "<t>a&nbsp;b</t>"),
        ("<!ENTITY a '<t>x</t>'><!ENTITY b '&a;&a;'>", "", "&b;"),
        ("<!ENTITY kind 'text'>", " kind='&kind;'", ""),
        ("<!ELEMENT r ANY><!ATTLIST r kind CDATA #IMPLIED>", "", ""),
        ("<!ENTITY nbsp '&#160;'>", "", f"<t>{'long ' * 100_000}</t>"),
    ],
    ids=["unused", "used", "in one another", "in an attribute", "an attribute", "in a long answer"],
)
def test_a_dtd_that_stays_in_its_answer_is_read_as_every_parser_does(declared: str, attribute: str, rest: str) -> None:
    assert read(DECLARED.format(declared, attribute, rest), CREATE).model["status"] == "ok"


BOMB = "<!ENTITY a0 'x'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(12))


@pytest.mark.parametrize(
    ("declared", "attribute", "rest"),
    [
        (BOMB, "", "&a12;"),
        (BOMB, " kind='&a12;'", ""),
        (f"<!ENTITY e '{'x' * 1000}'>", "", "<t>&e;</t>" * 2000),
        (f"<!ENTITY e '{'<t/>' * 1000}'>", "", "&e;" * 90_000),
        ("<!ATTLIST t" + "".join(f" a{n} CDATA 'x'" for n in range(1000)) + ">", "", "<t/>" * 1000),
        ("<!ENTITY e SYSTEM 'file:///etc/passwd'>", "", "&e;"),
        ("<!ENTITY\ne\tPUBLIC 'x' 'file:///etc/passwd'>", "", "&e;"),
        ("<!ENTITY % e SYSTEM 'file:///etc/passwd'> %e;", "", ""),
    ],
    ids=range(8),
)
def test_a_dtd_that_grows_or_leads_outside_breaks_no_promise_and_is_not_read(
    declared: str, attribute: str, rest: str
) -> None:
    with pytest.raises(TooLarge):
        read(DECLARED.format(declared, attribute, rest), CREATE)


@given(st.data())
def test_a_damaged_answer_is_unreadable_or_another_one(data: st.DataObject) -> None:
    """Where a character of markup is lost."""
    model, context = ANSWERS[data.draw(st.sampled_from(sorted(ANSWERS)))]
    body = written(model, replace(XmlLayout(), declaration=""))
    at = data.draw(st.sampled_from([i for i, byte in enumerate(body) if byte in b"<>/&;"]))
    try:
        decoded = read(body[:at] + body[at + 1 :], context)
    except (Unreadable, UnknownLayout):
        return
    assert formats_differ(model, decoded, context) or "text between elements" in decoded.choices["xml.layout"]
