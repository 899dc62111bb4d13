"""The editions of the operator's page, their sources, and the section that each source fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECTIONS: Mapping[int, str] = {1: "names", 2: "data", 3: "photo", 4: "photo", 11: "data", 12: "data"}  # by source
SECTION_NAMES = ("data", "names", "photo")  # the sections that a source may fill, in the order of a ready answer
COMMON_SOURCE = 2  # boards, which every edition has
UNKNOWN_SOURCE = 99  # a number that is a source in no edition


def sections_of(model: Mapping[str, Any]) -> list[str]:
    """The sections of a ready answer that are filled, or else those that are there."""
    return [s for s in SECTION_NAMES if model.get(s)] or [s for s in SECTION_NAMES if s in model]


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition: its sources, and whether create must name one."""

    name: str
    sources: tuple[int, ...]
    required: bool = True


B_OR_C = Edition("B or C", (1, 2, 3))  # what they share, where the budget did not suffice to distinguish them
EDITIONS: Mapping[str, Edition] = {
    "A": Edition("A", (2,), required=False),
    "B": Edition("B", (1, 2, 3, 4)),
    "C": Edition("C", (1, 2, 3, 11, 12)),
}
TWO_EDITIONS, NEITHER_EDITION = "sources of two editions", "neither source 4 nor source 11"
SOURCE_READ, ANY_SOURCE = "a source is read", "create takes any source, and must be given one"
NO_EDITION: Mapping[str, tuple[str, ...]] = {
    TWO_EDITIONS: ("B", "C"),
    NEITHER_EDITION: ("B", "C"),
    SOURCE_READ: ("A", "B", "C"),
    ANY_SOURCE: ("A", "B", "C"),
}
"""Sources that are those of no edition: the editions that single creates show there."""
