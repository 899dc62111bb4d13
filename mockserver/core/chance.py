"""Chance that can be replayed: a number is a pure function of the seed and of what it is for."""

from __future__ import annotations

from hashlib import blake2b


def number(*parts: str | int) -> int:
    """A number of 64 bits from the parts: the same parts give the same number on every machine."""
    return number_of("\x1f".join(map(str, parts)))


def number_of(text: str) -> int:
    """The number from the parts that stand in the text, with U+001F between them."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def fraction(*parts: str | int) -> float:
    """A fraction from 0 up to but not including 1 (53 bits, so that it is never rounded up to 1)."""
    return (number(*parts) >> 11) / (1 << 53)
