"""The sources, and the editions of the operator's page that list them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a phone is searched."""

    number: int
    title: str
    section: str  # the member of the ready answer that it fills
    boards: tuple[str, ...] = ()  # host names


NAMES = Source(1, "how others saved the number", "names")
BOARDS = Source(2, "classified boards", "data", ("avito.ru", "youla.io", "auto.ru", "irr.ru", "am.ru"))
WHATSAPP = Source(3, "whatsapp", "photo")
VIBER = Source(4, "viber", "photo")
BOARDS_RU = Source(2, "classified boards RU", "data", ("irr.ru", "am.ru", "youla.io", "avito.ru"))
BOARDS_KZ = Source(11, "classified boards KZ", "data", ("olx.kz",))
BOARDS_BY = Source(12, "classified boards BY", "data", ("kufar.by",))


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the operator's page: the clause `edition` of schemas/clauses.toml."""

    name: str
    sources: Mapping[str, Source]  # by number, as parameters write it
    required: bool  # whether create must name its source


def _edition(name: str, *sources: Source, required: bool = True) -> Edition:
    return Edition(name, {str(s.number): s for s in sources}, required)


EDITIONS: Mapping[str, Edition] = {
    "A": _edition("A", BOARDS, required=False),
    "B": _edition("B", NAMES, BOARDS, WHATSAPP, VIBER),
    "C": _edition("C", NAMES, BOARDS_RU, WHATSAPP, BOARDS_KZ, BOARDS_BY),
}

ALL_SOURCES: tuple[int, ...] = tuple(sorted({s.number for e in EDITIONS.values() for s in e.sources.values()}))
