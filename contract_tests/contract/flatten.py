"""The parts of an allOf merged into one node, for descriptions that have no allOf (XSD, CSV on the Web)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contract_tests.contract.resolve import Schema


def merged(schema: Schema) -> Schema:
    """The schema without allOf at its top; members and items keep theirs, so merge again on the way down.

    Types are intersected and members joined; the outer one of other keywords stays. Raises ValueError for two patterns.
    """
    node: Schema = {k: v for k, v in schema.items() if k != "allOf"}
    for part in map(merged, schema.get("allOf", [])):
        for key, value in part.items():
            node[key] = _MEET.get(key, lambda outer, _: outer)(node[key], value) if key in node else value
    return node


def types(node: Schema) -> tuple[str, ...]:
    """The types that a node names."""
    names = node.get("type", ())
    return (names,) if isinstance(names, str) else tuple(names)


def members(node: Schema) -> Mapping[str, Schema]:
    """The members that a merged object may have, merged."""
    every = {name: merged(member) for name, member in node.get("properties", {}).items()}
    return {name: member for name, member in every.items() if member.get("not") != {}}


def _meet_types(outer: Any, inner: Any) -> list[str]:
    a, b = types({"type": outer}), types({"type": inner})
    narrowed = ("integer" if t == "number" and t not in b and "integer" in b else t for t in a)
    return [t for t in narrowed if t in b or (t == "integer" and "number" in b)]


def _join_members(outer: Any, inner: Any) -> Any:
    both = {name: {"allOf": [outer[name], inner[name]]} for name in outer if name in inner}
    return {**outer, **{n: m for n, m in inner.items() if n not in outer}, **both}


def _one_pattern(outer: Any, inner: Any) -> Any:
    if outer != inner:
        raise ValueError(f"two patterns for one text can't be described: {outer} and {inner}")
    return outer


_MEET: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _meet_types,
    "properties": _join_members,
    "items": lambda outer, inner: {"allOf": [outer, inner]},
    "required": lambda outer, inner: [*outer, *(name for name in inner if name not in outer)],
    "pattern": _one_pattern,
}
