"""The JSON Schemas of the answers as plain documents, strict on what is documented or on a profile too.

A file in schemas/json is strict on what is documented only. Choices and assumptions are annotations, which a validator
ignores and `for_profile` turns into constraints:

x-grade, x-clause   how well the node's constraints are founded, and the clause that says so
x-choices           a subschema for each choice of the node's clause
x-value             keyword = key: where the clause's choice is a table, its entry `key` becomes that keyword
x-believed          a subschema of what was observed or taken from the sister service, where the clause has no choice

XSD and CSV on the Web have no allOf: `merged` makes one node of its parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, reduce
from typing import Any, TypeAlias

from contract_tests.contract.clauses import clause_of, suggest
from contract_tests.contract.profile import Profile
from mockserver import data

Frozen: TypeAlias = tuple[tuple[str, str], ...]
Schema: TypeAlias = dict[str, Any]


class UnknownSchemaError(LookupError):
    """No schema has the name."""


@cache
def names() -> tuple[str, ...]:
    """The names of all schemas, such as `create` and `ready-data`."""
    files = data.path("schemas", "json").glob("*.schema.json")
    return tuple(sorted(f.name.removesuffix(".schema.json") for f in files))


def document(name: str) -> Schema:
    """The schema as its file has it. Raises UnknownSchemaError, with the nearest name."""
    if name not in names():
        raise UnknownSchemaError(suggest(name, names(), noun="schema"))
    read: Schema = json.loads(data.path("schemas", "json", f"{name}.schema.json").read_text(encoding="utf-8"))
    return read


def referenced(reference: str, base: str) -> tuple[str, Schema]:
    """What a reference in the schema base leads to, and the name of the schema in which that stands."""
    file, _, place = reference.partition("#/")
    name = file.removesuffix(".schema.json") or base
    return name, reduce(lambda found, step: found[step], place.split("/") if place else (), document(name))


def for_profile(name: str, profile: Profile) -> Schema:
    """The schema in one document without references, strict also on the profile's choices and on assumptions. Clauses
    that the profile leaves out stay open. Where the documentation and the profile contradict each other, nothing
    satisfies the result. It is shared: do not change it. Raises UnknownSchemaError and UsageError.
    """
    return resolved(name, freeze(profile))


def freeze(profile: Profile | None) -> Frozen | None:
    """The profile as a key of a cache. Raises UsageError."""
    if profile is None:
        return None
    return tuple(sorted((clause, json.dumps(clause_of(clause).read(choice))) for clause, choice in profile.items()))


@lru_cache(maxsize=512)
def resolved(name: str, profile: Frozen | None) -> Schema:
    """As `for_profile`; with None, strict on what is documented only."""
    chosen = None if profile is None else {clause: json.loads(text) for clause, text in profile}
    own = document(name)
    head = {k: own[k] for k in ("$schema", "title", "description")}
    return {**head, **_resolved(own, name, chosen), "examples": own["examples"]}


# References and annotations as constraints. base is the name of the node's schema; nothing is fetched.

_DROPPED = ("$schema", "$id", "$defs", "examples", "$ref", "x-choices", "x-value", "x-believed")
_SUBSCHEMA = ("items", "not")
_LISTS = ("allOf", "anyOf", "oneOf")


def _resolved(node: Schema, base: str, profile: Profile | None) -> Schema:
    """The node, with the constraints of its reference and annotations added to its allOf."""
    result: Schema = {}
    for key, value in node.items():
        if key == "properties":
            result[key] = {member: _resolved(v, base, profile) for member, v in value.items()}
        elif key in _SUBSCHEMA:
            result[key] = _resolved(value, base, profile)
        elif key in _LISTS:
            result[key] = [_resolved(v, base, profile) for v in value]
        elif key not in _DROPPED:
            result[key] = value
    added = _added(node, base, profile)
    parts = [part for part in (*result.pop("allOf", []), *added) if not part.keys() <= _MARKS]
    return {**result, "allOf": parts} if parts else result


_MARKS = {"x-grade", "x-clause", "title", "description"}


def _marked(node: Schema, part: Schema) -> Schema:
    """The part, with the node's grade and clause where it has none of its own."""
    return {**{mark: node[mark] for mark in ("x-grade", "x-clause") if mark in node}, **part}


def _added(node: Schema, base: str, profile: Profile | None) -> Iterator[Schema]:
    """The constraints of the node's reference and annotations."""
    if "$ref" in node:
        name, target = referenced(node["$ref"], base)
        yield _resolved(target, name, profile)
    if profile is None:
        return
    choice: Any = profile.get(node.get("x-clause", ""))
    if choice is not None and "x-choices" in node:
        yield _marked(node, _resolved(node["x-choices"][choice], base, profile))
    if choice is not None and "x-value" in node:
        values = {keyword: choice[key] for keyword, key in node["x-value"].items()}
        yield _marked(node, {k: _message_pattern(v) if k == "pattern" else v for k, v in values.items()})
    if "x-believed" in node:
        yield _marked(node, _resolved(node["x-believed"], base, profile))


END = r"(?![\s\S])"
"""The true end of a text in ECMA's dialect and in Python's, where `$` also matches before a last line break."""


def literal(text: str) -> str:
    """A pattern for the text itself, in ECMA's dialect, which has fewer escapes than Python's."""
    return re.sub(r"[\\^$.*+?()\[\]{}|]", r"\\\g<0>", text)


def whole(pattern: str) -> str:
    """The pattern for a whole text: for dialects and tools in which a pattern always means one."""
    begun = pattern if pattern.startswith("^") else rf"^[\s\S]*{pattern}"
    return begun if begun.endswith(END) else rf"{begun}[\s\S]*{END}"


_BLANKS: Mapping[str, str] = {"names": "[a-z]+(?:, [a-z]+)*", "used": "[0-9]+", "of": "[0-9]+"}


def _message_pattern(template: str) -> str:
    """The pattern of the messages of a template such as `The daily limit is reached: {used} of {of}`."""
    parts = re.split(r"\{(" + "|".join(_BLANKS) + r")\}", template)
    return f"^{''.join(_BLANKS[p] if i % 2 else literal(p) for i, p in enumerate(parts))}{END}"


def merged(schema: Schema) -> Schema:
    """The schema without allOf at its top; members and items keep theirs, so merge again on the way down. Types are
    intersected and members joined; the outer one of other keywords stays. Raises ValueError for two patterns.
    """
    node: Schema = {k: v for k, v in schema.items() if k != "allOf"}
    for part in map(merged, schema.get("allOf", [])):
        for key, value in part.items():
            node[key] = _MEET.get(key, lambda outer, _: outer)(node[key], value) if key in node else value
    return node


def types(node: Schema) -> tuple[str, ...]:
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
    whole = inner if outer.keys() <= inner.keys() else outer  # it has the order of the answer
    return {**whole, **inner, **outer, **both}


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
