"""The three formats: the same data, for any text, in any dialect, as independent readers see it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mockserver.core.messages import Answer
from mockserver.formats.csv import COLUMNS
from mockserver.formats.writers import WRITERS
from mockserver.profile.profile import Rendering, resolve
from support.in_process import CLAUSES, Api

# What XML 1.0 can carry: no control characters, no surrogates, not U+FFFE and U+FFFF.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r\",;'")
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS["data"], TEXT)), max_size=3)
NAMES = st.lists(st.fixed_dictionaries({"name": TEXT}), max_size=3)


def writing(**profile: str) -> Rendering:
    return resolve(CLAUSES, {name.replace("__", "-").replace("_", "."): v for name, v in profile.items()}).rendering


def ready(rows: list[dict[str, str]], names: list[dict[str, str]], table: str | None) -> Answer:
    body: dict[str, Any] = {"status": "ready", "data": rows, "names": names, "photo": "", "cost": "1"}
    return Answer(body, rows=table)


def tree(element: etree._Element) -> Any:
    if len(element) == 0:
        return element.text or ""
    names = [child.tag for child in element]
    if names == ["item"] * len(names):
        return [tree(child) for child in element]
    return {child.tag: tree(child) for child in element}


@given(ROWS, NAMES)
def test_json_and_xml_carry_the_same_whole(rows: list[dict[str, str]], names: list[dict[str, str]]) -> None:
    answer = ready(rows, names, None)
    seen = tree(etree.fromstring(WRITERS["xml"].write(answer, writing())))

    assert json.loads(WRITERS["json"].write(answer, writing())) == answer.body
    assert seen == {key: value or "" for key, value in answer.body.items()}


@pytest.mark.parametrize("delimiter", [",", ";", "tab"])
@pytest.mark.parametrize("end", ["CRLF", "LF"])
@given(rows=ROWS)
def test_csv_carries_the_same_rows(delimiter: str, end: str, rows: list[dict[str, str]]) -> None:
    style = writing(csv_delimiter=delimiter, csv_line__end=end)
    text = WRITERS["csv"].write(ready(rows, [], "data"), style).decode()
    mark = "\t" if delimiter == "tab" else delimiter

    seen = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    assert seen == rows


@given(names=NAMES)
def test_csv_carries_names_also_where_they_are_empty(names: list[dict[str, str]]) -> None:
    text = WRITERS["csv"].write(ready([], names, "names"), writing()).decode()

    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == [["name"], *([n["name"]] for n in names)]


@given(TEXT)
def test_escaped_json_is_ascii_and_the_same(text: str) -> None:
    written = WRITERS["json"].write(Answer({"message": text}), writing(json_escapes="escaped"))

    assert json.loads(written.decode("ascii")) == {"message": text}
    assert b"/" not in written.replace(b"\\/", b"")


def test_what_cp1251_lacks_becomes_a_question_mark() -> None:
    written = WRITERS["csv"].write(Answer({"message": "Вася 😀"}), writing(csv_encoding="cp1251"))

    assert written == "message\r\nВася ?\r\n".encode("cp1251")


def test_the_charset_of_csv_is_in_its_content_type() -> None:
    api = Api({"csv.encoding": "cp1251"})

    assert ("Content-Type", "text/csv; charset=windows-1251") in api.send("info", format="csv").headers


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, b"status,id\r\nok,5\r\n"),
        ({"csv_header": "no"}, b"ok,5\r\n"),
        ({"csv_flat": "pairs"}, b"status,ok\r\nid,5\r\n"),
        ({"csv_encoding": "utf-8-sig", "csv_line__end": "LF"}, b"\xef\xbb\xbfstatus,id\nok,5\n"),
    ],
)
def test_a_flat_answer_is_written_as_its_clauses_say(profile: dict[str, str], expected: bytes) -> None:
    assert WRITERS["csv"].write(Answer({"status": "ok", "id": 5}), writing(**profile)) == expected


def test_nothing_found_is_a_header_alone_in_csv() -> None:
    header = ",".join(COLUMNS["data"]) + "\r\n"

    assert WRITERS["csv"].write(ready([], [], "data"), writing()) == header.encode()


def test_the_accounts_answer_is_laid_flat_by_path_or_by_leaf() -> None:
    dotted = Api().send("info", format="csv").body.splitlines()[0]
    leaf = Api({"info.csv": "leaf", "info.shape": "list"}).send("info", format="csv").body.splitlines()[0]

    assert dotted == b"status,data.api_limit.used,data.api_limit.of,data.api_time_limit,data.demo"
    assert leaf == b"status,used,of,api_time_limit,demo"


def test_xml_carries_a_carriage_return_and_no_illegal_character() -> None:
    written = WRITERS["xml"].write(Answer({"m": "a\r\nb]]>\x00"}), writing())

    assert etree.fromstring(written).findtext("m") == "a\r\nb]]>\ufffd"
