"""Masks texts on the way in: a credential is replaced by its label, a value by its type and size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from contract_tests.contract.values import shape
from contract_tests.redact.scan import MIN_SECRET, SecretMatcher
from contract_tests.redact.spellings import spellings

MAX_SHOWN = 200  # characters of a value that are shown


@lru_cache(maxsize=256)
def _matcher(labels: tuple[tuple[str, str], ...]) -> SecretMatcher:
    return SecretMatcher(dict(labels))


@dataclass(frozen=True)
class Mask:
    """Replaces secrets by their labels."""

    labels: Mapping[str, str] = field(default_factory=dict)
    shows: bool = False  # whether values of answers may be shown, which holds for made-up data alone

    def text(self, text: str) -> str:
        """The text without the secrets. A short one is replaced where it is a word of its own."""
        text, _ = _matcher(tuple(self.labels.items())).mask(text)
        for secret in sorted((s for s in self.labels if 0 < len(s) < MIN_SECRET), key=len, reverse=True):
            spelled = "|".join(map(re.escape, sorted(spellings(secret), key=len, reverse=True)))
            text = re.sub(rf"(?<!\w)(?:{spelled})(?!\w)", lambda _, s=secret: self.labels[s], text)  # type: ignore[misc]
        return text

    def value(self, value: object) -> str:
        """A value of an answer as a finding may show it: shortened, or its type and size alone."""
        if not self.shows or isinstance(value, Shape):
            return shape_of(value)
        shown = self.text(repr(value) if not isinstance(value, Sequence) or len(value) < 500 else repr(value[:500]))
        return f"{shown[:MAX_SHOWN]}…" if len(shown) > MAX_SHOWN else shown


class Shape(str):
    """A text about an answer that holds nothing of the answer, so that it may be shown as it is."""

    __slots__ = ()


def shape_of(value: object) -> str:
    """The Shape itself, or type and size of any other value."""
    return str(value) if isinstance(value, Shape) else shape(value)
