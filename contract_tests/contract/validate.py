"""What is wrong with a decoded answer, by the JSON Schemas: under what is documented, or under a profile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from contract_tests.contract.resolve import (
    Frozen,
    Profile,
    Schema,
    UnknownSchemaError,
    document,
    for_profile,
    freeze,
    names,
    plain,
    registry,
)

__all__ = [
    "SECTIONS",
    "Profile",
    "SchemaProblem",
    "UnknownSchemaError",
    "document",
    "each_problem",
    "for_profile",
    "names",
    "problems",
    "recognise",
    "registry",
    "shape",
]

SECTIONS = ("data", "names", "photo")
"""The members of a ready answer of which a source fills one."""


@dataclass(frozen=True)
class SchemaProblem:
    """One way in which an answer breaks a schema.

    path is where, such as `data[0].price` (of a missing member, where it should be; empty: the whole answer); rule is
    the keyword of JSON Schema, or of the table description, that is broken. found tells type and size of what stands
    there and never the value, which may be somebody's.
    """

    path: str
    rule: str
    expected: str
    grade: str
    clause: str | None
    found: str = ""

    def __str__(self) -> str:
        """As `data[0].price: expected text, found null (result.row-fields, documented)`."""
        found = f", found {self.found}" if self.found else ""
        by = f"{self.clause}, {self.grade}" if self.clause else self.grade
        return f"{self.path or 'the answer'}: expected {self.expected}{found} ({by})"


def problems(name: str, instance: object, *, profile: Profile | None = None) -> list[SchemaProblem]:
    """Everything in which the decoded answer breaks the schema, sorted by place; with a profile, `for_profile`'s.

    Raises UnknownSchemaError and UsageError.
    """
    return in_order(each_problem(name, instance, profile=profile))


def each_problem(name: str, instance: object, *, profile: Profile | None = None) -> Iterator[SchemaProblem]:
    """As `problems`, one by one as they are found, some of them twice: a hostile answer may have millions."""
    strict, validator = _validator(name, None if profile is None else freeze(profile))
    return (p for error in validator.iter_errors(instance) for p in _told(error, strict))


def in_order(found: Iterable[SchemaProblem]) -> list[SchemaProblem]:
    """Each problem once, sorted by place, with data[2] before data[10]."""
    return sorted(set(found), key=lambda p: (_natural(p.path), p.rule, p.expected, p.clause or ""))


def recognise(instance: object) -> str | None:
    """The schema that an answer of unknown origin must be meant for, by its status and members; None where nothing
    can be told. Errors are `error`, whatever their kind; a ready answer whose section can't be told is `ready`.
    """
    if not isinstance(instance, Mapping):
        return None
    status = instance.get("status")
    return _BY_STATUS[status](instance) if isinstance(status, str) and status in _BY_STATUS else None


def _ready(answer: Mapping[str, object]) -> str:
    filled = [section for section in SECTIONS if answer.get(section)]
    held = filled or [section for section in SECTIONS if section in answer]
    return f"ready-{held[0]}" if len(held) == 1 else "ready"


_BY_STATUS: Mapping[str, Callable[[Mapping[str, object]], str]] = MappingProxyType(
    {
        "ok": lambda answer: "create" if "id" in answer else "info",
        "processing": lambda _: "processing",
        "ready": _ready,
        "error": lambda _: "error",
    }
)


@lru_cache(maxsize=512)
def _validator(name: str, profile: Frozen | None) -> tuple[Schema, Draft202012Validator]:
    strict: Schema = json.loads(plain(name, profile))
    return strict, Draft202012Validator(strict)


_TYPES: Mapping[str, str] = MappingProxyType(
    {"string": "text", "integer": "a whole number", "number": "a number", "object": "an object", "array": "a list"}
)


def _types(allowed: str | list[str]) -> str:
    return " or ".join(_TYPES.get(t, t) for t in ([allowed] if isinstance(allowed, str) else allowed))


_EXPECTED: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "type": _types,
        "const": lambda value: json.dumps(value, ensure_ascii=False),
        "enum": lambda values: " or ".join(json.dumps(v, ensure_ascii=False) for v in values),
        "minimum": lambda least: f"at least {least}",
        "minItems": lambda least: f"at least {least} in the list",
        "maxItems": lambda most: f"at most {most} in the list",
    }
)


def _told(error: ValidationError, strict: Schema) -> Iterator[SchemaProblem]:
    rule, limit, own = str(error.validator), error.validator_value, error.schema
    grade, clause = _grade(strict, error.absolute_schema_path)
    steps = list(error.absolute_path)
    assert isinstance(own, Mapping), "there is no schema `false`"
    if rule == "required":
        instance: Any = error.instance
        required: Any = limit
        for member in required:
            if member not in instance:
                yield SchemaProblem(_path([*steps, member]), rule, "to be there", grade, clause, "nothing")
    else:
        expected = _EXPECTED[rule](limit) if rule in _EXPECTED else own.get("title", f"{rule} {limit}")
        yield SchemaProblem(_path(steps), rule, expected, grade, clause, shape(error.instance))


def _grade(strict: Schema, steps: Iterable[str | int]) -> tuple[str, str | None]:
    """Grade and clause of the innermost node that has them, on the way to the constraint."""
    marks: Mapping[str, Any] = strict
    node: Any = strict
    for step in steps:
        if isinstance(node, Mapping) and "x-grade" in node:
            marks = node
        node = node[step]
    return marks["x-grade"], marks.get("x-clause")


def _path(steps: Iterable[str | int]) -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).removeprefix(".")


def _natural(path: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", path))


def shape(value: object) -> str:
    """Type and size of a value, in words that say nothing of what it is."""
    if isinstance(value, str):
        return f"a text of {len(value)} characters" if value else "an empty text"
    if isinstance(value, Mapping):
        return f"an object of {len(value)} members"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(type(value), "null")
