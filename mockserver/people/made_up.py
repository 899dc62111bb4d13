"""What is made up for a phone. It is loaded when the first task with something found is ready.

One phone is one person, or a small business, in every source. The names that others saved, the seller's name in the
ads, their subjects and their places all follow from the person.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from mockserver.core.chance import number
from mockserver.people.magic import AWKWARD, MAGIC
from mockserver.people.people import FIELDS, USUAL, Found, count
from mockserver.people.pictures import portrait
from mockserver.people.word_lists import Board, City, First, Sex, Subject, Thing, Trade, WordLists, latin
from mockserver.people.words import Words
from mockserver.profile.editions import Source

T = TypeVar("T")

HIDDEN_IN_DEMO = "hidden_in_demo"  # the `url` of a demo's rows: seen in clients of a related API


def find(phone: str, source: Source, seed: int, words: Words, *, demo: bool = False) -> Found:
    """What the source has on the phone, in its section. A demo hides addresses and shows other prices, as seen in
    clients of a related API.
    """
    wanted = count(phone, source, seed)
    if not wanted:
        return Found()
    return _FINDERS[source.section](_Search(phone, source, seed, words.lists, demo), wanted)


@dataclass(frozen=True, slots=True)
class _Search:
    """The arguments of `find`."""

    phone: str
    source: Source
    seed: int
    words: WordLists
    demo: bool

    @property
    def awkward(self) -> bool:
        return self.phone in MAGIC and MAGIC[self.phone].awkward


class _Draws:
    """A stream of choices: the same parts give the same choices.

    One number of `chance` starts a linear congruential generator (Knuth's MMIX), whose upper bits are used: a row
    takes twenty choices, and a hash for each would be most of the work.
    """

    __slots__ = ("_state",)

    def __init__(self, *parts: str | int) -> None:
        self._state = number(*parts)

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1; n is at most 2 ** 31."""
        self._state = state = (self._state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (state >> 33) * n >> 31

    def one(self, choices: Sequence[T]) -> T:
        """One of the choices; repeats the step of `below`, because it is called most often."""
        self._state = state = (self._state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return choices[(state >> 33) * len(choices) >> 31]

    def some(self, choices: Sequence[T], n: int) -> list[T]:
        """At most n of the choices, each once."""
        pool = list(choices)
        return [pool.pop(self.below(len(pool))) for _ in range(min(n, len(pool)))]

    def within(self, low: int, high: int) -> int:
        """A whole number from low to high."""
        return low + self.below(high - low + 1)


# The person.


@dataclass(frozen=True, slots=True)
class _Person:
    """Who has the phone."""

    sex: Sex
    first: First
    surname: str
    patronymic: str
    trade: Trade | None
    subjects: tuple[Subject, ...]
    aliases: tuple[str, str]  # the names in the ads, the usual one first
    home: int  # picks a city of any country


def _person(search: _Search) -> _Person:
    words, draws = search.words, _Draws(search.seed, "person", search.phone)
    trade = draws.one(words.trades) if draws.one(_HAS_TRADE) else None
    sex = trade.sex if trade and trade.sex else draws.one(words.sexes)
    first, surname = draws.one(sex.firsts), draws.one(sex.surnames)
    usual = draws.one((first.name, first.name, first.name, first.shorts[0], f"{first.name} {surname[0]}."))
    firm = draws.one(trade.firms) if trade and draws.below(2) else None
    return _Person(
        sex=sex,
        first=first,
        surname=surname,
        patronymic=draws.one(sex.patronymics),
        trade=trade,
        subjects=trade.subjects if trade else tuple(draws.one(words.private) for _ in range(3)),
        aliases=(firm, usual) if firm else (usual, first.name),
        home=draws.below(1 << 16),
    )


# The names that others saved.


def _names(search: _Search, wanted: int) -> Found:
    if search.awkward:
        return Found(names=AWKWARD[:wanted])
    person, draws = _person(search), _Draws(search.seed, "names", search.phone)
    names: dict[str, None] = {}
    tries = 0
    while len(names) < wanted:
        name = _styled(_saved(person, search.words, draws), search.words, draws)
        tries += 1
        names.setdefault(name if tries <= _TRIES * wanted else f"{name} {tries}")
    return Found(names=tuple(names))


def _saved(person: _Person, words: WordLists, draws: _Draws) -> str:
    trade = person.trade
    if trade and trade.saved and draws.below(4):
        return draws.one(trade.saved)
    return draws.one(words.forms).format(
        first=person.first.name,
        short=draws.one(person.first.shorts),
        surname=person.surname,
        patronymic=person.patronymic,
        tag=draws.one(trade.tags if trade else person.sex.tags),
        item=draws.one(draws.one(person.subjects).items),
        place=draws.one(words.places),
        city=words.home[person.home % len(words.home)].name,
    )


def _styled(name: str, words: WordLists, draws: _Draws) -> str:
    """The name as it is, or as typed in a hurry, in anger, on an old phone, or in love."""
    style = draws.below(40)
    if style in _STYLES:
        return _STYLES[style](name)
    return f"{name} {draws.one(words.emoji)}" if style == _FOND else name


# The ads.


def _data(search: _Search, wanted: int) -> Found:
    if search.awkward:
        return Found(rows=tuple(_awkward(search, n) for n in range(wanted)))
    words, person = search.words, _person(search)
    draws = _Draws(search.seed, "ads", search.phone, search.source.number)
    if wanted > max(USUAL["data"]):
        person = replace(person, subjects=words.subjects)
    boards = search.source.boards
    if not any(subject.mileage for subject in person.subjects):
        boards = tuple(host for host in boards if not words.boards[host].vehicles) or boards
    last = draws.within(_SPAN, _DAYS) * _WAKING
    moments = sorted((last - 1 - draws.below(_SPAN * _WAKING) for _ in range(wanted)), reverse=True)
    return Found(rows=tuple(_row(search, person, boards, moment, draws) for moment in moments))


def _row(search: _Search, person: _Person, boards: tuple[str, ...], moment: int, draws: _Draws) -> Mapping[str, str]:
    """One ad; moment counts waking seconds since the first day."""
    words, host = search.words, draws.one(boards)
    board, day, second = words.boards[host], date.fromordinal(_FIRST_DAY + moment // _WAKING), moment % _WAKING
    subject = draws.one(_subjects(board, person, words))
    thing = draws.one(subject.things)
    city = board.cities[person.home % len(board.cities)]
    slots = {"thing": thing.name, "city": city.name, "first": person.first.name}
    for slot, values in subject.slots:
        slots[slot] = draws.one(values)
    age = 0
    if subject.mileage:
        year = draws.within(thing.first, min(thing.last, day.year))
        age = day.year - year
        slots["year"], slots["km"] = str(year), _kilometres(subject.mileage, age, draws)
    price, turn, serial = _price(subject, thing, age, board.rate, draws), draws.below(10), draws.below(1 << 31)
    return {
        "title": draws.one(subject.titles).format_map(slots),
        "price": str(serial % _DEMO_PRICE) if search.demo and price else price,
        "time": f"{day.isoformat()} {_DAWN + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}",
        "phone": search.phone,
        "name": person.aliases[turn in _OTHER_NAME],
        "description": _description(subject, draws).format_map(slots),
        "location": city.locations[(person.home + turn % 2) % len(city.locations)],
        "source": host,
        "category": subject.categories[board.category],
        "url": HIDDEN_IN_DEMO if search.demo else _url(board, city, subject, thing, serial),
    }


def _subjects(board: Board, person: _Person, words: WordLists) -> tuple[Subject, ...]:
    """What the person sells that the board takes."""
    if not board.vehicles:
        return person.subjects
    return tuple(subject for subject in person.subjects if subject.mileage) or words.vehicles


def _kilometres(mileage: tuple[int, int], age: int, draws: _Draws) -> str:
    driven = draws.within(*mileage) * age + draws.below(mileage[0])
    return f"{driven // 1000 * 1000 or 1000:,}".replace(",", " ")


def _price(subject: Subject, thing: Thing, age: int, rate: tuple[int, int], draws: _Draws) -> str:
    """Digits in the board's currency, or `""`. Low prices are more frequent; a vehicle gets cheaper with every year."""
    if not draws.below(subject.unpriced):
        return ""
    low, high, drawn = thing.low, thing.high, draws.below(1024)
    if subject.mileage:
        amount = max(low, high * (100 - 6 * age) // 100) * (9216 + 2 * drawn) // 10240
    else:
        amount = low + ((high - low) * drawn * drawn >> 20)
    return _exchanged(amount // subject.step * subject.step, *rate)


def _exchanged(roubles: int, times: int, by: int) -> str:
    """The amount in another currency, rounded to two digits as a seller would do, and never 0."""
    if times == by:
        return str(roubles)
    amount = -(-roubles * times // by)
    step = 10 ** max(len(str(amount)) - 2, 0)
    return str(amount // step * step)


def _description(subject: Subject, draws: _Draws) -> str:
    sentences = draws.some(subject.about, draws.within(1, 4))
    sentences += map(draws.one, draws.some(subject.endings, draws.below(3)))
    return " ".join(sentences)


def _url(board: Board, city: City, subject: Subject, thing: Thing, serial: int) -> str:
    return board.url.format(
        city=city.slug,
        section=subject.section,
        english=subject.english,
        slug=board.joint.join(thing.slug),
        make=thing.slug[0],
        model=board.joint.join(thing.slug[1:]),
        digits=f"{serial % 1_000_000:06}",
        hex=f"{serial:08x}",
    )


def _awkward(search: _Search, n: int) -> Mapping[str, str]:
    """The n-th awkward row: over all of them, every free field has every text; the others keep their formats."""
    boards, price = search.source.boards, _AWKWARD_PRICES[n % len(_AWKWARD_PRICES)]
    row = dict.fromkeys(FIELDS, "")
    row.update({field: AWKWARD[(n + k) % len(AWKWARD)] for k, field in enumerate(_FREE)})
    row["price"] = price[::-1] + "1" if search.demo and price else price
    row["time"] = _AWKWARD_TIMES[n * len(_AWKWARD_TIMES) // len(AWKWARD)]
    row["phone"] = search.phone
    row["source"] = boards[n % len(boards)]
    if search.demo:
        row["url"] = HIDDEN_IN_DEMO
    return row


# The pictures.


def _photo(search: _Search, _wanted: int) -> Found:
    picture = portrait(search.seed, search.phone, search.source.number, looks=_person(search).sex.kind)
    return Found(photo=b64encode(picture).decode("ascii"))


_FIRST_DAY = date(2019, 1, 1).toordinal()
_DAYS = date(2026, 1, 1).toordinal() - _FIRST_DAY
_SPAN = 900  # the most days between the first and the last ad of a phone
_DAWN = 7
_WAKING = 16 * 3600  # seconds of a day, from the hour _DAWN, in which ads are placed
_DEMO_PRICE = 999_999
_TRIES = 8
_HAS_TRADE = (True, True, False, False, False)
_OTHER_NAME = (8, 9)  # the turns, of ten, in which an ad has the seller's other name

_STYLES: Mapping[int, Callable[[str], str]] = {
    0: str.lower,
    1: str.lower,
    2: str.lower,
    3: str.upper,
    4: latin,
    5: latin,
}
_FOND = 6

_FREE = ("title", "name", "description", "location", "category", "url")
_AWKWARD_PRICES = ("", "0", "007", "9" * 40)
_AWKWARD_TIMES = ("2025-12-31 23:59:59", "2024-02-29 00:00:00", "2021-03-28 02:30:00", "2019-01-01 00:00:00")

_FINDERS: Mapping[str, Callable[[_Search, int], Found]] = {"data": _data, "names": _names, "photo": _photo}
