"""The lists of words, as `fixtures/words.toml` has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class First:
    """A first name and its short forms."""

    name: str
    shorts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sex:
    """The names of men or of women."""

    kind: str  # `men` or `women`
    firsts: tuple[First, ...]
    surnames: tuple[str, ...]
    patronymics: tuple[str, ...]
    tags: tuple[str, ...]  # how others note a person without a trade, such as `Соседка`


@dataclass(frozen=True, slots=True)
class Thing:
    """What an ad offers."""

    name: str
    slug: tuple[str, ...]  # in words, for addresses
    low: int  # lowest price in roubles
    high: int
    first: int = 0  # first year of make of a vehicle
    last: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What ads of one kind are made of."""

    categories: Mapping[str, str]  # by the board's style
    section: str
    english: str
    items: tuple[str, ...]
    step: int  # prices are multiples of it
    unpriced: int  # one ad in so many has no price
    titles: tuple[str, ...]
    about: tuple[str, ...]
    endings: tuple[tuple[str, ...], ...]
    slots: tuple[tuple[str, tuple[str, ...]], ...]
    things: tuple[Thing, ...]
    mileage: tuple[int, int] | None  # km a year; vehicles only


@dataclass(frozen=True, slots=True)
class Trade:
    """What a person does for a living."""

    sex: Sex | None  # None is either
    tags: tuple[str, ...]
    subjects: tuple[Subject, ...]
    firms: tuple[str, ...]
    saved: tuple[str, ...]  # names that others save in place of the person's


@dataclass(frozen=True, slots=True)
class City:
    """A city."""

    name: str
    slug: str  # in addresses
    locations: tuple[str, ...]  # the values of `location` in ads from it


@dataclass(frozen=True, slots=True)
class Board:
    """A board of ads."""

    url: str  # a template
    joint: str  # joins the words of a slug
    category: str  # a key of Subject.categories
    vehicles: bool  # takes only ads of vehicles
    rate: tuple[int, int]  # its currency's rate to the rouble: times, by
    cities: tuple[City, ...]


@dataclass(frozen=True, slots=True)
class WordLists:
    """All words."""

    sexes: tuple[Sex, ...]
    trades: tuple[Trade, ...]
    forms: tuple[str, ...]
    places: tuple[str, ...]  # districts that any city may have
    emoji: tuple[str, ...]
    subjects: tuple[Subject, ...]
    private: tuple[Subject, ...]  # what people without a trade sell
    vehicles: tuple[Subject, ...]
    home: tuple[City, ...]  # cities of the first country, where most people live
    boards: Mapping[str, Board]


def parse_words(document: Mapping[str, Any]) -> WordLists:
    """The words of a document read from `fixtures/words.toml`, whose comments describe every key.

    The file is the project's own and is not checked here: tests/mock/test_words.py checks it.
    """
    read = _frozen(document)
    subjects = {name: _subject(table, read["general"]) for name, table in read["subject"].items()}
    sexes = {name: _sex(read, name) for name in ("men", "women")}
    countries = {
        name: tuple(_city(city, *parts) for city, parts in table["city"].items())
        for name, table in read["country"].items()
    }
    return WordLists(
        sexes=tuple(sexes.values()),
        trades=tuple(_trade(table, sexes, subjects) for table in read["trade"].values()),
        forms=read["saved"]["forms"],
        places=read["saved"]["places"],
        emoji=read["saved"]["emoji"],
        subjects=tuple(subjects.values()),
        private=tuple(subjects[name] for name in read["private"]["subjects"]),
        vehicles=tuple(subject for subject in subjects.values() if subject.mileage),
        home=next(iter(countries.values())),
        boards={host: _board(board, read, countries) for host, board in read["board"].items()},
    )


def latin(text: str) -> str:
    """The text in Latin letters, as boards write it in addresses and people on old phones."""
    return text.translate(_LATIN)


def _frozen(value: Any) -> Any:
    """The value with tuples for its lists."""
    if isinstance(value, list):
        return tuple(value)
    return {key: _frozen(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def _sex(read: Mapping[str, Any], kind: str) -> Sex:
    surnames = read["surnames"]["all"]
    return Sex(
        kind=kind,
        firsts=tuple(First(name, shorts) for name, shorts in read[kind].items()),
        surnames=surnames if kind == "men" else tuple(map(_feminine, surnames)),
        patronymics=read["patronymics"][kind],
        tags=read["saved"][kind] + read["saved"]["any"],
    )


def _feminine(surname: str) -> str:
    endings = ((end, feminine) for end, feminine in _FEMININE.items() if surname.endswith(end))
    return next((surname.removesuffix(end) + feminine for end, feminine in endings), surname)


def _subject(table: Mapping[str, Any], general: Mapping[str, tuple[str, ...]]) -> Subject:
    path = table["category"]
    made = {
        "categories": {"leaf": path[-1], "path": ", ".join(path), "codes": table["codes"]},
        "endings": tuple(general[name] for name in table["endings"]),
        "slots": tuple(table["slots"].items()),
        "things": tuple(Thing(name, _slug(name), *numbers) for name, numbers in table["things"].items()),
    }
    plain = {key: value for key, value in table.items() if key not in ("category", "codes")}
    return Subject(**{"mileage": None, **plain, **made})


def _slug(name: str) -> tuple[str, ...]:
    return tuple(re.findall("[a-z0-9]+", latin(name.lower()))) or (name,)


def _trade(table: Mapping[str, Any], sexes: Mapping[str, Sex], subjects: Mapping[str, Subject]) -> Trade:
    return Trade(
        sex=sexes.get(table.get("sex", "")),
        tags=table["tags"],
        subjects=tuple(subjects[name] for name in table["subjects"]),
        firms=table["firms"],
        saved=table.get("saved", ()),
    )


def _board(table: Mapping[str, Any], read: Mapping[str, Any], countries: Mapping[str, tuple[City, ...]]) -> Board:
    country = table["country"]
    own = {key: value for key, value in table.items() if key != "country"}
    return Board(**own, rate=read["country"][country]["rate"], cities=countries[country])


def _city(name: str, slug: str, region: str, *places: str) -> City:
    whole = name if region == name else f"{region}, {name}"
    return City(name, slug, (name, whole, *(f"{name}, {place}" for place in places)))


_FEMININE = {"ский": "ская", "цкий": "цкая"} | {end: f"{end}а" for end in ("ов", "ев", "ёв", "ин", "ын")}

_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True))
    | dict(zip("АБВГДЕЁЗИЙКЛМНОПРСТУФЫЭ", "ABVGDEEZIYKLMNOPRSTUFYE", strict=True))
    | {"ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
    | {"Ж": "Zh", "Х": "H", "Ц": "Ts", "Ч": "Ch", "Ш": "Sh", "Щ": "Sch", "Ъ": "", "Ь": "", "Ю": "Yu", "Я": "Ya"}
)
