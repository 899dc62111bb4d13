"""What a phone has: names, ads, pictures; the magic phones."""

import hashlib
import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import data
from mockserver.core.delays import parse_delay
from mockserver.core.xml_text import illegal_in_xml
from mockserver.people.made_up import find
from mockserver.people.magic import AWKWARD, LONG, MAGIC
from mockserver.people.people import FIELDS, Found, count
from mockserver.people.words import Words
from mockserver.profile.editions import BOARDS, BOARDS_BY, BOARDS_KZ, BOARDS_RU, NAMES, VIBER, WHATSAPP, Source

DOCUMENT = data.toml("fixtures", "words.toml")
WORDS = Words(lambda: DOCUMENT)
SOURCES = (NAMES, BOARDS, WHATSAPP, VIBER, BOARDS_RU, BOARDS_KZ, BOARDS_BY)
VEHICLES = ("auto.ru", "am.ru")
ORDINARY = tuple(str(phone) for phone in range(70001234000, 70001234300))

phones = st.sampled_from([*MAGIC]) | st.integers(70_000_001_000, 70_009_999_999).map(str)
sources = st.sampled_from(SOURCES)
ads = st.sampled_from([source for source in SOURCES if source.boards])
seeds = st.integers() | st.just(0)


def texts(found: Found) -> list[str]:
    return [*(value for row in found.rows for value in row.values()), *found.names, found.photo]


def rows(phone: str, source: Source = BOARDS, **options: Any) -> tuple[Mapping[str, str], ...]:
    return find(phone, source, 0, WORDS, **options).rows


@given(phones, sources, seeds, st.booleans())
def test_the_same_phone_has_the_same_every_time(phone: str, source: Source, seed: int, demo: bool) -> None:
    again = Words(lambda: DOCUMENT) if demo else WORDS

    assert find(phone, source, seed, WORDS, demo=demo) == find(phone, source, seed, again, demo=demo)


@given(phones, sources, seeds, st.booleans())
def test_count_is_the_number_of_records_found(phone: str, source: Source, seed: int, demo: bool) -> None:
    assert count(phone, source, seed) == find(phone, source, seed, WORDS, demo=demo).records


@given(phones, sources, seeds)
def test_only_the_own_section_of_a_source_is_filled(phone: str, source: Source, seed: int) -> None:
    found = find(phone, source, seed, WORDS)
    filled = {"data": len(found.rows), "names": len(found.names), "photo": int(bool(found.photo))}

    assert filled.pop(source.section) == found.records
    assert not any(filled.values())


@given(phones, ads, seeds, st.booleans())
def test_a_row_has_the_ten_fields_each_of_its_type(phone: str, source: Source, seed: int, demo: bool) -> None:
    found = find(phone, source, seed, WORDS, demo=demo)
    for row in found.rows:
        assert tuple(row) == FIELDS
        assert all(type(value) is str for value in row.values())
        assert row["phone"] == phone
        assert row["source"] in source.boards
        assert re.fullmatch("[0-9]*", row["price"])
        assert re.fullmatch(r"20(19|2[0-5])-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", row["time"])
        assert all(row[field] for field in FIELDS if field != "price")

    assert [row["time"] for row in found.rows] == sorted((row["time"] for row in found.rows), reverse=True)


@given(phones, sources, seeds)
def test_no_character_is_one_that_xml_cannot_carry(phone: str, source: Source, seed: int) -> None:
    for text in texts(find(phone, source, seed, WORDS)):
        assert illegal_in_xml(text) is None


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_an_ordinary_phone_has_none_to_six_records_and_one_in_some_has_none(source: Source) -> None:
    counts = Counter(count(str(phone), source, 0) for phone in range(70001000000, 70001004000))
    photo = source.section == "photo"

    assert set(counts) == ({0, 1} if photo else set(range(7)))
    assert abs(counts[0] / 4000 - (1 / 4 if photo else 1 / 8)) < 0.02


def test_different_phones_have_different_records() -> None:
    for source in (NAMES, BOARDS, WHATSAPP):
        found = [f for f in (find(phone, source, 0, WORDS) for phone in ORDINARY) if f.records > 2 or f.photo]

        assert len(found) > 100
        assert len({json.dumps(texts(f)) for f in found}) == len(found)


def test_another_seed_gives_other_people() -> None:
    for source in (NAMES, BOARDS, WHATSAPP):
        here, there = ([find(phone, source, seed, WORDS) for phone in ORDINARY] for seed in (0, 1))
        same = sum(a == b for a, b in zip(here, there, strict=True) if a.records > 1 or a.photo)

        assert same == 0


def test_records_do_not_drift() -> None:
    made = [
        [*map(dict, found.rows), *found.names, found.photo]
        for phone in ("70001234567", "70001234568", "70000000100", "70000000777")
        for source in SOURCES
        for found in (find(phone, source, 0, WORDS),)
    ]
    text = json.dumps(made, ensure_ascii=False)

    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "7fe5ba4560090ff9"


# They read like the real thing.


def test_an_address_is_one_of_its_board_and_never_the_same_twice() -> None:
    boards = (BOARDS, BOARDS_KZ, BOARDS_BY)
    urls = [(row["url"], row["source"]) for source in boards for phone in ORDINARY for row in rows(phone, source)]
    for url, host in urls:
        parts = urlsplit(url)

        assert (parts.scheme, parts.hostname) == ("https", host)
        assert re.fullmatch(r"/[A-Za-z0-9/_.-]+", parts.path)
        assert re.search("9999[0-9]{6}|ffffffff|/1999[0-9]{6}|IDzz", url), "an id above all that were given out"

    assert len({url for url, _ in urls}) > 0.995 * len(urls)


def test_the_ads_of_one_phone_are_from_one_place_and_one_seller() -> None:
    for source in SOURCES:
        cities = {city.name for host in source.boards for city in WORDS.lists.boards[host].cities}
        for phone in ORDINARY:
            found = rows(phone, source)
            places = [{city for city in cities if city in row["location"].split(", ")} for row in found]

            assert not found or len(set.intersection(*places)) == 1
            assert len({row["name"] for row in found}) <= 2


def test_the_name_in_the_ads_is_one_that_others_saved() -> None:
    shared = compared = 0
    for phone in ORDINARY:
        sellers = {row["name"].split()[0] for row in rows(phone)}
        known = [f for sex in WORDS.lists.sexes for f in sex.firsts if sellers & {f.name, *f.shorts}]
        names = find(phone, NAMES, 0, WORDS).names
        if len(known) == 1 and len(names) > 2:
            compared += 1
            shared += any(word.capitalize() in {known[0].name, *known[0].shorts} for n in names for word in n.split())

    assert compared > 100
    assert shared / compared > 0.8


def test_boards_for_vehicles_carry_vehicles_alone() -> None:
    vehicles = {category for subject in WORDS.lists.vehicles for category in subject.categories.values()}
    sold = Counter(
        row["category"] in vehicles for phone in ORDINARY for row in rows(phone) if row["source"] in VEHICLES
    )

    assert sold[True] > 50
    assert not sold[False]


def test_a_category_is_written_as_its_board_writes_it() -> None:
    seen = {(row["source"], row["category"]) for phone in ORDINARY for row in rows(phone)}

    assert {("avito.ru", "Автомобили"), ("youla.io", "Транспорт, Автомобили"), ("irr.ru", "23, 2301")} <= seen


def test_every_board_of_a_source_has_ads() -> None:
    for source in SOURCES:
        assert {row["source"] for phone in ORDINARY for row in rows(phone, source)} == set(source.boards)


def test_a_car_is_not_sold_before_it_was_made() -> None:
    cars = [row for phone in ORDINARY for row in rows(phone) if row["source"] in VEHICLES]
    years = [
        (int(year[0]), int(row["time"][:4]))
        for row in cars
        if (year := re.search(r"\b(19|20)\d\d\b(?= ?г|$|,)", row["title"]))
    ]

    assert len(years) > 20
    assert all(made <= sold for made, sold in years)


def test_some_ads_have_no_price_and_no_slot_is_left_open() -> None:
    found = [row for source in SOURCES for phone in ORDINARY for row in rows(phone, source)]
    names = [name for phone in ORDINARY for name in find(phone, NAMES, 0, WORDS).names]
    unpriced = sum(not row["price"] for row in found) / len(found)

    assert 0.05 < unpriced < 0.3
    assert not [text for text in (*names, *(v for row in found for v in row.values())) if re.search("[{}]", text)]


@given(phones.filter(lambda phone: phone != "70000000777"), ads)
def test_a_demo_hides_addresses_and_changes_prices_and_nothing_else(phone: str, source: Source) -> None:
    for row, demo in zip(rows(phone, source), rows(phone, source, demo=True), strict=True):
        assert demo["url"] == "hidden_in_demo"
        assert bool(demo["price"]) == bool(row["price"])
        assert {**demo, "url": "", "price": ""} == {**row, "url": "", "price": ""}


def test_the_prices_of_a_demo_are_other_ones() -> None:
    pairs = [
        (row["price"], demo["price"])
        for phone in ORDINARY
        for row, demo in zip(rows(phone), rows(phone, demo=True), strict=True)
        if row["price"]
    ]

    assert sum(price == shown for price, shown in pairs) < len(pairs) / 100


# Magic phones.


@pytest.mark.parametrize(("phone", "records"), [("70000000000", 0), ("70000000001", 1), ("70000000100", 100)])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_a_magic_phone_has_its_number_of_records(phone: str, records: int, source: Source) -> None:
    assert find(phone, source, 0, WORDS).records == (min(records, 1) if source.section == "photo" else records)


def test_the_magic_phones_are_those_of_the_table() -> None:
    assert [phone.removeprefix("70000000") for phone in MAGIC] == [
        *("000", "001", "100", "408", "429", "500", "502", "777", "999"),
    ]
    assert {m.outcome for m in MAGIC.values()} == {None, "stuck", "limit", "fail", "bad-gateway"}
    assert MAGIC["70000000999"].delay == parse_delay("60s", "")


@given(st.sampled_from([phone for phone in MAGIC if phone != "70000000000"]), sources, seeds)
def test_every_other_magic_phone_has_something(phone: str, source: Source, seed: int) -> None:
    assert count(phone, source, seed) > 0


def test_a_hundred_records_do_not_look_alike() -> None:
    found = rows("70000000100")

    assert len({row["title"] for row in found}) >= 90
    assert len({row["description"] for row in found}) >= 90
    assert len(set(find("70000000100", NAMES, 0, WORDS).names)) == 100


@pytest.mark.parametrize("source", [source for source in SOURCES if source.boards], ids=lambda source: source.title)
def test_an_awkward_phone_has_every_awkward_text_in_every_free_field(source: Source) -> None:
    found = rows("70000000777", source)
    for field in ("title", "name", "description", "location", "category", "url"):
        assert {row[field] for row in found} == set(AWKWARD)
    assert {row["price"] for row in found} >= {"", "0", "007"}
    assert set(find("70000000777", NAMES, 0, WORDS).names) == set(AWKWARD)


def test_awkward_texts_hold_every_trouble() -> None:
    everything = "".join(AWKWARD)
    for trouble in (
        "'",
        '"',
        ",",
        ";",
        "\t",
        "|",
        "\r\n",
        "]]>",
        "<b>&amp;",
        "\\",
        "\ufeff",
        "\u00a0",
        "\u0301",
        "\u202e",
    ):
        assert trouble in everything
    assert re.search("\r(?!\n)", everything)
    assert re.search("(?<!\r)\n", everything)
    assert {text[0] for text in AWKWARD} >= set("=+-@ ")
    assert any(text != text.rstrip() for text in AWKWARD)
    assert max(map(len, AWKWARD)) == LONG == 10_000
    assert max(map(ord, everything)) > 0xFFFF
    assert not any(text.startswith("\ufeff") for text in AWKWARD)


def test_an_awkward_phone_hides_its_addresses_in_a_demo_too() -> None:
    assert {row["url"] for row in rows("70000000777", demo=True)} == {"hidden_in_demo"}


@given(phones, seeds)
def test_a_photo_is_base64_of_a_png(phone: str, seed: int) -> None:
    photo = find(phone, WHATSAPP, seed, WORDS).photo

    assert photo.isascii()
    assert not photo or b64decode(photo, validate=True).startswith(b"\x89PNG\r\n\x1a\n")
