"""Inputs of forms, made of the fields that read what people write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.inputs.fields import Field


@dataclass(frozen=True, slots=True)
class FormInput:
    """An input for one field."""

    name: str
    kind: str
    """`select` of choices, `number`, `flag`, `text`, `lines` for a list of texts, `json` for a value that is written as
    JSON, `either` for one that may be a text, too.
    """
    help: str
    allowed: str  # what is allowed, in words, where those are values alone
    is_needed: bool = False
    choices: Sequence[Any] = ()
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    example: Any = None


def inputs(rows: Mapping[str, Field[Any]], needed: Iterable[str] = ()) -> Iterator[FormInput]:
    """An input for each field of a table, in their order."""
    required = {*needed}
    for name, row in rows.items():
        shape = _single(row.shape)
        kind, choices = _kind(shape)
        yield FormInput(
            name,
            kind,
            row.help,
            row.allowed if row.allowed.startswith("'") else "",
            name in required,
            choices,
            shape.get("minimum"),
            shape.get("maximum"),
            shape.get("maxLength"),
            row.example,
        )


def _single(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape without the null that may stand in its place."""
    others = [one for one in shape.get("anyOf", ()) if one != {"type": "null"}]
    return others[0] if len(others) == 1 else shape


def _kind(shape: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    if "enum" in shape:
        return "select", shape["enum"]
    if shape.get("items", {}).get("type") == "string":
        return "lines", ()
    kinds = {"integer": "number", "number": "number", "boolean": "flag", "string": "text", None: "either"}
    return kinds.get(shape.get("type"), "json"), ()
