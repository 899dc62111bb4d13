"""XML Schema of an answer under a profile, made from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker

from contract_tests.contract.profile import Profile, with_defaults
from contract_tests.contract.resolve import END, Schema, for_profile, members, merged, types, whole

FAMILIES = ("create", "processing", "ready", "info", "error")
"""The answers that have a root of their own: the root shows neither the source of a task nor the kind of an error."""

INTEGER = "-?(0|[1-9][0-9]*)"
_XS = "http://www.w3.org/2001/XMLSchema"
_E = ElementMaker(namespace=_XS, nsmap={"xs": _XS})


def xsd(name: str, profile: Profile | None = None) -> bytes:
    """The XSD 1.0 of an answer family under the profile; the defaults stand for what it leaves out. Raises UsageError,
    and UnknownSchemaError for a name that is no schema.

    Members come in any order, each at most once, and no others: XSD 1.0 has no open content without an order. Where
    lists are repeated elements, it can't count the members beside them, and where the names of a list's entries have a
    number, it leaves the entries open.
    """
    chosen = with_defaults(profile)
    node = merged(for_profile(name, chosen))
    note = etree.Comment(f" {node['title']}. Made by make generate: don't edit. ")
    root = _E.schema(note, _Layout.of(chosen).element(str(chosen["xml.root"]), node))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the profile has answers laid out."""

    item: str  # the name of lists' entries, which may have a blank
    repeated: bool  # whether a list is an element for each entry
    bare_names: bool  # whether an entry of names is the text of its name
    nil: bool  # whether null is marked by xsi:nil
    hollow: bool  # whether a list may be null or false, which is an empty element

    @classmethod
    def of(cls, profile: Profile) -> _Layout:
        return cls(
            str(profile["xml.item"]),
            profile["xml.list"] == "repeated",
            profile["xml.names"] == "values",
            profile["xml.null"] == "nil",
            profile["result.sections"] in ("null", "false"),
        )

    def element(self, name: str, node: Schema, *, least: int = 1, most: str = "1") -> etree._Element:
        """The declaration of an element that occurs so often."""
        attributes = {"name": name, "minOccurs": str(least), "maxOccurs": most}
        attributes = {k: v for k, v in attributes.items() if v != "1"}
        if self.nil and _may_be_null(node):
            attributes["nillable"] = "true"
        title = [_E.annotation(_E.documentation(node["title"]))] if "title" in node else []
        content = self._content(name, node)
        element: etree._Element = _E.element(*title, *content, attributes | ({} if content else {"type": "xs:string"}))
        return element

    def _content(self, name: str, node: Schema) -> list[etree._Element]:
        """The type within an element; none for any text."""
        if types(node) == ("object",):
            return [_E.complexType(self._members(node))]
        if _is_list(node):
            return [_E.complexType(_E.sequence(*self._entries(name, node)))]
        base, facets = _facets(node)
        inner = (_E(kind, value=value) for kind, value in facets)
        return [_E.simpleType(_E.restriction(*inner, base=f"xs:{base}"))] if facets else []

    def _members(self, node: Schema) -> etree._Element:
        """The members of an object, as far as XSD can tell them apart."""
        every, required = members(node), node.get("required", ())
        group: etree._Element
        if self.repeated and any(map(_is_list, every.values())):
            inner = (self.element(n, self._one_of(n, m) if _is_list(m) else m) for n, m in every.items())
            group = _E.choice(*inner, minOccurs="0", maxOccurs="unbounded")
        else:
            group = _E.all(*(self.element(n, member, least=int(n in required)) for n, member in every.items()))
        return group

    def _entries(self, name: str, node: Schema) -> Iterator[etree._Element]:
        """What stands within the element of a list."""
        item = "name" if self._is_bare(name) else self.item
        if "{" in item:
            yield _E.any(namespace="##local", processContents="skip", minOccurs="0", maxOccurs="unbounded")
            return
        least, most = node.get("minItems", 0), str(node.get("maxItems", "unbounded"))
        yield self.element(item, self._entry(name, node), least=least, most=most)

    def _entry(self, name: str, node: Schema) -> Schema:
        """The schema of an entry of a list."""
        entry = merged(node["items"])
        return members(entry)["name"] if self._is_bare(name) else entry

    def _one_of(self, name: str, node: Schema) -> Schema:
        """The schema of an element that stands for an entry of a list, or for a list that is null or false."""
        entry = self._entry(name, node)
        return {**entry, "required": (), "anyOf": node.get("anyOf", [])} if self.hollow else entry

    def _is_bare(self, name: str) -> bool:
        return self.bare_names and name == "names"


def _is_list(node: Schema) -> bool:
    return "items" in node and "object" not in types(node)


def _may_be_null(node: Schema) -> bool:
    alternatives = [node, *node.get("anyOf", [])]
    return any(None in (n.get("const", ""), *n.get("enum", ())) or "null" in types(n) for n in alternatives)


def _facets(node: Schema) -> tuple[str, list[tuple[str, str]]]:
    if types(node) == ("integer",):
        least = [("minInclusive", str(node["minimum"]))] if "minimum" in node else []
        return "integer", [*least, ("pattern", INTEGER)]
    if values := [node["const"]] if "const" in node else node.get("enum", []):
        return "string", [("enumeration", str(value or "")) for value in values]
    return "string", [("pattern", _anchored(node["pattern"]))] if "pattern" in node else []


def _anchored(pattern: str) -> str:
    """A pattern in XSD's dialect, which has plain groups only and begins and ends with the text."""
    return whole(pattern).removeprefix("^").removesuffix(END).replace("(?:", "(")
