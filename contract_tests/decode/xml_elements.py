"""Elements of XML as members: names and texts that stand in elements or in attributes, and what else stands there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

from contract_tests.contract.members import NUMBERS, TIMES
from contract_tests.decode.faults import fault_in
from contract_tests.decode.model import Unreadable
from contract_tests.decode.names import known_name

Part: TypeAlias = "etree._Element | str"
"""What holds a member: an element, or the value of an attribute."""
XML_SPACE = " \t\r\n"
_NAMING = ("name", "key", "id", "field", "column", "k", "n")
"""Attributes that may name the member that an element is."""
_VALUES = ("value", "val", "v", "text")
"""Attributes that may hold an element's text."""
_UNPADDED = frozenset(("status", "cost", "ip", *NUMBERS, *TIMES))
"""Members whose values have no white space around them, so that it is layout."""


@dataclass(slots=True)
class Elements:
    """Reads elements, and notes what stands there beside elements and texts."""

    others: set[str] = field(default_factory=set)
    """Words for what stands beside them."""
    padded: bool = False
    """White space stands around values, as layout."""

    def children(self, element: etree._Element) -> list[etree._Element]:
        """The elements within. Text between them is noted; a fault of the server there is Unreadable."""
        children = list(element)
        if not all(isinstance(child.tag, str) for child in children):
            raise Unreadable("XML with an entity reference, which is not followed")
        if children:
            between = [element.text, *(child.tail for child in children)]
            if any(text and text.strip(XML_SPACE) for text in between):
                if fault := fault_in("".join(map(str, element.itertext()))):
                    raise Unreadable(f"{fault} within the XML")
                self.others.add("text between elements")
        return children

    def name(self, element: etree._Element, among: Collection[str]) -> str:
        """The name of the member that an element is: one of those, in any spelling, or its own."""
        own = local(element)
        if element.tag != own:
            self.others.add("a namespace")
        if (known := known_name(own)) in among and known is not None:
            self.others.update(() if known == own else ("other spellings of names",))
            return known
        if (named := _named(element)) in among and named is not None:
            self.others.add("names in attributes")
            return named
        return own

    def names_in(self, element: etree._Element, among: Collection[str]) -> set[str]:
        """The names of what stands in an element, as far as they are among those."""
        found = {self.name(child, among) for child in self.children(element)}
        found.update(known_name(name) or "" for name, _ in attributes(element))
        return found & {*among}

    def members(self, element: etree._Element, among: Collection[str]) -> dict[str, list[Part]]:
        """What stands in an element by its names, those in other spellings among them. An attribute is a member where
        it is named as one of those.
        """
        found: dict[str, list[Part]] = {}
        children = self.children(element)
        exact = {local(child) for child in children}
        for child in children:
            own, name = local(child), self.name(child, among)
            found.setdefault(own if name in exact else name, []).append(child)
        for attribute, value in attributes(element):
            known = known_name(attribute)
            if known in among and known not in found and known is not None:
                self.others.add("values as attributes")
                found[known] = [value]
            else:
                self.others.add("attributes")
        return found

    def note_attributes(self, element: etree._Element) -> None:
        """Notes whether an element that is no member by itself has attributes."""
        if any(attributes(element)):
            self.others.add("attributes")

    def text(self, part: Part, name: str) -> str | None:
        """The text of a member: of an element without elements in it, or of an attribute; None for nil."""
        if isinstance(part, str):
            return self._unpadded(part, name)
        if is_nil(part):
            return None
        text = part.text or ""
        for attribute, value in attributes(part):
            if not text and attribute in _VALUES:
                self.others.add("values as attributes")
                text = value
            else:
                self.others.add("attributes")
        return self._unpadded(text, name)

    def _unpadded(self, text: str, name: str) -> str:
        bare = text.strip(XML_SPACE)
        if bare == text:
            return text
        ends = text[: len(text) - len(text.lstrip(XML_SPACE))], text[len(text.rstrip(XML_SPACE)) :]
        if name in _UNPADDED or not bare or all("\n" in end for end in ends):
            self.padded |= bool(bare)
            return bare
        return text


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    """The attributes but nil and those that name a member, by names without namespaces."""
    names = _may_name(element)
    for name, value in _own_attributes(element):
        if not names or name not in _NAMING or known_name(value) is None:
            yield name, value


def _may_name(element: etree._Element) -> bool:
    """Whether an attribute may name the member that an element is: where others are documented members, it is one."""
    return not any(name not in _NAMING and known_name(name) for name, _ in _own_attributes(element))


def _own_attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if not str(name).endswith("}nil"):
            yield str(name).rpartition("}")[2], str(value)


def _named(element: etree._Element) -> str | None:
    """The documented name that an attribute gives to an element."""
    if not _may_name(element):
        return None
    return next(
        (known for name, value in _own_attributes(element) if name in _NAMING and (known := known_name(value))), None
    )


def is_nil(element: etree._Element) -> bool:
    """Whether an element says that it is null."""
    return any(
        str(name).rpartition("}")[2] == "nil" and value in ("true", "1") for name, value in element.attrib.items()
    )
