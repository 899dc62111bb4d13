"""The editions of the operator's page, their sources, and the section that each source fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SECTIONS: Mapping[int, str] = MappingProxyType({1: "names", 2: "data", 3: "photo", 4: "photo", 11: "data", 12: "data"})
"""The section that each source fills."""
SECTION_NAMES = ("data", "names", "photo")
"""The sections that a source may fill, in the order of a ready answer."""
ANY_SOURCE = 2
"""Boards, which every edition has."""
NO_SOURCE = 99
"""A number that is a source in no edition."""


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition: its sources, and whether create must name one."""

    name: str
    sources: tuple[int, ...]
    required: bool = True


SOME = Edition("B or C", (1, 2, 3))
"""What the editions with sources share, for a run whose budget did not suffice to distinguish them."""
EDITIONS: Mapping[str, Edition] = MappingProxyType(
    {
        "A": Edition("A", (2,), required=False),
        "B": Edition("B", (1, 2, 3, 4)),
        "C": Edition("C", (1, 2, 3, 11, 12)),
    }
)
