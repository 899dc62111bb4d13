"""Comparing answers: in what is documented, as far as formats and charsets carry it; values in unknown layouts."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.contract.members import COLUMNS
from contract_tests.decode.carries import carries
from contract_tests.decode.compare import charset_choice, difference, formats_differ, reads_differ
from contract_tests.decode.lacking import lacked, replacement
from contract_tests.decode.model import Context, Decoded

RESULT = Context("result")
ROW = {column: f"{column} Оля" for column in COLUMNS}
READY: Mapping[str, Any] = {
    "status": "ready",
    "data": [ROW, {**ROW, "title": "Стол"}],
    "names": [],
    "photo": "",
    "cost": "2.00",
    "ip": "127.0.0.1",
    "create_time": 1893456000,
    "end_time": 1893456003,
}


def decoded(model: Mapping[str, Any], fmt: str = "xml", rows: str | None = None, **choices: str) -> Decoded:
    return Decoded(model, fmt, {f"{fmt}.{name}": choice for name, choice in choices.items()}, rows)


def changed(**members: Any) -> dict[str, Any]:
    return {**READY, **members}


BESIDE = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(one=BESIDE, other=BESIDE)
def test_members_beside_the_documented_ones_may_be_anything(one: Any, other: Any) -> None:
    for a, b in (
        (changed(balance=one), changed(balance=other)),
        (changed(balance=one), READY),
        (changed(data=[{**ROW, "id": one}, READY["data"][1]]), READY),
        (changed(names=[{"name": "Оля", "count": one}]), changed(names=[{"name": "Оля"}])),
    ):
        assert reads_differ(a, b) is None
        assert formats_differ(a, decoded(b), RESULT) is None


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"status": "processing"}, "status"),
        ({"data": [ROW]}, "data[1]"),
        ({"data": []}, "data[0]"),
        ({"data": ""}, "data"),
        ({"data": "Array"}, "data"),
        ({"data": [{**ROW, "title": "Стул"}, READY["data"][1]]}, "data[0].title"),
        ({"data": [{**ROW, "url": ""}, READY["data"][1]]}, "data[0].url"),
        ({"names": [{"name": "Оля"}]}, "names[0]"),
        ({"photo": "aGk="}, "photo"),
        ({"photo": "aG k="}, "photo"),
        ({"cost": "3"}, "cost"),
        ({"ip": "127.0.0.2"}, "ip"),
        ({"create_time": 1893456001}, "create_time"),
    ],
)
def test_what_is_documented_must_be_the_same(members: dict[str, Any], place: str) -> None:
    assert formats_differ(READY, decoded(changed(**members)), RESULT) == place
    assert reads_differ(READY, changed(**members)) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"names": []}, {"names": ""}),
        ({"names": []}, {"names": None}),
        ({"names": False}, {"names": []}),
        ({"photo": None}, {"photo": ""}),
        ({"photo": False}, {"photo": "  "}),
        ({"names": {}}, {"names": []}),
        ({"cost": "2.00"}, {"cost": "2"}),
        ({"cost": "2.00"}, {"cost": 2}),
        ({"cost": 2}, {"cost": "2.0"}),
        ({"create_time": 1893456000}, {"create_time": "1893456000"}),
        ({"create_time": 1893456000.0}, {"create_time": 1893456000}),
        ({"create_time": 1893456000}, {"create_time": "2030-01-01 03:00:00"}),
        ({"ip": " 127.0.0.1"}, {"ip": "127.0.0.1\n"}),
        ({"data": [{**ROW, "title": "a\r\nb\rc"}]}, {"data": [{**ROW, "title": "a\nb\nc"}]}),
        ({"data": [{**ROW, "price": 1000}]}, {"data": [{**ROW, "price": "1000"}]}),
        ({"data": [{**ROW, "price": 0.1 + 0.2}]}, {"data": [{**ROW, "price": "0.3"}]}),
        ({"data": [{**ROW, "phone": 79991234567}]}, {"data": [{**ROW, "phone": "79991234567"}]}),
        ({"data": [{**ROW, "url": None}]}, {"data": [{k: v for k, v in ROW.items() if k != "url"}]}),
        ({"names": ["Оля"]}, {"names": [{"name": "Оля"}]}),
        ({"photo": "aGVsbG8/aGVs"}, {"photo": "aGVs\r\n  bG8/\naGVs\n"}),
    ],
)
@pytest.mark.parametrize("fmt", ["xml", "csv"])
def test_what_formats_write_in_their_own_ways_is_the_same(one: dict[str, Any], other: dict[str, Any], fmt: str) -> None:
    assert formats_differ(changed(**one), decoded(changed(**other), fmt), RESULT) is None
    assert formats_differ(changed(**other), decoded(changed(**one), fmt), RESULT) is None


@pytest.mark.parametrize("section", ["data", "names", "photo"])
def test_an_empty_section_may_be_left_out(section: str) -> None:
    empty = changed(**{"data": [], section: []})

    assert formats_differ(empty, decoded({k: v for k, v in empty.items() if k != section}), RESULT) is None


@pytest.mark.parametrize(("one", "other"), [("007", "7"), ("1e3", "1000"), ("да", "true"), ("0", "")])
def test_texts_that_look_alike_are_not_the_same(one: str, other: str) -> None:
    a, b = changed(data=[{**ROW, "title": one}]), changed(data=[{**ROW, "title": other}])

    assert formats_differ(a, decoded(b), RESULT) == "data[0].title"


def test_of_rows_alone_their_section_is_compared() -> None:
    rows = decoded({"status": "ready", "data": READY["data"]}, "csv", "data")

    assert formats_differ(READY, rows, RESULT) is None
    assert formats_differ(changed(data=[ROW]), rows, RESULT) == "data[1]"
    without = decoded({"status": "ready", "data": [{"title": "title Оля"}, {"title": "Стол"}]}, "csv", "data")
    assert formats_differ(READY, without, RESULT) == "data[0].category"


def test_info_and_errors_are_compared_in_their_documented_members() -> None:
    account = {"api_limit": {"used": 1, "of": 9, "left": 8}, "api_time_limit": None, "demo": False, "balance": 1.5}
    written = {"api_limit": {"used": "1", "of": "9"}, "api_time_limit": "", "demo": "0"}
    info, error = Context("info"), {"status": "error", "error_code": 400, "message": "m"}

    assert formats_differ({"status": "ok", "data": account}, decoded({"data": [written]}), info) is None
    assert formats_differ({"data": account}, decoded({"data": {**written, "demo": "1"}}), info) == "data.demo"
    assert formats_differ(error, decoded({**error, "error_code": "400", "trace": "x"}), info) is None
    assert formats_differ(error, decoded({**error, "message": "n"}), info) == "message"


def test_the_exact_difference_distinguishes_types() -> None:
    assert difference({"a": [1, True]}, {"a": [1, 1]}) == "a[1]"
    assert difference({"a": 1}, {"a": 1.0}) == "a"
    assert difference({"a": 1}, {}) == "a"
    assert difference([1], [1, 2]) == "[1]"
    assert difference({"a": [{"b": None}]}, {"a": [{"b": None}]}) is None


# Charsets that lack characters.


@pytest.mark.parametrize(
    ("text", "written", "choice"),
    [
        ("Оля \U0001f600!", "Оля ?!", "?"),
        ("Оля \U0001f600!", "Оля ??!", "?"),
        ("Оля \U0001f600!", "Оля ????!", "?"),
        ("Оля \U0001f600!", "Оля !", "dropped"),
        ("Оля \U0001f600!", "Оля &#128512;!", "reference"),
        ("Оля \U0001f600!", "Оля &#x1f600;!", "reference"),
        ("5 \u20bd \u2192 6", "5 RUB -> 6", "transliterated"),
        ("a\u2026 b\u2026", "a\u2026 b\u2026", ""),
        ("\U0001f600", "", "dropped"),
        ("Оля \U0001f600!", "Ира ?!", "different"),
        ("Оля \U0001f600!", "Оля ?", "different"),
        ("Оля \U0001f600!", "Оля и ещё много!", "different"),
        ("Оля", "???", "different"),
        ("Оля", "Оля.", "different"),
    ],
)
def test_what_stands_for_characters_that_windows_1251_lacks(text: str, written: str, choice: str) -> None:
    assert replacement(text, written, lacked(text, "cp1251")) == choice


@pytest.mark.parametrize(
    ("encoding", "written", "same"),
    [
        ("cp1251", "?", True),
        (None, "?", True),  # where CSV is ASCII, it may be windows-1251
        ("utf-8", "?", False),
        ("utf-16le", "?", False),
        ("koi8-r", "No", True),
        ("cp1251", "No", True),
    ],
)
def test_only_what_the_charset_lacks_may_be_written_otherwise(encoding: str | None, written: str, same: bool) -> None:
    lost = "\u2116" if encoding == "koi8-r" else "\u263a"
    one = changed(data=[{**ROW, "title": f"Дом {lost}"}])
    other = decoded(
        changed(data=[{**ROW, "title": f"Дом {written}"}]), "csv", **({"encoding": encoding} if encoding else {})
    )

    assert (formats_differ(one, other, RESULT) is None) == same


def test_the_charset_that_the_run_has_seen_decides_where_an_answer_is_ascii() -> None:
    one, other = changed(data=[{"title": "\u263a"}]), decoded(changed(data=[{"title": "?"}]), "csv")

    assert formats_differ(one, other, Context("result", known={"csv.encoding": "cp1251"})) is None
    assert formats_differ(one, other, Context("result", known={"csv.encoding": "utf-8"})) == "data[0].title"


@pytest.mark.parametrize("errors", ["replace", "ignore", "xmlcharrefreplace"])
@pytest.mark.parametrize("space", ["\u202f", "\u3000", "\u2003", "\u200b", "\ufeff", "\u202f\u3000"])
@pytest.mark.parametrize("text", ["{}Оля", "Оля{}", "Оля{}Ира", "{}"])
@pytest.mark.parametrize("fmt", ["xml", "csv"])
def test_white_space_that_windows_1251_lacks_is_lost_at_any_place(text: str, space: str, errors: str, fmt: str) -> None:
    title = text.format(space)
    written = title.encode("cp1251", errors).decode("cp1251")
    one, other = (changed(data=[{**ROW, "title": each}]) for each in (title, written))

    assert formats_differ(one, decoded(other, fmt, encoding="cp1251"), RESULT) is None


def test_what_xml_cant_carry_may_be_written_otherwise_there() -> None:
    one = changed(data=[{**ROW, "title": "a\x0bb"}])

    for written in ("ab", "a?b", "a\ufffdb"):
        other = changed(data=[{**ROW, "title": written}])
        assert formats_differ(one, decoded(other, "xml"), RESULT) is None
        assert formats_differ(one, decoded(other, "csv", encoding="utf-8"), RESULT) == "data[0].title"


@given(text=st.text(st.sampled_from("aбв?& \u263a\U0001f600"), max_size=12))
def test_any_lossy_text_is_told_as_it_was_written(text: str) -> None:
    missing = lacked(text, "cp1251")
    for choice, errors in (("?", "replace"), ("dropped", "ignore"), ("reference", "xmlcharrefreplace")):
        written = text.encode("cp1251", errors).decode("cp1251")
        found = replacement(text, written, missing)
        assert found == choice if missing else found == ""


def test_lossy_texts_are_compared_in_time_that_grows_with_their_size() -> None:
    text, started = "a\u263a" * 300_000, time.process_time()

    assert replacement(text, "a" * 300_000 + "b" * 300_000, lacked(text, "cp1251")) == "different"
    assert replacement(text, "a:)" * 300_000, lacked(text, "cp1251")) == "transliterated"
    assert time.process_time() - started < 10


def test_one_substitute_throughout_is_a_choice_and_several_are_a_word() -> None:
    texts = ["a \u263a", "b \u263a"]
    one = {"status": "ready", "names": [{"name": text} for text in texts]}

    def told(*written: str) -> str:
        other = {"status": "ready", "names": [{"name": text} for text in written]}
        return charset_choice(one, decoded(other, "csv", "names", encoding="cp1251"), RESULT)

    assert told("a ?", "b ?") == "?"
    assert told("a ?", "b ") == "? and dropped"
    assert told(*texts) == ""


# Values in layouts that nobody knows.

ROWS = [
    {
        "title": f"Диван «Икея» {n}",
        "price": f"{n}500",
        "time": f"2030-01-0{n} 10:00:00",
        "phone": "70001234567",
        "name": "Оля",
        "description": f'Стоит "{n}",\nно лежит',
        "url": f"http://x.example/{n}?a=1&b=2",
    }
    for n in range(1, 6)
]
NAMES = [{"name": name} for name in ("Оля", "Вася Зайцев", "Анна")]
PHOTO = base64.b64encode(bytes(range(200))).decode()


def model_of(**sections: Any) -> dict[str, Any]:
    return {**READY, "data": [], "names": [], **sections}


LAYOUTS: Mapping[str, Any] = {
    "yaml": lambda model: "\n".join(f"- {name}: {value!r}" for entry in model["data"] for name, value in entry.items()),
    "table": lambda model: "".join(
        f"<tr>{''.join(f'<td>{escape(v)}</td>' for v in e.values())}</tr>" for e in model["data"]
    ),
    "columns": lambda model: "\n".join(
        ";".join(e[c].replace("\n", " ") for e in model["data"]) for c in model["data"][0]
    ),
    "json lines": lambda model: "\n".join(json.dumps(entry) for entry in model["data"]),
    "json in a cell": lambda model: '"' + json.dumps(model["data"]).replace("/", "\\/").replace('"', '""') + '"',
    "wrapped lines": lambda model: "\n".join(
        json.dumps(model, ensure_ascii=False)[i : i + 40] for i in range(0, 4000, 40)
    ),
}


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1251", "koi8-r", "cp866", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_are_found_whatever_the_layout(layout: str, charset: str) -> None:
    model = model_of(data=ROWS)
    body = LAYOUTS[layout](model).encode(charset, "replace")

    assert carries(body, model) is True
    less = LAYOUTS[layout](model_of(data=ROWS[:2] + ROWS[3:])).encode(charset, "replace")
    assert carries(less, model) is False


@pytest.mark.parametrize(
    ("model", "body", "carried"),
    [
        (model_of(names=NAMES), "Оля|Вася Зайцев|Анна", True),
        (model_of(names=NAMES), "Оля|Анна", False),
        (model_of(photo=PHOTO), f"photo={PHOTO[:76]}\r\n{PHOTO[76:]}", True),
        (model_of(photo=PHOTO), f"photo={PHOTO[:76]}", False),
        (model_of(), "anything", None),
        (model_of(data=[{"title": "", "price": "1"}]), "1", None),
        ({"status": "error", "error_code": 401, "message": "Нет доступа"}, "код: 401; Нет доступа", True),
        ({"status": "error", "error_code": 401, "message": "Нет доступа"}, "Ошибка", False),
        (model_of(data=ROWS), "Access denied", False),
        (model_of(data=ROWS), "PHP Fatal error: in /var/www/x.php on line 3", False),
        (model_of(data=ROWS), "", False),
    ],
    ids=range(11),
)
def test_telling_values_decide(model: dict[str, Any], body: str, carried: bool | None) -> None:
    assert carries(body.encode(), model) is carried


def test_some_values_of_a_row_may_be_shortened_and_short_values_tell_nothing() -> None:
    model = model_of(data=ROWS)
    lines = [f"{row['title']};{row['time']};{row['description']};{row['url'][:9]}" for row in ROWS]

    assert carries("\n".join(lines).encode(), model) is True
    assert carries("\n".join(line.partition(";")[0] for line in lines).encode(), model) is False
    assert carries(b"1 2 3 4 5 6 7 8 9 0 , . ;", model) is False


def test_values_are_looked_for_in_time_that_grows_with_their_size() -> None:
    rows = [{"title": f"Диван {n}", "description": "слово " * 20 + str(n)} for n in range(5_000)]
    model, started = model_of(data=rows), time.process_time()
    text = json.dumps(rows, ensure_ascii=False)

    assert carries(text.encode(), model) is True
    assert carries(text[: len(text) // 2].encode(), model) is False
    assert carries(b"aaa" * 200_000, model_of(data=[{"title": "a" * n} for n in range(3, 200)])) is not None
    assert time.process_time() - started < 20
