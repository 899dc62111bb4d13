"""The words that people, ads and phone books are drawn from, read from `fixtures/words.toml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.xml_text import illegal_in_xml
from mockserver.profile.editions import EDITIONS

Read: TypeAlias = Callable[[Any, str], Any]
"""A reader: a value and its place give the value as it is kept, or a Refusal."""


@dataclass(frozen=True, slots=True)
class First:
    """A first name and the short forms of it."""

    name: str
    shorts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sex:
    """`men` or `women`: their names, and how one of them is noted who has no trade (`Соседка`)."""

    kind: str
    firsts: tuple[First, ...]
    surnames: tuple[str, ...]
    patronymics: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """What an ad offers: prices in roubles; slug in words, for addresses; years of make of a vehicle, else 0."""

    name: str
    slug: tuple[str, ...]
    low: int
    high: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What ads of one kind are made of. categories by the style of a board; mileage is km a year, of vehicles alone."""

    categories: Mapping[str, str]
    section: str
    english: str
    items: tuple[str, ...]
    step: int
    unpriced: int
    titles: tuple[str, ...]
    about: tuple[str, ...]
    endings: tuple[tuple[str, ...], ...]
    slots: tuple[tuple[str, tuple[str, ...]], ...]
    things: tuple[Thing, ...]
    mileage: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Trade:
    """What somebody does for a living; sex None is either, saved are the names that stand in place of a person's."""

    sex: Sex | None
    tags: tuple[str, ...]
    subjects: tuple[Subject, ...]
    firms: tuple[str, ...]
    saved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class City:
    """A city, its slug in addresses, and what stands as `location` in ads from it."""

    name: str
    slug: str
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board: how its addresses and categories look, where its ads come from, whether it takes vehicles alone."""

    url: str
    joint: str
    category: str
    vehicles: bool
    rate: tuple[int, int]
    cities: tuple[City, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All words. private are the subjects of those without a trade, places the districts of no city in particular, home
    the cities of the first country, which most people are from.
    """

    sexes: tuple[Sex, ...]
    trades: tuple[Trade, ...]
    forms: tuple[str, ...]
    places: tuple[str, ...]
    emoji: tuple[str, ...]
    subjects: tuple[Subject, ...]
    private: tuple[Subject, ...]
    vehicles: tuple[Subject, ...]
    home: tuple[City, ...]
    boards: Mapping[str, Board]


def parse_words(document: Mapping[str, Any]) -> Words:
    """The words of a document read from `fixtures/words.toml`, whose comments describe every key.

    Raises Refusal naming each key that is wrong, missing or unknown.
    """
    read = _DOCUMENT(document, "")
    _refuse([*_misnamed(read), *_misfilled(read)])
    subjects = {name: _subject(table, read["general"]) for name, table in read["subject"].items()}
    sexes = {name: _sex(read, name) for name in _SEXES}
    cities = {name: _cities(table["city"]) for name, table in read["country"].items()}
    boards = {host: _board(board, read["country"], cities) for host, board in read["board"].items()}
    return Words(
        sexes=tuple(sexes.values()),
        trades=tuple(_trade(table, sexes, subjects) for table in read["trade"].values()),
        forms=read["saved"]["forms"],
        places=read["saved"]["places"],
        emoji=read["saved"]["emoji"],
        subjects=tuple(subjects.values()),
        private=tuple(subjects[name] for name in read["private"]["subjects"]),
        vehicles=tuple(subject for subject in subjects.values() if subject.mileage),
        home=next(iter(cities.values())),
        boards=MappingProxyType(boards),
    )


def latin(text: str) -> str:
    """The text with Cyrillic letters written in Latin ones, as boards do in addresses and people on old phones."""
    return text.translate(_LATIN)


def _sex(read: Mapping[str, Any], name: str) -> Sex:
    return Sex(
        kind=name,
        firsts=tuple(First(first, shorts) for first, shorts in read[name].items()),
        surnames=tuple(map(_SEXES[name], read["surnames"]["all"])),
        patronymics=read["patronymics"][name],
        tags=read["saved"][name] + read["saved"]["any"],
    )


def _feminine(surname: str) -> str:
    for ending, feminine in _FEMININE:
        if surname.endswith(ending):
            return surname.removesuffix(ending) + feminine
    return surname


def _subject(table: dict[str, Any], general: Mapping[str, tuple[str, ...]]) -> Subject:
    path = table.pop("category")
    return Subject(
        categories=MappingProxyType({"leaf": path[-1], "path": ", ".join(path), "codes": table.pop("codes")}),
        endings=tuple(general[name] for name in table.pop("endings")),
        slots=tuple(table.pop("slots").items()),
        things=tuple(Thing(name, _slug(name), *numbers) for name, numbers in table.pop("things").items()),
        **table,
    )


def _slug(name: str) -> tuple[str, ...]:
    return tuple(re.findall("[a-z0-9]+", latin(name.lower()))) or (name,)


def _trade(table: Mapping[str, Any], sexes: Mapping[str, Sex], subjects: Mapping[str, Subject]) -> Trade:
    sold = tuple(subjects[name] for name in table["subjects"])
    return Trade(sexes.get(table["sex"]), table["tags"], sold, table["firms"], table["saved"])


def _board(table: dict[str, Any], countries: Mapping[str, Any], cities: Mapping[str, tuple[City, ...]]) -> Board:
    country = table.pop("country")
    return Board(**table, rate=countries[country]["rate"], cities=cities[country])


def _cities(table: Mapping[str, tuple[str, ...]]) -> tuple[City, ...]:
    return tuple(_city(name, *parts) for name, parts in table.items())


def _city(name: str, slug: str, region: str, *places: str) -> City:
    whole = name if region == name else f"{region}, {name}"
    return City(name, slug, (name, whole, *(f"{name}, {place}" for place in places)))


def _misnamed(read: Mapping[str, Any]) -> Iterator[Problem]:
    """Names of one part that another does not have."""
    subjects, sexes, countries = read["subject"], ("", *_SEXES), read["country"]
    words = [("private.subjects", word, subjects) for word in read["private"]["subjects"]]
    for name, trade in read["trade"].items():
        words += [(f"trade.{name}.subjects", word, subjects) for word in trade["subjects"]]
        words.append((f"trade.{name}.sex", trade["sex"], sexes))
    for name, subject in subjects.items():
        words += [(f"subject.{name}.endings", word, read["general"]) for word in subject["endings"]]
    for host, board in read["board"].items():
        words.append((f"board.{host}.country", board["country"], countries))
        words.append((f"board.{host}.category", board["category"], ("leaf", "path", "codes")))
    hosts = {host for edition in EDITIONS.values() for source in edition.sources.values() for host in source.boards}
    yield from (Problem(f"board.{host}", "is missing; a source names it") for host in sorted(hosts - {*read["board"]}))
    yield from (unknown(where, word, known, noun="name here") for where, word, known in words if word not in known)


def _misfilled(read: Mapping[str, Any]) -> Iterator[Problem]:
    """Templates with slots that are not filled, and things with another number of numbers than they need."""
    yield from _unfilled("saved.forms", read["saved"]["forms"], _FORM_SLOTS)
    for name, sentences in read["general"].items():
        yield from _unfilled(f"general.{name}", sentences, _AD_SLOTS)
    for host, board in read["board"].items():
        yield from _unfilled(f"board.{host}.url", (board["url"],), _URL_SLOTS)
    for name, subject in read["subject"].items():
        vehicle = subject["mileage"] is not None
        slots = (*_AD_SLOTS, *subject["slots"], *(("year", "km") if vehicle else ()))
        yield from _unfilled(f"subject.{name}.titles", subject["titles"], slots)
        yield from _unfilled(f"subject.{name}.about", subject["about"], slots)
        for thing, numbers in subject["things"].items():
            if len(numbers) != (4 if vehicle else 2):
                yield Problem(f"subject.{name}.things.{thing}", f"{[*numbers]} has too few numbers, or too many")


def _unfilled(where: str, templates: tuple[str, ...], slots: tuple[str, ...]) -> Iterator[Problem]:
    for n, text in enumerate(templates):
        between = _SLOT.split(text)
        for slot in between[1::2]:
            if slot not in slots:
                yield unknown(f"{where}[{n}]", slot, slots, noun="slot")
        if any("{" in part or "}" in part for part in between[::2]):
            yield Problem(f"{where}[{n}]", f"a brace in {text!r} is no slot", "write a slot as {thing}")


# Readers.


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise Refusal(*found)


def _gather(reads: Mapping[str, tuple[Read, Any]], where: str, problems: list[Problem]) -> dict[str, Any]:
    values = {}
    for key, (read, value) in reads.items():
        try:
            values[key] = read(value, f"{where}.{key}" if where else key)
        except Refusal as refusal:
            problems.extend(refusal.problems)
    _refuse(problems)
    return values


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise Refusal(Problem(where, f"{value!r} is no table with entries"))
    return value


def _each(read: Read) -> Read:
    """A table with keys of its own, whose entries are all read alike."""

    def read_each(value: Any, where: str) -> dict[str, Any]:
        entries = _mapping(value, where)
        _texts([*entries], where)
        return _gather({name: (read, entry) for name, entry in entries.items()}, where, [])

    return read_each


def _table(reads: Mapping[str, Read], **defaults: Any) -> Read:
    """A table with the given keys; what has a default, as it is kept, may be left out."""

    def read_table(value: Any, where: str) -> dict[str, Any]:
        given = _mapping(value, where)
        problems = [unknown(where, key, reads) for key in given if key not in reads]
        problems += [Problem(where, f"{key!r} is missing") for key in reads if key not in given and key not in defaults]
        return {**defaults, **_gather({k: (r, given[k]) for k, r in reads.items() if k in given}, where, problems)}

    return read_table


def _troubled(value: Any, where: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.strip() or illegal_in_xml(value):
        yield Problem(where, f"{value!r} is no text that XML can carry, or blank")


def _text(value: Any, where: str) -> str:
    _refuse(_troubled(value, where))
    return str(value)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Refusal(Problem(where, f"{value!r} is no list of texts"))
    if not all(isinstance(text, str) and text.strip() for text in value) or illegal_in_xml("".join(value)):
        _refuse(problem for n, text in enumerate(value) for problem in _troubled(text, f"{where}[{n}]"))
    return tuple(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise Refusal(Problem(where, f"{value!r} is neither true nor false"))
    return value


def _count(value: Any, where: str) -> int:
    if type(value) is not int or value < 1:
        raise Refusal(Problem(where, f"{value!r} is no whole number from 1 on"))
    return value


def _numbers(*lengths: int, least: int = 0, rising: bool = True) -> Read:
    """Whole numbers in pairs, each from the lower to the higher."""

    def read(value: Any, where: str) -> tuple[int, ...]:
        wanted = f"{' or '.join(map(str, lengths))} whole numbers from {least} on"
        if not isinstance(value, list) or len(value) not in lengths:
            raise Refusal(Problem(where, f"{value!r} is no list of {wanted}"))
        if any(type(number) is not int or number < least for number in value):
            raise Refusal(Problem(where, f"{value!r} holds something else than {wanted}"))
        if rising and any(low > high for low, high in zip(value[::2], value[1::2], strict=True)):
            raise Refusal(Problem(where, f"{value!r} runs backwards", "write the lower number first"))
        return tuple(value)

    return read


def _place(value: Any, where: str) -> tuple[str, ...]:
    """A city: slug, region, places."""
    texts = _texts(value, where)
    if len(texts) < 3:
        raise Refusal(Problem(where, f"{value!r} is no city", "write it as [slug, region, place, ...]"))
    return texts


_SEXES: Mapping[str, Callable[[str], str]] = MappingProxyType({"men": str, "women": _feminine})

_FEMININE = (
    ("ский", "ская"),
    ("цкий", "цкая"),
    ("ов", "ова"),
    ("ев", "ева"),
    ("ёв", "ёва"),
    ("ин", "ина"),
    ("ын", "ына"),
)

_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True))
    | dict(zip("АБВГДЕЁЗИЙКЛМНОПРСТУФЫЭ", "ABVGDEEZIYKLMNOPRSTUFYE", strict=True))
    | {"ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
    | {"Ж": "Zh", "Х": "H", "Ц": "Ts", "Ч": "Ch", "Ш": "Sh", "Щ": "Sch", "Ъ": "", "Ь": "", "Ю": "Yu", "Я": "Ya"}
)

_SLOT = re.compile(r"\{([^{}:]*)(?::\.[0-9])?\}")
_FORM_SLOTS = ("first", "short", "patronymic", "surname", "tag", "item", "place", "city")
_AD_SLOTS = ("thing", "city", "first")
_URL_SLOTS = ("city", "section", "english", "slug", "make", "model", "digits", "hex")

_SUBJECT = _table(
    {
        **dict.fromkeys(("codes", "section", "english"), _text),
        **dict.fromkeys(("category", "items", "titles", "about", "endings"), _texts),
        **dict.fromkeys(("step", "unpriced"), _count),
        "mileage": _numbers(2, least=1),
        "slots": _each(_texts),
        "things": _each(_numbers(2, 4)),
    },
    mileage=None,
)
_TRADE = _table(
    {"sex": _text, **dict.fromkeys(("tags", "subjects", "firms", "saved"), _texts)},
    sex="",
    saved=(),
)
_BOARD = _table({**dict.fromkeys(("country", "url", "joint", "category"), _text), "vehicles": _flag})
_SAVED = _table(dict.fromkeys(("forms", "men", "women", "any", "places", "emoji"), _texts))
_DOCUMENT = _table(
    {
        "men": _each(_texts),
        "women": _each(_texts),
        "surnames": _table({"all": _texts}),
        "patronymics": _table({"men": _texts, "women": _texts}),
        "saved": _SAVED,
        "trade": _each(_TRADE),
        "private": _table({"subjects": _texts}),
        "general": _each(_texts),
        "country": _each(_table({"rate": _numbers(2, least=1, rising=False), "city": _each(_place)})),
        "board": _each(_BOARD),
        "subject": _each(_SUBJECT),
    }
)
