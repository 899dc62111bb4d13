"""XML Schema of an answer under a profile, made from its JSON Schema."""

from __future__ import annotations

from lxml import etree
from lxml.builder import ElementMaker

from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.resolve import END, Schema, for_profile, members, merged, types

FAMILIES = ("create", "processing", "ready", "info", "error")
"""The answers that have a root of their own: the root shows neither the source of a task nor the kind of an error."""

INTEGER = "-?(0|[1-9][0-9]*)"
_XS = "http://www.w3.org/2001/XMLSchema"
_E = ElementMaker(namespace=_XS, nsmap={"xs": _XS})


def xsd(name: str, profile: Profile | None = None) -> bytes:
    """The XSD 1.0 of an answer family under the profile; the defaults stand for what it leaves out. Members come in any
    order, each at most once, and no others: XSD 1.0 has no open content without an order. Raises UsageError, and
    UnknownSchemaError for a name that is no schema.
    """
    chosen = with_defaults(profile)
    node = merged(for_profile(name, chosen))
    note = etree.Comment(f" {node['title']}. Made by make generate: don't edit. ")
    root = _E.schema(note, _element(str(chosen["xml.root"]), node, str(chosen["xml.item"])))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _element(name: str, node: Schema, item: str, *, least: int = 1, most: str = "1") -> etree._Element:
    occurs = {"minOccurs": str(least), "maxOccurs": most}
    title = [_E.annotation(_E.documentation(node["title"]))] if "title" in node else []
    content = _content(node, item)
    attributes = {"name": name, **{k: v for k, v in occurs.items() if v != "1"}}
    element: etree._Element = _E.element(*title, *content, attributes | ({} if content else {"type": "xs:string"}))
    return element


def _content(node: Schema, item: str) -> list[etree._Element]:
    """The type within an element; none for any text. item is the name of lists' entries."""
    if types(node) == ("object",):
        required = node.get("required", ())
        inner = (_element(name, member, item, least=int(name in required)) for name, member in members(node).items())
        return [_E.complexType(_E.all(*inner))]
    if types(node) == ("array",):
        least, most = node.get("minItems", 0), str(node.get("maxItems", "unbounded"))
        return [_E.complexType(_E.sequence(_element(item, merged(node["items"]), item, least=least, most=most)))]
    base, facets = _facets(node)
    inner = (_E(kind, value=value) for kind, value in facets)
    return [_E.simpleType(_E.restriction(*inner, base=f"xs:{base}"))] if facets else []


def _facets(node: Schema) -> tuple[str, list[tuple[str, str]]]:
    if types(node) == ("integer",):
        least = [("minInclusive", str(node["minimum"]))] if "minimum" in node else []
        return "integer", [*least, ("pattern", INTEGER)]
    if values := [node["const"]] if "const" in node else node.get("enum", []):
        return "string", [("enumeration", str(value)) for value in values]
    # XSD's patterns are anchored and have plain groups only.
    pattern = node.get("pattern", "").removeprefix("^").removesuffix(END).replace("(?:", "(")
    return "string", [("pattern", pattern)] if "pattern" in node else []
