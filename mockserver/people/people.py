"""What a phone has: a pure function of the phone, the source and the seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.core.chance import number_of
from mockserver.people.magic import MAGIC
from mockserver.profile.editions import Source

FIELDS = ("title", "price", "time", "phone", "name", "description", "location", "source", "category", "url")
"""The fields of a row in the documentation's order."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on a phone."""

    rows: tuple[Mapping[str, str], ...] = ()  # ads, with the keys FIELDS
    names: tuple[str, ...] = ()  # names that others saved
    photo: str = ""  # a picture as base64, `""` for none

    @property
    def records(self) -> int:
        """The number of records, as `quota.unit = record` counts them."""
        return len(self.rows) + len(self.names) + bool(self.photo)


def count(phone: str, source: Source, seed: int) -> int:
    """The number of records that `made_up.find` returns, without making them."""
    usual = USUAL[source.section]
    # Of the parts seed, "count", phone and number, which are joined here because each create asks for it.
    drawn = usual[number_of(f"{seed}\x1fcount\x1f{phone}\x1f{source.number}") % len(usual)]
    magic = MAGIC.get(phone)
    if magic is None:
        return drawn
    records = max(1, drawn) if magic.records is None else magic.records
    return min(records, max(usual)) if source.section == "photo" else records


USUAL: Mapping[str, tuple[int, ...]] = {
    "data": (0, 1, 2, 2, 3, 4, 5, 6),
    "names": (0, 1, 2, 3, 3, 4, 5, 6),
    "photo": (0, 1, 1, 1),
}
"""The numbers of records of ordinary phones, by section; each entry is as likely as another."""
