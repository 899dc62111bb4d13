"""The checks of a ready answer that the suite, `validate` and `parity` share: each names the place that breaks it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from contract_tests.contract.ready_checks import CheckResult, ShownChoice, TaskFacts, check
from contract_tests.contract.validate import problems
from mockserver.people.pictures import portrait

DATA, PHOTO = TaskFacts(section="data"), TaskFacts(section="photo")
BROKEN: list[tuple[str, dict[str, Any], TaskFacts, str]] = [
    ("row.category", {"data": [{"category": "cars"}, {"category": 7}, {}]}, DATA, "data[1].category"),
    ("result.names", {"names": [{"name": "Anna"}, "Anna"]}, TaskFacts(section="names"), "names[1]"),
    ("result.names", {"names": [{"title": "Anna"}]}, TaskFacts(section="names"), "names[0]"),
    ("result.empty", {"data": None}, DATA, "data"),
    ("result.empty", {}, DATA, "data"),
    ("result.empty", {"data": [{"title": "a car"}]}, TaskFacts(section="data", nothing=True), "data"),
]


@pytest.mark.parametrize(("clause", "model", "facts", "place"), BROKEN)
def test_what_breaks_a_clause_is_found_at_its_place(
    clause: str, model: dict[str, Any], facts: TaskFacts, place: str
) -> None:
    found = [result for result in check(clause, model, facts) if isinstance(result, CheckResult)]

    assert [result.path for result in found if not result.holds] == [place]


MODEL = {"status": "ready", "cost": "1", "ip": "::1", "create_time": 1, "end_time": 2}
PICTURE = base64.encodebytes(portrait("a")).decode()


UNPADDED = base64.b64encode(portrait("a") + bytes((1 - len(portrait("a"))) % 3)).decode().rstrip("=")


@pytest.mark.parametrize(
    "photo", [PICTURE, PICTURE.replace("\n", "\r\n"), PICTURE.replace("\n", "\n    "), UNPADDED, f"{UNPADDED}\n"]
)
def test_a_picture_in_lines_or_unpadded_is_a_picture_and_refutes_the_plain_line_alone(photo: str) -> None:
    found = {clause: [*check(clause, {"photo": photo}, PHOTO)] for clause in ("result.photo", "result.photo-lines")}

    assert [r.holds for results in found.values() for r in results if isinstance(r, CheckResult)] == [True, False]
    assert problems("ready-photo", MODEL | {"photo": photo}) == []


PREVIEW = b"\xff\xd8\xff\xdb...\xff\xd9"
JPEG = b"\xff\xd8\xff\xe1\0\x20Exif" + PREVIEW + b"...\xff\xda...\xff\0...\xff\xd9"
CUT_PREVIEW = b"\xff\xd8\xff\xe1\0\x0dExif\xff\xd8\xff\xdb...\xff\xdb\0\x05...\xff\xda...\xff\0...\xff\xd9"
GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
BITMAP = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0" + b"." * 44
WEBP = b"RIFF\x10\0\0\0WEBPVP8L\x04\0\0\0...."
ENDED = {
    "png": portrait("a"),
    "jpeg": JPEG,
    "jpeg with a cut preview": CUT_PREVIEW,
    "gif": GIF,
    "bmp": BITMAP,
    "webp": WEBP,
}
"""Pictures whose kind tells where they end."""
OTHERS = {
    "avif": b"\0\0\0\x1cftypavif....",
    "heic": b"\0\0\0\x18ftypheic....",
    "tiff": b"II*\0....",
    "icon": b"\0\0\1\0....",
    "jpeg xl": b"\xff\x0a....",
    "svg alone": b"<svg></svg>",
    "svg behind comments": b"<!-- made by hand -->\n<!-- at home --> <svg></svg>",
    "svg behind a DOCTYPE": b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">\n<svg></svg>',
    "svg behind a DOCTYPE of its own": b'\xef\xbb\xbf<?xml version="1.0"?><!-- . -->\n<!DOCTYPE svg [\n'
    b'<!ENTITY ns "http://www.w3.org/2000/svg">]>\n<svg xmlns="&ns;"></svg>',
    "svg": b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>',
}


def _wrong(picture: bytes) -> list[str]:
    found = check("result.photo", {"photo": base64.b64encode(picture).decode()}, PHOTO)
    return [result.found for result in found if isinstance(result, CheckResult) and not result.holds]


@pytest.mark.parametrize("behind", [b"", b"\0" * 9, b"SEFT\1\2 notes of a camera", b"\0\0\0\x18ftypmp42 a film"])
@pytest.mark.parametrize("kind", ENDED)
def test_what_stands_behind_a_whole_picture_breaks_nothing(kind: str, behind: bytes) -> None:
    assert _wrong(ENDED[kind] + behind) == []


@pytest.mark.parametrize("kind", OTHERS)
def test_a_picture_of_any_usual_kind_is_one(kind: str) -> None:
    assert _wrong(OTHERS[kind]) == []


@pytest.mark.parametrize("lacking", [1, 2, 5])
@pytest.mark.parametrize("kind", ENDED)
def test_a_picture_that_is_cut_is_found(kind: str, lacking: int) -> None:
    assert len(_wrong(ENDED[kind][:-lacking])) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BMW for sale",
        b"no picture",
        b"<html></html>",
        b"<!DOCTYPE html><svg>",
        b"<!-- -->" * 99,
        b"\0\0\0\x18ftypmp42....",
    ],
)
def test_what_is_no_picture_is_found(content: bytes) -> None:
    assert len(_wrong(content + b".")) == 1


@pytest.mark.parametrize("photo", [f"data:image/png;base64,{PICTURE}", f"{PICTURE}=", "A", "https://127.0.0.1/a.png"])
def test_a_text_that_no_decoder_reads_is_no_base64(photo: str) -> None:
    assert [r.holds for r in check("result.photo", {"photo": photo}, PHOTO) if isinstance(r, CheckResult)] == [False]


@pytest.mark.parametrize(
    ("photo", "shown"), [("", ""), (None, "null"), (False, "false"), ([], "an empty list"), ("\r\n", None)]
)
def test_what_stands_for_no_photo_is_a_choice_and_breaks_nothing(photo: object, shown: str | None) -> None:
    model = MODEL | {"photo": photo}
    choices = [r.choice for r in check("result.photo-empty", model, PHOTO) if isinstance(r, ShownChoice)]

    assert choices == ([] if shown is None else [shown])
    assert not [*check("result.photo", model, PHOTO)]
    assert problems("ready-photo", model) == []


@pytest.mark.parametrize("model", [{"data": []}, {"data": [{"title": "a car"}]}])
def test_a_list_that_is_empty_or_filled_holds(model: dict[str, Any]) -> None:
    assert all(isinstance(result, CheckResult) and result.holds for result in check("result.empty", model, DATA))


def test_only_clauses_of_rows_are_checked_where_there_are_rows_alone() -> None:
    model = {"data": [{"category": 7}]}

    assert list(check("row.category", model, DATA, rows_only=True))
    assert not list(check("result.ip", model, DATA, rows_only=True))


@pytest.mark.parametrize(
    ("begin", "end", "holds"),
    [
        (1893456002, 1893456001, False),
        (1893456002, 0, False),
        (1893456002123, 1893456001123, False),
        ("1893456002", 1893456001, False),
        ("2030-01-01 10:00:01", "2030-01-01 10:00:00", False),
        ("2030-01-01T10:00:00Z", "2030-01-01T12:59:59+03:00", False),
        ("01.01.2030 10:00", "01.01.2030 9:59", False),
        ("2030-01-01T10:00:00Z", "2030-01-01T13:00:00+03:00", True),
        ("2030-01-01T10:00:00Z", "2030-01-01 10:00:01", None),
        ("2030-01-01 10:00:01", "2030-01-01T10:00:00+00:00", None),
        ("2030-01-01 10:00:01", "01.01.2030 10:00", None),
        ("2030-01-01 10:00:01", "2030-01-01", None),
        ("2030-01-01 10:00:01.9", "2030-01-01 10:00:01", None),
        (311220262359, 10120270000, None),
        (31122026235959, 1012027000000, None),
        (1893456002, "2030-01-01 00:00:00", None),
        ({"date": "2030-01-01 10:00:01"}, {"date": "2030-01-01 10:00:00"}, None),
    ],
)
def test_two_times_are_compared_where_both_have_one_known_form(begin: object, end: object, holds: bool | None) -> None:
    found = check("result.times-ordered", {"create_time": begin, "end_time": end}, DATA)

    assert [result.holds for result in found if isinstance(result, CheckResult)] == ([] if holds is None else [holds])


PHP_TIME = {"date": "2030-01-01 10:00:00.000000", "timezone_type": 3, "timezone": "Europe/Moscow"}


@pytest.mark.parametrize("time", [PHP_TIME, [2030, 1, 1], 1.5, "now", 0])
def test_a_time_of_any_type_is_one_and_its_form_is_an_open_choice(time: object) -> None:
    model = MODEL | {"data": [], "create_time": time, "end_time": time}

    assert [problem for problem in problems("ready-data", model) if problem.binding] == []
    assert [type(result) for result in check("result.times", model, DATA)] == [ShownChoice, ShownChoice]


@pytest.mark.parametrize("time", [None, "", " ", [], {}, False])
def test_an_empty_time_is_none(time: object) -> None:
    found = problems("ready-data", MODEL | {"data": [], "end_time": time})

    assert "result.ready" in {problem.clause for problem in found}


@pytest.mark.parametrize(
    ("phone", "holds"),
    [
        ("+7 (000) 555-02-42", True),
        ("8 000 555 02 42", True),
        (70005550242, True),
        ("0005550242", True),
        ("70005550242, 70005550299", True),
        ("70005550299; 8 (000) 555-02-42", True),
        ("70005550299 70005550242", True),
        ("70005550299/0005550242", True),
        ("70005550299\n70005550242", True),
        ("тел. 70005550242 доб. 12", True),
        *((f"+7{mark}000{mark}555{mark}02{mark}42", True) for mark in "\u2009\u202f\xa0\t/_\u2212\u2013\u2060*'"),
        *((f"+7000{mark}5550242", False) for mark in ",;|\nx"),
        ("70005550299, 70005550298", False),
        ("700055502421", False),
        ("170005550242", False),
        ("7000555024", False),
        ("7000555, 0242", False),
        ("10005550242", False),
        ("", False),
        (None, False),
    ],
)
def test_a_row_carries_the_phone_that_was_asked_for_also_beside_another(phone: object, holds: bool) -> None:
    found = check("result.row-phone", {"data": [{"phone": phone}]}, TaskFacts("70005550242", "data"))

    assert [result.holds for result in found if isinstance(result, CheckResult)] == [holds]
