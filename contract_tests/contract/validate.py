"""A decoded answer against the JSON Schemas: strict on what is documented, or on a profile too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from contract_tests.contract.clauses import Problem, in_order
from contract_tests.contract.profile import Profile
from contract_tests.contract.resolve import Frozen, Schema, freeze, resolved, types
from contract_tests.contract.values import shape


def problems(name: str, instance: object, *, profile: Profile | None = None) -> list[Problem]:
    """All that breaks the schema, by place; with a profile, the strict one. Raises UnknownSchemaError, UsageError."""
    return in_order(each_problem(name, instance, profile=profile))


def each_problem(name: str, instance: object, *, profile: Profile | None = None) -> Iterator[Problem]:
    """As `problems`, one by one as they are found, some of them twice: a hostile answer may have millions."""
    key = freeze(profile)
    strict = resolved(name, key)
    return (p for error in _validator(name, key).iter_errors(instance) for p in _problems_of(error, strict))


def broken_clauses(name: str, instance: object, clauses: tuple[str, ...]) -> set[str]:
    """Those of the clauses that break where `problems` is strict on assumptions, too. It looks at no other constraint,
    which takes a third of the time for an answer of many rows. Raises UnknownSchemaError.
    """
    strict, validator = _validator_of(name, clauses)
    found = (_grade(strict, error.absolute_schema_path)[1] for error in validator.iter_errors(instance))
    return {clause for clause in found if clause in clauses}


@lru_cache(maxsize=64)
def _validator_of(name: str, clauses: tuple[str, ...]) -> tuple[Schema, Any]:
    strict = _parts(resolved(name, ()), clauses)
    return strict, _Validator(strict)


def _parts(node: Schema, clauses: tuple[str, ...]) -> Schema:
    """The node with the constraints of the clauses alone; empty where it has none."""
    if node.get("x-clause") in clauses:
        return node
    members = {name: part for name, member in node.get("properties", {}).items() if (part := _parts(member, clauses))}
    entries = _parts(node["items"], clauses) if "items" in node else {}
    parts = [part for each in node.get("allOf", []) if (part := _parts(each, clauses))]
    kept = {"properties": members, "items": entries, "allOf": parts}
    return {keyword: value for keyword, value in kept.items() if value}


def _pattern(_: Any, pattern: str, instance: object, _schema: Any) -> Iterator[ValidationError]:
    """Like jsonschema, but a group that is repeated first is not tried again with fewer turns, which no pattern of the
    schemas needs: each turn would be kept, 60 bytes for a character of a picture.
    """
    if isinstance(instance, str) and not re.search(pattern.replace(")*(?:", ")*+(?:", 1), instance):
        yield ValidationError("does not match")


_extended: Callable[..., Any] = extend
_Validator = _extended(Draft202012Validator, {"pattern": _pattern})


@lru_cache(maxsize=512)
def _validator(name: str, profile: Frozen | None) -> Any:
    return _Validator(resolved(name, profile))


_TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "array": "a list",
}


_EXPECTED: Mapping[str, Callable[[Any], str]] = {
    "type": lambda allowed: " or ".join(_TYPES.get(t, t) for t in types({"type": allowed})),
    "const": lambda value: json.dumps(value, ensure_ascii=False),
    "enum": lambda values: " or ".join(json.dumps(v, ensure_ascii=False) for v in values),
    "minimum": lambda least: f"at least {least}",
    "minItems": lambda least: f"at least {least} in the list",
    "maxItems": lambda most: f"at most {most} in the list",
}


def _problems_of(error: ValidationError, strict: Schema) -> Iterator[Problem]:
    found: Any = error  # its attributes are typed as maybe unset
    rule, limit, own, instance = found.validator, found.validator_value, found.schema, found.instance
    grade, clause = _grade(strict, error.absolute_schema_path)
    steps = list(error.absolute_path)
    if rule == "required":
        missing = (member for member in limit if member not in instance)
        yield from (Problem(_path([*steps, m]), rule, "to be there", grade, clause, "nothing") for m in missing)
    else:
        expected = _EXPECTED[rule](limit) if rule in _EXPECTED else own.get("title", f"{rule} {limit}")
        yield Problem(_path(steps), rule, expected, grade, clause, shape(instance))


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
