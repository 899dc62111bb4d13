"""Whether two answers say the same: to the letter, or as far as their formats can carry it."""

from __future__ import annotations

from collections.abc import Mapping
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


def plain(value: Any) -> Any:
    """A value without what only JSON can tell: numbers as text, null as empty text, a list of one account as it."""
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def plain_account(model: Mapping[str, Any]) -> Any:
    """An answer of info in plain values, its data an object whichever shape it has."""
    data = model.get("data")
    return plain({**model, "data": data[0]} if isinstance(data, list) and len(data) == 1 else model)


def as_encoded(value: Any, encoding: str) -> Any:
    """A plain value as it comes back from an encoding that writes `?` for what it lacks."""
    if isinstance(value, Mapping):
        return {name: as_encoded(member, encoding) for name, member in value.items()}
    if isinstance(value, list):
        return [as_encoded(entry, encoding) for entry in value]
    return value.encode(encoding, "replace").decode(encoding) if isinstance(value, str) else value
