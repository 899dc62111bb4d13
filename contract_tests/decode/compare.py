"""Differences of two answers: exact, or as far as their formats can carry them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """The first place where two values differ; None where they are equal. True is not 1, and 1 is not 1.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            at = f"{path}.{name}" if path else name
            if (name in one) != (name in other):
                return at
            if found := difference(one[name], other[name], at):
                return found
        return None
    if isinstance(one, list) and isinstance(other, list):
        for i, (a, b) in enumerate(zip(one, other, strict=False)):
            if found := difference(a, b, f"{path}[{i}]"):
                return found
        return None if len(one) == len(other) else f"{path}[{min(len(one), len(other))}]"
    return None if type(one) is type(other) and one == other else path or "the answer"


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """The value with every text, number and null in it replaced."""
    if isinstance(value, Mapping):
        return {name: _mapped(member, leaf) for name, member in value.items()}
    return [_mapped(entry, leaf) for entry in value] if isinstance(value, list) else leaf(value)


def plain(value: Any) -> Any:
    """A value as XML and CSV carry it: numbers as text, null as empty text."""
    return _mapped(value, lambda leaf: "" if leaf is None else str(leaf))


def plain_account(model: Mapping[str, Any]) -> Any:
    """An answer of info in plain values, with a list of one account as that account."""
    data = model.get("data")
    return plain({**model, "data": data[0]} if isinstance(data, list) and len(data) == 1 else model)


def as_encoded(value: Any, encoding: str) -> Any:
    """A plain value after an encoding that writes `?` for the characters that it lacks."""
    return _mapped(value, lambda text: text.encode(encoding, "replace").decode(encoding))
