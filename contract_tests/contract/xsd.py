"""XML Schema of an answer under a profile, made from its JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lxml import etree

from contract_tests.contract.flatten import members, merged, types
from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.resolve import END, Schema, for_profile

FAMILIES = ("create", "processing", "ready", "info", "error")
"""The answers that have a root of their own: the root shows neither the source of a task nor the kind of an error."""

XS = "http://www.w3.org/2001/XMLSchema"
INTEGER = "-?(0|[1-9][0-9]*)"


def xsd(name: str, profile: Profile | None = None) -> bytes:
    """The XSD 1.0 of an answer family under the profile; the defaults stand for what it leaves out.

    Members come in any order, each at most once, and no others: XSD 1.0 has no open content without an order.
    Raises UsageError, and UnknownSchemaError for a name that is no schema.
    """
    chosen = with_defaults(profile)
    node = merged(for_profile(name, chosen))
    root = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS})
    root.append(etree.Comment(f" {node['title']}. Made by contract_tests.contract.generate: don't edit. "))
    root.append(_element(str(chosen["xml.root"]), node, str(chosen["xml.item"])))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _element(name: str, node: Schema, item: str, *, least: int = 1, most: str = "1") -> etree._Element:
    element = _xs("element", name=name)
    if least != 1:
        element.set("minOccurs", str(least))
    if most != "1":
        element.set("maxOccurs", most)
    if "title" in node:
        documentation = etree.SubElement(etree.SubElement(element, f"{{{XS}}}annotation"), f"{{{XS}}}documentation")
        documentation.text = node["title"]
    if types(node) in _CONTENT:
        element.append(_CONTENT[types(node)](node, item))
    elif facets := _facets(node):
        element.append(_restricted("string", *facets))
    else:
        element.set("type", "xs:string")
    return element


def _object(node: Schema, item: str) -> etree._Element:
    inner = _xs("all")
    for name, member in members(node).items():
        inner.append(_element(name, member, item, least=1 if name in node.get("required", ()) else 0))
    return _complex(inner)


def _list(node: Schema, item: str) -> etree._Element:
    inner = _xs("sequence")
    most = str(node.get("maxItems", "unbounded"))
    inner.append(_element(item, merged(node["items"]), item, least=node.get("minItems", 0), most=most))
    return _complex(inner)


def _complex(inner: etree._Element) -> etree._Element:
    outer = _xs("complexType")
    outer.append(inner)
    return outer


def _integer(node: Schema, _: str) -> etree._Element:
    least = {"minInclusive": str(node["minimum"])} if "minimum" in node else {}
    return _restricted("integer", {**least, "pattern": INTEGER})


_CONTENT: Mapping[tuple[str, ...], Callable[[Schema, str], etree._Element]] = MappingProxyType(
    {("object",): _object, ("array",): _list, ("integer",): _integer}
)


def _facets(node: Schema) -> list[Mapping[str, str]]:
    values = [node["const"]] if "const" in node else node.get("enum", [])
    if values:
        return [{"enumeration": str(value)} for value in values]
    return [{"pattern": _pattern(node["pattern"])}] if "pattern" in node else []


def _pattern(ecma: str) -> str:
    """The pattern in XSD's dialect, which is anchored and has plain groups only."""
    return ecma.removeprefix("^").removesuffix(END).replace("(?:", "(")


def _restricted(base: str, *facets: Mapping[str, str]) -> etree._Element:
    simple = _xs("simpleType")
    restriction = etree.SubElement(simple, f"{{{XS}}}restriction", base=f"xs:{base}")
    for facet in facets:
        for kind, value in facet.items():
            etree.SubElement(restriction, f"{{{XS}}}{kind}", value=value)
    return simple


def _xs(tag: str, **attributes: str) -> etree._Element:
    return etree.Element(f"{{{XS}}}{tag}", attributes)
