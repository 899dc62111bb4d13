"""Searches a text for secrets in all their spellings, in time that does not depend on the number of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contract_tests.redact.spellings import spellings

MIN_SECRET = 6  # characters from which on a text is searched for: a shorter one would be found everywhere by chance

Span = tuple[int, int, str]  # where a secret begins and ends in a text, and its label


class SecretMatcher:
    """Secrets and the labels that take their place."""

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        self._labels: dict[str, str] = {}  # by spelling
        self._sizes: dict[str, set[int]] = {}  # of spellings, by their first MIN_SECRET characters
        for secret, label in (labels or {}).items():
            self.add(secret, label)

    def add(self, secret: str, label: str) -> None:
        """Adds a secret; a short one is ignored, and a known one keeps its label."""
        if len(secret) < MIN_SECRET:
            return
        for spelling in spellings(secret):
            self._labels.setdefault(spelling, label)
            self._sizes.setdefault(spelling[:MIN_SECRET], set()).add(len(spelling))

    def scan(self, text: str) -> Iterator[Span]:
        """Where secrets stand, from the first on; they may overlap. Of those that begin at one place, the longest."""
        known = self._sizes
        for start in [at for at in range(len(text) - MIN_SECRET + 1) if text[at : at + MIN_SECRET] in known]:
            for size in sorted(known[text[start : start + MIN_SECRET]], reverse=True):
                if label := self._labels.get(text[start : start + size]):
                    yield start, start + size, label
                    break

    def found_in(self, content: bytes) -> str | None:
        """The label of the first secret that the bytes hold; None where they hold none."""
        return next((label for _, _, label in self.scan(content.decode("utf-8", "surrogateescape"))), None)

    def mask(self, text: str) -> tuple[str, int]:
        """The text with labels in place of secrets, and the number of places. Secrets that overlap are one place."""
        places: list[Span] = []
        for start, end, label in self.scan(text):
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
