"""Masks texts on the way in: secrets in all their spellings by labels, values by their type and size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import merge

from contract_tests.contract.values import shape
from contract_tests.redact.spellings import spellings

MIN_SECRET = 6  # characters from which on a text is searched for: a shorter one would be found everywhere by chance

Span = tuple[int, int, str]  # where a secret begins and ends in a text, and its label


FEW = 60  # beginnings of spellings up to which a text is searched for each of them
FEW_SPELLINGS = 200  # spellings up to which a text is searched for each as a whole


class SecretMatcher:
    """Secrets and the labels that take their place."""

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        self._labels: dict[str, str] = {}  # by spelling
        self._sizes: dict[str, set[int]] = {}  # of spellings, by their first MIN_SECRET characters
        for secret, label in (labels or {}).items():
            self.add(secret, label)

    def __len__(self) -> int:
        """The number of spellings."""
        return len(self._labels)

    def add(self, secret: str, label: str, *, whole: bool = True, plain: bool = False) -> None:
        """Adds a secret; a short one is ignored, and a known one keeps its label. whole: see `spellings`; plain: as it
        is alone.
        """
        if len(secret) < MIN_SECRET:
            return
        for spelling in {secret} if plain else spellings(secret, whole=whole):
            self._labels.setdefault(spelling, label)
            self._sizes.setdefault(spelling[:MIN_SECRET], set()).add(len(spelling))

    def scan(self, text: str) -> Iterator[Span]:
        """Where secrets stand, from the first on; they may overlap. Of those that begin at one place, the longest."""
        for start in self._starts(text):
            for size in sorted(self._sizes[text[start : start + MIN_SECRET]], reverse=True):
                if label := self._labels.get(text[start : start + size]):
                    yield start, start + size, label
                    break

    def _starts(self, text: str) -> Iterator[int]:
        """Where a spelling may begin, in order. A few are looked for one by one, at the speed of C."""
        known = self._sizes
        if len(known) > FEW:
            return (at for at in range(len(text) - MIN_SECRET + 1) if text[at : at + MIN_SECRET] in known)
        return merge(*(places_of(begin, text) for begin in known if begin in text))

    def found_in(self, content: bytes) -> str | None:
        """The label of the first secret that the bytes hold; None where they hold none."""
        text = content.decode("utf-8", "surrogateescape")
        if len(self._labels) > FEW_SPELLINGS:
            return next((label for _, _, label in self.scan(text)), None)
        # Beginnings of spellings may stand all over a text.
        found = [(at, label) for spelling, label in self._labels.items() if (at := text.find(spelling)) >= 0]
        return min(found)[1] if found else None

    def mask(self, text: str, is_open: Callable[[str, Span], bool] = lambda _text, _span: False) -> tuple[str, int]:
        """The text with labels in place of secrets, and the number of places. Secrets that overlap are one place; those
        for which is_open holds stay.
        """
        places: list[Span] = []
        for start, end, label in (span for span in self.scan(text) if not is_open(text, span)):
            before = places[-1] if places else (0, -1, "")
            if start < before[1] or (start == before[1] and label == before[2]):
                places[-1] = (before[0], max(end, before[1]), before[2])
            else:
                places.append((start, end, label))
        parts, at = [], 0
        for start, end, label in places:
            parts += [text[at:start], label]
            at = end
        return "".join([*parts, text[at:]]), len(places)


def places_of(part: str, text: str) -> Iterator[int]:
    """Where a text stands in another, overlapping places too."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


MAX_SHOWN = 200  # characters of a value that are shown


@lru_cache(maxsize=256)
def matcher_of(labels: tuple[tuple[str, str], ...]) -> SecretMatcher:
    """The matcher of secrets and their labels, which is shared: add nothing to it."""
    return SecretMatcher(dict(labels))


def repeated(secrets: Iterable[str], content: bytes) -> list[str]:
    """The secrets that bytes repeat, as they are or as a reader of JSON, XML or UTF-16 gets them."""
    forms = {content, _plainly(content)}
    return [secret for secret in secrets if any(_repeats(secret, form) for form in forms)]


def _repeats(secret: str, content: bytes) -> bool:
    """Whether bytes repeat a secret. Within a longer number, such as a time, one of digits stands by chance."""
    if matcher_of(((secret, "secret"),)).found_in(content) is None:
        return False
    number = secret.isascii() and secret.isdigit() and len(secret) < LONG
    return not number or re.search(rf"(?<![0-9]){secret}(?![0-9])".encode(), content) is not None


def _plainly(content: bytes) -> bytes:
    """The bytes with ASCII in place of its escapes in JSON and XML, and of its characters in UTF-16."""
    plain = content.replace(b"\0", b"")
    if b"\\u00" in plain:
        plain = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), plain)
    return _REFERENCE.sub(_referred, plain) if b"&#" in plain else plain


def _referred(found: re.Match[bytes]) -> bytes:
    number = int(found[2], 16) if found[2] else int(found[1])
    return bytes([number]) if 0 < number < ASCII else found[0]


ASCII = 128
_ESCAPE = re.compile(rb"\\u00([0-7][0-9a-fA-F])")
_REFERENCE = re.compile(rb"&#(?:0{0,8}([0-9]{1,3})|[xX]0{0,8}([0-9a-fA-F]{1,2}));")
LONG = 20  # digits that stand in no number by chance


@dataclass(frozen=True)
class Mask:
    """Replaces secrets by their labels."""

    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    shows: bool = False  # whether values of answers may be shown, which holds for made-up data alone

    def text(self, text: str) -> str:
        """The text without the secrets. A short one is replaced where it is a word of its own."""
        text, _ = matcher_of(tuple(self.labels.items())).mask(text)
        for secret in sorted((s for s in self.labels if 0 < len(s) < MIN_SECRET), key=len, reverse=True):
            spelled = "|".join(map(re.escape, sorted(spellings(secret), key=len, reverse=True)))
            text = re.sub(rf"(?<!\w)(?:{spelled})(?!\w)", lambda _, s=secret: self.labels[s], text)  # type: ignore[misc]
        return text

    def value(self, value: object) -> str:
        """A value of an answer as a finding may show it: shortened, or its type and size alone."""
        if not self.shows or isinstance(value, SafeText):
            return str(value) if isinstance(value, SafeText) else shape(value)
        shown = self.text(repr(value) if not isinstance(value, Sequence) or len(value) < 500 else repr(value[:500]))
        return f"{shown[:MAX_SHOWN]}…" if len(shown) > MAX_SHOWN else shown


class SafeText(str):
    """A text about an answer that holds nothing of the answer, so that it may be shown as it is."""

    __slots__ = ()
