"""The reader of CSV: any dialect and layout gives the answer that was written, and tells what it shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract_tests.contract.members import COLUMNS
from contract_tests.decode.answers import read_answer
from contract_tests.decode.compare import formats_differ
from contract_tests.decode.csv_dialect import DELIMITERS
from contract_tests.decode.model import Context, Decoded, UnknownLayout, Unreadable
from support.csv_layouts import DIALECTS, CsvDialect, by_php, quoted, written

CREATE, INFO, RESULT = Context("create"), Context("info"), Context("result")
DATA, NAMES, PHOTO = (Context("result", section) for section in ("data", "names", "photo"))
TASK = {"cost": "2", "ip": "127.0.0.1", "create_time": 1893456000, "end_time": 1893456003}
RUSSIAN = ("Заголовок", "Цена", "Дата", "Телефон", "Имя", "Описание", "Адрес", "Источник", "Категория", "Ссылка")


def read(body: str | bytes, context: Context = RESULT) -> Decoded:
    return read_answer(body.encode() if isinstance(body, str) else body, "csv", context)


def row(number: int, title: str = 'Диван «Икея»; 5", белый') -> list[str]:
    texts = [title, f"{number}00", "2030-01-01 00:00:00", "70001234567", "Оля", "Стоит,\nно | не\tлежит", "Адрес"]
    return [*texts, "avito.ru", "Мебель, диваны", f"http://x/{number}"]


def ready(rows: Sequence[Sequence[str]] = (), names: Sequence[str] = (), photo: str = "") -> dict[str, Any]:
    data = [dict(zip(COLUMNS, cells, strict=True)) for cells in rows]
    return {"status": "ready", "data": data, "names": [{"name": name} for name in names], "photo": photo, **TASK}


ROWS = [row(1), row(2, "Стол")]
TWO_ROWS, TWO_NAMES = ready(ROWS), ready(names=["Оля", 'Вася, "Зайцев"'])


# Dialects.


@pytest.mark.parametrize("dialect", DIALECTS)
def test_answers_are_read_in_every_dialect(dialect: str) -> None:
    names = [["name"], ["Оля"], ["Вася Зайцев"], ["Анна"]]
    rows = ROWS if dialect != "no quotes" else [[cell.translate({59: 32, 10: 32}) for cell in row] for row in ROWS]

    assert read(written([COLUMNS, *rows], DIALECTS[dialect]), DATA).model == {
        "status": "ready",
        "data": ready(rows)["data"],
    }
    assert [n["name"] for n in read(written(names, DIALECTS[dialect]), NAMES).model["names"]] == [
        n for (n,) in names[1:]
    ]
    assert read(written([["status", "id"], ["ok", "5"]], DIALECTS[dialect]), CREATE).model == {"status": "ok", "id": 5}
    assert read(written([["status"], ["processing"]], DIALECTS[dialect]), DATA).model == {"status": "processing"}


TEXT = st.text(st.sampled_from("aя1 ,;|\t\\\"'\r\n=<&"), max_size=6)
EXACT = sorted(DIALECTS.keys() - {"no quotes", "fputcsv", "CR", "spaces", "spaces before quotes", "windows-1251"})
"""Dialects in which any of the texts can be written."""


@given(rows=st.lists(st.lists(TEXT, min_size=10, max_size=10), min_size=1, max_size=3), dialect=st.sampled_from(EXACT))
def test_any_texts_are_read_in_every_dialect(rows: list[list[str]], dialect: str) -> None:
    body = written([COLUMNS, *rows], DIALECTS[dialect])
    assume(not rows[-1][-1] or not DIALECTS[dialect].trailing)
    decoded = read(body, replace(DATA, reference=ready(rows)))

    assert formats_differ(ready(rows), decoded, DATA) is None
    # Without JSON, a text that looks like a formula of a text is taken for one.
    assume(not any(cell.startswith('="') and cell.endswith('"') for row in rows for cell in row))
    assert read(body, DATA).model["data"] == ready(rows)["data"]


@given(names=st.lists(TEXT, max_size=4), dialect=st.sampled_from(EXACT), header=st.booleans())
def test_any_names_are_read_where_json_has_them(names: list[str], dialect: str, header: bool) -> None:
    body = written([["name"]] * header + [[name] for name in names], DIALECTS[dialect])
    assume(header or not DIALECTS[dialect].trailing)
    known = ready(names=names)
    decoded = read(body, replace(NAMES, reference=known))

    assert formats_differ(known, decoded, NAMES) is None
    assert not decoded.doubt


TOLD: Mapping[str, Mapping[str, str]] = {
    "RFC 4180": {
        "csv.delimiter": ",",
        "csv.line-end": "CRLF",
        "csv.encoding": "utf-8",
        "csv.header": "yes",
        "csv.quotes": "needed",
        "csv.rows": "section",
        "csv.layout": "plain",
    },
    "semicolon": {"csv.delimiter": ";", "csv.line-end": "LF"},
    "tab": {"csv.delimiter": "tab"},
    "bar": {"csv.delimiter": "|"},
    "caret": {"csv.delimiter": "another delimiter"},
    "CR": {"csv.line-end": "CR"},
    "mixed ends": {"csv.line-end": "CRLF after the first lines, then LF"},
    "sep=": {"csv.delimiter": ";", "csv.layout": "a line sep="},
    "sep= of another": {"csv.delimiter": "another delimiter", "csv.layout": "a line sep="},
    "trailing": {"csv.layout": "a delimiter at each line's end"},
    "blank line last": {"csv.layout": "blank lines"},
    "blank line first": {"csv.layout": "blank lines"},
    "spaces": {"csv.layout": "white space around cells", "csv.quotes": "needed"},
    "spaces before quotes": {"csv.layout": "white space around cells"},
    "all quoted": {"csv.layout": "plain"},
    "single quotes": {"csv.quotes": "single quotes"},
    "fputcsv": {"csv.quotes": "php"},
    "no quotes": {"csv.quotes": "no quotes"},
    "mark": {"csv.encoding": "utf-8-sig"},
    "windows-1251": {"csv.encoding": "cp1251"},
    "UTF-16": {"csv.encoding": "utf-16le"},
    "UTF-16LE without a mark": {"csv.encoding": "utf-16le without a mark"},
    "UTF-16BE without a mark": {"csv.encoding": "utf-16be without a mark"},
}


@pytest.mark.parametrize("dialect", TOLD)
def test_what_the_dialect_shows_is_told(dialect: str) -> None:
    shown = read(written([COLUMNS, *ROWS], DIALECTS[dialect]), DATA).choices

    assert {clause: shown.get(clause) for clause in TOLD[dialect]} == TOLD[dialect]


@pytest.mark.parametrize(
    ("body", "clause", "told"),
    [
        ("status,id\nok,5\n", "csv.quotes", None),  # needed, or as PHP does
        ('"status","id"\n"ok","5"\n', "csv.quotes", "all"),
        ('status,id\n"ok","5"\n', "csv.quotes", "values, and no names"),
        ('"status"\n"processing"\n', "csv.quotes", None),  # every cell, or every text
        ('"name"\n"Оля"\n"5"\n', "csv.quotes", None),
        ('name\n"Оля"\n', "csv.quotes", None),
        ('"status","data"\n"ok","{""demo"":0}"\n', "csv.quotes", None),
        ('status,error_code,message\n"error",5,"нет доступа"\n', "csv.quotes", "texts"),
        ('status,error_code,message\nerror,5,"нет доступа"\n', "csv.quotes", "php"),
        ('status,error_code,message\nerror,"5",нет\n', "csv.quotes", "now quoted, now not"),
        ("status,error_code,message\nerror,5,нет доступа\n", "csv.quotes", "needed"),
        ("status,id\nok,5\n", "csv.encoding", None),
        ("processing", "csv.line-end", None),
        ("name\r\n", "csv.line-end", None),
        ("processing\n", "csv.delimiter", None),
        ("status\nprocessing\n", "csv.layout", None),
        ("name\nОля\n", "csv.rows", None),
    ],
)
def test_what_several_choices_would_explain_is_not_told(body: str, clause: str, told: str | None) -> None:
    assert read(body, NAMES if "name\n" in body else RESULT).choices.get(clause) == told


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('"a \\"b\\" c"', 'a \\"b\\" c'),
        ('"a\\"', "a\\"),
        ('"a\\",b; c"', 'a\\",b; c'),
        ('"\\""', '\\"'),
        ('"a\\""", b"', 'a\\"", b'),
    ],
)
def test_a_quote_after_a_backslash_is_read_as_fputcsv_writes_it(cell: str, value: str) -> None:
    table = f"status;error_code;message\nerror;5;{cell}\n"

    assert by_php(value, CsvDialect(";")) == cell or value == "a\\"
    assert read(table).model["message"] == value


@given(texts=st.lists(st.text(st.sampled_from('a,"\\ \n'), max_size=6), min_size=2, max_size=3))
def test_what_fputcsv_writes_is_read_where_json_decides(texts: list[str]) -> None:
    rows = [[text, *row(1)[1:-1], text] for text in texts]
    body = written([COLUMNS, *rows], DIALECTS["fputcsv"])
    try:
        decoded = read(body, replace(DATA, reference=ready(rows)))
    except Unreadable:
        # What fputcsv writes is ambiguous where a text ends in a backslash, or has a backslash before quotes.
        assert any('\\"' in text or text.endswith("\\") for text in texts)
        return
    assert formats_differ(ready(rows), decoded, DATA) is None or any("\\" in text for text in texts)


# Charsets.


@pytest.mark.parametrize("charset", ["koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "cp1251"])
def test_a_charset_without_a_mark_is_found_where_json_is_known(charset: str) -> None:
    body = written([["name"], ["Оля"], ['Вася, "Зайцев"']], CsvDialect(encoding=charset))
    decoded = read(body, replace(NAMES, reference=TWO_NAMES))

    assert (decoded.model["names"], decoded.choices["csv.encoding"]) == (TWO_NAMES["names"], charset)


@pytest.mark.parametrize(
    ("substituted", "told"),
    [
        ("Оля ? ?", "?"),
        ("Оля ?? ?", "?"),
        ("Оля &#128512; &#9788;", "reference"),
        ("Оля &#x1F600; &#x263C;", "reference"),
        ("Оля  ", "dropped"),
        ("Оля :) *", "transliterated"),
    ],
)
def test_what_stands_for_characters_that_the_charset_lacks_is_told(substituted: str, told: str) -> None:
    known = ready(names=["Оля \U0001f600 \u263c"])
    body = written([["name"], [substituted]], CsvDialect(encoding="cp1251"))
    decoded = read(body, replace(NAMES, reference=known))

    assert formats_differ(known, decoded, NAMES) is None
    assert decoded.choices["csv.lacking"] == told


# Layouts of rows.


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ([COLUMNS, *ROWS], {"csv.header": "yes", "csv.rows": "section"}),
        ([COLUMNS[::-1], *(r[::-1] for r in ROWS)], {"csv.header": "yes", "csv.rows": "columns in another order"}),
        ([[c.title() for c in COLUMNS], *ROWS], {"csv.header": "yes", "csv.rows": "columns in another spelling"}),
        ([[f"data.{c}" for c in COLUMNS], *ROWS], {"csv.header": "yes", "csv.rows": "columns in another spelling"}),
        ([["n", *COLUMNS, "город"], *(["1", *r, "Омск"] for r in ROWS)], {"csv.header": "yes", "csv.rows": "section"}),
        (
            [["status", *TASK, *COLUMNS], *(["ready", *map(str, TASK.values()), *r] for r in ROWS)],
            {"csv.header": "yes", "csv.rows": "with-task"},
        ),
        ([[*COLUMNS, "URL", "status"], *([*r, "/1", "active"] for r in ROWS)], {"csv.rows": "section"}),
        ([[*COLUMNS, "photo"], *([*r, "/1.jpg"] for r in ROWS)], {"csv.rows": "section"}),
        (
            [[*COLUMNS, "cost"], *([*r, "2"] for r in ROWS)],
            {"csv.header": "yes", "csv.rows": "with-task"},
        ),
    ],
)
def test_rows_are_read_by_their_names(table: Sequence[Sequence[str]], told: Mapping[str, str]) -> None:
    decoded = read(written(table, CsvDialect()), DATA)

    assert formats_differ(TWO_ROWS, decoded, DATA) is None
    assert {clause: decoded.choices.get(clause) for clause in told} == told


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ([RUSSIAN, *ROWS], {"csv.header": "yes", "csv.rows": "columns of unknown names"}),
        (ROWS, {"csv.header": "no", "csv.rows": "section"}),
        ([r[::-1] for r in ROWS], {"csv.header": "no", "csv.rows": "columns in another order"}),
        ([[str(n), *r, "Омск"] for n, r in enumerate(ROWS)], {"csv.header": "no"}),
        ([["ready", *map(str, TASK.values()), *r] for r in ROWS], {"csv.header": "no", "csv.rows": "with-task"}),
        ([["№", *RUSSIAN], *([str(n), *r] for n, r in enumerate(ROWS))], {"csv.header": "yes"}),
        ([["#title", *COLUMNS[1:]], *ROWS], {"csv.rows": "columns in another spelling"}),
        ([[*COLUMNS[:2], "date", "tel", *COLUMNS[4:], "n"], *([*r, "1"] for r in ROWS)], {"csv.header": "yes"}),
    ],
)
def test_columns_without_known_names_are_found_by_the_values_of_json(
    table: Sequence[Sequence[str]], told: Mapping[str, str]
) -> None:
    body = written(table, CsvDialect(";"))
    decoded = read(body, replace(DATA, reference=TWO_ROWS))

    assert formats_differ(TWO_ROWS, decoded, DATA) is None
    assert not decoded.doubt
    assert {clause: decoded.choices.get(clause) for clause in told} == told


@pytest.mark.parametrize(
    ("table", "context"),
    [
        ([RUSSIAN, *ROWS], DATA),
        ([r[1:] for r in ROWS], DATA),
        ([["статус", "ид"], ["ok", "5"]], CREATE),
        ([["Статус задачи"], ["processing"]], DATA),
        ([["State"], ["processing"]], NAMES),
        ([["ok", "5", "6"]], CREATE),
        ([["error", "нет", "доступа"]], RESULT),
        ([["status", "data"], ["ready", "a:1:{i:0;s:1:x}"]], DATA),
        ([["status", "names"], ["ready", "Оля, Вася"]], NAMES),
    ],
)
def test_a_table_whose_columns_cant_be_told_apart_is_a_layout_that_nobody_knows(
    table: Sequence[Sequence[str]], context: Context
) -> None:
    with pytest.raises(UnknownLayout) as caught:
        read(written(table, CsvDialect(";")), context)

    assert caught.value.clause in ("csv.rows", "csv.header")


@pytest.mark.parametrize(
    ("body", "context"),
    [
        (written(ROWS, CsvDialect()), DATA),
        ("Оля\r\nВася\r\n", NAMES),
        ("Access denied", NAMES),
        ("", DATA),
        ("\r\n", NAMES),
        ("ready,aGVsbG8/,2,127.0.0.1,1,2\r\n", PHOTO),
        ("ready;[];2;127.0.0.1;1;2\r\n", DATA),
        ("ok,1,9,2030-01-01,0\r\n", INFO),
    ],
)
def test_members_that_are_assigned_by_guess_are_in_doubt(body: str | bytes, context: Context) -> None:
    assert read(body, context).doubt


def test_a_guess_that_json_contradicts_stays_in_doubt() -> None:
    assert read("Access denied", replace(NAMES, reference=TWO_NAMES)).doubt
    assert read("", replace(DATA, reference=TWO_ROWS)).doubt
    assert read(written(ROWS[:1], CsvDialect()), replace(DATA, reference=TWO_ROWS)).doubt


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (ready([[*r[:3], "70009999999", *r[4:]] for r in ROWS]), "data[0].phone"),
        (ready([[*r[:1], "7", *r[2:]] for r in ROWS]), "data[0].price"),
        (ready([ROWS[0], ROWS[1], ROWS[1]]), "data[2]"),
        (ready([["Стол", *ROWS[0][1:]], [ROWS[0][0], *ROWS[1][1:]]]), "data[0].title"),
    ],
)
@pytest.mark.parametrize("names", [[], [RUSSIAN]], ids=["no names", "names in Russian"])
def test_a_wrong_value_in_a_table_without_known_names_is_seen(
    wrong: Mapping[str, Any], where: str, names: list[Sequence[str]]
) -> None:
    table = [*names, *([*entry.values()] for entry in wrong["data"])]
    decoded = read(written(table, CsvDialect(";")), replace(DATA, reference=TWO_ROWS))

    assert not decoded.doubt
    assert formats_differ(TWO_ROWS, decoded, DATA) == where


@pytest.mark.parametrize("header", ["name", "Имя", ""])
def test_a_wrong_order_of_names_is_seen_under_any_name_and_none(header: str) -> None:
    names = ["Оля", "Вася", "Анна Зайцева"]
    table = [[header]] * bool(header) + [[name] for name in names[::-1]]
    decoded = read(written(table, CsvDialect()), replace(NAMES, reference=ready(names=names)))

    assert not decoded.doubt
    assert formats_differ(ready(names=names), decoded, NAMES) == "names[0].name"


def test_a_wrong_member_in_a_row_without_names_is_seen() -> None:
    known = ready(photo="aGVsbG8/")
    decoded = read("ready,aGVsbG8/,9,127.0.0.1,1893456000,1893456003\r\n", replace(PHOTO, reference=known))

    assert not decoded.doubt
    assert formats_differ(known, decoded, PHOTO) == "cost"


def test_no_rows_are_names_alone_or_nothing() -> None:
    nothing = ready()

    assert read(",".join(COLUMNS) + "\r\n", DATA).model == {"status": "ready", "data": []}
    assert read("name\r\n", NAMES).model == {"status": "ready", "names": []}
    assert not read("", replace(DATA, reference=nothing)).doubt
    with pytest.raises(UnknownLayout):
        read("", replace(PHOTO, reference=nothing))
    for context in (CREATE, INFO, PHOTO):
        with pytest.raises(Unreadable, match="an empty body"):
            read("", context)


@pytest.mark.parametrize("names", [["name", "1;2", "0"], ["ready"], ["status", "ready"], ["processing"]])
def test_a_name_that_is_a_word_of_the_api_is_a_name_where_json_says_so(names: list[str]) -> None:
    known = ready(names=names)

    assert (
        read("".join(f'"{name}"\r\n' for name in names), replace(NAMES, reference=known)).model["names"]
        == known["names"]
    )


def test_a_blank_line_may_be_an_empty_name_where_json_has_one() -> None:
    known = ready(names=["Оля", ""])

    assert read("name\nОля\n\n", replace(NAMES, reference=known)).model["names"] == known["names"]
    assert read("name\nОля\n\n", NAMES).model["names"] == [{"name": "Оля"}]


# Flat answers.

ACCOUNT = {"api_limit": {"used": 1, "of": 9}, "api_time_limit": "2030-01-01 00:00:00", "demo": "0"}
LEAVES = ["1", "9", "2030-01-01 00:00:00", "0"]
PATHS = ["api_limit.used", "api_limit.of", "api_time_limit", "demo"]
INFO_NAMES: Mapping[str, Sequence[str]] = {
    "dotted": [f"data.{path}" for path in PATHS],
    "underscore": [f"data_{path}".replace(".", "_") for path in PATHS],
    "slash": [f"data/{path}".replace(".", "/") for path in PATHS],
    "brackets": ["data[api_limit][used]", "data[api_limit][of]", "data[api_time_limit]", "data[demo]"],
    "leaf": [path.rpartition(".")[2] for path in PATHS],
    "paths without data": PATHS,
    "paths with an entry's number": [f"data.0.{path}" for path in PATHS],
    "another separator": [f"data->{path}".replace(".", "->") for path in PATHS],
}


@pytest.mark.parametrize(
    "joined", ["data__api_limit__{}", "data=>api_limit=>{}", "dataApiLimit{}", "data.api_limit[{}]"]
)
def test_whatever_stands_between_the_names_of_a_path_is_another_separator(joined: str) -> None:
    names = ["status", *(joined.format(unit.title()) for unit in ("used", "of"))]
    decoded = read(written([names, ["ok", "1", "9"]], CsvDialect()), INFO)

    assert decoded.model == {"status": "ok", "data": {"api_limit": {"used": 1, "of": 9}}}
    assert decoded.choices["info.csv"] == "another separator"


@pytest.mark.parametrize("pairs", [False, True], ids=["row", "pairs"])
@pytest.mark.parametrize("way", INFO_NAMES)
def test_the_account_is_read_however_it_is_laid_flat(way: str, pairs: bool) -> None:
    members = dict(zip(["status", *INFO_NAMES[way]], ["ok", *LEAVES], strict=True))
    table = [[*pair] for pair in members.items()] if pairs else [[*members], [*members.values()]]
    decoded = read(written(table, CsvDialect()), INFO)

    assert decoded.model == {"status": "ok", "data": ACCOUNT}
    assert decoded.choices["info.csv"] == way
    assert decoded.choices["csv.flat"] == ("pairs" if pairs else "row")


@pytest.mark.parametrize(
    ("members", "way"),
    [
        ({"status": "ok", "data": json.dumps(ACCOUNT)}, "json"),
        ({"data": json.dumps(ACCOUNT)}, "json"),
        ({"status": "ok", "data": json.dumps([ACCOUNT])}, "json"),
        ({"status": "ok", "api_limit": '{"used":1,"of":9}', "api_time_limit": LEAVES[2], "demo": "0"}, "JSON in cells"),
        ({"status": "ok", "data.balance": "5", **dict(zip(INFO_NAMES["dotted"], LEAVES, strict=True))}, "dotted"),
    ],
)
def test_the_account_may_be_json_in_a_cell_and_have_more_members(members: Mapping[str, str], way: str) -> None:
    decoded = read(written([[*members], [*members.values()]], CsvDialect()), INFO)

    assert formats_differ({"status": "ok", "data": ACCOUNT}, decoded, INFO) is None
    assert decoded.choices["info.csv"] == way


@pytest.mark.parametrize(
    ("body", "context", "model", "told"),
    [
        ("status,id\r\nok,5\r\n", CREATE, {"status": "ok", "id": 5}, {"csv.flat": "row", "csv.header": "yes"}),
        ("id,status\nok,5\n", CREATE, {"status": "5", "id": "ok"}, {"csv.flat": "row"}),
        (
            "Status;Id\nok;5\n",
            CREATE,
            {"status": "ok", "id": 5},
            {"csv.header": "yes", "csv.flat": "a row under names in another spelling"},
        ),
        ("ok;5\r\n", CREATE, {"status": "ok", "id": 5}, {"csv.delimiter": ";", "csv.header": "no"}),
        ("ok,notanumber\r\n", CREATE, {"status": "ok", "id": "notanumber"}, {"csv.header": "no"}),
        ("status,id\nsuccess,5\n", CREATE, {"status": "success", "id": 5}, {}),
        ("status,ok\r\nid,5\r\n", CREATE, {"status": "ok", "id": 5}, {"csv.flat": "pairs", "csv.header": None}),
        (
            "name,value\nstatus,ok\nid,5\n",
            CREATE,
            {"status": "ok", "id": 5},
            {"csv.flat": "pairs under a line of names"},
        ),
        ("status: ok\nid: 5\n", CREATE, {"status": "ok", "id": 5}, {"csv.flat": "pairs"}),
        ("id\r\n5\r\n", CREATE, {"status": "ok", "id": 5}, {"csv.flat": "a row without a status"}),
        ("ok,5,\r\n", CREATE, {"status": "ok", "id": 5}, {"csv.layout": "a delimiter at each line's end"}),
        ("ok, 5\r\n", CREATE, {"status": "ok", "id": 5}, {"csv.layout": "white space around cells"}),
        ("processing\r\n", DATA, {"status": "processing"}, {"csv.header": "no"}),
        ("status,processing\r\n", DATA, {"status": "processing"}, {"csv.flat": "pairs"}),
        (f"status,{','.join(COLUMNS)}\nprocessing{',' * 10}\n", DATA, {"status": "processing"}, {}),
        (
            'status,error_code,message\r\nerror,-1,"Not set param(s) login, token"\r\n',
            DATA,
            {"status": "error", "error_code": -1, "message": "Not set param(s) login, token"},
            {"csv.delimiter": ","},
        ),
        ("error;401;Нет\n", DATA, {"status": "error", "error_code": 401, "message": "Нет"}, {"csv.flat": "row"}),
        (
            "error;Нет;401\n",
            DATA,
            {"status": "error", "error_code": 401, "message": "Нет"},
            {"csv.flat": "a row in another order"},
        ),
        ("error_code,message\n5,m\n", DATA, {"status": "error", "error_code": 5, "message": "m"}, {}),
    ],
)
def test_flat_answers_are_read_as_row_or_pairs(
    body: str, context: Context, model: dict[str, Any], told: Mapping[str, str | None]
) -> None:
    decoded = read(body, context)

    assert decoded.model == model
    assert not decoded.doubt
    assert {clause: decoded.choices.get(clause) for clause in told} == told


FLAT_ROWS = {
    "json": {
        "status": "ready",
        **{n: json.dumps(v) for n, v in TWO_ROWS.items() if n in ("data", "names")},
        "photo": "",
        **TASK,
    },
    "flattened": {
        "status": "ready",
        **{f"data.{i}.{name}": text for i, entry in enumerate(TWO_ROWS["data"]) for name, text in entry.items()},
        "photo": "",
        **TASK,
    },
}


@pytest.mark.parametrize("pairs", [False, True], ids=["row", "pairs"])
@pytest.mark.parametrize("way", FLAT_ROWS)
def test_rows_may_be_laid_flat(way: str, pairs: bool) -> None:
    members = {name: str(value) for name, value in FLAT_ROWS[way].items()}
    table = [[*pair] for pair in members.items()] if pairs else [[*members], [*members.values()]]
    decoded = read(written(table, CsvDialect(cell=quoted)), DATA)

    assert formats_differ(TWO_ROWS, decoded, DATA) is None
    assert decoded.choices["csv.rows"] == way


def test_nothing_is_left_of_an_empty_list_that_is_laid_flat() -> None:
    for table in (TASK_ROW, TASK_PAIRS):
        body = written(table, CsvDialect())

        assert read(body, DATA).model == {"status": "ready", **TASK, "data": []}
        decoded = read(body, replace(DATA, reference=TWO_ROWS))
        assert formats_differ(TWO_ROWS, decoded, DATA) == "data[0]"


def test_a_list_that_php_lost_is_not_taken_for_an_empty_one() -> None:
    names = ["status", "data", "names", "photo", *TASK]
    decoded = read(written([names, ["ready", "Array", "Array", "", *map(str, TASK.values())]], CsvDialect()), DATA)

    assert formats_differ(TWO_ROWS, decoded, DATA) == "data"


# What is no table, and which reason is given.


@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["{names}", "{row}", "a{d}b"], "line 3 has 2 fields, 10 are due"),
        (["{names}", "{row}", "a"], "line 3 has 1 field, more are due"),
        (["{names}", "{row}{d}{row}"], "line 2 has 20 fields, 10 are due"),
        (["{names}", '"a', 'b"{d}{row}', "{row}{d}x"], "line 2 has 11 fields, 10 are due"),
        (["{names}", "{row}", '"{row}'], "line 3: a quote or line break"),
        (["status{d}id", "ok{d}5", "ok{d}6"], "2 rows under the names of a flat answer"),
        (["status{d}id{d}id", "ok{d}5{d}6"], "a name that stands twice"),
    ],
)
def test_the_reason_is_that_of_the_right_delimiter(delimiter: str, lines: list[str], why: str) -> None:
    cells = [f"a{mark}".replace(delimiter, "") for mark in ",;|\t,;|\t,;"]
    parts = {"d": delimiter, "names": delimiter.join(COLUMNS), "row": delimiter.join(cells)}
    with pytest.raises(Unreadable, match=why):
        read("".join(line.format(**parts) + "\n" for line in lines), DATA)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'status,id\r\nok,"5\r\n', "line 2: a quote"),
        (b"status,id\r\nok\r\n", "line 2 has 1 field"),
        (b"status,id\r\nok,5\r\nok,6\r\n", "2 rows under the names"),
        (b"status,id\r\n", "0 rows under the names"),
        (b"status,status\r\nok,ok\r\n", "a name that stands twice"),
        (b"name,name\r\na,b\r\n", "a name twice"),
        (b"\xff\x98", "neither UTF-8"),
        (b"\xef\xbb\xbf\xff", "a mark of its charset"),
        (b"<response/>", "markup"),
        (b"abc", "no known columns"),
        (b"a,b\r\n", "no known columns"),
        (b"5", "no known columns"),
        (b"Notice: no index format\nprocessing\n", "no known columns"),
        (b"a\0b", "a NUL"),
    ],
)
def test_what_is_not_an_answer_in_csv_is_unreadable_and_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(body, NAMES if b"name," in body else DATA)


# Several tables, and what stands around one.

TASK_ROW = [["status", *TASK], ["ready", *map(str, TASK.values())]]
TASK_PAIRS = [[name, str(value)] for name, value in {"status": "ready", **TASK}.items()]
NO_NAMES = [["name"]]


def blocks(*parts: Sequence[Sequence[str]] | str, between: str = "\r\n") -> str:
    """Tables and lines of text, one below the other."""
    return between.join(p if isinstance(p, str) else written(p, CsvDialect()).decode() for p in parts)


@pytest.mark.parametrize("known", [False, True], ids=["alone", "with JSON"])
@pytest.mark.parametrize("between", ["", "\r\n"], ids=["at once", "after a blank line"])
@pytest.mark.parametrize(
    "parts",
    [
        (TASK_ROW, [COLUMNS, *ROWS]),
        (TASK_ROW, [COLUMNS, *ROWS], NO_NAMES),
        (TASK_PAIRS, [COLUMNS, *ROWS]),
        ([["status", "ready"]], [COLUMNS, *ROWS]),
        ("#task\r\n", TASK_ROW, "#data\r\n", [COLUMNS, *ROWS], "#names\r\n", NO_NAMES),
        ("[task]\r\n", TASK_ROW, "[data]\r\n", [COLUMNS, *ROWS]),
        (TASK_ROW, [COLUMNS, *ROWS], "Итого,2\r\n"),
    ],
)
def test_tables_one_below_the_other_are_one_answer(parts: Any, between: str, known: bool) -> None:
    decoded = read(blocks(*parts, between=between), replace(DATA, reference=TWO_ROWS if known else None))

    assert formats_differ(TWO_ROWS, decoded, DATA) is None
    assert decoded.model["data"] == TWO_ROWS["data"]
    assert decoded.choices["csv.rows"] == "several tables"
    assert not decoded.doubt


@pytest.mark.parametrize("between", ["", "\r\n"], ids=["at once", "after a blank line"])
@pytest.mark.parametrize(("names", "context"), [(COLUMNS, DATA), (["name"], NAMES)], ids=["data", "names"])
def test_a_line_of_names_below_another_table_is_an_empty_list(
    names: Sequence[str], context: Context, between: str
) -> None:
    for known in (None, ready()):
        decoded = read(blocks(TASK_ROW, [names], between=between), replace(context, reference=known))

        assert decoded.model == {"status": "ready", **TASK, str(context.section): []}


@pytest.mark.parametrize(
    "parts",
    [
        ([[*"abcd"], [*"1234"]], [COLUMNS, *ROWS]),
        (TASK_ROW, [COLUMNS, *ROWS], [COLUMNS, *ROWS]),
        (TASK_ROW, [RUSSIAN, *ROWS]),
        (TASK_ROW, "<table>\r\n", [COLUMNS, *ROWS]),
    ],
)
def test_tables_that_are_no_answer_together_are_told_as_several(parts: Any) -> None:
    with pytest.raises((UnknownLayout, Unreadable), match=r"several tables|fields|more are due"):
        read(blocks(*parts), DATA)


TABLE = written([COLUMNS, *ROWS], CsvDialect()).decode()


@pytest.mark.parametrize(
    "line",
    [
        *("Итого,2", "Всего: 2", "Total,,2", '"Итого","2"', "(2 rows)", "2 rows", "# 2", "-- конец", "EOF"),
        *("Итого,2,,,,,,,,", ",,,,,,,,Всего,2", "\r\nИтого,2", "Итого,2\r\n# 2030-01-01"),
    ],
)
@pytest.mark.parametrize("end", ["", "\r\n"], ids=["open", "ended"])
def test_a_line_after_the_rows_that_says_so_is_none_of_them(line: str, end: str) -> None:
    for context in (DATA, replace(DATA, reference=TWO_ROWS)):
        decoded = read(f"{TABLE}{line}{end}", context)

        assert decoded.model["data"] == TWO_ROWS["data"]
        assert decoded.choices["csv.layout"].endswith("lines after the rows")


@pytest.mark.parametrize("line", ["Две,2", "2", "Спасибо", "сформировано;2030-01-01"])
def test_any_short_line_after_the_rows_is_none_of_them_where_json_has_all_others(line: str) -> None:
    decoded = read(f"{TABLE}{line}\r\n", replace(DATA, reference=TWO_ROWS))

    assert decoded.model["data"] == TWO_ROWS["data"]
    assert decoded.choices["csv.layout"] == "lines after the rows"
    with pytest.raises(Unreadable):
        read(f"{TABLE}{line}\r\n", DATA)
    with pytest.raises(Unreadable):
        read(f"{TABLE}{line}\r\n", replace(DATA, reference=ready([*ROWS, row(3)])))


@pytest.mark.parametrize(
    "line", ["</table></body></html>", "<br>", "array(2) {", "int(5)", "string(2),x", "Array", "{"]
)
def test_what_a_program_left_behind_is_no_line_after_the_rows(line: str) -> None:
    with pytest.raises(Unreadable):
        read(f"{TABLE}{line}\r\n", replace(DATA, reference=TWO_ROWS))


def test_lines_of_many_lengths_are_no_tables() -> None:
    body = TABLE + "".join(f"a,b{',c' * (n % 2)}\r\n" for n in range(100))

    for context in (DATA, replace(DATA, reference=TWO_ROWS)):
        with pytest.raises(Unreadable, match="fields, 10 are due"):
            read(body, context)


@given(st.data())
def test_a_table_that_was_cut_off_is_not_taken_for_a_whole_one(data: st.DataObject) -> None:
    body = TABLE[: data.draw(st.integers(1, len(TABLE) - 3))]
    try:
        decoded = read(body, replace(DATA, reference=TWO_ROWS))
    except (Unreadable, UnknownLayout):
        return
    assert formats_differ(TWO_ROWS, decoded, DATA) is not None


@pytest.mark.parametrize("line", ["# by an API, v1", "# a, b, c, d", "// made by hand, today", "Отчёт", "# a\r\n# b"])
def test_a_comment_before_the_names_is_told(line: str) -> None:
    for body, context in ((f"{line}\r\n{TABLE}", DATA), (f"{line}\r\nstatus,id\r\nok,5\r\n", CREATE)):
        decoded = read(body, context)

        assert decoded.model["status"] in ("ready", "ok")
        assert decoded.choices["csv.layout"] == "lines before the names"


# What writers make of cells.


def escaped(cell: str, dialect: CsvDialect) -> str:
    """A backslash before what would end the cell, as databases write it."""
    return "".join("\\" * (c in f'\\"\r\n{dialect.delimiter}') + c for c in cell)


@given(
    rows=st.lists(st.lists(TEXT, min_size=10, max_size=10), min_size=1, max_size=3),
    delimiter=st.sampled_from([",", ";", "\t"]),
    quotes=st.booleans(),
)
def test_any_texts_are_read_with_backslashes_as_escapes(rows: list[list[str]], delimiter: str, quotes: bool) -> None:
    dialect = CsvDialect(delimiter, "\n", cell=lambda c, d: f'"{escaped(c, d)}"' if quotes else escaped(c, d))
    decoded = read(written([COLUMNS, *rows], dialect), replace(DATA, reference=ready(rows)))

    assert formats_differ(ready(rows), decoded, DATA) is None


def changed(column: str, change: Any) -> list[list[str]]:
    """The table with the cells of a column as a writer changes them; empty: of every column."""
    return [
        [*COLUMNS],
        *([change(c) if column in ("", n) else c for n, c in zip(COLUMNS, r, strict=True)] for r in ROWS),
    ]


CUSTOMS: Mapping[str, tuple[list[list[str]], str]] = {
    "formulas": (changed("phone", '="{}"'.format), "formulas of texts"),
    "formulas all over": (changed("", '="{}"'.format), "formulas of texts"),
    "an apostrophe": (changed("", "'{}".format), "an apostrophe before texts"),
    "an apostrophe before a phone": (changed("phone", "'{}".format), "phones in another form"),
    "a plus": (changed("phone", "+{}".format), "phones in another form"),
    "a phone in groups": (changed("phone", lambda p: f"+{p[0]} ({p[1:4]}) {p[4:]}"), "phones in another form"),
    "a tab before a phone": (changed("phone", "\t{}".format), "white space around cells"),
    "a line break in a cell": (changed("price", "{}\n".format), "white space around cells"),
    "decimal commas": (changed("price", "{},00".format), "decimal commas"),
}


@pytest.mark.parametrize("custom", CUSTOMS)
def test_what_writers_make_of_cells_is_undone_where_json_decides_and_told(custom: str) -> None:
    table, told = CUSTOMS[custom]
    rows = [["=1", *r[1:]] if "apostrophe" in told else r for r in ROWS]
    known = ready(rows)
    if rows != ROWS:
        table = [[*COLUMNS], *(["'=1", *r[1:]] for r in ROWS)]
    decoded = read(written(table, CsvDialect(";")), replace(DATA, reference=known))

    assert formats_differ(known, decoded, DATA) is None
    assert decoded.choices["csv.layout"] == told


@pytest.mark.parametrize("word", ["NULL", "\\N", "None", "nan", "null"])
def test_a_word_for_nothing_is_nothing_where_json_has_nothing(word: str) -> None:
    empty = [[*r[:5], "", *r[6:]] for r in ROWS]
    body = written([COLUMNS, *([*r[:5], word, *r[6:]] for r in empty)], CsvDialect())
    decoded = read(body, replace(DATA, reference=ready(empty)))

    assert formats_differ(ready(empty), decoded, DATA) is None
    assert decoded.choices["csv.layout"] == "a word for nothing"
    assert formats_differ(TWO_ROWS, read(body, replace(DATA, reference=TWO_ROWS)), DATA) == "data[0].description"


@pytest.mark.parametrize(
    "phone", ["7,00E+10", "7.00012E+10", "70001234567.0", "'70009999999", '="70009999999"', "7000***"]
)
def test_a_phone_that_lost_digits_is_another_one(phone: str) -> None:
    decoded = read(written(changed("phone", lambda _: phone), CsvDialect(";")), replace(DATA, reference=TWO_ROWS))

    assert formats_differ(TWO_ROWS, decoded, DATA) == "data[0].phone"


@pytest.mark.parametrize(
    ("cell", "value", "told"),
    [('"5\n"', 5, "white space around cells"), (" 5", 5, "white space around cells"), ("5", 5, "plain")],
)
def test_white_space_around_a_number_is_told(cell: str, value: int, told: str) -> None:
    decoded = read(f"status,id\r\nok,{cell}\r\n", CREATE)

    assert (decoded.model["id"], decoded.choices["csv.layout"]) == (value, told)


@pytest.mark.parametrize(
    ("table", "context", "known"),
    [
        ("status;номер\nok;5\n", CREATE, None),
        ("status;код;текст\nerror;5;нет\n", RESULT, None),
        ("status;занято;лимит\nok;1;9\n", INFO, {"status": "ok", "data": {"api_limit": {"used": 1, "of": 9}}}),
        ("status;фото;цена;адрес;начало;конец\nready;aGk=;1;127.0.0.1;1;2\n", PHOTO, None),
    ],
)
def test_names_of_its_own_in_a_flat_answer_are_a_layout_that_nobody_knows(
    table: str, context: Context, known: Mapping[str, Any] | None
) -> None:
    with pytest.raises(UnknownLayout) as caught:
        read(table, replace(context, reference=known))

    assert caught.value.clause in ("csv.flat", "info.csv")


@pytest.mark.parametrize(
    "way", ["row.{}.{}", "{}.{}", "response.data.{}.{}", "row_{}_{}", "Data[{}][{}]", "rows/{}/{}"]
)
def test_rows_are_laid_flat_under_any_list(way: str) -> None:
    cells = {way.format(i, n): c for i, r in enumerate(ROWS) for n, c in zip(COLUMNS, r, strict=True)}
    members = {"status": "ready", **cells, **{name: str(value) for name, value in TASK.items()}}
    decoded = read(written([[*members], [*members.values()]], CsvDialect()), DATA)

    assert decoded.model["data"] == TWO_ROWS["data"]


def test_an_answer_is_read_although_what_is_known_is_of_before() -> None:
    before = {"status": "processing"}

    for body in (TABLE, blocks(TASK_ROW, [COLUMNS, *ROWS])):
        assert read(body, replace(DATA, reference=before)).model["data"] == TWO_ROWS["data"]


@given(st.data())
def test_a_row_that_is_damaged_is_noticed(data: st.DataObject) -> None:
    """Where a quote, a delimiter or a line break is lost or stands where none was."""
    dialect = DIALECTS[data.draw(st.sampled_from(["RFC 4180", "semicolon", "tab", "all quoted", "fputcsv"]))]
    body = written([COLUMNS, *ROWS], dialect).decode()
    at = data.draw(st.integers(0, len(body) - 3))
    marks = {'"', "\n", dialect.delimiter}
    if body[at] in marks:
        damaged = body[:at] + body[at + 1 :]
    else:
        damaged = body[:at] + data.draw(st.sampled_from(sorted(marks))) + body[at:]
    around = body[max(0, at - 1) : at + 1]
    assume(body[at] in marks or around.isalnum())  # a line break beside a cell's end is white space around it
    try:
        decoded = read(damaged, replace(DATA, reference=TWO_ROWS))
    except (Unreadable, UnknownLayout):
        return
    assert formats_differ(TWO_ROWS, decoded, DATA) is not None or decoded.choices != read(body, DATA).choices


@pytest.mark.parametrize("body", ["4711\r\n", "OK\n4711\n", "status\nok\nid\n4711\n"])
def test_a_create_with_a_cell_in_each_line_may_be_an_answer(body: str) -> None:
    with pytest.raises(UnknownLayout):
        read(body, CREATE)


@pytest.mark.parametrize("body", ["fine\r\n", "Access denied\nask us\n", "4711\n" * 21])
def test_a_create_without_an_id_in_a_line_is_no_answer(body: str) -> None:
    with pytest.raises(Unreadable):
        read(body, CREATE)


def test_lines_that_end_twice_are_no_blank_ones() -> None:
    decoded = read("name\r\r\nОля\r\r\nВася\r\r\n", replace(NAMES, reference=ready(names=["Оля", "Вася"])))

    assert [entry["name"] for entry in decoded.model["names"]] == ["Оля", "Вася"]
    assert decoded.choices["csv.line-end"] == "CR and CRLF after each line"
    blank = ready(names=["Оля", "", "Вася"])
    assert read("name\r\nОля\r\n\r\nВася\r\n", replace(NAMES, reference=blank)).model["names"] == blank["names"]
