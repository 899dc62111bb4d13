"""The word lists of fixtures/words.toml are right, and a wrong one would be found.

The mock trusts its own lists and reads them unchecked, so each of these checks stands only here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import jsonschema
import pytest

from mockserver import data
from mockserver.core.xml_text import ILLEGAL_IN_XML
from mockserver.people.word_lists import parse_words
from mockserver.profile.editions import EDITIONS

DOCUMENT = data.toml("fixtures", "words.toml")
WORDS = parse_words(DOCUMENT)


def table(properties: dict[str, Any], optional: Iterable[str] = ()) -> dict[str, Any]:
    required = [key for key in properties if key not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def each(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "minProperties": 1, "propertyNames": TEXT, "additionalProperties": schema}


def numbers(*, least: int, lengths: tuple[int, ...] = (2,)) -> dict[str, Any]:
    items = {"type": "integer", "minimum": least}
    return {"type": "array", "items": items, "anyOf": [{"minItems": n, "maxItems": n} for n in lengths]}


TEXT = {"type": "string", "pattern": r"\S", "not": {"pattern": ILLEGAL_IN_XML.pattern}}
TEXTS = {"type": "array", "minItems": 1, "items": TEXT}
COUNT = {"type": "integer", "minimum": 1}
SUBJECT = {
    **dict.fromkeys(("codes", "section", "english"), TEXT),
    **dict.fromkeys(("category", "items", "titles", "about", "endings"), TEXTS),
    **dict.fromkeys(("step", "unpriced"), COUNT),
    "mileage": numbers(least=1),
    "slots": each(TEXTS),
    "things": each(numbers(least=0, lengths=(2, 4))),
}
TRADE = {"sex": {"enum": ["men", "women"]}, **dict.fromkeys(("tags", "subjects", "firms", "saved"), TEXTS)}
BOARD = {
    **dict.fromkeys(("country", "url", "joint"), TEXT),
    "category": {"enum": ["leaf", "path", "codes"]},
    "vehicles": {"type": "boolean"},
}
SCHEMA = table(
    {
        "men": each(TEXTS),
        "women": each(TEXTS),
        "surnames": table({"all": TEXTS}),
        "patronymics": table({"men": TEXTS, "women": TEXTS}),
        "saved": table(dict.fromkeys(("forms", "men", "women", "any", "places", "emoji"), TEXTS)),
        "trade": each(table(TRADE, optional=("sex", "saved"))),
        "private": table({"subjects": TEXTS}),
        "general": each(TEXTS),
        "country": each(table({"rate": numbers(least=1), "city": each({**TEXTS, "minItems": 3})})),
        "board": each(table(BOARD)),
        "subject": each(table(SUBJECT, optional=("mileage",))),
    }
)

SLOT = re.compile(r"\{([^{}:]*)(?::\.[0-9])?\}")
FORM_SLOTS = ("first", "short", "patronymic", "surname", "tag", "item", "place", "city")
AD_SLOTS = ("thing", "city", "first")
URL_SLOTS = ("city", "section", "english", "slug", "make", "model", "digits", "hex")


def problems(document: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a document of words, each with its place."""
    wrong = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    ]
    return wrong or [*misnamed(document), *misfilled(document)]


def misnamed(document: Mapping[str, Any]) -> Iterator[str]:
    """Names of one part that another does not have."""
    subjects = document["subject"]
    names = [("private.subjects", document["private"]["subjects"], subjects)]
    names += [(f"trade.{name}.subjects", trade["subjects"], subjects) for name, trade in document["trade"].items()]
    names += [(f"subject.{name}.endings", sub["endings"], document["general"]) for name, sub in subjects.items()]
    names += [(f"board.{h}.country", [board["country"]], document["country"]) for h, board in document["board"].items()]
    hosts = [host for edition in EDITIONS.values() for source in edition.sources.values() for host in source.boards]
    names.append(("board", hosts, document["board"]))
    yield from (f"{where}: {name!r} is unknown" for where, used, known in names for name in used if name not in known)


def misfilled(document: Mapping[str, Any]) -> Iterator[str]:
    """Templates with slots that nothing fills, and things with the wrong numbers."""
    yield from unfilled("saved.forms", document["saved"]["forms"], FORM_SLOTS)
    for name, sentences in document["general"].items():
        yield from unfilled(f"general.{name}", sentences, AD_SLOTS)
    for host, board in document["board"].items():
        yield from unfilled(f"board.{host}.url", [board["url"]], URL_SLOTS)
    for name, subject in document["subject"].items():
        vehicle = "mileage" in subject
        slots = (*AD_SLOTS, *subject["slots"], *(("year", "km") if vehicle else ()))
        yield from unfilled(f"subject.{name}.titles", subject["titles"], slots)
        yield from unfilled(f"subject.{name}.about", subject["about"], slots)
        pairs = {f"things.{thing}": pair for thing, pair in subject["things"].items()}
        yield from (
            f"subject.{name}.{t}: {len(n)} numbers" for t, n in pairs.items() if len(n) != (4 if vehicle else 2)
        )
        for where, pair in {**pairs, "mileage": subject.get("mileage", [])}.items():
            if any(low > high for low, high in zip(pair[::2], pair[1::2], strict=True)):
                yield f"subject.{name}.{where}: {pair} runs backwards"


def unfilled(where: str, templates: Iterable[str], slots: Iterable[str]) -> Iterator[str]:
    for n, text in enumerate(templates):
        between = SLOT.split(text)
        yield from (f"{where}.{n}: {slot!r} is no slot" for slot in between[1::2] if slot not in slots)
        if any("{" in part or "}" in part for part in between[::2]):
            yield f"{where}.{n}: a brace in {text!r} is no slot"


def test_the_words_are_right() -> None:
    assert problems(DOCUMENT) == []


@pytest.mark.parametrize("part", [*DOCUMENT])
def test_a_part_that_is_missing_is_found(part: str) -> None:
    assert problems({key: value for key, value in DOCUMENT.items() if key != part}) == [
        f": {part!r} is a required property"
    ]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("subject.cars.titel", ["{thing}"], "subject.cars: Additional properties are not allowed ('titel'"),
        ("subject.cars.titles", ["{thin}"], "subject.cars.titles.0: 'thin' is no slot"),
        ("subject.cars.titles", [], "subject.cars.titles: [] should be non-empty"),
        ("subject.cars.titles", ["ok", " "], "subject.cars.titles.1: ' ' does not match"),
        ("subject.cars.titles", ["ok", 7], "subject.cars.titles.1: 7 is not of type 'string'"),
        ("subject.cars.titles", ["ok", "\x01"], "subject.cars.titles.1: '\\x01' should not be valid"),
        ("subject.cars.about", ["a } brace"], "subject.cars.about.0: a brace in 'a } brace' is no slot"),
        ("subject.cars.codes", 7, "subject.cars.codes: 7 is not of type 'string'"),
        ("subject.cars.slots", {}, "subject.cars.slots: {} should be non-empty"),
        ("subject.shoes.about", ["{year}"], "subject.shoes.about.0: 'year' is no slot"),
        ("subject.cars.step", 0, "subject.cars.step: 0 is less than the minimum of 1"),
        ("subject.cars.step", True, "subject.cars.step: True is not of type 'integer'"),
        ("subject.cars.mileage", [9], "subject.cars.mileage: [9] is not valid"),
        ("subject.cars.mileage", [0, 9], "subject.cars.mileage.0: 0 is less than the minimum of 1"),
        ("subject.cars.mileage", [9, 1], "subject.cars.mileage: [9, 1] runs backwards"),
        ("subject.cars.things", {"Лада": [1, 2]}, "subject.cars.things.Лада: 2 numbers"),
        ("subject.shoes.things", {"Туфли": [1, 2, 3]}, "subject.shoes.things.Туфли: [1, 2, 3] is not valid"),
        ("subject.shoes.things", {"Туфли": [1, 2, 3, 4]}, "subject.shoes.things.Туфли: 4 numbers"),
        ("subject.shoes.things", {"Туфли": [2, 1]}, "subject.shoes.things.Туфли: [2, 1] runs backwards"),
        ("subject.shoes.things", {"\x01": [1, 2]}, "subject.shoes.things: '\\x01' should not be valid"),
        ("subject.shoes.endings", ["goodies"], "subject.shoes.endings: 'goodies' is unknown"),
        ("trade.taxi.subjects", ["car"], "trade.taxi.subjects: 'car' is unknown"),
        ("trade.taxi.sex", "man", "trade.taxi.sex: 'man' is not one of"),
        ("private.subjects", ["boat"], "private.subjects: 'boat' is unknown"),
        ("saved.forms", ["{"], "saved.forms.0: a brace in '{' is no slot"),
        ("saved.forms", ["{thing}"], "saved.forms.0: 'thing' is no slot"),
        ("general.goods", ["{year}"], "general.goods.0: 'year' is no slot"),
        ("board.new", {"country": "ru"}, "board.new: 'url' is a required property"),
        ("board.irr.country", "de", "board.irr.country: 'de' is unknown"),
        ("board.irr.category", "tree", "board.irr.category: 'tree' is not one of"),
        ("board.irr.vehicles", 1, "board.irr.vehicles: 1 is not of type 'boolean'"),
        ("board.irr.url", "https://irr.ru/{title}", "board.irr.url.0: 'title' is no slot"),
        ("board", {}, "board: {} should be non-empty"),
        ("country.by.rate", [1, 0], "country.by.rate.1: 0 is less than the minimum of 1"),
        ("country.by.city", {"Минск": ["minsk"]}, "country.by.city.Минск: ['minsk'] is too short"),
        ("surnames", 3, "surnames: 3 is not of type 'object'"),
    ],
)
def test_a_wrong_word_is_found_at_its_key(path: str, value: object, problem: str) -> None:
    document = deepcopy(DOCUMENT)
    document["board"]["irr"] = document["board"]["irr.ru"]
    *above, last = path.split(".")
    parent = document
    for step in above:
        parent = parent[step]
    parent[last] = value

    assert problem in "\n".join(problems(document))


def test_a_board_of_a_source_that_has_no_words_is_found() -> None:
    document = deepcopy(DOCUMENT)
    del document["board"]["olx.kz"]

    assert problems(document) == ["board: 'olx.kz' is unknown"]


def test_prices_are_whole_steps_and_vehicles_were_made_before_the_first_ad() -> None:
    for subject in WORDS.subjects:
        for thing in subject.things:
            assert thing.low % subject.step == thing.high % subject.step == 0
            assert thing.low < thing.high
            assert thing.first <= 2019
            assert (len(thing.slug) > 1) >= bool(subject.mileage)


def test_no_place_is_a_house() -> None:
    places = [place for board in WORDS.boards.values() for city in board.cities for place in city.locations]

    assert not [place for place in places if re.search(r"\bд\.|\bкв\.|ул\.[^,]*[^,\d ]\s+\d+$", place)]
