"""The subschemas and constraints that stand in the files of schemas/json, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.contract import resolve

NAMES = resolve.names()


def nodes(schema: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every subschema of a file with its place, those of the annotations too; not the alternatives of anyOf, oneOf
    and not, which mean nothing by themselves.
    """
    yield at, schema
    for key in ("properties", "$defs", "x-choices"):
        for name, inner in schema.get(key, {}).items():
            yield from nodes(inner, (*at, key, name))
    for key in ("items", "x-believed"):
        if key in schema:
            yield from nodes(schema[key], (*at, key))
    for i, inner in enumerate(schema.get("allOf", [])):
        yield from nodes(inner, (*at, "allOf", i))


def written(at: tuple[str | int, ...]) -> str:
    return "/".join(map(str, at))


CONSTRAINTS = ("type", "const", "enum", "pattern", "anyOf", "oneOf", "not", "minItems", "maxItems", "minimum", "$ref")


def constraints() -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every constraint that stands in a file: the file's name and the place of the keyword, or of what it lists."""
    for name in NAMES:
        for at, node in nodes(resolve.document(name)):
            yield from ((name, (*at, key)) for key in node if key in CONSTRAINTS)
            yield from ((name, (*at, "required", i)) for i in range(len(node.get("required", []))))
            yield from ((name, (*at, "x-value", key)) for key in node.get("x-value", {}))


EVERY_NODE = [(name, written(at), node) for name in NAMES for at, node in nodes(resolve.document(name))]
