"""The JSON Schemas in one file each, for tools that look nothing up."""

from __future__ import annotations

from contract_tests.contract.resolve import Schema, document, referenced

_DROPPED = ("$schema", "$id", "$defs", "examples")
_MARKS = {"title", "description"}


def bundled(name: str) -> Schema:
    """The schema in one document, with what it refers to in its `$defs`. It accepts what the file in schemas/json
    accepts, and lacks our annotations, which some validators refuse. Raises UnknownSchemaError.
    """
    own = document(name)
    parts: dict[str, Schema] = {}
    body = _bundled(own, name, parts)
    return {
        "$schema": own["$schema"],
        "$id": f"urn:ifind-mock:schemas:{name}",
        "$comment": "Made by make generate: don't edit.",
        **body,
        **({"$defs": parts} if parts else {}),
        "examples": own["examples"],
    }


def _bundled(node: Schema, base: str, parts: dict[str, Schema]) -> Schema:
    """The node of the schema base, with references into parts, to which it adds what they lead to."""
    made: Schema = {}
    for key, value in node.items():
        if key.startswith("x-") or key in _DROPPED:
            continue
        if key == "properties":
            made[key] = {name: _bundled(member, base, parts) for name, member in value.items()}
        elif key in ("items", "not"):
            made[key] = _bundled(value, base, parts)
        elif key in ("anyOf", "oneOf"):
            made[key] = [_bundled(part, base, parts) for part in value]
        elif key == "allOf":
            binding = [part for part in (_bundled(part, base, parts) for part in value) if not part.keys() <= _MARKS]
            made |= {key: binding} if binding else {}
        elif key == "$ref":
            made |= _reference(value, base, parts)
        else:
            made[key] = value
    return made


def _reference(reference: str, base: str, parts: dict[str, Schema]) -> Schema:
    """The reference to a part; none where it constrains nothing."""
    name, target = referenced(reference, base)
    key = "-".join([name, *reference.partition("#/")[2].split("/")[-1:]]).removesuffix("-")
    if key not in parts:
        part = _bundled(target, name, parts)
        if part.keys() <= _MARKS:
            return {}
        parts[key] = part
    return {"$ref": f"#/$defs/{key}"}
