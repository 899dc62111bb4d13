"""Type and size of a value in words that hold nothing of the value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_KINDS: tuple[tuple[Any, str, str], ...] = (
    (str, "text", "a text of {} characters"),
    (bool, "true or false", ""),
    (int, "a whole number", ""),
    (float, "a number", ""),
    (Mapping, "an object", "an object of {} members"),
    (Sequence, "a list", "a list of {}"),
    (type(None), "null", ""),
)
"""A type, its name, and its name with a size."""


def kind(value: object) -> str:
    """The type of a value, as JSON has it."""
    return next((name for type_, name, _ in _KINDS if isinstance(value, type_)), type(value).__name__)


def shape(value: object) -> str:
    """Type and size of a value."""
    sized: Any = value
    found = next((text.format(len(sized)) for type_, _, text in _KINDS if text and isinstance(value, type_)), "")
    return "an empty text" if value == "" else found or kind(value)
